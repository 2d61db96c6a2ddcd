"""Tests of the hints in timeout messages: near misses and next steps."""

from dataclasses import replace

import pytest

from hssgate.hss.models import CicdImage
from hssgate.judging.hints import advice, near_misses
from hssgate.proof import DigestKind, ResolvedDigest
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.waiting.groups import NO_ROWS, Phase, RowGroup
from hssgate.waiting.observation import Observation
from hssgate.waiting.states import Ending

DIGEST, OTHER = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32
ROW = CicdImage(
    cicd_name="shop", namespace="team", image_name="app", image_version="1.0", image_digest=DIGEST,
    scan_status="success", latest_update_time=1_790_000_000_000, latest_scan_time=1_790_000_000_000,
)  # fmt: skip
OBSERVATION = Observation(
    reference=parse_reference("app:2.0"), ending=Ending.TIMED_OUT, row_groups=(), unsettled=frozenset(), error=None,
    server_time=None, scanned_after=None, waited_seconds=90.0, polls=3, reads=(), similar_rows=(),
)  # fmt: skip


def row(**fields: object) -> CicdImage:
    return ROW.model_copy(update=fields)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase.STALE, "; no newer scan was listed: check that the scan step runs for this push, and that --scanned-after is not too late"),
        (Phase.UNSCANNED, "; no scan was requested: check that the scan step runs in the pipeline"),
        (Phase.ENDED, "; the result was still settling: raise --timeout, or lower --settle"),
        (Phase.IN_PROGRESS, "; raise --timeout if the scan needs longer"),
        (Phase.UNDOCUMENTED, "; raise --timeout if the scan needs longer"),
        (Phase.VANISHED, "; raise --timeout if the scan needs longer"),
    ],
)  # fmt: skip
def test_the_hint_fits_the_phase_at_the_timeout(phase: Phase, expected: str) -> None:
    """Each phase in which a wait can end has its own hint."""
    assert advice(OBSERVATION, RowGroup((None, None, None, "app", "2.0"), phase, ROW)) == expected


def test_a_platform_that_is_missing_is_named() -> None:
    """Other platforms of the image are listed, so that its name is right."""
    row_group = RowGroup((None, None, "team", "app", "2.0", "linux/arm64"), Phase.ABSENT, CicdImage())

    assert advice(OBSERVATION, row_group) == (
        "; HSS lists other platforms of this image: check that linux/arm64 is scanned too, or name those that are meant "
        "with --platform"
    )


def test_a_scan_time_by_the_clock_of_the_server_can_be_used() -> None:
    """A later scan would help then."""
    observation = replace(OBSERVATION, server_time=1_790_000_060.0)

    message = advice(observation, RowGroup((None, None, None, "app", "2.0"), Phase.STALE, ROW))

    assert message.startswith("; no newer scan was listed")


@pytest.mark.parametrize(
    ("server_time", "scan_time"),
    [
        pytest.param(None, 1_790_000_000, id="in seconds"),
        pytest.param(None, None, id="none"),
        pytest.param(1_789_990_000.0, 1_790_000_000_000, id="too far ahead"),
    ],
)
def test_a_stale_result_whose_time_cannot_be_used_needs_a_digest(
    server_time: float | None, scan_time: int | None
) -> None:
    """No later scan would help: HSS does not say when it scanned."""
    row_group = RowGroup((None, None, None, "app", "2.0"), Phase.STALE, row(latest_scan_time=scan_time))

    assert advice(replace(OBSERVATION, server_time=server_time), row_group) == (
        "; HSS gave no scan time that can be used, so --scanned-after cannot prove this result, but a digest can: "
        "pass …@sha256:… without --scanned-after"
    )


CHECK = (
    ": check the name and --cicd-name, that the scan step runs in the pipeline, "
    "and --enterprise-project-id (all_granted_eps looks into every enterprise project)"
)


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        pytest.param(OBSERVATION, "; no row has this name and version" + CHECK, id="nothing like it"),
        pytest.param(replace(OBSERVATION, searched=True), "; no row has this image name" + CHECK, id="searched by name"),
        pytest.param(
            replace(OBSERVATION, similar_rows=(ROW, row(image_version="1.1", latest_update_time=1, latest_scan_time=None))),
            "; did you mean team/app:1.0 (other version; success, scanned 2026-09-21T14:13:20Z), "
            "or team/app:1.1 (other version; success)?",
            id="rows alike",
        ),
    ],
)  # fmt: skip
def test_an_absent_image_gets_hints_about_similar_rows(observation: Observation, expected: str) -> None:
    """The message names similar rows, or what to check if there are none."""
    assert advice(observation, NO_ROWS) == expected


def test_the_nearest_and_newest_rows_come_first_and_three_are_enough() -> None:
    """They are sorted by the number of differences, then by time; a row with another name is not similar."""
    asked = parse_reference("team/app:2.0", "shop")
    rows = (
        row(image_version="far", cicd_name="test"),
        row(image_version="old", latest_update_time=1_500_000_000_000),
        row(image_version="timeless", latest_update_time=None, latest_scan_time=None),
        row(image_version="scanned", latest_update_time=1_790_000_000, latest_scan_time=1_600_000_000_000),
        row(image_version="new"),
        row(image_version="new"),
        row(image_name="app2"),
        row(image_name=None),
    )

    misses = near_misses(asked, rows)

    assert [miss.split(" ")[0] for miss in misses] == ["team/app:new", "team/app:scanned", "team/app:old"]
    assert [miss.split(" ")[0] for miss in near_misses(asked, rows[:3])] == [
        "team/app:old", "team/app:timeless", "team/app:far",
    ]  # fmt: skip

    assert near_misses(asked, rows[6:]) == []


