"""Rows of `ListGeneralImageVuls`: the notices of all images of a project, each once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import JsonValue

from hssgate.emulator.findings import Cve, FindingFields
from hssgate.emulator.notice_parameters import NoticeParameters
from hssgate.emulator.rows import Row

_LEVELS = {"immediate_repair": "High", "delay_repair": "Medium", "not_needed_repair": "Low"}
_CRITICAL = 9.0  # CVSS


def notices_of(
    images: Iterable[Row], parameters: NoticeParameters, cves_of: Callable[[str], Sequence[Cve]]
) -> tuple[int, list[dict[str, JsonValue]]]:
    """Return the number of notices, and those of a page as JSON.

    Args:
        images: whose findings are listed.
        parameters: the filter and the page.
        cves_of: returns the CVEs of a notice.
    """
    found: dict[str, tuple[FindingFields, set[str]]] = {}
    for image in images:
        for vul_id, fields in _findings_of(image):
            if fields.kind == parameters.type and fields.handle_status == parameters.handle_status:
                found.setdefault(vul_id, (fields, set()))[1].add(str(image.image_id))
    text = parameters.vul_id or ""
    ids = [vul_id for vul_id in found if text in vul_id]
    if parameters.cve_id is not None or parameters.severity_level is not None:
        rows = [_row(vul_id, *found[vul_id], cves_of(vul_id)) for vul_id in ids]
        rows = [row for row in rows if _passes(row, parameters)]
        return len(rows), rows[parameters.page.offset : parameters.page.offset + parameters.page.limit]
    page = ids[parameters.page.offset : parameters.page.offset + parameters.page.limit]
    return len(ids), [_row(vul_id, *found[vul_id], cves_of(vul_id)) for vul_id in page]


def _findings_of(image: Row) -> Iterable[tuple[str, FindingFields]]:
    for finding in image.findings:
        if finding.vul_id is not None:
            yield finding.vul_id, finding
    if many := image.many_findings:
        for number in range(1, many.count + 1):
            yield many.vul_id(number), many


def _row(vul_id: str, fields: FindingFields, image_ids: set[str], cves: Sequence[Cve]) -> dict[str, Any]:
    scores = [cve.cvss_score for cve in cves if cve.cvss_score is not None]
    worst = max(scores, default=None)
    is_critical = worst is not None and worst >= _CRITICAL
    row: dict[str, Any] = {
        "vul_name": vul_id,
        "vul_id": vul_id,
        "type": fields.kind,
        "image_type": "cicd",
        "severity_level": "Critical" if is_critical else _LEVELS.get(fields.repair_necessity or ""),
        "image_num": len(image_ids),
        "cve_list": [
            {name: value for name, value in (("cve_id", cve.cve_id), ("cvss", cve.cvss_score)) if value is not None}
            for cve in cves
        ],
        "max_cvss_score": worst,
        "description": fields.description,
        "url": fields.url,
        "solution_detail": fields.solution,
    }
    return {name: value for name, value in row.items() if value is not None}


def _passes(row: dict[str, Any], parameters: NoticeParameters) -> bool:
    return parameters.severity_level in {None, row.get("severity_level")} and (
        parameters.cve_id is None or any(parameters.cve_id in cve.get("cve_id", "") for cve in row["cve_list"])
    )
