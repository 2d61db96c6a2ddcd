"""The policy's rules, each declared once: name, kind, the row's fields it reads, help line and example.

The judge, the help at each key, the starter policy, the JSON Schema and the comparison of rows
(`hssgate.waiting.groups`) are made from this table, so a rule that is added here is judged, explained and compared
without a change elsewhere.
"""

from collections.abc import Mapping
from typing import Annotated

from hssgate.hss.models import DetailKind, Level
from hssgate.policy.rule_kinds import (
    ALL_LEVELS,
    CRITICAL_SCORE,
    SHORT_FORM,
    AgeRule,
    BaselineRule,
    CountRule,
    LimitRule,
    PolicyModel,
    RuleSpec,
    ScanRule,
    ScoreRule,
    SensitiveFilesRule,
    SeverityRule,
)

_UPDATE = "update the packages and push the image again, or accept findings with `ignore` entries"
_UPDATE_OR_ACCEPT = (
    "update the packages and push the image again, accept findings with `ignore` entries, or record them as known with "
    "`hssgate accept`"
)


def _of_level(level: Level, example: str) -> RuleSpec:
    """Return the declaration of a limit on the findings of one level."""
    return RuleSpec(
        fields=("vul_num",),
        help=f"most vulnerabilities of {level} severity still accepted",
        example=example,
        levels=frozenset({level}),
        remedy=_UPDATE,
    )


class Rules(PolicyModel):
    """The rules; one that is absent is not applied."""

    severity: Annotated[
        SeverityRule | None,
        SHORT_FORM,
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
        SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities still accepted (vul_num)",
            example="20",
            levels=ALL_LEVELS,
            remedy=_UPDATE,
        ),
    ] = None
    critical_vulnerabilities: Annotated[
        CountRule | None,
        SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities with a CVSS score of 9 or more still accepted",
            example="0",
            levels=ALL_LEVELS,
            least_score=CRITICAL_SCORE,
            remedy=_UPDATE,
        ),
    ] = None
    high_vulnerabilities: Annotated[CountRule | None, SHORT_FORM, _of_level(Level.HIGH, "0")] = None
    medium_vulnerabilities: Annotated[CountRule | None, SHORT_FORM, _of_level(Level.MEDIUM, "10")] = None
    low_vulnerabilities: Annotated[CountRule | None, SHORT_FORM, _of_level(Level.LOW, "50")] = None
    cvss: Annotated[
        ScoreRule | None,
        SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="highest CVSS score still accepted; no score counts as 10",
            example="8.9",
            levels=ALL_LEVELS,
            least_score=0.0,
            remedy=_UPDATE,
        ),
    ] = None
    new_vulnerabilities: Annotated[
        CountRule | None,
        SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities that are not known still accepted; needs known",
            example="0",
            levels=ALL_LEVELS,
            only_new=True,
            remedy=_UPDATE_OR_ACCEPT,
        ),
    ] = None
    new_critical_vulnerabilities: Annotated[
        CountRule | None,
        SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="the same, of those with a CVSS score of 9 or more",
            example="0",
            levels=ALL_LEVELS,
            least_score=CRITICAL_SCORE,
            only_new=True,
            remedy=_UPDATE_OR_ACCEPT,
        ),
    ] = None
    new_high_vulnerabilities: Annotated[
        CountRule | None,
        SHORT_FORM,
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
        SHORT_FORM,
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
        SHORT_FORM,
        RuleSpec(
            fields=("vul_num",),
            help="most vulnerabilities with a CVE in a feed still accepted; needs feeds",
            example="0",
            levels=ALL_LEVELS,
            by_feed=True,
            remedy="update the packages and push the image again; no grace accepts what is exploited",
        ),
    ] = None
    unsafe_settings: Annotated[
        CountRule | None,
        SHORT_FORM,
        RuleSpec(
            fields=("unsafe_setting_num",),
            help="most unsafe settings still accepted (unsafe_setting_num)",
            example="{limit: 10, action: warn}",
        ),
    ] = None
    baseline: Annotated[
        BaselineRule | None,
        SHORT_FORM,
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
        SHORT_FORM,
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
        SHORT_FORM,
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
        SHORT_FORM,
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
        levels=ALL_LEVELS,
        remedy="update the packages and push the image again; no entry of `ignore` and no grace accepts what is denied",
    ),
    **RULES,
}
