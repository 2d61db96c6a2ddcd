"""Checks of a group with rival rows (scanned later, updated earlier): a pass holds only if every rival passes."""

from collections.abc import Sequence
from dataclasses import replace

from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.text import clean, joined
from hssgate.verdict import SCAN, Check, Result, Trouble, worst_of
from hssgate.waiting.groups import RowGroup

_ADVICE = "pass the digest that was pushed, as …@sha256:…"


def with_rivals(checks: Sequence[Check], row_group: RowGroup, codes: Sequence[ExitCode]) -> list[Check]:
    """Return the checks of a group with rivals, which passes only if each of its rows does.

    Args:
        checks: checks of the row that is newest by update time, `scan` first.
        row_group: that row, with its rivals as `others`.
        codes: exit code of each rival judged by itself.
    """
    scan, *others = checks
    rivals = joined(_named(row) for row in row_group.others)
    message = f"{_named(row_group.row)} is newer by its update time, and {rivals} by its scan time"
    if worst_of(checks) is ExitCode.PASSED and any(code is not ExitCode.PASSED for code in codes):
        message = f"{SCAN}: {message}, which does not pass; {_ADVICE}"
        return [Check(SCAN, Result.ERROR, message, trouble=Trouble.AMBIGUOUS), *others]
    if scan.result is not Result.PASSED:
        return [scan, *others]
    return [replace(scan, result=Result.WARNED, message=f"{scan.message}; {message}; {_ADVICE}"), *others]


def _named(row: CicdImage) -> str:
    return clean(row.image_digest or row.image_id or "a row without a digest", 140)
