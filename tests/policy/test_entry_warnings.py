"""Tests of warnings about policy entries that have ended, end soon, or fit nothing."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hssgate.policy.entry_warnings import AppliedPolicy, entry_warnings, warnings_of_ends
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import KeyPath, Policy
from hssgate.policy.rules import Subject
from hssgate.verdict import PolicySource
from tests.cli.test_findings import TODAY, YESTERDAY, finding, scenario
from tests.conftest import Bench

NOW = 1_790_000_000.0
APP, WEB = Subject("team", "app", "1.0"), Subject("shop", "web", "1.0")
IDLE = "fits no finding of this run; check it, or take it out"


def loaded(*ignore: dict[str, object], overrides: list[dict[str, object]] | None = None) -> LoadedPolicy:
    entries = [{"vulnerability": "V-1", "reason": "why", **entry} for entry in ignore]
    data = {"rules": {"vulnerabilities": 1}, "ignore": entries, "overrides": overrides or []}
    return LoadedPolicy(Policy.model_validate(data), PolicySource("p.yaml", "0"))


@pytest.mark.parametrize(
    ("images", "applied", "is_named"),
    [
        pytest.param(None, [(APP, {0})], False, id="it took effect"),
        pytest.param(None, [(APP, {1})], True, id="it took none"),
        pytest.param(None, [(APP, None)], False, id="no findings were read"),
        pytest.param(None, [(APP, {1}), (WEB, {0})], False, id="it took effect on another image"),
        pytest.param(None, [(APP, {1}), (WEB, None)], False, id="those of another image were not read"),
        pytest.param(
            ["team/*"], [(APP, {1}), (WEB, None)], True, id="those of an image that it does not fit were not read"
        ),
        pytest.param(["other/*"], [(APP, {1}), (WEB, set())], False, id="it fits no image of the run"),
        pytest.param(None, [], False, id="no image at all"),
    ],
)
def test_an_ignore_entry_that_fits_no_finding_is_named_if_that_is_known(
    images: list[str] | None, applied: list[tuple[Subject, set[int] | None]], is_named: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """An entry is reported only if it fits an image of the run and the findings of all those images were read."""
    policy = loaded({"images": images} if images else {})
    run = [AppliedPolicy(subject, None if used is None else frozenset(used), NOW) for subject, used in applied]

    named = f"p.yaml: ignore[0]: the ignore entry for V-1 (why) {IDLE}"
    assert entry_warnings(policy, run) == ([named] if is_named else [])


@pytest.mark.parametrize(
    ("used", "partly", "expected"),
    [
        pytest.param([set(), set()], [{0}, set()], "fits some CVEs of a finding", id="some of one image"),
        pytest.param([{0}, set()], [set(), {0}], None, id="all of one image, and some of another"),
        pytest.param([set(), None], [{0}, set()], None, id="another image was not read"),
    ],
)
def test_an_entry_that_fits_some_cves_is_named_where_it_ignored_nothing(
    used: list[set[int] | None], partly: list[set[int]], expected: str | None
) -> None:
    """In no image of the run."""
    run = [
        AppliedPolicy(subject, None if one is None else frozenset(one), NOW, partly=frozenset(some))
        for subject, one, some in zip((APP, WEB), used, partly, strict=True)
    ]

    lines = entry_warnings(loaded({}), run)

    assert [expected is not None and expected in line for line in lines] == ([True] if expected else [])


@pytest.mark.parametrize("expires", [YESTERDAY, TODAY])
def test_there_are_no_warnings_about_images_of_others(expires: object) -> None:
    """The policy of an organisation is in every team's pipeline; `hssgate policy validate` names every end."""
    override = {"images": ["shop/*"], "rules": {"vulnerabilities": 9}, "reason": "r", "expires": expires}
    policy = loaded({"images": ["shop/*"], "expires": expires}, overrides=[override])

    assert entry_warnings(policy, [AppliedPolicy(APP, frozenset(), NOW)]) == []
    assert (
        len(entry_warnings(policy, [AppliedPolicy(APP, frozenset(), NOW), AppliedPolicy(WEB, frozenset({0}), NOW)]))
        == 2
    )
    assert len(warnings_of_ends(policy, NOW)) == 2


