"""Findings as lines of text, their effect on the verdict, and `ignore` entries to paste into a policy."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum

from hssgate.durations import format_moment
from hssgate.hss.models import Detail, DetailKind, Finding
from hssgate.policy.days import day_of
from hssgate.policy.feeds import Exploited
from hssgate.policy.globs import literal, literal_id
from hssgate.record import record
from hssgate.reports.language import translate
from hssgate.text import clean
from hssgate.verdict import SCAN, Check, ImageVerdict, ListedDetail, ListedFinding, Result

_LONGEST_FIELD = 200
MOST_CVES = 3
WHY = "say why it may pass"  # the reason in an entry to paste, which a person writes
_EXPLOITED_STATES = tuple(state.value for state in (Exploited.YES, Exploited.NOT_CHECKED, Exploited.NO))
_SEVERITIES = ("critical", "high", "medium", "low", "security")


class Effect(StrEnum):
    """Effect of a finding or check on the verdict of its image, strongest first."""

    BLOCKS = "blocks"
    WARNS = "warns"
    ACCEPTED = "accepted"
    IGNORED = "ignored"


EFFECT_OF = {Result.FAILED: Effect.BLOCKS, Result.ERROR: Effect.BLOCKS, Result.WARNED: Effect.WARNS}
_EFFECTS = tuple(Effect)


@record
class Consequence:
    """A finding with the checks that it breaks.

    Args:
        listed: the finding.
        group: label of the rows it was found in; None unless one reference matched several groups.
        checks: checks that fail or warn because of the finding.
    """

    listed: ListedFinding
    group: str | None
    checks: tuple[Check, ...]

    @property
    def effect(self) -> Effect:
        """The strongest effect of its checks."""
        otherwise = Effect.IGNORED if self.listed.ignored_by else Effect.ACCEPTED
        return min((EFFECT_OF[check.result] for check in self.checks), key=_EFFECTS.index, default=otherwise)


def listed_line(listed: ListedFinding) -> str:
    """Return the line of a finding with CVEs, score, path and date, as far as HSS gave them."""
    finding = listed.finding
    cves = f" ({cves_in_words(listed)})" if listed.cve_ids else ""
    score = f"  CVSS {listed.cvss:.1f}" if listed.cvss is not None else ""
    path = f"  {field(finding.app_path)}" if finding.app_path else ""
    solution = f": {field(finding.solution)}" if finding.solution else ""
    published = f"  ({translate('published {day}', day=published_on(listed))})" if published_on(listed) else ""
    first = f"{finding.level.value:<6}  {identifier(finding)}{cves}{score}  {package(finding)}{path}".rstrip()
    due = f"  ({due_in_words(listed)})" if listed.due is not None else ""
    exploited = f"  {translate('exploited')}" if _is_exploited(listed) else ""
    novelty = f"  {novelty_in_words(listed)}" if listed.known else ""
    return f"{first}{exploited}{novelty}{solution}{published}{due}"


def cves_in_words(listed: ListedFinding) -> str:
    """Return the CVE ids of a finding, the first few of many."""
    shown = [field(cve) for cve in listed.cve_ids[:MOST_CVES]]
    more = (
        [translate("{count} more", count=len(listed.cve_ids) - len(shown))] if len(listed.cve_ids) > len(shown) else []
    )
    return ", ".join([*shown, *more])


def due_in_words(listed: ListedFinding) -> str:
    """Return the day on which its grace ends; empty if it has none."""
    return "" if listed.due is None else translate("due {day}", day=day_of(listed.due))


def exploited_in_words(listed: ListedFinding) -> str:
    """Return `yes` if a feed of any policy names the finding, else `not checked` or `no`; empty without feeds."""
    states = [state for _, state in listed.exploited]
    return translate(min(states, key=_EXPLOITED_STATES.index)) if states else ""


def novelty_in_words(listed: ListedFinding) -> str:
    """Return `new` if it is not known under a policy that has known findings, else `known`; empty without any."""
    return translate("new" if listed.is_new else "known") if listed.known else ""


def _is_exploited(listed: ListedFinding) -> bool:
    return any(state == _EXPLOITED_STATES[0] for _, state in listed.exploited)


def published_on(listed: ListedFinding) -> str:
    """Return the day on which the first of its CVEs was published; empty if that is unknown."""
    moment = "" if listed.published is None else format_moment(listed.published)
    return moment.partition("T")[0] if moment.endswith("Z") else ""


def identifier(finding: Finding) -> str:
    """Return the id of the finding, or `without an id`."""
    return field(finding.vul_id) or translate("without an id")


def package(finding: Finding) -> str:
    """Return `openssl 1.1.1k`; parts that HSS did not send are left out."""
    return " ".join(field(part) for part in (finding.app_name, finding.version) if part)


def detail_line(listed: ListedDetail) -> str:
    """Return `malicious_file  /tmp/x: description`; parts that HSS did not send are left out."""
    severity = f"  {field(listed.detail.severity)}" if listed.detail.severity else ""
    what, about = detail_words(listed.detail)
    rule = f"  ({known})" if (known := check_id(listed.detail)) else ""
    return f"{translate(listed.kind.value)}{severity}  {what}{f': {about}' if about else ''}{rule}"


def check_id(detail: Detail) -> str:
    """Return standard and number of a baseline check, which `ignore` entries name; empty for a file."""
    return " ".join(field(part) for part in (detail.standard, detail.check_rule_id) if part)


def worst_details(details: Iterable[ListedDetail]) -> list[ListedDetail]:
    """Return details by kind, then by severity; an unknown severity comes first."""
    kinds = [*DetailKind]

    def order(listed: ListedDetail) -> tuple[int, int]:
        severity = (listed.detail.severity or "").lower()
        return kinds.index(listed.kind), _SEVERITIES.index(severity) if severity in _SEVERITIES else -1

    return sorted(details, key=order)


def detail_words(detail: Detail) -> tuple[str, str]:
    """Return the name of a detail and its description."""
    what = detail.file_path or detail.check_rule_name or detail.file_name or detail.name
    about = detail.description or detail.check_name or detail.name
    return field(what) or translate("without a name"), field(about) if about != what else ""


def field(text: str | None) -> str:
    """Return one field of a finding, cleaned and bounded; empty if it is missing."""
    return clean(text, _LONGEST_FIELD) if text else ""


def ignored_lines(image: ImageVerdict) -> list[str]:
    """Return a line for each ignored finding, file or check and each policy that ignores it, with the reason."""
    found = [
        *((listed_line(listed), listed.ignored_by) for listed in image.findings),
        *((detail_line(detail), detail.ignored_by) for detail in image.details),
    ]
    return [f"{text} ({field(reason)}, {field(policy)})" for text, ignored_by in found for policy, reason in ignored_by]


def consequences(image: ImageVerdict) -> list[Consequence]:
    """Return each finding of the image with the checks that it breaks, in the order of the verdict."""
    blaming: defaultdict[tuple[str | None, Finding], list[Check]] = defaultdict(list)
    for check in image.checks:
        for finding in dict.fromkeys(check.broken_by):
            blaming[check.group, finding].append(check)
    groups = dict(enumerate(check.group for check in image.checks if check.rule == SCAN))  # one scan check a group
    found = [(listed, groups.get(listed.group)) for listed in image.findings]
    return [Consequence(listed, group, tuple(blaming.get((group, listed.finding), ()))) for listed, group in found]


def in_order_of_effect(found: Sequence[Consequence]) -> list[Consequence]:
    """Return the consequences sorted by effect: blocking findings first, ignored ones last."""
    return sorted(found, key=lambda one: _EFFECTS.index(one.effect))


def ignore_entries_for(findings: Sequence[Finding], most: int, details: Sequence[ListedDetail] = ()) -> str:
    """Return `ignore` entries for the findings as YAML, with a placeholder for the reason.

    Args:
        findings: blocking findings; those without an id are left out, because an entry cannot name them.
        most: maximum number of entries.
        details: blocking files and baseline checks; those without a path or an id are left out.
    """
    of_findings = [*dict.fromkeys(_entry(finding) for finding in findings if field(finding.vul_id))]
    of_details = [*dict.fromkeys(entry for listed in details if (entry := _entry_of_detail(listed)))]
    if not of_findings and not of_details:
        return ""
    # An image has far more findings than files, which would otherwise never be shown.
    others = min(len(of_details), max(most // 2, most - len(of_findings)))
    shown = [*of_findings[: most - others], *of_details[:others]]
    left_out = len(of_findings) + len(of_details) - len(shown)
    more = [f"  # {translate('and {count} more', count=left_out)}"] if left_out else []
    return "\n".join(["ignore:", *shown, *more])


def _entry(finding: Finding) -> str:
    package = f", package: {quoted(literal(field(finding.app_name)))}" if field(finding.app_name) else ""
    return f"  - {{vulnerability: {quoted(literal_id(field(finding.vul_id)))}{package}, reason: {translate(WHY)}}}"


def _entry_of_detail(listed: ListedDetail) -> str:
    """Return an entry for a file or baseline check; empty if no entry can name it exactly."""
    detail = listed.detail
    if listed.kind is DetailKind.BASELINE_BREACH:
        name, glob = "check_rule", literal(field(detail.check_rule_id))
    else:
        name, glob = "file", field(detail.file_path or detail.file_name)
    return f"  - {{{name}: {quoted(glob)}, reason: {translate(WHY)}}}" if glob else ""


def quoted(text: str) -> str:
    """Return the text as a single-quoted YAML scalar."""
    return "'" + text.replace("'", "''") + "'"
