"""Tests of judging one image without an API: groups, policies, ignore entries and warnings."""

from dataclasses import replace
from datetime import date

import pytest

from hssgate.durations import Moment
from hssgate.errors import ApiUnavailable, Exchange
from hssgate.hss.models import CicdImage, Cve, Detail, DetailKind, Finding, SeverityLevel
from hssgate.judging.criteria import Criteria
from hssgate.judging.evidence import DetailsByGroup
from hssgate.judging.image import judge_image
from hssgate.judging.requirements import has_result, rules_in_force, subject_of
from hssgate.judging.run_warnings import judgement_warnings, policy_warnings
from hssgate.judging.scan import FRESHNESS
from hssgate.policy.entry_warnings import AppliedPolicy
from hssgate.policy.findings import FetchedFindings, Findings, FindingsMissing
from hssgate.policy.known import KnownFile, KnownFindings, KnownImage
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Policy, Target
from hssgate.policy.rule_kinds import CountRule, SeverityRule
from hssgate.policy.rules import Subject
from hssgate.reference_parser import parse_reference
from hssgate.verdict import ListedFinding, PolicyInForce, PolicySource, Read, Result, RulePlace, Seen, SeenGroup
from hssgate.waiting.groups import NO_ROWS, GroupKey, Phase, RowGroup
from hssgate.waiting.observation import Observation
from hssgate.waiting.states import Ending

NOW = 1_790_000_000.0
DIGEST = "sha256:" + "ab" * 32
ROW = CicdImage(
    cicd_name="shop", namespace="team", image_name="app", image_version="1.0", image_digest=DIGEST,
    scan_status="success", severity_level="Low", vul_num=2, latest_scan_time=int(NOW) * 1000 - 60_000,
)  # fmt: skip
KEY: GroupKey = ("shop", None, "team", "app", "1.0")
OTHER_KEY: GroupKey = ("shop", None, "old", "app", "1.0")
ROW_GROUP = RowGroup(KEY, Phase.ENDED, ROW)
OTHER = RowGroup(OTHER_KEY, Phase.ENDED, ROW.model_copy(update={"namespace": "old"}))
OBSERVATION = Observation(
    reference=parse_reference("app:1.0"), ending=Ending.ENDED, row_groups=(ROW_GROUP,), unsettled=frozenset(), error=None,
    server_time=None, scanned_after=None, waited_seconds=90.0, polls=3,
    reads=(Read(NOW, 200, "r-1", ROW),), similar_rows=(),
)  # fmt: skip
CVES = (Cve(cve_id="CVE-1"), Cve(cve_id="CVE-2"))
V1, V2 = Finding(vul_id="V-1", repair_necessity="not_needed_repair"), Finding(vul_id="N-2")


def policy(
    path: str = "p.yaml",
    *ignored: str,
    overrides: dict[str, object] | None = None,
    grace: dict[str, str] | None = None,
    **rules: object,
) -> LoadedPolicy:
    ignore = [{"vulnerability": vulnerability, "reason": f"because {vulnerability}"} for vulnerability in ignored]
    over = [{"images": ["old/*"], "rules": overrides, "reason": "old"}] if overrides else []
    model = Policy.model_validate({"rules": rules, "ignore": ignore, "overrides": over, "grace": grace})
    return LoadedPolicy(model, PolicySource(path, "0"), {("rules", name): 3 for name in rules})


def criteria(*policies: LoadedPolicy, scanned_after: Moment | None = None) -> Criteria:
    return Criteria(policies or (policy(severity="Medium"),), NOW, scanned_after)


def results(
    observation: Observation, findings: dict[GroupKey, FetchedFindings], given: Criteria
) -> list[tuple[str, str]]:
    return [(check.name, check.result.value) for check in judge_image(observation, findings, given).verdict.checks]


