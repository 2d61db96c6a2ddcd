"""Runs all situations, several at a time."""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hssgate.exit_codes import ExitCode
from hssgate.selftest.agreement import disagreements
from hssgate.selftest.play import Ended, Player, Stopped
from hssgate.selftest.situation import Situation
from hssgate.text import clean

_PLAYS_A_CORE = 8  # most of them sleep most of the time
_MOST_PLAYS = 32
_LONGEST_GOODBYE = 5.0  # seconds


class Agreement(StrEnum):
    """What came of a situation."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    NOT_PLAYED = "not played"


@dataclass(frozen=True)
class SituationResult:
    """A situation and what came of it.

    Args:
        situation: what was asked.
        agreement: whether the gate gave the right answer.
        problems: a line for all that is wrong.
        ended: how the process ended, if it was played to its end.
    """

    situation: Situation
    agreement: Agreement
    problems: tuple[str, ...] = ()
    ended: Ended | None = None


def exit_code_of(results: Iterable[SituationResult]) -> ExitCode:
    """Return 0 only if there is a result, and every one of them is the right answer."""
    found = {result.agreement for result in results}
    if Agreement.DISAGREED in found:
        return ExitCode.BLOCKED
    return ExitCode.PASSED if found == {Agreement.AGREED} else ExitCode.NO_RESULT


class Run:
    """One run of some situations.

    Args:
        situations: to be played.
        player: plays one situation.
        on_result: called with each result as soon as it is there, one call at a time.
        at_once: how many are played at a time; None: as the processors allow.
    """

    def __init__(
        self,
        situations: Sequence[Situation],
        player: Player,
        on_result: Callable[[SituationResult], None],
        *,
        at_once: int | None = None,
    ) -> None:
        self._situations = situations
        self._player = player
        self._on_result = on_result
        self._at_once = at_once or min(_MOST_PLAYS, _PLAYS_A_CORE * _cores())
        self._left = iter(sorted(situations, key=lambda situation: -situation.seconds))
        self._found: dict[str, SituationResult] = {}
        self._lock = threading.Lock()
        self._gone = threading.Semaphore(0)

    @property
    def results(self) -> list[SituationResult]:
        """Return a result for each situation, in their order, whether it was played or not."""
        return [self._found.get(situation.name) or _given_up(situation) for situation in self._situations]

    def play(self) -> None:
        """Play all situations.

        Raises:
            Interrupted: a signal came; what was being played has ended.
        """
        workers = min(self._at_once, len(self._situations))
        try:
            self._player.clock.together(self._work, workers=workers)
        except BaseException:
            self._player.stop.set()
            for _ in range(workers):  # each frees what it holds
                self._gone.acquire(timeout=_LONGEST_GOODBYE)
            raise

    def _work(self) -> None:
        try:
            while (situation := self._next()) is not None:
                result = _result_of(situation, self._player)
                with self._lock:
                    self._found[situation.name] = result
                    self._on_result(result)
        except Stopped:
            pass
        finally:
            self._gone.release()

    def _next(self) -> Situation | None:
        with self._lock:
            return None if self._player.stop.is_set() else next(self._left, None)


def _result_of(situation: Situation, player: Player) -> SituationResult:
    try:
        ended = player.play(situation)
    except OSError as error:
        return SituationResult(situation, Agreement.NOT_PLAYED, (f"it could not be played: {clean(error, 300)}",))
    problems = disagreements(situation, ended)
    return SituationResult(situation, Agreement.DISAGREED if problems else Agreement.AGREED, problems, ended)


def _given_up(situation: Situation) -> SituationResult:
    return SituationResult(situation, Agreement.NOT_PLAYED, ("the run was broken off before it was played",))


def _cores() -> int:
    """Return how many processors this process may use, where the system tells."""
    tell = getattr(os, "sched_getaffinity", None)
    return len(tell(0)) if tell else os.cpu_count() or 1
