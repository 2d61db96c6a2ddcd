"""Feeds of exploited vulnerabilities: the forms that are read, and the message of each fault."""

import json
from pathlib import Path

import pytest

from hssgate.hss.models import Cve, Finding
from hssgate.policy.feeds import LARGEST_FEED, Exploited, ExploitedFeed, read_feed

CVE = "CVE-2024-0001"
CATALOGUE = {"vulnerabilities": [{"cveID": CVE}]}
MIDNIGHT = 1_767_225_600.0  # 2026-01-01 UTC


def catalogue(**more: object) -> str:
    """A catalogue with one id."""
    return json.dumps(CATALOGUE | more)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        pytest.param(CVE, None, id="a list"),
        pytest.param(f"# ours\n\n {CVE.lower()}\t# why", None, id="a list with comments"),
        pytest.param(f'\r\n ["{CVE}"]', None, id="an array behind blanks"),
        pytest.param(f"\n \t{catalogue()}", None, id="a catalogue behind blanks, without a date"),
        pytest.param("\ufeff" + catalogue(), None, id="a catalogue behind a byte order mark"),
        pytest.param(catalogue(count=1, dateReleased=None), None, id="null for a date"),
        pytest.param(catalogue(dateReleased="2026-01-01"), MIDNIGHT, id="a day, which is one of UTC"),
        pytest.param(catalogue(dateReleased="2026-01-01T00:00:00Z"), MIDNIGHT, id="a moment of UTC"),
        pytest.param(catalogue(dateReleased="2025-12-31T19:00:00-05:00"), MIDNIGHT, id="a moment of another zone"),
    ],
)
@pytest.mark.usefixtures("in_shanghai")
def test_the_ids_and_the_date_of_a_feed(tmp_path: Path, text: str, date: float | None) -> None:
    """The time zone of the machine does not matter."""
    path = tmp_path / "feed"
    path.write_text(text, encoding="utf-8", newline="")

    feed = read_feed(path)

    assert (feed.ids, feed.date) == (frozenset({CVE}), date)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("# none", "it names no CVE, so nothing would count as exploited", id="no id"),
        pytest.param(f"{CVE}\n{'x' * 40}", f"line 2: '{'x' * 40}' is not a CVE id such as CVE-2021-44228", id="a word"),
        pytest.param("x" * 41, f"line 1: '{'x' * 39}…' is not a CVE id such as CVE-2021-44228", id="a long word"),
        pytest.param("[7]", "it is no array of CVE ids in JSON: '7' is not a CVE id such as CVE-2021-44228", id="a number"),
        pytest.param(catalogue(count=2), "it has 1 vulnerabilities and says that there are 2", id="more than it has"),
        pytest.param(catalogue(count="9" * 20), f"it has 1 vulnerabilities and says that there are {'9' * 20}", id="many more"),
        pytest.param(catalogue(count="9" * 21), f"it has 1 vulnerabilities and says that there are {'9' * 19}…", id="too many more"),
        pytest.param('{"title": 1, "count": 1, "count": 1}', "it is not CISA's KEV catalogue in JSON: the key 'count' is there twice", id="a key twice"),
        pytest.param(f'{{"{"k" * 40}": 1, "{"k" * 40}": 1}}', f"it is not CISA's KEV catalogue in JSON: the key '{'k' * 40}' is there twice", id="a longer one"),
        pytest.param(f'{{"{"k" * 41}": 1, "{"k" * 41}": 1}}', f"it is not CISA's KEV catalogue in JSON: the key '{'k' * 39}…' is there twice", id="a long one"),
    ],
)  # fmt: skip
def test_the_fault_of_a_feed_is_named(tmp_path: Path, text: str, expected: str) -> None:
    """With what the file has there, as far as it fits into a line."""
    path = tmp_path / "feed"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"it is|it has|it names|is not a CVE id") as raised:
        read_feed(path)

    assert str(raised.value) == expected


@pytest.mark.parametrize(
    ("text", "about"),
    [
        pytest.param(catalogue(dateReleased="x" * 200), "it is not CISA's KEV catalogue in JSON: ", id="a catalogue"),
        pytest.param(f"[{'9' * 5000}]", "it is no array of CVE ids in JSON: ", id="an array"),
    ],
)
def test_what_python_has_to_say_of_a_fault_is_cut(tmp_path: Path, text: str, about: str) -> None:
    """A date can be as long as the file."""
    path = tmp_path / "feed"
    path.write_text(text)

    with pytest.raises(ValueError, match=about) as raised:
        read_feed(path)

    assert str(raised.value)[len(about) + 119 :] == "…"


def test_a_feed_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """One byte more is refused."""
    path = tmp_path / "feed"
    path.write_bytes(CVE.encode() + b"#" * (LARGEST_FEED - len(CVE)))
    assert read_feed(path).ids == {CVE}

    with path.open("ab") as file:
        file.write(b"#")
    with pytest.raises(ValueError, match="larger") as raised:
        read_feed(path)
    assert str(raised.value) == "it is larger than 32 MiB"


@pytest.mark.parametrize(
    ("cves", "expected"),
    [
        pytest.param([Cve(cve_id=CVE)], Exploited.YES, id="a CVE of the feed"),
        pytest.param([Cve(cve_id="CVE-2024-0002")], Exploited.NO, id="another CVE"),
        pytest.param(None, Exploited.NOT_CHECKED, id="CVEs that were not read"),
    ],
)
def test_a_finding_without_an_id_is_looked_up_by_its_cves(cves: list[Cve] | None, expected: Exploited) -> None:
    """Without any it is not checked."""
    assert ExploitedFeed(frozenset({CVE})).state(Finding(vul_id=None), cves) is expected
