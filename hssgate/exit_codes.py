"""Exit codes of `hssgate`, which pipelines may rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Kind of outcome of a run. 1 is never a verdict, because Python exits with it after an uncaught exception."""

    PASSED = 0  # each image was proven to meet each policy, perhaps with warnings
    CRASHED = 1  # a bug
    MISUSED = 2  # an option, IMAGE, policy or report path is wrong; no request was sent
    API_UNAVAILABLE = 3  # network, credentials, permission, unreadable response, or a report that cannot be written
    TIMED_OUT = 4  # the image did not appear, or its scan did not end
    NO_RESULT = 5  # scan failed, download failed, image too large, or a number that a rule needs is missing
    BLOCKED = 10  # the policy is violated
    INTERRUPTED = 130  # SIGINT
    TERMINATED = 143  # SIGTERM

    @property
    def meaning(self) -> str:
        """The meaning in a few words, for reports and the console."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.PASSED: "passed, perhaps with warnings",
    ExitCode.CRASHED: "crashed: a bug, never a verdict",
    ExitCode.MISUSED: "misused: option, IMAGE, policy or report path wrong",
    ExitCode.API_UNAVAILABLE: "the API could not be asked, or a report could not be written",
    ExitCode.TIMED_OUT: "timed out: the image did not appear, or its scan did not end",
    ExitCode.NO_RESULT: "no usable result: scan failed, or a needed number missing",
    ExitCode.BLOCKED: "blocked: the policy is violated",
    ExitCode.INTERRUPTED: "interrupted (SIGINT)",
    ExitCode.TERMINATED: "interrupted (SIGTERM)",
}

# Worst outcome first. A pipeline may tolerate one code, say 4 for a timeout (`allow_failure:exit_codes`). If several
# images end differently, the worst code wins, so a tolerated timeout never hides that another image is blocked.
WORST_FIRST = (
    ExitCode.CRASHED,
    ExitCode.MISUSED,
    ExitCode.TERMINATED,
    ExitCode.INTERRUPTED,
    ExitCode.BLOCKED,
    ExitCode.NO_RESULT,
    ExitCode.TIMED_OUT,
    ExitCode.API_UNAVAILABLE,
    ExitCode.PASSED,
)


def worst(*codes: ExitCode) -> ExitCode:
    """Return the worst of the codes; `NO_RESULT` if there is none, because no result is not a pass."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.NO_RESULT)
