"""The index of an answer's rows, and the filter of long lists: what they leave out belongs to no image."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hssgate.errors import Exchange
from hssgate.hss.models import CicdImage
from hssgate.hss.odd_rows import PartlyReadableRow
from hssgate.hss.paging import Listing
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.waiting.listed_rows import ListedRows
from hssgate.waiting.row_filter import Wanted

DIGESTS = [f"sha256:{digit * 64}" for digit in "ab"]
WRITTEN = [
    f"{front}{name}{end}"
    for front in ("", "team/", "a/b/", "reg.example.com/", "reg.example.com/team/", "localhost:5000/a/b/")
    for name in ("app", "web")
    for end in (":1", ":2", f":1@{DIGESTS[0]}", f"@{DIGESTS[0]}", f"@{DIGESTS[1]}")
]
REFERENCES = st.sampled_from(WRITTEN).map(parse_reference)
ROWS = st.builds(
    CicdImage,
    namespace=st.sampled_from([None, "", "team", "a", "a/b", "reg.example.com", "reg.example.com/team"]),
    image_name=st.sampled_from([None, "app", "web", "team/app", "b/app", "a/b/app", "reg.example.com/team/app"]),
    image_version=st.sampled_from([None, "1", "2"]),
    image_digest=st.sampled_from([None, *DIGESTS]),
    registry_name=st.sampled_from([None, "reg.example.com", "swr"]),
    scan_status=st.sampled_from(["success", "scanning", None]),
)
ODD = st.builds(
    PartlyReadableRow,
    ROWS,
    st.frozensets(st.sampled_from(["image_name", "image_version", "namespace", "image_digest", "vul_num"])),
    st.just("vul_num: is no number"),
)


def listed(rows: list[CicdImage], odd: list[PartlyReadableRow] | None = None) -> ListedRows:
    return ListedRows(Listing(tuple(rows), None, Exchange(200), odd=tuple(odd or ())))


@given(REFERENCES, st.lists(ROWS, max_size=20))
def test_all_rows_of_an_image_are_candidates(reference: Reference, rows: list[CicdImage]) -> None:
    """In their order; and so are those that lack only its digest."""
    candidates = listed(rows).candidates(reference)

    for belongs in (reference.owns, reference.may_become):
        assert [row for row in candidates if belongs(row)] == [row for row in rows if belongs(row)]


@given(REFERENCES, st.lists(ROWS, max_size=20))
def test_rows_of_an_images_name_that_are_not_its_own(reference: Reference, rows: list[CicdImage]) -> None:
    """Those are near misses."""
    expected = [
        row
        for row in rows
        if (row.image_name or "").rpartition("/")[2] == reference.basename and not reference.owns(row)
    ]

    assert [*listed(rows).not_of(reference)] == expected


@given(REFERENCES, st.lists(ODD, max_size=6))
def test_the_first_unreadable_row_of_an_image_is_found(reference: Reference, odd: list[PartlyReadableRow]) -> None:
    """One is enough to leave it in doubt."""
    found = listed([], odd).odd_row_of(reference)

    assert (found is None) is not any(reference.may_own(one.known, one.unreadable) for one in odd)
    assert found is None or reference.may_own(found.known, found.unreadable)


@given(st.lists(REFERENCES, max_size=6), st.lists(ROWS, max_size=20))
def test_the_filter_keeps_every_row_of_an_image(references: list[Reference], rows: list[CicdImage]) -> None:
    """Whatever else of a long list it leaves out."""
    wanted = Wanted(references)

    for row in rows:
        kept = wanted.keeps(row)
        assert kept or not any(reference.owns(row) for reference in references)
        assert kept or not any(row.is_moving and reference.may_become(row) for reference in references)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([(f"n{number}", str(number)) for number in range(50)], id="organisation and version"),
        pytest.param([(f"n{number}", "1") for number in range(50)], id="only the organisation"),
        pytest.param([("team", str(number)) for number in range(50)], id="only the version"),
    ],
)
def test_each_image_is_compared_with_its_own_rows_alone(names: list[tuple[str, str]]) -> None:
    """Else 1,000 images of one name in a list of 10,000 rows take minutes, beyond every deadline."""
    references = [parse_reference(f"{namespace}/app:{version}") for namespace, version in names]
    rows = [
        CicdImage(namespace=namespace, image_name="app", image_version=version) for namespace, version in names
    ] * 10

    assert [len(listed(rows).candidates(reference)) for reference in references] == [10] * 50


def test_an_unreadable_row_of_any_version_may_be_an_image_asked_for_by_its_digest() -> None:
    """With a version, only one of that version may be."""
    odd = PartlyReadableRow(
        CicdImage(image_name="app", image_version="2", image_digest=DIGESTS[0]),
        frozenset({"vul_num"}),
        "vul_num: is odd",
    )

    rows = listed([], [odd])

    assert rows.odd_row_of(parse_reference(f"app@{DIGESTS[0]}")) is odd
    assert rows.odd_row_of(parse_reference("app:2")) is odd
    assert rows.odd_row_of(parse_reference("app:1")) is None


@pytest.mark.parametrize(
    ("unreadable", "known"),
    [
        pytest.param("image_version", {"image_name": "app"}, id="its version"),
        pytest.param("image_name", {"image_version": "1"}, id="its name"),
    ],
)
def test_a_row_whose_names_cannot_be_read_may_be_any_image_that_the_rest_fits(
    unreadable: str, known: dict[str, str]
) -> None:
    """What can be read proves which images it is not."""
    odd = PartlyReadableRow(CicdImage.model_validate(known), frozenset({unreadable}), f"{unreadable}: is odd")

    rows = listed([], [odd])

    assert rows.odd_row_of(parse_reference("app:1")) is odd
    assert rows.odd_row_of(parse_reference("web:2")) is None
