"""Wording shared by the console and the HTML and Markdown reports: policy, outcome, meaning of the exit code."""

from collections.abc import Collection, Iterable

from hssgate.exit_codes import ExitCode
from hssgate.policy.load import BUILT_IN
from hssgate.policy.search import NAMES_IN_WORDS
from hssgate.reports.language import translate, translate_count, translate_message
from hssgate.text import clean
from hssgate.verdict import ImageVerdict, Outcome, PolicySource, Result, Verdict

UNWRITTEN = "a report could not be written"
SHORT_SHA = 12  # digits of a SHA-256 that are shown; enough to distinguish policies
_LONGEST_PATH = 300


def policy_line(policies: Iterable[PolicySource]) -> str:
    """Return the policies in one line, which is the first line of a run's output."""
    return f"policy: {', '.join(map(policy_in_words, policies))}"


def policy_in_words(source: PolicySource) -> str:
    """Return `hssgate.yaml (sha256 0123456789ab)`; for the built-in policy also the folders that were searched."""
    searched = f"; {searched_in_words(source.searched)}" if source.searched else ""
    return f"{policy_name(source)} (sha256 {source.sha256[:SHORT_SHA]}{searched})"


def policy_name(source: PolicySource) -> str:
    """Return the path of the policy, or `built-in policy`."""
    return translate("built-in policy") if source.path == BUILT_IN else clean(source.path, _LONGEST_PATH)


def searched_in_words(searched: tuple[str, str]) -> str:
    """Return `no hssgate.yaml, .yml, .toml or .json in /src/app/api or above, up to /src/app`."""
    first, last = [clean(folder, _LONGEST_PATH) for folder in searched]
    if last == first:
        return translate("no {names} in {folder}", names=translate(NAMES_IN_WORDS), folder=first)
    return translate(
        "no {names} in {folder} or above, up to {last}", names=translate(NAMES_IN_WORDS), folder=first, last=last
    )


def title(verdict: Verdict) -> str:
    """Return the outcome of the run as a title."""
    match verdict.outcome:
        case Outcome.PASSED:
            return translate("Passed, with warnings") if verdict.warnings else translate("Passed")
        case Outcome.BLOCKED:
            return translate("Blocked")
        case Outcome.ERROR:
            if verdict.interruption is not None:
                return translate("Interrupted")
            return translate("Could not be reported") if _only_unwritten(verdict) else translate("Could not be judged")


def tally(verdict: Verdict) -> str:
    """Return `2 images passed, 1 image blocked`."""
    counts = {outcome: sum(image.outcome is outcome for image in verdict.images) for outcome in Outcome}
    counted = translate(", ").join(
        translate("{images} {outcome}", images=translate_count(count, "image"), outcome=word(outcome))
        for outcome, count in counts.items()
        if count
    )
    return counted or translate("no image judged")


def warning_lines(verdict: Verdict, printed: Collection[str] = ()) -> list[str]:
    """Return the warnings of the run; what is the same for several images is one line with their number.

    Args:
        verdict: the verdict.
        printed: warnings that are left out.
    """
    names = {image.reference.text for image in verdict.images}
    alike: dict[str, list[str]] = {}
    for line in verdict.warnings:
        if line in printed:
            continue
        name, _, text = line.partition(": ")
        alike.setdefault(text if name in names else line, []).append(name if name in names else "")
    return [
        f"{f'{whose}: ' if (whose := translate_count(len(of), 'image') if len(of) > 1 else of[0]) else ''}"
        f"{translate_message(text)}"
        for text, of in alike.items()
    ]


def meaning(verdict: Verdict) -> str:
    """Return the meaning of the run's exit code."""
    return translate(UNWRITTEN if _only_unwritten(verdict) else verdict.exit_code.meaning)


def read_on(code: ExitCode) -> str:
    """Return the address of the section of the documentation that explains an exit code."""
    return translate(
        "https://github.com/hssgate/hssgate/blob/main/docs/troubleshooting.md#exit-code-{code}", code=int(code)
    )


def word(outcome: Outcome) -> str:
    """Return the predicate of a sentence about one or more images."""
    match outcome:
        case Outcome.PASSED:
            return translate("passed")
        case Outcome.BLOCKED:
            return translate("blocked")
        case Outcome.ERROR:
            return translate("could not be judged")


def reason(image: ImageVerdict) -> str:
    """Return the reason for the image's outcome: the first message that explains it, and the number of others."""
    code = image.exit_code
    reasons = [check.message for check in image.checks if check.exit_code is code is not ExitCode.PASSED]
    reasons = reasons or [check.message for check in image.checks if check.result is Result.WARNED]
    if not reasons:
        return (
            translate("{checks} passed", checks=translate_count(len(image.checks), "check"))
            if image.outcome is Outcome.PASSED
            else translate("nothing was judged")
        )
    more = translate(" (and {count} more)", count=len(reasons) - 1) if len(reasons) > 1 else ""
    return translate_message(reasons[0]) + more


def _only_unwritten(verdict: Verdict) -> bool:
    passed = bool(verdict.images) and all(image.outcome is Outcome.PASSED for image in verdict.images)
    return passed and verdict.interruption is None and bool(verdict.unwritten_reports)
