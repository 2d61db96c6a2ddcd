"""Imported ignore files of Trivy: what is carried, what is left out, and that no entry accepts more than its source."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hssgate.hss.models import Finding
from hssgate.policy.document import Malformed, read_document
from hssgate.policy.faults import read_policy
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.rules import Subject, rules_for
from hssgate.policy.trivy import Carried, LeftOut, ignore_list, read_trivy_ignores
from hssgate.verdict import PolicySource

TODAY = date(2026, 11, 28)
IMAGE = Subject("team", "app", "1.0")


@dataclass(frozen=True)
class TrivyEntry:
    """An entry as Trivy keeps it.

    Args:
        vulnerability: its id.
        ends: the moment after which it has no effect.
        is_narrowed: whether it is for some paths or packages only.
    """

    vulnerability: str
    ends: datetime | None = None
    is_narrowed: bool = False


def accepted_by_trivy(entries: list[TrivyEntry], vulnerability: str, moment: datetime) -> bool:
    """Whether Trivy would ignore a vulnerability wherever it is found (pkg/result/ignore.go, Match and Prune)."""
    return any(
        entry.vulnerability == vulnerability
        and not entry.is_narrowed
        and not (entry.ends is not None and entry.ends < moment)
        for entry in entries
    )


def entries_of_text(text: str) -> list[TrivyEntry]:
    """The entries of a .trivyignore (pkg/result/ignore.go, parseIgnore)."""
    found = []
    for line in text.encode().split(b"\n"):
        # In Go, a form feed and a no-break space are white space, and U+001C is not.
        fields = [field for field in line.decode().translate({ord(one): " " for one in GO_BLANKS}).split(" ") if field]
        if not fields or fields[0].startswith("#"):
            continue
        ends = [field[4:] for field in fields if field.startswith("exp:")] if len(fields) > 1 else []
        try:
            moment = datetime.strptime(ends[0], "%Y-%m-%d").replace(tzinfo=UTC) if ends else None
        except ValueError:
            continue
        found.append(TrivyEntry(fields[0], moment))
    return found


GO_BLANKS = "\t\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
IDS = ["CVE-2024-0001", "CVE-2024-0002", "cve-2024-0001", "CVE-2024-1", "GHSA-jfh8-c2jp-5v3q", "AVD-DS-0001"]
ANY_ID = st.sampled_from(IDS[:2]) | st.sampled_from(IDS)
NEAR_DAYS = st.dates(TODAY - timedelta(1), TODAY + timedelta(5))
DAYS = NEAR_DAYS.map(str) | st.sampled_from(["2026-13-01", "soon", "2026-1-2"])
SEPARATORS = st.sampled_from([" ", "\t", "  ", "\x0c", "\x1c", "\xa0", "\u3000"])
FIELDS = ANY_ID | DAYS.map("exp:{}".format) | st.sampled_from(["#", "# why", "#exp:2027-01-01", "\ufeff"])
LINES = st.builds(
    "{}{}{}".format,
    ANY_ID | FIELDS,
    SEPARATORS,
    st.lists(st.tuples(FIELDS, SEPARATORS).map("".join), max_size=3).map("".join),
)
BREAKS = st.sampled_from(["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
TEXTS = st.lists(st.tuples(LINES, BREAKS).map("".join), max_size=8).map("".join)
MOMENTS = (
    st.dates(TODAY - timedelta(1), TODAY + timedelta(4)).map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC))
    | st.timedeltas(timedelta(-1), timedelta(5)).map(lambda later: datetime(2026, 11, 28, tzinfo=UTC) + later)
)  # fmt: skip


def policy_of(text: str, *, is_yaml: bool) -> LoadedPolicy | None:
    """The policy that an ignore file becomes; None if nothing is carried."""
    try:
        found = read_trivy_ignores(text, is_yaml=is_yaml, today=TODAY)
    except Malformed:
        return None
    if not any(isinstance(entry, Carried) for entry in found):
        return None
    document = read_document("rules: {severity: High}\nignore:\n" + ignore_list(found, "imported"), ".yaml")
    assert isinstance(document.data, dict)
    policy, faults = read_policy(document.data)
    assert policy is not None
    assert not faults
    return LoadedPolicy(policy, PolicySource("hssgate.yaml", "0" * 64))


def accepted_by_policy(policy: LoadedPolicy | None, vulnerability: str, moment: datetime) -> bool:
    """Whether the policy ignores a finding with this id at this moment."""
    if policy is None:
        return False
    return bool(rules_for(policy, IMAGE, moment.timestamp()).ignores.entry_for(Finding(vul_id=vulnerability), ()))


def assert_no_wider(policy: LoadedPolicy | None, entries: list[TrivyEntry], moment: datetime) -> None:
    """A policy accepts no id at any of some moments that Trivy would not."""
    for one in (moment, *(datetime(2026, 11, 28, tzinfo=UTC) + timedelta(day) for day in range(5))):
        for vulnerability in IDS if policy else ():
            if accepted_by_policy(policy, vulnerability, one):
                # The case of ids does not matter to HSS, so each spelling is that of the vulnerability Trivy accepts.
                assert accepted_by_trivy(entries, vulnerability.upper(), one)


@given(TEXTS, MOMENTS)
def test_a_policy_accepts_no_more_than_its_trivyignore(text: str, moment: datetime) -> None:
    """Whatever the file has, at any moment."""
    assert_no_wider(policy_of(text, is_yaml=False), entries_of_text(text), moment)


ENDS = st.none() | NEAR_DAYS | MOMENTS
ENTRIES = st.fixed_dictionaries(
    {"id": ANY_ID},
    optional={
        "expired_at": ENDS,
        "statement": st.text(max_size=20),
        "paths": st.sampled_from([None, [], ["usr/lib/**"]]),
        "purls": st.sampled_from([None, [], ["pkg:deb/debian/openssl"]]),
    },
)
LISTS = st.none() | st.lists(ENTRIES, max_size=4)
FILES = st.fixed_dictionaries(
    {"vulnerabilities": st.lists(ENTRIES, min_size=1, max_size=4)},
    optional={"misconfigurations": LISTS, "secrets": LISTS, "licenses": LISTS, "vulnerabilties": LISTS},
)


def as_trivy_keeps(entry: dict[str, object]) -> TrivyEntry:
    """An entry of `vulnerabilities` (pkg/result/ignore.go, IgnoreFinding)."""
    ends = entry.get("expired_at")
    if isinstance(ends, date) and not isinstance(ends, datetime):
        ends = datetime(ends.year, ends.month, ends.day, tzinfo=UTC)
    assert ends is None or isinstance(ends, datetime)
    return TrivyEntry(str(entry["id"]), ends, bool(entry.get("paths") or entry.get("purls")))


@given(FILES, MOMENTS)
def test_a_policy_accepts_no_more_than_its_trivyignore_yaml(
    file: dict[str, list[dict[str, object]] | None], moment: datetime
) -> None:
    """Nor for entries that are narrowed, or of another kind."""
    entries = [as_trivy_keeps(entry) for entry in file["vulnerabilities"] or []]

    assert_no_wider(policy_of(yaml.safe_dump(file), is_yaml=True), entries, moment)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param(datetime(2026, 12, 30, 23, 59, 59, tzinfo=UTC), True, id="the last second of both"),
        pytest.param(datetime(2026, 12, 31, tzinfo=UTC), False, id="the moment at which Trivy's has ended"),
    ],
)
def test_an_end_is_that_of_the_source(moment: datetime, expected: object) -> None:
    """An entry that Trivy ends at the beginning of a day lasts to the end of the day before."""
    text = "CVE-2024-0001 exp:2026-12-31"

    assert accepted_by_policy(policy_of(text, is_yaml=False), "CVE-2024-0001", moment) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("CVE-2024-0001", (None, None), id="an id"),
        pytest.param("  CVE-2024-0001\t \r\n", (None, None), id="blanks around it"),
        pytest.param("# not reachable\nCVE-2024-0001", ("not reachable", None), id="a comment above"),
        pytest.param("## not\n#   reachable\nCVE-2024-0001", ("not reachable", None), id="two lines of comment"),
        pytest.param("# other\n\nCVE-2024-0001", (None, None), id="a comment above a blank line"),
        pytest.param("#\nCVE-2024-0001", (None, None), id="an empty comment"),
        pytest.param("# \u0301\nCVE-2024-0001", (None, None), id="a comment that cannot be seen"),
        pytest.param("# X: no\nCVE-2024-0001", ("X: no", None), id="a comment that begins with X"),
        pytest.param(f"# {'x' * 400}\nCVE-2024-0001", ("x" * 400, None), id="as long as a reason may be"),
        pytest.param(f"# {'x' * 401}\nCVE-2024-0001", ("x" * 399 + "…", None), id="a comment that is longer"),
        pytest.param("# two\nGHSA-a\nCVE-2024-0001", ("two", None), id="a comment above two entries"),
        pytest.param("# one\nGHSA-a\n# two\nCVE-2024-0001", ("two", None), id="a comment for each"),
        pytest.param("# above\nCVE-2024-0001 # behind", ("behind", None), id="a comment behind it"),
        pytest.param("CVE-2024-0001 exp:2027-01-31", (None, date(2027, 1, 30)), id="an end"),
        pytest.param("CVE-2024-0001 exp:2026-11-29", (None, TODAY), id="an end tomorrow"),
        pytest.param("CVE-2024-0001 x exp:2027-01-31 exp:2028-01-31", (None, date(2027, 1, 30)), id="two ends"),
        pytest.param("CVE-2024-0001 # exp:2027-01-31", ("exp:2027-01-31", date(2027, 1, 30)), id="an end in a comment"),
    ],
)  # fmt: skip
def test_a_line_becomes_an_entry(text: str, expected: tuple[str | None, date | None]) -> None:
    """With its comment as the reason, and the day before its end."""
    found = [entry for entry in read_trivy_ignores(text, is_yaml=False, today=TODAY) if isinstance(entry, Carried)]

    assert [(entry.vulnerability, entry.reason, entry.expires) for entry in found] == [("CVE-2024-0001", *expected)]


NO_CVE = "its id is not that of a CVE"
CAPITALS = "Trivy compares the case of ids, so that this entry has no effect; write CVE in capitals"
MARKED = "the file begins with a byte order mark, which is a part of the id to Trivy; save it without"
OF_GHSA = "HSS has no GHSA ids; write an entry for its CVE"
UNKNOWN_KEY = "is a key that Trivy passes over; correct it, or take it out"


def no_day(end: str) -> str:
    return f"its end '{end}' is not a day such as 2027-01-31"


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        pytest.param("GHSA-jfh8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q", OF_GHSA, id="a GHSA id"),
        pytest.param("AVD-DS-0001\t # x", "AVD-DS-0001 # x", NO_CVE, id="a misconfiguration"),
        pytest.param("CVE-2024-*", "CVE-2024-*", NO_CVE, id="a star, which Trivy takes as it is"),
        pytest.param("cve-2024-0001", "cve-2024-0001", CAPITALS, id="small letters, which Trivy never matches"),
        pytest.param("CVE-2024-0001\x1cexp:2020-01-01", "CVE-2024-0001 exp:2020-01-01", NO_CVE, id="a blank of Python alone"),
        pytest.param("x \x1b[31m\u202e", "x", NO_CVE, id="control characters"),
        pytest.param("x" * 200, "x" * 200, NO_CVE, id="a line that can be shown"),
        pytest.param("x" * 201, "x" * 199 + "…", NO_CVE, id="a line that is too long to be shown"),
        pytest.param("CVE-2024-0001 exp:2027-1-31", "CVE-2024-0001 exp:2027-1-31", no_day("2027-1-31"), id="a short day"),
        pytest.param("CVE-2024-0001 exp:2027-02-30", "CVE-2024-0001 exp:2027-02-30", no_day("2027-02-30"), id="no day"),
        pytest.param(f"CVE-2024-0001 exp:{'x' * 40}", f"CVE-2024-0001 exp:{'x' * 40}", no_day("x" * 40), id="a word for a day"),
        pytest.param(f"CVE-2024-0001 exp:{'x' * 41}", f"CVE-2024-0001 exp:{'x' * 41}", no_day("x" * 39 + "…"), id="a long word for a day"),
        pytest.param("CVE-2024-0001 exp:0001-01-01", "CVE-2024-0001 exp:0001-01-01", no_day("0001-01-01"), id="the first day, which Trivy takes for none"),
        pytest.param("CVE-2024-0001 exp:2026-11-28", "CVE-2024-0001 exp:2026-11-28", "it has ended", id="an end today, at 00:00"),
    ],
)  # fmt: skip
def test_a_line_is_left_out_with_the_reason(text: str, shown: str, why: str) -> None:
    """And its number."""
    assert read_trivy_ignores(f"\n\n{text}", is_yaml=False, today=TODAY) == (LeftOut(3, shown, why),)


def test_a_byte_order_mark_is_named_as_the_reason() -> None:
    """To Trivy it is a part of the first id."""
    found = read_trivy_ignores("\ufeffCVE-2024-0001", is_yaml=False, today=TODAY)

    assert found == (LeftOut(1, "CVE-2024-0001", MARKED),)


def in_yaml(entry: str) -> str:
    """An ignore file with one entry."""
    return f"vulnerabilities:\n  - {{id: CVE-2024-0001, {entry}}}"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param("", (None, None), id="an id"),
        pytest.param("statement: not reachable", ("not reachable", None), id="a reason"),
        pytest.param("statement: 1", (None, None), id="a number for a reason"),
        pytest.param("paths: [], purls:", (None, None), id="nothing that narrows it"),
        pytest.param("expired_at:", (None, None), id="no end"),
        pytest.param("expired_at: 2027-01-31", (None, date(2027, 1, 30)), id="a day"),
        pytest.param('expired_at: "2027-01-31"', (None, date(2027, 1, 30)), id="a day as a text"),
        pytest.param("expired_at: 2027-01-31T23:59:59Z", (None, date(2027, 1, 30)), id="a moment"),
        pytest.param("expired_at: 2027-01-31 23:59:59", (None, date(2027, 1, 30)), id="a moment without a zone"),
        pytest.param("expired_at: 2027-01-31 00:00:00", (None, date(2027, 1, 30)), id="a midnight without a zone"),
        pytest.param("expired_at: 2027-01-31T01:00:00+02:00", (None, date(2027, 1, 29)), id="a moment of another day in UTC"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("in_shanghai")
def test_an_entry_of_yaml_becomes_an_entry(entry: str, expected: tuple[str | None, date | None]) -> None:
    """With its statement as the reason, and the last whole day (UTC) before its end, whatever the time zone here."""
    (found,) = read_trivy_ignores(in_yaml(entry), is_yaml=True, today=TODAY)

    assert isinstance(found, Carried)
    assert (found.line, found.vulnerability, found.reason, found.expires) == (2, "CVE-2024-0001", *expected)


ID = "id: CVE-2024-0001"
NARROWED = "narrowed by `{}`, which the findings of HSS cannot be compared with"


@pytest.mark.parametrize(
    ("more", "shown", "why"),
    [
        pytest.param("paths: [usr/lib]", "paths: ['usr/lib']", NARROWED.format("paths"), id="paths"),
        pytest.param("paths: ''", "paths:", NARROWED.format("paths"), id="no list of paths"),
        pytest.param("purls: ['pkg:deb/debian/openssl']", "purls: ['pkg:deb/debian/openssl']", NARROWED.format("purls"), id="purls"),
        pytest.param("path: [usr/lib]", "path: ['usr/lib']", f"'path' {UNKNOWN_KEY}", id="a misspelt key"),
        pytest.param(f"{'k' * 80}: 1", f"{'k' * 80}: 1", f"'{'k' * 80}' {UNKNOWN_KEY}", id="a longer key"),
        pytest.param(f"{'k' * 81}: 1", f"{'k' * 81}: 1", f"'{'k' * 79}…' {UNKNOWN_KEY}", id="a long key"),
        pytest.param("expired_at: soon", "expired_at: soon", no_day("soon"), id="no day"),
        pytest.param("expired_at: 20270131", "expired_at: 20270131", no_day("20270131"), id="a number for a day"),
        pytest.param("expired_at: 2026-11-28", "expired_at: 2026-11-28", "it has ended", id="an end today, at 00:00"),
        pytest.param(f"x: {'x' * 178}", f"x: {'x' * 178}", f"'x' {UNKNOWN_KEY}", id="an entry that can be shown"),
        pytest.param(f"x: {'x' * 179}", f"x: {'x' * 177}…", f"'x' {UNKNOWN_KEY}", id="an entry that is too long to be shown"),
    ],
)  # fmt: skip
def test_an_entry_of_yaml_is_left_out_with_the_reason(more: str, shown: str, why: str) -> None:
    """And the line at which it begins."""
    found = read_trivy_ignores(in_yaml(more), is_yaml=True, today=TODAY)

    assert found == (LeftOut(2, f"{ID}, {shown}", why),)


@pytest.mark.parametrize(
    ("text", "line", "shown", "why"),
    [
        pytest.param("vulnerabilities: [{id: [CVE-2024-0001]}]", 1, "id: ['CVE-2024-0001']", NO_CVE, id="a list for an id"),
        pytest.param("vulnerabilities: [{id: 2024}]", 1, "id: 2024", NO_CVE, id="a number for an id"),
        pytest.param("vulnerabilities: [{statement: x}]", 1, "statement: x", NO_CVE, id="no id"),
        pytest.param("vulnerabilities: [{id: GHSA-jfh8-c2jp-5v3q}]", 1, "id: GHSA-jfh8-c2jp-5v3q", OF_GHSA, id="a GHSA id"),
        pytest.param(f"misconfigurations:\n- {ID}", 2, ID, "a misconfiguration; HSS names its baseline checks otherwise: ignore them by `check_rule`", id="a misconfiguration"),
        pytest.param(f"secrets:\n- {ID}", 2, ID, "a secret; HSS names secrets by their file: ignore them by `file`", id="a secret"),
        pytest.param(f"licenses:\n- {ID}", 2, ID, "a licence, which HSS does not check", id="a licence"),
        pytest.param("secrets:\nvulnerabilties: [{id: CVE-2024-0001}]", 2, "vulnerabilties", "Trivy does not know this key", id="a misspelt kind"),
        pytest.param(f"secrets:\n{'k' * 80}: 1", 2, "k" * 80, "Trivy does not know this key", id="a longer key"),
        pytest.param(f"secrets:\n{'k' * 81}: 1", 2, "k" * 79 + "…", "Trivy does not know this key", id="a long key"),
    ],
)  # fmt: skip
def test_what_is_no_entry_for_a_cve_is_left_out(text: str, line: int, shown: str, why: str) -> None:
    """So is what Trivy has for other kinds of findings."""
    assert read_trivy_ignores(text, is_yaml=True, today=TODAY) == (LeftOut(line, shown, why),)


NO_KEYS = "it has none of the keys vulnerabilities, misconfigurations, secrets, licenses"


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        pytest.param("- CVE-2024-0001", NO_KEYS, None, id="a list"),
        pytest.param("ignore:\n- vulnerability: CVE-2024-0001", NO_KEYS, None, id="a file of Grype"),
        pytest.param("secrets:\nvulnerabilities: 20", "`vulnerabilities` is not a list of entries", 2, id="a number"),
        pytest.param("vulnerabilities: [CVE-2024-0001]", "`vulnerabilities` is not a list of entries", 1, id="a list of ids"),
        pytest.param("vulnerabilities: []\nvulnerabilities: []", "it is given twice", 2, id="a key twice"),
        pytest.param("vulnerabilities: [", "not valid YAML", None, id="no YAML"),
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_refused(text: str, problem: str, line: int | None) -> None:
    """As a whole: Trivy would refuse it, or find nothing in it."""
    with pytest.raises(Malformed, match=problem) as refused:
        read_trivy_ignores(text, is_yaml=True, today=TODAY)

    assert line is None or refused.value.line == line


@pytest.mark.parametrize(("length", "is_read"), [(65_535, True), (65_536, False)])
def test_a_line_at_which_trivy_stops_is_refused(length: int, is_read: object) -> None:
    """Trivy ignores what follows it without a word."""
    text = f"CVE-2024-0001\n#{'é' * ((length - 1) // 2)}{'x' * ((length - 1) % 2)}\nCVE-2024-0002"

    if is_read:
        assert len(read_trivy_ignores(text, is_yaml=False, today=TODAY)) == 2
    else:
        with pytest.raises(Malformed, match="Trivy stops reading") as refused:
            read_trivy_ignores(text, is_yaml=False, today=TODAY)
        assert str(refused.value) == "a line of 64 KiB or more, where Trivy stops reading; break it"
        assert refused.value.line == 2
