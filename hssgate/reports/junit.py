"""JUnit report, limited to what the readers of Jenkins and GitLab accept.

Each image is a testsuite and each check a testcase with one outcome. Errors of the run that belong to no image are one
more suite, so that the report is never green while the exit code is not 0.
"""

# Quirks of readers and of the library that this module works around:
# - A failure or error without message and text is dropped by junit-xml, and the testcase shows as passed. So a message
#   is never empty.
# - GitLab shows only the text inside `failure`, not its `message`, so the text repeats the message on its first line.
# - GitLab merges testcases with the same name and class, so names are made unique.
# - An empty testsuite is not a failure to any reader, so an image without checks gets `NOTHING_JUDGED`.
# - junit-xml omits `time` if it is 0, so the shortest time is a millisecond.
# - junit-xml crashes on lone surrogates, so all text goes through `clean`.
# - junit-xml sums times as floats (0.030000000000000002), and strict readers accept three decimals.

import re
from collections import Counter
from collections.abc import Sequence

from junit_xml import TestCase, TestSuite, to_xml_report_string

from hssgate.policy.load import BUILT_IN
from hssgate.reference import Reference
from hssgate.reports.explanation import MORE, Explanation, by_rule, entries_to_paste, explanation_of
from hssgate.reports.findings import detail_line, ignored_lines, listed_line
from hssgate.reports.image_facts import path_in_repository
from hssgate.reports.size_limit import bounded
from hssgate.reports.wording import read_on, searched_in_words
from hssgate.text import clean
from hssgate.verdict import NOTHING_JUDGED, SCAN, Check, ImageVerdict, Result, RulePlace, Trouble, Verdict

__all__ = ["LEAST_SECONDS", "TestCase", "TestSuite", "render", "to_xml"]

_RUN = "run"
_LONGEST_NAME = 1000
_LONGEST_LIST = 48 * 1024  # bytes of a list of findings; with the `ignore` entries below it, under 64 kB
_LONGEST_LISTS = 1024 * 1024  # bytes of all such lists together: the library holds a document several times
_SHORTEST_LIST = 512
_LONGEST_PROPERTY = 300
_MOST_PRETTY = 100  # suites; for a pretty report the library parses the whole report once more
_MOST_IGNORE_ENTRIES = 50
LEAST_SECONDS = 0.001
_SUM_OF_TIMES = re.compile(r'(<testsuites?\b[^>]* time=")([^"]*)')


