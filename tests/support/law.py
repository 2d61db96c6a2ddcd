"""Independent judge of the one law: was a pass allowed? It shares no code with the gate, and reads only the traffic."""

import fnmatch
import functools
import re
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.support.wire_rows import Row, number, time_of, unreadable
from tests.support.wiretap import Look

DIGESTS = ["sha256:" + digit * 64 for digit in "abc"]
TERMINAL = {"success", "failed", "download_failed", "image_oversized", "image_scan_stop"}
BUILT_IN: Row = {"rules": {"severity": "Medium", "malicious_files": 0}}

# Rows of one time must agree in these, and so must two reads of a young result: what rules read, digest and id.
COMPARED = (
    "image_id",
    "image_digest",
    "scan_status",
    "scan_failed_code",
    "latest_scan_time",
    "severity_level",
    "vul_num",
    "unsafe_setting_num",
    "malicious_file_num",
)

_GRAVITY = ["Security", "Low", "Medium", "High"]
_COUNTED = {
    "vulnerabilities": "vul_num",
    "unsafe_settings": "unsafe_setting_num",
    "malicious_files": "malicious_file_num",
}
_LISTS = {  # path, the number in the row, and the key of entries
    "sensitive_files": ("/image/{}/sensitive", None, "file"),
    "malicious_files": ("/image/{}/malwares", "malicious_file_num", "file"),
    "baseline": ("/baseline/check-rules", "unsafe_setting_num", "check_rule"),
}
_STANDARDS = {"cn_standard", "hw_standard", "qt_standard"}
_NECESSITY = {"delay_repair": "medium", "not_needed_repair": "low"}  # anything else is high


@dataclass(frozen=True)
class Asked:
    """The request for one image.

    Args:
        namespace: and the following: of the image `app`.
        scanned_after: epoch milliseconds.
        settle: seconds.
        registry: in front of the path.
        registry_name: that was picked with its option.
        is_age: the moment was given as an age, counted from the start of the run.
    """

    namespace: str | None
    version: str | None
    digest: str | None
    cicd_name: str | None
    scanned_after: int | None
    settle: float
    registry: str | None = None
    registry_name: str | None = None
    is_age: bool = False

    @property
    def reference(self) -> str:
        name = "/".join(part for part in (self.registry, self.namespace, "app") if part)
        return name + (f":{self.version}" if self.version else "") + (f"@{self.digest}" if self.digest else "")

    def matches(self, row: Row, odd: Iterable[str] = ()) -> bool:
        """Whether a row belongs to the image, or may belong to it because of unreadable fields."""
        return (
            self._is_named(row, odd)
            and ("image_version" in odd or self.version in {None, row.get("image_version")})
            and ("cicd_name" in odd or self.cicd_name in {None, row.get("cicd_name")})
            and ("image_digest" in odd or self.digest in {None, _digest(row.get("image_digest") or "")})
            and ("registry_name" in odd or self._is_kept_at(row))
        )

    def earliest(self, look: Look) -> float | None:
        """Return the earliest accepted scan time, as far as a poll proves it."""
        if self.scanned_after is None or not look.server_time:
            return self.scanned_after
        asked_at = look.own_time - (look.ended - look.began)
        ahead = max(look.server_time - look.own_time, min(look.server_time + look.age - asked_at, 0))
        if -2 <= ahead <= 2:
            return self.scanned_after
        counted = max(ahead, -900) if self.is_age else max(min(ahead, 900), 0)
        return self.scanned_after + 1000 * counted

    def _is_named(self, row: Row, odd: Iterable[str]) -> bool:
        """Compare from the end: name, organisation, and at most a registry before them."""
        namespace, name = ("" if field in odd else row.get(field) or "" for field in ("namespace", "image_name"))
        parts = [part for part in f"{namespace}/{name}".split("/") if part]
        if "image_name" in odd:
            return not namespace or self.namespace in {None, parts[-1]} or _is_host(parts[-1])
        if not name or parts.pop() != "app":
            return False
        if "namespace" in odd or (self.namespace is None and self.registry is None):
            return True
        if self.namespace is not None and (not parts or parts.pop() != self.namespace):
            return False
        return not parts or (len(parts) == 1 and _is_host(parts[0]))

    def _is_kept_at(self, row: Row) -> bool:
        front = f"{row.get('namespace') or ''}/{row.get('image_name') or ''}".strip("/").partition("/")
        before = front[0] if front[1] and _is_host(front[0]) else ""
        named = row.get("registry_name") or before
        if self.registry and before and _host(before) != _host(self.registry):
            return False
        if self.registry_name:
            return named == self.registry_name or (_is_host(named) and _host(named) == _host(self.registry_name))
        return not (self.registry and _is_host(named) and _host(named) != _host(self.registry))

    def rows_of(self, look: Look) -> list[Row] | None:
        """Return the rows of the image; None without a response, or if a row that may be the image's is unreadable."""
        if look.rows is None:
            return None
        mine = []
        for row in look.rows:
            odd = unreadable(row)
            if odd is None:
                return None
            if self.matches(row, odd):
                if odd:
                    return None
                mine.append(row)
        return mine

    def is_shown_by(self, look: Look) -> bool:
        """Whether a poll covers the image completely."""
        if self.cicd_name:
            return look.filters.get("cicd_name") == self.cicd_name
        names = {"app", f"{self.namespace}/app" if self.namespace else "app"}
        return look.filters.get("image_name") in names and look.filters.get("image_version") == self.version


