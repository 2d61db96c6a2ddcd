"""The server's clock beside this machine's, and how WHEN is read where the two differ."""

from collections.abc import Callable

from hssgate.clock import Clock
from hssgate.durations import AHEAD_AT_MOST, Moment, describe_skew, format_moment
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing

_WARNED_FROM = 60.0  # seconds of difference that are worth a warning
_KNOWN_FROM = 2.0  # seconds; a `Date` has whole ones, and takes a while to get here
_COUNTED_AT_MOST = AHEAD_AT_MOST / 1000


class ServerClock:
    """The difference of the server's clock, as far as the answers of a run show it.

    Args:
        clock: this machine's.
        warn: called with a line where the clocks differ widely.
        note: called with a line where WHEN is read otherwise than it was given.
    """

    def __init__(self, clock: Clock, warn: Callable[[str], None], note: Callable[[str], None]) -> None:
        self._clock = clock
        self._monotonic_offset = clock.epoch() - clock.monotonic()  # WHEN is of this clock, even if it is set meanwhile
        self._warn = warn
        self._note = note
        self._ahead = 0.0  # seconds that the server's clock is ahead of ours, as far as an answer has proven it
        self._has_warned = False

    def note(self, listing: Listing[CicdImage], began: float) -> None:
        """Take in the time that an answer gives; one without a time leaves what was known.

        The server wrote its `Date` at some moment between the question and the answer, or before it where the answer
        comes from a cache. What is taken is the least difference that this allows.

        Args:
            listing: the answer, which has just come.
            began: when it was asked for, on the monotonic clock.
        """
        if listing.server_time is None:
            return
        asked, ended = (self._monotonic_offset + moment for moment in (began, self._clock.monotonic()))
        least, most = listing.server_time - ended, listing.server_time + listing.age - asked
        self._ahead = max(least, min(most, 0.0))
        if abs(self._ahead) > _WARNED_FROM and not self._has_warned:
            self._has_warned = True
            self._warn(describe_skew(self._ahead))

    def reading_of(self, when: Moment | None) -> int | None:
        """Return the moment that results are compared with, in epoch milliseconds of the server's clock.

        A moment may have been taken from this machine's clock or from the server's, so the later reading counts. An age
        is counted from the present of the server's clock. A difference of more than a quarter of an hour is
        rather a wrong `Date` than a wrong clock, and must not make an old result fresh: it moves WHEN back by no more.
        """
        if when is None:
            return None
        if abs(self._ahead) <= _KNOWN_FROM:
            return when.epoch_ms
        later = min(max(self._ahead, 0.0), _COUNTED_AT_MOST)
        ahead = max(self._ahead, -_COUNTED_AT_MOST) if when.is_age else later
        reading = when.epoch_ms + int(1000 * ahead)
        if reading != when.epoch_ms:
            self._note(f"for the difference of the clocks, {when} is read as {format_moment(reading)}")
        return reading
