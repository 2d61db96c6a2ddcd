"""What a saved report should contain: its observations judged again by its own rules, for `consistency` to compare.

`consistency` compares that document with the saved one. Whatever `check` adds to the report must therefore be derived
here too, or be copied from the report as something that nothing else in it determines (version, warnings of the wait).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hssgate.hss.models import Cve, Detail, DetailKind, Finding, ids_of, known_ids_of
from hssgate.judging.criteria import Criteria
from hssgate.judging.image import JudgedImage, judge_by_rules
from hssgate.judging.scan import timed_out_after
from hssgate.policy.denials import Denials
from hssgate.policy.feeds import EXPLOITED, Exploited, ExploitedFeed
from hssgate.policy.ignores import TARGET_OF, Ignores
from hssgate.policy.model import Deny, Ignore, Target
from hssgate.policy.rule_table import SPECS, ScanRule
from hssgate.policy.rules import GraceInForce, RulesInForce
from hssgate.record import record
from hssgate.reports.json import document
from hssgate.saved.image_model import CheckModel, DetailModel, FindingModel, ImageModel, InForceModel
from hssgate.saved.reader import SavedImage, SavedReport
from hssgate.verdict import Check, FeedSource, ImageVerdict, PolicySource, Trouble, Verdict


@record
class _Recorded(Ignores):
    """The `ignore` entries that were in force, reconstructed from their effect.

    A report has the number of entries and, for each ignored finding, the reason; it does not have the globs. So a
    finding is looked up by its value instead of matched.

    Args:
        entries: placeholders that have only a reason, as many as were in force.
        ignored: index of an entry by finding and its CVE ids.
        ignored_details: index of an entry by file or baseline check.
    """

    entries: tuple[tuple[int, Ignore], ...]
    ignored: Mapping[tuple[Finding, tuple[str, ...]], int]
    ignored_details: Mapping[tuple[DetailKind, Detail], int]

    def entry_for(self, finding: Finding, cves: Sequence[str]) -> tuple[int, ...]:
        """Return the index of the entry that ignored the finding; empty if the finding counted."""
        index = self.ignored.get((finding, tuple(cves)))
        return () if index is None else (index,)

    def entry_for_detail(self, kind: DetailKind, detail: Detail) -> int | None:
        """Return the index of the entry that ignored the file or baseline check; None if it counted."""
        return self.ignored_details.get((kind, detail))


@record
class _RecordedDenials(Denials):
    """The `deny` entries that were in force, reconstructed from their effect.

    Args:
        entries: placeholders that have only a reason, as many as were in force.
        denied: index of an entry by finding and its CVE ids.
        names_cves: whether an entry could fit a CVE.
    """

    entries: tuple[tuple[int, Deny], ...]
    denied: Mapping[tuple[Finding, tuple[str, ...]], int]
    names_cves: bool

    @property
    def may_name_cves(self) -> bool:
        """Whether an entry could fit a CVE."""
        return self.names_cves

    def entry_for(self, finding: Finding, cves: Sequence[str]) -> int | None:
        """Return the index of the entry that denied the finding; None if none did."""
        return self.denied.get((finding, tuple(cves)))


@record
class _RecordedFeed(ExploitedFeed):
    """The feeds that were read, reconstructed from their effect.

    Args:
        ids: none; a finding is looked up by its value.
        states: by finding and its CVE ids.
    """

    ids: frozenset[str]
    states: Mapping[tuple[Finding, tuple[str, ...]], Exploited]

    def state(self, finding: Finding, cves: Sequence[Cve] | None) -> Exploited:
        """Return whether a feed named the finding."""
        return self.states.get((finding, known_ids_of(cves or ())), Exploited.NOT_CHECKED)


def judge_again(image: SavedImage) -> JudgedImage:
    """Return the verdict that follows from the saved observations and the rules in force at the time."""
    groups = [*range(len(image.observation.row_groups))] or [None]
    rules_by_group = [
        [_rules(image.model, one) for one in image.model.in_force if one.group == group] for group in groups
    ]
    return judge_by_rules(image.observation, image.findings, rules_by_group, criteria_of(image), image.details)


def criteria_of(image: SavedImage) -> Criteria:
    """Return the moments of judging and the `--scanned-after` of an image; its rules are in the report."""
    return Criteria((), image.judged_at, image.scanned_after, image.model.seen.expiry_at)


def _rules(image: ImageModel, one: InForceModel) -> RulesInForce:
    rules = one.rules.in_force()
    limits = {name: rule for name, rule in rules.items() if not isinstance(rule, ScanRule)}
    reasons: dict[tuple[Target, str], int] = {}

    def entry_of(listed: FindingModel | DetailModel, target: Target) -> int | None:
        if listed.group != one.group:
            return None
        found = [by.reason for by in listed.ignored_by if by.policy == one.policy]
        return reasons.setdefault((target, found[-1]), len(reasons)) if found else None

    ignored = {
        (finding.finding, ids_of(finding.cve_details)): index
        for finding in image.findings
        if (index := entry_of(finding, Target.VULNERABILITY)) is not None
    }
    ignored_details = {
        (detail.kind, detail.detail): index
        for detail in image.details
        if (index := entry_of(detail, TARGET_OF[detail.kind])) is not None
    }
    known = [*reasons]
    in_force = {Target.FILE: one.ignore_file, Target.CHECK_RULE: one.ignore_check_rule}
    in_force[Target.VULNERABILITY] = one.ignore - sum(in_force.values())
    for target, count in in_force.items():
        known += [(target, "")] * (count - sum(known_target is target for known_target, _ in reasons))
    entries = tuple(
        (index, Ignore.model_construct(reason=reason).model_copy(update={target.value: "*"}))
        for index, (target, reason) in enumerate(known)
    )
    recorded = _Recorded(entries, ignored, ignored_details)
    denials = _denials(image, one)
    states = {
        (finding.finding, known_ids_of(finding.cve_details)): by.state
        for finding in image.findings
        for by in finding.exploited
        if finding.group == one.group and by.policy == one.policy
    }
    feed = _RecordedFeed(frozenset(), states) if EXPLOITED in limits else None
    grace = GraceInForce(one.grace.seconds, image.seen.expiry_at) if one.grace else None
    return RulesInForce(
        limits,
        one.rules.scan,
        recorded,
        policy=one.policy,
        grace=grace,
        unlisted=one.unlisted,
        denials=denials,
        feed=feed,
    )


def _denials(image: ImageModel, one: InForceModel) -> _RecordedDenials:
    reasons: dict[str, int] = {}
    denied = {
        (finding.finding, known_ids_of(finding.cve_details)): reasons.setdefault(by.reason, len(reasons))
        for finding in image.findings
        for by in finding.denied_by
        if finding.group == one.group and by.policy == one.policy
    }
    known = [*reasons, *[""] * (one.deny - len(reasons))]
    entries = tuple(
        (index, Deny.model_construct(vulnerability="*", reason=reason)) for index, reason in enumerate(known)
    )
    return _RecordedDenials(entries, denied, one.deny_cves)


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
    if check.trouble is stated.error_type is Trouble.TIMEOUT:
        # The hint at the end of a timeout's message names rows of other images, which the report does not contain.
        known = stated.message.startswith(f"{check.rule}: {timed_out_after(image.observation)}")
        return replace(check, message=stated.message) if known else check
    spec = SPECS.get(check.rule)
    needs_a_list = spec is not None and (spec.levels or spec.detail)
    if image.model.left_out is None or not needs_a_list or stated.rule != check.rule:
        return check
    return replace(check, result=stated.result, actual=stated.actual, message=stated.message, trouble=stated.error_type)
