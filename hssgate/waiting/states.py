"""States and events of a wait as a table."""

from enum import StrEnum

from hssgate.record import record


class Stage(StrEnum):
    """Stage of the wait for an image."""

    NOT_STARTED = "not started"  # no row, a stale row, or `unscan`, and no scan of it was seen before
    TAG_STARTED = "tag started"  # only a row of its names with no digest yet, or another one, is being scanned
    STARTED = "started"
    SETTLING = "settling"  # every scan has ended, and a success is younger than --settle


class Ending(StrEnum):
    """Why an image is no longer waited for."""

    ENDED = "ended"  # every group's scan has ended, and the result is settled or ambiguous
    TIMED_OUT = "timed out"
    UNANSWERED = "unanswered"  # the last poll before the deadline got no answer
    REFUSED = "refused"
    INTERRUPTED = "interrupted"


class Event(StrEnum):
    """Result of a poll, or what came instead of one."""

    NOTHING_STARTED = "no row, a stale row, or a row not scanned"
    TAG_IN_PROGRESS = "nothing started, but a row of the same names without its digest is in progress"
    IN_PROGRESS = "a row in progress, of an undocumented status, or gone since it was seen"
    YOUNG = "every scan has ended, and a success is too young to be believed"
    RESULT = "every scan has ended, and the result is believed or ambiguous"
    NO_ANSWER = "429, 408, 5xx, no connection, what cannot be read, and a refusal once the call was answered"
    TOO_MANY_FAULTS = "more 500, or refusals once the call was answered, in a row than are asked again"
    REFUSED = "401, 403, 404, any other 4xx, 3xx"
    OVERDUE = "no poll before the deadline, and the one before it was answered"
    OVERDUE_UNANSWERED = "no poll before the deadline, and the one before it was not answered"
    SIGNAL = "SIGINT or SIGTERM"


class Limit(StrEnum):
    """Which deadline runs."""

    APPEAR = "--appear-timeout, or --timeout where that is shorter"
    TIMEOUT = "--timeout"


class Pause(StrEnum):
    """When the next poll is due; never later than the last poll before the deadline."""

    PACED = "root of the seconds waited, between --interval and --max-interval; sooner where a group's result settles"
    SETTLE = "when the result has been seen for --settle, between --interval and --max-interval"
    RETRY = "as Retry-After says; else 2 s, doubling to 60 s, with full jitter"


@record
class Edge:
    """Transition from a stage by an event.

    Args:
        to: the next stage, or the end.
        at_deadline: the end, if the deadline of that stage has come.
        pause: when the next poll is due, if there is one.
        restarts_appear_timeout: whether `--appear-timeout` begins anew.
    """

    to: Stage | Ending
    at_deadline: Ending
    pause: Pause = Pause.PACED
    restarts_appear_timeout: bool = False


LIMITS = {
    Stage.NOT_STARTED: Limit.APPEAR,
    Stage.TAG_STARTED: Limit.TIMEOUT,
    Stage.STARTED: Limit.TIMEOUT,
    Stage.SETTLING: Limit.TIMEOUT,
}

_FROM_EVERY_STAGE = {
    Event.IN_PROGRESS: Edge(Stage.STARTED, Ending.TIMED_OUT),
    Event.YOUNG: Edge(Stage.SETTLING, Ending.TIMED_OUT, Pause.SETTLE),
    Event.RESULT: Edge(Ending.ENDED, Ending.ENDED),
    Event.TOO_MANY_FAULTS: Edge(Ending.UNANSWERED, Ending.UNANSWERED),
    Event.REFUSED: Edge(Ending.REFUSED, Ending.REFUSED),
    Event.OVERDUE: Edge(Ending.TIMED_OUT, Ending.TIMED_OUT),
    Event.OVERDUE_UNANSWERED: Edge(Ending.UNANSWERED, Ending.UNANSWERED),
    Event.SIGNAL: Edge(Ending.INTERRUPTED, Ending.INTERRUPTED),
}

TABLE = {
    Stage.NOT_STARTED: {
        Event.NOTHING_STARTED: Edge(Stage.NOT_STARTED, Ending.TIMED_OUT),
        Event.TAG_IN_PROGRESS: Edge(Stage.TAG_STARTED, Ending.TIMED_OUT),
        Event.NO_ANSWER: Edge(Stage.NOT_STARTED, Ending.UNANSWERED, Pause.RETRY),
        **_FROM_EVERY_STAGE,
    },
    Stage.TAG_STARTED: {
        # The scan that was seen was not the image's, so the image has the whole --appear-timeout again.
        Event.NOTHING_STARTED: Edge(Stage.NOT_STARTED, Ending.TIMED_OUT, restarts_appear_timeout=True),
        Event.TAG_IN_PROGRESS: Edge(Stage.TAG_STARTED, Ending.TIMED_OUT),
        Event.NO_ANSWER: Edge(Stage.TAG_STARTED, Ending.UNANSWERED, Pause.RETRY),
        **_FROM_EVERY_STAGE,
    },
    Stage.STARTED: {
        Event.NOTHING_STARTED: Edge(Stage.STARTED, Ending.TIMED_OUT),
        Event.TAG_IN_PROGRESS: Edge(Stage.STARTED, Ending.TIMED_OUT),
        Event.NO_ANSWER: Edge(Stage.STARTED, Ending.UNANSWERED, Pause.RETRY),
        **_FROM_EVERY_STAGE,
    },
    Stage.SETTLING: {
        Event.NOTHING_STARTED: Edge(Stage.STARTED, Ending.TIMED_OUT),
        Event.TAG_IN_PROGRESS: Edge(Stage.STARTED, Ending.TIMED_OUT),
        Event.NO_ANSWER: Edge(Stage.SETTLING, Ending.UNANSWERED, Pause.RETRY),
        **_FROM_EVERY_STAGE,
    },
}