def render(verdict: Verdict) -> str:
    """Return the report as XML text."""
    lists = sum(check.result in (Result.FAILED, Result.ERROR) for image in verdict.images for check in image.checks)
    room = max(min(_LONGEST_LIST, _LONGEST_LISTS // max(lists + len(verdict.images), 1)), _SHORTEST_LIST)
    names = class_names([image.reference for image in verdict.images])
    suites = [_suite(image, name, verdict, room) for image, name in zip(verdict.images, names, strict=True)]
    if verdict.run_errors:
        suites.append(_suite_of_run(verdict))
    return to_xml(suites, pretty=len(suites) <= _MOST_PRETTY)


def to_xml(suites: Sequence[TestSuite], *, pretty: bool) -> str:
    """Return suites as XML text.

    Args:
        suites: suites of junit-xml; other modules import its classes from here.
        pretty: whether each element gets a line of its own.
    """
    text: str = to_xml_report_string(suites, prettyprint=pretty, encoding="utf-8")
    return _SUM_OF_TIMES.sub(lambda found: f"{found[1]}{float(found[2]):.3f}", text)


def _suite_of_run(verdict: Verdict) -> TestSuite:
    """Return the suite for errors of the run that belong to no image."""
    first, *_ = verdict.run_errors
    seconds = max(round(verdict.finished_at - verdict.started_at, 3), LEAST_SECONDS)
    case = TestCase(_RUN, classname=f"hssgate.{_RUN}", elapsed_sec=seconds)
    messages = [clean(error.message) for error in verdict.run_errors]
    body = "\n".join([*messages, f"More: {read_on(verdict.exit_code)}."])
    case.add_error_info(clean(first.message), body, first.trouble.value)
    return TestSuite("hssgate", [case])


def class_names(references: Sequence[Reference]) -> list[str]:
    """Return the class name of each image: its path, so that a testcase keeps its history from build to build.

    Images of one path in a run bear their versions as well, and what else it takes to tell them apart.
    """
    names = [
        [
            reference.path,
            f"{reference.path}:{reference.image_version}" if reference.image_version else reference.path,
            reference.text,
        ]
        for reference in references
    ]
    counts = [Counter(forms) for forms in zip(*names, strict=True)]
    found = []
    for forms in names:
        unique = (form for form, count in zip(forms, counts, strict=True) if count[form] == 1)
        found.append(f"hssgate.{clean(next(unique, forms[-1]), _LONGEST_NAME).replace('.', '_')}")
    return found


def _suite(image: ImageVerdict, class_name: str, verdict: Verdict, room: int) -> TestSuite:
    cases = _cases(image, class_name, verdict, room)
    return TestSuite(clean(image.reference.text, _LONGEST_NAME), cases, properties=_properties(image, verdict))


def _cases(image: ImageVerdict, class_name: str, verdict: Verdict, room: int) -> list[TestCase]:
    explanation = explanation_of(image, verdict.policies)
    causes = {id(one.causes[0].check): one for one in by_rule(explanation)} if explanation else {}
    cases = []
    taken: set[str] = set()
    for check in image.checks or (NOTHING_JUDGED,):
        name = _unique(clean(check.name, _LONGEST_NAME), taken)
        seconds = image.waited_seconds if check.rule == SCAN else 0.0
        path, number = _place(check, verdict)
        case = TestCase(
            name,
            classname=class_name,
            elapsed_sec=max(round(seconds, 3), LEAST_SECONDS),
            file=path,
            line=number,
        )
        message = f"{clean(image.reference.text, _LONGEST_NAME)}: {clean(check.message) or check.rule}"
        _set_outcome(case, check, message, _body(message, check, causes.get(id(check)), room))
        if check.rule == SCAN and (extra := _extra_lines(image, explanation)):
            case.stdout = "\n".join([*([case.stdout] if case.stdout else []), *bounded(extra, len(extra), room, str)])
        cases.append(case)
    return cases


def _place(check: Check, verdict: Verdict) -> tuple[str | None, int | None]:
    """Return file and line of the rule, or the first line of the first policy; readers link to it or annotate it."""
    first = next((RulePlace(source.path, None) for source in verdict.policies), RulePlace(BUILT_IN, None))
    place = check.place or first
    path = path_in_repository(place.path, verdict.policies)
    return clean(path, 400), None if path == BUILT_IN else place.line or 1


def _set_outcome(case: TestCase, check: Check, message: str, body: str) -> None:
    match check.result:
        case Result.FAILED:
            case.add_failure_info(message, body, "policy")
        case Result.ERROR:
            case.add_error_info(message, body, (check.trouble or Trouble.INCOMPLETE).value)
        case Result.WARNED | Result.SKIPPED:
            case.add_skipped_info(message)
        case Result.PASSED:
            case.stdout = message


def _body(message: str, check: Check, explanation: Explanation | None, room: int) -> str:
    """Return the text of a failure: its message, where it is from, and what to do.

    It is bounded because readers cut or refuse long texts; the JSON report has the whole list of findings.

    Args:
        message: message of the failure.
        check: the check that failed.
        explanation: of this check alone, if it blocks.
        room: bytes for the list of findings.
    """
    lines = [message]
    if check.policy:
        lines.append(f"policy: {clean(check.policy)}")
    if check.group:
        lines.append(f"rows: {clean(check.group)}")
    if explanation is None:
        return "\n".join([*lines, f"More: {read_on(check.exit_code)}."])
    # Findings first: what breaks `severity` or a number of vulnerabilities is fixed by updating packages.
    findings, details = explanation.findings, explanation.details
    lines += bounded(map(listed_line, findings), len(findings), 3 * room // 4, str)
    lines += bounded(map(detail_line, details), len(details), room // 4, str)
    lines += ["", *(f"What lifts it: {remedy}." for _, remedy in explanation.remedies)]
    lines += [f"Ask: {contact}" for contact in explanation.contacts]
    lines.append(f"More: {MORE}.")
    if entries := entries_to_paste([explanation], max(_MOST_IGNORE_ENTRIES * room // _LONGEST_LIST, 1)):
        lines += ["", "To let it pass, with a reason, in the policy:", entries]
    return "\n".join(lines)


def _extra_lines(image: ImageVerdict, explanation: Explanation | None) -> list[str]:
    """Return lines that do not affect the verdict: ignored findings, and details that are behind no rule."""
    behind = {*explanation.details} if explanation else set()
    details = [detail_line(one) for one in image.details if one not in behind and not one.ignored_by]
    return [*(f"ignored: {text}" for text in ignored_lines(image)), *details]


def _properties(image: ImageVerdict, verdict: Verdict) -> dict[str, str]:
    found = {  # first: `recognition` identifies an old report by them
        "hssgate.result": image.outcome.value,
        "hssgate.exit_code": str(int(image.exit_code)),
        "hssgate.polls": str(image.polls),
    }
    if image.row and (proof := image.reference.proof_of(image.row)):
        found["hssgate.proven"] = clean(proof, _LONGEST_PROPERTY)
    row = image.row.model_dump(mode="json", exclude_none=True) if image.row else {}
    for name, value in row.items():
        found[name] = clean(str(value).lower() if isinstance(value, bool) else value, _LONGEST_PROPERTY)
    for source in verdict.policies:
        found[f"policy:{clean(source.path, 400)}"] = f"sha256:{source.sha256}"
        if source.searched:
            found["policy.searched"] = clean(searched_in_words(source.searched))
    return found


def _unique(name: str, taken: set[str]) -> str:
    """Return the name, with a number appended if it was taken before."""
    unique = name
    number = 2
    while unique in taken:
        unique = f"{name} #{number}"
        number += 1
    taken.add(unique)
    return unique
