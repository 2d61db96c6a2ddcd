"""Query of the list: values that the API does not take are never sent."""

from dataclasses import fields
from typing import Any

import pytest

from hssgate.hss.query import LARGEST_IMAGE_SIZE, LARGEST_OFFSET, CicdImagesQuery

TIMES = [found.name for found in fields(CicdImagesQuery) if found.name.endswith("_time")]
FLAGS = ["latest_version", "has_malicious_file", "has_unsafe_setting", "has_vul", "risky"]
VALID: list[tuple[str, Any]] = [
    ("enterprise_project_id", "x" * 256), ("namespace", "x" * 128), ("image_name", "x"), ("image_version", "x" * 64),
    ("image_id", ""), ("cicd_name", "流水线"), ("pipeline_type", "codearts"), ("image_size", LARGEST_IMAGE_SIZE),
    ("scan_status", "unscan"), ("severity_level", "High"), ("sort_key", "latest_scan_time"), ("sort_dir", "asc"),
    ("limit", 10), ("limit", 200), ("offset", LARGEST_OFFSET), *((name, 2**63 - 1) for name in TIMES), *((name, False) for name in FLAGS),
]  # fmt: skip
INVALID: list[tuple[str, Any]] = [
    ("enterprise_project_id", ""), ("enterprise_project_id", "x" * 257), ("namespace", ""), ("image_name", "x" * 129),
    ("image_version", "x" * 65), ("image_id", "x" * 129), ("cicd_name", 7), ("pipeline_type", "jenkin"), ("image_size", -1),
    ("image_size", LARGEST_IMAGE_SIZE + 1), ("image_size", True), ("scan_status", "download_failed"), ("severity_level", "high"),
    ("sort_key", "image_size"), ("sort_dir", "down"), ("limit", 9), ("limit", 201), ("limit", "10"), ("offset", LARGEST_OFFSET + 1),
    *((name, -1) for name in TIMES), *((name, 2**63) for name in TIMES), *((name, 1) for name in FLAGS),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [pytest.param(*one, id=f"{one[0]}={one[1]!s:.20}") for one in VALID])
def test_a_value_within_the_documented_range_is_sent(name: str, value: Any) -> None:  # noqa: ANN401 - of each kind
    """The ends of a range belong to it."""
    assert f"{name}=" in CicdImagesQuery(**{name: value}).encoded()


def test_every_parameter_is_tested() -> None:
    """Those that are valid, and those that are not."""
    every = {found.name for found in fields(CicdImagesQuery)}

    assert {name for name, _ in VALID} == {name for name, _ in INVALID} == every


@pytest.mark.parametrize(("name", "value"), [pytest.param(*one, id=f"{one[0]}={one[1]!s:.20}") for one in INVALID])
def test_a_value_that_hss_does_not_take_is_never_sent(name: str, value: Any) -> None:  # noqa: ANN401 - of each kind
    """A filter that HSS ignores or misunderstands could hide the row that blocks."""
    query = CicdImagesQuery(**{name: value})

    with pytest.raises(ValueError, match=f"HSS takes no {name}"):
        query.encoded()


def test_a_parameter_that_does_not_exist_is_refused() -> None:
    """It would be a filter that is not sent."""
    with pytest.raises(TypeError, match="no field image_nam"):
        CicdImagesQuery(image_nam="app")  # type: ignore[call-arg]
