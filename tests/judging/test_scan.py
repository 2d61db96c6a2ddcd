"""Tests of the scan and freshness checks and of the exact words of their messages."""

from dataclasses import replace

import pytest

from hssgate.durations import Moment
from hssgate.errors import ApiUnavailable
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage, ScanStatus
from hssgate.judging.rivals import with_rivals
from hssgate.judging.scan import judge_freshness, judge_scan
from hssgate.policy.ignores import Ignores
from hssgate.policy.rule_kinds import ScanRule
from hssgate.policy.rules import RulesInForce
from hssgate.proof import DigestKind, ResolvedDigest
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.verdict import Check, Read, Result, Trouble
from hssgate.waiting.groups import NO_ROWS, GroupKey, Phase, RowGroup, missing_platform
from hssgate.waiting.observation import Observation
from hssgate.waiting.states import Ending

DIGEST = "sha256:" + "ab" * 32
KEY: GroupKey = ("shop", None, "team", "app", "1.0")
ROW = CicdImage(
    image_name="app", image_version="1.0", image_digest=DIGEST, scan_status="success",
    severity_level="Low", vul_num=3, latest_scan_time=1_790_000_000_000,
)  # fmt: skip
OBSERVATION = Observation(
    reference=parse_reference("app:1.0"), ending=Ending.TIMED_OUT, row_groups=(), unsettled=frozenset(), error=None,
    server_time=None, scanned_after=None, waited_seconds=90.0, polls=3, reads=(), similar_rows=(),
)  # fmt: skip
NO_RULES = RulesInForce({}, None, Ignores(()))


def row_group(phase: Phase, **fields: object) -> RowGroup:
    return RowGroup(KEY, phase, ROW.model_copy(update=fields))


def accepting(*codes: str) -> RulesInForce:
    return replace(NO_RULES, scan=ScanRule(accept=codes))


@pytest.mark.parametrize(
    ("fields", "in_force", "result", "expected"),
    [
        pytest.param({}, [NO_RULES], Result.PASSED, "scan: success", id="success"),
        pytest.param(
            {"scan_status": "failed"}, [NO_RULES], Result.ERROR, "scan: failed; request id r-2; the image was not judged",
            id="failure without a word",
        ),
        pytest.param(
            {"scan_status": "failed", "scan_failed_code": "database_error", "scan_failed_desc": "no\ndatabase"}, [NO_RULES],
            Result.ERROR,
            "scan: failed: HSS had a database error; scan the image again, and ask Huawei Cloud support with the request id "
            "if it fails again; request id r-2 (database_error: no database); the image was not judged",
            id="a known code and a description",
        ),
        pytest.param(
            {"scan_status": "failed", "scan_failed_code": "c" * 300, "scan_failed_desc": "d" * 300}, [NO_RULES],
            Result.ERROR, f"scan: failed; request id r-2 ({'c' * 199}…: {'d' * 199}…); the image was not judged", id="words without end",
        ),
        pytest.param(
            {"scan_status": "failed", "scan_failed_code": "e"}, [accepting("e")], Result.WARNED,
            "scan: failed (e); accepted by the policy", id="accepted",
        ),
        pytest.param(
            {"scan_status": "failed", "scan_failed_code": "e"}, [accepting("e"), NO_RULES], Result.ERROR,
            "scan: failed; request id r-2 (e); the image was not judged", id="accepted by one policy of two",
        ),
        pytest.param(
            {"scan_status": "failed"}, [], Result.ERROR, "scan: failed; request id r-2; the image was not judged", id="no policy at all",
        ),
    ],
)  # fmt: skip
def test_a_failed_scan_is_reported_with_its_reason(
    fields: dict[str, object], in_force: list[RulesInForce], result: Result, expected: str
) -> None:
    """Success passes; a failure passes, with a warning, only where every policy accepts it."""
    reads = (Read(1.0, 200, "r-1", None), Read(2.0, 200, "r-2", None), Read(3.0, None, None, None, answered=False))
    observation = replace(OBSERVATION, ending=Ending.ENDED, reads=reads)

    check = judge_scan(observation, row_group(Phase.ENDED, **fields), in_force)

    status = str(fields.get("scan_status", "success"))
    trouble = Trouble.SCAN_FAILED if result is Result.ERROR else None
    assert check == Check("scan", result, expected, actual=status, trouble=trouble)


