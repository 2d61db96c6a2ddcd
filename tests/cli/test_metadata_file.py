"""`--metadata-file`: the digests of a build prove its image, and its names stand for IMAGE."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import KEY, Bench, Ended
from tests.support.fakes import START

INDEX, CONFIG, OTHER = (f"sha256:{digit * 64}" for digit in "abc")
BUILD = {
    "containerimage.config.digest": CONFIG,
    "containerimage.descriptor": {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": INDEX, "size": 856},
    "containerimage.digest": INDEX,
    "image.name": "registry.example/team/app:1.0",
}
CLEAN = "scan_status: success, severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0"


def row(digest: str = CONFIG, name: str = "app") -> str:
    names = f'namespace: team, image_name: {name}, image_version: "1.0", image_digest: "{digest}"'
    return f"  - {{{names}, timeline: [{{at: -1h, {CLEAN}}}]}}\n"


def check(bench: Bench, document: object, *arguments: str, rows: str = row(), **env: str) -> Ended:
    """Run the gate with a metadata file of the build."""
    path = bench.folder / "build.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    os.utime(path, (START, START))
    bench.play("images:\n" + rows)
    given = [] if env else ["--metadata-file", str(path)]
    named = {name: value.replace("PATH", str(path)) for name, value in env.items()}
    return bench.check(*arguments, *given, "--timeout", "10s", env=KEY | named)


@pytest.mark.parametrize("digest", [INDEX, CONFIG, CONFIG[7:].upper()], ids=["index", "config", "bare and upper case"])
@pytest.mark.parametrize(
    "asked", [(), ("team/app:1.0",), ("registry.example/team/app:1.0",), (f"team/app@{INDEX}",)],
    ids=["no IMAGE", "IMAGE", "IMAGE with its registry", "IMAGE by digest"],
)  # fmt: skip
def test_each_digest_of_the_build_proves_the_image(bench: Bench, digest: str, asked: tuple[str, ...]) -> None:
    """HSS may know a push by its index or by its configuration."""
    ended = check(bench, BUILD, *asked, rows=row(digest))

    assert ended.code == 0, ended.out
    assert "nothing proves" not in ended.err


def test_another_digest_is_another_push(bench: Bench) -> None:
    """The row of yesterday's push under the same tag is a near miss."""
    ended = check(bench, BUILD, rows=row(OTHER))

    assert ended.code == 4
    assert f"did you mean team/app:1.0@{OTHER} (other digest;" in ended.out


def test_every_output_tells_what_proved_the_image(bench: Bench) -> None:
    """The file in the freshness check and in the evidence, and both digests."""
    ended = check(bench, BUILD, "--report", "markdown=report.md", "--report", "html=report.html")

    path = str(bench.folder / "build.json")
    image = ended.report["images"][0]
    assert (image["metadata_file"], image["build_digests"], image["proof"]) == (path, [INDEX, CONFIG], f"by {path}")
    assert f"asked for digest {INDEX} or {CONFIG} (by {path})" in ended.out
    for report in ("report.md", "report.html", "junit.xml"):
        assert "build.json" in Path(bench.folder, report).read_text(encoding="utf-8")


def test_the_line_of_each_of_several_images_tells_what_proved_it(bench: Bench) -> None:
    """A digest in IMAGE, the file, or nothing."""
    names = BUILD | {"image.name": "team/app:1.0,team/other:1.0"}
    rows = row() + row(name="other")

    by_file = check(bench, names, rows=rows)
    by_digest = bench.check(f"team/app:1.0@{CONFIG}", "team/other:1.0", "--timeout", "10s")

    path = bench.folder / "build.json"
    assert f"team/app:1.0: passed (waited 0s, 1 poll; by {path})" in by_file.out
    assert f"team/other:1.0: passed (waited 0s, 1 poll; by {path})" in by_file.out
    assert f"team/app:1.0@{CONFIG}: passed (waited 0s, 1 poll; by its digest)" in by_digest.out
    assert "team/other:1.0: passed (waited 0s, 1 poll)" in by_digest.out


def test_a_saved_report_is_judged_again_with_the_digests_of_the_build(bench: Bench) -> None:
    """The report has the values of the file."""
    check(bench, BUILD)

    assert bench.run("judge", "report.json").code == 0


def test_a_digest_in_image_is_shown_as_its_proof(bench: Bench) -> None:
    """Where there is no file."""
    ended = bench.play("images:\n" + row()).check(f"team/app:1.0@{CONFIG}")

    assert ended.report["images"][0]["proof"] == "by its digest"


def test_several_names_and_targets_are_each_an_image(bench: Bench) -> None:
    """Commas in `image.name`, targets of bake, and several files."""
    job = BUILD | {"image.name": "registry.example/team/job:1.0,registry.example/team/job:2.0"}

    ended = check(bench, {"app": BUILD, "job": job}, rows=row() + row(name="job"))

    assert [image["reference"] for image in ended.report["images"]] == [
        "registry.example/team/app:1.0", "registry.example/team/job:1.0", "registry.example/team/job:2.0",
    ]  # fmt: skip
    assert [image["exit_code"] for image in ended.report["images"]] == [0, 0, 4]


