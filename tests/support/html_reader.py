"""Strict HTML reader: unclosed or unknown elements, and anything active or external, are errors."""

import functools
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from unittest import mock

_LINK = re.compile(r"#[\w-]*|https://[\w.-]+(?:/[\w/.~-]*)?(?:\?[\w=&-]*)?(?:#[\w-]+)?", re.ASCII)
_VOID = {"meta"}
_SHAPES = {"rect", "line", "circle", "path"}
_PLAIN = [
    "body",
    "caption",
    "code",
    "dd",
    "dl",
    "dt",
    "footer",
    "h1",
    "head",
    "li",
    "main",
    "pre",
    "small",
    "style",
    "summary",
    "tbody",
    "thead",
    "title",
    "tr",
    "ul",
]
_ATTRIBUTES = {name: set[str]() for name in _PLAIN} | {
    "a": {"href", "rel"}, "circle": {"cx", "cy", "r", "fill"}, "div": {"class", "role", "aria-label", "tabindex"},
    "details": {"id"}, "h2": {"id"}, "h3": {"id"}, "header": {"class"}, "html": {"lang"}, "line": {"x1", "x2", "y1", "y2", "stroke", "stroke-width"},
    "meta": {"charset", "http-equiv", "name", "content"}, "p": {"class"},
    "path": {"d", "fill", "stroke", "stroke-width", "stroke-linecap"},
    "rect": {"x", "y", "width", "height", "rx", "fill", "fill-opacity"}, "section": {"class", "id"}, "span": {"lang"},
    "strong": {"class"}, "svg": {"role", "aria-label", "aria-hidden", "width", "height", "viewbox"},
    "table": {"class", "rules", "frame", "cellpadding"}, "td": {"class", "colspan"}, "th": {"scope", "align"},
}  # fmt: skip


@dataclass
class Node:
    """An element, or with an empty name a run of text.

    Args:
        name: of the element.
        attributes: of it.
        children: in their order.
        content: of a run of text.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)
    content: str = ""

    @property
    def text(self) -> str:
        """All text inside."""
        return self.content + "".join(child.text for child in self.children)

    def all(self, name: str, kind: str | None = None) -> "list[Node]":
        """The elements of this name inside, in the order of the document; of a class, if one is given."""
        return [node for node in self.walk() if node.name == name and kind in {None, *node.attributes.get("class", "").split()}]  # fmt: skip

    def one(self, name: str, kind: str | None = None) -> "Node":
        """The only element of this name inside."""
        (found,) = self.all(name, kind)
        return found

    def walk(self) -> "Iterator[Node]":
        """Everything inside, in the order of the document."""
        for child in self.children:
            yield child
            yield from child.walk()

    def rows(self) -> list[list[str]]:
        """The text of each cell of the body of a table."""
        return [[cell.text.strip() for cell in row.children if cell.name] for row in self.one("tbody").all("tr")]


def read_page(source: str) -> Node:
    """Parse a document, and refuse unclosed, unknown or active elements.

    Raises:
        AssertionError: it has such an element.
    """
    assert source.startswith("<!DOCTYPE html>\n")
    reader = _Reader()
    with mock.patch("html.parser.unescape", functools.lru_cache(html.unescape)):  # large pages repeat their texts
        reader.feed(source)
        reader.close()
    assert [node.name for node in reader.open] == ["#document"]
    return reader.open[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("#document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in _SHAPES, f"<{tag}> is not closed"
        self._add(tag, attrs)
        if tag not in _VOID:
            self.open.append(self.open[-1].children[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SHAPES, f"<{tag}/> is no shape"
        self._add(tag, attrs)

    def _add(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ATTRIBUTES, f"<{tag}>"
        names = [name for name, _ in attrs]
        assert len(names) == len({*names}), f"<{tag}> bears an attribute twice"
        assert {*names} <= _ATTRIBUTES[tag], f"<{tag}> bears {names}"
        given = {name: value or "" for name, value in attrs}
        assert _LINK.fullmatch(given.get("href", "#"))
        assert given.get("href", "#").startswith("#") or given["rel"] == "noreferrer"
        assert not any("url(" in value for value in given.values())
        self.open[-1].children.append(Node(tag, given))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag, f"</{tag}> closes what is not open"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(Node("", content=data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")
