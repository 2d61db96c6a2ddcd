"""Findings of an image as HSS lists them, and the CVEs of its notices."""

from collections.abc import Mapping
from dataclasses import field

from hssgate.errors import GateError
from hssgate.hss.models import Finding
from hssgate.record import record


@record
class Findings:
    """All findings of one row.

    Args:
        listed: as HSS listed them.
        cves: the CVE ids of a notice, for those that were asked for.
    """

    listed: tuple[Finding, ...]
    cves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@record
class FindingsMissing:
    """The findings could not be had.

    Args:
        error: why.
    """

    error: GateError


FetchedFindings = Findings | FindingsMissing | None  # None: nothing needed them
