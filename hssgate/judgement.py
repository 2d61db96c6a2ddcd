"""From what was seen of an image to its verdict: the scan, its freshness, and every policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from hssgate.api.models import CicdImage, ScanStatus
from hssgate.durations import Moment, format_duration, format_moment
from hssgate.evidence import Evidence, Findings, FindingsMissing
from hssgate.exit_codes import WORST_FIRST
from hssgate.grouping import GroupKey, Phase, Standing
from hssgate.nearby import advice
from hssgate.policy.exceptions import Sorted
from hssgate.policy.judge import Facts, Judged, accepts, gravest_first, judge_row, skip_rules
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.rules import RulesInForce, Subject, policy_warnings, rules_for
from hssgate.sighting import Ending, Sighting, state_of
from hssgate.text import clean
from hssgate.verdict import (
    SCAN,
    Check,
    ImageVerdict,
    ListedFinding,
    Outcome,
    Result,
    Seen,
    SeenGroup,
    Trouble,
    worst_of,
)

FRESHNESS = "freshness"


EvidenceByGroup = Mapping[GroupKey, Evidence]


@dataclass(frozen=True)
class Terms:
    """What every image is judged by.

    Args:
        policies: each of which must be held to.
        now: epoch seconds, for ages and expiry.
        scanned_after: the moment asked for, to say that the result is fresh.
    """

    policies: Sequence[LoadedPolicy]
    now: float
    scanned_after: Moment | None = None


@dataclass(frozen=True)
class JudgedImage:
    """The verdict on one image, and what the policies' exceptions did.

    Args:
        verdict: on the image.
        used_entries: by policy, indexes of the `ignore` entries that took effect; None where no findings were read.
    """

    verdict: ImageVerdict
    used_entries: tuple[frozenset[int] | None, ...]


def judge_sighting(sighting: Sighting, evidence: EvidenceByGroup, terms: Terms) -> JudgedImage:
    """Return the verdict on one image.

    Args:
        sighting: what was seen of it.
        evidence: its findings by group, where they were needed.
        terms: policies, time, and the moment asked for.
    """
    groups = [_judge_group(sighting, standing, evidence, terms) for standing in sighting.standings or (None,)]
    several = len(sighting.standings) > 1
    checks = tuple(
        replace(check, group=group.standing.label if several and group.standing else None)
        for group in groups
        for check in group.checks
    )
    worst = min(groups, key=lambda group: WORST_FIRST.index(worst_of(group.checks)))
    verdict = ImageVerdict(
        reference=sighting.reference,
        checks=checks,
        row=worst.standing.row if worst.standing else None,
        waited_seconds=sighting.waited_seconds,
        polls=sighting.polls,
        reads=sighting.reads,
        findings=gravest_first(
            replace(finding, group=number) for number, group in enumerate(groups) for finding in group.findings
        ),
        seen=_seen(sighting, evidence, terms),
    )
    used = tuple(_union([group.used_entries[index] for group in groups]) for index in range(len(terms.policies)))
    return JudgedImage(verdict, used)


def subject_of(sighting: Sighting, standing: Standing | None) -> Subject:
    """Return what the overrides are matched against: the row's names, or those asked for where there is no row."""
    named = standing.row if standing else sighting.reference
    return Subject(named.namespace, named.image_name or sighting.reference.image_name, named.image_version)


def is_proven_fresh(sighting: Sighting, scanned_after: Moment | None) -> bool:
    """Whether a digest or a scan time proves that the result is of the image meant."""
    return sighting.reference.image_digest is not None or scanned_after is not None


def rules_in_force(sighting: Sighting, standing: Standing | None, terms: Terms) -> list[RulesInForce]:
    """Return what a group is held to, one for each policy."""
    subject = subject_of(sighting, standing)
    return [rules_for(loaded, subject, terms.now) for loaded in terms.policies]


