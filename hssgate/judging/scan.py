"""Checks of scan and freshness, which no policy can switch off."""

from collections.abc import Sequence
from typing import assert_never

from hssgate.durations import Moment, format_duration, format_moment
from hssgate.hss.models import CicdImage, ScanStatus
from hssgate.judging.hints import advice
from hssgate.policy.judge import all_accept
from hssgate.policy.rules import RulesInForce
from hssgate.reference import Reference
from hssgate.text import clean, joined
from hssgate.verdict import (
    SCAN,
    Check,
    Result,
    Trouble,
)
from hssgate.waiting.groups import COMPARED, NO_ROWS, Phase, RowGroup
from hssgate.waiting.observation import Observation, scanned_when, state_of
from hssgate.waiting.states import Ending

FRESHNESS = "freshness"
_MOST_DIGESTS = 6
_ALWAYS_NAMED = {"image_digest", "scan_status", "severity_level", "vul_num"}  # fields shown for each ambiguous row


def judge_scan(observation: Observation, row_group: RowGroup, rules_by_policy: Sequence[RulesInForce]) -> Check:
    """Return the `scan` check of one group of rows.

    Args:
        observation: state of the image's rows when the wait ended.
        row_group: the group to judge.
        rules_by_policy: the rules of each policy that are in force for the group.
    """
    if row_group.phase is Phase.AMBIGUOUS:
        return _error(Trouble.AMBIGUOUS, _ambiguity(row_group))
    if row_group.phase is Phase.ENDED and row_group.key not in observation.unsettled:
        return _judge_end(observation, row_group.row, rules_by_policy)
    waited = format_duration(observation.waited_seconds)
    match observation.ending:
        case Ending.REFUSED | Ending.UNANSWERED:
            reason = str(observation.error) if observation.error else "no poll was possible before the deadline"
            message = reason if observation.ending is Ending.REFUSED else f"gave up after {waited}: {reason}"
            return _error(Trouble.API, message)
        case Ending.INTERRUPTED:
            return _error(
                Trouble.INTERRUPTED,
                f"interrupted after {waited}; last state: {_last_state(observation, row_group)}",
            )
        case Ending.TIMED_OUT if _is_failure_of_the_digest(observation, row_group):
            message = (
                f"{_failure(row_group.row, observation)}; {scanned_when(row_group.row)}; "
                f"no newer scan was listed within {waited}, the image was not judged"
            )
            return _error(Trouble.SCAN_FAILED, message)
        case Ending.TIMED_OUT | Ending.ENDED:
            option = f" ({observation.time_up})" if observation.time_up else ""
            message = f"{timed_out_after(observation)}{option}; last state: {_last_state(observation, row_group)}"
            return _error(Trouble.TIMEOUT, message + advice(observation, row_group))
        case unreachable:
            assert_never(unreachable)


def timed_out_after(observation: Observation) -> str:
    """Return the first words of a timeout's message, which do not depend on the rows of other images."""
    return f"timed out after {format_duration(observation.waited_seconds)}"


def _judge_end(observation: Observation, row: CicdImage, rules_by_policy: Sequence[RulesInForce]) -> Check:
    status = clean(row.scan_status, 60)
    if row.scan_status == ScanStatus.SUCCESS:
        return Check(SCAN, Result.PASSED, f"{SCAN}: {status}", actual=status)
    if all_accept(rules_by_policy, row):
        return Check(SCAN, Result.WARNED, f"{SCAN}: {_failure(row)}; accepted by the policy", actual=status)
    message = f"{SCAN}: {_failure(row, observation)}; the image was not judged"
    return Check(SCAN, Result.ERROR, message, actual=status, trouble=Trouble.SCAN_FAILED)


def _is_failure_of_the_digest(observation: Observation, row_group: RowGroup) -> bool:
    """Whether the scan of the requested digest failed before `--scanned-after`, and no newer scan appeared."""
    return bool(observation.reference.digests) and row_group.phase is Phase.STALE and row_group.row.is_failure


