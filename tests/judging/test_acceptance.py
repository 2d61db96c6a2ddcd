"""Tests of what may be accepted as known, and of what becomes of the known findings."""

from dataclasses import replace

import pytest

from hssgate import __version__
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage, Finding
from hssgate.judging.acceptance import (
    Acceptance,
    NotAcceptable,
    acceptances_of,
    accepted,
    accepting_policy,
    pruned,
)
from hssgate.judging.criteria import Criteria
from hssgate.judging.image import judge_image
from hssgate.policy.findings import FetchedFindings, Findings
from hssgate.policy.known import AcceptedRow, Key, KnownFindings, KnownImage
from hssgate.waiting.groups import Phase
from tests.judging.test_image import DIGEST, KEY, NOW, OBSERVATION, OTHER, OTHER_KEY, ROW, ROW_GROUP, V1, V2

FOUND = Findings((V1, V2))
A, B, C = ("A", "", ""), ("B", "", ""), ("C", "", "")


def outcome(row: CicdImage = ROW, found: FetchedFindings = FOUND) -> list[Acceptance] | NotAcceptable:
    observation = replace(OBSERVATION, row_groups=(replace(ROW_GROUP, row=row),))
    return acceptances_of(judge_image(observation, {KEY: found}, Criteria((accepting_policy(),), NOW)).verdict)


def test_findings_of_a_success_are_accepted() -> None:
    """With what is recorded of the row; findings without an id are counted."""
    assert outcome(found=Findings((V1, Finding()))) == [
        Acceptance(
            "team/app",
            AcceptedRow("team/app:1.0", DIGEST, "2026-09-21", __version__),
            KnownFindings({("V-1", "", ""): 1}),
            1,
        )
    ]


def test_more_findings_than_hss_counts_are_accepted() -> None:
    """None is missing."""
    assert isinstance(outcome(ROW.model_copy(update={"vul_num": 1})), list)
    assert isinstance(outcome(ROW.model_copy(update={"vul_num": 0}), Findings(())), list)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param({"namespace": "swr.example.com/team", "image_version": None, "image_digest": None}, ("team/app", "team/app", None), id="without version and digest"),
        pytest.param({"namespace": None, "image_name": "team/tools/app"}, ("team/tools/app", "team/tools/app:1.0", DIGEST), id="a path in its name"),
        pytest.param({"image_name": None}, ("team/app", "team/app:1.0", DIGEST), id="no name: that of IMAGE"),
    ],
)  # fmt: skip
def test_a_row_is_recorded_by_its_own_names(names: dict[str, object], expected: tuple[str, str, str | None]) -> None:
    """Without registry, and without a version or a digest that it lacks."""
    (found,) = outcome(ROW.model_copy(update=names))  # type: ignore[misc]

    assert (found.path, found.row.image, found.row.digest) == expected


