"""Rules of a SARIF report: the gate's own, and one for each id of a finding.

GitHub sorts alerts by `security-severity`, a score: the highest CVSS score of the CVEs. A finding whose scores are not
known has only a level, which gets the middle of the range that GitHub has for it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from hssgate.hss.models import Level
from hssgate.judging.scan import FRESHNESS
from hssgate.policy.rule_table import SPECS
from hssgate.reports import escaping
from hssgate.reports.entries import OWN, RUN, ReportEntry
from hssgate.reports.findings import identifier, ignore_entries_for
from hssgate.reports.links import cve_record, safe_address
from hssgate.text import clean
from hssgate.verdict import SCAN, ListedFinding

_LONGEST_SHORT = 250
_LONGEST_FULL = 1000  # GitHub takes 1,024 characters
_LONGEST_HELP = 500  # characters of each part
_MOST_IGNORE_ENTRIES = 5
_MOST_CVES = 6  # as tags; GitHub shows ten tags

_LEVELS = tuple(Level)
_SCORES = {Level.HIGH: "8.0", Level.MEDIUM: "5.5", Level.LOW: "2.0"}  # GitHub: high from 7.0, medium from 4.0
_OWN_SCORE = "8.0"  # high: GitHub's own check lets lower scores pass, and a violation or a doubt must not pass
_OWN_SCORES = {"malicious_files": "9.5"}
_DEFAULTS = {Level.HIGH: "error", Level.MEDIUM: "warning", Level.LOW: "note"}
_GATE_RULES = {
    SCAN: ("The scan of an image did not succeed", "the scan succeeded"),
    FRESHNESS: ("A result is not proven to be fresh", "the result belongs to the image that was pushed"),
    RUN: ("The gate failed", "the run finished, judged every image, and wrote its reports"),
}


def descriptor(rule: str, entries: Sequence[ReportEntry]) -> dict[str, Any]:
    """Return the SARIF `reportingDescriptor` of a rule.

    Args:
        rule: id of the rule.
        entries: entries with this rule, most severe first.
    """
    listed = [entry.listed for entry in entries if entry.listed]
    return _finding_rule(rule, listed) if listed else _gate_rule(rule)


def _gate_rule(rule: str) -> dict[str, Any]:
    name = rule.removeprefix(OWN)
    if name in _GATE_RULES:
        kind, (title, requirement) = "gate", _GATE_RULES[name]
        about = f"The gate requires that {requirement}."
    else:
        kind, title = "policy", f"The rule {name} of the policy is broken"
        about = f"The rule {name} of the policy: {SPECS[name].help}."
    return {
        "id": rule,
        "name": "".join(word.capitalize() for word in name.split("_")),
        "shortDescription": message(title),
        "fullDescription": message(about),
        "help": _help([about, "The message of each result has the value found and the limit."]),
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "security-severity": _OWN_SCORES.get(name, _OWN_SCORE),
            "tags": ["security", "container", kind],
        },
    }


def _finding_rule(rule: str, listed: Sequence[ListedFinding]) -> dict[str, Any]:
    """Describe an id by the highest of the levels that HSS gives it, and the highest score of its CVEs."""
    findings = [one.finding for one in listed]
    acceptable = [one.finding for one in listed if not one.denied_by]  # no `ignore` entry accepts the others
    cves = [*dict.fromkeys(clean(cve, 100) for one in listed for cve in one.cve_ids)]
    score = max((one.cvss for one in listed if one.cvss), default=None)
    level = min((finding.level for finding in findings), key=_LEVELS.index)
    name = identifier(findings[0])
    description = _first(finding.description for finding in findings)
    solution = _first(finding.solution for finding in findings)
    found = f"HSS found {name} in an image, and gives it the level {level}."
    texts = [
        found,
        clean(description, _LONGEST_HELP),
        f"Solution: {clean(solution, _LONGEST_HELP)}" if solution else "",
    ]
    url = _first([*(safe_address(finding.url) for finding in findings), *map(cve_record, [name, *cves])])
    return {
        "id": rule,
        "name": "HssVulnerability",
        "shortDescription": message(clean(f"{name}: {description or 'found in an image'}", _LONGEST_SHORT)),
        "fullDescription": message(clean(description, _LONGEST_FULL) or found),
        **({"helpUri": url} if url else {}),
        "help": _help([part for part in texts if part], ignore_entries_for(acceptable, _MOST_IGNORE_ENTRIES)),
        "defaultConfiguration": {"level": _DEFAULTS[level]},
        "properties": {
            "security-severity": _SCORES[level] if score is None else f"{score:.1f}",
            "tags": ["security", "container", "vulnerability", f"hss-level-{level}", *cves[:_MOST_CVES]],
        },
    }


def _help(paragraphs: Sequence[str], entries: str = "") -> dict[str, str]:
    """Return help as text and as Markdown, with text from outside escaped."""
    plain, marked = [*paragraphs], [escaping.text(paragraph) for paragraph in paragraphs]
    if entries:
        heading = "To let it pass, with a reason, in the policy:"
        plain += [heading, entries]
        marked += [heading, escaping.fence(entries, "yaml")]
    return {**message("\n\n".join(plain)), "markdown": "\n\n".join(marked)}


def message(text: str) -> dict[str, str]:
    """Return a SARIF `message` with plain text; `](` is split, because readers of SARIF take it for a link."""
    return {"text": text.replace("](", "] (")}


def _first(texts: Iterable[str | None]) -> str:
    return next((text for text in texts if text), "")
