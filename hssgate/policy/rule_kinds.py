"""The kinds of rules, as models of what a policy writes, and the declaration that each rule has in the table."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from hssgate.durations import parse_duration
from hssgate.hss.models import DetailKind, Level, ScanStatus, SeverityLevel
from hssgate.record import record

# Statuses that `scan: {accept: [...]}` refuses, because they are not failures. Accepting `scanning` or `unscan` would
# let an image pass that was never scanned.
NO_FAILURES = frozenset({ScanStatus.SUCCESS, ScanStatus.UNSCAN, ScanStatus.WAITING_FOR_SCAN, ScanStatus.SCANNING, ""})

WORST_SCORE = 10.0  # of CVSS; a finding without a score counts as this
CRITICAL_SCORE = 9.0  # the least score of CVSS that is called critical


class PolicyModel(BaseModel):
    """Base of all parts of a policy: an unknown key is a fault, and no value is repeated in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class Action(StrEnum):
    """The effect of a broken rule on the verdict."""

    BLOCK = "block"
    WARN = "warn"


class Unlisted(StrEnum):
    """The weight of findings that HSS counts and does not list."""

    COUNT = "count"
    WARN = "warn"


def _long_form(value: object) -> object:
    """Turn the short form, a bare limit, into `{limit: …}`."""
    return value if isinstance(value, dict | BaseModel) else {"limit": value}


def _seconds(value: object) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return parse_duration(str(value))
    raise ValueError("should be a duration such as 24h")


Duration = Annotated[float, BeforeValidator(_seconds)]


def _in_any_case(value: object) -> object:
    return value.capitalize() if isinstance(value, str) else value


LevelInAnyCase = Annotated[SeverityLevel, BeforeValidator(_in_any_case)]


class SeverityRule(PolicyModel):
    """Worst `severity_level` still accepted."""

    limit: LevelInAnyCase
    action: Action = Action.BLOCK


class CountRule(PolicyModel):
    """Largest number still accepted."""

    limit: Annotated[StrictInt, Field(ge=0)]
    action: Action = Action.BLOCK


class Standard(StrEnum):
    """The documented values of a baseline check's `standard`."""

    CN = "cn_standard"
    HW = "hw_standard"
    QT = "qt_standard"


class SensitiveFilesRule(PolicyModel):
    """Largest number of sensitive files still accepted, of those at and above a severity."""

    limit: Annotated[StrictInt, Field(ge=0)]
    severity: LevelInAnyCase | None = None
    action: Action = Action.BLOCK


def _score(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= WORST_SCORE:
        return value
    raise ValueError("should be a number from 0 to 10 such as 8.9")


class ScoreRule(PolicyModel):
    """Highest CVSS score of a finding still accepted."""

    limit: Annotated[float, Field(ge=0, le=WORST_SCORE), BeforeValidator(_score)]
    action: Action = Action.BLOCK


class AgeRule(PolicyModel):
    """Greatest age of the scan still accepted, in seconds."""

    limit: Duration
    action: Action = Action.BLOCK


def not_empty(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the list.

    Raises:
        ValueError: the list is empty.
    """
    if not value:
        raise ValueError("should name at least one")
    return value


class BaselineRule(PolicyModel):
    """Largest number of failed baseline checks still accepted, of those by severity and standard."""

    limit: Annotated[StrictInt, Field(ge=0)]
    severity: LevelInAnyCase | None = None
    standard: Annotated[tuple[Standard, ...], AfterValidator(not_empty)] | None = None
    action: Action = Action.BLOCK


def _failure(value: str) -> str:
    if value in NO_FAILURES:
        raise ValueError(f"`{value}` is not a failure of a scan; name one such as image_oversized")
    return value


class ScanRule(PolicyModel):
    """Statuses or failure codes of a scan that did not succeed but may pass, with a warning."""

    accept: Annotated[tuple[Annotated[StrictStr, AfterValidator(_failure)], ...], AfterValidator(not_empty)]


DetailRule = BaselineRule | SensitiveFilesRule
LimitRule = SeverityRule | CountRule | ScoreRule | DetailRule | AgeRule
ALL_LEVELS = frozenset(Level)
SHORT_FORM = BeforeValidator(_long_form)  # for each kind that has a `limit`


@record
class RuleSpec:
    """The declaration of a rule, apart from its name and kind.

    Args:
        fields: fields of the row that the rule reads. Rows of the same time that differ in one of them are ambiguous,
            and a young result is polled again until all of them stay the same. A limit reads exactly one field.
        help: one line for editors, the starter policy and reports.
        example: the value in the starter policy, as YAML.
        levels: levels of the findings that the rule counts; empty if it counts no findings.
        least_score: least CVSS score of the findings that the rule counts; None if it reads no scores.
        by_feed: whether the rule counts only findings that a feed names.
        only_new: whether the rule counts only findings that are not known.
        detail: the list of files or checks that the rule counts, or whose number in the row it limits.
        remedy: what lifts the block, as a phrase for reports.
    """

    fields: tuple[str, ...]
    help: str
    example: str
    levels: frozenset[Level] = frozenset()
    least_score: float | None = None
    by_feed: bool = False
    only_new: bool = False
    detail: DetailKind | None = None
    remedy: str = "change the image and push it again, or override the rule for this image"

    @property
    def needs_findings(self) -> bool:
        """Whether findings must be fetched: the row has one total for all levels, and no number for a single level."""
        if self.by_feed or self.only_new or self.least_score is not None:
            return True
        return bool(self.levels) and self.levels != ALL_LEVELS