@pytest.mark.parametrize(
    ("fields", "found", "message", "code"),
    [
        pytest.param({"vul_num": 3}, FOUND, "HSS counts 3 findings and lists 2 of them; only a complete list is accepted", 5, id="one is missing"),
        pytest.param({"vul_num": 3}, Findings(()), "new_vulnerabilities: HSS counts 3 findings and lists none of them", 5, id="all are missing"),
        pytest.param({"vul_num": None}, FOUND, "new_vulnerabilities: HSS gave no vul_num, which this rule needs", 5, id="no count"),
        pytest.param({}, None, "new_vulnerabilities: the findings were not read, which this rule needs", 5, id="not read"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_complete_is_not_accepted(
    fields: dict[str, object], found: FetchedFindings, message: str, code: int
) -> None:
    """It says why, with the exit code of the run."""
    assert outcome(ROW.model_copy(update=fields), found) == NotAcceptable(message, ExitCode(code))


def test_one_group_that_is_not_acceptable_is_enough() -> None:
    """All rows of the image must have a complete list; then each is accepted."""
    both = replace(OBSERVATION, row_groups=(ROW_GROUP, OTHER))
    given = Criteria((accepting_policy(),), NOW)

    whole = acceptances_of(judge_image(both, {KEY: FOUND, OTHER_KEY: FOUND}, given).verdict)
    assert isinstance(whole, list)
    assert [one.path for one in whole] == ["team/app", "old/app"]
    assert isinstance(acceptances_of(judge_image(both, {KEY: FOUND}, given).verdict), NotAcceptable)
    unread = "new_vulnerabilities: the findings were not read, which this rule needs"
    neither = acceptances_of(judge_image(both, {}, given).verdict)
    assert neither == NotAcceptable(f"{unread}; {unread}", ExitCode.NO_RESULT)
    stale = replace(both, row_groups=(ROW_GROUP, replace(OTHER, phase=Phase.STALE)))
    assert isinstance(acceptances_of(judge_image(stale, {KEY: FOUND, OTHER_KEY: FOUND}, given).verdict), NotAcceptable)


def image(*accepted_rows: str, **numbers: int) -> KnownImage:
    rows = tuple(AcceptedRow(name, None, "2026-01-01", "1") for name in accepted_rows)
    return KnownImage(rows, KnownFindings({(name, "", ""): number for name, number in numbers.items()}))


def acceptance(name: str, path: str = "a", **numbers: int) -> Acceptance:
    found = image(name, **numbers)
    return Acceptance(path, found.accepted[0], found.findings, 0)


@pytest.mark.parametrize(
    ("before", "found", "after", "added", "removed"),
    [
        pytest.param(None, [acceptance("a:1", A=1, B=2)], image("a:1", A=1, B=2), 3, 0, id="for the first time"),
        pytest.param(image("a:0", A=1, C=4), [acceptance("a:1", A=2, B=2)], image("a:1", A=2, B=2), 3, 4, id="again"),
        pytest.param(image("a:0", A=3), [acceptance("a:1")], image("a:1"), 0, 3, id="nothing any more"),
        pytest.param(image("a:0"), [acceptance("a:1", A=2), acceptance("a:2", A=1, B=1)], image("a:1", "a:2", A=2, B=1), 3, 0, id="two versions"),
        pytest.param(image("a:0"), [acceptance("a:1", A=1), acceptance("a:1", A=3)], image("a:1", A=3), 3, 0, id="two rows of one version"),
    ],
)  # fmt: skip
def test_accepting_replaces_what_was_known(
    before: KnownImage | None, found: list[Acceptance], after: KnownImage, added: int, removed: int
) -> None:
    """Several versions are known together, each finding as often as in the version that has it most often."""
    known = {"b": image("b:1", A=1)} | ({"a": before} if before else {})

    (change,) = accepted(known, found)

    assert (change.path, change.before, change.after) == ("a", before, after)
    assert (change.added, change.removed) == (added, removed)


@pytest.mark.parametrize(
    ("before", "found", "left"),
    [
        pytest.param({A: 1, B: 2, C: 3}, [acceptance("a:1", A=4, B=1)], {A: 1, B: 1}, id="gone, or fewer"),
        pytest.param({A: 1, B: 2}, [acceptance("a:1", A=1), acceptance("a:2", B=2)], {A: 1, B: 2}, id="listed for another version"),
        pytest.param({A: 1}, [acceptance("a:1")], {}, id="nothing is left"),
        pytest.param({}, [acceptance("a:1", A=1)], {}, id="nothing was known"),
    ],
)  # fmt: skip
def test_pruning_only_removes(before: dict[Key, int], found: list[Acceptance], left: dict[Key, int]) -> None:
    """What was recorded of the image stays; images without an entry get none."""
    known = {"a": KnownImage(image("a:0").accepted, KnownFindings(before))}

    (change,) = pruned(known, [acceptance("x:1", "x", A=1), *found])

    assert (change.path, change.before) == ("a", known["a"])
    assert change.after == KnownImage(known["a"].accepted, KnownFindings(left))
    assert (change.added, change.removed) == (0, sum(before.values()) - sum(left.values()))
