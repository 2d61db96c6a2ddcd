"""How far the largest tests go: all the way in `make test`, a part of it in `make quick`."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

_ONE_SAMPLE_IN = 6
_ONE_ROW_IN = 3
_LONG_TABLE = 30  # rows


class Depth:
    """Set once, before tests are collected."""

    is_quick = False

    def part_of(self, samples: Iterable[T]) -> list[T]:
        """All samples, or every sixth from the first on."""
        return [*samples][:: _ONE_SAMPLE_IN if self.is_quick else 1]

    def left_out_of(self, rows: Sequence[T]) -> list[T]:
        """The rows of a parametrized test that are left out: of a long table two of three."""
        is_long = self.is_quick and len(rows) >= _LONG_TABLE
        return [row for number, row in enumerate(rows) if is_long and number % _ONE_ROW_IN]

    def examples(self, number: int) -> int:
        """How many examples of a property to try, of as many as would be thorough."""
        return max(number // _ONE_SAMPLE_IN, 10) if self.is_quick else number


DEPTH = Depth()
