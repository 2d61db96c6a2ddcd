"""Consistency check of a saved report: derives its results again from its observations and compares.

A report contains the observations (rows, phases, findings, reads) and the rules that were in force. Checks, exit codes
and messages follow from these, so a report in which any of them was changed or removed contradicts itself. The hash of
the report is compared as well, but it alone would not do: whoever edits a report can compute a new one.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import assert_never

from hssgate.errors import Misused
from hssgate.hss.models import CicdImage
from hssgate.judging.run_warnings import judgement_warnings
from hssgate.reports.json import with_hash
from hssgate.saved.reader import SavedImage, SavedReport, read_report
from hssgate.saved.replay import criteria_of, expected_document, judge_again
from hssgate.text import clean
from hssgate.waiting.groups import Phase, is_stale, is_undated_failure
from hssgate.waiting.observation import Observation
from hssgate.waiting.states import Ending

_SLACK = 0.005  # seconds that moments may be out of order, because they are rounded to milliseconds
_LONGEST_VALUE = 80
_MOST_SHOWN = 3
_FINAL = frozenset({Phase.ENDED, Phase.AMBIGUOUS})


def read_consistent_report(path: Path) -> SavedReport:
    """Read a JSON report of `check` and check its consistency.

    Raises:
        Misused: the file cannot be read, is not such a report, or contradicts itself.
    """
    saved = read_report(path)
    if found := [*islice(contradictions(saved), _MOST_SHOWN)]:
        raise Misused(f"{path}: the report contradicts itself, so nothing is judged by it: {'; '.join(found)}")
    return saved


def contradictions(saved: SavedReport) -> Iterator[str]:
    """Yield a message for each part of a report that does not follow from the rest."""
    yield from _problems_of_run(saved)
    for number, image in enumerate(saved.images):
        for problem in _problems_of_image(saved, image):
            yield f"images[{number}] ({clean(image.observation.reference.text, 200)}): {problem}"
    stated = dict(saved.raw)
    seal = stated.pop("sha256", None)
    judged = [judge_again(image) for image in saved.images]
    yield from _differences(stated, expected_document(saved, judged), "")
    for image, again in zip(saved.images, judged, strict=True):
        for line in judgement_warnings([image.observation], [again], criteria_of(image)):
            if line not in saved.model.warnings:
                yield f"warnings: {clean(line, 300)!r} is missing"
    if seal != with_hash(stated)["sha256"]:
        yield "sha256: it does not match the rest, so the report was changed after it was written"


def _problems_of_run(saved: SavedReport) -> Iterator[str]:
    if saved.finished_at < saved.started_at:
        yield "finished_at: it is before started_at"
    references = Counter(image.observation.reference.identity for image in saved.images)
    for image in saved.images:
        if references[image.observation.reference.identity] > 1:
            yield f"images: {clean(image.observation.reference.text, 200)} is there twice"
    if not saved.model.policies:
        yield "policies: there is none"


def _problems_of_image(saved: SavedReport, image: SavedImage) -> Iterator[str]:
    model, observation = image.model, image.observation
    yield from _problems_of_times(saved, image)
    tried = {*model.details_read, *(one.what for one in model.unread)}
    if any(one.kind not in tried for one in (*model.details, *model.passed_checks)):
        yield "details_read: there are details of a kind that was not read"
    groups = [*range(len(observation.row_groups))] or [None]
    if [(one.group, one.policy) for one in model.in_force] != [
        (group, policy.path) for group in groups for policy in saved.model.policies
    ]:
        yield "in_force: it is not one entry for each group of rows and each policy"
    yield from _problems_of_sources(saved, image)
    yield from _problems_of_platforms(observation)
    for number, (row_group, group) in enumerate(zip(observation.row_groups, model.seen.groups, strict=True)):
        where = f"seen.groups[{number}]"
        if not _phase_fits(row_group.phase, row_group.row, image):
            yield f"{where}.phase: the row does not fit {row_group.phase.value!r}"
        if row_group.phase is Phase.AMBIGUOUS and len(group.others) < 2:  # noqa: PLR2004 - one row is not ambiguous
            yield f"{where}.others: fewer than two rows cannot be ambiguous"
        if group.findings_read != (group.findings_count is not None) or (
            group.findings_read and group.findings_error is not None
        ):
            yield f"{where}: findings cannot be read and not read"
    is_final = all(row_group.phase in _FINAL for row_group in observation.row_groups) and not observation.unsettled
    if (observation.ending is Ending.ENDED) != (is_final and bool(observation.row_groups)):
        yield f"seen.ending: {observation.ending.value!r} does not follow from the groups of rows"
    yield from _problems_of_reads(image)


def _problems_of_sources(saved: SavedReport, image: SavedImage) -> Iterator[str]:
    """Compare what was in force with the files that the policies name."""
    sources = {source.path: source for source in saved.model.policies}
    for number, one in enumerate(image.model.in_force):
        source = sources.get(one.policy)
        if source is not None and (one.known is None) != (source.known is None):
            yield f"in_force[{number}].known: it does not fit the file of known findings that the policy names"
        if source is not None and one.rules.exploited is not None and not source.feeds:
            yield f"in_force[{number}].rules.exploited: the policy names no feed"


def _problems_of_platforms(observation: Observation) -> Iterator[str]:
    """Compare the groups of rows with the platforms that must be found."""
    asked, groups = observation.reference.platforms, observation.row_groups
    listed = [row_group.platform for row_group in groups]
    for platform in asked if groups else ():
        if platform not in listed:
            yield f"seen.groups: there is none of the platform {clean(platform, 100)}"
    for number, row_group in enumerate(groups):
        is_due = row_group.platform in asked and listed.count(row_group.platform) == 1
        if not row_group.has_rows and not is_due:
            yield f"seen.groups[{number}].phase: a platform that is listed, or not asked for, cannot be missing"


def _problems_of_times(saved: SavedReport, image: SavedImage) -> Iterator[str]:
    if image.judged_at < saved.started_at - _SLACK:
        yield "seen.judged_at: it is before started_at"
    if image.observation.waited_seconds > saved.finished_at - saved.started_at + _SLACK:
        yield "waited_seconds: it is longer than the run"
    moments = [saved.started_at, *(read.at for read in image.observation.reads), saved.finished_at]
    if any(later < earlier - _SLACK for earlier, later in pairwise(moments)):
        yield "reads: their times are out of order"


def _problems_of_reads(image: SavedImage) -> Iterator[str]:
    """Compare the last answered read with the row that it must have returned."""
    # Only the last answer can be checked: the row groups are as it left them, while the rows of earlier reads are not
    # in the report. A read has the fields of one row, that of the group whose phase comes first in `Phase`, so it is
    # compared with the row of that group.
    reads, observation = image.observation.reads, image.observation
    if len(reads) > observation.polls or (observation.polls and not reads):
        yield "reads: their number does not fit the number of polls"
    if observation.ending is Ending.ENDED and not (reads and reads[-1].answered):
        yield "reads: the last one has no answer, but the wait is said to have ended with a result"
    answered = [read for read in reads if read.answered]
    if not answered:
        if observation.row_groups and len(reads) == observation.polls:
            yield "seen.groups: no read has an answer"
        return
    order = list(Phase)
    telling = min(observation.row_groups, key=lambda row_group: order.index(row_group.phase), default=None)
    shown = CicdImage() if telling is None else telling.row
    for field in _FIELDS_OF_READS:
        if getattr(answered[-1].row, field) != getattr(shown, field):
            yield f"reads: the last answer has another {field} than the row"


_FIELDS_OF_READS = (
    "scan_status", "image_digest", "latest_scan_time", "severity_level", "vul_num", "unsafe_setting_num",
    "malicious_file_num",
)  # fmt: skip


def _phase_fits(phase: Phase, row: CicdImage, image: SavedImage) -> bool:
    """Whether a row can be in the phase that the report states; a row that vanished may have had any status."""
    match phase:
        case Phase.ENDED:
            now = int(1000 * image.judged_at)
            is_fresh = not is_stale(row, image.observation.scanned_after, now) or is_undated_failure(row, now)
            return row.is_terminal and is_fresh
        case Phase.AMBIGUOUS | Phase.STALE:
            return row.is_terminal
        case Phase.IN_PROGRESS:
            return row.is_moving and row.is_documented
        case Phase.UNDOCUMENTED:
            return row.is_moving and not row.is_documented
        case Phase.UNSCANNED:
            return row.is_unscanned
        case Phase.VANISHED | Phase.ABSENT:
            return phase is Phase.VANISHED or bool(image.observation.reference.platforms)
        case unreachable:
            assert_never(unreachable)


def _differences(stated: object, expected: object, path: str) -> Iterator[str]:
    """Yield a message for each difference of two documents, with its key path."""
    match stated, expected:
        case dict(), dict():
            for key in dict.fromkeys([*expected, *stated]):
                where = f"{path}.{clean(key, _LONGEST_VALUE)}" if path else clean(key, _LONGEST_VALUE)
                if key not in expected:
                    yield f"{where}: `check` does not write this key"
                elif key not in stated:
                    yield f"{where}: it is missing"
                else:
                    yield from _differences(stated[key], expected[key], where)
        case list(), list():
            if len(stated) != len(expected):
                yield f"{path}: there are {len(stated)}, and {len(expected)} follow from the rest"
            for number, (one, other) in enumerate(zip(stated, expected, strict=False)):
                yield from _differences(one, other, f"{path}[{number}]")
        case _ if stated != expected or isinstance(stated, bool) is not isinstance(expected, bool):
            yield f"{path}: {_shown(stated)} is stated, and {_shown(expected)} follows from the rest"


def _shown(value: object) -> str:
    return clean(json.dumps(value, ensure_ascii=False), _LONGEST_VALUE)
