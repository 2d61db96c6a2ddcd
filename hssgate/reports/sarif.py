"""SARIF 2.1.0 report, limited to what GitHub code scanning accepts.

Each entry is a result. Level `error` means that it blocks or could not be judged, `warning` that it breaks a rule that
only warns, and `note` that it does not count; an ignored finding also has a suppression. Passed checks are not listed.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate
from typing import Any
from urllib.parse import quote

from hssgate import __version__
from hssgate.durations import format_moment
from hssgate.reports.entries import ReportEntry, entries
from hssgate.reports.findings import Effect
from hssgate.reports.fingerprints import digest, identities
from hssgate.reports.sarif_rules import descriptor, message
from hssgate.reports.wording import policy_in_words, policy_name
from hssgate.text import clean, plural, without_commands_in_json
from hssgate.verdict import ListedFinding, PolicySource, Verdict

MOST_RESULTS = 25_000  # GitHub refuses more results in a run; its limit for rules is the same
LARGEST_FILE = 10_000_000  # bytes that GitHub accepts after gzip
LARGEST_TEXT = 24_000_000  # characters before gzip, estimated
_NO_RULES, _NO_RESULTS = '"rules":[]', '"results":[]'  # cannot occur in a text, where quotes are escaped
_FASTEST = 1  # gzip level; the upload compresses at least as well
_MOST_NOTIFICATIONS = 100
_LONGEST_FIELD = 500
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Effect.BLOCKS: "error", Effect.WARNS: "warning", Effect.ACCEPTED: "note", Effect.IGNORED: "note"}


def render(verdict: Verdict) -> str:
    """Return the report, with a newline at its end; of too many results it keeps the most severe."""
    found = entries(verdict)
    room = accumulate(found[:MOST_RESULTS], lambda taken, entry: taken + len(entry.message) + _LONGEST_FIELD, initial=0)
    kept = max(sum(taken <= LARGEST_TEXT for taken in room) - 1, 1) if found else 0
    while not _fits(text := _text(verdict, found, kept)):
        kept //= 2
    return text


def _text(verdict: Verdict, found: Sequence[ReportEntry], kept: int) -> str:
    """Return the report on one line, because its readers are programs and GitHub limits its size."""
    by_rule: defaultdict[str, list[ReportEntry]] = defaultdict(list)
    for entry in found[:kept]:
        by_rule[entry.rule].append(entry)
    index = {rule: number for number, rule in enumerate(by_rule)}
    # Each rule and each result is encoded at once and put into the frame, because 25,000 results as Python objects
    # would take several times the memory of their text.
    frame = _compact(_document(verdict, found, kept))
    head, rules, rest = frame.partition(_NO_RULES)
    middle, results, tail = rest.rpartition(_NO_RESULTS)
    rules = rules[:-1] + ",".join(_compact(descriptor(rule, about)) for rule, about in by_rule.items()) + "]"
    results = results[:-1] + ",".join(_compact(_result(entry, index[entry.rule])) for entry in found[:kept]) + "]"
    return without_commands_in_json(f"{head}{rules}{middle}{results}{tail}\n")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fits(text: str) -> bool:
    data = text.encode()
    return len(data) <= LARGEST_FILE or len(gzip.compress(data, _FASTEST)) <= LARGEST_FILE


def _document(verdict: Verdict, found: Sequence[ReportEntry], kept: int) -> dict[str, Any]:
    """Return the report without its rules and results."""
    run = {
        "tool": {
            "driver": {
                "name": "hssgate",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [],
            }
        },
        "automationDetails": {"id": _automation_id(verdict)},
        "policies": [_policy(source) for source in verdict.policies],
        "invocations": [_invocation(verdict, found, kept)],
        "results": [],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _policy(source: PolicySource) -> dict[str, Any]:
    """Return a policy as a SARIF `toolComponent`, the type of `run.policies`."""
    about = {"fullDescription": {"text": policy_in_words(source)}}
    return {"name": policy_name(source), "version": f"sha256:{source.sha256}", **about}


def _automation_id(verdict: Verdict) -> str:
    """Return `hssgate/IMAGES/MOMENT`.

    GitHub replaces an earlier analysis with the same id up to the last slash. So that part is the same in every run
    for the same images and differs between gates for other images; otherwise one would close the other's alerts.
    """
    references = [image.reference for image in verdict.images]
    keys = sorted(json.dumps(key) for key in identities(references))
    name = min((reference.image_name for reference in references), default="none")
    return f"hssgate/{clean(name, 100)}-{digest(*keys)[:12]}/{format_moment(verdict.started_at * 1000)}"


def _invocation(verdict: Verdict, found: Sequence[ReportEntry], kept: int) -> dict[str, Any]:
    doubts = [entry.message for entry in found if entry.is_doubt]
    unread = [
        f"{image.reference.text}: the findings could not be read: {one.reason}"
        for image in verdict.images
        for one in image.unread
        if one.what == "findings"
    ]
    notes = [("warning", _left_out(found, kept))] if kept < len(found) else []
    notes += [("error", text) for text in [*doubts, *map(clean, unread)]]
    notes += [("warning", clean(text)) for text in verdict.warnings]
    if len(notes) > _MOST_NOTIFICATIONS:
        more = plural(len(notes) - _MOST_NOTIFICATIONS, "more notification")
        notes = [*notes[:_MOST_NOTIFICATIONS], ("warning", f"And {more}, see the JSON report.")]
    return {
        "executionSuccessful": not doubts and not unread,
        "exitCode": int(verdict.exit_code),
        "exitCodeDescription": verdict.outcome.value,
        "startTimeUtc": format_moment(verdict.started_at * 1000),
        "endTimeUtc": format_moment(verdict.finished_at * 1000),
        "toolExecutionNotifications": [{"level": level, "message": message(text)} for level, text in notes],
    }


def _left_out(found: Sequence[ReportEntry], kept: int) -> str:
    blocking = sum(entry.effect is Effect.BLOCKS for entry in found[kept:])
    return (
        f"{plural(len(found) - kept, 'result')} of {len(found)} left out, {blocking} of which block: GitHub takes no "
        "more. The most severe are kept; the JSON report has them all."
    )


def _result(entry: ReportEntry, rule_index: int) -> dict[str, Any]:
    ignored_by = entry.listed.ignored_by if entry.listed and entry.effect is Effect.IGNORED else ()
    image = {"logicalLocations": [{"fullyQualifiedName": entry.image, "kind": "resource"}]} if entry.image else {}
    return {
        "ruleId": entry.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[entry.effect],
        "message": message(entry.message),
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(entry.path)},
                    "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
                },
                **image,
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": entry.fingerprint},
        "suppressions": [  # the standard requires this property on all results or on none
            {"kind": "external", "status": "accepted", "justification": clean(reason, _LONGEST_FIELD)}
            for _, reason in ignored_by
        ],
        "properties": {"effect": entry.effect.value, **(_finding_properties(entry.listed) if entry.listed else {})},
    }


def _finding_properties(listed: ListedFinding) -> dict[str, Any]:
    """Return the fields of a finding for programs."""
    finding = listed.finding
    fields = {"package": finding.app_name, "packageVersion": finding.version, "packagePath": finding.app_path}
    known = {name: clean(value, _LONGEST_FIELD) for name, value in fields.items() if value}
    cves = [clean(cve, 100) for cve in listed.cve_ids[:50]]
    return {"hssLevel": finding.level.value, **known, **({"cves": cves} if cves else {})}