def test_an_entry_is_named_with_its_subject_and_reason() -> None:
    """Long texts are cut; an entry that has ended is not also reported to fit nothing."""
    ended: dict[str, object] = {
        "vulnerability": "V-" + "v" * 120,
        "package": "p" * 120,
        "reason": "r" * 100,
        "expires": "2026-09-20",
    }
    images = ["a" * 150, "b" * 60]
    override: dict[str, object] = {
        "images": images,
        "rules": {"vulnerabilities": 9},
        "reason": "r",
        "expires": "2026-09-30",
    }

    named = f"p.yaml: ignore[0]: the ignore entry for V-{'v' * 97}… in {'p' * 99}… ({'r' * 79}…)"
    assert warnings_of_ends(loaded(ended, overrides=[override]), NOW) == [
        f"{named} ended on 2026-09-20 and has no effect any more",
        f"p.yaml: overrides[0]: the override for {'a' * 150}, {'b' * 47}… (r) ends after 2026-09-30",
    ]
    assert len(entry_warnings(loaded(ended), [AppliedPolicy(APP, frozenset(), NOW)])) == 1


def test_ten_entries_of_each_kind_are_named_and_the_others_counted() -> None:
    """Many warnings of one kind do not hide those of another."""
    many: list[dict[str, object]] = [{"vulnerability": f"V-{number}"} for number in range(12)]
    over: list[dict[str, object]] = [{**entry, "expires": "2026-09-20"} for entry in many[:11]]
    policy = loaded(*many, *over, {"expires": "2026-09-30"})

    lines = entry_warnings(policy, [AppliedPolicy(APP, frozenset({23}), NOW)])

    assert [line.partition("]")[0] for line in lines[:10]] == [f"p.yaml: ignore[{number}" for number in range(12, 22)]
    assert lines[10] == "p.yaml: and 1 more that have ended"
    assert lines[11] == "p.yaml: ignore[23]: the ignore entry for V-1 (why) ends after 2026-09-30"
    assert [line.endswith(IDLE) for line in lines[12:]] == [True] * 10 + [False]
    assert lines[-1] == "p.yaml: and 2 more that fit no finding of this run"


def test_ten_of_a_kind_are_all_named() -> None:
    """Ten warnings are all shown; of eleven, the last is counted."""
    soon: list[dict[str, object]] = [{"vulnerability": f"V-{number}", "expires": "2026-09-30"} for number in range(11)]

    assert len(warnings_of_ends(loaded(*soon[:10]), NOW)) == 10
    assert warnings_of_ends(loaded(*soon), NOW)[10:] == ["p.yaml: and 1 more that end soon"]


def test_of_entries_that_fit_some_cves_the_first_ten_are_named() -> None:
    """As of the other kinds."""
    many: list[dict[str, object]] = [{"vulnerability": f"CVE-{number}"} for number in range(11)]

    lines = entry_warnings(loaded(*many), [AppliedPolicy(APP, frozenset(), NOW, partly=frozenset(range(11)))])

    assert len(lines) == 11
    assert lines[-1] == "p.yaml: and 1 more that fit some CVEs of a finding"


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        pytest.param({("deny", 0): 7, ("deny", 1): 9}, ("p.yaml:7", "p.yaml:9"), id="with lines"),
        pytest.param({}, ("p.yaml: deny[0]", "p.yaml: deny[1]"), id="without lines, as in JSON"),
    ],
)
def test_a_deny_entry_is_named_with_its_place(lines: dict[KeyPath, int], places: tuple[str, str]) -> None:
    """The line, or the index where lines are not known."""
    deny = [
        {"vulnerability": "V-1", "reason": "why", "expires": "2026-09-20"},
        {"vulnerability": "V-2", "reason": "why", "expires": "2026-09-30"},
    ]
    policy = replace(
        loaded(), policy=Policy.model_validate({"rules": {"vulnerabilities": 1}, "deny": deny}), lines=lines
    )

    expected = [
        f"{places[0]}: the deny entry for V-1 (why) ended on 2026-09-20 and has no effect any more",
        f"{places[1]}: the deny entry for V-2 (why) ends after 2026-09-30",
    ]
    assert warnings_of_ends(policy, NOW) == expected
    assert entry_warnings(policy, [AppliedPolicy(APP, None, NOW)]) == expected