def test_a_successful_group_is_checked_against_every_rule() -> None:
    """The verdict has the observations; checks of one group and one policy name neither."""
    judged = judge_image(OBSERVATION, {}, criteria())

    verdict = judged.verdict
    assert [(check.name, check.result, check.place) for check in verdict.checks] == [
        ("scan", Result.PASSED, None), ("severity", Result.PASSED, RulePlace("p.yaml", 3)),
    ]  # fmt: skip
    assert (verdict.reference, verdict.row, verdict.waited_seconds, verdict.polls, verdict.reads) == (
        OBSERVATION.reference, ROW, 90.0, 3, OBSERVATION.reads,
    )  # fmt: skip
    assert (verdict.findings, judged.applied) == ((), ((AppliedPolicy(Subject("team", "app", "1.0"), None, NOW),),))
    assert verdict.seen == Seen("ended", None, (SeenGroup("ended", settled=True, row=ROW),), NOW, None, NOW)


def test_every_group_must_meet_every_policy() -> None:
    """Checks name the group and the policy where there are several, and the worst group's row is the image's."""
    both = replace(OBSERVATION, row_groups=(ROW_GROUP, replace(OTHER, phase=Phase.STALE)))
    given = criteria(policy("a.yaml", severity="Low"), policy("b.yaml", vulnerabilities=2))

    assert results(both, {}, given) == [
        ("scan (shop: team/app:1.0)", "passed"),
        ("severity (a.yaml, shop: team/app:1.0)", "passed"),
        ("vulnerabilities (b.yaml, shop: team/app:1.0)", "passed"),
        ("scan (shop: old/app:1.0)", "error"),
        ("severity (a.yaml, shop: old/app:1.0)", "skipped"),
        ("vulnerabilities (b.yaml, shop: old/app:1.0)", "skipped"),
    ]
    verdict = judge_image(both, {}, given).verdict
    assert verdict.row == OTHER.row
    assert verdict.checks[4].message == "severity: not judged, the scan gave no result"


def test_of_equally_bad_groups_the_first_gives_the_row() -> None:
    """The order is that of the API."""
    both = replace(OBSERVATION, row_groups=(OTHER, ROW_GROUP))

    assert judge_image(both, {}, criteria()).verdict.row == OTHER.row


def test_an_image_that_was_not_listed_is_judged_by_its_name() -> None:
    """There is no row and no group, and its rules are skipped."""
    absent = replace(OBSERVATION, ending=Ending.TIMED_OUT, row_groups=(), reference=parse_reference("old/app:1.0"))
    given = criteria(policy(severity="Low", overrides={"severity": "High"}))

    judged = judge_image(absent, {}, given)

    assert [(check.name, check.result.value, check.limit) for check in judged.verdict.checks] == [
        ("scan", "error", None), ("severity", "skipped", "High"),
    ]  # fmt: skip
    assert (judged.verdict.row, judged.applied) == (None, ((AppliedPolicy(Subject("old", "app", "1.0"), None, NOW),),))
    assert judged.verdict.seen == Seen("timed out", None, (), NOW, None, NOW)


def test_overrides_are_compared_with_the_names_of_the_row() -> None:
    """If the row has no names, they are compared with those asked for."""
    nameless = replace(ROW_GROUP, row=ROW.model_copy(update={"image_name": None, "namespace": None}))

    assert subject_of(OBSERVATION, ROW_GROUP) == Subject("team", "app", "1.0")
    assert subject_of(OBSERVATION, nameless) == Subject(None, "app", "1.0")
    assert subject_of(OBSERVATION, NO_ROWS) == Subject(None, "app", "1.0")
    given = criteria(policy(severity="Low", overrides={"severity": "High"}))
    limits = [
        rules_in_force(OBSERVATION, row_group, given)[0].limits["severity"] for row_group in (ROW_GROUP, OTHER, NO_ROWS)
    ]
    assert [limit.limit for limit in limits] == ["Low", "High", "Low"]


