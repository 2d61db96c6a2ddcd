"""HTML built from elements, so that text from outside is always escaped."""

import re
from html import escape

from hssgate.text import LONGEST_LINE, clean

_VOID = frozenset({"meta"})
_SHAPES = frozenset({"line", "rect", "path", "circle"})  # SVG elements without content
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SPANS = re.compile(r"`([^`]*)`|(https://[^\s`]*[^\s`.。])")  # names in backticks, and addresses
_CHINESE = re.compile(rf"[{_HAN}][{_HAN}\u3000-\u303f\uff00-\uffef]*")


class Markup(str):
    """HTML markup; any other `str` is escaped when it is put into an element."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | float) -> Markup:
    """Return an element.

    Args:
        name: tag name.
        content: children; a plain `str` is cleaned and escaped.
        attributes: attributes; `_` in a name becomes `-`, and a trailing `_` is removed (`class_`).
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(str(value))}"' for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    if name in _SHAPES:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{joined(*content)}</{name}>")


def joined(*content: str, between: str = "") -> Markup:
    """Return content side by side; a plain `str` is cleaned and escaped."""
    return Markup(between.join(part if isinstance(part, Markup) else _text(part) for part in content))


def text_element(name: str, text: str, /, **attributes: str | float) -> Markup:
    """Return an element with one text from outside; Chinese parts get `lang="zh"`, so that fonts and readers fit."""
    return element(name, Markup(_CHINESE.sub(r'<span lang="zh">\g<0></span>', _text(text))), **attributes)


def text_with_code(ours: str) -> Markup:
    """Return a text of the gate's own: names in backticks as `code` elements, and addresses as links."""
    parts = iter(_SPANS.split(ours))
    shown = [_escaped(next(parts))]
    for name, address, words in zip(parts, parts, parts, strict=True):
        span = element("a", address, href=address, rel="noreferrer") if address else element("code", name)
        shown += [span, _escaped(words)]
    return Markup("".join(shown))


def lines(block: str) -> Markup:
    """Return a block of lines with its line breaks and blanks; each line must be clean already."""
    return Markup(_escaped(block))


def _text(raw: str) -> str:
    return _escaped(clean(raw, LONGEST_LINE))


def _escaped(raw: str) -> str:
    """Escape HTML, and `##`, which begins a command if the report is printed to the log of a runner."""
    return escape(raw).replace("##", "#&#35;")
