"""Which lists are read behind a block, and of whose notices the CVEs."""

from dataclasses import replace

import pytest

from hssgate.durations import Deadline
from hssgate.hss.models import DetailKind, Finding
from hssgate.judging.block_lists import FINDINGS, Case, Extent, ListToRead, lists_to_read, notices_to_read
from hssgate.judging.evidence import DetailsByGroup, FindingsByGroup
from hssgate.judging.image import JudgedImage, judge_image
from hssgate.policy.findings import Findings
from hssgate.policy.load import LoadedPolicy
from hssgate.settings import FindingsMode
from hssgate.verdict import ImageVerdict, ListedFinding
from hssgate.waiting.observation import Observation
from tests.judging.test_image import KEY, OBSERVATION, OTHER, ROW, ROW_GROUP, V1, criteria, policy

MALICIOUS, SENSITIVE, BASELINE = DetailKind
FULL = ROW.model_copy(update={"severity_level": "High", "unsafe_setting_num": 4, "malicious_file_num": 1})
SEEN = replace(OBSERVATION, row_groups=(replace(ROW_GROUP, row=FULL),))


def extent(mode: FindingsMode = FindingsMode.AUTO, *, lists_findings: bool = False) -> Extent:
    return Extent(mode, lists_findings, Deadline(0.0, 100.0))


def case(
    *policies: LoadedPolicy,
    observation: Observation = SEEN,
    findings: FindingsByGroup | None = None,
    details: DetailsByGroup | None = None,
) -> Case:
    found, lists = findings or {}, details or {}
    return Case(observation, found, lists, judge_image(observation, found, criteria(*policies), lists))


def wanted(one: Case, *policies: LoadedPolicy, of: Extent | None = None) -> list[str]:
    return [found.what for found in lists_to_read([one], of or extent(), criteria(*policies))]


@pytest.mark.parametrize(
    ("given", "whats"),
    [
        pytest.param(policy(severity="Medium"), [FINDINGS, *DetailKind], id="severity: all of them"),
        pytest.param(policy(vulnerabilities=1), [FINDINGS], id="vulnerabilities: findings"),
        pytest.param(policy(malicious_files=0), [MALICIOUS], id="malicious files"),
        pytest.param(policy(unsafe_settings=0), [BASELINE], id="unsafe settings: baseline checks"),
        pytest.param(policy(unsafe_settings=0, vulnerabilities=1), [FINDINGS, BASELINE], id="two rules"),
        pytest.param(policy(scan_age="30s"), [], id="the age of the scan: none"),
        pytest.param(policy(vulnerabilities=2), [], id="nothing blocks"),
    ],
)
def test_the_lists_behind_the_rules_that_block_are_read(given: LoadedPolicy, whats: list[str]) -> None:
    """Each rule has the lists that HSS counts for it."""
    assert wanted(case(given), given) == whats


def test_a_row_without_a_name_has_its_lists_read() -> None:
    """The rules for it are those for the name of IMAGE."""
    given = policy(vulnerabilities=1)
    nameless = replace(SEEN, row_groups=(replace(ROW_GROUP, row=FULL.model_copy(update={"image_name": None})),))

    assert wanted(case(given, observation=nameless), given) == [FINDINGS]


def test_what_hss_counts_none_of_is_not_read_and_what_was_read_neither() -> None:
    """Where a rule blocks; sensitive files are not counted, so they are read."""
    given = policy(severity="Medium")
    none = FULL.model_copy(update={"vul_num": 0, "unsafe_setting_num": 0, "malicious_file_num": 0})
    empty = replace(SEEN, row_groups=(replace(ROW_GROUP, row=none),))

    assert wanted(case(given, observation=empty), given) == [SENSITIVE]
    assert wanted(case(given, observation=empty), given, of=extent(FindingsMode.ALWAYS)) == [FINDINGS, *DetailKind]
    read = case(given, findings={KEY: Findings((V1,), {})}, details={KEY: {MALICIOUS: ()}})
    assert wanted(read, given) == [SENSITIVE, BASELINE]


