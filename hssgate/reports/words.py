"""The words that the reports for people share: how a run ended, and what its exit code means."""

from hssgate.exit_codes import ExitCode
from hssgate.text import plural
from hssgate.verdict import ImageVerdict, Outcome, Result, Verdict

UNWRITTEN = "a report could not be written"


def title(verdict: Verdict) -> str:
    """Return how the run ended, in a word or a few: what is seen first."""
    match verdict.outcome:
        case Outcome.PASSED:
            return "Passed, with warnings" if verdict.warnings else "Passed"
        case Outcome.BLOCKED:
            return "Blocked"
        case Outcome.ERROR:
            return "Could not be reported" if _only_unwritten(verdict) else "Could not be judged"


def tally(verdict: Verdict) -> str:
    """Return `2 images passed, 1 image blocked`."""
    counts = {outcome: sum(image.outcome is outcome for image in verdict.images) for outcome in Outcome}
    told = ", ".join(f"{plural(count, 'image')} {word(outcome)}" for outcome, count in counts.items() if count)
    return told or "no image judged"


def meaning(verdict: Verdict) -> str:
    """Return what the exit code of the run means."""
    return UNWRITTEN if _only_unwritten(verdict) else verdict.exit_code.meaning


def word(outcome: Outcome) -> str:
    """Return the end of a sentence about one or more images."""
    match outcome:
        case Outcome.PASSED:
            return "passed"
        case Outcome.BLOCKED:
            return "blocked"
        case Outcome.ERROR:
            return "could not be judged"


def reason(image: ImageVerdict) -> str:
    """Return why the image ended as it did: the first message that says so, and how many more there are."""
    code = image.exit_code
    telling = [check.message for check in image.checks if check.exit_code is code is not ExitCode.PASSED]
    telling = telling or [check.message for check in image.checks if check.result is Result.WARNED]
    if not telling:
        return (
            f"{plural(len(image.checks), 'check')} passed" if image.outcome is Outcome.PASSED else "nothing was judged"
        )
    return telling[0] + (f" (and {len(telling) - 1} more)" if len(telling) > 1 else "")


def _only_unwritten(verdict: Verdict) -> bool:
    passed = bool(verdict.images) and all(image.outcome is Outcome.PASSED for image in verdict.images)
    return passed and verdict.interruption is None and bool(verdict.unwritten_reports)
