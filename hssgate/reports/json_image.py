"""One image in the JSON report: its row, checks, rules in force, findings, details and evidence."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hssgate.hss.models import CicdImage, Cve
from hssgate.policy.days import day_of
from hssgate.reports.explanation import Explanation, entries_to_paste, explanation_of
from hssgate.verdict import (
    Check,
    ImageVerdict,
    ListedDetail,
    ListedFinding,
    PolicyInForce,
    PolicySource,
    Read,
    Seen,
)

_LONGEST_FIELD = 2000  # characters of a field of a row
_MOST_OTHERS = 100
_MOST_ENTRIES = 50  # to paste, of an image


def image_data(image: ImageVerdict, policies: Sequence[PolicySource]) -> dict[str, Any]:
    """Return an image as plain data, with the explanation of its block by the policies."""
    return {
        "reference": image.reference.text,
        "cicd_name": image.reference.cicd_name,
        "registry_name": image.reference.registry_name,
        "build_digests": list(image.reference.build_digests),
        "metadata_file": image.reference.metadata_file,
        "resolved": [
            {"digest": one.digest, "kind": one.kind.value, "platform": one.platform} for one in image.reference.resolved
        ],
        "proof": image.reference.proof_of(image.row),
        "result": image.outcome.value,
        "exit_code": int(image.exit_code),
        "row": _row(image.row),
        "checks": [_check(check) for check in image.checks],
        "in_force": [_in_force(one) for one in image.in_force],
        "findings_read": _findings_read(image),
        "findings": [_finding(listed) for listed in image.findings],
        "details_read": [kind.value for kind in image.details_read],
        "details": [_detail(listed) for listed in image.details],
        "passed_checks": [_detail(listed) for listed in image.passed_checks],
        "unread": [{"what": one.what, "reason": one.reason} for one in image.unread],
        "explanation": _explanation(explanation_of(image, policies)),
        "left_out": None,
        "waited_seconds": _number(round(image.waited_seconds, 3)),
        "polls": image.polls,
        "reads": [_read(read) for read in image.reads],
        "seen": _seen(image.seen) if image.seen else None,
    }


def _explanation(explanation: Explanation | None) -> dict[str, Any] | None:
    if explanation is None:
        return None
    return {
        "rules": [
            {
                "name": cause.check.name,
                "message": cause.check.message,
                "findings": len(cause.findings),
                "details": len(cause.details),
                "remedy": "; ".join(cause.remedies),
            }
            for cause in explanation.causes
        ],
        "entries": entries_to_paste([explanation], _MOST_ENTRIES),
        "contacts": list(explanation.contacts),
    }


def _findings_read(image: ImageVerdict) -> bool:
    """Whether the findings of every group of rows were read; they may be too many for the report."""
    groups = image.seen.groups if image.seen else ()
    return bool(groups) and all(group.findings_read for group in groups)


def _in_force(one: PolicyInForce) -> dict[str, Any]:
    rules = {name: rule.model_dump(mode="json", exclude_none=True) for name, rule in one.rules.items()}
    return {
        "group": one.group,
        "policy": one.policy,
        "rules": rules,
        "ignore": one.ignore,
        "ignore_file": one.ignore_file,
        "ignore_check_rule": one.ignore_check_rule,
        "unlisted": one.unlisted,
        "deny": one.deny,
        "deny_cves": one.deny_cves,
        "known": one.known,
        "grace": None if one.grace is None else {level: _number(seconds) for level, seconds in one.grace.items()},
    }


def _finding(listed: ListedFinding) -> dict[str, Any]:
    return {
        **listed.finding.model_dump(mode="json", exclude_none=True),
        "level": listed.finding.level.value,
        "cves": list(listed.cve_ids),
        "cve_details": [_cve(cve) for cve in listed.cves],
        "ignored_by": [{"policy": policy, "reason": reason} for policy, reason in listed.ignored_by],
        "group": listed.group,
        "cves_read": listed.cves_read,
        "exploited": [{"policy": policy, "state": state} for policy, state in listed.exploited],
        "known": [{"policy": policy, "state": state} for policy, state in listed.known],
        "denied_by": [{"policy": policy, "reason": reason} for policy, reason in listed.denied_by],
        "due": None if listed.due is None else day_of(listed.due).isoformat(),
    }


def _detail(listed: ListedDetail) -> dict[str, Any]:
    return {
        "kind": listed.kind.value,
        **listed.detail.model_dump(mode="json", exclude_none=True),
        "ignored_by": [{"policy": policy, "reason": reason} for policy, reason in listed.ignored_by],
        "group": listed.group,
    }


def _cve(cve: Cve) -> dict[str, Any]:
    found = cve.model_dump(mode="json", exclude_none=True)
    return found if cve.cvss_score is None else found | {"cvss_score": _number(cve.cvss_score)}


def _seen(seen: Seen) -> dict[str, Any]:
    return {
        "ending": seen.ending,
        "error": seen.error,
        "judged_at": _number(seen.judged_at),
        "scanned_after": seen.scanned_after,
        "expiry_at": _number(seen.expiry_at),
        "groups": [
            {
                "phase": group.phase,
                "platform": group.platform,
                "settled": group.settled,
                "agreed": group.agreed,
                "row": _row(group.row),
                "others": [_row(row) for row in group.others[:_MOST_OTHERS]],
                "findings_read": group.findings_read,
                "findings_count": group.findings_count,
                "findings_error": group.findings_error,
                "cves_error": group.cves_error,
                "details_count": {kind.value: number for kind, number in group.details_count.items()},
                "details_errors": {kind.value: error for kind, error in group.details_errors.items()},
            }
            for group in seen.groups
        ],
    }


def _row(row: CicdImage | None) -> dict[str, Any] | None:
    if row is None:
        return None
    fields = row.model_dump(mode="json", exclude_none=True)
    return {name: value[:_LONGEST_FIELD] if isinstance(value, str) else value for name, value in fields.items()}


def _check(check: Check) -> dict[str, Any]:
    fields = {
        "rule": check.rule,
        "result": check.result.value,
        "actual": check.actual,
        "limit": check.limit,
        "message": check.message,
    }
    extra = {"policy": check.policy, "group": check.group, "error_type": check.trouble.value if check.trouble else None}
    return fields | {name: value for name, value in extra.items() if value is not None}


def _read(read: Read) -> dict[str, Any]:
    row = read.row or CicdImage()
    return {
        "at": moment(read.at),
        "answered": read.answered,
        "http_status": read.http_status,
        "request_id": read.request_id,
        "scan_status": row.scan_status,
        "image_digest": row.image_digest,
        "latest_scan_time": row.latest_scan_time,
        "severity_level": row.severity_level,
        "vul_num": row.vul_num,
        "unsafe_setting_num": row.unsafe_setting_num,
        "malicious_file_num": row.malicious_file_num,
    }


def _number(value: float) -> float:
    """Return `1` for `1.0`: programs that rewrite the report drop the `.0`, which would change its hash."""
    return int(value) if value.is_integer() else value


def moment(epoch: float) -> str:
    """Return epoch seconds as an ISO 8601 moment with milliseconds."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
