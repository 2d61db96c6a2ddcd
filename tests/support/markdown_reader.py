"""Reader of GitHub's Markdown: text and tables of a report, and all active elements."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

_GAP = "\u200b"
OWN_HTML = re.compile(r"</?code>|<details><summary>[\w ,()-]+</summary>\n?|</details>\n?")

# What GitHub and GitLab look for in the text that is left: mentions, references, emoji, addresses.
REFERENCES = re.compile(
    r"[@#!%~^&$*][\w\"']|\[\[|\[\w+:|:(?!\d\d:)[\w+-]+:|\w://|www\.|GH-\d", re.IGNORECASE | re.ASCII
)


@dataclass
class Document:
    """A parsed report.

    Args:
        tokens: of the parser, nested ones flattened.
        tables: by row, the text of each cell; the first row is the header.
        text: what is shown, a line for each block; without the invisible characters that keep references apart.
        prose: what is shown outside of code, as it is.
    """

    tokens: list[Token]
    tables: list[list[list[str]]] = field(default_factory=list)
    text: str = ""
    prose: list[str] = field(default_factory=list)

    @property
    def headings(self) -> list[str]:
        """The text of each heading."""
        return [
            shown(inline)
            for opening, inline in zip(self.tokens, self.tokens[1:], strict=False)
            if opening.type == "heading_open"
        ]

    @property
    def fences(self) -> list[str]:
        """The content of each fenced block."""
        return [token.content for token in self.tokens if token.type == "fence"]


def read_markdown(source: str) -> Document:
    """Parse a report as GitHub does: tables, struck text, addresses without brackets, and HTML."""
    parser = MarkdownIt("gfm-like")
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False})  # `a.al` is no link on GitHub; `www.` is among the references above
    document = Document([*_flat(parser.parse(source))])
    lines = []
    for token in document.tokens:
        match token.type:
            case "table_open":
                document.tables.append([])
            case "tr_open":
                document.tables[-1].append([])
            case "inline":
                lines.append(shown(token))
                document.prose += _prose(token)
                if token.meta["cell"]:
                    document.tables[-1][-1].append(shown(token))
            case "fence":
                lines.append(token.content)
    document.text = "\n".join(lines)
    return document


def active(document: Document) -> list[str]:
    """All elements other than text, tables and our own folding."""
    found = [
        token.type
        for token in document.tokens
        if token.type in {"link_open", "image", "s_open", "em_open", "blockquote_open", "hr", "code_block"}
    ]
    found += [
        token.content
        for token in document.tokens
        if token.type in {"html_inline", "html_block"} and not OWN_HTML.fullmatch(token.content)
    ]
    return found + [match[0] for text in document.prose for match in REFERENCES.finditer(text)]


def shown(inline: Token) -> str:
    """Return the visible text of a block."""
    parts = (child.content for child in inline.children or () if child.type in {"text", "text_special", "code_inline"})
    return "".join(parts).replace(_GAP, "").replace("\u00a0", " ")


def _prose(inline: Token) -> Iterator[str]:
    """Yield the text outside of code; adjacent pieces of the parser are joined as on a page."""
    run, depth = "", 0
    for child in inline.children or ():
        depth += {"<code>": 1, "</code>": -1}.get(child.content, 0) if child.type == "html_inline" else 0
        if child.type in {"text", "text_special"} and not depth:
            run += child.content
        else:
            yield run
            run = ""
    yield run


def _flat(tokens: list[Token]) -> Iterator[Token]:
    inside_cell = False
    for token in tokens:
        if token.type in {"th_open", "td_open"}:
            inside_cell = True
        elif token.type in {"th_close", "td_close"}:
            inside_cell = False
        if token.type == "inline":
            token.meta["cell"] = inside_cell
        yield token
        yield from token.children or ()