@pytest.mark.parametrize(
    ("phase", "status", "checks"),
    [
        (Phase.ENDED, "success", [("scan", "passed"), ("freshness", "passed"), ("vulnerabilities", "passed")]),
        (Phase.ENDED, "failed", [("scan", "error"), ("freshness", "passed"), ("vulnerabilities", "skipped")]),
        (Phase.STALE, "success", [("scan", "error"), ("freshness", "skipped"), ("vulnerabilities", "skipped")]),
        (Phase.IN_PROGRESS, "scanning", [("scan", "error"), ("freshness", "skipped"), ("vulnerabilities", "skipped")]),
        (Phase.AMBIGUOUS, "success", [("scan", "error"), ("freshness", "skipped"), ("vulnerabilities", "skipped")]),
    ],
)
def test_rules_are_judged_only_on_a_scan_that_ended_in_success(
    phase: Phase, status: str, checks: list[tuple[str, str]]
) -> None:
    """Freshness is checked only if the scan has ended."""
    others = (ROW,) if phase is Phase.AMBIGUOUS else ()
    row_group = RowGroup(KEY, phase, ROW.model_copy(update={"scan_status": status}), others)
    observation = replace(OBSERVATION, row_groups=(row_group,), reference=parse_reference(f"app@{DIGEST}"))

    assert results(observation, {}, criteria(policy(vulnerabilities=2))) == checks


def test_freshness_is_a_check_only_where_something_proves_it() -> None:
    """A digest or --scanned-after proves it."""
    by_digest = replace(OBSERVATION, reference=parse_reference(f"app:1.0@{DIGEST}"))
    moment = Moment(int(NOW) * 1000 - 90_000)

    assert [
        any(
            check.rule == FRESHNESS
            for check in judge_image(observation, {}, criteria(scanned_after=when)).verdict.checks
        )
        for observation, when in ((OBSERVATION, None), (OBSERVATION, moment), (by_digest, None))
    ] == [False, True, True]
    judged = judge_image(OBSERVATION, {}, criteria(scanned_after=moment)).verdict
    assert judged.checks[1].limit == "scanned at or after 2026-09-21T14:11:50Z"
    assert judged.seen is not None
    assert judged.seen.scanned_after == moment.epoch_ms


def test_a_result_that_still_settles_is_no_result() -> None:
    """Its rules are judged by its counts, its findings are not, and its scan has not ended."""
    young = replace(OBSERVATION, unsettled=frozenset({KEY}), ending=Ending.TIMED_OUT)

    assert [has_result(OBSERVATION, ROW_GROUP), has_result(young, ROW_GROUP)] == [True, False]
    assert not has_result(OBSERVATION, replace(ROW_GROUP, phase=Phase.AMBIGUOUS))
    assert not has_result(OBSERVATION, replace(ROW_GROUP, row=ROW.model_copy(update={"scan_status": "failed"})))
    assert results(young, {}, criteria(policy(severity="Low", high_vulnerabilities=0))) == [
        ("scan", "error"), ("severity", "passed"), ("high_vulnerabilities", "skipped"),
    ]  # fmt: skip
    seen = judge_image(young, {}, criteria()).verdict.seen
    assert seen is not None
    assert [group.settled for group in seen.groups] == [False]


def test_findings_are_listed_with_the_reason_of_each_policy_that_ignores_them() -> None:
    """They are listed most severe first, with CVEs, the reason of each policy, and the index of their group."""
    both = replace(OBSERVATION, row_groups=(ROW_GROUP, OTHER))
    found: dict[GroupKey, FetchedFindings] = {
        KEY: Findings((V1, V2), {"N-2": CVES}), OTHER_KEY: Findings((V1,)),
    }  # fmt: skip
    given = criteria(
        policy("a.yaml", "V-1", vulnerabilities=2), policy("b.yaml", "X", "CVE-*", "V-*", vulnerabilities=2)
    )

    judged = judge_image(both, found, given)

    assert judged.verdict.findings == (
        ListedFinding(V2, CVES, (("b.yaml", "because CVE-*"),), 0, cves_read=True),
        ListedFinding(V1, (), (("a.yaml", "because V-1"), ("b.yaml", "because V-*")), 0),
        ListedFinding(V1, (), (("a.yaml", "because V-1"), ("b.yaml", "because V-*")), 1),
    )
    assert [[one.used for one in group] for group in judged.applied] == [
        [frozenset({0}), frozenset({1, 2})], [frozenset({0}), frozenset({2})],
    ]  # fmt: skip
    assert judged.verdict.seen is not None
    assert [group.findings_read for group in judged.verdict.seen.groups] == [True, True]


