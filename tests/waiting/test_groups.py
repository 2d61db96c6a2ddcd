"""Which row stands for an image: the newest, and never one that is doubtful."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hssgate.durations import AHEAD_AT_MOST
from hssgate.hss.models import CicdImage
from hssgate.proof import DigestKind, ResolvedDigest
from hssgate.reference_parser import parse_reference
from hssgate.waiting.groups import NO_ROWS, Phase, RowGroup, group_all, group_key, group_rows, missing_platform
from hssgate.waiting.row_order import is_newer

REFERENCE = parse_reference("app:1.0")
T = 1_790_000_000_000  # milliseconds
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64


ODD = {
    "a time in seconds": T // 1000, "0": 0, "a negative time": -1, "the last millisecond of 2014": 1_420_070_399_999,
    "a time more than 15 minutes ahead": T + AHEAD_AT_MOST + 1,
}  # fmt: skip


def row(**fields: object) -> CicdImage:
    """A finished row, changed as given."""
    base: dict[str, object] = {
        "cicd_name": "shop", "namespace": "team", "image_name": "app", "image_version": "1.0", "image_digest": OLD,
        "scan_status": "success", "latest_update_time": T + 1000, "latest_scan_time": T + 2000, "severity_level": "Low",
        "vul_num": 0, "unsafe_setting_num": 0, "malicious_file_num": 0,
    }  # fmt: skip
    return CicdImage.model_validate(base | fields)


NEWER = row(image_digest=NEW, latest_update_time=T + 1500, latest_scan_time=T + 1500)


@pytest.mark.parametrize(
    ("rows", "phase", "judged"),
    [
        pytest.param([row()], Phase.ENDED, row(), id="one finished row"),
        pytest.param([row(), NEWER], Phase.ENDED, NEWER, id="newer by update time, though scanned earlier"),
        pytest.param(
            [row(), row(image_digest=NEW, latest_scan_time=T + 3000)], Phase.ENDED,
            row(image_digest=NEW, latest_scan_time=T + 3000), id="same update time: newer by scan time",
        ),
        pytest.param([row(), row()], Phase.ENDED, row(), id="the same row twice"),
        pytest.param([row(), row(image_digest=NEW)], Phase.AMBIGUOUS, row(), id="two digests, same times"),
        pytest.param([row(), row(vul_num=9)], Phase.AMBIGUOUS, row(), id="one digest, two results, same times"),
        pytest.param(
            [row(), row(image_digest=NEW, latest_update_time=None, latest_scan_time=T + 9000)], Phase.AMBIGUOUS, row(),
            id="a time that only one of them has decides nothing",
        ),
        pytest.param(
            [row(latest_update_time=None), row(image_digest=NEW, latest_update_time=None, latest_scan_time=T + 1)],
            Phase.ENDED, row(latest_update_time=None), id="no update time at all: by scan time",
        ),
        pytest.param(
            [row(), row(scan_status="scanning", latest_update_time=T + 1)], Phase.IN_PROGRESS,
            row(scan_status="scanning", latest_update_time=T + 1), id="in progress beats any finished row",
        ),
        pytest.param(
            [row(), row(scan_status="waiting_for_scan")], Phase.IN_PROGRESS, row(scan_status="waiting_for_scan"), id="waiting",
        ),
        pytest.param(
            [row(), row(scan_status="paused")], Phase.UNDOCUMENTED, row(scan_status="paused"), id="undocumented status",
        ),
        pytest.param(
            [row(scan_status="scanning"), row(scan_status=None)], Phase.UNDOCUMENTED, row(scan_status=None), id="no status",
        ),
        pytest.param(
            [row(), row(scan_status="unscan", latest_update_time=T + 1500)], Phase.UNSCANNED,
            row(scan_status="unscan", latest_update_time=T + 1500), id="newer row not scanned yet",
        ),
        pytest.param(
            [row(), row(scan_status="unscan", latest_update_time=T + 500)], Phase.ENDED, row(), id="older row never scanned",
        ),
        pytest.param(
            [row(), row(scan_status="unscan", latest_scan_time=None)], Phase.UNSCANNED,
            row(scan_status="unscan", latest_scan_time=None), id="not scanned, and not shown to be older",
        ),
        *(
            pytest.param(
                [row(latest_update_time=odd, latest_scan_time=odd), row(image_digest=NEW, severity_level="High")],
                Phase.AMBIGUOUS, row(), id=f"{name} is no time",
            )
            for name, odd in ODD.items()
        ),
        pytest.param(
            [row(latest_update_time=0), row(image_digest=NEW, latest_update_time=1, latest_scan_time=T + 3000)],
            Phase.ENDED, row(image_digest=NEW, latest_update_time=1, latest_scan_time=T + 3000),
            id="no update time that is one: by scan time",
        ),
        pytest.param([row(scan_status="failed")], Phase.ENDED, row(scan_status="failed"), id="a failed scan has ended too"),
    ],
)  # fmt: skip
def test_the_newest_row_stands_for_the_group(rows: list[CicdImage], phase: Phase, judged: CicdImage) -> None:
    """By update time, then scan time; what still moves is newer; what cannot be told apart is ambiguous."""
    for order in (rows, rows[::-1]):
        (row_group,) = group_rows(REFERENCE, order, now=T)

        assert row_group.phase is phase
        if phase is not Phase.AMBIGUOUS:
            assert row_group.row == judged


@pytest.mark.parametrize(
    ("scan_time", "phase"),
    [
        pytest.param(T + 1999, Phase.STALE, id="before"),
        pytest.param(T + 2000, Phase.ENDED, id="at"),
        pytest.param(T + 2001, Phase.ENDED, id="after"),
        pytest.param(None, Phase.STALE, id="none"),
    ],
)
def test_a_result_from_before_the_moment_is_stale(scan_time: int | None, phase: Phase) -> None:
    """At or after the moment is fresh; no scan time proves nothing."""
    (row_group,) = group_rows(REFERENCE, [row(latest_scan_time=scan_time)], scanned_after=T + 2000)

    assert row_group.phase is phase


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_time_that_is_none_proves_no_freshness(odd: int) -> None:
    """Whichever moment is asked for, a very early one included."""
    (row_group,) = group_rows(REFERENCE, [row(latest_scan_time=odd)], scanned_after=-5, now=T)

    assert row_group.phase is Phase.STALE


def test_a_fresh_scan_of_an_older_image_does_not_stand_in_for_the_newest() -> None:
    """The newest row is stale, so the group is, whatever was rescanned since."""
    rescanned = row(latest_scan_time=T + 9000)

    (row_group,) = group_rows(REFERENCE, [rescanned, NEWER], scanned_after=T + 5000)

    assert (row_group.phase, row_group.row) == (Phase.STALE, NEWER)


def test_rows_are_grouped_by_all_that_names_them() -> None:
    """Each identifier, namespace, name and version is a group of its own; foreign rows are in none."""
    rows = [row(), row(namespace="other"), row(cicd_name="test"), row(image_name="app2"), row(image_version="1.0.1")]

    labels = [row_group.label for row_group in group_rows(REFERENCE, rows)]

    assert labels == ["shop: team/app:1.0", "shop: other/app:1.0", "test: team/app:1.0"]


def test_a_digest_alone_finds_each_version_that_bears_it() -> None:
    """Every one of them is a group, and would have to pass."""
    rows = [row(), row(image_version="2.0"), NEWER, row(cicd_name=None, namespace=None, image_version=None)]

    labels = [row_group.label for row_group in group_rows(parse_reference(f"app@{OLD}"), rows)]

    assert labels == ["shop: team/app:1.0", "shop: team/app:2.0", "app"]


@pytest.mark.parametrize(
    ("ahead", "phase"),
    [
        pytest.param(-1, Phase.ENDED, id="before the server's present"),
        pytest.param(1, Phase.ENDED, id="a little ahead"),
        pytest.param(AHEAD_AT_MOST, Phase.ENDED, id="as far ahead as a clock may be"),
        pytest.param(AHEAD_AT_MOST + 1, Phase.STALE, id="further ahead"),
    ],
)
def test_a_scan_time_that_is_yet_to_come_proves_nothing(ahead: int, phase: Phase) -> None:
    """A quarter of an hour is what clocks may differ by; only where a moment is asked for does it matter."""
    scanned = row(latest_scan_time=T + ahead)

    (row_group,) = group_rows(REFERENCE, [scanned], scanned_after=T - 2000, now=T)
    (unasked,) = group_rows(REFERENCE, [scanned], now=T)

    assert AHEAD_AT_MOST == 900_000
    assert (row_group.phase, unasked.phase) == (phase, Phase.ENDED)


def test_a_scan_in_progress_names_the_finished_rows_that_it_outranks() -> None:
    """Should they come back alone, they are not believed; what was never scanned is not among them."""
    moving = row(scan_status="scanning")
    failed = row(scan_status="failed", image_digest=NEW)

    (row_group,) = group_rows(REFERENCE, [row(), moving, failed, row(scan_status="unscan"), row(scan_status="paused")])

    assert (row_group.phase, row_group.row) == (Phase.UNDOCUMENTED, row(scan_status="paused"))
    assert row_group.others == (row(), failed)


def test_all_rows_that_cannot_be_told_apart_are_named() -> None:
    """The first listed stands for them, and an older one is not among them."""
    twin = row(image_digest=NEW)

    (row_group,) = group_rows(REFERENCE, [row(latest_update_time=T + 1), twin, row()])

    assert (row_group.row, row_group.others) == (twin, (twin, row()))


def test_a_stale_row_beside_a_fresh_one_of_the_same_time_is_ambiguous() -> None:
    """Its time of update is the same, its scan time is missing: either might be the newest."""
    untold = row(image_digest=NEW, latest_scan_time=None)

    (row_group,) = group_rows(REFERENCE, [untold, row()], scanned_after=T + 1000)

    assert row_group.phase is Phase.AMBIGUOUS


TIMES = st.sampled_from([None, 0, T + 1000, T + 2000, T + 3000])


@given(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=8))
@settings(max_examples=100)
def test_a_row_stands_for_its_group_only_if_no_other_is_newer(times: list[tuple[int | None, int | None]]) -> None:
    """However many rows bear one tag, and whichever times they lack, the newest are those that nothing beats."""
    rows = [row(latest_update_time=u, latest_scan_time=s, vul_num=n) for n, (u, s) in enumerate(times)]
    unbeaten = [one for one in rows if not any(is_newer(other, one) for other in rows)]

    (row_group,) = group_rows(REFERENCE, rows)

    assert row_group.row == unbeaten[0]
    assert row_group.others == (tuple(unbeaten) if len(unbeaten) > 1 else ())


def test_each_platform_of_a_registry_is_a_group_and_none_may_be_missing() -> None:
    """A missing one is named like the rows, as far as the reference names them."""
    resolved = tuple(
        ResolvedDigest(digest, DigestKind.MANIFEST, platform)
        for digest, platform in ((OLD, "linux/amd64"), (NEW, "linux/arm64"))
    )
    asked = replace(parse_reference("hub.example/team/app:1.0", "shop", "swr"), resolved=resolved)
    arm = RowGroup(("shop", "swr", "team", "app", "1.0", "linux/arm64"), Phase.ABSENT, CicdImage())

    groups = group_rows(asked, [row(registry_name="swr")])

    assert [(group.phase, group.platform) for group in groups] == [
        (Phase.ENDED, "linux/amd64"), (Phase.ABSENT, "linux/arm64"),
    ]  # fmt: skip
    assert groups[1] == missing_platform(asked, "linux/arm64") == arm
    assert groups[0].label == "shop, swr, linux/amd64: team/app:1.0"
    assert group_rows(asked, []) == ()
    assert (NO_ROWS.has_rows, arm.has_rows, groups[0].has_rows) == (False, False, True)


@pytest.mark.parametrize(
    ("status", "scan_time", "is_new", "phase"),
    [
        pytest.param("failed", None, True, Phase.ENDED, id="a failure without a time"),
        pytest.param("failed", T + AHEAD_AT_MOST + 1, True, Phase.ENDED, id="a failure with a time that is none"),
        pytest.param("failed", None, False, Phase.STALE, id="a failure that was listed before"),
        pytest.param("failed", T - 5000, True, Phase.STALE, id="a failure with an earlier time"),
        pytest.param("success", None, True, Phase.STALE, id="a success without a time"),
    ],
)
def test_a_failure_that_came_about_during_the_wait_needs_no_time(
    status: str, scan_time: int | None, is_new: bool, phase: Phase  # noqa: FBT001 - a row of the table
) -> None:  # fmt: skip
    """A failure is no pass, however old it is; a success must show its time."""
    ended = row(scan_status=status, latest_scan_time=scan_time)

    (row_group,) = group_rows(
        REFERENCE, [ended], scanned_after=T, now=T, new=lambda key: is_new and key == group_key(ended, REFERENCE)
    )

    assert row_group.phase is phase


@pytest.mark.parametrize(
    ("one", "other", "is_rival"),
    [
        pytest.param({"image_digest": OLD}, {"image_digest": NEW}, True, id="two digests"),
        pytest.param({"image_digest": OLD}, {"image_digest": OLD, "image_id": "2"}, False, id="one digest"),
        pytest.param({"image_digest": None}, {"image_digest": None, "image_id": "2"}, True, id="no digest: two ids"),
        pytest.param({"image_digest": None}, {"image_digest": None}, False, id="no digest: one id"),
    ],
)
def test_a_row_scanned_later_and_updated_earlier_is_a_rival_if_it_is_of_another_push(
    one: dict[str, str | None], other: dict[str, str | None], is_rival: bool  # noqa: FBT001 - a row of the table
) -> None:  # fmt: skip
    """A push is known by its digest, else by its id."""
    newest = row(latest_update_time=T + 2000, latest_scan_time=T + 2000, image_id="1", **one)
    rescanned = row(**{"latest_update_time": T + 1000, "latest_scan_time": T + 3000, "image_id": "1", **other})

    (row_group,) = group_rows(REFERENCE, [row(latest_update_time=None, latest_scan_time=None), rescanned, newest])
    (alone,) = group_rows(REFERENCE, [rescanned, newest])

    assert row_group.phase is Phase.AMBIGUOUS
    assert (alone.row, alone.others) == (newest, (rescanned,) if is_rival else ())


@pytest.mark.parametrize(
    ("newest", "other", "is_rival"),
    [
        pytest.param({}, {}, True, id="scanned later, updated earlier"),
        pytest.param({}, {"latest_scan_time": T + 2000}, False, id="scanned at the same time"),
        pytest.param({}, {"latest_scan_time": T + AHEAD_AT_MOST + 1}, False, id="scanned at a time that is none"),
        pytest.param({}, {"latest_scan_time": None}, False, id="no scan time"),
        pytest.param({"latest_scan_time": 0}, {}, False, id="the newest has a scan time that is none"),
    ],
)
def test_a_rival_has_two_times_that_contradict_those_of_the_newest(
    newest: dict[str, int], other: dict[str, int | None], is_rival: bool  # noqa: FBT001 - a row of the table
) -> None:  # fmt: skip
    """A row that lacks a time is none, and keeps none behind it from being one."""
    first = row(**{"latest_update_time": T + 2000, "latest_scan_time": T + 2000, **newest})
    untimed = row(image_digest=NEW, latest_update_time=T + 1, latest_scan_time=None)
    second = row(**{"image_digest": NEW, "latest_update_time": T + 1000, "latest_scan_time": T + 3000, **other})

    (row_group,) = group_rows(REFERENCE, [untimed, second, first], now=T)

    assert (row_group.row, row_group.others) == (first, (second,) if is_rival else ())


def test_rows_of_all_images_are_grouped_by_what_names_them() -> None:
    """In the order of their first rows; none is stale, and a time that is none decides nothing."""
    web = row(image_name="web", scan_status="scanning")
    ahead = row(image_digest=NEW, latest_update_time=T + 2 * AHEAD_AT_MOST)

    groups = group_all([row(latest_scan_time=None), web, NEWER], T)
    (in_doubt,) = group_all([row(), ahead], T)

    assert [(group.key, group.phase, group.row) for group in groups] == [
        (("shop", None, "team", "app", "1.0"), Phase.ENDED, NEWER),
        (("shop", None, "team", "web", "1.0"), Phase.IN_PROGRESS, web),
    ]
    assert in_doubt.phase is Phase.AMBIGUOUS


def test_a_time_that_is_none_makes_no_row_newer() -> None:
    """Neither one far ahead of the server's present nor one before HSS was there."""
    ahead, plain = row(latest_update_time=T + 2 * AHEAD_AT_MOST), row(latest_update_time=T - 1000)

    assert is_newer(ahead, plain)
    assert not is_newer(ahead, plain, T)
    assert not is_newer(plain, ahead, T)
    assert is_newer(plain, row(latest_update_time=T - 2000), T)
    scanned_ahead = row(latest_scan_time=T + 2 * AHEAD_AT_MOST)
    assert (is_newer(scanned_ahead, row()), is_newer(scanned_ahead, row(), T)) == (True, False)
    no_update, older_scan = (
        row(latest_update_time=None),
        row(latest_update_time=T + 2 * AHEAD_AT_MOST, latest_scan_time=T),
    )
    assert is_newer(no_update, older_scan, T), "neither has a time of update, so that of the scan decides"


def test_an_image_without_rows_has_a_group_without_a_name() -> None:
    """It is judged like any other."""
    assert (NO_ROWS.label, NO_ROWS.platform, NO_ROWS.has_rows) == ("", None, False)
