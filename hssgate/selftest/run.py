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

_PLAYS_A_CORE = 8  # situations per core; they mostly sleep
_MOST_PLAYS = 32
_LONGEST_GOODBYE = 5.0  # seconds


class Agreement(StrEnum):
    """Outcome of a situation."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    NOT_PLAYED = "not played"


@dataclass(frozen=True)
class SituationResult:
    """A situation and its outcome.

    Args:
        situation: the situation.
        agreement: whether the gate gave the expected result.
        problems: a line for each difference.
        ended: the finished process, if it ran to its end.
    """

    situation: Situation
    agreement: Agreement
    problems: tuple[str, ...] = ()
    ended: Ended | None = None


def exit_code_of(results: Iterable[SituationResult]) -> ExitCode:
    """Return 0 only if there are results and all of them are as expected."""
    found = {result.agreement for result in results}
    if Agreement.DISAGREED in found:
        return ExitCode.BLOCKED
    return ExitCode.PASSED if found == {Agreement.AGREED} else ExitCode.NO_RESULT


class Run:
    """One run of some situations.

    Args:
        situations: to run.
        player: runs one situation.
        on_result: called with each result as soon as it is available, never concurrently.
        at_once: number of situations at a time; None: depends on the number of cores.
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
        """Return a result for each situation, in their order; some may not have run."""
        return [self._found.get(situation.name) or _given_up(situation) for situation in self._situations]

    def play(self) -> None:
        """Run all situations.

        Raises:
            Interrupted: a signal came; all processes have ended.
        """
        workers = min(self._at_once, len(self._situations))
        try:
            self._player.clock.call_in_threads(self._work, workers=workers)
        except BaseException:
            self._player.stop.set()
            for _ in range(workers):  # each ends its process and removes its folder
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
    return SituationResult(situation, Agreement.NOT_PLAYED, ("the run was interrupted before it was played",))


def _cores() -> int:
    """Return the number of processors that this process may use, if the system reports it, else of all."""
    tell = getattr(os, "sched_getaffinity", None)
    return len(tell(0)) if tell else os.cpu_count() or 1
