"""Entries are found by an index exactly as by comparing each entry with each finding, one after the other."""

import re
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hssgate.hss.models import Detail, DetailKind, Finding
from hssgate.policy.denials import Denials, is_cve
from hssgate.policy.entry_index import GlobIndex
from hssgate.policy.globs import fits_file, fits_text, may_begin_with
from hssgate.policy.ignores import Ignores, sort_findings
from hssgate.policy.model import Deny, Ignore, Target

TARGETS = {
    DetailKind.MALICIOUS_FILE: Target.FILE,
    DetailKind.SENSITIVE_FILE: Target.FILE,
    DetailKind.BASELINE_BREACH: Target.CHECK_RULE,
}


def fits_id(glob: str, text: str) -> bool:
    """Whether a glob fits the id of a vulnerability, whose case does not matter."""
    return fits_text(glob.lower(), text.lower())


def is_about(entry: Ignore | Deny, finding: Finding) -> bool:
    """Whether an entry is about vulnerabilities in the package of a finding."""
    if entry.vulnerability is None:
        return False
    return entry.package is None or (finding.app_name is not None and fits_text(entry.package, finding.app_name))


def first(entries: Iterable[tuple[int, Ignore]], text: str) -> int | None:
    """The first entry that fits an id."""
    return next((index for index, entry in entries if fits_id(entry.glob, text)), None)


def entry_for(entries: Sequence[tuple[int, Ignore]], finding: Finding, cves: Sequence[str]) -> tuple[int, ...]:
    """The entries that ignore a finding, entry by entry."""
    fitting = [(index, entry) for index, entry in entries if is_about(entry, finding)]
    if finding.vul_id is not None and (index := first(fitting, finding.vul_id)) is not None:
        return (index,)
    named = re.findall(r"(?i)cve-[0-9]+-[0-9]+", finding.vul_id or "") if cves else []
    found = [first(fitting, cve) for cve in [*cves, *named]]
    return () if not cves or None in found else tuple(dict.fromkeys(index for index in found if index is not None))


def entry_for_detail(entries: Sequence[tuple[int, Ignore]], kind: DetailKind, detail: Detail) -> int | None:
    """The first entry that ignores a file or a baseline check, entry by entry."""
    path = detail.file_path or detail.file_name
    for index, entry in entries:
        if entry.target is not TARGETS[kind]:
            continue
        if entry.target is Target.FILE and path is not None and fits_file(entry.glob, path):
            return index
        rule = detail.check_rule_id
        if entry.target is Target.CHECK_RULE and rule is not None and fits_text(entry.glob, rule):
            return index
    return None


def notices(entries: Sequence[tuple[int, Ignore]], findings: Sequence[Finding]) -> tuple[str, ...]:
    """The notices whose CVEs decide whether they count, entry by entry."""
    naming_cves = [
        entry for _, entry in entries if entry.vulnerability is not None and may_begin_with("cve-", entry.glob)
    ]
    return tuple(
        dict.fromkeys(
            finding.vul_id
            for finding in findings
            if finding.vul_id is not None
            and not is_cve(finding)
            and any(is_about(entry, finding) for entry in naming_cves)
            and not entry_for(entries, finding, ())
        )
    )


def denied_by(entries: Sequence[tuple[int, Deny]], finding: Finding, cves: Sequence[str]) -> int | None:
    """The first entry that denies a finding, entry by entry; a package without a name may be any."""
    ids = [one for one in (finding.vul_id, *cves) if one is not None]
    is_unnamed = not (finding.app_name or "").strip()
    for index, entry in entries:
        if (is_unnamed or is_about(entry, finding)) and any(fits_id(entry.vulnerability, one) for one in ids):
            return index
    return None


