"""Settings of one run: validated data without behaviour."""

from pathlib import Path

from hssgate.durations import Moment
from hssgate.hss.connection import Connection
from hssgate.record import record
from hssgate.reference import Reference


@record(kw_only=True)
class Patience:
    """How long and how often to look; all in seconds.

    Args:
        timeout: for the scan to end, counted from the start; 0 looks once.
        appear_timeout: for a fresh row to be listed and its scan to start.
        settle: how far apart two equal reads of a young success must be; 0 believes the first.
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
        connection: where and how to ask.
        patience: how long and how often.
        policies: policy files; none means the built-in policy.
        scanned_after: the earliest scan time that is believed.
        details: whether to list what else HSS found.
    """

    references: tuple[Reference, ...]
    connection: Connection
    patience: Patience = Patience()
    policies: tuple[Path, ...] = ()
    scanned_after: Moment | None = None
    details: bool = False
