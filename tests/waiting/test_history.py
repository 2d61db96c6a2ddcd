"""Memory of one image: which results came about during the wait, and which are not believed any more."""

from dataclasses import replace

import pytest

from hssgate.hss.models import CicdImage
from hssgate.proof import DigestKind, ResolvedDigest
from hssgate.reference_parser import parse_reference
from hssgate.waiting.groups import Phase, RowGroup, group_key, group_rows
from hssgate.waiting.history import GroupHistory, changes_kept

ASKED = parse_reference("app:1")
NOW = 1_790_000_000_000  # milliseconds


def row(status: str = "failed", namespace: str = "a", **fields: object) -> CicdImage:
    base = {"image_name": "app", "image_version": "1", "namespace": namespace, "scan_status": status}
    return CicdImage.model_validate(base | fields)


def update(history: GroupHistory, *rows: CicdImage) -> tuple[RowGroup, ...]:
    return history.update(group_rows(ASKED, rows, now=NOW, new=history.is_new), NOW)


@pytest.mark.parametrize(("images", "kept"), [(0, 200), (1, 200), (100, 200), (150, 133), (1000, 20), (9999, 20)])
def test_fewer_changes_are_kept_of_each_of_many_images(images: int, kept: int) -> None:
    """200 of one, 20,000 of a run, and never fewer than 20."""
    assert changes_kept(images) == kept
    assert isinstance(changes_kept(images), int)


def test_a_group_is_new_if_it_was_not_listed_at_the_first_answer_or_was_moving() -> None:
    """Before the first answer nothing is."""
    history = GroupHistory()
    one, two = (group_key(row(namespace=name), ASKED) for name in ("a", "b"))
    assert not history.is_new(one)

    update(history, row())
    assert [history.is_new(one), history.is_new(two)] == [False, True]
    update(history, row(), row(namespace="b"))
    update(history, row(), row(namespace="b"))
    assert [history.is_new(one), history.is_new(two)] == [False, True]
    update(history, row())
    update(history, row("scanning"), row(namespace="b"))
    assert [history.is_new(one), history.is_new(two)] == [True, True]


def test_a_platform_that_was_listed_before_is_gone_and_not_missing() -> None:
    """One that never was is missing."""
    names = ("linux/amd64", "linux/arm64", "linux/s390x")
    digests = [f"sha256:{letter * 64}" for letter in "abc"]
    resolved = (ResolvedDigest(digest, DigestKind.MANIFEST, name) for digest, name in zip(digests, names, strict=True))
    asked = replace(ASKED, resolved=tuple(resolved))
    history = GroupHistory()
    amd, arm = (row(image_digest=digest) for digest in digests[:2])

    history.update(group_rows(asked, [amd, arm], now=NOW), NOW)
    groups = history.update(group_rows(asked, [amd], now=NOW), NOW)

    assert [(group.platform, group.phase) for group in groups] == [
        ("linux/amd64", Phase.ENDED), ("linux/s390x", Phase.ABSENT), ("linux/arm64", Phase.VANISHED),
    ]  # fmt: skip


def test_an_older_result_is_not_believed_and_a_time_that_is_none_makes_none_older() -> None:
    """A time far ahead of the server's present proves nothing."""
    newer, older = row(latest_update_time=NOW - 1000), row(latest_update_time=NOW - 5000)
    ahead = row(latest_update_time=NOW + 3_600_000)
    lagging, odd = GroupHistory(), GroupHistory()

    update(lagging, newer)
    update(odd, ahead)

    assert [(group.phase, group.row) for group in update(lagging, older)] == [(Phase.VANISHED, newer)]
    assert [(group.phase, group.row) for group in update(odd, older)] == [(Phase.ENDED, older)]


def test_of_results_that_a_scan_outranked_a_bounded_number_is_remembered() -> None:
    """Twice as many as one answer held, and fifty; then none of the group is believed."""
    history = GroupHistory()

    for number in range(52):
        update(history, row("scanning"), row(vul_num=number))
    assert not history.has_forgotten
    assert update(history, row(vul_num=1000))[0].phase is Phase.ENDED
    assert update(history, row(vul_num=7))[0].phase is Phase.VANISHED
    for number in range(52, 54):
        update(history, row("scanning"), row(vul_num=number))

    assert history.has_forgotten
    assert update(history, row(vul_num=2000))[0].phase is Phase.VANISHED
