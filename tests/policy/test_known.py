"""Tests of known findings: what identifies one, what is new, and the file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hssgate.hss.models import Finding
from hssgate.policy.known import AcceptedRow, Key, KnownFile, KnownFindings, KnownImage, Novelty, key_of, known_of
from hssgate.policy.known_file import LARGEST_FILE, read_known_file, render_known_file

HIGH, MEDIUM, LOW = "immediate_repair", "delay_repair", "not_needed_repair"
ROW = AcceptedRow("team/app:1.0", "sha256:" + "a" * 64, "2026-11-28", "1.0.0")


def finding(vul_id: str | None = "V-1", level: str = HIGH, package: str | None = "ssl", path: str | None = None,
            version: str = "1") -> Finding:  # fmt: skip
    return Finding(vul_id=vul_id, repair_necessity=level, app_name=package, app_path=path, version=version)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(finding(), ("V-1", "ssl", ""), id="id and package"),
        pytest.param(finding(path="/x.jar"), ("V-1", "ssl", "/x.jar"), id="a path"),
        pytest.param(finding(package=None), ("V-1", "", ""), id="no package"),
        pytest.param(finding(None), None, id="no id"),
        pytest.param(finding(path="x" * 9_999), ("V-1", "ssl", "x" * 9_999), id="the longest path that is whole"),
        pytest.param(finding(path="x" * 10_000), None, id="a path that may be cut"),
        pytest.param(finding("\ud800"), None, id="an id that no file can have"),
        pytest.param(finding(package="\ud800"), None, id="a package that no file can have"),
        pytest.param(finding(path="\ud800"), None, id="a path that no file can have"),
    ],
)
def test_what_identifies_a_finding(found: Finding, expected: Key | None) -> None:
    """Its id, package and path, if all three can be written as they are."""
    assert key_of(found) == expected


@pytest.mark.parametrize(
    ("known", "listed", "new", "gone"),
    [
        pytest.param({}, [finding()], [0], 0, id="nothing known"),
        pytest.param({("V-1", "ssl", ""): 1}, [finding(), finding("V-2")], [1], 0, id="one of two"),
        pytest.param({("V-1", "ssl", ""): 1, ("V-2", "", ""): 3}, [finding()], [], 3, id="some are gone"),
        pytest.param({("V-1", "ssl", ""): 1}, [finding(LOW), finding(None)], [0, 1], 1, id="others"),
        pytest.param({("V-1", "ssl", ""): 1}, [finding(), finding(level=LOW), finding(level=MEDIUM)], [0, 2], 0, id="the least severe is known"),
        pytest.param({("V-1", "ssl", ""): 2}, [finding(), finding(level=LOW), finding(level=MEDIUM)], [0], 0, id="the two least severe"),
        pytest.param({("V-1", "ssl", ""): 3}, [finding(), finding(level=LOW)], [], 1, id="one of three alike is gone"),
        pytest.param({("V-1", "ssl", ""): 1}, [finding(version="2"), finding(version="1")], [0], 0, id="of one level, by their fields"),
        pytest.param({("V-1", "ssl", ""): 1}, [finding(version="1"), finding(version="2")], [1], 0, id="in any order"),
    ],
)  # fmt: skip
def test_what_is_new(known: dict[Key, int], listed: list[Finding], new: list[int], gone: int) -> None:
    """Each finding that is not known, and of several alike those beyond the number that is known."""
    compared = KnownFindings(known).compare(listed)

    novelties = [compared.novelty_of(one) for one in listed]
    assert [number for number, one in enumerate(novelties) if one is Novelty.NEW] == new
    assert set(novelties) <= {Novelty.NEW, Novelty.KNOWN}
    assert compared.gone == gone
    assert KnownFindings(known).count == sum(known.values())


def test_what_is_listed_becomes_known() -> None:
    """As often as it is listed; what cannot be identified is counted."""
    listed = [finding(), finding(level=LOW), finding("V-2", package=None), finding(None), finding(None)]

    known, unidentified = known_of(listed)

    assert (known.numbers, unidentified) == ({("V-1", "ssl", ""): 2, ("V-2", "", ""): 1}, 2)


def test_each_image_has_its_own_findings() -> None:
    """By its path; one without an entry has none."""
    image = KnownImage((ROW,), KnownFindings({("V-1", "", ""): 1}))
    file = KnownFile("k.json", "0", {"team/app": image})

    assert file.of_image("team/app") is image.findings
    assert file.of_image("team/other") == KnownFindings({})


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Whatever the texts are; a line for each, sorted."""
    odd = 'V "1" \\ \u202e 编号'
    images = {
        "team/b": KnownImage((ROW,), KnownFindings({("V-2", "", "/编"): 1, (odd, "ssl", ""): 2, ("V-10", "", ""): 1})),
        "team/a": KnownImage((), KnownFindings({})),
        "team/c": KnownImage((AcceptedRow("team/c", None, "2026-01-01", "2"), ROW), KnownFindings({})),
    }
    text = render_known_file(images)
    path = tmp_path / "k.json"
    path.write_text(text, encoding="utf-8")

    found = read_known_file(path)

    assert found.path == str(path)
    assert len(found.sha256) == 64
    assert {name: (set(one.accepted), one.findings) for name, one in found.images.items()} == {
        name: (set(one.accepted), one.findings) for name, one in images.items()
    }
    assert [one["path"] for one in json.loads(text)["images"]] == ["team/a", "team/b", "team/c"]
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    assert lines[lines.index('"path": "team/b"') + 1 :][4:7] == [
        json.dumps({"id": odd, "package": "ssl", "count": 2}), '{"id": "V-10"}', '{"id": "V-2", "path": "/编"}',
    ]  # fmt: skip
    assert lines[lines.index('"path": "team/a"') + 1 :][:2] == ['"accepted": []', '"findings": []']
    assert text.isprintable() is False
    assert text.replace("\n", "").isprintable()
    assert render_known_file(found.images) == text


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(ROW, image="team/app:1.1"), id="another version"),
        pytest.param(replace(ROW, digest=None), id="no digest"),
        pytest.param(replace(ROW, date="2026-11-29"), id="another day"),
        pytest.param(replace(ROW, tool="1.0.1"), id="another release"),
    ],
)
def test_what_was_accepted_has_one_order(other: AcceptedRow) -> None:
    """So that a file differs from the last one where something was accepted, and nowhere else."""
    one_way, other_way = (
        render_known_file({"team/app": KnownImage(accepted, KnownFindings({}))})
        for accepted in ((ROW, other), (other, ROW))
    )

    assert one_way == other_way


