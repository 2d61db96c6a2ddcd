"""Wording that the reports for people share: policy, outcome, meaning of the exit code."""

from collections.abc import Iterable

from hssgate.exit_codes import ExitCode
from hssgate.policy.load import BUILT_IN
from hssgate.policy.search import NAMES_IN_WORDS
from hssgate.text import clean, plural
from hssgate.verdict import ImageVerdict, Outcome, PolicySource, Result, Verdict

UNWRITTEN = "a report could not be written"
SHORT_SHA = 12  # digits of a SHA-256 that tell policies apart
_LONGEST_PATH = 300


def policy_line(policies: Iterable[PolicySource]) -> str:
    """Return which policies judge, in one line: the first of a run's output."""
    return f"policy: {', '.join(map(policy_in_words, policies))}"


def policy_in_words(source: PolicySource) -> str:
    """Return `hssgate.yaml (sha256 0123456789ab)`; of the built-in policy also where a file was looked for."""
    searched = f"; {searched_in_words(source.searched)}" if source.searched else ""
    return f"{policy_name(source)} (sha256 {source.sha256[:SHORT_SHA]}{searched})"


def policy_name(source: PolicySource) -> str:
    """Return the path of the policy, or `built-in policy`."""
    return "built-in policy" if source.path == BUILT_IN else clean(source.path, _LONGEST_PATH)


def searched_in_words(searched: tuple[str, str]) -> str:
    """Return `no hssgate.yaml, .yml, .toml or .json in /src/app/api or above, up to /src/app`."""
    first, last = [clean(folder, _LONGEST_PATH) for folder in searched]
    return f"no {NAMES_IN_WORDS} in {first}" + (f" or above, up to {last}" if last != first else "")


def title(verdict: Verdict) -> str:
    """Return how the run ended, in a word or a few: what is seen first."""
    match verdict.outcome:
        case Outcome.PASSED:
            return "Passed, with warnings" if verdict.warnings else "Passed"
        case Outcome.BLOCKED:
            return "Blocked"
        case Outcome.ERROR:
            if verdict.interruption is not None:
                return "Interrupted"
            return "Could not be reported" if _only_unwritten(verdict) else "Could not be judged"


def tally(verdict: Verdict) -> str:
    """Return `2 images passed, 1 image blocked`."""
    counts = {outcome: sum(image.outcome is outcome for image in verdict.images) for outcome in Outcome}
    counted = ", ".join(f"{plural(count, 'image')} {word(outcome)}" for outcome, count in counts.items() if count)
    return counted or "no image judged"


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
