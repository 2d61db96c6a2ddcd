"""Facts about images that the reports for people share: order, request and evidence."""

from collections.abc import Iterable, Sequence

from hssgate.durations import format_duration, format_moment, worded_time
from hssgate.exit_codes import WORST_FIRST
from hssgate.hss.models import CicdImage, SeverityLevel
from hssgate.text import clean
from hssgate.verdict import Check, ImageVerdict, Outcome, PolicySource, Result, Verdict

LabelledValues = list[tuple[str, str]]

READ_COLUMNS = (
    "at", "HTTP", "request id", "scan status", "scanned at", "severity", "vulnerabilities", "unsafe settings",
    "malicious files", "digest",
)  # fmt: skip
_FEW = 10  # images, of which each has its section even where it simply passed
_LONGEST_FACT = 300
_LONGEST_VALUE = 24  # what is longer is a sentence, and the message has it
_LAST_READS = 2
_SEVERITY_RANKS = {level.value: rank for rank, level in enumerate(SeverityLevel)}


def worst_first(images: Iterable[ImageVerdict]) -> list[ImageVerdict]:
    """Return the images, the worst first.

    By exit code, those that simply passed last; among equals by severity level, then by the number of vulnerabilities;
    else in the caller's order.
    """
    return sorted(images, key=_from_worst_to_best)


def images_in_full(verdict: Verdict) -> list[ImageVerdict]:
    """Return the images that have a section of their own, the worst first: of many, those that did not simply pass."""
    ordered = worst_first(verdict.images)
    return ordered if len(ordered) <= _FEW else [image for image in ordered if not passed_simply(image)]


def passed_simply(image: ImageVerdict) -> bool:
    """Whether the image passed without a rule that warns."""
    return image.outcome is Outcome.PASSED and not any(check.result is Result.WARNED for check in image.checks)


def asked(image: ImageVerdict) -> LabelledValues:
    """Return what the caller asked for."""
    moment = image.seen.scanned_after if image.seen else None
    return _labelled(
        ("image", image.reference.text),
        ("CI/CD identifier", image.reference.cicd_name),
        ("registry", image.reference.registry_name),
        ("scanned at or after", format_moment(moment) if moment is not None else None),
    )


def evidence(image: ImageVerdict) -> LabelledValues:
    """Return by what it can be seen that the verdict is of the image meant."""
    row = image.row or CicdImage()
    ids = dict.fromkeys(read.request_id for read in image.reads[-_LAST_READS:] if read.request_id)
    return _labelled(
        ("digest", row.image_digest),
        ("proven", image.reference.proof if image.row else None),
        ("image id", row.image_id),
        ("CI/CD identifier", row.cicd_name),
        ("registry", row.registry_name),
        ("scan status", row.scan_status),
        ("scanned at", worded_time(row.latest_scan_time) if row.latest_scan_time is not None else None),
        ("waited", format_duration(image.waited_seconds)),
        ("polls", str(image.polls)),
        ("last request ids", ", ".join(ids)),
    )


def reads(image: ImageVerdict) -> list[tuple[str, ...]]:
    """Return a row under `READ_COLUMNS` for each look that is kept as evidence."""
    rows = []
    for read in image.reads:
        row = read.row or CicdImage()
        scanned = worded_time(row.latest_scan_time) if row.latest_scan_time is not None else None
        cells = (
            format_moment(read.at * 1000), read.http_status, read.request_id, row.scan_status, scanned,
            row.severity_level, row.vul_num, row.unsafe_setting_num, row.malicious_file_num, row.image_digest,
        )  # fmt: skip
        rows.append(tuple("" if cell is None else clean(cell, _LONGEST_FACT) for cell in cells))
    return rows


def path_in_repository(policy: str, policies: Iterable[PolicySource]) -> str:
    """Return the path by which a code host knows a policy: as it was given, where the search found no other."""
    return next((source.in_repository for source in policies if source.path == policy and source.in_repository), policy)


def values(check: Check) -> tuple[str, str]:
    """Return what was found and what is accepted, as far as they are values."""
    found, limit = ("" if value is None else clean(value) for value in (check.actual, check.limit))
    return found if len(found) <= _LONGEST_VALUE else "", limit if len(limit) <= _LONGEST_VALUE else ""


def message(check: Check) -> str:
    """Return the message without the name of the rule, which stands beside it."""
    return clean(check.message).removeprefix(f"{check.rule}: ")


def where(check: Check) -> str:
    """Return the policy and the rows of the check, where there are several."""
    return clean(", ".join(part for part in (check.policy, check.group) if part), _LONGEST_FACT)


def worst_checks(checks: Sequence[Check], most: int) -> Sequence[Check]:
    """Return the checks in their order; where there are more than fit, the worst of them."""
    if len(checks) <= most:
        return checks
    order = [Result.FAILED, Result.ERROR, Result.WARNED, Result.SKIPPED, Result.PASSED]
    return sorted(checks, key=lambda check: order.index(check.result))[:most]


def _from_worst_to_best(image: ImageVerdict) -> tuple[int, bool, int, int]:
    row = image.row or CicdImage()
    level = _SEVERITY_RANKS.get(row.severity_level or "", -1)
    return WORST_FIRST.index(image.exit_code), passed_simply(image), -level, -(row.vul_num or 0)


def _labelled(*pairs: tuple[str, str | None]) -> LabelledValues:
    return [(name, clean(value, _LONGEST_FACT)) for name, value in pairs if value]