def judgement_warnings(sightings: Sequence[Sighting], judged: Sequence[JudgedImage], terms: Terms) -> list[str]:
    """Return a line for whatever is odd about the policies' entries, and for each pass that is not a clean one."""
    subjects = [subject_of(sighting, standing) for sighting in sightings for standing in sighting.standings or (None,)]
    lines = []
    for index, loaded in enumerate(terms.policies):
        used = _union([image.used_entries[index] for image in judged])
        lines += policy_warnings(loaded, subjects, used, terms.now)
    for sighting, image in zip(sightings, judged, strict=True):
        name = sighting.reference.text
        lines += [f"{name}: {check.message}" for check in image.verdict.checks if check.result is Result.WARNED]
        if image.verdict.outcome is Outcome.PASSED and not is_proven_fresh(sighting, terms.scanned_after):
            lines.append(
                f"{name}: passed, but nothing proves that this result is of the image just pushed; "
                "pass its digest (…@sha256:…) or --scanned-after"
            )
    return lines


def has_result(sighting: Sighting, standing: Standing) -> bool:
    """Whether the group's scan succeeded and its result is believed."""
    succeeded = standing.phase is Phase.ENDED and standing.row.scan_status == ScanStatus.SUCCESS
    return succeeded and standing.key not in sighting.unsettled


@dataclass(frozen=True)
class _JudgedGroup:
    standing: Standing | None
    checks: tuple[Check, ...]
    findings: tuple[ListedFinding, ...]
    used_entries: tuple[frozenset[int] | None, ...]


def _judge_group(
    sighting: Sighting, standing: Standing | None, evidence: EvidenceByGroup, terms: Terms
) -> _JudgedGroup:
    in_force = rules_in_force(sighting, standing, terms)
    checks = [_judge_scan(sighting, standing, in_force)]
    ended = standing if standing is not None and standing.phase is Phase.ENDED else None
    if is_proven_fresh(sighting, terms.scanned_after):
        checks.append(_judge_freshness(sighting, ended, terms.scanned_after))
    succeeded = ended is not None and ended.row.scan_status == ScanStatus.SUCCESS
    found = evidence.get(standing.key) if standing else None
    sorted_by_policy: list[Sorted | None] = []
    for loaded, rules in zip(terms.policies, in_force, strict=True):
        if ended is not None and succeeded:
            judged = judge_row(Facts(ended.row, found, terms.now, ended.key not in sighting.unsettled), rules)
        else:
            judged = Judged(skip_rules(rules, "the scan gave no result"))
        sorted_by_policy.append(judged.sorted_findings)
        policy = loaded.source.path if len(terms.policies) > 1 else None
        checks += [replace(check, policy=policy) for check in judged.checks]
    return _JudgedGroup(
        standing,
        tuple(checks),
        _listed(found, terms.policies, sorted_by_policy),
        tuple(sorted_.used if sorted_ else None for sorted_ in sorted_by_policy),
    )


def _listed(
    found: Evidence, policies: Sequence[LoadedPolicy], sorted_by_policy: Sequence[Sorted | None]
) -> tuple[ListedFinding, ...]:
    """Return each finding with what the policies made of it."""
    if not isinstance(found, Findings):
        return ()
    reasons: dict[int, list[tuple[str, str]]] = {}
    for loaded, sorted_ in zip(policies, sorted_by_policy, strict=True):
        for finding, index in sorted_.ignored if sorted_ else ():
            reasons.setdefault(id(finding), []).append((loaded.source.path, loaded.policy.ignore[index].reason))
    return tuple(
        ListedFinding(finding, found.cves.get(finding.vul_id or "", ()), tuple(reasons.get(id(finding), ())))
        for finding in found.listed
    )


def _seen(sighting: Sighting, evidence: EvidenceByGroup, terms: Terms) -> Seen:
    groups = []
    for standing in sighting.standings:
        found = evidence.get(standing.key)
        groups.append(
            SeenGroup(
                phase=standing.phase.value,
                settled=standing.key not in sighting.unsettled,
                row=standing.row,
                others=standing.others,
                findings_read=isinstance(found, Findings),
                findings_error=str(found.error) if isinstance(found, FindingsMissing) else None,
            )
        )
    return Seen(
        ending=sighting.ending.value,
        error=str(sighting.error) if sighting.error else None,
        groups=tuple(groups),
        judged_at=terms.now,
        scanned_after=_moment_asked(sighting, terms.scanned_after),
    )


def _union(sets: Sequence[frozenset[int] | None]) -> frozenset[int] | None:
    known = [found for found in sets if found is not None]
    return frozenset().union(*known) if known else None


