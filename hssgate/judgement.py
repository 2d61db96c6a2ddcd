"""From what was seen of an image to its verdict: the scan, its freshness, and every policy."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from hssgate.api.models import CicdImage, ScanStatus
from hssgate.durations import Moment, format_duration, format_moment
from hssgate.exit_codes import WORST_FIRST
from hssgate.grouping import Phase, Standing
from hssgate.nearby import advice
from hssgate.policy.judge import RulesInForce, Subject, accepts, judge_row, rules_for, skip_rules
from hssgate.policy.load import LoadedPolicy
from hssgate.sighting import Ending, Sighting, state_of
from hssgate.text import clean
from hssgate.verdict import SCAN, Check, ImageVerdict, Result, Trouble

FRESHNESS = "freshness"


def judge_sighting(
    sighting: Sighting, policies: Sequence[LoadedPolicy], now: float, scanned_after: Moment | None
) -> ImageVerdict:
    """Return the verdict on one image.

    Args:
        sighting: what was seen of it.
        policies: each of which must be held to.
        now: epoch seconds, for ages and expiry.
        scanned_after: the moment asked for, to say that the result is fresh.
    """
    checks: list[Check] = []
    for standing in sighting.standings or (None,):
        group = standing.label if standing and len(sighting.standings) > 1 else None
        checks += [replace(check, group=group) for check in _judge(sighting, standing, policies, now, scanned_after)]
    return ImageVerdict(
        reference=sighting.reference,
        checks=tuple(checks),
        row=_worst_row(sighting, policies, now, scanned_after),
        waited_seconds=sighting.waited_seconds,
        polls=sighting.polls,
        reads=sighting.reads,
    )


def subject_of(sighting: Sighting, standing: Standing | None) -> Subject:
    """Return what the overrides are matched against: the row's names, or those asked for where there is no row."""
    named = standing.row if standing else sighting.reference
    return Subject(named.namespace, named.image_name or sighting.reference.image_name, named.image_version)


def is_proven_fresh(sighting: Sighting, scanned_after: Moment | None) -> bool:
    """Whether a digest or a scan time proves that the result is of the image meant."""
    return sighting.reference.image_digest is not None or scanned_after is not None


def _judge(
    sighting: Sighting,
    standing: Standing | None,
    policies: Sequence[LoadedPolicy],
    now: float,
    scanned_after: Moment | None,
) -> list[Check]:
    subject = subject_of(sighting, standing)
    in_force = [rules_for(loaded, subject, now) for loaded in policies]
    scan = _judge_scan(sighting, standing, in_force)
    checks = [scan]
    has_result = standing is not None and standing.phase is Phase.ENDED
    if is_proven_fresh(sighting, scanned_after):
        checks.append(_judge_freshness(sighting, standing if has_result else None, scanned_after))
    for loaded, rules in zip(policies, in_force, strict=True):
        if has_result and standing is not None and standing.row.scan_status == ScanStatus.SUCCESS:
            judged = judge_row(standing.row, rules, now)
        else:
            judged = skip_rules(rules, "the scan gave no result")
        policy = loaded.source.path if len(policies) > 1 else None
        checks += [replace(check, policy=policy) for check in judged]
    return checks


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
    asked = " and ".join(
        part
        for part in (
            f"digest {sighting.reference.image_digest}" if sighting.reference.image_digest else "",
            f"scanned at or after {scanned_after}" if scanned_after else "",
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


def _worst_row(
    sighting: Sighting, policies: Sequence[LoadedPolicy], now: float, scanned_after: Moment | None
) -> CicdImage | None:
    """Return the row of the group that decided: the one that would have ended the run worst on its own."""
    verdicts = [
        (
            ImageVerdict(sighting.reference, tuple(_judge(sighting, standing, policies, now, scanned_after))),
            standing.row,
        )
        for standing in sighting.standings
    ]
    return min(verdicts, key=lambda pair: WORST_FIRST.index(pair[0].exit_code))[1] if verdicts else None