def test_findings_that_no_policy_needed_are_listed_too() -> None:
    """No finding is ignored; a finding without an id has no CVEs."""
    nameless = Finding(app_name="ssl")
    found: dict[GroupKey, FetchedFindings] = {KEY: Findings((nameless,), {"XXXX": CVES})}

    verdict = judge_image(OBSERVATION, found, criteria()).verdict

    assert [(one.finding, one.cves, one.ignored_by) for one in verdict.findings] == [(nameless, (), ())]


@pytest.mark.parametrize("days", [(10, 30), (30, 10)])
def test_of_several_policies_the_first_end_of_grace_is_reported(days: tuple[int, int]) -> None:
    """A finding counts as soon as one policy counts it; one that has no grace has no end."""
    day = 86_400
    published = NOW - day
    dated = Cve(cve_id="CVE-1", cvss_score=5.0, publish_time=int(1000 * published))
    found: dict[GroupKey, FetchedFindings] = {KEY: Findings((V1, V2), {"V-1": (dated,), "N-2": CVES})}
    given = criteria(*(policy(grace={"low": f"{number}d"}, vulnerabilities=9) for number in days))

    verdict = judge_image(OBSERVATION, found, given).verdict

    assert {one.finding.vul_id: one.due for one in verdict.findings} == {"V-1": published + 10 * day, "N-2": None}


def test_why_there_was_no_answer_is_kept_for_judging_again() -> None:
    """The errors of the list and of the findings are both kept."""
    unanswered = replace(OBSERVATION, ending=Ending.UNANSWERED, error=ApiUnavailable("busy", Exchange(503)))
    found: dict[GroupKey, FetchedFindings] = {KEY: FindingsMissing(ApiUnavailable("gone"))}

    seen = judge_image(unanswered, found, criteria()).verdict.seen

    assert seen == Seen(
        "unanswered", "busy", (SeenGroup("ended", settled=True, row=ROW, findings_error="gone"),), NOW, None, NOW
    )


def test_what_was_read_of_a_group_is_kept_for_judging_again() -> None:
    """Its platform, the numbers of what was listed, and why something could not be read."""
    key: GroupKey = (*KEY, "linux/amd64")
    group = replace(ROW_GROUP, key=key)
    observation = replace(OBSERVATION, row_groups=(group,), agreed=frozenset({key}))
    found: dict[GroupKey, FetchedFindings] = {key: Findings((V1,), cves_error=ApiUnavailable("no CVEs"))}
    details: DetailsByGroup = {
        key: {
            DetailKind.BASELINE_BREACH: (Detail(scan_result="failed"), Detail(scan_result="pass")),
            DetailKind.SENSITIVE_FILE: FindingsMissing(ApiUnavailable("no files")),
        }
    }

    seen = judge_image(observation, found, criteria(), details).verdict.seen

    assert seen is not None
    assert seen.groups == (
        SeenGroup(
            "ended", settled=True, row=ROW, platform="linux/amd64", findings_read=True, findings_count=1, agreed=True,
            cves_error="no CVEs", details_count={DetailKind.BASELINE_BREACH: 1},
            details_errors={DetailKind.SENSITIVE_FILE: "no files"},
        ),
    )  # fmt: skip


def test_rows_that_might_be_the_newest_are_kept_for_judging_again() -> None:
    """They are kept with their phase."""
    twin = ROW.model_copy(update={"image_digest": None})
    unclear = replace(OBSERVATION, row_groups=(RowGroup(KEY, Phase.AMBIGUOUS, ROW, (ROW, twin)),))

    seen = judge_image(unclear, {}, criteria()).verdict.seen

    assert seen is not None
    assert seen.groups == (SeenGroup("ambiguous", settled=True, row=ROW, others=(ROW, twin)),)


