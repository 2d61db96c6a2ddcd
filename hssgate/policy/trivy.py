"""Converts Trivy's ignore files, `.trivyignore` and `.trivyignore.yaml`, into `ignore` entries of a policy.

Sources: https://trivy.dev/latest/docs/configuration/filtering/ and Trivy's pkg/result/ignore.go.

An entry is carried only where ours accepts no more than Trivy's. Paths and purls narrow an entry in a way that the
findings of HSS cannot be compared with; misconfigurations, secrets and licences have other ids in HSS.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from hssgate.policy.document import Document, Malformed, read_document
from hssgate.policy.values import LONGEST_SHOWN
from hssgate.record import record
from hssgate.text import clean, is_visible

LONGEST_REASON = 400
_LONGEST_ENTRY = 200  # characters of an entry that is left out, in a warning and a comment
YAML_SUFFIXES = (".yaml", ".yml")  # in lower case alone, as in Trivy
_LONGEST_LINE = 65_536  # bytes; Trivy stops reading there, without an error
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# Go's white space. Python's `split` also divides at U+001C to U+001F, and its `splitlines` at form feeds: then an
# entry could begin where Trivy sees the rest of a comment.
_BLANKS = re.compile("[\t\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_KINDS = {
    "misconfigurations": "a misconfiguration; HSS names its baseline checks otherwise: ignore them by `check_rule`",
    "secrets": "a secret; HSS names secrets by their file: ignore them by `file`",
    "licenses": "a licence, which HSS does not check",
}
_VULNERABILITIES = "vulnerabilities"
_KNOWN_KEYS = ("id", "paths", "purls", "expired_at", "statement")


@record
class Carried:
    """An entry that a policy can have.

    Args:
        line: its line in the file.
        vulnerability: the CVE id.
        reason: its reason in the file, if it has one.
        expires: the last day (UTC) on which it has effect.
    """

    line: int
    vulnerability: str
    reason: str | None
    expires: date | None


@record
class LeftOut:
    """An entry that a policy cannot have.

    Args:
        line: its line in the file.
        entry: what the file has, as one line of bounded length.
        why: the reason why it is not carried, in one line.
    """

    line: int
    entry: str
    why: str


Imported = Carried | LeftOut


def read_trivy_ignores(text: str, *, is_yaml: bool, today: date) -> tuple[Imported, ...]:
    """Return the entries of an ignore file, in its order.

    Args:
        text: of the file.
        is_yaml: whether it is a `.trivyignore.yaml`.
        today: the day (UTC); entries that Trivy has ended by then are left out.

    Raises:
        Malformed: the file is not of this format.
    """
    return tuple(_of_yaml(text, today) if is_yaml else _of_lines(text, today))


def is_trivy_ignore_file(text: str, *, is_yaml: bool) -> bool:
    """Whether a text reads as an ignore file of Trivy with an entry that a policy could have.

    Args:
        text: of the file.
        is_yaml: whether it is YAML.
    """
    try:
        found = read_trivy_ignores(text, is_yaml=is_yaml, today=date.min)
    except Malformed:
        return False
    return any(isinstance(entry, Carried) for entry in found)


def ignore_list(found: Sequence[Imported], reason: str) -> str:
    """Return the entries as items of a policy's `ignore` list, in YAML, with a comment for each that is left out.

    Args:
        found: the entries of one file.
        reason: for entries without a reason; one that a policy accepts.
    """
    import json

    lines = []
    for entry in found:
        if isinstance(entry, LeftOut):
            lines.append(f"  # line {entry.line}, not carried: {entry.entry}: {entry.why}")
            continue
        lines.append(f"  - vulnerability: {entry.vulnerability}")
        lines.append(f"    reason: {json.dumps(entry.reason or clean(reason), ensure_ascii=False)}")
        if entry.expires is not None:
            lines.append(f"    expires: {entry.expires.isoformat()}")
    return "".join(f"{line}\n" for line in lines)


def _of_lines(text: str, today: date) -> Iterator[Imported]:
    above = ""
    comments: list[str] = []
    for number, raw in enumerate(text.split("\n"), 1):
        if len(raw.encode(errors="replace")) >= _LONGEST_LINE:
            raise Malformed("a line of 64 KiB or more, where Trivy stops reading; break it", number)
        fields = [field for field in _BLANKS.split(raw) if field]
        if not fields:
            above, comments = "", []
        elif fields[0].startswith("#"):
            comments.append(" ".join(fields).lstrip("# "))
        else:
            # The comment above an entry is its reason, and that of the next ones up to another comment or a blank line.
            if comments:
                above, comments = " ".join(comments), []
            # As in Trivy, the first `exp:` counts, even one in the comment behind the entry.
            ends = next((field.removeprefix("exp:") for field in fields if field.startswith("exp:")), None)
            line = " ".join(fields)
            behind = re.search(r" #+ ?(.*)", line)
            reason = behind[1] if behind else above
            yield _entry(number, clean(line, _LONGEST_ENTRY), fields[0], reason=reason, ends=ends, today=today)


def _of_yaml(text: str, today: date) -> Iterator[Imported]:
    document = read_document(text, YAML_SUFFIXES[0])
    known = (_VULNERABILITIES, *_KINDS)
    if not isinstance(document.data, dict) or not any(kind in document.data for kind in known):
        raise Malformed(f"it has none of the keys {', '.join(known)}")
    for key in document.data:
        if key not in known:
            yield LeftOut(document.lines[(key,)], clean(key, LONGEST_SHOWN), "Trivy does not know this key")
    for line, entry in _entries(document, document.data, _VULNERABILITIES):
        yield _of_mapping(line, entry, today)
    for kind, why in _KINDS.items():
        for line, entry in _entries(document, document.data, kind):
            yield LeftOut(line, _shown(entry), why)


def _entries(document: Document, data: dict[str, object], kind: str) -> Iterator[tuple[int, dict[str, object]]]:
    found = data.get(kind)
    if found is None:
        return
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        problem = f"`{kind}` is not a list of entries such as {{id: CVE-2024-1234}}"
        raise Malformed(problem, document.lines[(kind,)])
    for index, entry in enumerate(found):
        yield document.lines[(kind, index)], entry


def _of_mapping(line: int, entry: dict[str, object], today: date) -> Imported:
    shown = _shown(entry)
    unknown = next((key for key in entry if key not in _KNOWN_KEYS), None)
    if unknown is not None:
        why = f"{clean(unknown, LONGEST_SHOWN)!r} is a key that Trivy passes over; correct it, or take it out"
        return LeftOut(line, shown, why)
    for key in ("paths", "purls"):
        if entry.get(key) not in (None, []):
            return LeftOut(line, shown, f"narrowed by `{key}`, which the findings of HSS cannot be compared with")
    statement = entry.get("statement")
    return _entry(
        line,
        shown,
        str(entry.get("id")),  # that of a list or a number is no id of a CVE
        reason=statement if isinstance(statement, str) else "",
        ends=entry.get("expired_at"),
        today=today,
    )


def _entry(line: int, shown: str, identifier: str, *, reason: str, ends: object, today: date) -> Imported:
    if not _CVE.fullmatch(identifier):
        return LeftOut(line, shown, _why_not_an_id(identifier))
    try:
        expires = None if ends is None else _last_day(ends)
    except (ValueError, OverflowError):
        return LeftOut(line, shown, f"its end {clean(ends, 40)!r} is not a day such as 2027-01-31")
    if expires is not None and expires < today:
        return LeftOut(line, shown, "it has ended")
    cleaned = clean(reason, LONGEST_REASON)
    return Carried(line, identifier, cleaned if is_visible(cleaned) else None, expires)


def _why_not_an_id(identifier: str) -> str:
    if identifier.startswith("\ufeff"):
        return "the file begins with a byte order mark, which is a part of the id to Trivy; save it without"
    if identifier.startswith("GHSA-"):
        return "HSS has no GHSA ids; write an entry for its CVE"
    if _CVE.fullmatch(identifier.strip().upper()):
        return "Trivy compares the case of ids, so that this entry has no effect; write CVE in capitals"
    return "its id is not that of a CVE"


def _last_day(ends: object) -> date:
    """Return the last whole day (UTC) before the end.

    Trivy ends an entry at a moment, for a day at its 00:00 UTC. The last day of an entry of a policy counts until its
    end. So the day before is the last one on which both accept.
    """
    if isinstance(ends, str):
        if not _DAY.fullmatch(ends):
            raise ValueError
        ends = date.fromisoformat(ends)
    if isinstance(ends, datetime):
        ends = (ends if ends.tzinfo is None else ends.astimezone(UTC)).date()
    if not isinstance(ends, date):
        raise ValueError  # noqa: TRY004 - a fault of the file
    return ends - timedelta(days=1)


def _shown(entry: dict[str, object]) -> str:
    return clean(", ".join(f"{key}: {value}" for key, value in entry.items()), _LONGEST_ENTRY)
