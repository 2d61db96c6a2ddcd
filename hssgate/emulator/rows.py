"""Rows of the list, with every field filled in, and the timeline of each."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from hssgate.emulator.findings import CheckRule, Finding, Malware, ManyFindings, Sensitive
from hssgate.emulator.images import Entry, Image, RowFields

TERMINAL = frozenset({"success", "failed", "download_failed", "image_oversized", "image_scan_stop"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row; a field that is None is left out of the response.

    Args:
        enterprise_project_id: used by the filter only; not part of the response.
        raw: JSON that replaces or adds fields of the response, nulls included.
        findings: rows of `ListImageVulnerabilities`; `many_findings` follow them.
        malwares: rows of `ListImageMalware`.
        sensitive: rows of `ListImageSensitive`.
        check_rules: rows of `ListCheckRulesInfo`.
    """

    image_id: str | None
    cicd_name: str | None
    namespace: str | None
    image_name: str | None
    image_version: str | None
    image_digest: str | None
    registry_name: str | None
    registry_type: str | None
    image_type: str | None
    pipeline_type: str | None
    latest_version: bool | None
    scan_status: str | None
    scan_failed_desc: str | None
    scan_failed_code: str | None
    image_size: int | None
    latest_update_time: int | None
    latest_scan_time: int | None
    vul_num: int | None
    unsafe_setting_num: int | None
    malicious_file_num: int | None
    severity_level: str | None
    enterprise_project_id: str
    raw: Mapping[str, JsonValue]
    findings: tuple[Finding, ...]
    many_findings: ManyFindings | None
    malwares: tuple[Malware, ...]
    sensitive: tuple[Sensitive, ...]
    check_rules: tuple[CheckRule, ...]

    def as_json(self) -> dict[str, JsonValue]:
        """Return the row as it appears in `data_list`."""
        shown: dict[str, JsonValue] = {name: value for name in _SHOWN if (value := getattr(self, name)) is not None}
        return shown | dict(self.raw)

    def shown(self, name: str) -> JsonValue:
        """Return one field as it appears in `data_list`, None if it is left out."""
        value: JsonValue = self.raw[name] if name in self.raw else getattr(self, name)
        return value


_HIDDEN: dict[str, Any] = {
    "enterprise_project_id": "0",
    "raw": {},
    "findings": (),
    "many_findings": None,
    "malwares": (),
    "sensitive": (),
    "check_rules": (),
}
_NAMES = frozenset(field.name for field in dataclasses.fields(Row))
_SHOWN = tuple(field.name for field in dataclasses.fields(Row) if field.name not in _HIDDEN)
_NOTHING: dict[str, Any] = dict.fromkeys(_SHOWN) | _HIDDEN


@dataclass(frozen=True, slots=True)
class RowTimeline:
    """The states of one row over time.

    Args:
        moments: start of each state in epoch seconds, ascending.
        rows: the states; None while there is no row.
    """

    moments: tuple[float, ...]
    rows: tuple[Row | None, ...]


def timelines_of(image: Image, started: float) -> Iterator[RowTimeline]:
    """Yield the timeline of each copy of an image.

    Args:
        image: the image.
        started: start of the timeline in epoch seconds.
    """
    timeline = _timeline_of(image, started)
    if image.copies == 1:
        yield timeline
        return
    original = _made_from_names(image, image.image_version)
    templates = [_CopyTemplate(row, original) if row else None for row in timeline.rows]
    for number in range(1, image.copies + 1):
        copy = _made_from_names(image, f"{image.image_version or 'copy'}-{number}")
        yield RowTimeline(timeline.moments, tuple(template.row(copy) if template else None for template in templates))


def _made_from_names(image: Image, version: str | None) -> dict[str, Any]:
    names = (image.cicd_name, image.namespace, image.image_name, version)
    hexadecimal = hashlib.sha256("\n".join(name or "" for name in names).encode(errors="surrogatepass")).hexdigest()
    return {"image_version": version, "image_digest": f"sha256:{hexadecimal}", "image_id": hexadecimal}


class _CopyTemplate:
    """Copies a row quickly: a scenario may ask for two million copies.

    Args:
        row: the row.
        original: fields derived from its names, which differ in each copy; fields given by the scenario stay.
    """

    def __init__(self, row: Row, original: Mapping[str, Any]) -> None:
        self._values = [getattr(row, field.name) for field in dataclasses.fields(Row)]
        self._replaced = [
            (number, field.name)
            for number, field in enumerate(dataclasses.fields(Row))
            if field.name in original and original[field.name] == getattr(row, field.name)
        ]

    def row(self, copy: Mapping[str, Any]) -> Row:
        values = [*self._values]
        for number, name in self._replaced:
            values[number] = copy[name]
        return Row(*values)


def _timeline_of(image: Image, started: float) -> RowTimeline:
    entries = sorted(image.timeline or (Entry(at=0.0),), key=lambda entry: entry.at)
    constant = {
        "registry_type": "cicd",
        "image_type": "cicd",
        "latest_version": True,
        "latest_update_time": int((started + min(0.0, entries[0].at)) * 1000),
        "image_digest": _made_from_names(image, image.image_version)["image_digest"],
        **_given(image),
    }
    counts = not any(_tells_count(state) for state in (image, *entries))
    scanned: int | None = None
    rows: list[Row | None] = []
    for entry in entries:
        if entry.absent:
            rows.append(None)
            continue
        row = _row(constant, entry, moment=started + entry.at, scanned=scanned)
        if counts:
            row = _counted(row, constant.keys() | entry.model_fields_set)
        scanned = row.latest_scan_time
        rows.append(row)
    return RowTimeline(tuple(started + entry.at for entry in entries), tuple(rows))


def _row(constant: dict[str, Any], entry: Entry, *, moment: float, scanned: int | None) -> Row:
    fields = _NOTHING | constant | _given(entry)
    fields["raw"] = constant.get("raw", {}) | entry.raw
    if "latest_scan_time" not in constant.keys() | entry.model_fields_set:
        fields["latest_scan_time"] = int(moment * 1000) if fields["scan_status"] in TERMINAL else scanned
    if "image_id" not in constant.keys() | entry.model_fields_set and fields["image_digest"]:
        fields["image_id"] = fields["image_digest"].rpartition(":")[2]
    return Row(**fields)


def _tells_count(state: RowFields) -> bool:
    return "vul_num" in state.model_fields_set or "vul_num" in state.raw


def _counted(row: Row, given: set[str]) -> Row:
    """Set `vul_num` to the number of findings, for an image whose scenario gives no `vul_num` at all."""
    if row.scan_status != "success" or not given & {"findings", "many_findings"}:
        return row
    many = row.many_findings.count if row.many_findings else 0
    return dataclasses.replace(row, vul_num=len(row.findings) + many)


def _given(source: RowFields) -> dict[str, Any]:
    return {name: getattr(source, name) for name in source.model_fields_set & _NAMES}