def _judge_scan(sighting: Sighting, standing: Standing | None, in_force: Sequence[RulesInForce]) -> Check:
    if standing is not None and standing.phase is Phase.AMBIGUOUS:
        return _error(Trouble.AMBIGUOUS, _ambiguity(standing))
    settled = standing is not None and standing.key not in sighting.unsettled
    if standing is not None and standing.phase is Phase.ENDED and settled:
        return _judge_end(standing.row, in_force)
    waited = format_duration(sighting.waited_seconds)
    match sighting.ending:
        case Ending.REFUSED | Ending.UNANSWERED:
            reason = str(sighting.error) if sighting.error else "no look could be taken before the deadline"
            said = reason if sighting.ending is Ending.REFUSED else f"gave up after {waited}: {reason}"
            return _error(Trouble.API, said)
        case Ending.INTERRUPTED:
            return _error(
                Trouble.INTERRUPTED,
                f"interrupted after {waited}; last state: {_last_state(sighting, standing)}",
            )
        case Ending.TIMED_OUT | Ending.ENDED:
            said = f"timed out after {waited}; last state: {_last_state(sighting, standing)}"
            return _error(Trouble.TIMEOUT, said + advice(sighting, standing))
        case unreachable:
            assert_never(unreachable)


def _judge_end(row: CicdImage, in_force: Sequence[RulesInForce]) -> Check:
    status = clean(row.scan_status, 60)
    if row.scan_status == ScanStatus.SUCCESS:
        return Check(SCAN, Result.PASSED, f"{SCAN}: {status}", actual=status)
    why = [clean(part, 200) for part in (row.scan_failed_code, row.scan_failed_desc) if part]
    said = f"{SCAN}: {status}" + (f" ({': '.join(why)})" if why else "")
    if in_force and all(accepts(rules, row) for rules in in_force):
        return Check(SCAN, Result.WARNED, f"{said}; accepted by the policy", actual=status)
    return Check(SCAN, Result.ERROR, f"{said}; the image was not judged", actual=status, trouble=Trouble.SCAN_FAILED)


def _judge_freshness(sighting: Sighting, standing: Standing | None, scanned_after: Moment | None) -> Check:
    moment = _moment_asked(sighting, scanned_after)
    asked = " and ".join(
        part
        for part in (
            f"digest {sighting.reference.image_digest}" if sighting.reference.image_digest else "",
            f"scanned at or after {format_moment(moment)}" if moment is not None else "",
        )
        if part
    )
    if standing is None:
        return Check(FRESHNESS, Result.SKIPPED, f"{FRESHNESS}: no result that is of {asked}", limit=asked)
    scanned = standing.row.latest_scan_time
    found = f"scanned {format_moment(scanned)}" if scanned is not None else "scanned at an unknown time"
    digest = clean(standing.row.image_digest or "no digest", 140)
    return Check(
        FRESHNESS,
        Result.PASSED,
        f"{FRESHNESS}: {digest}, {found}; asked for {asked}",
        f"{digest}, {found}",
        asked,
    )


def _moment_asked(sighting: Sighting, scanned_after: Moment | None) -> int | None:
    """Return the moment in epoch milliseconds; an age as it was on the server's clock, where that was known."""
    if sighting.scanned_after is not None:
        return sighting.scanned_after
    return scanned_after.epoch_ms if scanned_after else None


def _ambiguity(standing: Standing) -> str:
    shown = ", ".join(
        dict.fromkeys(
            f"{clean(row.image_digest or 'no digest', 140)} ({clean(row.scan_status, 40)}, "
            f"severity {clean(row.severity_level, 40)}, {row.vul_num} vulnerabilities)"
            for row in standing.others
        )
    )
    return f"results that cannot be told apart in time: {shown}; pass the digest that was pushed, as …@sha256:…"


def _last_state(sighting: Sighting, standing: Standing | None) -> str:
    return state_of(standing, standing.key in sighting.unsettled) if standing else "not listed"


def _error(trouble: Trouble, said: str) -> Check:
    return Check(SCAN, Result.ERROR, f"{SCAN}: {said}", trouble=trouble)
