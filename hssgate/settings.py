"""Settings of one run, as validated data without behaviour."""

from enum import StrEnum
from pathlib import Path
from typing import assert_never

from hssgate.durations import Moment
from hssgate.hss.connection import Connection
from hssgate.record import record
from hssgate.reference import Reference


class FindingsMode(StrEnum):
    """When to read what no rule needs: findings with their CVEs, files, and failed baseline checks."""

    AUTO = "auto"  # of images that are blocked
    ALWAYS = "always"
    NEVER = "never"


@record(kw_only=True)
class WaitSettings:
    """Timeouts and pauses of the wait, in seconds.

    Args:
        timeout: time for the scan to finish, counted from the start of the run; 0 polls once.
        appear_timeout: time for a fresh row to be listed and its scan to start.
        settle: minimum time between two equal reads of a recent success; 0 accepts the first.
        interval: shortest pause between two polls.
        max_interval: longest pause between two polls.
    """

    timeout: float = 1800.0
    appear_timeout: float = 600.0
    settle: float = 5.0
    interval: float = 5.0
    max_interval: float = 60.0


@record(kw_only=True)
class Settings:
    """Settings of one run of `check`.

    Args:
        references: the images asked for, each once.
        connection: endpoint, project and credentials.
        wait: timeouts and pauses.
        policies: policy files; none means the built-in policy.
        scanned_after: the earliest scan time that is accepted.
        findings: when to read findings, files and baseline checks that no rule needs.
        lists_findings: whether a requested report also lists the findings of images that pass.
    """

    references: tuple[Reference, ...]
    connection: Connection
    wait: WaitSettings = WaitSettings()
    policies: tuple[Path, ...] = ()
    scanned_after: Moment | None = None
    findings: FindingsMode = FindingsMode.AUTO
    lists_findings: bool = False

    def reads_block_details(self, *, is_blocked: bool) -> bool:
        """Whether anything is read that no rule needs.

        Args:
            is_blocked: whether any image is.
        """
        match self.findings:
            case FindingsMode.NEVER:
                return False
            case FindingsMode.ALWAYS:
                return True
            case FindingsMode.AUTO:
                return is_blocked or self.lists_findings
            case unreachable:
                assert_never(unreachable)