FRESH = (
    "an image without a digest passed, but nothing proves that this result is of the image just pushed; "
    "pass its digest (…@sha256:…), --metadata-file, --resolve or --scanned-after"
)
BY_TIME = (
    "an image without a digest passed by --scanned-after, and a scan time does not prove which push was scanned; "
    "pass its digest (…@sha256:…), --metadata-file or --resolve"
)


def test_a_pass_that_nothing_proves_fresh_carries_a_warning() -> None:
    """Only a pass has the warning, once for all images; a moment proves less than a digest."""
    given, blocked = criteria(), criteria(policy(vulnerabilities=1))
    judged = judge_image(OBSERVATION, {}, given)

    assert judgement_warnings([OBSERVATION, OBSERVATION], [judged, judged], given) == [FRESH]
    assert judgement_warnings([OBSERVATION], [judged], replace(given, scanned_after=Moment(1))) == [BY_TIME]
    assert judgement_warnings([OBSERVATION], [judge_image(OBSERVATION, {}, blocked)], blocked) == []


def test_broken_rules_that_only_warn_are_named_with_their_image() -> None:
    """They are listed beside the warnings about entries, over all images of the run."""
    given = criteria(
        policy("a.yaml", "V-1", vulnerabilities={"limit": 1, "action": "warn"}), policy("b.yaml", "Z", severity="Low")
    )
    other = replace(OBSERVATION, reference=parse_reference(f"old/app:1.0@{DIGEST}"), row_groups=(OTHER,))
    found: dict[GroupKey, FetchedFindings] = {KEY: Findings((V1, V2)), OTHER_KEY: Findings((V2, V2))}
    judged = [judge_image(observation, found, given) for observation in (OBSERVATION, other)]

    assert policy_warnings(given.policies, judged) == [
        "b.yaml: ignore[0]: the ignore entry for Z (because Z) fits no finding of this run; check it, or take it out"
    ]
    assert judgement_warnings([OBSERVATION, other], judged, given) == [
        FRESH,
        f"old/app:1.0@{DIGEST}: vulnerabilities: 2 found, at most 1 accepted",
    ]


def test_entries_are_compared_with_every_group_and_image_of_the_run() -> None:
    """An image without rows is compared by its name; ended entries of every policy are named."""
    over = policy("a.yaml", severity="Medium", overrides={"severity": "High"})
    ended = policy("b.yaml", severity="Medium")
    gone = Policy.model_validate(
        {
            "rules": {"severity": "Low"},
            "overrides": [
                {"images": ["*"], "rules": {"severity": "Low"}, "reason": "r", "expires": "2026-09-20"},
                {"images": ["x/*"], "rules": {"severity": "Low"}, "reason": "r", "expires": "2026-09-20"},
                {"images": ["old/*"], "rules": {"severity": "Low"}, "reason": "s", "expires": "2026-09-20"},
            ],
        }
    )
    given = criteria(over, replace(ended, policy=gone), scanned_after=Moment(1))
    lines = ["b.yaml: overrides[0]: the override for * (r) ended on 2026-09-20 and has no effect any more"]
    of_old = ["b.yaml: overrides[2]: the override for old/* (s) ended on 2026-09-20 and has no effect any more"]
    absent = replace(OBSERVATION, row_groups=(), reference=parse_reference("old/app:1.0"), ending=Ending.TIMED_OUT)

    for observations, more in (
        ([replace(OBSERVATION, row_groups=(ROW_GROUP, OTHER))], of_old),
        ([OBSERVATION, absent], of_old),
        ([OBSERVATION], []),
    ):
        judged = [judge_image(observation, {}, given) for observation in observations]

        assert policy_warnings(given.policies, judged) == lines + more


