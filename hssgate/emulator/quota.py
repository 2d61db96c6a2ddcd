"""Numbers of scans: those of the scenario, and counts of the rows."""

from collections.abc import Iterable

from pydantic import Field, JsonValue

from hssgate.emulator.rows import Row
from hssgate.emulator.strict import Flag, StrictModel, Whole


class Quota(StrictModel):
    """What `ShowImagePayPerScanStatistics` says beside the counts of rows.

    Args:
        free_quota_num: free scans left.
        cicd_scan_num: successful scans of pipelines; None: the number of rows with a successful scan.
        repository_scan_num: successful scans of images in repositories.
        already_given: whether free scans were given.
        image_free_quota: free scans given when the console was opened.
    """

    free_quota_num: Whole = Field(default=100, ge=0)
    cicd_scan_num: Whole | None = Field(default=None, ge=0)
    repository_scan_num: Whole = Field(default=0, ge=0)
    already_given: Flag = True
    image_free_quota: Whole = Field(default=100, ge=0)

    def statistics(self, rows: Iterable[Row]) -> dict[str, JsonValue]:
        """Return the response for these rows."""
        found = [row.as_json() for row in rows]
        done = [row for row in found if row.get("scan_status") == "success"]
        risky = [row for row in done if row.get("severity_level") not in (None, "", "Security")]
        return {
            "repository_scan_num": self.repository_scan_num,
            "cicd_scan_num": len(done) if self.cicd_scan_num is None else self.cicd_scan_num,
            "free_quota_num": self.free_quota_num,
            "already_given": self.already_given,
            "image_free_quota": self.image_free_quota,
            "high_risk": _of_pipelines(sum(row.get("severity_level") == "High" for row in risky)),
            "has_risk": _of_pipelines(len(risky)),
            "total": _of_pipelines(len(found)),
            "unscan": _of_pipelines(sum(row.get("scan_status") == "unscan" for row in found)),
        }


def _of_pipelines(number: int) -> dict[str, JsonValue]:
    return {"local": 0, "registriy": 0, "registry": 0, "cicd": number}  # one name is the API's own slip
