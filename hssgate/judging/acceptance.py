"""Acceptance of findings as known: from the verdict on images to the content of a file of known findings."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from hssgate import __version__
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage, Finding
from hssgate.policy.days import day_of
from hssgate.policy.globs import path_of
from hssgate.policy.known import AcceptedRow, Key, KnownFindings, KnownImage, known_of
from hssgate.policy.load import LoadedPolicy
from hssgate.policy.model import Policy
from hssgate.policy.rule_kinds import CountRule
from hssgate.policy.rule_table import Rules
from hssgate.record import record
from hssgate.reference import Reference
from hssgate.verdict import ImageVerdict, PolicySource

_NO_FILE = PolicySource("hssgate accept", "")  # of the policy, which no report names
_NO_LIMIT = 2**63


@record
class NotAcceptable:
    """Why the findings of an image cannot be accepted.

    Args:
        message: one line.
        exit_code: of a run with only this image.
    """

    message: str
    exit_code: ExitCode


@record
class Acceptance:
    """The findings of one row, which are to be known.

    Args:
        path: of the image, without registry and version.
        row: what is recorded of it.
        known: its findings.
        unidentified: number of findings that no file can identify, so that they stay new.
    """

    path: str
    row: AcceptedRow
    known: KnownFindings
    unidentified: int


@record
class Change:
    """What became of the known findings of one image.

    Args:
        path: of the image, without registry and version.
        before: what was known; None if the file had no entry of the image.
        after: what is known now.
    """

    path: str
    before: KnownImage | None
    after: KnownImage

    @property
    def added(self) -> int:
        """The number of findings that were not known before."""
        return _difference(self.after, self.before)

    @property
    def removed(self) -> int:
        """The number of findings that are known no longer."""
        return _difference(self.before, self.after)


def accepting_policy() -> LoadedPolicy:
    """Return the policy that needs a complete list of findings and blocks none."""
    rule = CountRule.model_construct(limit=_NO_LIMIT)
    policy = Policy.model_construct(rules=Rules.model_construct(new_vulnerabilities=rule))
    return LoadedPolicy(policy, _NO_FILE)  # without known findings, so that all are new


def acceptances_of(image: ImageVerdict) -> list[Acceptance] | NotAcceptable:
    """Return the findings of each row that stands for an image, or why they cannot be accepted.

    Args:
        image: judged by `accepting_policy`, so that it passes if its scan succeeded and its findings could be read.
    """
    if image.exit_code is not ExitCode.PASSED or image.seen is None:
        failed = [check.message for check in image.checks if check.exit_code is not ExitCode.PASSED]
        return NotAcceptable("; ".join(failed), image.exit_code)
    found = []
    for number, group in enumerate(image.seen.groups):
        listed = [one.finding for one in image.findings if one.group == number]
        if len(listed) < (counted := group.row.vul_num or 0):
            message = f"HSS counts {counted} findings and lists {len(listed)} of them; only a complete list is accepted"
            return NotAcceptable(message, ExitCode.NO_RESULT)
        found.append(_acceptance(image.reference, group.row, listed, image.seen.judged_at))
    return found


def _acceptance(reference: Reference, row: CicdImage, listed: Sequence[Finding], judged_at: float) -> Acceptance:
    path = path_of(row.namespace, row.image_name or reference.image_name)
    name = f"{path}:{row.image_version}" if row.image_version else path
    known, unidentified = known_of(listed)
    accepted_row = AcceptedRow(name, row.image_digest, day_of(judged_at).isoformat(), __version__)
    return Acceptance(path, accepted_row, known, unidentified)


def accepted(known: Mapping[str, KnownImage], found: Iterable[Acceptance]) -> list[Change]:
    """Return each image with the findings of today in place of those that were known.

    Args:
        known: by path, as in the file.
        found: the findings of today; several rows of one path are recorded together.
    """
    return [
        Change(
            path,
            known.get(path),
            KnownImage(tuple(dict.fromkeys(one.row for one in rows)), KnownFindings(_together(rows))),
        )
        for path, rows in _by_path(found).items()
    ]


def pruned(known: Mapping[str, KnownImage], found: Iterable[Acceptance]) -> list[Change]:
    """Return each image that has an entry, without the known findings that HSS lists no longer.

    Args:
        known: by path, as in the file.
        found: the findings of today.
    """
    changes = []
    for path, rows in _by_path(found).items():
        if (before := known.get(path)) is None:
            continue
        today = _together(rows)
        left = {key: min(number, today.get(key, 0)) for key, number in before.findings.numbers.items()}
        findings = KnownFindings({key: number for key, number in left.items() if number})
        changes.append(Change(path, before, KnownImage(before.accepted, findings)))
    return changes


def _by_path(found: Iterable[Acceptance]) -> dict[str, list[Acceptance]]:
    by_path: dict[str, list[Acceptance]] = {}
    for one in found:
        by_path.setdefault(one.path, []).append(one)
    return by_path


def _together(rows: Iterable[Acceptance]) -> dict[Key, int]:
    """Return the findings of several rows of one path: each as often as the row has it that has it most often."""
    numbers = Counter[Key]()
    for one in rows:
        numbers |= Counter(one.known.numbers)
    return numbers


def _difference(one: KnownImage | None, other: KnownImage | None) -> int:
    """Return the number of findings that one has and the other has not."""
    if one is None:
        return 0
    numbers = other.findings.numbers if other else {}
    return sum(max(number - numbers.get(key, 0), 0) for key, number in one.findings.numbers.items())