def _failure(row: CicdImage, observation: Observation | None = None) -> str:
    """Return what failed, in plain words if the code is known, with the words of HSS in brackets.

    Args:
        row: the row of the failed scan.
        observation: of the image; with it also what to do next and the request id, which an accepted failure needs not.
    """
    from hssgate.judging.scan_failures import failure_of  # a scan that succeeded needs no table

    known = failure_of(row)
    parts = [clean(row.scan_status, 60) + (f": {known.happened}" if known else "")]
    if observation and known:
        parts.append(known.next_step)
    if observation and (request_id := _last_request_id(observation)):
        parts.append(f"request id {request_id}")
    own_words = [clean(part, 200) for part in (row.scan_failed_code, row.scan_failed_desc) if part]
    return "; ".join(parts) + (f" ({': '.join(own_words)})" if own_words else "")


def _last_request_id(observation: Observation) -> str | None:
    """Return the id of the last request that was answered, which showed the failure."""
    found = next((read.request_id for read in reversed(observation.reads) if read.answered), None)
    return clean(found, 200) if found else None


def judge_freshness(observation: Observation, row_group: RowGroup, scanned_after: Moment | None) -> Check:
    """Return the `freshness` check, which names the proof that the result belongs to the image that was pushed.

    Args:
        observation: state of the image's rows when the wait ended.
        row_group: the group that is judged.
        scanned_after: the earliest scan time accepted, if one was given.
    """
    moment = earliest_scan_time(observation, scanned_after)
    asked = " and ".join(
        part
        for part in (
            _digests_asked(observation.reference, row_group),
            f"scanned at or after {format_moment(moment)}" if moment is not None else "",
        )
        if part
    )
    if row_group.phase is not Phase.ENDED:
        return Check(FRESHNESS, Result.SKIPPED, f"{FRESHNESS}: no result for {asked}", limit=asked)
    found = scanned_when(row_group.row)
    digest = clean(row_group.row.image_digest or "no digest", 140)
    return Check(
        FRESHNESS,
        Result.PASSED,
        f"{FRESHNESS}: {digest}, {found}; asked for {asked}",
        f"{digest}, {found}",
        asked,
    )


def _digests_asked(reference: Reference, row_group: RowGroup) -> str:
    """Return the accepted digests of a group and their source, in words; with a registry, those of its platform."""
    if not reference.digests:
        return ""
    digests: Sequence[str] = reference.digests
    if reference.resolved and row_group.key != NO_ROWS.key:
        digests = [one.digest for one in reference.resolved if one.platform == row_group.platform]
    source = clean(reference.proof_of(row_group.row) or "by the registry", 200)
    more = ", …" if len(digests) > _MOST_DIGESTS else ""
    return f"digest {' or '.join(digests[:_MOST_DIGESTS])}{more} ({source})"


def earliest_scan_time(observation: Observation, scanned_after: Moment | None) -> int | None:
    """Return the moment of `--scanned-after` in epoch milliseconds; an age counts by the server's clock if known."""
    if observation.scanned_after is not None:
        return observation.scanned_after
    return scanned_after.epoch_ms if scanned_after else None


def _ambiguity(row_group: RowGroup) -> str:
    """Return a message about the rows that may be the newest, each with the fields that differ."""
    differing = [
        name
        for name in COMPARED
        if name not in _ALWAYS_NAMED and len({getattr(row, name) for row in row_group.others}) > 1
    ]
    shown = joined(
        f"{clean(row.image_digest or 'no digest', 140)} ({clean(row.scan_status, 40)}, "
        f"severity {clean(row.severity_level, 40)}, {row.vul_num} vulnerabilities"
        + "".join(f", {name} {clean(getattr(row, name), 80)}" for name in differing)
        + ")"
        for row in row_group.others
    )
    return f"results that cannot be told apart in time: {shown}; pass the digest that was pushed, as …@sha256:…"


def _last_state(observation: Observation, row_group: RowGroup) -> str:
    return state_of(row_group, row_group.key in observation.unsettled)


def _error(trouble: Trouble, message: str) -> Check:
    return Check(SCAN, Result.ERROR, f"{SCAN}: {message}", trouble=trouble)