@dataclass(frozen=True)
class DetailReads:
    """Recorded traffic other than the list.

    Args:
        details: readings of findings and of the CVEs of notices.
        now: epoch seconds, at the earliest.
    """

    details: Sequence[Look] = ()
    now: float = 0.0

    def last(self, path: str, **filters: str) -> list[Row] | None:
        """Return the rows of the last complete poll of a list."""
        readings = [
            look.rows
            for look in self.details
            if look.path.endswith(path) and filters.items() <= dict(look.filters).items()
        ]
        return next((rows for rows in reversed(readings) if rows is not None), None)


def doubts(
    asked: Asked, looks: Sequence[Look], policies: Sequence[Row] = (BUILT_IN,), detail_reads: DetailReads | None = None
) -> list[str]:
    """Return the reasons why a pass was not allowed; empty if it was.

    Args:
        asked: the image.
        looks: all that were taken for it, up to the one that it was judged by.
        policies: as their files have it.
        detail_reads: reads of findings and CVEs, and the time.
    """
    whole = [_Whole(look, _grouped(rows)) for look in looks if (rows := asked.rows_of(look)) is not None]
    if not whole or whole[-1].look is not looks[-1]:
        return ["the last reading was no complete response"]
    now = looks[-1].now
    groups = whole[-1].groups
    if not groups:
        return ["no row belonged to the image"]
    gone = {key for seen in whole for key in seen.groups} - groups.keys()
    found = [f"{key}: seen before, and gone" for key in gone]
    for key, group in groups.items():
        found += [f"{key}: {doubt}" for doubt in _group_doubts(asked, whole, key)]
        newest = _newest(group, now)
        for row in [*newest, *_rivals(newest[0], group, now)]:
            found += _row_doubts(asked, whole, key, row, policies, detail_reads or DetailReads())
    return found


def _row_doubts(
    asked: Asked,
    whole: Sequence["_Whole"],
    key: tuple[Any, ...],
    row: Row,
    policies: Sequence[Row],
    detail_reads: DetailReads,
) -> Iterable[str]:
    """Yield the reasons why a row that may be the image's result does not pass."""
    if row.get("scan_status") == "success":
        filled = row | {"severity_level": "Security"} if _has_no_level(asked, whole, key, row) else row
        for policy in policies:
            yield from _breaches(filled, policy, detail_reads)
    elif not all(_accepts(row, policy, detail_reads) for policy in policies):
        yield f"{key}: the scan had not succeeded: {row.get('scan_status')}"
    else:
        for policy in policies:
            yield from _borne_breaches(row, policy, detail_reads)


@dataclass(frozen=True)
class _Whole:
    """A complete poll of the image, with its rows grouped by their names."""

    look: Look
    groups: dict[tuple[Any, ...], list[Row]]