@pytest.mark.parametrize(
    ("known", "lines", "expected"),
    [
        pytest.param({"file": "k.json"}, {}, [], id="no end"),
        pytest.param({"file": "k.json", "expires": "2026-10-05"}, {}, [], id="ends in 14 days"),
        pytest.param(
            {"file": "k.json", "expires": "2026-10-04"}, {}, ["p.yaml: known: known (k.json) ends after 2026-10-04"],
            id="ends in 13 days; without lines, as in JSON",
        ),
        pytest.param(
            {"file": "k" * 201, "expires": "2026-09-21"}, {("known",): 7},
            [f"p.yaml:7: known ({'k' * 199}…) ends after 2026-09-21"], id="its last day; a long name, with its line",
        ),
    ],
)  # fmt: skip
def test_an_end_of_known_findings_is_named_before_it_comes(
    known: dict[str, str], lines: dict[KeyPath, int], expected: list[str]
) -> None:
    """In a run that judges an image, and by `hssgate policy validate`."""
    data = {"rules": {"new_vulnerabilities": 0}, "known": known}
    policy = LoadedPolicy(Policy.model_validate(data), PolicySource("p.yaml", "0"), lines)
    earlier = NOW - timedelta(days=30).total_seconds()

    assert warnings_of_ends(policy, NOW) == expected
    assert entry_warnings(policy, [AppliedPolicy(APP, None, NOW), AppliedPolicy(WEB, None, earlier)]) == expected
    assert entry_warnings(policy, []) == []


def test_an_end_is_that_of_the_latest_judgement() -> None:
    """Saved reports are each judged at their own moment."""
    policy = loaded({"expires": "2026-09-30"})
    later = NOW + timedelta(days=30).total_seconds()

    (line,) = entry_warnings(policy, [AppliedPolicy(APP, None, NOW), AppliedPolicy(APP, None, later)])

    assert "ended on 2026-09-30" in line


def test_a_run_has_no_warnings_about_entries_of_other_teams(bench: Bench) -> None:
    """Entries for the image itself cause a warning, which is in the report."""
    Path("hssgate.yaml").write_text(
        "rules: {high_vulnerabilities: 0}\n"
        "overrides:\n"
        "  - {images: [shop/*], rules: {high_vulnerabilities: 9}, reason: theirs}\n"
        "ignore:\n"
        "  - {vulnerability: V-1, reason: used}\n"
        "  - {vulnerability: V-2, images: [shop/*], reason: theirs}\n"
        "  - {vulnerability: V-3, images: [team/*], reason: ours}\n"
    )

    ended = bench.play(scenario([finding("V-1")])).check("team/app:1.0", "--scanned-after", "2h")

    assert ended.code == 0
    assert [line for line in ended.report["warnings"] if "hssgate.yaml" in line] == [
        f"hssgate.yaml:7: the ignore entry for V-3 (ours) {IDLE}"
    ]
    assert "theirs" not in ended.out + ended.err


def test_an_ignore_entry_that_one_report_needs_is_not_idle_in_another(bench: Bench) -> None:
    """`hssgate judge` treats all its reports as one run."""
    Path("hssgate.yaml").write_text(
        "rules: {high_vulnerabilities: 0}\nignore: [{vulnerability: V-1, reason: r}, {vulnerability: V-2, reason: r}]\n"
    )
    for name in ("V-1", "V-2"):
        bench.play(scenario([finding(name)])).check("team/app:1.0", "--report", f"json={name}.json")

    both = bench.run("judge", "V-1.json", "V-2.json", "--report", "json=both.json")
    one = bench.run("judge", "V-1.json", "--report", "json=one.json")

    assert (both.code, one.code) == (0, 0)
    assert not [line for line in json.loads(Path("both.json").read_text())["warnings"] if IDLE in line]
    assert [line for line in json.loads(Path("one.json").read_text())["warnings"] if IDLE in line] == [
        f"hssgate.yaml:2: the ignore entry for V-2 (r) {IDLE}"
    ]
