"""Pydantic model of a policy file, strict and frozen."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictStr, model_validator

from hssgate.hss.models import SeverityLevel
from hssgate.policy.entry_fields import (
    CheckRuleGlob,
    Contact,
    Day,
    FileGlob,
    IdGlob,
    ImageGlobs,
    PackageGlob,
    Reason,
)
from hssgate.policy.rule_kinds import CountRule, Duration, PolicyModel, SeverityRule, Unlisted, not_empty
from hssgate.policy.rule_table import Rules

KeyPath = tuple[str | int, ...]  # keys and list indexes from the root of a policy to a value
MOST_ENTRIES = 2000  # bounds the time to read and to judge


class Override(PolicyModel):
    """Other rules for some images; later ones win, rule by rule.

    Args:
        images: globs on `namespace/name:version`.
        rules: what replaces the rules of the same name.
        reason: why.
        expires: the last day (UTC) on which it has effect.
    """

    images: ImageGlobs
    rules: Rules
    reason: Reason
    expires: Day | None = None


class Target(StrEnum):
    """What an `ignore` entry is about: the key that holds its glob."""

    VULNERABILITY = "vulnerability"
    FILE = "file"
    CHECK_RULE = "check_rule"


class Ignore(PolicyModel):
    """Findings that do not count: vulnerabilities, files or baseline checks.

    Args:
        vulnerability: glob on the finding's id or on a CVE id, in any case; without wildcards, exactly that id.
        package: glob on the package's name; absent: any.
        file: glob on the path of a sensitive or malicious file.
        check_rule: glob on the id of a baseline check.
        images: globs on `namespace/name:version`; absent: any.
        reason: why.
        expires: the last day (UTC) on which it has effect.
    """

    vulnerability: IdGlob | None = None
    package: PackageGlob | None = None
    file: FileGlob | None = None
    check_rule: CheckRuleGlob | None = None
    images: ImageGlobs | None = None
    reason: Reason
    expires: Day | None = None

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> Self:
        given = [target for target in Target if getattr(self, target) is not None]
        if not given:
            raise ValueError("names nothing to ignore; add `vulnerability`, `file` or `check_rule`")
        if len(given) > 1:
            raise ValueError(f"has {' and '.join(f'`{one}`' for one in given)}; write an entry for each")
        if self.package is not None and self.vulnerability is None:
            raise ValueError(f"has `package`, which belongs to `vulnerability`; a `{given[0]}` has none: take it out")
        return self

    @property
    def target(self) -> Target:
        """What the entry is about."""
        return next(target for target in Target if getattr(self, target) is not None)

    @property
    def glob(self) -> str:
        """The glob on what it is about."""
        found: str = getattr(self, self.target)
        return found


class Grace(PolicyModel):
    """How long after the publication of its CVE a finding warns instead of counting, by level; absent: not at all."""

    critical: Duration | None = None
    high: Duration | None = None
    medium: Duration | None = None
    low: Duration | None = None

    @model_validator(mode="after")
    def _names_a_level(self) -> Self:
        if not self.seconds:
            raise ValueError("names no level; write one such as `high: 30d`, or take the line out")
        return self

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds of each level that has any grace."""
        return {level: seconds for level, seconds in self if seconds is not None}


class Deny(PolicyModel):
    """Vulnerabilities that are never accepted.

    Args:
        vulnerability: glob on the finding's id or on a CVE id, in any case; one CVE of several is enough.
        package: glob on the package's name; absent: any.
        images: globs on `namespace/name:version`; absent: any.
        reason: why.
        expires: the last day (UTC) on which it has effect.
    """

    vulnerability: IdGlob
    package: PackageGlob | None = None
    images: ImageGlobs | None = None
    reason: Reason
    expires: Day | None = None


class Feeds(PolicyModel):
    """Files that name exploited vulnerabilities.

    Args:
        exploited: paths relative to the policy.
        max_age: greatest age of each file by its own date; absent: any.
    """

    exploited: Annotated[
        tuple[Annotated[StrictStr, Field(min_length=1, max_length=1000)], ...],
        Field(max_length=20),
        AfterValidator(not_empty),
    ]
    max_age: Duration | None = None


class Known(PolicyModel):
    """The file of known findings, for the rules on new ones.

    Args:
        file: path relative to the policy.
        expires: the last day (UTC) on which it may be used.
    """

    file: Annotated[StrictStr, Field(min_length=1, max_length=1000)]
    expires: Day | None = None


def _no_lookalike(value: object) -> object:
    """Refuse `true` and `1.0`, which equal 1 in Python."""
    if isinstance(value, bool | float):
        raise ValueError("should be 1")  # noqa: TRY004 - pydantic reports a ValueError, but lets a TypeError through
    return value


class Policy(PolicyModel):
    """A whole policy."""

    version: Annotated[Literal[1], BeforeValidator(_no_lookalike)] = 1
    contact: Contact | None = None
    rules: Rules
    grace: Grace | None = None
    known: Known | None = None
    feeds: Feeds | None = None
    unlisted: Unlisted = Unlisted.COUNT
    deny: Annotated[tuple[Deny, ...], Field(max_length=MOST_ENTRIES)] = ()
    overrides: Annotated[tuple[Override, ...], Field(max_length=MOST_ENTRIES)] = ()
    ignore: Annotated[tuple[Ignore, ...], Field(max_length=MOST_ENTRIES)] = ()

    @property
    def limits_severity(self) -> bool:
        """Whether `severity` is limited, for all images or for some."""
        return any(rules.severity is not None for rules in (self.rules, *(one.rules for one in self.overrides)))


BUILT_IN_TEXT = "version: 1\nrules:\n  severity: Medium\n  malicious_files: 0\n"


def built_in() -> Policy:
    """Return the policy for runs without a policy file; a test checks that it equals `BUILT_IN_TEXT`."""
    # `model_construct` skips validation. The first validation compiles the models (`defer_build`), which costs
    # milliseconds of start-up that a run without a policy file need not spend.
    severity = SeverityRule.model_construct(limit=SeverityLevel.MEDIUM)
    malicious_files = CountRule.model_construct(limit=0)
    return Policy.model_construct(rules=Rules.model_construct(severity=severity, malicious_files=malicious_files))
