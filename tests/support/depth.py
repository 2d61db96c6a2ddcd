"""How far the largest tests go: all the way in `make test`, a part of it in `make quick`."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

_ONE_IN = 6


class Depth:
    """Set once, before tests are collected."""

    is_quick = False

    def part_of(self, samples: Iterable[T]) -> list[T]:
        """All samples, or every sixth from the first on."""
        return [*samples][:: _ONE_IN if self.is_quick else 1]

    def examples(self, number: int) -> int:
        """How many examples of a property to try, of as many as would be thorough."""
        return max(number // _ONE_IN, 10) if self.is_quick else number


DEPTH = Depth()
