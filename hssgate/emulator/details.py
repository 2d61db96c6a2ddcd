"""Filters and pages of the detail calls."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from pydantic import JsonValue

from hssgate.emulator.findings import DetailRow, Finding, FindingFields
from hssgate.emulator.parameters import Page
from hssgate.emulator.query_parameters import (
    CheckRuleParameters,
    MalwareParameters,
    SensitiveFileParameters,
    VulnerabilityParameters,
)
from hssgate.emulator.rows import Row
from hssgate.emulator.selection import Match

Shown = tuple[int, list[dict[str, JsonValue]]]


def cut(rows: Sequence[DetailRow], page: Page) -> Shown:
    """Return the number of rows, and those of a page as JSON."""
    return len(rows), [row.as_json() for row in rows[page.offset : page.offset + page.limit]]


def findings_of(images: Iterable[Row], parameters: VulnerabilityParameters, match: Match) -> Shown:
    """Return the findings of images: for each image the named ones, then the generated ones of this page.

    Args:
        images: the images.
        parameters: the filter and the page.
        match: whether `app_name` matches a substring or the whole text; `vul_id` always matches a substring.
    """
    shown: list[dict[str, JsonValue]] = []
    total, first, end = 0, parameters.page.offset, parameters.page.offset + parameters.page.limit
    for image in images:
        for numbers, finding in _runs(image, parameters, match):
            here = numbers[max(first - total, 0) : max(end - total, 0)]
            shown.extend(finding(number).as_json() for number in here)
            total += len(numbers)
    return total, shown


def malwares_of(images: Iterable[Row], parameters: MalwareParameters) -> Shown:
    """Return the malicious files of images; `file_name` matches a substring, as the manual says."""
    text = parameters.file_name or ""
    return cut([file for image in images for file in image.malwares if text in (file.file_name or "")], parameters.page)


def sensitive_of(images: Iterable[Row], parameters: SensitiveFileParameters, match: Match) -> Shown:
    """Return the sensitive information of images.

    Args:
        images: the images.
        parameters: the filter and the page.
        match: whether `file_path` matches a substring or the whole text.
    """
    rows = [
        row
        for image in images
        for row in image.sensitive
        if parameters.severity in {None, row.severity}
        and parameters.handle_status in {None, row.handle_status or "unhandled"}
        and _is_like(row.file_path, parameters.file_path, match)
    ]
    return cut(rows, parameters.page)


def check_rules_of(images: Iterable[Row], parameters: CheckRuleParameters) -> Shown:
    """Return the baseline checks of images."""
    rows = [
        rule for image in images for rule in image.check_rules if parameters.scan_result in {None, rule.scan_result}
    ]
    return cut(rows, parameters.page)


def _runs(
    image: Row, parameters: VulnerabilityParameters, match: Match
) -> Iterator[tuple[Sequence[int], Callable[[int], Finding]]]:
    """Yield the numbers of the matching findings, and a function that returns the finding of a number."""
    text = parameters.vul_id or ""
    named = [
        finding for finding in image.findings if _passes(finding, parameters, match) and text in (finding.vul_id or "")
    ]
    yield range(len(named)), named.__getitem__
    many = image.many_findings
    if many and _passes(many, parameters, match):
        numbers = range(1, many.count + 1)
        yield [number for number in numbers if text in many.vul_id(number)] if text else numbers, many.finding


def _passes(finding: FindingFields, parameters: VulnerabilityParameters, match: Match) -> bool:
    """Whether a finding matches all filters but `vul_id`; generated findings are equal in these fields."""
    return (
        parameters.repair_necessity in {None, finding.repair_necessity}
        and parameters.type in {None, finding.kind}
        and parameters.handle_status in {None, finding.handle_status}
        and _is_like(finding.app_name, parameters.app_name, match)
    )


def _is_like(value: str | None, wanted: str | None, match: Match) -> bool:
    if wanted is None:
        return True
    return wanted in (value or "") if match == "contains" else wanted == value
