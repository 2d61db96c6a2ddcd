"""Rows of a long list that are kept: those of the images asked for, and a few that resemble them."""

import pytest

from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.reference_parser import parse_reference
from hssgate.waiting.row_filter import MOST_SIMILAR_ROWS, Wanted
from tests.hss.test_paging import row


def test_a_long_list_of_one_name_leaves_what_is_wanted_and_a_few_neighbours() -> None:
    """Rows of an image are kept at any place, similar rows up to a limit."""
    references = [parse_reference("app:1.0"), parse_reference("app:2.0"), parse_reference(f"app@sha256:{'a' * 64}")]
    digest = CicdImage(image_name="app", image_version="x", image_digest=f"sha256:{'a' * 64}")
    alike = [row("app", f"1.0-{number}", "success") for number in range(MOST_SIMILAR_ROWS + 1)]
    others = [row("app", "2.0"), digest, row("app"), row("app", "1.0-more", "success")]
    rows = [row("application"), CicdImage(), *alike, *others]
    wanted = Wanted(references)

    kept = [found for found in rows if wanted.keeps(found)]

    assert kept == [*alike[:-1], row("app", "2.0"), digest, row("app")]


@pytest.mark.parametrize(
    ("known", "unreadable", "kept"),
    [
        pytest.param({"image_name": "a", "image_version": "1.0"}, {"vul_num"}, True, id="the image itself"),
        pytest.param({"image_name": "a"}, {"image_version"}, True, id="its version cannot be read"),
        pytest.param({"image_version": "1.0"}, {"image_name"}, True, id="its name cannot be read"),
        pytest.param({}, {"image_name", "image_version"}, True, id="neither can be read"),
        pytest.param({"image_name": "b"}, {"image_version"}, False, id="another name"),
        pytest.param({"image_version": "2.0"}, {"image_name"}, False, id="another version"),
        pytest.param({"image_name": "a"}, {"vul_num"}, False, id="no version"),
    ],
)
def test_one_unreadable_row_is_kept_for_each_possible_image(
    known: dict[str, str], unreadable: set[str], kept: bool  # noqa: FBT001 - a row of the table
) -> None:  # fmt: skip
    """A second one for the same image adds no information."""
    wanted = Wanted([parse_reference("a:1.0"), parse_reference("c:3.0")])
    odd = PartlyReadableRow(CicdImage.model_validate(known), frozenset(unreadable), "it cannot be read")

    assert [wanted.keeps_odd(odd), wanted.keeps_odd(odd)] == [kept, False]


def test_an_unreadable_row_in_doubt_of_a_new_image_is_kept() -> None:
    """One for each image, also where a row may be of several, or of an image that is asked for by its digest alone."""
    wanted = Wanted([parse_reference("a:1.0"), parse_reference("a:2.0"), parse_reference(f"c@sha256:{'a' * 64}")])

    def odd(*unreadable: str, **known: str) -> PartlyReadableRow:
        return PartlyReadableRow(CicdImage.model_validate(known), frozenset(unreadable), "it cannot be read")

    first, other = odd("vul_num", image_name="a", image_version="1.0"), odd("image_version", image_name="a")
    assert [wanted.keeps_odd(one) for one in (first, other, other, first)] == [True, True, False, False]
    by_digest = odd("vul_num", image_name="c", image_version="9", image_digest=f"sha256:{'a' * 64}")
    assert [wanted.keeps_odd(by_digest), wanted.keeps_odd(by_digest), wanted.keeps_odd(first)] == [True, False, False]
