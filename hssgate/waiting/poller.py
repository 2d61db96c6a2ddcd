"""The polling loop: polls what is due, takes in the answers, and applies the table of states; no HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hssgate.clock import Clock
from hssgate.durations import Moment
from hssgate.errors import ApiError, ApiUnavailable, Interrupted, RequestRefused
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.text import plural
from hssgate.waiting.announcer import Announcer
from hssgate.waiting.history import changes_kept
from hssgate.waiting.image import ImageState
from hssgate.waiting.listed_rows import ListedRows
from hssgate.waiting.observation import Observation
from hssgate.waiting.observer import Observer
from hssgate.waiting.pacing import poll_pause
from hssgate.waiting.poll_group import OpenGroup, PollGroup
from hssgate.waiting.retry import pause_until
from hssgate.waiting.schedule import DueTimes, Schedule
from hssgate.waiting.server_clock import ServerClock
from hssgate.waiting.settling import AnswerTimes
from hssgate.waiting.similar_rows import SimilarRows
from hssgate.waiting.states import TABLE, Ending, Event, Stage


@dataclass(frozen=True)
class _Poll:
    """A poll under way.

    Args:
        group: that is polled.
        began: when, on the monotonic clock.
        within: seconds that it may take.
    """

    group: OpenGroup
    began: float
    within: float


class Poller:
    """One wait for any number of images.

    Args:
        poll_groups: the images, grouped by request.
        schedule: deadlines and pauses.
        clock: time and chance.
        observer: receives progress and warnings.
        scanned_after: the earliest scan time that is believed.
        similar_rows: returns rows that resemble a reference, in at most so many seconds; raises ApiError.
    """

    def __init__(
        self,
        poll_groups: Sequence[PollGroup],
        schedule: Schedule,
        clock: Clock,
        observer: Observer,
        *,
        scanned_after: Moment | None,
        similar_rows: Callable[[Reference, float], Listing[CicdImage]],
    ) -> None:
        self._schedule = schedule
        self._clock = clock
        self._observer = observer
        self._announcer = Announcer(observer, clock, schedule.start)
        self._scanned_after = scanned_after
        self._similar_rows = SimilarRows(similar_rows)
        self.interruption: ExitCode | None = None
        self._epoch_at_zero = clock.epoch() - clock.monotonic()
        self._server_clock = ServerClock(clock, observer.warn, self._announcer.note)
        self._is_admitted = False  # an answer has shown that the credentials are good
        most_changes = changes_kept(sum(len(group.references) for group in poll_groups))
        self._groups = [
            OpenGroup(number, group, schedule.start, most_changes) for number, group in enumerate(poll_groups)
        ]
        self._open_groups = sum(group.left > 0 for group in self._groups)
        self._due_times = DueTimes()  # of the groups that are not being polled

    def run(self) -> dict[Reference, Observation]:
        """Wait until each image has ended, timed out, or cannot be asked for; never raises GateError."""
        for group in self._groups:
            self._due_times.put(group.number, group.due)
        try:
            while self._open_groups:
                pause_until(self._due_times.first, self._schedule.start, self._clock, self._observer)
                self._poll_due()
        except Interrupted as signal:
            self.interruption = signal.exit_code
            for group in self._groups:
                for image in group.open:
                    self._apply(group, image, Event.SIGNAL)
        return {image.reference: image.observation() for group in self._groups for image in group.images}

    def _poll_due(self) -> None:
        """Poll what is due: several at once after the first answer, alone before it or where nothing else is due."""
        if self._is_admitted and self._due_times.are_several_due(self._clock.monotonic()):
            from hssgate.hss.at_once import ask_at_once

            ask_at_once(self._take, self._ask, self._keep, self._clock, most=len(self._due_times))
        elif (poll := self._take()) is not None:
            self._keep(poll, self._ask(poll))

    def _take(self) -> _Poll | None:
        """Begin to poll the next group that is due, if there is one."""
        while (number := self._due_times.take(now := self._clock.monotonic())) is not None:
            group = self._groups[number]
            self._end_missed(group, now)
            if group.open:
                return _Poll(group, now, self._schedule.time_for(group.open, now, self._open_groups))
        return None

    def _ask(self, poll: _Poll) -> Listing[CicdImage] | ApiError:
        try:
            return poll.group.fetch(poll.within)
        except ApiError as error:
            return error

    def _keep(self, poll: _Poll, answer: Listing[CicdImage] | ApiError) -> None:
        """Take in the answer of a poll; one that comes after all have been refused changes nothing."""
        group = poll.group
        if not group.open:
            return
        if isinstance(answer, ApiUnavailable):
            self._take_failure(group, answer)
        elif isinstance(answer, ApiError):
            self._take_refusal(group, answer)
        else:
            self._is_admitted = True
            self._schedule.note_poll(self._clock.monotonic() - poll.began)
            self._take_rows(group, answer, poll.began)
        if group.open:
            self._due_times.put(group.number, group.due)

    def _end_missed(self, group: OpenGroup, now: float) -> None:
        """End images whose deadline came while other groups were polled: there is no time for one more poll."""
        for image in group.open:
            if self._schedule.is_missed(image, now):
                event = Event.OVERDUE if image.was_answered else Event.OVERDUE_UNANSWERED
                self._apply(group, image, event)
                self._announcer.change(image)

    def _take_refusal(self, group: OpenGroup, error: ApiError) -> None:
        """End the images of a group, or all where it is not this request alone that is refused."""
        for image in group.open:
            image.unanswered(error, self._present())
        for refused in [group] if isinstance(error, RequestRefused) else self._groups:
            for image in refused.open:
                self._apply(refused, image, Event.REFUSED, error)
                self._announcer.change(image)

    def _take_rows(self, group: OpenGroup, listing: Listing[CicdImage], began: float) -> None:
        self._server_clock.note(listing, began)
        scanned_after = self._server_clock.reading_of(self._scanned_after)
        rows = ListedRows(listing)
        unread: list[ApiUnavailable] = []
        for image in (polled := group.open):
            result = image.answered(
                rows,
                AnswerTimes(began=began, ended=self._clock.monotonic(), server=listing.server_time),
                at=self._present(),
                settle=self._schedule.wait.settle,
                scanned_after=scanned_after,
            )
            if isinstance(result, ApiUnavailable):
                unread.append(result)
                self._take_no_answer(group, image, result, Event.NO_ANSWER)
                continue
            self._apply(group, image, result)
            self._announcer.change(image)
        self._schedule.note_poll(self._clock.monotonic() - began)  # with what was made of the answer
        if len(unread) == len(polled):  # an image that was read is not kept waiting by one that was not
            pause = self._pause_after(group, unread[-1])
        else:
            group.failures.end()
            pause = poll_pause(self._elapsed(), self._schedule.wait, self._clock.uniform(-1, 1))
        self._plan(group, pause)
        for odd in listing.passed_over:
            self._announcer.note(f"passed over as another image's: {odd}")
        self._announcer.poll(group, f"{plural(len(listing.rows), 'row')}, request id {listing.exchange.request_id}")

    def _take_failure(self, group: OpenGroup, error: ApiUnavailable) -> None:
        pause = self._pause_after(group, error)
        event = Event.TOO_MANY_FAULTS if group.failures.are_too_many else Event.NO_ANSWER
        for image in group.open:
            self._take_no_answer(group, image, error, event)
        self._plan(group, pause)
        if error.throttled:
            self._throttle(pause)
        self._announcer.poll(group, str(error))

    def _take_no_answer(self, group: OpenGroup, image: ImageState, error: ApiUnavailable, event: Event) -> None:
        image.unanswered(error, self._present())
        self._apply(group, image, event)
        self._announcer.change(image)

    def _pause_after(self, group: OpenGroup, error: ApiUnavailable) -> float:
        """Return how long to wait after one more failure; after the third equal one print what to check."""
        pause = group.failures.add(error, self._clock)
        if group.failures.call_for_advice:
            self._announcer.advise(error)
        return pause

    def _apply(self, group: OpenGroup, image: ImageState, event: Event, error: ApiError | None = None) -> None:
        """Take the edge that the table of states has for the event."""
        edge = TABLE[image.stage][event]
        to = edge.to
        if isinstance(to, Stage):
            if (image.stage, to) == (Stage.TAG_STARTED, Stage.NOT_STARTED):
                image.appear_from = self._clock.monotonic()
            image.stage, image.pause = to, edge.pause
            if self._clock.monotonic() >= self._schedule.last_poll_at(image, self._open_groups):
                to = edge.at_deadline
        if to is Ending.TIMED_OUT:
            self._similar_rows.add_to(image, self._schedule.deadline(image).left(self._clock.monotonic()))
        if isinstance(to, Ending):
            image.end(to, self._elapsed(), error)
            group.left -= 1
            self._open_groups -= group.left == 0

    def _plan(self, group: OpenGroup, pause: float) -> None:
        group.due = self._schedule.next_poll(group.open, self._clock.monotonic(), pause, self._open_groups)

    def _throttle(self, pause: float) -> None:
        """Poll nothing before the pause is over: the limit is the caller's, not the image's.

        A group whose poll is under way is put off when its answer is there.
        """
        self._schedule.throttle(self._clock.monotonic() + pause)
        for due, number in self._due_times.take_all():
            group = self._groups[number]
            group.due = self._schedule.put_off(due, group.open, self._open_groups)
            self._due_times.put(number, group.due)

    def _present(self) -> float:
        """Return the present in epoch seconds, by a clock that is not adjusted meanwhile."""
        return self._epoch_at_zero + self._clock.monotonic()

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._schedule.start
