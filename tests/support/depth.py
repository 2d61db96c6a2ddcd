"""Depth of the largest tests: everything in `make test`, a part in `make quick`."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

_ONE_SAMPLE_IN = 6
_ONE_ROW_IN = 4
_LONG_TABLE = 10  # rows


class Depth:
    """Set once, before tests are collected."""

    is_quick = False

    def part_of(self, samples: Iterable[T]) -> list[T]:
        """All samples, or every sixth from the first on."""
        return [*samples][:: _ONE_SAMPLE_IN if self.is_quick else 1]

    def left_out_of(self, rows: Sequence[T]) -> list[T]:
        """The rows of a parametrized test to leave out: three of four in a long table."""
        is_long = self.is_quick and len(rows) >= _LONG_TABLE
        return [row for number, row in enumerate(rows) if is_long and number % _ONE_ROW_IN]

    def examples(self, number: int) -> int:
        """The number of examples of a property to try, given the number for a full run."""
        return max(number // _ONE_SAMPLE_IN, 10) if self.is_quick else number


DEPTH = Depth()