def test_a_failed_scan_passes_with_a_warning_where_the_policy_of_its_own_group_accepts_it() -> None:
    """The override is compared with the row's names, and only until its day has ended."""
    failed = replace(OTHER, row=OTHER.row.model_copy(update={"scan_status": "failed"}))
    observation = replace(OBSERVATION, row_groups=(failed,))
    accepting = policy(severity="Low", overrides={"scan": {"accept": ["failed"]}})
    ended = accepting.policy.overrides[0].model_copy(update={"expires": date(2026, 9, 20)})
    late = replace(accepting, policy=accepting.policy.model_copy(update={"overrides": (ended,)}))

    assert results(observation, {}, criteria(accepting)) == [("scan", "warned"), ("severity", "passed")]
    assert results(observation, {}, criteria(late)) == [("scan", "error"), ("severity", "skipped")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"scan_status": "failed"}, ["warned", "skipped"], id="an accepted failure"),
        pytest.param({"scan_failed_code": "failed"}, ["passed", "error"], id="a success with such a code"),
    ],
)
def test_a_number_may_only_be_missing_after_an_accepted_failure(fields: dict[str, object], expected: list[str]) -> None:
    """Of a scan that succeeded it is an error."""
    row = ROW.model_copy(update={"vul_num": None, **fields})
    given = criteria(policy(vulnerabilities=2, scan={"accept": ["failed"]}))

    found = results(replace(OBSERVATION, row_groups=(RowGroup(KEY, Phase.ENDED, row),)), {}, given)

    assert [result for _, result in found] == expected


def test_the_rules_of_an_earlier_failure_are_not_judged() -> None:
    """Though the policy accepts that failure: the scan that was asked for is another."""
    row = ROW.model_copy(update={"scan_status": "failed"})
    given = criteria(policy(vulnerabilities=2, scan={"accept": ["failed"]}))

    found = results(replace(OBSERVATION, row_groups=(RowGroup(KEY, Phase.STALE, row),)), {}, given)

    assert found == [("scan", "error"), ("vulnerabilities", "skipped")]


@pytest.mark.parametrize(
    ("agreed", "expected"), [pytest.param({KEY}, "warned", id="twice"), pytest.param({OTHER_KEY}, "error", id="once")]
)
def test_three_counts_of_0_stand_for_a_level_where_they_were_read_twice(agreed: set[GroupKey], expected: str) -> None:
    """The reads of another group do not count."""
    empty = ROW.model_copy(
        update={"severity_level": None, "vul_num": 0, "unsafe_setting_num": 0, "malicious_file_num": 0}
    )
    observation = replace(OBSERVATION, row_groups=(replace(ROW_GROUP, row=empty),), agreed=frozenset(agreed))

    assert results(observation, {}, criteria()) == [("scan", "passed"), ("severity", expected)]


def test_the_rules_in_force_are_kept_for_each_group_and_policy() -> None:
    """With the number of the entries that apply to the group, and what judging again needs of the policy."""
    entries: list[dict[str, object]] = [
        {"vulnerability": "V-1"}, {"file": "/a"}, {"file": "/b", "images": ["old/*"]}, {"check_rule": "1.*"},
        {"check_rule": "2.*"}, {"check_rule": "3.*"},
    ]  # fmt: skip
    document = {
        "rules": {"vulnerabilities": 2},
        "grace": {"high": "1d"},
        "unlisted": "warn",
        "deny": [{"vulnerability": "CVE-1", "reason": "r"}, {"vulnerability": "X", "images": ["old/*"], "reason": "r"}],
        "ignore": [{"reason": "r", **entry} for entry in entries],
    }
    known = KnownFile("known.json", "1", {"team/app": KnownImage((), KnownFindings({("V-1", "", ""): 3}))})
    whole = LoadedPolicy(Policy.model_validate(document), PolicySource("a.yaml", "0"), known=known)
    plain = policy("b.yaml", severity="Low")
    both = replace(OBSERVATION, row_groups=(ROW_GROUP, OTHER))

    of_team, of_old, absent = (
        PolicyInForce(
            group, "a.yaml", {"vulnerabilities": CountRule(limit=2)}, ignore=5 + more, ignore_file=1 + more,
            ignore_check_rule=3, grace={"high": 86_400.0}, unlisted="warn", deny=1 + more, deny_cves=True, known=known_count,
        )
        for group, more, known_count in ((0, 0, 3), (1, 1, 0), (None, 0, 0))
    )  # fmt: skip
    unchanged = PolicyInForce(
        0, "b.yaml", {"severity": SeverityRule(limit=SeverityLevel.LOW)}, ignore=0, ignore_file=0, ignore_check_rule=0,
        grace=None, unlisted="count", deny=0, deny_cves=False, known=None,
    )  # fmt: skip

    assert judge_image(both, {}, criteria(whole, plain)).verdict.in_force == (
        of_team, unchanged, of_old, replace(unchanged, group=1),
    )  # fmt: skip
    none = replace(OBSERVATION, row_groups=(), ending=Ending.TIMED_OUT)
    assert judge_image(none, {}, criteria(whole)).verdict.in_force == (absent,)


