"""The state of a group in words."""

import pytest

from hssgate.hss.models import CicdImage
from hssgate.waiting.groups import Phase, RowGroup
from hssgate.waiting.observation import state_of

ROW = CicdImage(image_name="app", image_version="1.0", scan_status="success", latest_scan_time=1_790_000_000_000)


@pytest.mark.parametrize(
    ("phase", "fields", "said", "settling"),
    [
        (Phase.STALE, {}, "stale: success, scanned 2026-09-21T14:13:20Z", None),
        (Phase.STALE, {"latest_scan_time": None}, "stale: success, scanned at an unknown time", None),
        (Phase.STALE, {"latest_scan_time": 0}, "stale: success, scanned 0 (no time)", None),
        (Phase.UNSCANNED, {"scan_status": "unscan"}, "unscan", None),
        (Phase.IN_PROGRESS, {"scan_status": "scanning"}, "scanning", None),
        (Phase.UNDOCUMENTED, {"scan_status": "paused"}, "paused (undocumented)", None),
        (Phase.UNDOCUMENTED, {"scan_status": None}, "without a status (undocumented)", None),
        (Phase.UNDOCUMENTED, {"scan_status": "p" * 61}, "p" * 59 + "… (undocumented)", None),
        (Phase.VANISHED, {"scan_status": "scanning"}, "no longer listed, was scanning", None),
        (Phase.AMBIGUOUS, {}, "ambiguous", None),
        (Phase.ABSENT, {}, "not listed", None),
        (Phase.ENDED, {}, "scan finished", "scan finished, settling"),
        (Phase.ENDED, {"scan_status": "failed"}, "failed", "failed, settling"),
    ],
)
def test_each_phase_has_its_words(phase: Phase, fields: dict[str, object], said: str, settling: str | None) -> None:
    """Only a result that is there can be settling."""
    row_group = RowGroup((None, None, None, "app", "1.0"), phase, ROW.model_copy(update=fields))

    assert state_of(row_group, settling=False) == said
    assert state_of(row_group, settling=True) == (settling or said)