def _grouped(rows: Iterable[Row]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(_names(row), []).append(row)
    return groups


def _group_doubts(asked: Asked, whole: Sequence[_Whole], key: tuple[Any, ...]) -> Iterable[str]:
    last = whole[-1].look
    group = whole[-1].groups[key]
    if any(row.get("scan_status") not in TERMINAL | {"unscan"} for row in group):
        yield "a scan was under way"
    now = last.now
    newest = _newest(group, now)
    earliest = asked.earliest(last)
    for row in newest:
        scanned = time_of(row, "latest_scan_time", now)
        is_failure = row.get("scan_status") in TERMINAL - {"success"}
        if earliest is None or (scanned is None and is_failure and _came_about(whole, key)):
            continue
        if not (scanned or 0) >= int(earliest):
            yield "not fresh"
    if len({_content(row) for row in newest}) != 1:
        yield "ambiguous rows"
    elif asked.settle and newest[0].get("scan_status") == "success" and not _is_settled(asked, whole, key, newest[0]):
        yield "not settled"


def _came_about(whole: Sequence[_Whole], key: tuple[Any, ...]) -> bool:
    """Whether a result came about during the wait: it was under way in a poll, or the first one did not list it."""
    moving = (row.get("scan_status") not in TERMINAL | {"unscan"} for seen in whole for row in seen.groups.get(key, []))
    return key not in whole[0].groups or any(moving)


def _has_no_level(asked: Asked, whole: Sequence[_Whole], key: tuple[Any, ...], row: Row) -> bool:
    """Whether the level may be missing: all three counts are 0, and two reads far enough apart showed so."""
    counts = [number(row.get(name)) for name in _COUNTED.values()]
    is_empty = row.get("severity_level") in (None, "") and counts == [0, 0, 0]
    return is_empty and asked.settle > 0 and _is_agreed(asked, whole, key, row)


def _is_agreed(asked: Asked, whole: Sequence[_Whole], key: tuple[Any, ...], row: Row) -> bool:
    """Whether two polls at least `--settle` apart show the same row, and no poll between them differs."""
    last = whole[-1].look
    same_since = last.ended
    for seen in reversed(whole):
        newest = _newest(seen.groups.get(key, []), seen.look.now)
        if not newest or any(_content(other) != _content(row) for other in newest):
            break
        same_since = seen.look.ended
    return last.began - same_since >= asked.settle - 1e-6


def _is_settled(asked: Asked, whole: Sequence[_Whole], key: tuple[Any, ...], row: Row) -> bool:
    last = whole[-1].look
    same_since = last.ended
    moved: list[tuple[float, Any]] = []
    unchanged = True
    for seen in reversed(whole):
        look, group = seen.look, seen.groups.get(key, [])
        moving = [other for other in group if other.get("scan_status") not in TERMINAL | {"unscan"}]
        moved += [(look.server_time, other.get("latest_scan_time")) for other in moving]
        newest = _newest(group, look.now)
        unchanged &= not moved and bool(newest) and all(_content(other) == _content(row) for other in newest)
        if unchanged:
            same_since = look.ended
    if last.began - same_since >= asked.settle - 1e-6:
        return True
    scan_time = time_of(row, "latest_scan_time", last.now)
    if scan_time is None or last.server_time - scan_time / 1000 < asked.settle:
        return False
    # Old enough; where a scan was seen under way the time has to be that scan's. `Date` leaves out parts of a second.
    # What was not listed from the first answer on came about meanwhile, and its time proves nothing by itself.
    return (unchanged or bool(moved)) and all(scan_time / 1000 >= at + 1 and scan_time != shown for at, shown in moved)


def _accepts(row: Row, policy: Row, detail_reads: DetailReads) -> bool:
    """Whether the policy accepts this failed scan."""
    accepted = _rules(row, policy, detail_reads.now).get("scan", {}).get("accept", [])
    return row.get("scan_status") in TERMINAL - {"success"} and bool(
        {row.get("scan_status"), row.get("scan_failed_code")} & set(accepted)
    )


def _borne_breaches(row: Row, policy: Row, detail_reads: DetailReads) -> Iterable[str]:
    """Yield the rules that a row with an accepted failure breaks, of those whose numbers it has."""
    rules = _rules(row, policy, detail_reads.now)
    fields = {"severity": "severity_level", "scan_age": "latest_scan_time", **_COUNTED}
    borne = {
        name: rule
        for name, rule in rules.items()
        if name != "scan" and row.get(fields.get(name, "vul_num")) not in (None, "")
        if name not in {"sensitive_files", "baseline"} or (name == "baseline" and number(row.get("unsafe_setting_num")))
    }
    if number(row.get("vul_num")) == 0:  # of any level
        borne = {name: rule for name, rule in borne.items() if "vuln" not in name and name not in {"cvss", "exploited"}}
    without_findings: Row = {"deny": []} if number(row.get("vul_num")) in {0, None} else {}
    return _breaches(row, {**policy, "rules": borne, "overrides": [], **without_findings}, detail_reads)


def _breaches(row: Row, policy: Row, detail_reads: DetailReads) -> Iterable[str]:
    """Yield the blocking rules that a row breaks or leaves undecided."""
    rules = _rules(row, policy, detail_reads.now)
    ignore = [entry for entry in policy.get("ignore", []) if _applies(row, entry, detail_reads.now)]
    denied = [entry for entry in policy.get("deny", []) if _applies(row, entry, detail_reads.now)]
    if (
        denied
        and (number_denied := _denied(row, denied, detail_reads, is_warned_of=policy.get("unlisted") == "warn")) != 0
    ):
        yield f"deny {number_denied}"
    grace = policy.get("grace") or {}
    by_finding = any("vulnerability" in entry for entry in ignore) or any(
        name.startswith(("critical_", "high_", "medium_", "low_", "cvss", "exploited", "new_"))
        or (grace and "vuln" in name)
        for name in rules
    )
    for name, rule in rules.items():
        if name == "scan" or (isinstance(rule, dict) and rule.get("action") == "warn"):
            continue
        limit = rule["limit"] if isinstance(rule, dict) else rule
        if name == "severity":
            level = row.get("severity_level")
            if level not in _GRAVITY[: _GRAVITY.index(limit) + 1]:
                yield f"severity {level}"
        elif name == "scan_age":
            scanned = time_of(row, "latest_scan_time", detail_reads.now)
            if scanned is None or not detail_reads.now - scanned / 1000 <= limit:
                yield f"scanned {scanned}"
        else:
            found = _number_under(name, rule, row, policy, ignore, detail_reads, by_finding=by_finding)
            if found is None or found > limit:
                yield f"{name} {found}"


def _number_under(
    name: str, rule: Any, row: Row, policy: Row, ignore: list[Row], detail_reads: DetailReads, *, by_finding: bool  # noqa: ANN401 - as written
) -> float | None:  # fmt: skip
    """Return the number that a rule of a policy limits; None where it is not known."""
    is_warned_of = policy.get("unlisted") == "warn"
    if name == "exploited":  # a feed is nothing but ids, and names findings as a `deny` entry does
        named = [{"vulnerability": one} for one in policy["feed_ids"]]
        return _denied(row, named, detail_reads, is_warned_of=is_warned_of, ignore=ignore)
    if by_finding and (name == "cvss" or "vuln" in name):
        grace, known = policy.get("grace") or {}, None
        if name.startswith("new_"):
            known = [one for path, some in policy["known_findings"].items() if path == _path_of(row) for one in some]
        level = name.removeprefix("new_")
        return _found(level, row, ignore, detail_reads, grace, is_warned_of=is_warned_of, known=known)
    return _number_of(name, rule, row, ignore, detail_reads)


def _number_of(
    name: str, rule: Any, row: Row, ignore: list[Row], detail_reads: DetailReads  # noqa: ANN401 - as written
) -> int | None:  # fmt: skip
    """Return the number that a rule limits; None where it is not known."""
    if name in _LISTS and (name != "malicious_files" or any("file" in entry for entry in ignore)):
        return _listed(name, rule if isinstance(rule, dict) else {}, row, ignore, detail_reads)
    return number(row.get(_COUNTED[name]))


def _listed(name: str, rule: Row, row: Row, ignore: list[Row], detail_reads: DetailReads) -> int | None:
    """Return the number of files or baseline checks; None where the list is missing, or empty though HSS counts some."""
    path, field, glob_key = _LISTS[name]
    image_id = row.get("image_id") or ""
    if name == "baseline":
        listed = detail_reads.last(path, image_id=image_id, image_type="cicd")
    else:
        listed = detail_reads.last(path.format(urllib.parse.quote(image_id, safe="")), image_type="cicd")
    if listed is None:
        return None
    listed = [one for one in listed if one.get("scan_result") != "pass"]
    counted = number(row.get(field)) if field else 0
    if (counted is None and (not listed or name == "malicious_files")) or (counted and not listed):
        return None
    least = ["security", "low", "medium", "high"].index(rule.get("severity", "Security").lower())
    kept = [
        one
        for one in listed
        if {"security": 0, "low": 1, "medium": 2}.get(str(one.get("severity")).lower(), 3) >= least
        and ("standard" not in rule or one.get("standard") in rule["standard"] or one.get("standard") not in _STANDARDS)
        and not any(_is_at(one, entry[glob_key], glob_key) for entry in ignore if glob_key in entry)
    ]
    return len(kept) + (max((counted or 0) - len(listed), 0) if name == "malicious_files" else 0)


def _is_at(one: Row, glob: str, key: str) -> bool:
    if key == "check_rule":
        return one.get("check_rule_id") is not None and _is_like(one["check_rule_id"], glob)
    path = one.get("file_path") or one.get("file_name")
    return path is not None and _fits(glob, path)


def _found(
    rule: str, row: Row, ignore: list[Row], detail_reads: DetailReads, grace: Row, *, is_warned_of: bool,
    known: list[tuple[str, str, str]] | None = None,
) -> float | None:  # fmt: skip
    """Return the number of vulnerabilities of a level, or the highest score; what is not listed is of every level."""
    listed = _findings_of(row, detail_reads)
    counted = number(row.get("vul_num"))
    if listed is None or counted is None or (counted and not listed):
        return None
    level = rule.removesuffix("vulnerabilities").rstrip("_")
    others = listed if known is None else _new_ones(listed, known)
    kept = [finding for finding in others if not _is_ignored(finding, ignore, detail_reads)]
    unlisted = max(counted - len(listed), 0) if level == "" or not is_warned_of else 0
    if grace or level in {"critical", "cvss"}:
        # A finding whose CVEs were not read weighs as the worst: a limit that is met all the same leaves no doubt.
        weighed = [(_weight(finding, detail_reads) or (10.0, []), finding) for finding in kept]
        weighed = [one for one in weighed if not _is_in_grace(one[1], *one[0], grace, detail_reads.now)]
        kept = [finding for _, finding in weighed]
        scores = [score for (score, _), _ in weighed]
        if level == "cvss":
            return max([*scores, *([10.0] if unlisted else [])], default=0.0)
        if level == "critical":
            return sum(score >= 9 for score in scores) + unlisted
    of_level = [finding for finding in kept if level in {"", _level_of(finding)}]
    return len(of_level) + unlisted


def _new_ones(listed: list[Row], known: list[tuple[str, str, str]]) -> list[Row]:
    """Return the findings that are not known: each known one stands for one of the same key, the least severe first."""
    left, new = [*known], []
    for finding in sorted(listed, key=lambda one: ["low", "medium", "high"].index(_level_of(one))):
        key = (finding.get("vul_id"), finding.get("app_name") or "", finding.get("app_path") or "")
        if key in left:
            left.remove(key)
        else:
            new.append(finding)
    return new


def _path_of(row: Row) -> str:
    parts = [part for name in ("namespace", "image_name") for part in (row.get(name) or "").split("/") if part]
    is_registry = len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost")
    return "/".join(parts[1:] if is_registry and not (row.get("namespace") and len(parts) == 2) else parts)


def _findings_of(row: Row, detail_reads: DetailReads) -> list[Row] | None:
    path = f"/image/{urllib.parse.quote(row.get('image_id') or '', safe='')}/vulnerabilities"
    # Images of several names may share an id, so all of what names the image names its findings.
    names = {"namespace": "namespace", "image_name": "image_name", "tag_name": "image_version"}
    return detail_reads.last(path, **{name: row.get(field) or "" for name, field in names.items()})


def _denied(
    row: Row, denied: list[Row], detail_reads: DetailReads, *, is_warned_of: bool, ignore: Sequence[Row] = ()
) -> int | None:
    """Return the number of denied findings; None where it is not known.

    A finding without CVEs has its own id alone; one whose CVEs were not read counts, if an entry may name them.
    """
    listed, counted = _findings_of(row, detail_reads), number(row.get("vul_num"))
    if listed is None or counted is None or (counted and not listed):
        return None
    found = 0 if is_warned_of else max(counted - len(listed), 0)
    for finding in (one for one in listed if not _is_ignored(one, [*ignore], detail_reads)):
        globs = [
            entry["vulnerability"]
            for entry in denied
            if "package" not in entry
            or not (finding.get("app_name") or "").strip()  # it may be that package
            or _is_like(finding["app_name"], entry["package"])
        ]
        vul_id = finding.get("vul_id")
        ids = [] if vul_id is None else [vul_id]
        is_unread = False
        if vul_id is not None:
            cves = detail_reads.last(f"/vulnerability/{urllib.parse.quote(vul_id, safe='')}/cve")
            is_needed = any(_may_fit_a_cve(entry["vulnerability"]) for entry in denied)
            is_unread = cves is None and is_needed and not vul_id.lower().startswith("cve-")
            ids += [cve["cve_id"] for cve in cves or [] if cve.get("cve_id")]
        found += is_unread or any(_is_like(one.lower(), glob.lower()) for one in ids for glob in globs)
    return found


def _may_fit_a_cve(glob: str) -> bool:
    start = glob.lower()[:4]
    return start == "cve-" or any(sign in start for sign in "*?[")


def _level_of(finding: Row) -> str:
    return _NECESSITY.get(finding.get("repair_necessity") or "", "high")


def _weight(finding: Row, detail_reads: DetailReads) -> tuple[float, list[Any]] | None:
    """Return the score of a finding and the dates of its CVEs; None if they were not read."""
    if finding.get("vul_id") is None:
        return 10.0, []
    cves = detail_reads.last(f"/vulnerability/{urllib.parse.quote(finding['vul_id'], safe='')}/cve")
    if cves is None:
        return _listed_weight(finding["vul_id"], detail_reads)
    scores = [10.0 if cve.get("cvss_score") is None else cve["cvss_score"] for cve in cves]
    return max(scores, default=10.0), [cve.get("publish_time") for cve in cves]


def _listed_weight(vul_id: str, detail_reads: DetailReads) -> tuple[float, list[Any]] | None:
    """Return the score of a notice in the list of all notices, which has no dates; None if it is not there."""
    pages = [
        page
        for look in detail_reads.details
        if look.path.endswith("/images/vulnerabilities")
        for page in look.pages
        if page is not None
    ]
    listed = [row for page in pages for row in page.get("data_list") or [] if row.get("vul_id") == vul_id]
    scores = [
        score for row in listed for score in (row.get("max_cvss_score"), *(cve.get("cvss") for cve in row["cve_list"]))
    ]
    return (max(10.0 if score is None else score for score in scores), [None]) if scores else None


def _is_in_grace(finding: Row, score: float, dates: list[Any], grace: Row, now: float) -> bool:
    seconds = grace.get("critical" if score >= 9 else _level_of(finding))
    if seconds is None or not dates or any(date is None or date / 1000 > now for date in dates):
        return False
    return all(now - date / 1000 < seconds for date in dates)


def _is_ignored(finding: Row, ignore: list[Row], detail_reads: DetailReads) -> bool:
    fitting = [
        entry["vulnerability"]
        for entry in ignore
        if "vulnerability" in entry
        if "package" not in entry or _is_like(finding.get("app_name") or "", entry["package"])
    ]
    vul_id = finding.get("vul_id")
    if vul_id is None:
        return False
    cves = detail_reads.last(f"/vulnerability/{urllib.parse.quote(vul_id, safe='')}/cve") or []
    in_id = re.findall(r"(?i)cve-[0-9]+-[0-9]+", vul_id) if cves else []
    names = [[vul_id], [*(cve["cve_id"] for cve in cves), *in_id]]
    return any(
        ids and all(any(_is_like(name.lower(), glob.lower()) for glob in fitting) for name in ids) for ids in names
    )


def _is_like(text: str, glob: str) -> bool:
    return text.strip() == glob.strip() or fnmatch.fnmatchcase(text.strip(), glob.strip())


def _rules(row: Row, policy: Row, now: float) -> Row:
    rules = dict(policy["rules"])
    for override in policy.get("overrides", []):
        if _applies(row, override, now):
            rules |= override["rules"]
    return rules


def _applies(row: Row, entry: Row, now: float) -> bool:
    if "expires" in entry and entry["expires"] < datetime.fromtimestamp(now, UTC).date().isoformat():
        return False
    return "images" not in entry or any(is_named_by(row, glob) for glob in entry["images"])


def is_named_by(row: Row, glob: str) -> bool:
    """Whether a glob matches a row: namespace, name and version, without the registry."""
    parts = [part for name in ("namespace", "image_name") for part in (row.get(name) or "").split("/") if part]
    is_registry = "." in parts[0] or ":" in parts[0] or parts[0] == "localhost"
    if is_registry and len(parts) > (2 if row.get("namespace") else 1):
        parts = parts[1:]
    wanted, colon, version = glob.partition(":")
    path = "/".join(parts) if "/" in wanted else parts[-1]
    return _fits(wanted, path) and (not colon or _fits(version, row.get("image_version") or ""))


@functools.cache
def _fits(glob: str, text: str) -> bool:
    """Match character by character: `**` matches anything, `*` and `?` no slash."""
    if glob.startswith("**"):
        return _fits(glob[2:], text) or (text != "" and _fits(glob, text[1:]))
    if glob.startswith("*"):
        return _fits(glob[1:], text) or (text[:1] not in {"", "/"} and _fits(glob, text[1:]))
    if not glob or not text:
        return glob == text
    alike = text[0] != "/" if glob[0] == "?" else glob[0] == text[0]
    return alike and _fits(glob[1:], text[1:])


def _names(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("cicd_name", "registry_name", "namespace", "image_name", "image_version"))


def _digest(written: str) -> str:
    return "sha256:" + written.lower().removeprefix("sha256:") if written else ""


def _is_host(text: str) -> bool:
    return " " not in text and ("." in text or ":" in text or text == "localhost")


def _host(text: str) -> str:
    return text.lower().removeprefix("https://").removeprefix("http://").rstrip("/").removesuffix(":443")


def _content(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in COMPARED)


def _newest(group: list[Row], now: float) -> list[Row]:
    return [row for row in group if not any(_is_newer(other, row, now) for other in group)]


def _rivals(newest: Row, group: list[Row], now: float) -> list[Row]:
    """Rows of another push, scanned later and updated earlier: their order is unknown."""
    names = ("latest_update_time", "latest_scan_time")
    updated, scanned = (time_of(newest, name, now) for name in names)
    rivals = []
    for row in group:
        its_update, its_scan = (time_of(row, name, now) for name in names)
        is_other = (row.get("image_digest") or row.get("image_id")) != (
            newest.get("image_digest") or newest.get("image_id")
        )
        if is_other and None not in (updated, scanned, its_update, its_scan):
            rivals += [row] if its_update < updated and its_scan > scanned else []  # type: ignore[operator]
    return rivals


def _is_newer(one: Row, other: Row, now: float) -> bool:
    for name in ("latest_update_time", "latest_scan_time"):
        mine, theirs = time_of(one, name, now), time_of(other, name, now)
        if mine == theirs:
            continue
        return mine is not None and theirs is not None and mine > theirs
    return False
