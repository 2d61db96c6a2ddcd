"""YAML by libyaml: only for lines of plain forms, and with the same result as by PyYAML itself."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hssgate.policy import yaml_document
from hssgate.policy.document import Document, Malformed, read_document

ENTRIES = "rules: {severity: Medium}\nignore:\n" + "".join(
    f'  - vulnerability: CVE-2024-{number:04}\n    reason: "not reachable: SEC-{number}"  # checked\n'
    for number in range(20)
)
KEYS = st.sampled_from(["rules", "ignore", "vulnerability", "reason", "severity"])
PLAIN = [
    "Medium",
    "CVE-2024-1",
    "'*'",
    '"a: b"',
    "理由",
    "a:b",
    "https://x/y",
    "x, y",
    "[a, b]",
    "{a: b}",
    "{a: [b], c: d}",
]
ODD = ["1.0", "0200", "2027-01-01", "yes", "null", "1:30", "''", "a (b)", "[", "{a: b", "*a", "!a", "|", "? a", "a: b"]
WORDS = st.sampled_from(PLAIN) | st.sampled_from(ODD)
INDENTS = st.sampled_from(["", "  ", "  ", "    ", "   "])
MAPPINGS = st.lists(st.tuples(KEYS, WORDS).map(": ".join), min_size=1, max_size=3).map(
    lambda pairs: "{" + ", ".join(pairs) + "}"
)
LINES = st.one_of(
    st.builds("{}{}{}: {}".format, INDENTS, st.sampled_from(["", "- "]), KEYS, WORDS),
    st.builds("{}{}{}:".format, INDENTS, st.sampled_from(["", "- "]), KEYS),
    st.builds("{}- {}".format, INDENTS, WORDS | MAPPINGS),
    st.builds("{}# {}".format, INDENTS, WORDS),
    st.builds("{}{} # why".format, INDENTS, WORDS),
    st.just(""),
)


@pytest.fixture(autouse=True, scope="module")
def short() -> Iterator[int]:
    """Take every text for a long one; the value is the length of those that are not."""
    with pytest.MonkeyPatch.context() as patch:
        length: int = yaml_document._SHORT
        patch.setattr(yaml_document, "_SHORT", 0)
        yield length


class Parsers:
    """Which loaders composed a document."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.used: list[str] = []
        compose = yaml.compose_all

        def recorded(text: str, Loader: Any) -> Any:  # noqa: ANN401, N803 - PyYAML's own name
            self.used.append(Loader.__name__)
            return compose(text, Loader=Loader)

        monkeypatch.setattr(yaml, "compose_all", recorded)


@pytest.fixture
def parsers(monkeypatch: pytest.MonkeyPatch) -> Parsers:
    """The loaders that were used."""
    return Parsers(monkeypatch)


def outcome(text: str) -> Document | str:
    """A document, or the message and the line of its fault."""
    try:
        return read_document(text, ".yaml")
    except Malformed as error:
        return f"{error.line}: {error}"


def outcome_without_libyaml(text: str) -> Document | str:
    """The same, read by PyYAML itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        return outcome(text)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_both_parsers_come_to_the_same(text: str) -> None:
    """Data, lines of keys, and faults."""
    assert outcome(text) == outcome_without_libyaml(text)


def test_a_list_of_plain_entries_is_read_by_libyaml(parsers: Parsers) -> None:
    """So that thousands of them cost little."""
    assert outcome(ENTRIES) == outcome_without_libyaml(ENTRIES)
    assert parsers.used == ["CSafeLoader", "_Shallow"]


def test_a_short_policy_is_read_by_pyyaml(parsers: Parsers, short: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pattern of plain lines, which takes longer to compile, is left alone."""
    monkeypatch.setattr(yaml_document, "_SHORT", short)
    long = ENTRIES + "# more\n" * short

    outcome(ENTRIES)
    outcome(long[:short])
    outcome(long)

    assert parsers.used == ["_Shallow", "_Shallow", "CSafeLoader"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("x: !!str 1", id="a tag"),
        pytest.param("x: &a 1", id="an anchor"),
        pytest.param("x: *a", id="an alias"),
        pytest.param("x: |", id="a block"),
        pytest.param("x:\t1", id="a tab"),
        pytest.param("x: 1\r", id="a carriage return"),
        pytest.param("x: {a?: 1}", id="a question mark in a flow mapping"),
        pytest.param('x: "\\u0041"', id="an escape"),
        pytest.param("x: a\u2028b", id="a line separator"),
        pytest.param("--- 1", id="a document marker"),
        pytest.param("%YAML 1.1", id="a directive"),
        pytest.param("x: " + "a" * 500, id="a long line"),
        pytest.param("x: " + "[" * 3000, id="a deep nesting, at which libyaml would end the process"),
        pytest.param(" " * 21 + "x: 1", id="a deep indentation"),
    ],
)
def test_anything_else_is_read_by_pyyaml(parsers: Parsers, line: str) -> None:
    """Where the two may differ."""
    outcome(f"{ENTRIES}{line}")

    assert parsers.used == ["_Shallow"]


def test_a_fault_is_named_by_pyyaml(parsers: Parsers) -> None:
    """With its own words, which do not depend on the machine."""
    text = f"{ENTRIES} x: 1"

    assert isinstance(outcome(text), str)
    assert parsers.used == ["CSafeLoader", "_Shallow"]
