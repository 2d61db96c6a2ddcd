"""Settings of one run, as validated data without behaviour."""

from pathlib import Path

from hssgate.durations import Moment
from hssgate.hss.connection import Connection
from hssgate.record import record
from hssgate.reference import Reference


@record(kw_only=True)
class WaitSettings:
    """How long to wait, and how often to poll; all in seconds.

    Args:
        timeout: for the scan to finish, counted from the start; 0 polls once.
        appear_timeout: for a fresh row to be listed and its scan to start.
        settle: least time between two equal reads of a recent success; 0 accepts the first.
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
    """One run of `check`.

    Args:
        references: the images asked for, each once.
        connection: endpoint, project and credentials.
        wait: timeouts and pauses.
        policies: policy files; none means the built-in policy.
        scanned_after: the earliest scan time that is accepted.
        details: whether to list malicious files, sensitive files and failed baseline checks.
    """

    references: tuple[Reference, ...]
    connection: Connection
    wait: WaitSettings = WaitSettings()
    policies: tuple[Path, ...] = ()
    scanned_after: Moment | None = None
    details: bool = False
