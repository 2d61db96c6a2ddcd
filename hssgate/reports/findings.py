"""Findings as text: a line each, and `ignore` entries ready to be pasted into a policy."""

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum

from hssgate.hss.models import Detail, DetailKind, Finding
from hssgate.policy.globs import literal, literal_id
from hssgate.record import record
from hssgate.text import clean
from hssgate.verdict import SCAN, Check, ImageVerdict, ListedFinding, Result

_LONGEST_FIELD = 200


class Effect(StrEnum):
    """What a finding did to the verdict on its image, most severe first."""

    BLOCKS = "blocks"
    WARNS = "warns"
    ACCEPTED = "accepted"
    IGNORED = "ignored"


EFFECT_OF = {Result.FAILED: Effect.BLOCKS, Result.ERROR: Effect.BLOCKS, Result.WARNED: Effect.WARNS}
_EFFECTS = tuple(Effect)


@record
class Consequence:
    """What came of a finding.

    Args:
        listed: the finding.
        group: the rows it was found in, where one reference matched several groups.
        checks: that do not hold because of it.
    """

    listed: ListedFinding
    group: str | None
    checks: tuple[Check, ...]

    @property
    def effect(self) -> Effect:
        """The strongest effect of its checks."""
        otherwise = Effect.IGNORED if self.listed.ignored_by else Effect.ACCEPTED
        return min((EFFECT_OF[check.result] for check in self.checks), key=_EFFECTS.index, default=otherwise)


def line(finding: Finding) -> str:
    """Return `high  HCE2-SA-2024-0001  openssl 1.1.1k: update to …`, as far as its parts are known."""
    solution = f": {field(finding.solution)}" if finding.solution else ""
    return f"{finding.level.value:<6}  {identifier(finding)}  {package(finding)}{solution}".rstrip()


def identifier(finding: Finding) -> str:
    """Return what the finding is called."""
    return field(finding.vul_id) or "without an id"


def package(finding: Finding) -> str:
    """Return `openssl 1.1.1k`, as far as it is known."""
    return " ".join(field(part) for part in (finding.app_name, finding.version) if part)


def detail_line(kind: DetailKind, detail: Detail) -> str:
    """Return `malicious_file  /tmp/x: description`, as far as its parts are known."""
    grave = f"  {field(detail.severity)}" if detail.severity else ""
    what, about = detail_words(detail)
    return f"{kind.value}{grave}  {what}" + (f": {about}" if about else "")


def detail_words(detail: Detail) -> tuple[str, str]:
    """Return the finding and its description."""
    what = detail.file_path or detail.check_rule_name or detail.file_name or detail.name
    about = detail.description or detail.check_name or detail.name
    return field(what) or "without a name", field(about) if about != what else ""


def field(text: str | None) -> str:
    """Return one part of a finding, bounded; nothing where it is missing."""
    return clean(text, _LONGEST_FIELD) if text else ""


def ignored_lines(image: ImageVerdict) -> list[str]:
    """Return a line for each finding that did not count, with the reason and the policy that gives it."""
    return [
        f"{line(listed.finding)} ({field(reason)}, {field(policy)})"
        for listed in image.findings
        for policy, reason in listed.ignored_by
    ]


def blamed_findings(image: ImageVerdict) -> tuple[Finding, ...]:
    """Return the findings that block, each once, most severe first."""
    checks = (check for check in image.checks if check.result is Result.FAILED)
    return tuple(dict.fromkeys(finding for check in checks for finding in check.blamed))


def consequences(image: ImageVerdict) -> list[Consequence]:
    """Return what came of each finding, in their order; the same finding in other rows is another one."""
    blaming: defaultdict[tuple[str | None, Finding], list[Check]] = defaultdict(list)
    for check in image.checks:
        for finding in dict.fromkeys(check.blamed):
            blaming[check.group, finding].append(check)
    groups = dict(enumerate(check.group for check in image.checks if check.rule == SCAN))  # each has one such check
    found = [(listed, groups.get(listed.group)) for listed in image.findings]
    return [Consequence(listed, group, tuple(blaming.get((group, listed.finding), ()))) for listed, group in found]


def in_order_of_effect(found: Sequence[Consequence]) -> list[Consequence]:
    """Return those that block first, and those ignored last."""
    return sorted(found, key=lambda one: _EFFECTS.index(one.effect))


def ignore_entries_for(findings: Sequence[Finding], most: int) -> str:
    """Return `ignore` entries for the findings, as YAML; the reason is left for a person to give.

    Args:
        findings: that block; one without an id cannot be named, and is left out.
        most: entries shown at most.
    """
    entries = list(dict.fromkeys(_entry(finding) for finding in findings if field(finding.vul_id)))
    if not entries:
        return ""
    more = [f"  # and {len(entries) - most} more"] if len(entries) > most else []
    return "\n".join(["ignore:", *entries[:most], *more])


def _entry(finding: Finding) -> str:
    lines = [f"  - vulnerability: {_quoted(literal_id(field(finding.vul_id)))}"]
    if field(finding.app_name):
        lines.append(f"    package: {_quoted(literal(field(finding.app_name)))}")
    lines.append("    reason: say why it may pass")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return the text as YAML takes it literally."""
    return "'" + text.replace("'", "''") + "'"
