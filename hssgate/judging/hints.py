"""Hints for timeout messages: near misses and next steps."""

from hssgate.durations import believable, format_api_time
from hssgate.hss.models import CicdImage
from hssgate.hss.query import LONGEST_VERSION
from hssgate.reference import Reference, path_of_row, registry_of
from hssgate.text import clean
from hssgate.waiting.groups import Phase, RowGroup
from hssgate.waiting.observation import Observation

_MOST_SHOWN = 3


def advice(observation: Observation, row_group: RowGroup) -> str:
    """Return the next step, starting with `; `, to append to the message of a timeout.

    Args:
        observation: state of the image's rows when the wait ended.
        row_group: the group that did not finish, or NO_ROWS.
    """
    if not row_group.has_rows:
        return _advice_on_platform(row_group.platform) if row_group.platform else _advice_on_absence(observation)
    match row_group.phase:
        case Phase.STALE if _scan_time(row_group.row, observation.server_time) is None:
            return (
                "; HSS gave no scan time that can be used, so --scanned-after cannot prove this result, but a digest "
                "can: pass …@sha256:… without --scanned-after"
            )
        case Phase.STALE:
            return (
                "; no newer scan was listed: check that the scan step runs for this push, "
                "and that --scanned-after is not too late"
            )
        case Phase.UNSCANNED:
            return "; no scan was requested: check that the scan step runs in the pipeline"
        case Phase.ENDED:
            return "; the result was still settling: raise --timeout, or lower --settle"
        case _:
            return "; raise --timeout if the scan needs longer"


def _advice_on_platform(platform: str) -> str:
    return (
        f"; HSS lists other platforms of this image: check that {platform} is scanned too, or name those that are "
        "meant with --platform"
    )


def _scan_time(row: CicdImage, server_time: float | None) -> int | None:
    return believable(row.latest_scan_time, None if server_time is None else 1000 * server_time)


def near_misses(reference: Reference, rows: tuple[CicdImage, ...]) -> list[str]:
    """Return a description of each row with the same image name and other fields, most similar and newest first.

    Args:
        reference: the image asked for.
        rows: rows that do not belong to it.
    """
    alike = {row: differences for row in rows if "image_name" not in (differences := reference.differences(row))}
    cut = _cut_version(reference)
    nearest = sorted(alike, key=lambda row: (len(alike[row]), row.image_version != cut, -_last_change(row)))
    return list(dict.fromkeys(_description(reference, row, alike[row]) for row in nearest))[:_MOST_SHOWN]


def _last_change(row: CicdImage) -> int:
    return believable(row.latest_update_time, None) or believable(row.latest_scan_time, None) or 0


def _advice_on_absence(observation: Observation) -> str:
    misses = near_misses(observation.reference, observation.similar_rows)
    if misses:
        return "; did you mean " + ", or ".join(misses) + "?" + _digest_advice(observation)
    known = "no row has this image name" if observation.searched else "no row has this name and version"
    return (
        f"; {known}: check the name and --cicd-name, that the scan step runs in the pipeline, "
        "and --enterprise-project-id (all_granted_eps looks into every enterprise project)"
    )


def _cut_version(reference: Reference) -> str | None:
    """Return the version cut to the length that HSS stores; None if it is not longer."""
    version = reference.image_version
    return version[:LONGEST_VERSION] if version and len(version) > LONGEST_VERSION else None


def _digest_advice(observation: Observation) -> str:
    """Return why a digest may never appear where rows of the same tag do."""
    asked = observation.reference
    if not any(asked.differences(row) == ("image_digest",) for row in observation.similar_rows):
        return ""
    if asked.resolved:
        return " HSS has scanned another push of this tag than the one that the registry holds"
    index = "If the digest asked for is that of an index, HSS may know the image by its manifest or configuration"
    file = "" if asked.build_digests else ", and --metadata-file names those of a build for one platform"
    return f" {index}: --resolve asks the registry for these{file}"


def _description(reference: Reference, row: CicdImage, differences: tuple[str, ...]) -> str:
    image = path_of_row(row)
    if row.image_version:
        image += f":{row.image_version}"
    if "image_digest" in differences and row.image_digest:
        image += f"@{row.image_digest}"
    options = f" with --cicd-name {row.cicd_name}" if "cicd_name" in differences and row.cicd_name else ""
    fields = ", ".join(name.removeprefix("image_") for name in differences)
    when = f", scanned {format_api_time(row.latest_scan_time)}" if row.latest_scan_time is not None else ""
    notes = [f"other {fields}", f"{row.scan_status}{when}"]
    if "registry_name" in differences:
        notes.append(_registry_advice(reference, row))
    if row.image_version and row.image_version == _cut_version(reference):
        notes.append(f"its version is the first {LONGEST_VERSION} characters of the requested one, which is no proof")
    return clean(f"{image}{options} ({'; '.join(notes)})", 400)


def _registry_advice(reference: Reference, row: CicdImage) -> str:
    """Return the option to pass for a row of another registry."""
    from shlex import quote

    found = registry_of(row)
    if found is None:
        return "HSS names no registry for it: leave --registry-name out"
    if reference.registry_name is not None:
        return f"--registry-name {quote(found)}"
    leave_out = "leave the registry out of IMAGE"
    return f"{leave_out}, or --registry-name {quote(found)}" if row.registry_name else leave_out
