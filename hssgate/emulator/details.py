"""Which details of an image a question lets through, and the page of them that is shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from pydantic import JsonValue

from hssgate.emulator.findings import DetailRow, Finding, FindingFields
from hssgate.emulator.parameters import Page
from hssgate.emulator.questions import CheckRulesQuestion, MalwareQuestion, SensitiveQuestion, VulnerabilitiesQuestion
from hssgate.emulator.rows import Row
from hssgate.emulator.selection import Match

Shown = tuple[int, list[dict[str, JsonValue]]]


def cut(rows: Sequence[DetailRow], page: Page) -> Shown:
    """Return how many rows there are, and those of a page as JSON."""
    return len(rows), [row.as_json() for row in rows[page.offset : page.offset + page.limit]]


def findings_of(images: Iterable[Row], question: VulnerabilitiesQuestion, match: Match) -> Shown:
    """Return the findings of images: of each the named ones, then the generated ones, made for this page alone.

    Args:
        images: the images meant.
        question: the filter and the page.
        match: whether `app_name` looks for a part or for the whole; `vul_id` always looks for a part.
    """
    shown: list[dict[str, JsonValue]] = []
    total, first, end = 0, question.page.offset, question.page.offset + question.page.limit
    for image in images:
        for numbers, finding in _runs(image, question, match):
            here = numbers[max(first - total, 0) : max(end - total, 0)]
            shown.extend(finding(number).as_json() for number in here)
            total += len(numbers)
    return total, shown


def malwares_of(images: Iterable[Row], question: MalwareQuestion) -> Shown:
    """Return the malicious files of images; `file_name` looks for a part, says the manual."""
    text = question.file_name or ""
    return cut([file for image in images for file in image.malwares if text in (file.file_name or "")], question.page)


def sensitive_of(images: Iterable[Row], question: SensitiveQuestion, match: Match) -> Shown:
    """Return the sensitive information of images.

    Args:
        images: the images meant.
        question: the filter and the page.
        match: whether `file_path` looks for a part or for the whole.
    """
    rows = [
        row
        for image in images
        for row in image.sensitive
        if question.severity in {None, row.severity}
        and question.handle_status in {None, row.handle_status or "unhandled"}
        and _is_like(row.file_path, question.file_path, match)
    ]
    return cut(rows, question.page)


def check_rules_of(images: Iterable[Row], question: CheckRulesQuestion) -> Shown:
    """Return the baseline rules that images were checked by."""
    rows = [rule for image in images for rule in image.check_rules if question.scan_result in {None, rule.scan_result}]
    return cut(rows, question.page)


def _runs(
    image: Row, question: VulnerabilitiesQuestion, match: Match
) -> Iterator[tuple[Sequence[int], Callable[[int], Finding]]]:
    """Yield the numbers of the findings that pass, and what gives the finding of a number."""
    text = question.vul_id or ""
    named = [
        finding for finding in image.findings if _passes(finding, question, match) and text in (finding.vul_id or "")
    ]
    yield range(len(named)), named.__getitem__
    many = image.many_findings
    if many and _passes(many, question, match):
        numbers = range(1, many.count + 1)
        yield [number for number in numbers if text in many.vul_id(number)] if text else numbers, many.finding


def _passes(finding: FindingFields, question: VulnerabilitiesQuestion, match: Match) -> bool:
    """Look at all but the `vul_id`: what generated findings have in common is looked at once."""
    return (
        question.repair_necessity in {None, finding.repair_necessity}
        and question.type in {None, finding.kind}
        and question.handle_status in {None, finding.handle_status}
        and _is_like(finding.app_name, question.app_name, match)
    )


def _is_like(value: str | None, wanted: str | None, match: Match) -> bool:
    if wanted is None:
        return True
    return wanted in (value or "") if match == "contains" else wanted == value