def test_what_the_entries_of_each_policy_did_is_kept() -> None:
    """Those that ignored findings or files, and those that fit some of the CVEs of a finding."""
    given = criteria(
        policy("a.yaml", "V-1", "CVE-1", malicious_files=0),
        LoadedPolicy(
            Policy.model_validate({
                "rules": {"malicious_files": 0},
                "ignore": [{"file": "/b", "reason": "r"}, {"file": "/a", "reason": "r"}],
            }),
            PolicySource("b.yaml", "0"),
        ),
    )  # fmt: skip
    details: DetailsByGroup = {KEY: {DetailKind.MALICIOUS_FILE: (Detail(file_path="/a"),)}}

    infected = replace(ROW_GROUP, row=ROW.model_copy(update={"malicious_file_num": 1}))
    observation = replace(OBSERVATION, row_groups=(infected,))

    judged = judge_image(observation, {KEY: Findings((V1, V2), {"N-2": CVES})}, given, details)

    assert [(check.rule, check.result) for check in judged.verdict.checks] == [
        ("scan", Result.PASSED), ("malicious_files", Result.FAILED), ("malicious_files", Result.PASSED),
    ]  # fmt: skip
    (of_group,) = judged.applied

    subject = Subject("team", "app", "1.0")
    assert of_group == (
        AppliedPolicy(subject, frozenset({0}), NOW, {}, frozenset({1})),
        AppliedPolicy(subject, None, NOW, {Target.FILE: frozenset({1})}),
    )


def test_ages_are_counted_at_the_moment_of_judging_and_findings_not_read_are_no_pass() -> None:
    """The row's scan is a minute old."""
    given = criteria(policy(scan_age="59s", high_vulnerabilities=0))

    assert results(OBSERVATION, {}, given) == [
        ("scan", "passed"),
        ("high_vulnerabilities", "error"),
        ("scan_age", "failed"),
    ]


def test_files_and_checks_keep_the_group_that_they_are_of() -> None:
    """Those that were read of it, by the number of the group; checks that passed are listed by themselves."""
    both = replace(OBSERVATION, row_groups=(ROW_GROUP, OTHER))
    first, second = Detail(file_path="/a"), Detail(file_path="/b")
    breach = Detail(check_rule_id="1.1", standard="cn_standard", scan_result="failed")
    passed = Detail(check_rule_id="1.2", standard="cn_standard", scan_result="pass")
    also_passed = Detail(check_rule_id="1.3", standard="cn_standard", scan_result="pass")
    details: DetailsByGroup = {
        KEY: {DetailKind.MALICIOUS_FILE: (first,), DetailKind.BASELINE_BREACH: (passed,)},
        OTHER_KEY: {DetailKind.SENSITIVE_FILE: (second,), DetailKind.BASELINE_BREACH: (breach, also_passed)},
    }  # fmt: skip

    verdict = judge_image(both, {}, criteria(), details).verdict

    assert [(one.kind, one.detail, one.group) for one in verdict.details] == [
        (DetailKind.MALICIOUS_FILE, first, 0), (DetailKind.SENSITIVE_FILE, second, 1),
        (DetailKind.BASELINE_BREACH, breach, 1),
    ]  # fmt: skip
    assert [(one.kind, one.detail, one.group) for one in verdict.passed_checks] == [
        (DetailKind.BASELINE_BREACH, passed, 0), (DetailKind.BASELINE_BREACH, also_passed, 1),
    ]  # fmt: skip
