"""Secret values: usable, but never shown."""

import re
from typing import NoReturn

LONGEST_SENDABLE = 32768  # characters; source: manual page of ListCicdImages, table 3
_SENDABLE = re.compile("[!-~]+")


class Secret:
    """A value that never appears in a message, report, traceback or pickle.

    Args:
        value: the secret; only `reveal` returns it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the code that sends it or signs with it."""
        return self._value

    def __repr__(self) -> str:
        return "<Secret>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")


def is_sendable(text: str) -> bool:
    """Whether the text can be sent in a header as a credential: not empty, not too long, printable ASCII."""
    return len(text) <= LONGEST_SENDABLE and _SENDABLE.fullmatch(text) is not None
