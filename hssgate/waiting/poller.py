"""The polling loop: polls the groups that are due, handles their answers, and applies the table of states; no HTTP."""

from collections.abc import Callable, Sequence

from hssgate.clock import Clock
from hssgate.durations import Moment
from hssgate.errors import ApiError, ApiUnavailable, CallRefused, Interrupted, RequestRefused
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.hss.paging import Listing
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.text import plural
from hssgate.waiting.announcer import Announcer
from hssgate.waiting.history import changes_kept
from hssgate.waiting.image import ImageState
from hssgate.waiting.listed_rows import ListedRows
from hssgate.waiting.observation import Observation
from hssgate.waiting.observer import Observer
from hssgate.waiting.pacing import poll_pause
from hssgate.waiting.poll_group import OpenGroup, OpenGroups, PollGroup
from hssgate.waiting.retry import pause_until
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.server_clock import ServerClock
from hssgate.waiting.settling import AnswerTimes
from hssgate.waiting.similar_rows import SimilarRows
from hssgate.waiting.states import TABLE, Ending, Event

_CALLS_REFUSED = 2  # with no answer in between: the first may be of one image, as by a firewall; then all are refused


@record
class _Poll:
    """A poll under way.

    Args:
        group: the group that is polled.
        began: when the poll began, on the monotonic clock.
        within: seconds that it may take.
    """

    group: OpenGroup
    began: float
    within: float


