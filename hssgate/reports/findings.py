"""Findings as text: a line each, and the exceptions that would let them pass, ready to be pasted into a policy."""

from collections.abc import Sequence

from hssgate.api.models import Detail, DetailKind, Finding
from hssgate.text import clean
from hssgate.verdict import Check, ImageVerdict, Result

_LONGEST_FIELD = 200


def line(finding: Finding) -> str:
    """Return `high  HCE2-SA-2024-0001  openssl 1.1.1k: update to …`, as far as its parts are known."""
    solution = f": {_field(finding.solution)}" if finding.solution else ""
    return f"{finding.level.value:<6}  {name_of(finding)}  {package_of(finding)}{solution}".rstrip()


def name_of(finding: Finding) -> str:
    """Return the id of a finding."""
    return _field(finding.vul_id or "without an id")


def package_of(finding: Finding) -> str:
    """Return `openssl 1.1.1k`, as far as it is known."""
    return " ".join(_field(part) for part in (finding.app_name, finding.version) if part)


def detail_line(kind: DetailKind, detail: Detail) -> str:
    """Return `malicious_file  /tmp/x: description`, as far as its parts are known."""
    what = detail.file_path or detail.check_rule_name or detail.file_name or detail.name or "without a name"
    about = detail.description or detail.check_name or detail.name
    grave = f"  {_field(detail.severity)}" if detail.severity else ""
    return f"{kind.value}{grave}  {_field(what)}" + (f": {_field(about)}" if about and about != what else "")


def ignored_lines(image: ImageVerdict) -> list[str]:
    """Return a line for each finding that did not count, with the reason and the policy that gives it."""
    return [
        f"{line(listed.finding)} ({_field(reason)}, {_field(policy)})"
        for listed in image.findings
        for policy, reason in listed.ignored_by
    ]


def blamed_findings(image: ImageVerdict) -> tuple[Finding, ...]:
    """Return the findings because of which the image is blocked, each once, the gravest first."""
    failed: list[Check] = [check for check in image.checks if check.result is Result.FAILED]
    return tuple(dict.fromkeys(finding for check in failed for finding in check.blamed))


def exceptions_for(findings: Sequence[Finding], most: int) -> str:
    """Return `ignore` entries for the findings, as YAML; the reason is left for a person to give.

    Args:
        findings: that block; one without an id cannot be named, and is left out.
        most: entries shown at most.
    """
    entries = list(dict.fromkeys(_entry(finding) for finding in findings if finding.vul_id))
    if not entries:
        return ""
    more = [f"  # and {len(entries) - most} more"] if len(entries) > most else []
    return "\n".join(["ignore:", *entries[:most], *more])


def _entry(finding: Finding) -> str:
    lines = [f"  - vulnerability: {_quoted(finding.vul_id or '')}"]
    if finding.app_name:
        lines.append(f"    package: {_quoted(finding.app_name)}")
    lines.append("    reason: say why it may pass")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return the text as YAML takes it literally, with the wildcards of a glob made harmless."""
    literal = "".join(f"[{character}]" if character in "*?[" else character for character in _field(text))
    return "'" + literal.replace("'", "''") + "'"


def _field(text: str) -> str:
    return clean(text, _LONGEST_FIELD)
