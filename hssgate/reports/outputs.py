"""Outputs of a run by name, for the steps and jobs after the gate."""

import json
from collections.abc import Callable
from typing import Any

from hssgate.exit_codes import WORST_FIRST
from hssgate.policy.days import day_of
from hssgate.reports.image_facts import worst_first
from hssgate.reports.json import document, with_hash
from hssgate.reports.wording import SHORT_SHA, policy_name
from hssgate.text import clean, escaped
from hssgate.verdict import Verdict

NAMES = (
    "result", "exit-code", "policy", "severity", "vulnerabilities", "unsafe-settings", "malicious-files", "scan-status",
    "image-id", "image-digest",
)  # fmt: skip
LONGEST_JSON = 100_000  # bytes; Linux limits one environment variable to 128 KiB (MAX_ARG_STRLEN)
_LONGEST_VALUE = 300
_PARTS = json.JSONEncoder(separators=(",", ":"))


def outputs(verdict: Verdict) -> dict[str, str]:
    """Return the outputs by name, without `json`.

    Outputs about an image are those of the worst image. A value that is not known is empty.
    """
    image = next(iter(worst_first(verdict.images)), None)
    row = image.row if image else None
    found: dict[str, object] = {
        "result": verdict.outcome.value,
        "exit-code": int(verdict.exit_code),
        "policy": _policies(verdict),
        "severity": row and row.severity_level,
        "vulnerabilities": row and row.vul_num,
        "unsafe-settings": row and row.unsafe_setting_num,
        "malicious-files": row and row.malicious_file_num,
        "scan-status": row and row.scan_status,
        "image-id": row and row.image_id,
        "image-digest": row and row.image_digest,
    }
    return {name: "" if value is None else clean(value, _LONGEST_VALUE) for name, value in found.items()}


def next_due(verdict: Verdict) -> str:
    """Return the next day on which the grace of a finding ends; empty if none is in grace."""
    days = [
        day_of(listed.due).isoformat()
        for image in verdict.images
        for listed in image.findings
        if listed.due is not None and image.seen is not None and listed.due > image.seen.expiry_at
    ]
    return min(days, default="")


def _policies(verdict: Verdict) -> str:
    """Return `hssgate.yaml sha256:0123456789ab` for each policy, separated by commas."""
    return ", ".join(f"{policy_name(source)} sha256:{source.sha256[:SHORT_SHA]}" for source in verdict.policies)


def compact_json(verdict: Verdict) -> str:
    """Return the JSON report on one line, shorter than `LONGEST_JSON` bytes.

    Parts that do not fit are left out, least important first, with a warning in the report.
    """
    report = document(verdict)
    text = _short_text(report)
    for what, leave_out in _LEAST_IMPORTANT_FIRST:
        if text:
            break
        leave_out(report)
        report["warnings"] = [f"left out here, because the report is long: everything up to {what}"]
        text = _short_text(report)
    return text or _on_one_line(with_hash(report))


def _short_text(report: dict[str, Any]) -> str:
    """Return the report if it is short enough, else nothing: most that are too long are never written out."""
    length = 0
    for part in _PARTS.iterencode(report):
        length += len(part)
        if length >= LONGEST_JSON:
            return ""
    text = _on_one_line(with_hash(report))
    return text if len(text) < LONGEST_JSON else ""


def _on_one_line(report: dict[str, Any]) -> str:
    """Return ASCII JSON, so that its length in characters is that in bytes and nothing in it breaks the line."""
    return escaped(json.dumps(report, separators=(",", ":")))


def _without(name: str, nothing: object) -> Callable[[dict[str, Any]], None]:
    def leave_out(report: dict[str, Any]) -> None:
        for image in report["images"]:
            image[name] = nothing

    return leave_out


def _keep_the_worst_images(report: dict[str, Any]) -> None:
    """Keep as many images as fit, the worst ones."""
    images = sorted(report["images"], key=lambda image: WORST_FIRST.index(image["exit_code"]))
    room = LONGEST_JSON // 2
    report["images"] = []
    for image in images:
        room -= len(_on_one_line(image))
        if room < 0:
            break
        report["images"].append(image)


_LEAST_IMPORTANT_FIRST: tuple[tuple[str, Callable[[dict[str, Any]], None]], ...] = (
    ("the observed rows", _without("seen", None)),
    ("passed checks", _without("passed_checks", [])),
    ("details", _without("details", [])),
    ("explanations", _without("explanation", None)),
    ("findings", _without("findings", [])),
    ("reads", _without("reads", [])),
    ("images", _keep_the_worst_images),
)
