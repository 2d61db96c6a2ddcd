"""@FILE in place of IMAGE: every image in the file, or misuse."""

from pathlib import Path

import pytest

from hssgate.cli.image_files import with_files
from hssgate.errors import Misused
from tests.cli.test_check import finished, images
from tests.conftest import KEY, Bench


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_each_image_of_the_file_is_judged(bench: Bench, by: str) -> None:
    """Beside those that are given by themselves; blanks and lines are between them."""
    Path("my images.txt").write_text("\ufeffteam/app:1.0  team/app:2.0\r\n\nteam/app:3.0\n", encoding="utf-8")
    bench.play(images(finished()))
    name = "@my images.txt" if by == "argument" else "@images.txt"
    Path("my images.txt").rename(name[1:])

    given = ["team/app:4.0", name] if by == "argument" else []
    env = KEY if by == "argument" else KEY | {"HSSGATE_IMAGES": f"team/app:4.0 {name}"}
    ended = bench.check(*given, "--timeout", "0", env=env)

    assert ended.code == 4
    assert [image["reference"] for image in ended.report["images"]] == [
        "team/app:4.0", "team/app:1.0", "team/app:2.0", "team/app:3.0",
    ]  # fmt: skip


def test_a_thousand_images_are_read() -> None:
    """Longer than Linux takes a variable."""
    listed = [
        f"swr.ap-southeast-1.myhuaweicloud.com/organisation/app-{number}:1.0@sha256:{number:064x}"
        for number in range(1000)
    ]
    Path("images.txt").write_text("\n".join(listed))
    assert Path("images.txt").stat().st_size > 128 * 1024

    assert with_files(["@images.txt"]) == (listed, [Path("images.txt")])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "cannot be read: No such file", id="missing"),
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b" \n", "the file is empty", id="blank"),
        pytest.param(b"\xff\xfe", "it is not UTF-8", id="not UTF-8"),
        pytest.param(b"app:1 @other.txt", "@other.txt is no image", id="another file in it"),
        pytest.param(b"a" * (1024 * 1024 + 1), "longer than", id="too long"),
        pytest.param(b"app:1 app", "app", id="no version"),
    ],
)
def test_a_file_that_is_wrong_is_misuse(bench: Bench, content: bytes | None, message: str) -> None:
    """Never a run without those images."""
    if content is not None:
        Path("images.txt").write_bytes(content)

    ended = bench.play(images(finished())).check("team/app:1.0", "@images.txt")

    assert (ended.code, message in ended.err) == (2, True), ended.err
    assert not bench.sent


@pytest.mark.parametrize("given", ["argument", "file"])
@pytest.mark.parametrize("digest", [f"sha256:{'ab' * 32}", "ab" * 32])
def test_a_digest_without_a_name_is_no_file(bench: Bench, digest: str, given: str) -> None:
    """As `$IMAGE@$DIGEST` is where IMAGE is not set: the message has the form to write."""
    Path("images.txt").write_text(f"@{digest}")

    ended = bench.play(images(finished())).check(f"@{digest}" if given == "argument" else "@images.txt")

    assert ended.code == 2
    assert "write it like team/app@sha256: and 64" in ended.err
    assert not bench.sent


def test_no_report_replaces_the_file(bench: Bench) -> None:
    """The next run would find no images in it."""
    Path("images.txt").write_text("team/app:1.0")

    ended = bench.play(images(finished())).check("@images.txt", "--report", "json=./images.txt", reports=False)

    assert (ended.code, Path("images.txt").read_text()) == (2, "team/app:1.0")


def test_a_path_that_cannot_be_one_is_misuse() -> None:
    """Such as none at all."""
    with pytest.raises(Misused, match="cannot be read"):
        with_files(["@"])
