"""HTML built from elements, so that text from outside is always escaped."""

import re
from html import escape

from hssgate.text import LONGEST_LINE, clean

_VOID = frozenset({"meta"})
_SHAPES = frozenset({"line", "rect", "path", "circle"})  # of SVG, closed in themselves
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CHINESE = re.compile(rf"[{_HAN}][{_HAN}\u3000-\u303f\uff00-\uffef]*")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | float) -> Markup:
    """Return an element.

    Args:
        name: of it.
        content: what is inside; what is no `Markup` is cleaned and escaped.
        attributes: an underscore stands for a hyphen, one at the end for nothing.
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
    """Return content side by side; what is no `Markup` is cleaned and escaped."""
    return Markup(between.join(part if isinstance(part, Markup) else _text(part) for part in content))


def text_element(name: str, text: str, /, **attributes: str | float) -> Markup:
    """Return an element with one text from outside, in which what is Chinese is marked as such."""
    return element(name, Markup(_CHINESE.sub(r'<span lang="zh">\g<0></span>', _text(text))), **attributes)


def lines(block: str) -> Markup:
    """Return a block of lines that are clean each, with their breaks and blanks."""
    return Markup(_escaped(block))


def _text(raw: str) -> str:
    return _escaped(clean(raw, LONGEST_LINE))


def _escaped(raw: str) -> str:
    """Escape also `##`, which begins a command where a report is printed to a runner's log."""
    return escape(raw).replace("##", "#&#35;")
