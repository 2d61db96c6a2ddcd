"""Container scanning report for GitLab's vulnerability report and merge requests, by its schema 15.x.

GitLab takes a finding that a successful report does not list for one that is resolved. So the status is `success` only
if every image has a result and all findings that HSS counts are listed.

Source: GitLab's `container-scanning-report-format.json`, version 15.2.1.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any
from uuid import UUID

from hssgate import __version__
from hssgate.durations import format_moment
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import Finding, Level, ScanStatus
from hssgate.reports.entries import ReportEntry, entries
from hssgate.reports.escaping import text as markdown
from hssgate.reports.findings import field, identifier
from hssgate.reports.wording import policy_in_words
from hssgate.text import clean, plural, without_commands_in_json
from hssgate.verdict import ListedFinding, Result, Verdict

_SCHEMA = "15.2.1"
_MOST = 25_000  # findings; one that is left out makes the status a failure
_MOST_IDENTIFIERS = 20  # GitLab refuses more
_MOST_MESSAGES = 100
_LONGEST_NAME = 255
_LONGEST_FIELD = 500
_LONGEST_SOLUTION = 2000
_UNKNOWN = "unknown"  # HSS does not say: the schema wants a text
_SEVERITIES = {Level.HIGH: "High", Level.MEDIUM: "Medium", Level.LOW: "Low"}
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_ADDRESS = re.compile(r"https?://[^\s]+", re.IGNORECASE)
_ID = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z]+)*-[0-9]{4}[-:][0-9]+\b")  # of a CVE or a notice
_VERSION = re.compile(r"(?<![\w.])v?[0-9]+(?:[.:~+_-][0-9A-Za-z]+)+")


def render(verdict: Verdict) -> str:
    """Return the report, with a newline at its end."""
    found = [entry for entry in entries(verdict) if entry.listed]
    problems = [*_problems(verdict)]
    if len(found) > _MOST:
        problems.append(f"{plural(len(found) - _MOST, 'finding')} left out: the JSON report has them all")
    document = {
        "scan": {
            "analyzer": _tool(
                "hssgate", "hssgate", __version__, "hssgate"
            ),  # first: `recognition` knows the file by it
            "scanner": _tool("huawei-cloud-hss", "Huawei Cloud HSS", _UNKNOWN, "Huawei Cloud"),
            "type": "container_scanning",
            "start_time": _moment(verdict.started_at),
            "end_time": _moment(verdict.finished_at),
            "status": "failure" if problems else "success",
            "options": [
                {"name": "policy", "source": "file", "value": policy_in_words(one)} for one in verdict.policies
            ],
            "messages": [{"level": "fatal", "value": problem} for problem in problems[:_MOST_MESSAGES]],
        },
        "version": _SCHEMA,
        "vulnerabilities": [],
    }
    # Thousands of findings as Python objects would take several times the memory of their text: each is encoded by
    # itself and put into the frame.
    head, _, tail = json.dumps(document, ensure_ascii=False, indent=1).rpartition("[]")
    tracked = _default_branch_images(verdict)
    text = StringIO()
    text.write(f"{head}[")
    for number, entry in enumerate(found[:_MOST]):
        if entry.listed:
            text.write(",\n" if number else "\n")
            text.write(json.dumps(_vulnerability(entry, entry.listed, tracked), ensure_ascii=False))
    text.write(f"]{tail}\n")
    return without_commands_in_json(text.getvalue())


def _tool(identity: str, name: str, version: str, vendor: str) -> dict[str, Any]:
    return {"id": identity, "name": name, "version": version, "vendor": {"name": vendor}}


def _moment(epoch: float) -> str:
    return format_moment(epoch * 1000).removesuffix("Z")


def _problems(verdict: Verdict) -> Iterator[str]:
    """Yield a line for each reason why the report may lack findings."""
    for image in verdict.images:
        name = clean(image.reference.text, _LONGEST_FIELD)
        doubts = [check.message for check in image.checks if check.result is Result.ERROR]
        groups = image.seen.groups if image.seen else ()
        if doubts:
            yield from (f"{name}: {clean(doubt, _LONGEST_FIELD)}" for doubt in doubts)
        elif not groups or any(group.row.scan_status != ScanStatus.SUCCESS for group in groups):
            yield f"{name}: HSS has no result"
        elif not all(image.lists_all_findings(number) for number in range(len(groups))):
            reasons = [clean(reason, _LONGEST_FIELD) for reason in image.findings_errors[:1]]
            yield ": ".join([f"{name}: not all findings are known", *reasons])
    yield from (clean(error.message, _LONGEST_FIELD) for error in verdict.run_errors)
    if not verdict.images or verdict.exit_code not in (ExitCode.PASSED, ExitCode.BLOCKED):
        yield f"exit code {int(verdict.exit_code)}: {verdict.exit_code.meaning}"


def _vulnerability(entry: ReportEntry, listed: ListedFinding, tracked: Mapping[str, str]) -> dict[str, Any]:
    finding = listed.finding
    identifiers = _identifiers(listed)
    image = entry.image or _UNKNOWN
    solution = {"solution": clean(finding.solution, _LONGEST_SOLUTION)} if names_version(finding) else {}
    links = {"links": [{"url": finding.url}]} if finding.url and _is_address(finding.url) else {}
    return {
        "id": str(UUID(entry.fingerprint[:32])),  # the same from build to build
        "name": identifiers[0]["name"][:_LONGEST_NAME],
        "description": markdown(finding.description or entry.message, _LONGEST_SOLUTION),
        "severity": _SEVERITIES[finding.level],
        **solution,
        "identifiers": identifiers,
        **links,
        "details": _details(entry, listed),
        "location": {
            "dependency": {
                "package": {"name": field(finding.app_name) or _UNKNOWN},
                "version": field(finding.version) or _UNKNOWN,
            },
            "operating_system": _UNKNOWN,
            "image": image,
            **({"default_branch_image": tracked[image]} if image in tracked else {}),
        },
    }


def _identifiers(listed: ListedFinding) -> list[dict[str, str]]:
    """Return the CVEs first, for GitLab knows a vulnerability by its first identifier; then the id of HSS."""
    cves = [clean(cve, 100) for cve in listed.cve_ids if clean(cve, 100)]
    named = [
        {"type": "cve", "name": cve, "value": cve}
        | ({"url": f"https://www.cve.org/CVERecord?id={cve}"} if _CVE.fullmatch(cve) else {})
        for cve in cves[: _MOST_IDENTIFIERS - 1]
    ]
    own = identifier(listed.finding)
    return [*named, {"type": "hss", "name": own, "value": own}]


def _details(entry: ReportEntry, listed: ListedFinding) -> dict[str, Any]:
    """Return what the schema has no field for; a pair of a name and a text each."""
    cvss = f"{listed.cvss:.1f}" if listed.cvss is not None else None
    ignored = "; ".join(clean(reason, _LONGEST_FIELD) for _, reason in listed.ignored_by)
    values = {
        "effect": ("Effect on the pipeline", entry.effect.value),
        "cvss": ("CVSS score", cvss),
        "path": ("Path", listed.finding.app_path),
        "ignored": ("Ignored by the policy", ignored),
    }
    return {
        key: {"type": "text", "name": name, "value": field(value)} for key, (name, value) in values.items() if value
    }


def _default_branch_images(verdict: Verdict) -> dict[str, str]:
    """Return each image without version and digest, by which GitLab tracks a finding from push to push."""
    paths: defaultdict[str, set[str]] = defaultdict(set)
    for one in (image.reference for image in verdict.images):
        paths[clean(one.text)].add("/".join(filter(None, (one.registry, one.namespace, one.image_name))))
    known = {image: clean(next(iter(found))) for image, found in paths.items() if len(found) == 1}
    return {image: path for image, path in known.items() if 0 < len(path) <= _LONGEST_NAME}


def names_version(finding: Finding) -> bool:
    """Whether the solution names a version other than the installed one: GitLab takes any text for a fix."""
    prose = _ID.sub(" ", _ADDRESS.sub(" ", finding.solution or ""))
    installed = (finding.version or "").removeprefix("v")
    return any(version.rstrip(".").removeprefix("v") != installed for version in _VERSION.findall(prose))


def _is_address(url: str) -> bool:
    return clean(url) == url and bool(_ADDRESS.fullmatch(url)) and not set(url) & {'"', "<", ">", "`", "\\"}