def test_a_version_that_hss_cut_comes_before_newer_rows() -> None:
    """HSS keeps 64 characters of a version; such a row is named in the hint and does not match."""
    version = "v" * 70
    cut = row(image_version=version[:64], latest_update_time=1_500_000_000_000)

    misses = near_misses(parse_reference(f"app:{version}"), (ROW, cut))

    assert [miss.split(" ")[0] for miss in misses] == [f"team/app:{version[:64]}", "team/app:1.0"]


def test_a_version_of_the_greatest_length_is_not_cut() -> None:
    """The row with this version has the whole of it."""
    version = "v" * 64
    (miss,) = near_misses(parse_reference(f"app:{version}", "shop"), (row(image_version=version, cicd_name="test"),))

    assert miss == (
        f"team/app:{version} with --cicd-name test (other cicd_name; success, scanned 2026-09-21T14:13:20Z)"
    )


ASKED = parse_reference(f"team/app:1.0@{DIGEST}")
INDEX = (
    " If the digest asked for is that of an index, HSS may know the image by its manifest or configuration: --resolve "
    "asks the registry for these"
)


@pytest.mark.parametrize(
    ("asked", "found", "explained"),
    [
        pytest.param(ASKED, row(image_digest=OTHER), f"{INDEX}, and --metadata-file names those of a build for one platform", id="only the digest differs"),
        pytest.param(replace(ASKED, build_digests=(DIGEST,)), row(image_digest=OTHER), INDEX, id="with a metadata file"),
        pytest.param(replace(ASKED, resolved=(ResolvedDigest(DIGEST, DigestKind.MANIFEST, None),)), row(image_digest=OTHER), " HSS has scanned another push of this tag than the one that the registry holds", id="with a registry"),
        pytest.param(ASKED, row(image_digest=OTHER, image_version="2.0"), "", id="another version, too"),
        pytest.param(ASKED, row(image_version="2.0"), "", id="another version"),
    ],
)  # fmt: skip
def test_a_digest_that_never_appears_is_explained(asked: Reference, found: CicdImage, explained: str) -> None:
    """Build tools report the digest of an index, while HSS may list a manifest."""
    observation = replace(OBSERVATION, reference=asked, similar_rows=(found,))

    _, question, rest = advice(observation, NO_ROWS).partition("?")

    assert (question, rest) == ("?", explained)


@pytest.mark.parametrize(
    ("asked", "registry_name", "found", "expected"),
    [
        pytest.param("team/app:1.0", "r.example.com", row(), "HSS names no registry for it: leave --registry-name out", id="none is named"),
        pytest.param("team/app:1.0", "r.example.com", row(registry_name="my registry"), "--registry-name 'my registry'", id="another name"),
        pytest.param("r.example.com/team/app:1.0", None, row(registry_name="x.io"), "leave the registry out of IMAGE, or --registry-name x.io", id="another registry"),
        pytest.param("r.example.com/team/app:1.0", None, row(namespace="x.io/team"), "leave the registry out of IMAGE", id="another registry in its path"),
    ],
)  # fmt: skip
def test_a_row_of_another_registry_comes_with_the_option_to_pass(
    asked: str, registry_name: str | None, found: CicdImage, expected: str
) -> None:
    """Or with the one to leave out."""
    (miss,) = near_misses(parse_reference(asked, registry_name=registry_name), (found,))

    assert miss.endswith(f" (other registry_name; success, scanned 2026-09-21T14:13:20Z; {expected})")


@pytest.mark.parametrize(
    ("asked", "cicd_name", "found", "expected"),
    [
        pytest.param(
            f"app:1.0@{DIGEST}", None, row(image_digest=OTHER, latest_scan_time=None),
            f"team/app:1.0@{OTHER} (other digest; success)", id="another digest",
        ),
        pytest.param(
            f"app:2.0@{OTHER}", None, row(image_digest=None, namespace=None, image_version=None, latest_scan_time=None),
            "app (other version, digest; success)", id="a row that says little",
        ),
        pytest.param(
            "team/app:1.0", "shop", row(cicd_name="test", latest_scan_time=None),
            "team/app:1.0 with --cicd-name test (other cicd_name; success)", id="another identifier",
        ),
        pytest.param(
            "team/app:1.0", "shop", row(cicd_name=None, latest_scan_time=None),
            "team/app:1.0 (other cicd_name; success)", id="no identifier",
        ),
        pytest.param(
            "app:2.0", None, row(image_version="v" * 500), "team/app:" + "v" * 390 + "…", id="words without end",
        ),
    ],
)  # fmt: skip
def test_a_near_miss_says_what_to_pass_instead(
    asked: str, cicd_name: str | None, found: CicdImage, expected: str
) -> None:
    """The hint has the reference of the row, the differences and its state."""
    assert near_misses(parse_reference(asked, cicd_name), (found,)) == [expected]
