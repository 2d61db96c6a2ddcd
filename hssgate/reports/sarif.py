"""SARIF 2.1.0 report, limited to what GitHub code scanning accepts.

Each entry is a result. Level `error` means that it blocks or could not be judged, `warning` that it breaks a rule that
only warns, and `note` that it does not count; an ignored finding also has a suppression. Passed checks are not listed.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from io import StringIO
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
from hssgate.verdict import ListedFinding, PolicySource, Result, Verdict

MOST_RESULTS = 25_000  # GitHub refuses more results in a run; its limit for rules is the same
LONGEST = 8_000_000  # bytes of rules and results; GitHub accepts 10 MB after gzip, and shows 5,000 results of a run
_NO_RULES, _NO_RESULTS = '"rules":[]', '"results":[]'  # cannot occur in a text, where quotes are escaped
_MOST_NOTIFICATIONS = 100
_MOST_CVES = 50  # of a result
_LONGEST_FIELD = 500
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Effect.BLOCKS: "error", Effect.WARNS: "warning", Effect.ACCEPTED: "note", Effect.IGNORED: "note"}


def render(verdict: Verdict) -> str:
    """Return the report, with a newline at its end; of too many results it keeps the most severe."""
    found = entries(verdict)
    rules, results = _encoded(found)
    # Rules and results are encoded one by one and put into the frame, because thousands of results as Python objects
    # would take several times the memory of their text. All is on one line, because its readers are programs and GitHub
    # limits its size.
    frame = _compact(_document(verdict, found, len(results)))
    head, first, rest = frame.partition(_NO_RULES)
    middle, second, tail = rest.rpartition(_NO_RESULTS)
    text = StringIO()
    text.write(f"{head}{first[:-1]}")
    _write_list(text, rules)
    text.write(f"]{middle}{second[:-1]}")
    _write_list(text, results)
    text.write(f"]{tail}\n")
    return without_commands_in_json(text.getvalue())


def _write_list(text: StringIO, items: list[str]) -> None:
    """Write items with commas between, and forget them, so that they are not in memory twice."""
    for number in range(len(items)):
        text.write(f"{',' if number else ''}{items[number]}")
        items[number] = ""


def _encoded(found: Sequence[ReportEntry]) -> tuple[list[str], list[str]]:
    """Return as many results as fit, most severe first, and the rules that they name."""
    by_rule: defaultdict[str, list[ReportEntry]] = defaultdict(list)
    for entry in found:
        by_rule[entry.rule].append(entry)
    index: dict[str, int] = {}
    rules: list[str] = []
    results: list[str] = []
    room = LONGEST
    for entry in found[:MOST_RESULTS]:
        is_new = entry.rule not in index
        rule = _compact(descriptor(entry.rule, by_rule[entry.rule])) if is_new else ""
        result = _compact(_result(entry, index.setdefault(entry.rule, len(index))))
        room -= len(rule.encode()) + len(result.encode()) + 2  # with a comma after each
        if room < 0:
            break
        rules += [rule] if is_new else []
        results.append(result)
    return rules, results


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
        f"{image.reference.text}: the findings could not be read: {reason}"
        for image in verdict.images
        if all(check.result is not Result.ERROR for check in image.checks)  # which is a doubt, with the same reason
        for reason in image.findings_errors
    ]
    notes = [("warning", _left_out(found, kept))] if kept < len(found) else []
    notes += [("error", text) for text in [*doubts, *map(clean, unread)]]
    notes += [("warning", clean(text)) for text in [*_unlisted(verdict), *verdict.warnings]]
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


def _unlisted(verdict: Verdict) -> Iterator[str]:
    """Yield a line for each image of which HSS counts more vulnerabilities than were listed."""
    for image in verdict.images:
        if image.unlisted:
            yield f"{image.reference.text}: HSS counts {plural(image.unlisted, 'more finding')} than are listed here"


def _left_out(found: Sequence[ReportEntry], kept: int) -> str:
    blocking = sum(entry.effect is Effect.BLOCKS for entry in found[kept:])
    return (
        f"{plural(len(found) - kept, 'result')} of {len(found)} left out, {blocking} of which block, because the "
        "report would be too large. The most severe are kept; the JSON report has them all."
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
                    "region": _region(entry.line),
                },
                **image,
            }
        ],
        **_places_of_rules(entry),
        "partialFingerprints": {"primaryLocationLineHash": entry.fingerprint},
        "suppressions": [  # the standard requires this property on all results or on none
            {"kind": "external", "status": "accepted", "justification": clean(reason, _LONGEST_FIELD)}
            for _, reason in ignored_by
        ],
        "properties": {"effect": entry.effect.value, **(_finding_properties(entry.listed) if entry.listed else {})},
    }


def _region(line: int) -> dict[str, int]:
    """Return the first column of a line: the policy's lines are not known to their end."""
    return {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 1}


def _places_of_rules(entry: ReportEntry) -> dict[str, Any]:
    """Return the lines of the policy with the rules that a finding breaks."""
    places = [
        {
            "physicalLocation": {"artifactLocation": {"uri": quote(place.path)}, "region": _region(place.line or 1)},
            "message": message(f"The rule {rule}"),
        }
        for rule, place in entry.broken_rules
    ]
    return {"relatedLocations": places} if places else {}


def _finding_properties(listed: ListedFinding) -> dict[str, Any]:
    """Return the fields of a finding for programs."""
    finding = listed.finding
    fields = {"package": finding.app_name, "packageVersion": finding.version, "packagePath": finding.app_path}
    known = {name: clean(value, _LONGEST_FIELD) for name, value in fields.items() if value}
    cves = [*dict.fromkeys(clean(cve, 100) for cve in listed.cve_ids[:_MOST_CVES])]
    score = {} if listed.cvss is None else {"cvss": listed.cvss}
    return {"hssLevel": finding.level.value, **known, **score, **({"cves": cves, "tags": cves} if cves else {})}
