"""What a policy may say (CONTRACT section 5): strict, frozen, nothing guessed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from hssgate.api.models import ScanStatus, SeverityLevel
from hssgate.durations import parse_duration

NO_FAILURES = frozenset({ScanStatus.SUCCESS, ScanStatus.UNSCAN, ScanStatus.WAITING_FOR_SCAN, ScanStatus.SCANNING, ""})

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


KeyPath = tuple[str | int, ...]  # where something stands in a policy


class Action(StrEnum):
    """What a broken rule does."""

    BLOCK = "block"
    WARN = "warn"


def _long_form(value: object) -> object:
    """Take the bare limit as the short form of `{limit: …}`."""
    return value if isinstance(value, dict | BaseModel) else {"limit": value}


def _seconds(value: object) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return parse_duration(str(value))
    raise ValueError("should be a duration such as 24h")


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("should be a day such as 2027-03-31")


class SeverityRule(BaseModel):
    """Worst `severity_level` still accepted."""

    model_config = _STRICT

    limit: SeverityLevel
    action: Action = Action.BLOCK


class CountRule(BaseModel):
    """Largest number still accepted."""

    model_config = _STRICT

    limit: Annotated[StrictInt, Field(ge=0)]
    action: Action = Action.BLOCK


class AgeRule(BaseModel):
    """Greatest age of the scan still accepted, in seconds."""

    model_config = _STRICT

    limit: Annotated[float, BeforeValidator(_seconds)]
    action: Action = Action.BLOCK


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("should name at least one")
    return value


def _failure(value: str) -> str:
    if value in NO_FAILURES:
        raise ValueError(f"`{value}` is no failure of a scan; name one such as image_oversized")
    return value


class ScanRule(BaseModel):
    """Statuses or failure codes of a scan that did not succeed but may pass, with a warning."""

    model_config = _STRICT

    accept: Annotated[tuple[Annotated[StrictStr, AfterValidator(_failure)], ...], AfterValidator(_some)]


class Rules(BaseModel):
    """The rules; one that is absent is not applied."""

    model_config = _STRICT

    severity: Annotated[SeverityRule | None, BeforeValidator(_long_form)] = None
    vulnerabilities: Annotated[CountRule | None, BeforeValidator(_long_form)] = None
    high_vulnerabilities: Annotated[CountRule | None, BeforeValidator(_long_form)] = None
    medium_vulnerabilities: Annotated[CountRule | None, BeforeValidator(_long_form)] = None
    low_vulnerabilities: Annotated[CountRule | None, BeforeValidator(_long_form)] = None
    unsafe_settings: Annotated[CountRule | None, BeforeValidator(_long_form)] = None
    malicious_files: Annotated[CountRule | None, BeforeValidator(_long_form)] = None
    scan_age: Annotated[AgeRule | None, BeforeValidator(_long_form)] = None
    scan: ScanRule | None = None

    def in_force(self) -> dict[str, SeverityRule | CountRule | AgeRule | ScanRule]:
        """Return the rules that are given, by name, in the order in which they are judged."""
        return {name: rule for name, rule in self if rule is not None}


MOST_ENTRIES = 2000  # each is held against each finding
Glob = Annotated[StrictStr, Field(min_length=1, max_length=500)]
Reason = Annotated[StrictStr, Field(pattern=r"\S")]


class Override(BaseModel):
    """Other rules for some images; later ones win, rule by rule.

    Args:
        images: globs on `namespace/name:version` or `name:version`.
        rules: what replaces the rules of the same name.
        reason: why.
        expires: the last day (UTC) on which it has effect.
    """

    model_config = _STRICT

    images: Annotated[tuple[Glob, ...], AfterValidator(_some)]
    rules: Rules
    reason: Reason
    expires: Annotated[date, BeforeValidator(_day)] | None = None


class Ignore(BaseModel):
    """Findings that do not count.

    Args:
        vulnerability: glob on the finding's id or on a CVE id; without wildcards, exactly that id.
        package: glob on the package's name; absent: any.
        images: globs on `namespace/name:version` or `name:version`; absent: any.
        reason: why.
        expires: the last day (UTC) on which it has effect.
    """

    model_config = _STRICT

    vulnerability: Glob
    package: Glob | None = None
    images: Annotated[tuple[Glob, ...], AfterValidator(_some)] | None = None
    reason: Reason
    expires: Annotated[date, BeforeValidator(_day)] | None = None


def _no_lookalike(value: object) -> object:
    """Refuse what Python takes for a 1."""
    if isinstance(value, bool | float):
        raise ValueError("should be 1")  # noqa: TRY004 - pydantic makes a fault of a ValueError only
    return value


class Policy(BaseModel):
    """A whole policy."""

    model_config = _STRICT

    version: Annotated[Literal[1], BeforeValidator(_no_lookalike)] = 1
    rules: Rules
    overrides: Annotated[tuple[Override, ...], Field(max_length=MOST_ENTRIES)] = ()
    ignore: Annotated[tuple[Ignore, ...], Field(max_length=MOST_ENTRIES)] = ()


BUILT_IN_TEXT = "version: 1\nrules:\n  severity: Medium\n  malicious_files: 0\n"


def built_in() -> Policy:
    """Return the policy that applies where no file is given: the meaning of `BUILT_IN_TEXT`, which a test holds it to.

    Nothing of it needs to be validated, so a run without a policy file does not pay for compiling the models.
    """
    severity = SeverityRule.model_construct(limit=SeverityLevel.MEDIUM)
    malicious_files = CountRule.model_construct(limit=0)
    return Policy.model_construct(rules=Rules.model_construct(severity=severity, malicious_files=malicious_files))
