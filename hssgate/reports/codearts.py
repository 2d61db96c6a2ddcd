"""Metrics for the conditions of a CodeArts Pipeline stage: one flat JSON object of integers.

CodeArts fills in a metric that is missing with the value of the condition, which then is met. So every metric is always
there, and one that is not known has the largest value: no sensible condition accepts it.

Source: CodeArts Pipeline, user guide, sections on extensions and on pass conditions.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hssgate.exit_codes import ExitCode
from hssgate.hss.models import DetailKind, Level, ScanStatus
from hssgate.verdict import ImageVerdict, ListedDetail, ListedFinding, SeenGroup, Verdict

UNKNOWN = 2**31 - 1
_NUMBERS = (
    "high_vulnerabilities",
    "medium_vulnerabilities",
    "new_vulnerabilities",
    "sensitive_files",
    "malicious_files",
)
_NONE_KNOWN: Mapping[str, int] = MappingProxyType({})
_LEVELS = {"high_vulnerabilities": Level.HIGH, "medium_vulnerabilities": Level.MEDIUM}


def render(verdict: Verdict) -> str:
    """Return the metrics: sums over all images, known only if the gate passed or blocked."""
    judged = verdict.exit_code in (ExitCode.PASSED, ExitCode.BLOCKED)
    return metrics(verdict.exit_code, _sums(verdict) if judged else _NONE_KNOWN)


def metrics(exit_code: int, numbers: Mapping[str, int] = _NONE_KNOWN) -> str:
    """Return the metrics as text.

    Args:
        exit_code: of the gate; 1 while there is none.
        numbers: the numbers that are known.
    """
    known = {name: min(numbers.get(name, UNKNOWN), UNKNOWN) for name in _NUMBERS}
    return json.dumps({"exit_code": int(exit_code), **known}) + "\n"


def _sums(verdict: Verdict) -> dict[str, int]:
    policies = frozenset(source.path for source in verdict.policies)
    of_images = [_numbers(image, policies) for image in verdict.images]
    known = [name for name in _NUMBERS if of_images and all(name in numbers for numbers in of_images)]
    return {name: sum(numbers[name] for numbers in of_images) for name in known}


def _numbers(image: ImageVerdict, policies: frozenset[str]) -> dict[str, int]:
    """Return the numbers that are known of an image; none unless every scan of it succeeded and was judged."""
    groups = image.seen.groups if image.seen else ()
    if not groups or any(check.trouble for check in image.checks):
        return {}
    if any(group.row.scan_status != ScanStatus.SUCCESS for group in groups):  # a failure that the policy accepts
        return {}
    counted = [_of_group(image, number, group, policies) for number, group in enumerate(groups)]
    sums = {name: _sum(numbers.get(name) for numbers in counted) for name in _NUMBERS}
    return {name: number for name, number in sums.items() if number is not None}


def _of_group(image: ImageVerdict, number: int, group: SeenGroup, policies: frozenset[str]) -> dict[str, int | None]:
    """Return the numbers of a group of rows; findings and files count unless every policy ignores them."""

    def counts(listed: ListedFinding | ListedDetail) -> bool:
        return listed.group == number and not policies <= {path for path, _ in listed.ignored_by}

    numbers: dict[str, int | None] = {"malicious_files": group.row.malicious_file_num}
    if DetailKind.SENSITIVE_FILE in group.details_count:
        sensitive = [one for one in image.details if one.kind is DetailKind.SENSITIVE_FILE]
        numbers["sensitive_files"] = sum(map(counts, sensitive))
    if image.lists_all_findings(number):
        for name, level in _LEVELS.items():
            numbers[name] = sum(counts(one) for one in image.findings if one.finding.level is level)
        if any(one.group == number and one.known is not None for one in image.in_force):
            numbers["new_vulnerabilities"] = sum(counts(one) for one in image.findings if one.is_new)
    return numbers


def _sum(numbers: Iterable[int | None]) -> int | None:
    """Return the sum; None if one of the numbers is not known."""
    known = [*numbers]
    return None if None in known else sum(number for number in known if number is not None)
