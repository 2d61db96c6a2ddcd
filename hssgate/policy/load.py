"""Loads policy files; reports all faults of an invalid one."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from hssgate.durations import format_duration
from hssgate.errors import PolicyInvalid
from hssgate.files import read_bounded
from hssgate.policy.days import has_ended
from hssgate.policy.feeds import Feed, read_feed
from hssgate.policy.known import KnownFile
from hssgate.policy.model import BUILT_IN_TEXT, KeyPath, Policy, built_in
from hssgate.record import record
from hssgate.text import clean, plural
from hssgate.verdict import FeedSource, KnownSource, PolicySource

BUILT_IN = "built-in"
_MOST_PROBLEMS = 20
_DAY = 86_400  # seconds that clocks and time zones may differ
LARGEST_FILE = 1024 * 1024  # bytes
_IGNORE_FILE_OF_TRIVY = (
    "this is an ignore file of Trivy, not a policy; for the `ignore` list of one: hssgate policy import"
)


@record
class LoadedPolicy:
    """A policy with its source and the line numbers of its keys.

    Args:
        policy: the validated model.
        source: path and SHA-256.
        lines: line number of each key path; empty for TOML and JSON.
        exploited: CVE ids of its feeds, in upper case.
        known: its file of known findings.
    """

    policy: Policy
    source: PolicySource
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    exploited: frozenset[str] = frozenset()
    known: KnownFile | None = None

    def place_of(self, key: str, index: int) -> str:
        """Return the place of an entry of `overrides` or `ignore`, as `file:line` or `file: overrides[0]`."""
        line = self.lines.get((key, index))
        return f"{self.source.path}:{line}" if line else f"{self.source.path}: {key}[{index}]"

    def place_of_rule(self, name: str) -> str:
        """Return the place of one of the policy's own rules, as `file:line`, `file: rules.name` or `built-in`."""
        if self.source.path == BUILT_IN:
            return BUILT_IN
        line = self.line_of_rule(name)
        return f"{self.source.path}:{line}" if line else f"{self.source.path}: rules.{name}"

    def line_of_rule(self, name: str, override: int | None = None) -> int | None:
        """Return the line of a rule.

        Args:
            name: the rule.
            override: index of the override that sets it; None for the policy's own `rules`.
        """
        owner: KeyPath = () if override is None else ("overrides", override)
        return self.lines.get((*owner, "rules", name))


def load_policies(
    paths: Iterable[Path], now: float, searched: Sequence[Path] = (), ends_at: float | None = None
) -> tuple[LoadedPolicy, ...]:
    """Read each file; return the built-in policy if there is none.

    Args:
        paths: the files to read.
        now: epoch seconds that ages of feeds are counted to.
        searched: folders that were searched for a default file without success, nearest first.
        ends_at: epoch seconds that the end of `known` is compared with; None: `now`.

    Raises:
        PolicyInvalid: a file is invalid; it has one line for each fault of each file.
    """
    loaded: list[LoadedPolicy] = []
    problems: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            loaded.append(load_policy(path, now, ends_at))
        except PolicyInvalid as error:
            problems.extend(error.problems)
    if problems:
        raise PolicyInvalid(tuple(problems))
    return tuple(loaded) or (_built_in(searched),)


def load_policy(path: Path, now: float, ends_at: float | None = None) -> LoadedPolicy:
    """Read one policy file, its feeds and its known findings.

    Args:
        path: of the file.
        now: epoch seconds that ages of feeds are counted to.
        ends_at: epoch seconds that the end of `known` is compared with; None: `now`.

    Raises:
        PolicyInvalid: the file cannot be read or is invalid; it has one line for each fault.
    """
    try:
        raw = read_bounded(path, LARGEST_FILE)
    except OSError as error:
        raise PolicyInvalid((f"{path}: it cannot be read: {error.strerror or error}",)) from error
    if len(raw) > LARGEST_FILE:
        raise PolicyInvalid((f"{path}: it is larger than 1 MiB",))
    try:
        policy, lines = _read(path, raw)
    except PolicyInvalid as error:
        if _is_trivy_ignore_file(path, raw):
            import shlex

            raise PolicyInvalid((f"{path}: {_IGNORE_FILE_OF_TRIVY} {shlex.quote(str(path))}",)) from error
        raise
    feeds = _feeds(path, policy, now)
    known = _known(path, policy, now if ends_at is None else ends_at)
    sources = tuple(FeedSource(feed.path, feed.sha256, feed.date) for feed in feeds)
    digest = hashlib.sha256(raw).hexdigest()
    known_source = KnownSource(known.path, known.sha256) if known else None
    source = PolicySource(str(path), digest, contact=policy.contact, feeds=sources, known=known_source)
    return LoadedPolicy(policy, source, lines, frozenset().union(*(feed.ids for feed in feeds)), known)


