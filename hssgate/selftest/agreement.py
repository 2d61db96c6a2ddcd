"""Comparison of a finished process with the expectations of its situation."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from hssgate.exit_codes import ExitCode
from hssgate.selftest.play import Ended
from hssgate.selftest.situation import Situation
from hssgate.selftest.surroundings import secrets_of

_WITHOUT_REPORTS = frozenset({ExitCode.CRASHED, ExitCode.MISUSED})


def disagreements(situation: Situation, ended: Ended) -> tuple[str, ...]:
    """Return a line for each difference; empty: the gate gave the expected result.

    Some expectations apply to every situation: exit code and both reports agree, the first line names the policy, no
    output contains a secret, and misuse sends no request.
    """
    return (
        *_about_the_exit(situation, ended),
        *_about_the_words(situation, ended),
        *_about_the_requests(situation, ended),
        *_about_the_reports(situation, ended),
        *_about_secrets(situation, ended),
    )


def in_words(exit_code: int | None) -> str:
    """Return an exit code with its name, such as `10 blocked`."""
    if exit_code is None:
        return "no end"
    known = ExitCode(exit_code).name.lower().replace("_", " ") if exit_code in set(ExitCode) else "unknown"
    return f"{exit_code} {known}"


def _about_the_exit(situation: Situation, ended: Ended) -> Iterator[str]:
    if ended.exit_code is None:
        yield "it did not end by itself"
    elif ended.exit_code != situation.exit_code:
        yield f"the exit code is {in_words(ended.exit_code)}, not {in_words(situation.exit_code)}"


def _about_the_words(situation: Situation, ended: Ended) -> Iterator[str]:
    output = f"{ended.out}\n{ended.err}"
    yield from (f"it does not say {words!r}" for words in situation.says if words not in output)
    for file, expected in situation.writes.items():
        yield from (f"{file} lacks {words!r}" for words in expected if words not in ended.written.get(file, ""))
    yield from (f"it says {words!r}" for words in (*situation.never_says, "Traceback") if words in output)


def _about_the_requests(situation: Situation, ended: Ended) -> Iterator[str]:
    if situation.requests is not None and ended.requests not in situation.requests:
        first, last = situation.requests.first, situation.requests.last
        expected = str(first) if first == last else f"{first} to {last}" if last else f"at least {first}"
        yield f"the API got {ended.requests} requests, not {expected}"
    if ended.exit_code == ExitCode.MISUSED and ended.requests:
        yield f"the API got {ended.requests} requests, though misuse must send none"


def _about_the_reports(situation: Situation, ended: Ended) -> Iterator[str]:
    if ended.exit_code is None:
        return
    if situation.check is None or ended.exit_code in _WITHOUT_REPORTS:
        if ended.json is not None or ended.junit is not None:
            yield "there is a report, though nothing was judged"
        return
    try:
        reported = int(ended.json["exit_code"])
        policies = [str(policy["sha256"])[:12] for policy in ended.json["policies"]]
        images = {str(image["reference"]): image["exit_code"] == 0 for image in ended.json["images"]}
    except (TypeError, KeyError, ValueError):
        yield "there is no JSON report, or it does not say how the run ended"
        return
    first = ended.out.partition("\n")[0]
    if not first.startswith("policy: ") or any(digest not in first for digest in policies or "?"):
        yield "the first line of stdout does not name the policy of the JSON report"
    if ended.contradiction is not None:
        yield f"`hssgate judge` would refuse the JSON report: {ended.contradiction}"
    if reported != ended.exit_code:
        yield f"the JSON report says {in_words(reported)}"
    if ended.exit_code == 0 and not (images and all(images.values())):
        yield "not every image of the JSON report passed"
    if ended.junit is None:
        yield "there is no JUnit report"
    else:
        yield from _about_junit(ended.junit, images, ended.exit_code)


def _about_junit(junit: bytes, images: dict[str, Any], exit_code: int) -> Iterator[str]:
    """Compare the result of each suite with its image, and the overall result with the exit code."""
    try:
        suites = {
            suite.get("name"): suite.find("*/failure") is None and suite.find("*/error") is None
            for suite in ET.fromstring(junit).iter("testsuite")  # noqa: S314 - our own report
        }
    except ET.ParseError as error:
        yield f"the JUnit report is not XML: {error}"
        return
    if exit_code != 0 and all(suites.values()):
        yield f"the JUnit report shows nothing red, and the exit code is {in_words(exit_code)}"
    for reference, passed in images.items():
        if reference not in suites:
            yield f"the JUnit report has no suite for {reference}"
        elif suites[reference] is not passed:
            yield f"the JUnit report shows {reference} as {'failed' if passed else 'passed'}, the JSON report does not"


def _about_secrets(situation: Situation, ended: Ended) -> Iterator[str]:
    junit = (ended.junit or b"").decode("utf-8", errors="replace")
    shown = "\n".join([ended.out, ended.err, str(ended.json), junit, *ended.written.values()])
    if any(secret in shown for secret in secrets_of(situation)):
        yield "it shows a secret"
