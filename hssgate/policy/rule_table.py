"""The policy's rules, each declared once: name, kind, the row's fields it reads, help line and example.

The judge, the help at each key, the starter policy, the JSON Schema and the comparison of rows
(`hssgate.waiting.groups`) are made from this table, so a rule that is added here is judged, explained and compared
without a change elsewhere.
"""

from collections.abc import Mapping
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
        return bool(self.levels) and self.levels != _ALL_LEVELS


_ALL_LEVELS = frozenset(Level)
_UPDATE = "update the packages and push the image again, or accept findings with `ignore` entries"
_UPDATE_OR_ACCEPT = (
    "update the packages and push the image again, accept findings with `ignore` entries, or record them as known with "
    "`hssgate accept`"
)
_SHORT_FORM = BeforeValidator(_long_form)  # for each kind that has a `limit`


class Rules(PolicyModel):
    """The rules; one that is absent is not applied."""

    severity: Annotated[
        SeverityRule | None,
        _SHORT_FORM,
        RuleSpec(
            # A missing level counts as Security where all three counts are 0.
            fields=("severity_level", "vul_num", "unsafe_setting_num", "malicious_file_num"),
            help="worst severity_level still accepted: Security < Low < Medium < High",
            example="Medium",
            remedy="fix what HSS rates too high and push the image again; `severity` is HSS's own verdict; ignoring "
            "findings does not change it: override it or use `high_vulnerabilities`",
        ),
    ] = None
    vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities still accepted (vul_num)",
            example="20",
            levels=_ALL_LEVELS,
            remedy=_UPDATE,
        ),
    ] = None
    critical_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities with a CVSS score of 9 or more still accepted",
            example="0",
            levels=_ALL_LEVELS,
            least_score=CRITICAL_SCORE,
            remedy=_UPDATE,
        ),
    ] = None
    high_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities of high severity still accepted",
            example="0",
            levels=frozenset({Level.HIGH}),
            remedy=_UPDATE,
        ),
    ] = None
    medium_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities of medium severity still accepted",
            example="10",
            levels=frozenset({Level.MEDIUM}),
            remedy=_UPDATE,
        ),
    ] = None
    low_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities of low severity still accepted",
            example="50",
            levels=frozenset({Level.LOW}),
            remedy=_UPDATE,
        ),
    ] = None
    cvss: Annotated[
        ScoreRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="highest CVSS score still accepted; no score counts as 10",
            example="8.9",
            levels=_ALL_LEVELS,
            least_score=0.0,
            remedy=_UPDATE,
        ),
    ] = None
    new_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities that are not known still accepted; needs known",
            example="0",
            levels=_ALL_LEVELS,
            only_new=True,
            remedy=_UPDATE_OR_ACCEPT,
        ),
    ] = None
    new_critical_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="the same, of those with a CVSS score of 9 or more",
            example="0",
            levels=_ALL_LEVELS,
            least_score=CRITICAL_SCORE,
            only_new=True,
            remedy=_UPDATE_OR_ACCEPT,
        ),
    ] = None
    new_high_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="the same, of those of high severity",
            example="0",
            levels=frozenset({Level.HIGH}),
            only_new=True,
            remedy=_UPDATE_OR_ACCEPT,
        ),
    ] = None
    new_medium_vulnerabilities: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="the same, of those of medium severity",
            example="10",
            levels=frozenset({Level.MEDIUM}),
            only_new=True,
            remedy=_UPDATE_OR_ACCEPT,
        ),
    ] = None
    exploited: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities with a CVE in a feed still accepted; needs feeds",
            example="0",
            levels=_ALL_LEVELS,
            by_feed=True,
            remedy="update the packages and push the image again; no grace accepts what is exploited",
        ),
    ] = None
    unsafe_settings: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("unsafe_setting_num",),
            help="most unsafe settings still accepted (unsafe_setting_num)",
            example="{limit: 10, action: warn}",
        ),
    ] = None
    baseline: Annotated[
        BaselineRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("unsafe_setting_num",),  # an empty list is believed only where HSS counts none
            help="most failed baseline checks still accepted",
            example="{limit: 0, severity: High, standard: [cn_standard]}",
            detail=DetailKind.BASELINE_BREACH,
            remedy="correct the settings and push the image again, or accept checks with `ignore` entries "
            "(`check_rule`)",
        ),
    ] = None
    sensitive_files: Annotated[
        SensitiveFilesRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=(),
            help="most sensitive files still accepted, such as keys",
            example="{limit: 0, severity: High}",
            detail=DetailKind.SENSITIVE_FILE,
            remedy="take the files out of the image, replace the secrets, and push it again, or accept files with "
            "`ignore` entries (`file`)",
        ),
    ] = None
    malicious_files: Annotated[
        CountRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("malicious_file_num",),
            help="most malicious files still accepted (malicious_file_num)",
            example="0",
            detail=DetailKind.MALICIOUS_FILE,
            remedy="take the files out of the image and push it again, or accept files with `ignore` entries (`file`)",
        ),
    ] = None
    scan_age: Annotated[
        AgeRule | None,
        _SHORT_FORM,
        RuleSpec(
            fields=("latest_scan_time",),
            help="greatest age of the scan still accepted (latest_scan_time)",
            example="24h",
            remedy="scan the image again",
        ),
    ] = None
    scan: Annotated[
        ScanRule | None,
        RuleSpec(
            fields=("scan_status", "scan_failed_code"),
            help="failures of a scan that may pass, with a warning",
            example="{accept: [image_oversized]}",
        ),
    ] = None

    def in_force(self) -> "dict[str, LimitRule | ScanRule]":
        """Return the rules that are present, by name, in the order in which they are judged."""
        return {name: rule for name, rule in self if rule is not None}


DetailRule = BaselineRule | SensitiveFilesRule
LimitRule = SeverityRule | CountRule | ScoreRule | DetailRule | AgeRule
RULES: Mapping[str, RuleSpec] = {
    name: spec for name, field in Rules.model_fields.items() for spec in field.metadata if isinstance(spec, RuleSpec)
}
ROW_FIELDS = tuple(dict.fromkeys(name for spec in RULES.values() for name in spec.fields))
DENY = "deny"  # the check of the policy's `deny` entries, which is no rule of `rules`
SPECS: Mapping[str, RuleSpec] = {
    DENY: RuleSpec(
        fields=("vul_num",),
        help="vulnerabilities that are never accepted",
        example="[]",
        levels=_ALL_LEVELS,
        remedy="update the packages and push the image again; no entry of `ignore` and no grace accepts what is denied",
    ),
    **RULES,
}
