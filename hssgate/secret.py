"""A secret that can be used and not shown."""

from typing import NoReturn


class Secret:
    """Holds a value that no message, report, traceback or pickle may carry.

    Args:
        value: the secret; it comes back by `reveal` alone.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the one place that sends it or signs with it."""
        return self._value

    def __repr__(self) -> str:
        return "<Secret>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")