def test_a_status_is_shown_cut_to_its_first_sixty_characters() -> None:
    """A long or unknown status is never taken for success."""
    check = judge_scan(OBSERVATION, row_group(Phase.ENDED, scan_status="success" + "s" * 90), [NO_RULES])

    shown = "success" + "s" * 52 + "…"
    message = f"scan: {shown}; the image was not judged"
    assert check == Check("scan", Result.ERROR, message, actual=shown, trouble=Trouble.SCAN_FAILED)


@pytest.mark.parametrize(
    ("request_id", "named"),
    [
        pytest.param(None, "", id="none"),
        pytest.param("r" * 200, "; request id " + "r" * 200, id="the longest"),
        pytest.param("r" * 201, "; request id " + "r" * 199 + "…", id="too long"),
    ],
)
def test_a_failure_names_the_request_if_its_answer_had_an_id(request_id: str | None, named: str) -> None:
    """The id is cut to 200 characters."""
    observation = replace(OBSERVATION, reads=(Read(1.0, 200, request_id, None),))

    check = judge_scan(observation, row_group(Phase.ENDED, scan_status="failed"), [NO_RULES])

    assert check.message == f"scan: failed{named}; the image was not judged"


LATE = "; raise --timeout if the scan needs longer"


@pytest.mark.parametrize(
    ("ending", "seen", "trouble", "expected"),
    [
        pytest.param(Ending.REFUSED, NO_ROWS, Trouble.API, "gone", id="refused"),
        pytest.param(Ending.UNANSWERED, NO_ROWS, Trouble.API, "gave up after 1m30s: gone", id="no answer"),
        pytest.param(
            Ending.INTERRUPTED, NO_ROWS, Trouble.INTERRUPTED, "interrupted after 1m30s; last state: not listed", id="interrupted",
        ),
        pytest.param(
            Ending.TIMED_OUT, row_group(Phase.IN_PROGRESS, scan_status="scanning"), Trouble.TIMEOUT,
            "timed out after 1m30s (--timeout); last state: scanning" + LATE, id="in time no end",
        ),
        pytest.param(
            Ending.ENDED, row_group(Phase.VANISHED), Trouble.TIMEOUT,
            "timed out after 1m30s; last state: no longer listed, was success" + LATE, id="an end that nothing proves",
        ),
    ],
)  # fmt: skip
def test_an_unfinished_scan_is_reported_by_the_end_of_the_wait(
    ending: Ending, seen: RowGroup, trouble: Trouble, expected: str
) -> None:
    """The message has the time waited and the last state; a doubt is never a pass."""
    time_up = "--timeout" if ending is Ending.TIMED_OUT else ""
    observation = replace(OBSERVATION, ending=ending, error=ApiUnavailable("gone"), time_up=time_up)

    assert judge_scan(observation, seen, [NO_RULES]) == Check(
        "scan", Result.ERROR, f"scan: {expected}", trouble=trouble
    )


def test_no_look_at_all_before_the_deadline_is_no_answer() -> None:
    """No request was sent, so no error is known."""
    check = judge_scan(replace(OBSERVATION, ending=Ending.UNANSWERED), NO_ROWS, [NO_RULES])

    assert check.message == "scan: gave up after 1m30s: no poll was possible before the deadline"
    assert check.trouble is Trouble.API


@pytest.mark.parametrize("ending", [Ending.TIMED_OUT, Ending.INTERRUPTED])
def test_a_success_that_has_not_settled_is_no_end(ending: Ending) -> None:
    """It is reported as settling, and it is not a pass."""
    seen = row_group(Phase.ENDED)
    check = judge_scan(replace(OBSERVATION, ending=ending, unsettled=frozenset({KEY})), seen, [NO_RULES])

    assert check.result is Result.ERROR
    assert "last state: scan finished, settling" in check.message


def test_ambiguous_results_are_each_named_once() -> None:
    """The message has digest, status, level and count of each, cut if they are long."""
    rows = (
        ROW,
        ROW,
        ROW.model_copy(update={"image_digest": None, "vul_num": None}),
        ROW.model_copy(update={"image_digest": "d" * 150, "scan_status": "s" * 50, "severity_level": "l" * 50}),
    )

    check = judge_scan(OBSERVATION, RowGroup(KEY, Phase.AMBIGUOUS, ROW, rows), [NO_RULES])

    assert check == Check(
        "scan",
        Result.ERROR,
        "scan: results that cannot be told apart in time: "
        f"{DIGEST} (success, severity Low, 3 vulnerabilities), "
        "no digest (success, severity Low, None vulnerabilities), "
        f"{'d' * 139}… ({'s' * 39}…, severity {'l' * 39}…, 3 vulnerabilities); "
        "pass the digest that was pushed, as …@sha256:…",
        trouble=Trouble.AMBIGUOUS,
    )


