"""Parts of an image's verdict that the HTML and Markdown reports share: order, request, evidence and reads."""

import re
from collections.abc import Iterable, Sequence

from hssgate.durations import format_api_time, format_duration, format_moment
from hssgate.exit_codes import WORST_FIRST
from hssgate.hss.models import CicdImage, SeverityLevel
from hssgate.reports.language import translate, translate_message
from hssgate.text import clean
from hssgate.verdict import Check, ImageVerdict, Outcome, PolicySource, Result, Verdict

LabelledValues = list[tuple[str, str]]

READ_COLUMNS = (
    "at", "HTTP", "request id", "scan status", "scanned at", "severity", "vulnerabilities", "unsafe settings",
    "malicious files", "digest",
)  # fmt: skip
_REQUEST_ID = re.compile(
    r"(?<=; )request id \S+(?= |;)|(?<=\()request id [^\s)]+(?=\))"
)  # of a failed scan, of a failed call
_FEW = 10  # up to this many images, each has a section of its own
_LONGEST_FACT = 300
_LONGEST_VALUE = 24  # characters; longer ones are sentences, which the message has already
_LAST_READS = 2
_SEVERITY_RANKS = {level.value: rank for rank, level in enumerate(SeverityLevel)}


def worst_first(images: Iterable[ImageVerdict]) -> list[ImageVerdict]:
    """Return the images, worst first.

    They are sorted by exit code, then warnings before clean passes, then by severity level and by number of
    vulnerabilities; equal ones stay in the caller's order.
    """
    return sorted(images, key=_from_worst_to_best)


def images_in_full(verdict: Verdict) -> list[ImageVerdict]:
    """Return the images that get a section, worst first; of more than ten, those that passed cleanly get none."""
    ordered = worst_first(verdict.images)
    return ordered if len(ordered) <= _FEW else [image for image in ordered if not passed_cleanly(image)]


def with_same_checks(images: Sequence[ImageVerdict]) -> list[list[ImageVerdict]]:
    """Return images in groups whose checks do not hold in the same way.

    Messages that differ only in their request id are the same; the first id is shown, and reports have all of them.
    """
    alike: dict[tuple[tuple[Result, str], ...], list[ImageVerdict]] = {}
    for image in images:
        key = tuple(
            (check.result, _REQUEST_ID.sub("", check.message))
            for check in image.checks
            if check.result is not Result.PASSED
        )
        alike.setdefault(key, []).append(image)
    return [*alike.values()]


def passed_cleanly(image: ImageVerdict) -> bool:
    """Whether the image passed without a rule that warns."""
    return image.outcome is Outcome.PASSED and not any(check.result is Result.WARNED for check in image.checks)


def request_values(image: ImageVerdict) -> LabelledValues:
    """Return the values that the caller gave for the image."""
    moment = image.seen.scanned_after if image.seen else None
    return _labelled(
        (translate("image"), image.reference.text),
        (translate("CI/CD identifier"), image.reference.cicd_name),
        (translate("registry"), image.reference.registry_name),
        (translate("scanned at or after"), format_moment(moment) if moment is not None else None),
    )


def evidence_values(image: ImageVerdict) -> LabelledValues:
    """Return the values that show which row, scan and requests the verdict is based on."""
    row = image.row or CicdImage()
    ids = dict.fromkeys(read.request_id for read in image.reads[-_LAST_READS:] if read.request_id)
    return _labelled(
        (translate("digest"), row.image_digest),
        (translate("proven"), translate_message(image.reference.proof_of(image.row) or "") if image.row else None),
        (translate("image id"), row.image_id),
        (translate("CI/CD identifier"), row.cicd_name),
        (translate("registry"), row.registry_name),
        (translate("scan status"), row.scan_status),
        (translate("scanned at"), format_api_time(row.latest_scan_time) if row.latest_scan_time is not None else None),
        (translate("waited"), format_duration(image.waited_seconds)),
        (translate("polls"), str(image.polls)),
        (translate("last request ids"), ", ".join(ids)),
    )


def read_rows(image: ImageVerdict) -> list[tuple[str, ...]]:
    """Return the cells under `READ_COLUMNS` for each read that is kept as evidence."""
    rows = []
    for read in image.reads:
        row = read.row or CicdImage()
        scanned = format_api_time(row.latest_scan_time) if row.latest_scan_time is not None else None
        cells = (
            format_moment(read.at * 1000), read.http_status, read.request_id, row.scan_status, scanned,
            row.severity_level, row.vul_num, row.unsafe_setting_num, row.malicious_file_num, row.image_digest,
        )  # fmt: skip
        rows.append(tuple("" if cell is None else clean(cell, _LONGEST_FACT) for cell in cells))
    return rows


def path_in_repository(policy: str, policies: Iterable[PolicySource]) -> str:
    """Return the path of a policy relative to the repository if the search found it, otherwise the path as given."""
    return next((source.in_repository for source in policies if source.path == policy and source.in_repository), policy)


def values(check: Check) -> tuple[str, str]:
    """Return the value found and the limit; empty where there is none, or where it is a sentence."""
    found, limit = ("" if value is None else clean(value) for value in (check.actual, check.limit))
    return found if len(found) <= _LONGEST_VALUE else "", limit if len(limit) <= _LONGEST_VALUE else ""


def message(check: Check) -> str:
    """Return the message without the name of the rule, which has a column of its own."""
    return translate_message(clean(check.message).removeprefix(f"{check.rule}: "))


def where(check: Check) -> str:
    """Return the policy and the group of rows that the check names, if any."""
    return clean(", ".join(part for part in (check.policy, check.group) if part), _LONGEST_FACT)


def worst_checks(checks: Sequence[Check], most: int) -> Sequence[Check]:
    """Return the checks in their order; if there are more than `most`, the worst ones."""
    if len(checks) <= most:
        return checks
    order = [Result.FAILED, Result.ERROR, Result.WARNED, Result.SKIPPED, Result.PASSED]
    return sorted(checks, key=lambda check: order.index(check.result))[:most]


def _from_worst_to_best(image: ImageVerdict) -> tuple[int, bool, int, int]:
    row = image.row or CicdImage()
    level = _SEVERITY_RANKS.get(row.severity_level or "", -1)
    return WORST_FIRST.index(image.exit_code), passed_cleanly(image), -level, -(row.vul_num or 0)


def _labelled(*pairs: tuple[str, str | None]) -> LabelledValues:
    return [(name, clean(value, _LONGEST_FACT)) for name, value in pairs if value]