PARTS = st.sampled_from(["CVE-2024-", "cve-2024-", "HSS-", "0001", "0002", "1", "a", "A", "é", "İ", ".", " ", "/"])
WILDCARDS = st.sampled_from(["*", "**", "?", "[01]", "[!0]", "[", "]", "[a-c]"])
IDS = st.sampled_from(["CVE-2024-0001", "cve-2024-0002", "HSS-1", "X [1]", "/app/a", "/app/b/a"])
FITTING = st.sampled_from(
    [
        "CVE-2024-0001",
        "cve-2024-0001",
        "CVE-2024-*",
        "*0001",
        "*-2024-*",
        "?VE-2024-0002",
        "*-000[12]",
        "HSS-1",
        "HSS-*",
        "x*",
        "*",
        "**",
        "/app/a",
        "/app/*",
        "/app/**",
        "**/a",
        "*/b/*",
    ]
)
TEXTS = IDS | IDS | st.lists(PARTS, max_size=4).map("".join)
GLOBS = FITTING | FITTING | st.lists(PARTS | WILDCARDS, min_size=1, max_size=5).map("".join)
NAMES = st.sampled_from([None, "openssl", "libssl", "Visual C++ [x64]", " zlib "])
PACKAGES = st.none() | st.sampled_from(["openssl", "*ssl", "lib*", "Visual C++ [x64]", "*", "zlib"])
VULNERABILITIES = st.builds(
    lambda glob, package: Ignore.model_construct(reason="r", vulnerability=glob, package=package), GLOBS, PACKAGES
)
OTHERS = st.builds(lambda glob: Ignore.model_construct(reason="r", file=glob), GLOBS) | st.builds(
    lambda glob: Ignore.model_construct(reason="r", check_rule=glob), GLOBS
)
ENTRIES = st.lists(VULNERABILITIES | VULNERABILITIES | OTHERS, min_size=6, max_size=40).map(
    lambda entries: tuple(zip(range(1, 90, 3), entries, strict=False))
)
FINDINGS = st.lists(
    st.builds(lambda vul_id, name: Finding(vul_id=vul_id, app_name=name), st.none() | TEXTS, NAMES), max_size=8
)
CVES = st.lists(TEXTS, max_size=3)


@given(ENTRIES, FINDINGS, CVES)
@example(((3, Ignore.model_construct(reason="r", vulnerability="*")),), [Finding(vul_id=" CVE-1 ")], [])
@example(
    (
        (3, Ignore.model_construct(reason="r", vulnerability="X [1]")),
        (4, Ignore.model_construct(reason="r", vulnerability="x*")),
    ),
    [Finding(vul_id="x [1]")],
    [],
)
@example(
    (
        (3, Ignore.model_construct(reason="r", vulnerability="SA-1", package="open*")),
        (4, Ignore.model_construct(reason="r", vulnerability="SA-2", package="openssl")),
    ),
    [Finding(vul_id="SA-1", app_name="openssl"), Finding(vul_id="SA-2", app_name="openssl")],
    [],
)
def test_findings_are_ignored_as_entry_by_entry(
    entries: tuple[tuple[int, Ignore], ...], findings: list[Finding], cves: list[str]
) -> None:
    """The first entry that fits takes effect, and the same notices are looked up."""
    ignores = Ignores(entries)

    assert [ignores.entry_for(finding, cves) for finding in findings] == [
        entry_for(entries, finding, cves) for finding in findings
    ]
    assert ignores.notices_to_look_up(findings) == notices(entries, findings)


@given(ENTRIES, FINDINGS, st.lists(st.sampled_from(["CVE-2024-1", "CVE-2024-2", "CVE-2025-1"]), max_size=2))
def test_cves_that_are_not_looked_up_decide_nothing(
    entries: tuple[tuple[int, Ignore], ...], findings: list[Finding], cves: list[str]
) -> None:
    """Whatever else reads the CVEs of a notice, the same findings are ignored."""
    ignores = Ignores(entries)
    wanted = ignores.notices_to_look_up(findings)

    for finding in findings:
        if finding.vul_id is not None and finding.vul_id not in wanted:
            assert bool(ignores.entry_for(finding, cves)) is bool(ignores.entry_for(finding, ()))


