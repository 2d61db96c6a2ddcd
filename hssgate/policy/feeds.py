"""Feeds of exploited vulnerabilities: CISA's KEV catalogue in its JSON form, or plain lists of CVE ids."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from hssgate.files import read_bounded
from hssgate.hss.models import Cve, Finding, ids_of, known_ids_of
from hssgate.policy.denials import is_cve
from hssgate.record import record
from hssgate.text import clean

EXPLOITED = "exploited"  # the rule that reads feeds
LARGEST_FEED = 32 * 1024 * 1024  # bytes
_CVE_ID = r"(?a)CVE-[0-9]{4}-[0-9]{4,19}"


class Exploited(StrEnum):
    """Whether a finding is known to be exploited."""

    YES = "yes"
    NO = "no"
    NOT_CHECKED = "not checked"


@record
class Feed:
    """One file of CVE ids.

    Args:
        path: of the file, as messages name it.
        sha256: SHA-256 of its bytes.
        date: when it was published, in epoch seconds; None for a plain list.
        ids: CVE ids in upper case.
    """

    path: str
    sha256: str
    date: float | None
    ids: frozenset[str]


@record
class ExploitedFeed:
    """All CVE ids of the feeds of one policy.

    Args:
        ids: in upper case.
    """

    ids: frozenset[str]

    def state(self, finding: Finding, cves: Sequence[Cve] | None) -> Exploited:
        """Return whether a feed has the finding's id or one of its CVEs.

        Args:
            finding: the finding.
            cves: its CVEs; None if they were not read.
        """
        ids = [*([finding.vul_id] if finding.vul_id is not None else []), *known_ids_of(cves or ())]
        if any(one.strip().upper() in self.ids for one in ids):
            return Exploited.YES
        return Exploited.NO if is_cve(finding) or ids_of(cves or ()) else Exploited.NOT_CHECKED


def read_feed(path: Path) -> Feed:
    """Read a feed.

    Raises:
        ValueError: it cannot be read, or is no feed; the message has what to write.
    """
    try:
        raw = read_bounded(path, LARGEST_FEED)
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror or error}") from error
    if len(raw) > LARGEST_FEED:
        raise ValueError("it is larger than 32 MiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start})") from error
    ids, date = _catalogue(text) if text.lstrip().startswith("{") else (_plain_list(text), None)
    if not ids:
        raise ValueError("it names no CVE, so nothing would count as exploited")
    return Feed(str(path), hashlib.sha256(raw).hexdigest(), date, frozenset(ids))


def _catalogue(text: str) -> tuple[list[str], float | None]:
    """Return the ids and the date of a KEV catalogue."""
    try:
        data = json.loads(text, object_pairs_hook=_without_duplicates)
        ids = [_cve_id(one["cveID"]) for one in data["vulnerabilities"]]
        released = data.get("dateReleased")
        date = None if released is None else datetime.fromisoformat(released)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"it is not CISA's KEV catalogue in JSON: {clean(error, 120)}") from error
    if data.get("count", len(ids)) != len(ids):
        raise ValueError(f"it has {len(ids)} vulnerabilities and says that there are {clean(data['count'], 20)}")
    return ids, None if date is None else (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the mapping of an object of JSON; of two equal keys the ids of one would be lost."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        twice = next(key for key, number in Counter(key for key, _ in pairs).items() if number > 1)
        raise ValueError(f"the key {clean(twice, 40)!r} is there twice")
    return mapping


def _plain_list(text: str) -> list[str]:
    """Return the ids of a list with one id a line, where a `#` begins a comment, or of an array in JSON."""
    if text.lstrip().startswith("["):
        try:
            return [_cve_id(one) for one in json.loads(text)]
        except (ValueError, RecursionError) as error:
            raise ValueError(f"it is no array of CVE ids in JSON: {clean(error, 120)}") from error
    ids = []
    for number, line in enumerate(text.splitlines(), 1):
        if word := line.partition("#")[0].strip():
            try:
                ids.append(_cve_id(word))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    return ids


def _cve_id(text: object) -> str:
    if isinstance(text, str) and re.fullmatch(_CVE_ID, written := text.strip().upper()):
        return written
    raise ValueError(f"{clean(text, 40)!r} is not a CVE id such as CVE-2021-44228")
