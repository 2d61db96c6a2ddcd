"""Entries for code hosts: all that blocks, warns or was found, most severe first.

SARIF and Code Quality are both made of these entries, so that they agree on what is listed, where, and how gravely.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from hssgate.hss.models import Level
from hssgate.policy.load import BUILT_IN
from hssgate.policy.rule_table import RULES
from hssgate.reports.findings import EFFECT_OF, Consequence, Effect, consequences, identifier, package
from hssgate.reports.fingerprints import Key, digest, fingerprints, group_key, identities
from hssgate.reports.image_facts import path_in_repository
from hssgate.text import clean
from hssgate.verdict import NOTHING_JUDGED, SCAN, Check, ImageVerdict, ListedFinding, Outcome, Result, Verdict

OWN = "hssgate."  # what the ids of the gate's own rules begin with, and no other
RUN = "run"  # the rule of what is wrong with the run as a whole
DOCKERFILE = "Dockerfile"  # an image has no line of source; this is what most repositories make it from

_LONGEST_NAME = 200
_LONGEST_PART = 400
_LONGEST_MESSAGE = 1000
_PLAIN_ID = re.compile(r"(?!hssgate\.)\w[\w.:-]{0,99}")
_LIMITS = RULES.keys() - {SCAN}  # the rules that stand in a policy
_EFFECTS = tuple(Effect)
_LEVELS = (None, *Level)  # most severe first; None is a rule


@dataclass(frozen=True)
class Entry:
    """One thing to tell.

    Args:
        effect: what it did to the run.
        message: one line, safe to show, whose first sentence can stand alone.
        rule: `hssgate.` and a rule of the gate, or the id of a finding.
        path: of the file it is shown at, relative to the repository.
        listed: the finding, where the entry is about one.
        image: the reference asked for; None where the entry is about the run as a whole.
        is_doubt: it tells of what could not be judged.
        fingerprint: the same in the next run, and no other entry's.
    """

    effect: Effect
    message: str
    rule: str
    path: str = DOCKERFILE
    listed: ListedFinding | None = None
    image: str | None = None
    is_doubt: bool = False
    fingerprint: str = ""

    @property
    def level(self) -> Level | None:
        """How grave the finding is; None where the entry is about a rule."""
        return self.listed.finding.level if self.listed else None


def entries(verdict: Verdict) -> list[Entry]:
    """Return all entries, most severe first; all that keeps the run from passing is among them.

    A finding has one entry for an image, whichever rules it breaks. A broken rule has an entry where its
    findings do not account for it. What blocks comes first, then what warns, what is listed, and what is ignored; in
    each of these rules come before findings, and findings by their level.
    """
    keys = identities([image.reference for image in verdict.images])
    keyed = [
        (("image", *identity, *key), entry)
        for image, identity in zip(verdict.images, keys, strict=True)
        for key, entry in _of_image(image, verdict)
    ]
    keyed += _of_run(verdict)
    marks = fingerprints((key, _fine_print(entry)) for key, entry in keyed)
    found = [replace(entry, fingerprint=mark) for (_, entry), mark in zip(keyed, marks, strict=True)]
    return sorted(found, key=_severity_order)


def _severity_order(entry: Entry) -> tuple[int, int, str, str, str]:
    effect, level = _EFFECTS.index(entry.effect), _LEVELS.index(entry.level)
    return (effect, level, entry.rule, entry.image or "", entry.fingerprint)


def _fine_print(entry: Entry) -> str:
    """Return what tells entries apart that are alike in all that lasts from run to run."""
    return "\n".join(value or "" for _, value in entry.listed.finding) if entry.listed else ""


Keyed = tuple[Key, Entry]  # what the fingerprint is made of, and the entry


def _of_image(image: ImageVerdict, verdict: Verdict) -> list[Keyed]:
    accounted: Counter[int] = Counter()
    found: list[Keyed] = []
    for one in consequences(image):
        finding = one.listed.finding
        accounted.update(map(id, one.checks))
        key = ("finding", finding.vul_id, finding.app_name, finding.app_path, group_key(one.group, image.reference))
        found.append((key, _of_finding(image, one)))
    for check in image.checks:
        # A rule without findings has none to account for it, nor has one that counted more than was listed.
        if check.result in EFFECT_OF and (not check.blamed or check.actual != accounted[id(check)]):
            policy = _policy_of(check, verdict)
            at = ("rule", check.rule, policy, group_key(check.group, image.reference))
            found.append((at, _of_check(image, check, _file_of(policy, verdict))))
    if image.outcome is not Outcome.PASSED and all(entry.effect is not Effect.BLOCKS for _, entry in found):
        found.append((("rule", SCAN, None, None), _of_check(image, NOTHING_JUDGED, None)))
    return found


def _of_finding(image: ImageVerdict, one: Consequence) -> Entry:
    listed, finding = one.listed, one.listed.finding
    inside = f" in {package(finding)}" if package(finding) else ""
    parts = [f"{identifier(finding)} ({finding.level}){inside} of {_short(image.reference.text)}{_where(one.group)}."]
    parts += [f"{EFFECT_OF[check.result].capitalize()}: {_said(check)}." for check in one.checks]
    parts += [f"Ignored: {clean(reason, _LONGEST_PART)} ({_short(policy)})." for policy, reason in listed.ignored_by]
    if finding.solution:
        parts.append(f"Solution: {clean(finding.solution, _LONGEST_PART).rstrip('.')}.")
    return Entry(
        one.effect,
        clean(" ".join(parts), _LONGEST_MESSAGE),
        _rule_id(finding.vul_id),
        listed=listed,
        image=clean(image.reference.text),
    )


def _of_check(image: ImageVerdict, check: Check, file: str | None) -> Entry:
    is_doubt = check.result is Result.ERROR
    doubted = " could not be judged" if is_doubt else ""
    return Entry(
        EFFECT_OF[check.result],
        clean(f"{_short(image.reference.text)}{doubted}: {_said(check)}.", _LONGEST_MESSAGE),
        OWN + check.rule,
        path=file or DOCKERFILE,
        image=clean(image.reference.text),
        is_doubt=is_doubt,
    )


def _of_run(verdict: Verdict) -> Iterator[Keyed]:
    """Tell of what keeps the run from passing, beside its images."""
    for error in verdict.run_errors:
        yield _run_entry(error.trouble.value, clean(error.message, _LONGEST_PART))
    if not verdict.images:
        yield _run_entry("images", "no image was judged")


def _run_entry(key: str, reason: str) -> Keyed:
    return (RUN, key), Entry(Effect.BLOCKS, f"The run did not end well: {reason}.", OWN + RUN, is_doubt=True)


def _policy_of(check: Check, verdict: Verdict) -> str | None:
    """Return the policy that a rule stands in; None for what the gate itself asks."""
    if check.rule not in _LIMITS:
        return None
    return check.policy or next((source.path for source in verdict.policies), None)


def _file_of(policy: str | None, verdict: Verdict) -> str | None:
    return _relative(policy and path_in_repository(policy, verdict.policies))


def _relative(policy: str | None) -> str | None:
    """Return the path of a policy as it stands in the repository; None where it is unknown, or is not a file."""
    if policy is None or policy == BUILT_IN or clean(policy, _LONGEST_PART) != policy or {*policy} & {"\\", ":"}:
        return None
    path = PurePosixPath(policy)
    return None if path.is_absolute() or ".." in path.parts else str(path)


def _rule_id(vul_id: str | None) -> str:
    """Return the id of a finding; one that is no plain word, or looks like the gate's own, is made one and marked."""
    if vul_id is not None and _PLAIN_ID.fullmatch(vul_id):
        return vul_id
    plain = re.sub(r"[^\w.:-]+", "_", clean(vul_id or "without an id", 80))
    return f"finding:{plain}-{digest(vul_id)[:8]}"


def _said(check: Check) -> str:
    return f"{clean(check.message, _LONGEST_PART).rstrip('.')}{_where(check.policy, check.group)}"


def _where(*parts: str | None) -> str:
    """Return policy and rows, where they are not plain."""
    where = ", ".join(_short(part) for part in parts if part)
    return f" [{where}]" if where else ""


def _short(text: str) -> str:
    return clean(text, _LONGEST_NAME)
