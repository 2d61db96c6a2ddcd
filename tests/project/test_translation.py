"""README.zh-CN.md says what README.md says: the same sections, commands, options and tables."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")


def sections(document: str) -> list[str]:
    """The text from each heading to the next; a heading inside a code block is none."""
    without_code = FENCE.sub(lambda found: re.sub(r"(?m)^#", "%", found[0]), document)
    return re.split(r"(?m)^(?=#{1,4} )", without_code)[1:]


def code_blocks(document: str) -> list[tuple[str, str]]:
    """Language and code of each block, without its comments: they are translated."""
    return [(language, re.sub(r"(?m)\s*(^|\s)#.*$", "", code)) for language, code in FENCE.findall(document)]


def tables(document: str) -> list[list[list[str]]]:
    """Of each table the code in each cell; the words around it are translated."""
    found = re.findall(r"(?m)(?:^\|.*\n)+", document)
    return [[sorted(CODE.findall(line)) for line in table.splitlines()] for table in found]


def links(section: str) -> list[str]:
    """Where they lead, but for those from one to the other."""
    return [target for target in re.findall(r"\]\(([^)]+)\)", section) if not target.startswith("README")]


def test_both_have_the_same_sections() -> None:
    """As many, at the same depth, in the same order."""
    assert [section.split(" ")[0] for section in sections(CHINESE)] == [
        section.split(" ")[0] for section in sections(ENGLISH)
    ]


def test_both_show_the_same_commands() -> None:
    """Every code block, without comments and texts for people."""
    assert code_blocks(CHINESE) == code_blocks(ENGLISH)


def test_both_have_the_same_tables() -> None:
    """As many rows, with the same options, variables, formats and numbers."""
    assert tables(CHINESE) == tables(ENGLISH)


@pytest.mark.parametrize("number", range(len(sections(ENGLISH))))
def test_each_section_names_the_same_things(number: int) -> None:
    """Options, variables, files, values: everything in code style, each any number of times."""
    english, chinese = sections(ENGLISH)[number], sections(CHINESE)[number]

    assert set(CODE.findall(FENCE.sub("", chinese))) == set(CODE.findall(FENCE.sub("", english)))
    assert links(chinese) == links(english)


def test_each_leads_to_the_other() -> None:
    """At the top."""
    assert "[简体中文](README.zh-CN.md)" in ENGLISH.split("\n## ")[0]
    assert "[English](README.md)" in CHINESE.split("\n## ")[0]


def test_the_translation_is_one() -> None:
    """Each section that speaks does so in Chinese."""
    for section in sections(CHINESE):
        prose = FENCE.sub("", section)
        assert re.search(r"[\u4e00-\u9fff]", prose), section[:80]
