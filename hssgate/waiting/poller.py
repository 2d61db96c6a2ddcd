"""The polling loop and its schedule; no HTTP."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from hssgate.clock import Clock
from hssgate.durations import Moment, format_duration, format_moment
from hssgate.errors import ApiError, ApiUnavailable, Interrupted, RequestRefused
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import OddRow
from hssgate.hss.paging import Listing
from hssgate.hss.responses import unreadable_row
from hssgate.reference import Reference, basename
from hssgate.settings import WaitSettings
from hssgate.text import plural
from hssgate.waiting.image import ImageState
from hssgate.waiting.observation import Observation
from hssgate.waiting.observer import Observer
from hssgate.waiting.pacing import last_poll_reserve, poll_pause
from hssgate.waiting.retry import Streak, advice_on, pause_until, retry_pause
from hssgate.waiting.server_clock import ServerClock
from hssgate.waiting.states import LIMITS, TABLE, Ending, Event, Limit, Pause, Stage

_MOST_SEARCHES = 3


@dataclass(frozen=True)
class PollGroup:
    """Images that are looked for with one request.

    Args:
        references: the images.
        fetch: returns the list, in at most so many seconds; raises ApiError.
    """

    references: tuple[Reference, ...]
    fetch: Callable[[float], Listing[CicdImage]]


class _OpenGroup:
    """A poll group while it is watched."""

    def __init__(self, number: int, poll_group: PollGroup, images: list[ImageState], due: float) -> None:
        self.number = number
        self.fetch = poll_group.fetch
        self.images = images
        self.left = len(images)  # that are open
        self.due = due
        self.streak = Streak()

    @property
    def open(self) -> list[ImageState]:
        return [image for image in self.images if image.ending is None]


@dataclass(frozen=True)
class _Poll:
    """A poll under way.

    Args:
        poll_group: that is polled.
        began: when, on the monotonic clock.
        within: seconds that it may take.
    """

    poll_group: _OpenGroup
    began: float
    within: float


def _doubt_about(reference: Reference, listing: Listing[CicdImage]) -> OddRow | None:
    """Return a row that may belong to the image and cannot be read in full, if there is one."""
    return next((odd for odd in listing.odd if reference.may_own(odd.known, odd.unreadable)), None)


class Poller:
    """One wait for any number of images.

    Args:
        poll_groups: what to look for, grouped by request.
        patience: deadlines and pauses.
        clock: time and chance.
        observer: is told what happens.
        start: of the run, on the monotonic clock; deadlines are counted from it.
        single_poll: seconds for the one look that a timeout of 0 leaves.
        scanned_after: the earliest scan time that is believed.
        similar_rows: returns rows that resemble a reference, in at most so many seconds; raises ApiError.
    """

    def __init__(
        self,
        poll_groups: Sequence[PollGroup],
        patience: WaitSettings,
        clock: Clock,
        observer: Observer,
        *,
        start: float,
        single_poll: float,
        scanned_after: Moment | None,
        similar_rows: Callable[[Reference, float], Listing[CicdImage]],
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._observer = observer
        self._scanned_after = scanned_after
        self._similar_rows = similar_rows
        self.interruption: ExitCode | None = None
        self._start = start
        self._epoch_at_zero = clock.epoch() - clock.monotonic()
        self._single_look = single_poll
        self._slowest_poll = 0.0
        self._searches = 0
        self._server_clock = ServerClock(clock, observer.warn)
        self._noted: set[str] = set()
        self._advised: set[tuple[int | None, str]] = set()
        self._is_admitted = False  # an answer has shown that the credentials are good
        self._throttled_until = self._start
        self._queue: list[tuple[float, int, _OpenGroup]] = []  # heap of the poll groups not being polled, by due time
        self._poll_groups = [
            _OpenGroup(number, poll_group, [ImageState(reference) for reference in poll_group.references], self._start)
            for number, poll_group in enumerate(poll_groups)
        ]
        self._waiting = sum(poll_group.left > 0 for poll_group in self._poll_groups)  # poll groups that are open

    def run(self) -> dict[Reference, Observation]:
        """Wait until each image has ended, timed out, or cannot be asked for; never raises GateError."""
        self._fill_queue(self._poll_groups)
        try:
            while self._waiting:
                pause_until(self._queue[0][0], self._start, self._clock, self._observer)
                self._poll_due()
        except Interrupted as signal:
            self.interruption = signal.exit_code
            for poll_group in self._poll_groups:
                for image in poll_group.open:
                    self._happen(poll_group, image, Event.SIGNAL)
        return {image.reference: image.observation() for poll_group in self._poll_groups for image in poll_group.images}

    def _poll_due(self) -> None:
        """Poll what is due: several at once after the first answer, alone before it or where nothing else is due."""
        now = self._clock.monotonic()
        # The two least entries of a heap are among its first three.
        several = sum(due <= now for due, _, _ in self._queue[:3]) > 1
        if self._is_admitted and several:
            from hssgate.hss.at_once import ask_at_once

            ask_at_once(self._take, self._ask, self._keep, self._clock, most=len(self._queue))
        elif (poll := self._take()) is not None:
            self._keep(poll, self._ask(poll))

    def _fill_queue(self, poll_groups: Sequence[_OpenGroup]) -> None:
        self._queue = [(poll_group.due, poll_group.number, poll_group) for poll_group in poll_groups]
        heapq.heapify(self._queue)

    def _take(self) -> _Poll | None:
        """Begin to poll the next poll group that is due, if there is one."""
        while self._queue and self._queue[0][0] <= (now := self._clock.monotonic()):
            _, _, poll_group = heapq.heappop(self._queue)
            self._end_missed(poll_group, now)
            if poll_group.open:
                return _Poll(poll_group, now, self._left(poll_group, now))
        return None

    def _ask(self, poll: _Poll) -> Listing[CicdImage] | ApiError:
        try:
            return poll.poll_group.fetch(poll.within)
        except ApiError as error:
            return error

    def _keep(self, poll: _Poll, answer: Listing[CicdImage] | ApiError) -> None:
        """Take in the answer of a poll; one that comes after all have been refused changes nothing."""
        poll_group = poll.poll_group
        if not poll_group.open:
            return
        if isinstance(answer, ApiUnavailable):
            self._no_news(poll_group, answer)
        elif isinstance(answer, ApiError):
            self._refuse(poll_group, answer)
        else:
            self._is_admitted = True
            self._slowest_poll = max(self._slowest_poll, self._clock.monotonic() - poll.began)
            self._news(poll_group, answer, poll.began)
        if poll_group.open:
            heapq.heappush(self._queue, (poll_group.due, poll_group.number, poll_group))

    def _refuse(self, poll_group: _OpenGroup, error: ApiError) -> None:
        """End the images of a poll group, or all where it is not this request alone that is refused."""
        for image in poll_group.open:
            image.unanswered(error, self._present())
        for refused in [poll_group] if isinstance(error, RequestRefused) else self._poll_groups:
            for image in refused.open:
                self._happen(refused, image, Event.REFUSED, error)
                self._tell(image)

    def _end_missed(self, poll_group: _OpenGroup, now: float) -> None:
        """End those whose deadline came while other poll groups were looked at: there is no time for one more look."""
        for image in poll_group.open:
            if self._start < self._deadline(image) <= now:
                self._happen(poll_group, image, Event.OVERDUE if image.was_answered else Event.OVERDUE_UNANSWERED)
                self._tell(image)

    def _news(self, poll_group: _OpenGroup, listing: Listing[CicdImage], began: float) -> None:
        self._server_clock.note(listing, began)
        scanned_after = self._reading_of_when()
        by_name: dict[str, list[CicdImage]] = {}
        for row in listing.rows:
            by_name.setdefault(basename(row.image_name), []).append(row)
        unread: list[ApiUnavailable] = []
        looked_at = poll_group.open
        for image in looked_at:
            if (odd := _doubt_about(image.reference, listing)) is not None:
                unread.append(unreadable_row(odd, listing.exchange))
                self._no_answer(poll_group, image, unread[-1], Event.NO_ANSWER)
                continue
            event = image.see(
                replace(listing, rows=tuple(by_name.get(image.reference.basename, ()))),
                began=began, now=self._clock.monotonic(), at=self._present(),
                settle=self._patience.settle, scanned_after=scanned_after,
            )  # fmt: skip
            for warning in image.new_warnings():
                self._observer.warn(warning)
            self._happen(poll_group, image, event)
            self._tell(image)
        if len(unread) == len(looked_at):  # whoever shares the list with an image that was read is not kept waiting
            pause = self._pause_after(poll_group, unread[-1])
        else:
            poll_group.streak.end()
            pause = poll_pause(self._elapsed(), self._patience, self._clock.uniform(-1, 1))
        self._schedule(poll_group, pause)
        for odd in listing.passed_over:
            self._note_once(f"passed over as another image's: {odd}")
        self._tell_look(poll_group, f"{plural(len(listing.rows), 'row')}, request id {listing.exchange.request_id}")

    def _no_news(self, poll_group: _OpenGroup, error: ApiUnavailable) -> None:
        pause = self._pause_after(poll_group, error)
        for image in poll_group.open:
            self._no_answer(
                poll_group, image, error, Event.TOO_MANY_FAULTS if poll_group.streak.is_too_long else Event.NO_ANSWER
            )
        self._schedule(poll_group, pause)
        if error.throttled:
            self._put_all_off(pause)
        self._tell_look(poll_group, str(error))

    def _no_answer(self, poll_group: _OpenGroup, image: ImageState, error: ApiUnavailable, event: Event) -> None:
        image.unanswered(error, self._present())
        self._happen(poll_group, image, event)
        self._tell(image)

    def _pause_after(self, poll_group: _OpenGroup, error: ApiUnavailable) -> float:
        """Return how long to wait after one more answer that was none; of the third equal one say what to check."""
        poll_group.streak.add(error)
        if poll_group.streak.calls_for_advice and error.kind not in self._advised:
            self._advised.add(error.kind)
            self._observer.advise(advice_on(error), self._elapsed())
        return retry_pause(error, poll_group.streak.failures, self._clock)

    def _happen(self, poll_group: _OpenGroup, image: ImageState, event: Event, error: ApiError | None = None) -> None:
        """Take the edge that the table of the waiting has for the event."""
        edge = TABLE[image.stage][event]
        to = edge.to
        if isinstance(to, Stage):
            image.stage, image.pause = to, edge.pause
            if self._clock.monotonic() >= self._last_poll_at(image):
                to = edge.at_deadline
        if to is Ending.TIMED_OUT:
            self._search_similar_rows(image)
        if isinstance(to, Ending):
            image.end(to, self._elapsed(), error)
            poll_group.left -= 1
            self._waiting -= poll_group.left == 0

    def _schedule(self, poll_group: _OpenGroup, pause: float) -> None:
        """Set when the group is polled next: after the pause, sooner where a result settles or a deadline comes."""
        now = self._clock.monotonic()
        dues = [min(self._due(image, now, pause), self._last_poll_at(image)) for image in poll_group.open]
        poll_group.due = min(dues, default=now)
        self._put_off(poll_group)

    def _put_off(self, poll_group: _OpenGroup) -> None:
        """Poll a poll group no sooner than the throttling ends, but for its deadlines."""
        if poll_group.due < self._throttled_until:
            poll_group.due = min([self._throttled_until, *(self._last_poll_at(image) for image in poll_group.open)])

    def _put_all_off(self, pause: float) -> None:
        """Poll nothing before the pause is over: the limit is the caller's, not the image's.

        A poll group whose poll is under way is put off when its answer is there.
        """
        self._throttled_until = max(self._throttled_until, self._clock.monotonic() + pause)
        poll_groups = [poll_group for _, _, poll_group in self._queue]
        for poll_group in poll_groups:
            self._put_off(poll_group)
        self._fill_queue(poll_groups)

    def _due(self, image: ImageState, now: float, pause: float) -> float:
        """Return when an image wants to be looked at: after the pause, or when what it has shown may have settled."""
        settles = [max(at, now + self._patience.interval) for at in image.settles_at]
        match image.pause:
            case Pause.RETRY:
                return now + pause
            case Pause.PACED:
                return min([now + pause, *settles])
            case Pause.SETTLE:
                return min([now + self._patience.max_interval, *settles])
            case unreachable:
                assert_never(unreachable)

    def _deadline(self, image: ImageState) -> float:
        match LIMITS[image.stage]:
            case Limit.APPEAR:
                return self._start + min(self._patience.appear_timeout, self._patience.timeout)
            case Limit.TIMEOUT:
                return self._start + self._patience.timeout
            case unreachable:
                assert_never(unreachable)

    def _last_poll_at(self, image: ImageState) -> float:
        deadline = self._deadline(image)
        return deadline - last_poll_reserve(self._slowest_poll, self._waiting, deadline - self._start)

    def _left(self, poll_group: _OpenGroup, now: float) -> float:
        """Return the seconds that a look may take: what is left until the first deadline, unless that was 0."""
        deadlines = [deadline for image in poll_group.open if (deadline := self._deadline(image)) > self._start]
        if not deadlines:
            return self._single_look
        return (min(deadlines) - now) / self._waiting  # so that one silence does not take the time of all

    def _search_similar_rows(self, image: ImageState) -> None:
        """Look for rows that the caller may have meant, in what is left of the time; they decide nothing."""
        left = self._deadline(image) - self._clock.monotonic()
        if image.has_rows or left <= 0 or self._searches >= _MOST_SEARCHES:
            return
        self._searches += 1
        try:
            image.add_similar_rows(self._similar_rows(image.reference, left).rows)
        except ApiError:
            return

    def _tell(self, image: ImageState) -> None:
        if image.has_new_state():
            self._observer.changed(image.reference, image.state, self._elapsed())

    def _tell_look(self, poll_group: _OpenGroup, brought: str) -> None:
        pause = format_duration(max(poll_group.due - self._clock.monotonic(), 0.0))
        self._observer.detail(
            f"{brought}; " + (f"next look in {pause}" if poll_group.open else "done"), self._elapsed()
        )
        self._observer.tick(self._elapsed())

    def _reading_of_when(self) -> int | None:
        """Return WHEN in epoch milliseconds, on the server's clock as far as that is known."""
        when = self._scanned_after
        if when is None:
            return None
        reading = self._server_clock.reading_of(when)
        if reading != when.epoch_ms:
            self._note_once(f"for the difference of the clocks, {when} is read as {format_moment(reading)}")
        return reading

    def _note_once(self, note: str) -> None:
        if note not in self._noted:
            self._noted.add(note)
            self._observer.detail(note, self._elapsed())

    def _present(self) -> float:
        """Return the present in epoch seconds, by a clock that nobody sets meanwhile."""
        return self._epoch_at_zero + self._clock.monotonic()

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._start
