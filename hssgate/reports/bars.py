"""Bars of a value and its limit in the HTML report: inline SVG with a text for screen readers.

Jenkins blocks styles, so colours are presentation attributes. Their lightness suits light and dark backgrounds; neutral
parts use the colour of the surrounding text (`currentColor`).
"""

from hssgate.durations import parse_duration
from hssgate.hss.models import SeverityLevel
from hssgate.reports.language import translate
from hssgate.reports.markup import Markup, element, joined
from hssgate.verdict import Check, Result

_WIDTH, _HEIGHT = 160, 16
_TOP, _THICK = 3, 10
_GAP = 4  # between two steps
_ROOM_BEYOND = 1.25  # the bar is at least this multiple of the limit long, so that the mark of the limit lies inside
_TONES = {Result.PASSED: "#2a9d5c", Result.FAILED: "#dc4c40", Result.WARNED: "#c98a14"}
_NEUTRAL = "#8a919b"
_STEPS = tuple(SeverityLevel)


def bar(check: Check) -> Markup | None:
    """Return the bar of a check; None unless it has two values that can be compared."""
    match check.actual, check.limit:
        case int(actual), int(limit):
            return _measure(check, actual, limit)
        case str(actual), str(limit) if {actual, limit} <= {*_STEPS}:
            return _steps(check, SeverityLevel(actual), SeverityLevel(limit))
        case str(actual), str(limit):
            try:
                return _measure(check, parse_duration(actual), parse_duration(limit))
            except ValueError:
                return None
        case _:
            return None


def _measure(check: Check, actual: float, limit: float) -> Markup:
    """Draw a bar: pale up to the limit, full colour beyond it, and a mark across at the limit."""
    scale = _WIDTH / max(actual, limit * _ROOM_BEYOND, 1)
    tone = _tone(check)
    within, beyond = min(actual, limit) * scale, max(actual - limit, 0) * scale
    parts = [_block(0, _WIDTH, "currentColor", 0.12)]
    if within:
        parts.append(_block(0, within, tone, 0.45 if beyond else 1))
    if beyond:
        parts.append(_block(limit * scale, beyond, tone, 1))
    return _picture(check, *parts, _mark(limit * scale))


def _steps(check: Check, actual: SeverityLevel, limit: SeverityLevel) -> Markup:
    """Draw a step for each level, filled up to the level found, with a mark after the last accepted level."""
    width = (_WIDTH - _GAP * (len(_STEPS) - 1)) / len(_STEPS)
    found, accepted = _STEPS.index(actual), _STEPS.index(limit)
    parts = []
    for number in range(len(_STEPS)):
        left = number * (width + _GAP)
        if number > found:
            parts.append(_block(left, width, "currentColor", 0.12))
        else:
            parts.append(_block(left, width, _tone(check), 1 if number > accepted or found <= accepted else 0.45))
    return _picture(check, *parts, _mark((accepted + 1) * (width + _GAP) - _GAP / 2))


def _picture(check: Check, *parts: Markup) -> Markup:
    label = translate("{found} found, at most {limit} accepted", found=check.actual, limit=check.limit)
    return element(
        "svg",
        joined(element("title", label), *parts),
        role="img",
        aria_label=label,
        width=_WIDTH,
        height=_HEIGHT,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
    )


def _block(left: float, width: float, fill: str, opacity: float) -> Markup:
    return element(
        "rect", x=_rounded(left), y=_TOP, width=_rounded(width), height=_THICK, rx=2, fill=fill, fill_opacity=opacity
    )


def _mark(at: float) -> Markup:
    at = _rounded(min(max(at, 1), _WIDTH - 1))
    return element("line", x1=at, y1=0, x2=at, y2=_HEIGHT, stroke="currentColor", stroke_width=2)


def _tone(check: Check) -> str:
    return _TONES.get(check.result, _NEUTRAL)


def _rounded(length: float) -> float:
    return round(length, 2)
