"""What a saved report should contain: its observations judged again by its own rules, for `consistency` to compare.

`consistency` compares that document with the saved one. Whatever `check` adds to the report must therefore be derived
here too, or be copied from the report as something that nothing else in it determines (version, warnings of the wait).
"""

from dataclasses import replace
from typing import Any

from hssgate.judging.criteria import Criteria
from hssgate.judging.image import JudgedImage, judge_by_rules
from hssgate.policy.rule_table import SPECS
from hssgate.reports.json import document
from hssgate.saved.image_model import CheckModel
from hssgate.saved.reader import SavedImage, SavedReport
from hssgate.saved.recorded_rules import recorded_rules
from hssgate.verdict import Check, FeedSource, ImageVerdict, KnownSource, PolicySource, Trouble, Verdict


def judge_again(image: SavedImage) -> JudgedImage:
    """Return the verdict that follows from the saved observations and the rules in force at the time."""
    groups = [*range(len(image.observation.row_groups))] or [None]
    rules_by_group = [
        [recorded_rules(image.model, one) for one in image.model.in_force if one.group == group] for group in groups
    ]
    return judge_by_rules(image.observation, image.findings, rules_by_group, criteria_of(image), image.details)


def criteria_of(image: SavedImage) -> Criteria:
    """Return the moments of judging and the `--scanned-after` of an image; its rules are in the report."""
    return Criteria((), image.judged_at, image.scanned_after, image.model.seen.expiry_at)


def expected_document(saved: SavedReport, judged: list[JudgedImage]) -> dict[str, Any]:
    """Return the document that `check` would have written.

    Parts that do not follow from others (version of the tool, warnings of the wait) are copied from the report.
    """
    model = saved.model
    report = document(
        Verdict(
            images=tuple(_verdict(image, again) for image, again in zip(saved.images, judged, strict=True)),
            policies=tuple(
                PolicySource(
                    one.path,
                    one.sha256,
                    (one.searched.first, one.searched.up_to) if one.searched else None,
                    contact=one.contact,
                    known=KnownSource(one.known.path, one.known.sha256) if one.known else None,
                    feeds=tuple(
                        FeedSource(feed.path, feed.sha256, feed.date.timestamp() if feed.date else None)
                        for feed in one.feeds
                    ),
                )
                for one in model.policies
            ),
            warnings=model.warnings,
            started_at=saved.started_at,
            finished_at=saved.finished_at,
            interruption=saved.interruption,
            unwritten_reports=tuple(error.message for error in model.errors if error.type is Trouble.REPORT),
        )
    )
    report["tool"]["version"] = model.tool.version
    for entry, image in zip(report["images"], saved.images, strict=True):
        if image.model.left_out is not None:
            entry |= {"left_out": image.model.left_out, "explanation": None}
    return report


def _verdict(image: SavedImage, again: JudgedImage) -> ImageVerdict:
    model, verdict = image.model, again.verdict
    checks = tuple(
        _derived_or_stated(check, stated, image) for check, stated in zip(verdict.checks, model.checks, strict=False)
    )
    verdict = image.with_details(replace(verdict, checks=(*checks, *verdict.checks[len(checks) :])))
    if model.left_out is None or verdict.seen is None:
        return verdict
    groups = tuple(
        replace(
            group,
            findings_read=one.findings_read,
            findings_count=one.findings_count,
            cves_error=one.cves_error,
            details_count=one.details_count,
        )
        for group, one in zip(verdict.seen.groups, model.seen.groups, strict=True)
    )
    # `row` is that of the worst group, which depends on the findings that were left out. So any row of the image fits.
    rows = [row_group.row for row_group in image.observation.row_groups]
    row = model.row if model.row in rows else verdict.row
    return replace(verdict, seen=replace(verdict.seen, groups=groups), row=row)


def _derived_or_stated(check: Check, stated: CheckModel, image: SavedImage) -> Check:
    """Return the derived check, or the stated one if the report lacks what the check was made from."""
    spec = SPECS.get(check.rule)
    needs_a_list = spec is not None and (spec.levels or spec.detail)
    if image.model.left_out is None or not needs_a_list or stated.rule != check.rule:
        return check
    return replace(check, result=stated.result, actual=stated.actual, message=stated.message, trouble=stated.error_type)
