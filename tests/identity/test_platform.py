"""Platforms are parsed as builders write them, and a usual variant may be left out."""

import pytest

from hssgate.identity.platform import Platform, parse_platform


@pytest.mark.parametrize(
    ("asked", "listed", "covered"),
    [
        pytest.param("linux/amd64", "linux/amd64", True, id="same"),
        pytest.param("linux/arm64", "linux/arm64/v8", True, id="no-variant-covers-each"),
        pytest.param("linux/arm64/v8", "linux/arm64", True, id="usual-variant-left-out"),
        pytest.param("linux/amd64/v1", "linux/amd64", True, id="usual-variant-of-amd64"),
        pytest.param("linux/arm/v7", "linux/arm", True, id="usual-variant-of-arm"),
        pytest.param("linux/amd64/v3", "linux/amd64", False, id="other-variant"),
        pytest.param("linux/arm", "linux/arm/v6", True, id="arm-covers-v6"),
        pytest.param("linux/arm/v7", "linux/arm/v6", False, id="v7-is-not-v6"),
        pytest.param("windows/amd64", "linux/amd64", False, id="other-system"),
        pytest.param("linux/386", "linux/amd64", False, id="other-architecture"),
    ],
)
def test_a_platform_asked_for_covers_those_of_the_index(asked: str, listed: str, *, covered: bool) -> None:
    """Without a variant every variant is meant; a usual variant is the same as none."""
    assert parse_platform(asked).covers(parse_platform(listed)) is covered


def test_a_platform_is_written_as_it_is_parsed() -> None:
    """Case does not matter, and nothing is added."""
    assert str(parse_platform(" Linux/ARM64/v8 ")) == "linux/arm64/v8"
    assert parse_platform("linux/amd64") == Platform("linux", "amd64")


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "linux amd64", "linux/amd*"])
def test_other_text_is_refused_with_the_form_to_write(text: str) -> None:
    """The message shows what was written and an example."""
    with pytest.raises(ValueError, match="is not a platform; write it like linux/amd64") as caught:
        parse_platform(text)
    assert repr(text) in str(caught.value)