class Poller:
    """Waits for the scans of any number of images.

    Args:
        poll_groups: the images, grouped by request.
        schedule: deadlines and pauses.
        clock: time and random numbers.
        observer: receives progress and warnings.
        scanned_after: the earliest scan time that is accepted.
        similar_rows: returns rows that resemble a reference, in at most so many seconds; raises ApiError.

    Attributes:
        interruption: exit code of the signal that ended the wait; None if no signal came.
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
        self._monotonic_offset = clock.epoch() - clock.monotonic()  # epoch time at 0 of the monotonic clock
        self._server_clock = ServerClock(clock, observer.warn, self._announcer.note)
        self._calls_refused = 0  # since the last answer
        self._has_had_answer = False  # the first answer shows that the credentials are good
        most_changes = changes_kept(sum(len(group.references) for group in poll_groups))
        groups = [OpenGroup(number, group, schedule.start, most_changes) for number, group in enumerate(poll_groups)]
        self._groups = OpenGroups(groups, schedule)

    def run(self) -> dict[Reference, Observation]:
        """Wait until each scan has ended, its time is over, or HSS refuses to answer; never raises GateError."""
        self._groups.start()
        self._observer.time_left = lambda: self._groups.time_left(self._clock.monotonic())
        try:
            while self._groups.left:
                pause_until(self._groups.first_due, self._schedule.start, self._clock, self._observer)
                self._poll_due()
        except Interrupted as signal:
            self.interruption = signal.exit_code
            for group in self._groups.all:
                for image in group.open:
                    self._apply(group, image, Event.SIGNAL)
        return {image.reference: image.observation() for group in self._groups.all for image in group.images}

    def _poll_due(self) -> None:
        """Poll the groups that are due: at once if there are several, but only one until HSS has answered a request.

        If the credentials are bad, one request is refused instead of eight.
        """
        if self._has_had_answer and self._groups.are_several_due(self._clock.monotonic()):
            from hssgate.hss.at_once import ask_at_once

            ask_at_once(self._begin_next_poll, self._ask, self._handle_answer, self._clock, most=self._groups.queued)
        elif (poll := self._begin_next_poll()) is not None:
            self._handle_answer(poll, self._ask(poll))

    def _begin_next_poll(self) -> _Poll | None:
        """Return a poll of the next group that is due; None if no group is due."""
        while (group := self._groups.take(now := self._clock.monotonic())) is not None:
            self._end_overdue(group, now)
            if group.open:
                return _Poll(group, now, self._schedule.time_for(group.open, now, self._groups.left))
        return None

    def _ask(self, poll: _Poll) -> Listing[CicdImage] | ApiError:
        try:
            return poll.group.fetch(poll.within)
        except ApiError as error:
            return error

    def _handle_answer(self, poll: _Poll, answer: Listing[CicdImage] | ApiError) -> None:
        """Apply the answer of a poll to its images, and schedule the group again if any is still open."""
        group = poll.group
        if not group.open:  # the answer of another poll meanwhile ended the wait for all images
            return
        if isinstance(answer, ApiUnavailable):
            self._handle_failure(group, answer)
        elif isinstance(answer, ApiError):
            self._handle_refusal(group, answer)
        else:
            self._has_had_answer = True
            self._calls_refused = 0
            # Noted before the rows are handled: whether there is time for one more poll depends on how long one takes.
            self._schedule.note_poll(self._clock.monotonic() - poll.began)
            self._handle_rows(group, answer, poll.began)
        self._groups.put(group)

    def _end_overdue(self, group: OpenGroup, now: float) -> None:
        """End the images whose deadline passed while other groups were polled."""
        for image in group.open:
            if self._schedule.is_missed(image, now):
                event = Event.OVERDUE if image.was_answered else Event.OVERDUE_UNANSWERED
                self._apply(group, image, event)
                self._announcer.change(image)

    def _handle_refusal(self, group: OpenGroup, error: ApiError) -> None:
        """End the images of a group, or all images if the refusal is not only of this request."""
        for image in group.open:
            image.take_failure(error, self._epoch_now())
        self._calls_refused += isinstance(error, CallRefused)
        is_of_request = isinstance(error, RequestRefused) and self._calls_refused < _CALLS_REFUSED
        for refused in [group] if is_of_request else self._groups.all:
            for image in refused.open:
                self._apply(refused, image, Event.REFUSED, error)
                self._announcer.change(image)

    def _handle_rows(self, group: OpenGroup, listing: Listing[CicdImage], began: float) -> None:
        self._server_clock.note(listing, began)
        scanned_after = self._server_clock.reading_of(self._scanned_after)
        rows = ListedRows(listing)
        unread: list[ApiUnavailable] = []
        for image in (polled := group.open):
            result = image.take_answer(
                rows,
                AnswerTimes(began=began, ended=self._clock.monotonic(), server=listing.server_time),
                at=self._epoch_now(),
                settle=self._schedule.wait.settle,
                scanned_after=scanned_after,
            )
            if isinstance(result, ApiUnavailable):
                unread.append(result)
                self._handle_no_answer(group, image, result, Event.NO_ANSWER)
                continue
            self._apply(group, image, result)
            self._announcer.change(image)
        # Noted again: handling a long list takes time too, which the last poll before a deadline must leave.
        self._schedule.note_poll(self._clock.monotonic() - began)
        if len(unread) == len(polled):  # the pause after a failure only if there was no image whose rows could be read
            pause = self._pause_after(group, unread[-1])
        else:
            group.failures.end()
            pause = poll_pause(self._elapsed(), self._schedule.wait, self._clock.uniform(-1, 1))
        self._groups.set_next_due(group, self._clock.monotonic(), pause)
        for odd in listing.passed_over:
            self._announcer.note(f"passed over as another image's: {odd}")
        self._announcer.poll(group, f"{plural(len(listing.rows), 'row')}, request id {listing.exchange.request_id}")

    def _handle_failure(self, group: OpenGroup, error: ApiUnavailable) -> None:
        pause = self._pause_after(group, error)
        event = Event.TOO_MANY_FAULTS if group.failures.are_too_many else Event.NO_ANSWER
        for image in group.open:
            self._handle_no_answer(group, image, error, event)
        self._groups.set_next_due(group, now := self._clock.monotonic(), pause)
        if error.throttled:
            self._groups.throttle(now + pause)
        self._announcer.poll(group, str(error))

    def _handle_no_answer(self, group: OpenGroup, image: ImageState, error: ApiUnavailable, event: Event) -> None:
        image.take_failure(error, self._epoch_now())
        self._apply(group, image, event)
        self._announcer.change(image)

    def _pause_after(self, group: OpenGroup, error: ApiUnavailable) -> float:
        """Return the seconds to wait after one more failure; after the third equal one, show what to check."""
        pause = group.failures.add(error, self._clock)
        if group.failures.call_for_advice:
            self._announcer.advise(error)
        return pause

    def _apply(self, group: OpenGroup, image: ImageState, event: Event, error: ApiError | None = None) -> None:
        """Change the stage of an image, or end its wait, as the table of states has it for the event."""
        edge = TABLE[image.stage][event]
        if isinstance(edge.to, Ending):
            self._end(group, image, edge.to, error)
            return
        image.stage, image.pause = edge.to, edge.pause
        if edge.restarts_appear_timeout:
            image.appear_from = self._clock.monotonic()
        # The deadline is that of the new stage.
        if self._clock.monotonic() >= self._schedule.last_poll_at(image, self._groups.left):
            self._end(group, image, edge.at_deadline)

    def _end(self, group: OpenGroup, image: ImageState, ending: Ending, error: ApiError | None = None) -> None:
        """End the wait for an image, after a search for rows that its reference may have meant."""
        time_up = ""
        if ending is Ending.TIMED_OUT:
            self._similar_rows.add_to(image, self._schedule.deadline(image).left(self._clock.monotonic()))
            time_up = self._schedule.option_of_deadline(image)
        image.end(ending, self._elapsed(), error, time_up)
        self._groups.note_end(group)

    def _epoch_now(self) -> float:
        """Return the present in epoch seconds, by the monotonic clock, so that no adjustment of the clock shows."""
        return self._monotonic_offset + self._clock.monotonic()

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._schedule.start