def _is_trivy_ignore_file(path: Path, raw: bytes) -> bool:
    """Whether a file that is no policy is an ignore file of Trivy, by its name or its content."""
    from hssgate.policy.document import SUFFIXES
    from hssgate.policy.trivy import YAML_SUFFIXES, is_trivy_ignore_file

    if path.name.lower().startswith(".trivyignore"):
        return True
    is_yaml = path.suffix in YAML_SUFFIXES
    return (is_yaml or path.suffix.lower() not in SUFFIXES) and is_trivy_ignore_file(
        raw.decode(errors="replace"), is_yaml=is_yaml
    )


def _feeds(path: Path, policy: Policy, now: float) -> list[Feed]:
    """Read the feeds of a policy, which are named relative to it."""
    if policy.feeds is None:
        return []
    found, problems = [], []
    for index, name in enumerate(policy.feeds.exploited):
        place = f"{path}: feeds.exploited[{index}]: {clean(name, 200)}"
        try:
            feed = read_feed(path.parent / name)
        except ValueError as error:
            problems.append(f"{place}: {error}")
            continue
        found.append(feed)
        if (too_old := _too_old(feed, policy.feeds.max_age, now)) is not None:
            problems.append(f"{place}: {too_old}")
    if problems:
        raise PolicyInvalid(tuple(problems))
    return found


def _known(path: Path, policy: Policy, now: float) -> KnownFile | None:
    """Read the known findings of a policy, which are named relative to it."""
    if policy.known is None:
        return None
    from hssgate.policy.known_file import read_known_file  # most policies have none

    place = f"{path}: known.file: {clean(policy.known.file, 200)}"
    try:
        known = read_known_file(path.parent / policy.known.file)
    except ValueError as error:
        raise PolicyInvalid((f"{place}: {error}",)) from error
    if has_ended(policy.known.expires, now):
        problem = f"known.expires: it ended on {policy.known.expires}; fix what is known, or set another day"
        raise PolicyInvalid((f"{path}: {problem}",))
    return known


def _too_old(feed: Feed, max_age: float | None, now: float) -> str | None:
    """Return why a feed is not current; None if it is."""
    if max_age is None:
        return None
    if feed.date is None:
        return "it has no date, so `max_age` cannot be checked; take `max_age` out, or name CISA's catalogue in JSON"
    age = now - feed.date
    if age < -_DAY:
        return "its date is in the future, so its age is not known; check it, or the clock of this machine"
    if age <= max_age:
        return None
    return f"it is {format_duration(age)} old, and `max_age` is {format_duration(max_age)}; fetch it again"


def _read(path: Path, raw: bytes) -> tuple[Policy, Mapping[KeyPath, int]]:
    from hssgate.policy.document import Malformed, read_document
    from hssgate.policy.faults import PolicyFault, read_policy
    from hssgate.policy.values import key_text, shown

    def fault_line(fault: PolicyFault, line: int | None) -> str:
        place, key = f"{path}:{line}" if line else f"{path}", key_text(fault.where)
        return f"{place}: {key}: {clean(fault.message)}" if key else f"{place}: {clean(fault.message)}"

    try:
        document = read_document(raw.decode("utf-8-sig"), path.suffix)
    except UnicodeDecodeError as error:
        raise PolicyInvalid((f"{path}: it is not UTF-8 (byte {error.start})",)) from error
    except Malformed as error:
        raise PolicyInvalid((fault_line(PolicyFault(error.where, str(error)), error.line),)) from error
    if document.data is None or document.data == {}:
        raise PolicyInvalid((f"{path}: it is empty, and an empty policy would pass everything; add `rules:`",))
    if not isinstance(document.data, dict):
        raise PolicyInvalid((f"{path}: it contains {shown(document.data)}; write a mapping with `rules:`",))
    policy, faults = read_policy(document.data)
    if policy is None or faults:
        faults.sort(key=lambda fault: document.line_of(fault.where) or 0)
        lines = [fault_line(fault, document.line_of(fault.where)) for fault in faults[:_MOST_PROBLEMS]]
        more = len(faults) - len(lines)
        raise PolicyInvalid((*lines, *([f"{path}: and {plural(more, 'more fault')}"] if more else [])))
    return policy, document.lines


def _built_in(searched: Sequence[Path]) -> LoadedPolicy:
    digest = hashlib.sha256(BUILT_IN_TEXT.encode()).hexdigest()
    folders = (str(searched[0]), str(searched[-1])) if searched else None
    return LoadedPolicy(built_in(), PolicySource(BUILT_IN, digest, folders))
