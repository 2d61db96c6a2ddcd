"""A saved report of an image that a registry resolved is judged by its platforms, and none of them can be cut out."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.test_resolve import BAD, CLEAN, IMAGE, check, row, two_platforms
from tests.conftest import Bench
from tests.saved.test_consistency import refusal
from tests.support.registry import Registry

Report = dict[str, Any]


def without_group(report: Report, number: int) -> None:
    """Take out a group of rows, and the rules that it was held to."""
    del report["images"][0]["seen"]["groups"][number]
    report["images"][0]["in_force"] = [one for one in report["images"][0]["in_force"] if one["group"] != number]


def groups(report: Report) -> Any:  # noqa: ANN401 - of a report
    return report["images"][0]["seen"]["groups"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda r: without_group(r, 1), "seen.groups: there is none of the platform linux/arm64/v8", id="cut out"),
        pytest.param(lambda r: groups(r)[1].update(platform="linux/amd64"), "groups of registry.example/team/app:1.0 that cannot be distinguished", id="renamed to a listed one"),
        pytest.param(lambda r: groups(r)[1].update(platform=None), "a platform that is listed, or not asked for, cannot be missing", id="renamed to none"),
        pytest.param(lambda r: groups(r)[1].update(row={"scan_status": "success"}), "images[0].seen.groups[1].row.scan_status", id="a row where none was listed"),
        pytest.param(lambda r: groups(r)[0].update(platform="linux/arm64/v8"), 'images[0].seen.groups[0].platform: "linux/arm64/v8" is stated, and "linux/amd64" follows', id="a row of another platform"),
        pytest.param(lambda r: groups(r)[0].update(phase="absent"), "reads: the last answer has another latest_scan_time than the row", id="a row hidden"),
        pytest.param(lambda r: r["images"][0].update(proof="by its digest"), "images[0].proof: ", id="another proof"),
        pytest.param(lambda r: r["images"][0]["resolved"][0].update(kind="blob"), "images.0.resolved.0.kind", id="an unknown kind"),
        pytest.param(lambda r: r["images"][0]["resolved"][0].update(digest="sha256:1"), "images.0.resolved.0.digest", id="no digest"),
    ],
)  # fmt: skip
def test_a_change_of_a_platform_is_noticed(bench: Bench, change: Callable[[Report], None], message: str) -> None:
    """One is missing in this report."""
    registry = Registry()
    _, amd64, _ = two_platforms(registry)
    report = check(bench, registry, IMAGE, rows=row(amd64["digest"])).report

    change(report)

    assert message in refusal(bench, report)


@pytest.mark.parametrize(("state", "code"), [(CLEAN, 0), (BAD, 10)], ids=["passed", "blocked"])
def test_a_report_of_two_platforms_is_judged_again(bench: Bench, state: str, code: int) -> None:
    """With the groups that it had."""
    registry = Registry()
    _, amd64, arm64 = two_platforms(registry)
    check(bench, registry, IMAGE, rows=row(amd64["digest"]) + row(arm64["digest"], state))

    ended = bench.run("judge", "report.json", "--report", "json=again.json")

    assert ended.code == code