def test_more_is_read_where_it_is_asked_for() -> None:
    """For reports that list findings, and with `always`, also of an image that passed; never without a result."""
    given = policy(severity="High")
    passed = case(given)

    assert wanted(passed, given) == []
    assert wanted(passed, given, of=extent(lists_findings=True)) == [FINDINGS]
    assert wanted(passed, given, of=extent(FindingsMode.ALWAYS)) == [FINDINGS, *DetailKind]
    unsettled = case(given, observation=replace(SEEN, unsettled=frozenset({KEY})))
    assert wanted(unsettled, given, of=extent(FindingsMode.ALWAYS)) == []


def test_findings_of_an_accepted_failure_are_read_where_hss_counts_some() -> None:
    """As before the verdict; one that is not accepted has none."""
    failed = replace(
        SEEN, row_groups=(replace(ROW_GROUP, row=FULL.model_copy(update={"scan_status": "image_oversized"})),)
    )
    accepting, strict = policy(scan={"accept": ["image_oversized"]}, severity="High"), policy(severity="High")
    everything = extent(FindingsMode.ALWAYS)

    assert wanted(case(accepting, observation=failed), accepting, of=everything) == [FINDINGS]
    assert wanted(case(strict, observation=failed), strict, of=everything) == []


def test_lists_of_blocked_images_come_first_each_with_its_group() -> None:
    """Of several groups, those of the blocked ones alone."""
    given = policy(vulnerabilities=1)
    clean = OTHER.row.model_copy(update={"vul_num": 0})
    both = replace(SEEN, row_groups=(replace(OTHER, row=clean), replace(ROW_GROUP, row=FULL)))
    passed = case(given, observation=replace(SEEN, row_groups=(replace(OTHER, row=clean),)))
    blocked = case(given, observation=both)

    assert lists_to_read([passed, blocked], extent(), criteria(given)) == [ListToRead(1, 1, FINDINGS, FULL)]
    assert [
        (one.image, one.group) for one in lists_to_read([passed, blocked], extent(FindingsMode.ALWAYS), criteria(given))
        if one.what == FINDINGS
    ] == [(1, 0), (1, 1), (0, 0)]  # fmt: skip
    assert [passed.is_blocked, blocked.is_blocked] == [False, True]


def judged(*blocking: str, others: tuple[str, ...] = ()) -> JudgedImage:
    """An image whose findings of these notices block."""
    given = policy(vulnerabilities=0)
    found = tuple(Finding(vul_id=vul_id) for vul_id in blocking)
    image = case(given, findings={KEY: Findings(found, {})}).judged
    listed = (*image.verdict.findings, *(ListedFinding(Finding(vul_id=vul_id)) for vul_id in others))
    return replace(image, verdict=replace(image.verdict, findings=listed))


def test_cves_are_read_of_the_worst_blocking_findings_of_each_image_first() -> None:
    """Each notice once; with `always` and for reports, those of the other findings after them."""
    images = [judged("a", "b", others=("x",)), judged("c", "d", others=("a", "y"))]

    assert notices_to_read(images, extent()) == ["a", "c", "b", "d"]
    assert notices_to_read(images, extent(lists_findings=True)) == ["a", "c", "b", "d", "x", "y"]
    assert notices_to_read(images, extent(FindingsMode.ALWAYS)) == ["a", "c", "b", "d", "x", "y"]


def test_the_number_of_notices_is_bounded_but_for_always() -> None:
    """A finding without an id has no notice."""
    names = tuple(f"n{number:04}" for number in range(2001))
    image = judged(*names[:201], others=names)
    nameless = replace(image, verdict=ImageVerdict(OBSERVATION.reference, (), findings=(ListedFinding(Finding()),)))

    assert notices_to_read([nameless, image], extent()) == list(names[:200])
    assert notices_to_read([nameless, image], extent(lists_findings=True)) == list(names[:2000])
    assert notices_to_read([nameless, image], extent(FindingsMode.ALWAYS)) == list(names)
    assert notices_to_read([nameless], extent(FindingsMode.ALWAYS)) == []
