"""Secret values that can be used but not shown, and what can be sent as one."""

import re
from typing import NoReturn

LONGEST_SENDABLE = 32768  # characters; source: manual page of ListCicdImages, table 3
_SENDABLE = re.compile("[!-~]+")


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


def is_sendable(text: str) -> bool:
    """Whether a header can carry the text as a credential, and it is not empty."""
    return len(text) <= LONGEST_SENDABLE and _SENDABLE.fullmatch(text) is not None
