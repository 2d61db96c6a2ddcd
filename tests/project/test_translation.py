"""The pages in Chinese have what their English pages have: sections, anchors, commands, tables, links and names."""

import os
import re
from pathlib import Path

import pytest

from hssgate.reports.chinese import MESSAGES, TEXTS
from hssgate.reports.chinese_errors import ERRORS
from tests.support.markdown_pages import anchors_of

ROOT = Path(__file__).parents[2]
CHINESE_DOCS = ROOT / "docs" / "zh"
PAGES = {"README.zh-CN.md": "README.md"} | {
    f"docs/zh/{path.name}": f"docs/{path.name}" for path in sorted(CHINESE_DOCS.glob("*.md"))
}
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
# What a person who reads only Chinese needs from README to a gate in each CI, and after a block.
NEEDED = {
    f"docs/zh/{name}.md"
    for name in (
        "README", "codearts", "pipelines-github", "pipelines-gitlab", "pipelines-jenkins", "policy", "troubleshooting",
    )
}  # fmt: skip
# A sentence built word by word from English, and the words that Huawei's documents have for it.
WORD_BY_WORD = ("无法询问", "够不到", "询问 API", "最后一眼", "醒着", "朵云", "所问的", "华为云 HSS 服务服务")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(name: str) -> list[str]:
    """The text from each heading to the next; a heading inside a code block is none."""
    without_code = FENCE.sub(lambda found: re.sub(r"(?m)^#", "%", found[0]), text_of(name))
    return re.split(r"(?m)^(?=#{1,4} )", without_code)[1:]


def code_blocks(name: str) -> list[tuple[str, str]]:
    """Language and code of each block, without its comments: they are translated."""
    return [(language, re.sub(r"(?m)\s*(^|\s)#.*$", "", code)) for language, code in FENCE.findall(text_of(name))]


def tables(name: str) -> list[list[list[str]]]:
    """Of each table the code in each cell; the words around it are translated."""
    found = re.findall(r"(?m)(?:^\|.*\n)+", text_of(name))
    return [[sorted(CODE.findall(line)) for line in table.splitlines()] for table in found]


def links(name: str, section: str) -> list[str]:
    """Where they lead, but for those from one language to the other: to which page of whichever language."""
    found = []
    for target in re.findall(r"\]\(([^)]+)\)", section):
        if target.startswith("https://"):
            found.append(target.rpartition("/")[2])
            continue
        path, _, anchor = target.partition("#")
        resolved = os.path.normpath((Path(name).parent / path).as_posix()) if path else name
        page = PAGES.get(resolved, resolved).replace("-zh.png", "-en.png")
        if page != PAGES.get(name, name) or anchor:
            found.append(f"{page}#{anchor}")
    return sorted(found)


pages = pytest.mark.parametrize(("chinese", "english"), PAGES.items(), ids=PAGES)


def test_the_pages_that_are_needed_are_there() -> None:
    """From the README to a gate in each CI."""
    assert set(PAGES) >= NEEDED


@pages
def test_both_have_the_same_sections(chinese: str, english: str) -> None:
    """As many, at the same depth, in the same order."""
    assert [part.split(" ")[0] for part in sections(chinese)] == [part.split(" ")[0] for part in sections(english)]


@pages
def test_both_have_the_same_anchors(chinese: str, english: str) -> None:
    """A link to a section of the English page works in the Chinese one; README has no links into it."""
    if chinese.startswith("docs/zh/"):
        title, *wanted = anchors_of(text_of(english))
        assert title
        assert set(wanted) <= set(anchors_of(text_of(chinese)))


@pages
def test_both_show_the_same_commands(chinese: str, english: str) -> None:
    """Every code block, without comments and texts for people."""
    assert code_blocks(chinese) == code_blocks(english)


@pages
def test_both_have_the_same_tables(chinese: str, english: str) -> None:
    """As many rows, with the same options, variables, formats and numbers."""
    assert tables(chinese) == tables(english)


@pages
def test_each_section_names_the_same_things(chinese: str, english: str) -> None:
    """Options, variables, files, values: everything in code style, each any number of times; and the links."""
    for translated, original in zip(sections(chinese), sections(english), strict=True):
        shown, told = (set(CODE.findall(FENCE.sub("", part))) for part in (translated, original))
        assert shown - {"--lang zh"} == told, original[:60]
        assert links(chinese, translated) == links(english, original), original[:60]


@pages
def test_each_leads_to_the_other(chinese: str, english: str) -> None:
    """At the top; an English page of the documentation by its index."""
    back = os.path.relpath(ROOT / english, (ROOT / chinese).parent)
    assert f"[English]({back})" in text_of(chinese).split("\n## ")[0]
    if english in {"README.md", "docs/README.md"}:
        there = os.path.relpath(ROOT / chinese, (ROOT / english).parent)
        assert f"[简体中文]({there})" in text_of(english).split("\n## ")[0]


@pages
def test_a_chinese_page_leads_to_chinese_pages(chinese: str, english: str) -> None:
    """Where there is one; its own English page is at its top."""
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(chinese)):
        resolved = os.path.normpath((Path(chinese).parent / target).as_posix())
        assert resolved == english or resolved not in PAGES.values(), target


@pages
def test_the_translation_is_one(chinese: str, english: str) -> None:  # noqa: ARG001 - of the table of pages
    """Each section that speaks does so in Chinese, and not word by word."""
    for section in sections(chinese):
        prose = FENCE.sub("", section)
        assert re.search(r"[\u4e00-\u9fff]", prose), section[:80]
    assert [words for words in WORD_BY_WORD if words in text_of(chinese)] == []


def test_messages_are_found_in_both_languages() -> None:
    """With `--lang zh` a message is Chinese: the page on troubleshooting has what is printed then."""
    rows = re.findall(r"(?m)^\| `([^`]+)`(?:<br>([^|]+?))? \|", text_of("docs/zh/troubleshooting.md"))
    tables = {**TEXTS, **MESSAGES, **ERRORS}

    assert len(rows) > 15
    for message, shown in rows:
        translations = [chinese for english, chinese in tables.items() if message in english]
        assert bool(shown) == bool(translations), message
        assert not shown or any(shown in chinese for chinese in translations), message