def test_image_picks_among_the_names(bench: Bench) -> None:
    """The others are not asked for."""
    other = BUILD | {"image.name": "registry.example/team/job:1.0", "containerimage.digest": OTHER}

    ended = check(bench, {"app": BUILD, "job": other}, "team/app:1.0")

    assert [image["reference"] for image in ended.report["images"]] == ["team/app:1.0"]
    assert ended.code == 0


def test_a_push_without_a_tag_is_named_by_its_digest(bench: Bench) -> None:
    """As `push-by-digest=true` leaves it."""
    ended = check(bench, BUILD | {"image.name": "registry.example/team/app"})

    assert ended.report["images"][0]["reference"] == f"registry.example/team/app@{INDEX}"
    assert ended.code == 0


def test_the_variable_names_a_file_a_line(bench: Bench) -> None:
    """As `HSSGATE_POLICY` does."""
    assert check(bench, BUILD, HSSGATE_METADATA_FILE="PATH\nPATH\n").code == 0


WRONG = [
    pytest.param(BUILD, ["team/other:1.0"], "'team/other:1.0' is none of the images in --metadata-file: registry.example/team/app:1.0", id="another path"),
    pytest.param(BUILD, ["app:1.0"], "'app:1.0' is none of the images", id="a part of the path"),
    pytest.param(BUILD, ["team/app:2.0"], "'team/app:2.0' is none of the images", id="another version"),
    pytest.param(BUILD, ["other.example/team/app:1.0"], "is none of the images", id="another registry"),
    pytest.param(BUILD, [f"team/app:1.0@{OTHER}"], "the digest is none of those that", id="another digest"),
    pytest.param({str(number): BUILD | {"image.name": f"r.example/app{number}:1"} for number in range(7)}, ["team/app:1.0"], " and 2 more; write it like one of them", id="many names"),
    pytest.param({"a": BUILD, "b": BUILD | {"containerimage.digest": OTHER}}, [], "has another digest here than in", id="one name, two builds"),
    pytest.param({"a": BUILD, "b": BUILD | {"containerimage.digest": OTHER, "image.name": "other.example/team/app:1.0"}}, ["team/app:1.0"], "fits several builds", id="two registries, none named"),
    pytest.param(BUILD | {"image.name": "team/app:-x"}, [], "is not a tag", id="a name that is none"),
    pytest.param(BUILD | {"image.name": " , "}, ["team/app:1.0"], '"image.name" is missing', id="names that are none, and IMAGE"),
    pytest.param({}, [], "no image in it; a build metadata file holds", id="no build"),
    pytest.param(BUILD, ["--scanned-after", str(int(START) + 60)], "it was last written at", id="older than the scan asked for"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "arguments", "message"), WRONG)
def test_what_contradicts_the_file_is_misuse(
    bench: Bench, document: object, arguments: list[str], message: str
) -> None:
    """Before anything is asked."""
    ended = check(bench, document, *arguments)

    assert ended.code == 2
    assert message in ended.err
    assert bench.sent == []


def test_the_same_name_in_two_files_is_misuse_where_they_differ(bench: Bench) -> None:
    """And one image where they do not."""
    for name, digest in (("same.json", INDEX), ("other.json", OTHER)):
        (bench.folder / name).write_text(json.dumps(BUILD | {"containerimage.digest": digest}), encoding="utf-8")

    assert check(bench, BUILD, "--metadata-file", str(bench.folder / "same.json")).code == 0
    assert check(bench, BUILD, "--metadata-file", str(bench.folder / "other.json")).code == 2


def test_an_age_is_no_moment_that_a_file_could_be_older_than(bench: Bench) -> None:
    """It is counted back from the present."""
    assert check(bench, BUILD, "--scanned-after", "2h").code == 0


@pytest.mark.parametrize("path", ["missing.json", "."], ids=["missing", "folder"])
def test_a_file_that_cannot_be_read_is_misuse(bench: Bench, path: str) -> None:
    """With the path and the reason."""
    ended = bench.check("--metadata-file", path)

    assert ended.code == 2
    assert f"--metadata-file {path}: " in ended.err


def test_a_file_without_end_is_misuse(bench: Bench) -> None:
    """No memory is given to it."""
    path = bench.folder / "long.json"
    path.write_bytes(b" " * (16 * 1024 * 1024 + 1))

    assert "it is longer than 16 MiB" in bench.check("--metadata-file", str(path)).err


def test_a_digest_that_never_appears_is_explained(bench: Bench) -> None:
    """Rows of the tag are there, but under another digest."""
    ended = bench.play("images:\n" + row()).check(f"team/app:1.0@{INDEX}", "--timeout", "10s")

    assert ended.code == 4
    assert "If the digest asked for is that of an index" in ended.out
