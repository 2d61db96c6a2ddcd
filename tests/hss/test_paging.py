"""Pagination: every row is compared with the others, and only selected rows are kept."""

from collections.abc import Callable, Sequence

import pytest

from hssgate.errors import ApiUnavailable, Exchange, RequestRefused
from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.hss.paging import whole_list
from hssgate.hss.responses import Page
from hssgate.reference_parser import parse_reference
from hssgate.waiting.row_filter import Wanted

ROOM = 1_000_000  # bytes


def row(name: str, version: str = "1.0", status: str | None = None) -> CicdImage:
    return CicdImage(image_name=name, image_version=version, scan_status=status)


def pages(*contents: Sequence[CicdImage], total: int | None) -> Callable[[int], Page[CicdImage]]:
    """Return what reads the page that begins at an offset."""

    def read(offset: int) -> Page[CicdImage]:
        begin = 0
        for content in contents:
            if begin == offset:
                return Page(tuple(content), total, None, Exchange(200))
            begin += len(content)
        return Page((), total, None, Exchange(200))

    return read


@pytest.mark.parametrize("total", [pytest.param(6, id="announced"), pytest.param(None, id="not-announced")])
def test_a_row_on_two_pages_far_apart_is_no_whole_list(total: int | None) -> None:
    """With an unstable order any row may be repeated, and another is then missing."""
    read = pages([row("a"), row("b")], [row("c"), row("d")], [row("a"), row("e")], total=total)

    with pytest.raises(ApiUnavailable, match="changed each time"):
        whole_list(read, ROOM)


def test_a_row_twice_on_one_page_is_as_the_list_has_it() -> None:
    """Only a row that moved between pages shows that the list changed."""
    listing = whole_list(pages([row("a"), row("a")], [row("b")], total=3), ROOM)

    assert [found.image_name for found in listing.rows] == ["a", "a", "b"]


def test_a_row_filter_never_completes_a_list() -> None:
    """Dropped rows still count: an incomplete list stays incomplete."""
    wanted = [parse_reference("a:1.0")]

    whole = whole_list(pages([row("x"), row("a")], [row("y")], total=3), ROOM, lambda: Wanted(wanted))
    with pytest.raises(ApiUnavailable, match="3 rows received, 4 announced"):
        whole_list(pages([row("x"), row("a")], [row("y")], total=4), ROOM, lambda: Wanted(wanted))

    assert [found.image_name for found in whole.rows] == ["a"]


def test_each_pass_has_its_own_row_filter() -> None:
    """A filter with a limit must not be used up by an abandoned pass."""
    moved = pages([row("a", "2"), row("b")], [row("a", "2")], total=3)
    still = pages([row("a", "2"), row("b")], [row("c")], total=3)
    made = []

    def sieve() -> Wanted:
        made.append(Wanted([parse_reference("a:1.0")]))
        return made[-1]

    lists = iter([moved, moved, still, still])

    def read(offset: int) -> Page[CicdImage]:
        return next(lists)(offset)

    listing = whole_list(read, ROOM, sieve)

    assert (len(made), [found.image_version for found in listing.rows]) == (2, ["2"])


def test_without_a_row_filter_all_rows_are_kept() -> None:
    """Those that cannot be read in full as well, apart from the others."""
    odd = PartlyReadableRow(CicdImage(image_name="b"), frozenset({"vul_num"}), "vul_num: is no number")

    listing = whole_list(lambda _offset: Page((row("a"),), 2, None, Exchange(200), odd=(odd,)), ROOM)

    assert (listing.rows, listing.odd, listing.passed_over) == ((row("a"),), (odd,), ())


def test_unreadable_rows_count_against_the_memory_limit() -> None:
    """A list of nothing else does not fill the memory."""
    odd = tuple(
        PartlyReadableRow(CicdImage(image_name=f"{n}"), frozenset({"vul_num"}), "vul_num: no number")
        for n in range(199)
    )

    with pytest.raises(RequestRefused, match="too large to be judged: 199 rows read"):
        whole_list(lambda _offset: Page((), 199, None, Exchange(200), odd=odd), 199 * 1500)