def test_an_image_without_a_digest_comes_before_one_with() -> None:
    """Also before a digest without the name of its algorithm."""
    digest = "0" * 64
    rows = (replace(ROW, digest=digest), replace(ROW, digest=None))

    (image,) = json.loads(render_known_file({"team/app": KnownImage(rows, KnownFindings({}))}))["images"]

    assert [one.get("digest") for one in image["accepted"]] == [None, digest]


def test_a_file_without_images_is_ours(tmp_path: Path) -> None:
    """It knows nothing."""
    path = tmp_path / "k.json"
    path.write_text(render_known_file({}), encoding="utf-8")

    assert path.read_text() == '{\n  "format": "hssgate-accepted",\n  "version": 1,\n  "images": []\n}\n'
    assert read_known_file(path).images == {}


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """One byte more is refused."""
    path = tmp_path / "k.json"
    path.write_text(render_known_file({}).ljust(LARGEST_FILE))
    assert read_known_file(path).images == {}

    with path.open("a") as file:
        file.write(" ")
    with pytest.raises(ValueError, match="larger") as raised:
        read_known_file(path)
    assert str(raised.value) == "it is larger than 4 MiB; use a file for each image"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("none", "it cannot be read: No such file or directory; `hssgate accept` writes it", id="no file"),
        pytest.param(".", "it cannot be read: Is a directory", id="a folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, expected: str) -> None:
    """With the command that writes it, if there is none."""
    with pytest.raises(ValueError, match="cannot be read") as raised:
        read_known_file(tmp_path / name)

    assert str(raised.value) == expected


def with_images(*images: dict[str, object]) -> str:
    """A file with some images, of which nothing was accepted."""
    listed = [{"accepted": [], "findings": []} | image for image in images]
    return json.dumps({"format": "hssgate-accepted", "version": 1, "images": listed})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{}", "it is not a file that `hssgate accept` wrote", id="another file"),
        pytest.param("[1]", "it is not a file that `hssgate accept` wrote", id="a list"),
        pytest.param("{", "it is not a file that `hssgate accept` wrote: not valid JSON: Expecting property name enclosed in double quotes", id="no JSON"),
        pytest.param('{"a": {"b": 1, "b": 1}}', "it is not a file that `hssgate accept` wrote: a.b: it is given twice; keep one", id="a key twice"),
        pytest.param('{"format": "hssgate-accepted", "version": 3}', "a newer hssgate wrote it (version 3, known here is 1); update", id="newer"),
        pytest.param('{"format": "hssgate-accepted", "version": 1.0}', "it is not a file that `hssgate accept` wrote: version", id="no version"),
        pytest.param('{"format": "hssgate-accepted", "version": 0, "images": []}', "it is not a file that `hssgate accept` wrote: version: Input should be 1", id="older than any"),
        pytest.param('{"format": "hssgate-accepted", "version": 1}', "it is not a file that `hssgate accept` wrote: images: Field required", id="no images"),
        pytest.param(f'{{"format": "hssgate-accepted", "version": {"9" * 20}}}', f"a newer hssgate wrote it (version {'9' * 20}, known here is 1); update", id="much newer"),
        pytest.param(f'{{"format": "hssgate-accepted", "version": {"9" * 21}}}', f"a newer hssgate wrote it (version {'9' * 19}…, known here is 1); update", id="too new"),
        pytest.param(with_images({"path": "a" * 200}, {"path": "a" * 200}), f"images[1]: {'a' * 200} is there twice; accept the image again", id="an image twice"),
        pytest.param(with_images({"path": "a" * 201}, {"path": "a" * 201}), f"images[1]: {'a' * 199}… is there twice; accept the image again", id="an image with a long name twice"),
        pytest.param(with_images({"path": "a", "findings": [{"id": "x", "package": "p", "path": "/f"}] * 2}), "images[0]: x p /f is there twice; accept the image again", id="a finding twice"),
        pytest.param(with_images({"path": "a", "findings": [{"id": "x" * 199, "path": "/"}] * 2}), f"images[0]: {'x' * 199}… is there twice; accept the image again", id="a finding with a long name twice"),
    ],
)  # fmt: skip
def test_the_fault_of_a_file_is_named(tmp_path: Path, text: str, expected: str) -> None:
    """With its place."""
    path = tmp_path / "k.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"wrote|is there twice") as raised:
        read_known_file(path)

    assert str(raised.value) == expected
