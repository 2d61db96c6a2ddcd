"""Comparison of this gate with other gates in hard situations: Markdown tables.

The situations are those of `hssgate selftest`, played at the pace that `hssgate check` has by default and with the wait
limit that the others were given. hssgate's column is measured in this run; what the others did stands in contest.yaml.
Run it with `make contest`; it takes a few minutes, for some situations last as long as the limit.
"""

import os
import sys
import tempfile
from pathlib import Path

from hssgate.clock import SystemClock
from hssgate.emulator.document import read_yaml
from hssgate.emulator.strict import Flag, StrictModel, Whole
from hssgate.selftest.play import Player
from hssgate.selftest.run import Run, SituationResult
from hssgate.selftest.situation import Situation, load_themes

PACE = "--interval 5s --max-interval 60s --settle 5s"
AT_ONCE = 2  # more would take the seconds that they are measured by from one another


class Row(StrictModel):
    """A situation, and what the others did in it.

    Args:
        situation: in words.
        right: the right answer, in words.
        ours: name of the situation of the selftest.
        others: exit code and seconds of each.
        without_word: throttled answers name no Retry-After.
    """

    situation: str
    right: str
    ours: str
    others: tuple[str, ...]
    without_word: Flag = False

    @property
    def name(self) -> str:
        """Return a name for its play, which no other row of the contest has."""
        return f"{self.ours}-without-word" if self.without_word else self.ours


class Contest(StrictModel):
    """One table.

    Args:
        title: above it.
        limit: seconds that each may wait, where that can be set.
        others: who they are.
        rows: of the table.
    """

    title: str
    limit: Whole
    others: tuple[str, ...]
    rows: tuple[Row, ...]


class Contests(StrictModel):
    """All of contest.yaml; the notes belong to rows that name them."""

    contests: tuple[Contest, ...]
    notes: tuple[str, ...]


def main() -> None:
    """Play the contests and print their tables."""
    file = Path(__file__).with_name("contest.yaml")
    shown = Contests.model_validate(read_yaml(file.read_text(encoding="utf-8")))
    known = {situation.name: situation for theme in load_themes() for situation in theme.situations}
    for contest in shown.contests:
        results = _played(contest, known)
        print(f"{contest.title}, wait limit {contest.limit} s where it can be set:\n")
        print("\n".join(_table(contest, results)), end="\n\n")
    print("\n\n".join(shown.notes))


def _played(contest: Contest, known: dict[str, Situation]) -> dict[str, SituationResult]:
    situations = [_at_full_length(row, contest, known[row.ours]) for row in contest.rows]
    with tempfile.TemporaryDirectory() as folder:
        player = Player(SystemClock(), os.environ, Path(folder))
        run = Run(situations, player, lambda result: print(result.situation.name, file=sys.stderr), at_once=AT_ONCE)
        run.play()
    return {result.situation.name: result for result in run.results}


def _at_full_length(row: Row, contest: Contest, situation: Situation) -> Situation:
    """Return the situation with the default pace and the wait limit of the contest."""
    scenario = situation.scenario
    if row.without_word:
        faults = tuple(fault.model_copy(update={"retry_after": None}) for fault in scenario.faults)
        scenario = scenario.model_copy(update={"faults": faults})
    check = f"{situation.check} {PACE} --timeout {contest.limit}s --appear-timeout {contest.limit}s"
    return situation.model_copy(update={"name": row.name, "scenario": scenario, "check": check})


def _table(contest: Contest, results: dict[str, SituationResult]) -> list[str]:
    head = ("situation", "right answer", "hssgate", *contest.others)
    rows = ((row.situation, row.right, _ours(results[row.name]), *row.others) for row in contest.rows)
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]


def _ours(result: SituationResult) -> str:
    if result.ended is None or result.ended.exit_code is None:
        return "**no end**"
    got = f"{result.ended.exit_code}/{result.ended.seconds:.1f}"
    return got if result.ended.exit_code == result.situation.exit_code else f"**{got}**"


if __name__ == "__main__":
    main()