@given(ENTRIES, FINDINGS, CVES)
def test_findings_are_sorted_as_entry_by_entry(
    entries: tuple[tuple[int, Ignore], ...], findings: list[Finding], cves: list[str]
) -> None:
    """With the entries that took effect, so that the others can be named."""
    cves_of = {finding.vul_id: tuple(cves) for finding in findings if finding.vul_id}
    expected = [(finding, entry_for(entries, finding, cves_of.get(finding.vul_id or "", ()))) for finding in findings]

    found = sort_findings(findings, cves_of, Ignores(entries))

    assert found.counted == tuple(finding for finding, indexes in expected if not indexes)
    assert found.ignored == tuple((finding, indexes[0]) for finding, indexes in expected if indexes)
    assert found.used == {index for _, indexes in expected for index in indexes}


@given(ENTRIES, st.sampled_from([*DetailKind]), st.none() | TEXTS, st.none() | TEXTS)
def test_files_and_checks_are_ignored_as_entry_by_entry(
    entries: tuple[tuple[int, Ignore], ...], kind: DetailKind, path: str | None, rule: str | None
) -> None:
    """By path, or by the id of the check."""
    for detail in (Detail(file_path=path, check_rule_id=rule), Detail(file_name=path, check_rule_id=rule)):
        assert Ignores(entries).entry_for_detail(kind, detail) == entry_for_detail(entries, kind, detail)


@given(st.lists(st.tuples(GLOBS, PACKAGES), max_size=30), FINDINGS, CVES)
def test_findings_are_denied_as_entry_by_entry(
    globs: list[tuple[str, str | None]], findings: list[Finding], cves: list[str]
) -> None:
    """By their own id or any CVE."""
    entries = tuple(
        (index, Deny.model_construct(reason="r", vulnerability=glob, package=package))
        for index, (glob, package) in enumerate(globs, 1)
    )
    denials = Denials(entries)

    assert [denials.entry_for(finding, cves) for finding in findings] == [
        denied_by(entries, finding, cves) for finding in findings
    ]


@pytest.mark.parametrize("text", ["CVE-2024-1042", "CVE-2024-1042-a", "cve-2024-1042-and-more-of-it"])
def test_the_entry_that_fits_is_found_among_many(text: str) -> None:
    """Where there are more entries than parts of the text, its parts are looked up."""
    globs = [f"CVE-2024-{number}*" for number in range(1000, 1100)]
    ignored = [Ignore(reason="r", vulnerability=glob) for glob in globs]
    denied = [Deny(reason="r", vulnerability=glob) for glob in globs]

    assert Ignores(tuple(enumerate(ignored))).entry_for(Finding(vul_id=text), ()) == (42,)
    assert Denials(tuple(enumerate(denied))).entry_for(Finding(vul_id=text), ()) == 42


@pytest.mark.parametrize(
    ("glob", "text", "is_compared"),
    [
        pytest.param("CVE-2024-1", "CVE-2024-1", False, id="an exact id is looked up"),
        pytest.param("CVE-2024-1*", "CVE-2024-12", True, id="the text contains the literal part"),
        pytest.param("CVE-2024-1*", "CVE-2024-2", False, id="it does not contain it"),
        pytest.param("z*CVE-2024-1", "z-CVE-2024-2", False, id="it does not contain the longest of several"),
        pytest.param("CVE-2024-12345*", "CVE-2024-12346", False, id="it does not contain the end of a long one"),
    ],
)
def test_only_entries_that_may_fit_are_compared(glob: str, text: str, is_compared: bool) -> None:  # noqa: FBT001
    """The others cost nothing, so that thousands of entries and findings are no matter."""
    compared: list[tuple[str, str]] = []

    def fits(one: str, other: str) -> bool:
        compared.append((one, other))
        return fits_text(one, other)

    assert (GlobIndex([(3, glob)], fits).first(text) is not None) == fits_text(glob, text)
    assert compared == ([(glob, text)] if is_compared else [])
