"""Hints for timeout messages: near misses and next steps."""

from hssgate.durations import believable, worded_time
from hssgate.hss.models import CicdImage
from hssgate.reference import Reference
from hssgate.text import clean
from hssgate.waiting.groups import Phase, Standing
from hssgate.waiting.observation import Sighting

_MOST_SHOWN = 3


def advice(sighting: Sighting, standing: Standing | None) -> str:
    """Return what to do next, to be put behind the message of a timeout; it starts with `; `.

    Args:
        sighting: what was seen of the image.
        standing: the group that held it up, or None where no row belonged to it.
    """
    if standing is None:
        return _advice_on_absence(sighting)
    match standing.phase:
        case Phase.STALE if _scan_time(standing.row, sighting.server_time) is None:
            return (
                "; HSS gave no scan time that can be used, so --scanned-after cannot prove this result, a digest alone "
                "can: pass …@sha256:… without --scanned-after"
            )
        case Phase.STALE:
            return (
                "; no newer scan was listed: check that the scan step runs for this push, "
                "and that --scanned-after is not too late"
            )
        case Phase.UNSCANNED:
            return "; no scan was asked for: check that the scan step runs in the pipeline"
        case Phase.ENDED:
            return "; the result was still settling: raise --timeout, or lower --settle"
        case _:
            return "; raise --timeout if the scan needs longer"


def _scan_time(row: CicdImage, server_time: float | None) -> int | None:
    return believable(row.latest_scan_time, None if server_time is None else 1000 * server_time)


def near_misses(reference: Reference, rows: tuple[CicdImage, ...]) -> list[str]:
    """Return a line for each row that is the same image but for some fields, the nearest and newest first.

    Args:
        reference: what was asked for.
        rows: none of which belong to it.
    """
    alike = {row: differences for row in rows if "image_name" not in (differences := reference.differences(row))}
    nearest = sorted(alike, key=lambda row: (len(alike[row]), -_last_change(row)))
    return list(dict.fromkeys(_worded(row, alike[row]) for row in nearest))[:_MOST_SHOWN]


def _last_change(row: CicdImage) -> int:
    return believable(row.latest_update_time, None) or believable(row.latest_scan_time, None) or 0


def _advice_on_absence(sighting: Sighting) -> str:
    misses = near_misses(sighting.reference, sighting.neighbours)
    if misses:
        return "; did you mean " + ", or ".join(misses) + "?"
    known = "no row has this image name" if sighting.searched else "no row has this name and version"
    return (
        f"; {known}: check the name and --cicd-name, that the scan step runs in the pipeline, "
        "and --enterprise-project-id (all_granted_eps looks into every enterprise project)"
    )


def _worded(row: CicdImage, differences: tuple[str, ...]) -> str:
    image = "/".join(part for part in (row.namespace, row.image_name) if part)
    if row.image_version:
        image += f":{row.image_version}"
    if "image_digest" in differences and row.image_digest:
        image += f"@{row.image_digest}"
    options = f" with --cicd-name {row.cicd_name}" if "cicd_name" in differences and row.cicd_name else ""
    fields = ", ".join(name.removeprefix("image_") for name in differences)
    when = f", scanned {worded_time(row.latest_scan_time)}" if row.latest_scan_time is not None else ""
    return clean(f"{image}{options} (other {fields}; {row.scan_status}{when})", 400)