@pytest.mark.parametrize(
    ("phase", "beginning"),
    [
        pytest.param(Phase.AMBIGUOUS, "scan: results that cannot be told apart in time: ", id="ambiguous"),
        pytest.param(Phase.ENDED, "; sha256:0000 is newer by its update time, and ", id="rivals"),
    ],
)
def test_of_many_rows_a_few_are_named(phase: Phase, beginning: str) -> None:
    """With the number of the others: a server may list thousands."""
    rows = tuple(ROW.model_copy(update={"image_digest": f"sha256:{number:04}"}) for number in range(9_000))
    group = RowGroup(KEY, phase, rows[0], rows)

    check = judge_scan(OBSERVATION, group, [NO_RULES])
    if phase is Phase.ENDED:
        (check,) = with_rivals([check], group, [ExitCode.PASSED] * len(rows))

    assert [f"sha256:{number:04}" in check.message for number in (4, 5)] == [True, False]
    assert beginning in check.message
    assert ", and 8995 more" in check.message
    assert check.message.endswith("pass the digest that was pushed, as …@sha256:…")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"image_id": "4711"}, ", image_id None|, image_id 4711", id="only the id differs"),
        pytest.param({"malicious_file_num": 2}, ", malicious_file_num None|, malicious_file_num 2", id="one more count"),
        pytest.param(
            {"image_id": "i" * 90, "unsafe_setting_num": 0},
            f", image_id None, unsafe_setting_num None|, image_id {'i' * 79}…, unsafe_setting_num 0", id="two, cut",
        ),
        pytest.param({"registry_name": "swr"}, "", id="nothing that decides"),
    ],
)  # fmt: skip
def test_ambiguous_results_are_named_with_their_differences(fields: dict[str, object], named: str) -> None:
    """Without the differences the message would not explain why neither row is used."""
    row_group = RowGroup(KEY, Phase.AMBIGUOUS, ROW, (ROW, ROW.model_copy(update=fields)))

    message = judge_scan(OBSERVATION, row_group, [NO_RULES]).message

    shown = message.removeprefix("scan: results that cannot be told apart in time: ").partition("; ")[0]
    assert shown == ", ".join(f"{DIGEST} (success, severity Low, 3 vulnerabilities{part})" for part in named.split("|"))


BY_DIGEST = replace(OBSERVATION, reference=parse_reference(f"app:1.0@{DIGEST}"))


@pytest.mark.parametrize(
    ("observation", "status", "trouble", "expected"),
    [
        pytest.param(
            BY_DIGEST, "failed", Trouble.SCAN_FAILED,
            "failed: HSS had a database error; scan the image again, and ask Huawei Cloud support with the request id if it "
            "fails again; request id r-1 (database_error); scanned 2026-09-21T14:13:20Z; "
            "no newer scan was listed within 1m30s, the image was not judged",
            id="a failure of the digest",
        ),
        pytest.param(
            OBSERVATION, "failed", Trouble.TIMEOUT, "timed out after 1m30s; last state: stale: failed, ", id="a failure of some push",
        ),
        pytest.param(
            BY_DIGEST, "success", Trouble.TIMEOUT, "timed out after 1m30s; last state: stale: success, ", id="a success of the digest",
        ),
    ],
)  # fmt: skip
def test_a_scan_of_the_digest_that_failed_too_early_is_a_failure(
    observation: Observation, status: str, trouble: Trouble, expected: str
) -> None:
    """Without a digest it may be the scan of another push, so that the image is only late."""
    observation = replace(observation, reads=(Read(1.0, 200, "r-1", None),))
    failure = row_group(Phase.STALE, scan_status=status, scan_failed_code="database_error")

    check = judge_scan(observation, failure, [NO_RULES])

    assert check.message.startswith(f"scan: {expected}")
    assert trouble is Trouble.TIMEOUT or check.message == f"scan: {expected}"
    assert replace(check, message="") == Check("scan", Result.ERROR, "", trouble=trouble)


ASKED = "scanned at or after 2026-09-21T14:13:20Z"


