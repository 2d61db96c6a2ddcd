"""Entries for code hosts: broken rules, doubts and findings, most severe first.

SARIF and Code Quality are both made from these entries, so that they list the same things with the same severity.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from hssgate.hss.models import Level
from hssgate.policy.load import BUILT_IN
from hssgate.policy.rule_table import SPECS
from hssgate.reports.explanation import worst_by_check
from hssgate.reports.findings import (
    EFFECT_OF,
    Consequence,
    Effect,
    consequences,
    cves_in_words,
    identifier,
    novelty_in_words,
    package,
)
from hssgate.reports.fingerprints import Key, digest, fingerprints, group_key, identities
from hssgate.reports.image_facts import path_in_repository
from hssgate.text import clean
from hssgate.verdict import (
    NOTHING_JUDGED,
    SCAN,
    Check,
    ImageVerdict,
    ListedFinding,
    Outcome,
    Result,
    RulePlace,
    Verdict,
)

OWN = "hssgate."  # prefix of the ids of the gate's own rules; no other id has it
RUN = "run"  # rule of entries about the run as a whole
DOCKERFILE = "Dockerfile"  # code hosts require a file, and most repositories build their image from this one

_LONGEST_NAME = 200
_LONGEST_PART = 400
_LONGEST_MESSAGE = 1000
_PLAIN_ID = re.compile(r"(?!hssgate\.)\w[\w.:-]{0,99}")
_LIMITS = SPECS.keys() - {SCAN}  # rules that a policy sets; `scan` is checked without one
_EFFECTS = tuple(Effect)
_LEVELS = (None, *Level)  # most severe first; None stands for an entry about a rule


@dataclass(frozen=True)
class ReportEntry:
    """An entry about a finding, a rule or the run.

    Args:
        effect: its effect on the verdict.
        message: one cleaned line, whose first sentence can stand alone.
        rule: `hssgate.` and a rule of the gate, or the id of a finding.
        path: file that code hosts show the entry at, relative to the repository.
        line: line of the file, from 1.
        broken_rules: rules that a finding breaks, with their places in files of the repository.
        listed: the finding; None for an entry about a rule or the run.
        image: reference of the image; None for an entry about the run as a whole.
        is_doubt: whether it is about something that could not be judged.
        fingerprint: unique in the run, and the same in the next run.
    """

    effect: Effect
    message: str
    rule: str
    path: str = DOCKERFILE
    line: int = 1
    broken_rules: tuple[tuple[str, RulePlace], ...] = ()
    listed: ListedFinding | None = None
    image: str | None = None
    is_doubt: bool = False
    fingerprint: str = ""

    @property
    def level(self) -> Level | None:
        """Level of the finding; None if the entry is not about one."""
        return self.listed.finding.level if self.listed else None


def entries(verdict: Verdict) -> list[ReportEntry]:
    """Return all entries, most severe first.

    A finding has one entry for each image, however many rules it breaks. A broken rule has an entry of its own unless
    its findings account for it in full. The order is by effect (blocks, warns, accepted, ignored), and within each
    effect rules before findings and findings by level and score. A run that does not pass has at least one entry that
    blocks.
    """
    keys = identities([image.reference for image in verdict.images])
    keyed = [
        (("image", *identity, *key), entry)
        for image, identity in zip(verdict.images, keys, strict=True)
        for key, entry in _entries_of_image(image, verdict)
    ]
    keyed += _entries_of_run(verdict)
    marks = fingerprints((key, _distinction(entry)) for key, entry in keyed)
    found = [replace(entry, fingerprint=mark) for (_, entry), mark in zip(keyed, marks, strict=True)]
    return sorted(found, key=_severity_order)


def _severity_order(entry: ReportEntry) -> tuple[int, int, float, str, str, str]:
    effect, level = _EFFECTS.index(entry.effect), _LEVELS.index(entry.level)
    score = (entry.listed.cvss if entry.listed else None) or 0.0
    return (effect, level, -score, entry.rule, entry.image or "", entry.fingerprint)


def _distinction(entry: ReportEntry) -> str:
    """Return all values of the finding, which distinguish entries with the same key."""
    return "\n".join(value or "" for _, value in entry.listed.finding) if entry.listed else ""


Keyed = tuple[Key, ReportEntry]  # the parts of the fingerprint, and the entry


def _entries_of_image(image: ImageVerdict, verdict: Verdict) -> list[Keyed]:
    accounted: Counter[int] = Counter()
    found: list[Keyed] = []
    worst = worst_by_check(image)
    for one in consequences(image):
        finding = one.listed.finding
        accounted.update(map(id, one.checks))
        key = ("finding", finding.vul_id, finding.app_name, finding.app_path, group_key(one.group, image.reference))
        found.append((key, _entry_of_finding(image, one, verdict)))
    for check in image.checks:
        # The findings of a rule account for it if the rule counted as many as have an entry. If it counted more than
        # HSS listed, or is not about findings, it needs an entry of its own, or the report would not show the block.
        if check.result in EFFECT_OF and (not check.broken_by or check.actual != accounted[id(check)]):
            policy = _policy_of(check, verdict)
            at = ("rule", check.rule, policy, group_key(check.group, image.reference))
            found.append((at, _entry_of_check(image, check, _place_of(check, verdict), worst.get(id(check), ""))))
    if image.outcome is not Outcome.PASSED and all(entry.effect is not Effect.BLOCKS for _, entry in found):
        found.append((("rule", SCAN, None, None), _entry_of_check(image, NOTHING_JUDGED, None)))
    return found


def _entry_of_finding(image: ImageVerdict, one: Consequence, verdict: Verdict) -> ReportEntry:
    listed, finding = one.listed, one.listed.finding
    inside = f" in {package(finding)}" if package(finding) else ""
    cves = f" ({cves_in_words(listed)})" if listed.cve_ids else ""
    score = f", CVSS {listed.cvss:.1f}" if listed.cvss is not None else ""
    novelty = f", {novelty_in_words(listed)}" if listed.known else ""
    what = f"{identifier(finding)}{cves} ({finding.level}{score}{novelty}){inside}"
    parts = [f"{what} of {_short(image.reference.text)}{_where(one.group)}."]
    parts += [f"{EFFECT_OF[check.result].capitalize()}: {_message(check)}." for check in one.checks]
    parts += [f"Ignored: {clean(reason, _LONGEST_PART)} ({_short(policy)})." for policy, reason in listed.ignored_by]
    if finding.solution:
        parts.append(f"Solution: {clean(finding.solution, _LONGEST_PART).rstrip('.')}.")
    return ReportEntry(
        one.effect,
        clean(" ".join(parts), _LONGEST_MESSAGE),
        _rule_id(finding.vul_id),
        broken_rules=tuple((check.rule, place) for check in one.checks if (place := _place_of(check, verdict))),
        listed=listed,
        image=clean(image.reference.text),
    )


def _entry_of_check(image: ImageVerdict, check: Check, place: RulePlace | None, worst: str = "") -> ReportEntry:
    is_doubt = check.result is Result.ERROR
    doubted = " could not be judged" if is_doubt else ""
    behind = f" Worst: {worst}." if worst else ""
    return ReportEntry(
        EFFECT_OF[check.result],
        clean(f"{_short(image.reference.text)}{doubted}: {_message(check)}.{behind}", _LONGEST_MESSAGE),
        OWN + check.rule,
        path=place.path if place else DOCKERFILE,
        line=(place.line if place else None) or 1,
        image=clean(image.reference.text),
        is_doubt=is_doubt,
    )


def _entries_of_run(verdict: Verdict) -> Iterator[Keyed]:
    """Return the entries about what kept the run from passing apart from its images."""
    for error in verdict.run_errors:
        yield _run_entry(error.trouble.value, clean(error.message, _LONGEST_PART))
    if not verdict.images:
        yield _run_entry("images", "no image was judged")


def _run_entry(key: str, reason: str) -> Keyed:
    return (RUN, key), ReportEntry(Effect.BLOCKS, f"The run failed: {reason}.", OWN + RUN, is_doubt=True)


def _policy_of(check: Check, verdict: Verdict) -> str | None:
    """Return the path of the policy that sets a rule; None for `scan` and `freshness`, which no policy sets."""
    if check.rule not in _LIMITS:
        return None
    return check.policy or next((source.path for source in verdict.policies), None)


def _place_of(check: Check, verdict: Verdict) -> RulePlace | None:
    """Return the place of a rule in a policy file of the repository; None if there is none."""
    policy = _policy_of(check, verdict)
    file = _relative(policy and path_in_repository(policy, verdict.policies))
    return RulePlace(file, check.place.line if check.place else None) if file else None


def _relative(policy: str | None) -> str | None:
    """Return the path of a policy file in the repository; None if it is unknown or lies outside."""
    if policy is None or policy == BUILT_IN or clean(policy, _LONGEST_PART) != policy or {*policy} & {"\\", ":"}:
        return None
    path = PurePosixPath(policy)
    return None if path.is_absolute() or ".." in path.parts else str(path)


def _rule_id(vul_id: str | None) -> str:
    """Return the rule id for a finding: its own id if that is a plain word, otherwise one made from it with a hash."""
    if vul_id is not None and _PLAIN_ID.fullmatch(vul_id):
        return vul_id
    plain = re.sub(r"[^\w.:-]+", "_", clean(vul_id or "without an id", 80))
    return f"finding:{plain}-{digest(vul_id)[:8]}"


def _message(check: Check) -> str:
    return f"{clean(check.message, _LONGEST_PART).rstrip('.')}{_where(check.policy, check.group)}"


def _where(*parts: str | None) -> str:
    """Return policy and rows in brackets; empty if the check names neither."""
    where = ", ".join(_short(part) for part in parts if part)
    return f" [{where}]" if where else ""


def _short(text: str) -> str:
    return clean(text, _LONGEST_NAME)
