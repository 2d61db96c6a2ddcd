"""Exit codes that a pipeline may rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """One number per kind of outcome; 1 is never a verdict."""

    PASSED = 0  # every image was proven to hold to the policy, perhaps with warnings
    CRASHED = 1  # a bug: Python's own code for an uncaught exception
    MISUSED = 2  # option, IMAGE, policy or report path wrong; nothing was asked of the API
    API_UNAVAILABLE = 3  # network, credentials, permission, unreadable answer, or a report that cannot be written
    TIMED_OUT = 4  # the image did not appear, or its scan did not end
    NO_RESULT = 5  # scan failed, download failed, image too large, or a needed number missing
    BLOCKED = 10  # the policy is violated
    INTERRUPTED = 130  # SIGINT
    TERMINATED = 143  # SIGTERM

    @property
    def meaning(self) -> str:
        """What it means, in a few words."""
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

# The worst outcome first: softening one code in a pipeline never hides a worse one.
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
    """Return the worst of the codes; of none at all, `NO_RESULT`: nothing seen is not a pass."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.NO_RESULT)
