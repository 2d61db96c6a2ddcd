"""Markdown files of the repository as GitHub shows them: headings as anchors, links, and blocks of code."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LEFT_OUT = {".venv", "node_modules", ".git", ".mutants", ".cache", "dist", "build"}
_FENCE = re.compile(r"(?m)^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^ *```", re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def markdown_files() -> list[Path]:
    """Return every Markdown file of the repository."""
    return [
        path
        for path in sorted(ROOT.rglob("*.md"))
        if not any(part in _LEFT_OUT or part.startswith(".venv") for part in path.relative_to(ROOT).parts)
    ]


def without_code(text: str) -> str:
    """Return a text without its blocks of code."""
    return _FENCE.sub("", text)


def anchors_of(text: str) -> list[str]:
    """Return the anchors of a page: those of its headings as GitHub makes them, and those written as HTML."""
    found: list[str] = []
    for heading in re.findall(r"(?m)^#{1,6} (.+)$", without_code(text)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        number = sum(1 for anchor in found if anchor == slug or re.fullmatch(re.escape(slug) + r"-\d+", anchor))
        found.append(f"{slug}-{number}" if number else slug)
    return [*found, *re.findall(r'<a id="([^"]+)">', text)]


def links_of(text: str) -> list[str]:
    """Return where the links and pictures of a page lead."""
    prose = re.sub(r"`[^`\n]*`", "", without_code(text))
    return _LINK.findall(re.sub(r"(?m)^\s*\|.*$", lambda found: found[0], prose))


def blocks_of(text: str, *languages: str) -> list[str]:
    """Return the blocks of code in these languages, without their indentation."""
    return [
        re.sub(f"(?m)^{found['indent']}", "", found["code"])
        for found in _FENCE.finditer(text)
        if found["language"] in languages
    ]


def commands_of(block: str) -> Iterator[str]:
    """Yield the commands of a console or shell block: continued lines joined, without prompt and output."""
    is_console = bool(re.search(r"(?m)^\$ ", block))
    for line in block.replace("\\\n", " ").splitlines():
        if is_console and line.startswith("$ "):
            yield line.removeprefix("$ ")
        elif not is_console and line.strip():
            yield line
