"""Policies and moments that the images of a run are judged by."""

from collections.abc import Sequence

from hssgate.durations import Moment
from hssgate.policy.load import LoadedPolicy
from hssgate.record import record


@record
class Criteria:
    """Policies and moments that the images of a run are judged by.

    Args:
        policies: the policies; an image must meet each of them.
        judged_at: the moment of judging in epoch seconds, to which the ages of scans are counted.
        scanned_after: the earliest scan time accepted, if one was given.
        expiry_override: the moment to compare expiry dates with, in epoch seconds, if it is not `judged_at`.
    """

    policies: Sequence[LoadedPolicy]
    judged_at: float
    scanned_after: Moment | None = None
    expiry_override: float | None = None

    @property
    def expiry_at(self) -> float:
        """The moment that the expiry dates of policies are compared with, in epoch seconds."""
        return self.judged_at if self.expiry_override is None else self.expiry_override
