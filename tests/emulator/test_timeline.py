"""What an image looks like over time."""

import pytest

from tests.emulator.wsgi_client import START, Client

SLOW = """
images:
  - image_name: app
    image_version: "1.0"
    namespace: team
    cicd_name: shop
    severity_level: null
    timeline:
      - {at: 2s, scan_status: waiting_for_scan}
      - {at: 3s, scan_status: scanning}
      - {at: 10s, scan_status: success, severity_level: Low, vul_num: 3}
"""


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [
        pytest.param(0, [], id="at-the-start"),
        pytest.param(1.999, [], id="just-before-the-first-entry"),
        pytest.param(2, ["waiting_for_scan"], id="at-the-first-entry"),
        pytest.param(9.999, ["scanning"], id="just-before-the-end"),
        pytest.param(10, ["success"], id="at-the-end"),
        pytest.param(1e9, ["success"], id="for-good"),
    ],
)
def test_the_last_entry_whose_time_has_come_is_in_force(elapsed: float, expected: list[str]) -> None:
    """A row appears, changes and stays as the timeline says."""
    client = Client(SLOW)

    client.time.epoch += elapsed

    assert [row["scan_status"] for row in client.list().rows] == expected


def test_states_follow_one_another_within_one_emulator() -> None:
    """A state that is kept for fast paging is dropped when the next entry's time comes."""
    client = Client(SLOW)
    seen = []

    for _ in range(12):
        seen.append([row["scan_status"] for row in client.list().rows])
        client.time.epoch += 1

    assert seen == [[]] * 2 + [["waiting_for_scan"]] + [["scanning"]] * 7 + [["success"]] * 2


def test_an_absent_entry_takes_the_row_away_again() -> None:
    """A row that was there may vanish."""
    client = Client("images: [{image_name: app, timeline: [{at: -1h, scan_status: success}, {at: 5, absent: true}]}]")
    before = client.list().names

    client.time.epoch += 5

    assert (before, client.list().names) == (["app"], [])


def test_the_end_of_a_scan_is_its_scan_time() -> None:
    """`latest_scan_time` is that of the entry, and `latest_update_time` that of the push."""
    client = Client(SLOW)

    client.time.epoch += 60
    row = client.list().rows[0]

    assert (row["latest_scan_time"], row["latest_update_time"]) == ((START + 10) * 1000, START * 1000)


def test_a_rescan_keeps_the_old_scan_time_until_it_ends() -> None:
    """While a scan is under way the row bears the time of the one before."""
    client = Client(
        "images: [{image_name: app, timeline: [{at: -1h, scan_status: failed}, {at: 0, scan_status: scanning},"
        " {at: 1m, scan_status: success}]}]"
    )
    scanning = client.list().rows[0]

    client.time.epoch += 60
    finished = client.list().rows[0]

    assert scanning["latest_scan_time"] == (START - 3600) * 1000
    assert finished["latest_scan_time"] == (START + 60) * 1000
    assert finished["latest_update_time"] == (START - 3600) * 1000


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("latest_scan_time: 5", 5, id="given"),
        pytest.param("latest_scan_time: null", None, id="left-out"),
    ],
)
def test_a_scan_time_may_be_given(fields: str, expected: int | None) -> None:
    """An entry's own `latest_scan_time` wins, and null leaves it out."""
    client = Client(f"images: [{{image_name: app, timeline: [{{scan_status: success, {fields}}}]}}]")

    assert client.list().rows[0].get("latest_scan_time") == expected


def test_entries_do_not_inherit_from_one_another() -> None:
    """A missing field of an entry comes from the image, not from the entry before."""
    client = Client(
        "images: [{image_name: app, image_size: 7, timeline: [{at: -2, scan_status: success, vul_num: 3},"
        " {at: -1, scan_status: scanning}]}]"
    )

    row = client.list().rows[0]

    assert (row["image_size"], row.get("vul_num")) == (7, None)


def test_a_digest_is_made_from_the_names_and_names_the_row() -> None:
    """Without a digest of its own an image has a stable one, and `image_id` is its hexadecimal part."""
    one, other = (Client(f"images: [{{image_name: {name}, scan_status: success}}]") for name in ("a", "b"))
    first = one.list().rows[0]

    assert first["image_digest"] == one.list().rows[0]["image_digest"]
    assert first["image_digest"] != other.list().rows[0]["image_digest"]
    assert first["image_digest"] == f"sha256:{first['image_id']}"


def test_an_entry_may_change_the_digest() -> None:
    """A rebuilt image under the same tag has another digest, and another id with it."""
    client = Client("images: [{image_name: app, timeline: [{at: 0, scan_status: success, image_digest: 'sha256:aa'}]}]")

    row = client.list().rows[0]

    assert (row["image_digest"], row["image_id"]) == ("sha256:aa", "aa")


def test_raw_fields_are_put_over_the_row_as_they_are() -> None:
    """Oddities of type, nulls and unknown fields reach the JSON unchanged; an entry's beat the image's."""
    client = Client(
        """
images:
  - image_name: app
    raw: {vul_num: "3 个", image_size: "1000 单位(Bytes)", unknown: [1]}
    timeline: [{scan_status: paused, vul_num: 3, raw: {unknown: null}}]
"""
    )

    row = client.list().rows[0]

    assert row["scan_status"] == "paused"
    assert (row["vul_num"], row["image_size"], row["unknown"]) == ("3 个", "1000 单位(Bytes)", None)


def test_fields_without_a_value_are_left_out() -> None:
    """The API shows no nulls of its own."""
    client = Client("images: [{image_name: app, registry_type: null, scan_status: success}]")

    assert sorted(client.list().rows[0]) == [
        "image_digest",
        "image_id",
        "image_name",
        "image_type",
        "latest_scan_time",
        "latest_update_time",
        "latest_version",
        "scan_status",
    ]


def test_copies_are_rows_of_their_own() -> None:
    """`copies` lists an image several times under numbered versions and with digests of their own."""
    client = Client("images: [{image_name: app, image_version: v, copies: 3, scan_status: success}]")

    rows = client.list().rows

    assert [row["image_version"] for row in rows] == ["v-1", "v-2", "v-3"]
    assert len({row["image_digest"] for row in rows}) == 3


def test_the_clock_skew_moves_the_times_of_rows_too() -> None:
    """`Date` and `latest_scan_time` come from the same clock, or the age of a scan would be wrong."""
    client = Client("clock_skew: -1h\nimages: [{image_name: app, timeline: [{at: 0, scan_status: success}]}]")

    reply = client.list()

    assert reply.headers["Date"] == "Wed, 31 Dec 2025 23:00:00 GMT"
    assert reply.rows[0]["latest_scan_time"] == (START - 3600) * 1000
