"""Parser of query parameters, with the ranges and enums of the manual."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from hssgate.emulator.refusals import invalid_parameter

ALL_ENTERPRISE_PROJECTS = "all_granted_eps"

_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """The requested page of a list.

    Args:
        limit: rows at most.
        offset: rows to skip.
    """

    limit: int
    offset: int


class Parameters:
    """The parameters of a query; unknown ones are ignored.

    Args:
        raw: the raw query string.

    Raises:
        Refusal: 400 HSS.0001: it is not UTF-8. Each method raises the same for a parameter that is out of range,
            missing or given twice.
    """

    def __init__(self, raw: str) -> None:
        self._pairs = _pairs(raw)

    def demand(self, *names: str) -> None:
        """Require parameters; an empty value counts as given."""
        for name in names:
            if name not in self._pairs:
                raise invalid_parameter(f"{name} is mandatory", f"{name} is missing")

    def text(self, name: str, shortest: int, longest: int) -> str | None:
        """Return a text.

        Args:
            name: of the parameter.
            shortest: characters at least.
            longest: characters at most.
        """
        value = self._single(name)
        if value is not None and not shortest <= len(value) <= longest:
            raise invalid_parameter(
                f"the length of {name} must be {shortest} to {longest}", f"{name} has {len(value)} characters"
            )
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """Return one of several texts."""
        value = self._single(name)
        if value is not None and value not in choices:
            raise invalid_parameter(f"{name} must be one of {', '.join(choices)}", f"{name} is {value!r}")
        return value

    def flag(self, name: str) -> bool | None:
        """Return a boolean, written `true` or `false`."""
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def number(self, name: str, smallest: int, largest: int) -> int | None:
        """Return a whole number.

        Args:
            name: of the parameter.
            smallest: lower bound, included.
            largest: upper bound, included.
        """
        value = self._single(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value) or not smallest <= int(value) <= largest:
            raise invalid_parameter(f"{name} must be {smallest} to {largest}", f"{name} is {value!r}")
        return int(value)

    def enterprise_project(self) -> str | None:
        """Return the requested enterprise project, the default one if none is given, None for all of them."""
        project = self.text("enterprise_project_id", 1, 256) or "0"
        return None if project == ALL_ENTERPRISE_PROJECTS else project

    def page(self) -> Page:
        """Return the requested page: 10 to 200 rows, 10 by default, from an offset of at most 2,000,000."""
        limit = self.number("limit", 10, 200)
        return Page(10 if limit is None else limit, self.number("offset", 0, 2_000_000) or 0)

    def _single(self, name: str) -> str | None:
        values = self._pairs.get(name, [])
        if len(values) > 1:
            raise invalid_parameter(f"{name} is given {len(values)} times", f"{name} is given {len(values)} times")
        return values[0] if values else None


def _pairs(raw: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        for part in raw.encode("latin-1").split(b"&"):
            name, _, value = part.partition(b"=")
            found.setdefault(unquote_to_bytes(name).decode(), []).append(unquote_to_bytes(value).decode())
    except UnicodeDecodeError:
        raise invalid_parameter("the query is not UTF-8", "the query is not UTF-8") from None
    return found
