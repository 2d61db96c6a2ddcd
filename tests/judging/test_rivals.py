"""Rows that were scanned later and updated earlier: an image passes only if each of them does."""

from dataclasses import replace

import pytest

from hssgate.hss.models import CicdImage, DetailKind
from hssgate.judging.image import judge_image
from hssgate.judging.requirements import details_to_read, rules_in_force
from hssgate.policy.findings import Findings
from hssgate.policy.load import LoadedPolicy
from hssgate.verdict import Check, Result, Trouble
from tests.judging.test_image import DIGEST, KEY, OBSERVATION, ROW, ROW_GROUP, criteria, policy

OTHER = "sha256:" + "cd" * 32
ADVICE = "pass the digest that was pushed, as …@sha256:…"


def scan_of(given: LoadedPolicy, newest: CicdImage = ROW, **rival: object) -> tuple[Check, int]:
    """Return the scan check and the exit code of an image with one rival."""
    other = ROW.model_copy(update={"image_digest": OTHER, **rival})
    observation = replace(OBSERVATION, row_groups=(replace(ROW_GROUP, row=newest, others=(other,)),))
    verdict = judge_image(observation, {KEY: Findings((), {})}, criteria(given)).verdict
    return verdict.checks[0], verdict.exit_code


def test_rivals_that_all_pass_are_a_warning() -> None:
    """Whichever of them was pushed last, it passes; the digest would tell."""
    check, code = scan_of(policy(severity="Medium"))

    assert (check.rule, check.result, code) == ("scan", Result.WARNED, 0)
    assert check.message == (
        f"scan: success; {DIGEST} is newer by its update time, and {OTHER} by its scan time; {ADVICE}"
    )


@pytest.mark.parametrize(
    "rival",
    [
        pytest.param({"severity_level": "High"}, id="violates the policy"),
        pytest.param({"scan_status": "failed"}, id="was not scanned"),
        pytest.param({"severity_level": None, "vul_num": 1}, id="is incomplete"),
    ],
)
def test_a_rival_that_does_not_pass_leaves_no_pass(rival: dict[str, object]) -> None:
    """It may be the one that was pushed last."""
    check, code = scan_of(policy(severity="Medium"), ROW, **rival)

    assert check == Check(
        "scan", Result.ERROR,
        f"scan: {DIGEST} is newer by its update time, and {OTHER} by its scan time, which does not pass; {ADVICE}",
        trouble=Trouble.AMBIGUOUS,
    )  # fmt: skip
    assert code == 5


@pytest.mark.parametrize("newest", [{}, {"severity_level": "High"}, {"scan_status": "failed"}])
@pytest.mark.parametrize("rival", [{}, {"severity_level": "High"}])
def test_the_rules_of_the_newest_row_are_reported_whatever_the_rival_is(
    newest: dict[str, object], rival: dict[str, object]
) -> None:
    """Behind the check of the scan."""
    observation = replace(
        OBSERVATION,
        row_groups=(replace(ROW_GROUP, row=ROW.model_copy(update=newest), others=(ROW.model_copy(update=rival),)),),
    )

    verdict = judge_image(
        observation, {KEY: Findings((), {})}, criteria(policy(severity="Medium", scan_age="8000h"))
    ).verdict

    assert [check.rule for check in verdict.checks] == ["scan", "severity", "scan_age"]


def test_a_newest_row_that_does_not_pass_keeps_its_own_reason() -> None:
    """A violation is one, whatever the rival is; a failed scan names no rival."""
    blocked, code = scan_of(policy(severity="Medium"), ROW.model_copy(update={"severity_level": "High"}))
    failed, failed_code = scan_of(policy(severity="Medium"), ROW.model_copy(update={"scan_status": "failed"}))

    assert (blocked.result, code) == (Result.WARNED, 10)
    assert (failed.result, failed.trouble, failed_code) == (Result.ERROR, Trouble.SCAN_FAILED, 5)
    assert "newer" not in failed.message


@pytest.mark.parametrize(
    ("count", "code"),
    [pytest.param(0, 0, id="none"), pytest.param(1, 5, id="one"), pytest.param(None, 5, id="unknown")],
)
def test_findings_of_a_rival_are_not_read_so_it_must_have_none(count: int | None, code: int) -> None:
    """Where a rule needs them."""
    clean = ROW.model_copy(update={"vul_num": 0})

    assert scan_of(policy(high_vulnerabilities=0), clean, vul_num=count)[1] == code


def test_a_rival_is_named_by_its_digest_else_by_its_id() -> None:
    """At most 140 characters of it."""
    given = policy(severity="Medium")

    assert "and an-id by its scan time" in scan_of(given, image_digest=None, image_id="an-id")[0].message
    assert "and a row without a digest by its scan time" in scan_of(given, image_digest=None)[0].message
    assert f"and {'x' * 140} by its scan time" in scan_of(given, image_digest="x" * 140)[0].message
    assert f"and {'x' * 139}… by its scan time" in scan_of(given, image_digest="x" * 141)[0].message


@pytest.mark.parametrize(
    ("status", "counts", "kinds"),
    [
        pytest.param("success", {}, {DetailKind.SENSITIVE_FILE, DetailKind.BASELINE_BREACH}, id="a result"),
        pytest.param("failed", {}, set(), id="a failure that is not accepted"),
        pytest.param("image_oversized", {"unsafe_setting_num": 2}, {DetailKind.BASELINE_BREACH}, id="an accepted one"),
        pytest.param(
            "image_oversized", {"unsafe_setting_num": 0}, set(), id="an accepted one of which HSS counts none"
        ),
    ],
)
def test_lists_are_read_where_a_rule_needs_them(status: str, counts: dict[str, int], kinds: set[DetailKind]) -> None:
    """Of a failure that the policy accepts, those of which HSS counts some."""
    given = policy(
        sensitive_files={"limit": 0, "severity": "High"}, baseline={"limit": 0}, scan={"accept": ["image_oversized"]}
    )
    row_group = replace(ROW_GROUP, row=ROW.model_copy(update={"scan_status": status, **counts}))
    observation = replace(OBSERVATION, row_groups=(row_group,))

    assert details_to_read(observation, row_group, rules_in_force(observation, row_group, criteria(given))) == kinds