@pytest.mark.parametrize(
    ("observation", "moment", "asked"),
    [
        pytest.param(BY_DIGEST, None, f"digest {DIGEST} (by its digest)", id="digest"),
        pytest.param(OBSERVATION, Moment(1_790_000_000_000), ASKED, id="moment"),
        pytest.param(BY_DIGEST, Moment(1_790_000_000_000), f"digest {DIGEST} (by its digest) and {ASKED}", id="both"),
        pytest.param(
            replace(OBSERVATION, scanned_after=1_790_000_000_000), Moment(1_790_000_060_000), ASKED,
            id="an age, as it was on the server's clock",
        ),
    ],
)  # fmt: skip
def test_freshness_names_the_request_and_the_row(observation: Observation, moment: Moment | None, asked: str) -> None:
    """The check is skipped if there is no result."""
    found = judge_freshness(observation, row_group(Phase.ENDED), moment)
    nothing = judge_freshness(observation, NO_ROWS, moment)

    shown = f"{DIGEST}, scanned 2026-09-21T14:13:20Z"
    assert found == Check("freshness", Result.PASSED, f"freshness: {shown}; asked for {asked}", shown, asked)
    assert nothing == Check("freshness", Result.SKIPPED, f"freshness: no result for {asked}", limit=asked)


AMD, ARM = "linux/amd64", "linux/arm64"
BUILD = tuple(f"sha256:{number:064x}" for number in range(7))
OF_BUILD = replace(OBSERVATION.reference, build_digests=BUILD, metadata_file="build.json")
PLATFORMS = tuple(zip(BUILD, (AMD, ARM, AMD), strict=False))
OF_INDEX = replace(
    OBSERVATION.reference,
    resolved=tuple(ResolvedDigest(digest, DigestKind.MANIFEST, platform) for digest, platform in PLATFORMS),
)


@pytest.mark.parametrize(
    ("reference", "key", "asked"),
    [
        pytest.param(replace(OF_BUILD, build_digests=BUILD[:6]), KEY, f"digest {' or '.join(BUILD[:6])} (by build.json)", id="six digests of a build"),
        pytest.param(OF_BUILD, KEY, f"digest {' or '.join(BUILD[:6])}, … (by build.json)", id="more than six"),
        pytest.param(replace(OF_BUILD, build_digests=BUILD[:1], metadata_file="f" * 197), KEY, f"digest {BUILD[0]} (by {'f' * 197})", id="a path of two hundred characters"),
        pytest.param(replace(OF_BUILD, build_digests=BUILD[:1], metadata_file="f" * 198), KEY, f"digest {BUILD[0]} (by {'f' * 196}…)", id="a longer path"),
        pytest.param(OF_INDEX, (*KEY, AMD), f"digest {BUILD[0]} or {BUILD[2]} (by the registry (manifest digest, linux/amd64))", id="one platform of two"),
    ],
)  # fmt: skip
def test_freshness_names_the_digests_that_are_accepted(reference: Reference, key: GroupKey, asked: str) -> None:
    """With a registry only those of the platform that is judged; of many the first six."""
    ended = RowGroup(key, Phase.ENDED, ROW.model_copy(update={"image_digest": BUILD[0]}))

    check = judge_freshness(replace(OBSERVATION, reference=reference), ended, None)

    assert check.limit == asked
    assert check.message.endswith(f"; asked for {asked}")


@pytest.mark.parametrize(
    ("missing", "asked"),
    [
        pytest.param(NO_ROWS, " or ".join(BUILD[:3]), id="every platform"),
        pytest.param(missing_platform(OF_INDEX, ARM), BUILD[1], id="one platform"),
    ],
)
def test_freshness_names_the_digests_of_what_is_not_listed(missing: RowGroup, asked: str) -> None:
    """All of them if the image is not listed at all, else those of the missing platform."""
    check = judge_freshness(replace(OBSERVATION, reference=OF_INDEX), missing, None)

    limit = f"digest {asked} (by the registry)"
    assert check == Check("freshness", Result.SKIPPED, f"freshness: no result for {limit}", limit=limit)


def test_freshness_names_missing_values_of_the_row() -> None:
    """The check names a missing digest and time, and cuts a very long digest."""
    bare = judge_freshness(BY_DIGEST, row_group(Phase.ENDED, image_digest=None, latest_scan_time=None), None)
    long = judge_freshness(BY_DIGEST, row_group(Phase.ENDED, image_digest="d" * 150), None)

    assert bare.actual == "no digest, scanned at an unknown time"
    assert long.actual == "d" * 139 + "…, scanned 2026-09-21T14:13:20Z"


def test_success_is_the_only_status_that_passes_by_itself() -> None:
    """No other status in the manual does."""
    passed = [
        status
        for status in ScanStatus
        if judge_scan(OBSERVATION, row_group(Phase.ENDED, scan_status=status.value), [NO_RULES]).result is Result.PASSED
    ]

    assert passed == [ScanStatus.SUCCESS]
