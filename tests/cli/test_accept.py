"""`hssgate accept` records findings as known, and only complete lists of scans that succeeded."""

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from hssgate import __version__
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.cli.test_detail_rules import message
from tests.cli.test_findings import HIGH, LOW, finding, policy, scenario
from tests.conftest import KEY, Bench, Ended
from tests.waiting.test_poller import ROW

Row = dict[str, Any]
FILE = "hssgate-accepted.json"
NEW = "rules: {new_vulnerabilities: 0}\nknown: {file: hssgate-accepted.json}"
DIGEST = "sha256:" + "a" * 64


def accept(bench: Bench, *arguments: str, env: dict[str, str] | None = None) -> Ended:
    """Run `hssgate accept` with the usual file."""
    given = ["accept", *arguments, "--endpoint", "http://127.0.0.1:9", "--project-id", "project"]
    given += [] if {"-o", "--output"} & {*arguments} else ["-o", FILE]
    return bench.run(*given, env=KEY if env is None else env)


def many(count: int, start: int = 0) -> list[Row]:
    return [finding(f"SA-{number}", app=f"package{number % 7}") for number in range(start, start + count)]


def image_in_file(path: str = "team/app", file: str = FILE) -> Row:
    """What the file has of an image."""
    images = json.loads(Path(file).read_text(encoding="utf-8"))["images"]
    found: Row = next(image for image in images if image["path"] == path)
    return found


def test_three_hundred_known_findings_and_a_new_one(bench: Bench) -> None:
    """The new one alone blocks; without it the image passes, and `--prune` takes out what is gone."""
    policy(bench, NEW)
    assert accept(bench.play(scenario(many(300), image_digest=DIGEST)), "team/app:1.0").code == 0
    written = Path(FILE).read_text(encoding="utf-8")
    assert bench.check("team/app:1.0").code == 0

    ended = bench.play(scenario([finding("SA-NEW"), *many(300)], image_version="1.1")).check("team/app:1.1")
    assert ended.code == 10
    assert message(ended, "new_vulnerabilities") == "new_vulnerabilities: 1 found, at most 0 accepted (300 known)"
    assert "team/app:1.1: blocked" in ended.out
    assert "SA-NEW  openssl 1.0  new" in ended.out
    assert "SA-7 " not in ended.out
    assert bench.run("judge", "report.json").code == 10

    fewer = bench.play(scenario(many(298), image_version="1.2"))
    ended = fewer.check("team/app:1.2")
    assert ended.code == 0
    assert (
        message(ended, "new_vulnerabilities")
        == "new_vulnerabilities: 0 found, at most 0 accepted (298 known; 2 known and gone)"
    )

    pruned = accept(fewer, "team/app:1.2", "--prune")
    assert (pruned.code, pruned.out) == (0, "team/app: 298 known findings (0 added, 2 removed)\n")
    lines = Path(FILE).read_text(encoding="utf-8").splitlines()
    gone = [line for line in written.splitlines() if line not in lines]
    assert len(written.splitlines()) - len(lines) == 2
    assert [("SA-298" in line, "SA-299" in line) for line in gone] == [(True, False), (False, True)]
    assert bench.check("team/app:1.2").code == 0


def test_the_file_reads_well_in_a_diff(bench: Bench) -> None:
    """A line for each finding, in one order whatever HSS's is, with what was accepted, when and by what."""
    listed = [
        {**finding("SA-2", app="zlib"), "app_path": "/opt/x.jar"},
        {**finding("SA-2", LOW, "zlib"), "version": "2.0", "app_path": "/opt/x.jar"},
        finding("SA-2", app="bash"),
        finding("SA-10", app=None),
        finding("编号 \u202e", app="openssl"),
    ]

    ended = accept(bench.play(scenario(listed, image_digest=DIGEST)), "team/app:1.0")

    assert (ended.code, ended.out) == (0, "team/app: 5 known findings (5 added, 0 removed)\n")
    assert "team/app:1.0: findings of the scan of 2026-09-21T13:13:20Z" in ended.err
    assert Path(FILE).read_text(encoding="utf-8") == (
        f"""{{
  "format": "hssgate-accepted",
  "version": 1,
  "images": [
    {{
      "path": "team/app",
      "accepted": [
        {{"image": "team/app:1.0", "digest": "{DIGEST}", "date": "2026-09-21", "tool": "{__version__}"}}
      ],
      "findings": [
        {{"id": "SA-10"}},
        {{"id": "SA-2", "package": "bash"}},
        {{"id": "SA-2", "package": "zlib", "path": "/opt/x.jar", "count": 2}},
        {{"id": "\\u7f16\\u53f7 \\u202e", "package": "openssl"}}
      ]
    }}
  ]
}}
"""
    )
    before = Path(FILE).read_bytes()
    policy(bench, NEW)
    assert bench.play(scenario([*reversed(listed)], image_digest=DIGEST)).check("team/app:1.0").code == 0
    assert accept(bench, "team/app:1.0").code == 0
    assert Path(FILE).read_bytes() == before


def test_accepting_again_replaces_what_was_known_and_keeps_other_images(bench: Bench) -> None:
    """Several versions of one image that are accepted together are known together."""
    both = json.loads(scenario(many(2)))
    both["images"] += json.loads(scenario(many(3, 10), image_name="other"))["images"]
    both["images"] += json.loads(scenario(many(2, 1), image_version="2.0"))["images"]
    bench.play(json.dumps(both))

    assert accept(bench, "team/other:1.0").code == 0
    assert accept(bench, "team/app:1.0").code == 0
    assert len(image_in_file("team/other")["findings"]) == 3
    assert [one["id"] for one in image_in_file()["findings"]] == ["SA-0", "SA-1"]

    again = accept(bench, "team/app:2.0")
    assert again.out == "team/app: 2 known findings (1 added, 1 removed)\n"
    assert [one["id"] for one in image_in_file()["findings"]] == ["SA-1", "SA-2"]

    assert accept(bench, "team/app:1.0", "team/app:2.0").code == 0
    assert [one["id"] for one in image_in_file()["findings"]] == ["SA-0", "SA-1", "SA-2"]
    assert [one["image"] for one in image_in_file()["accepted"]] == ["team/app:1.0", "team/app:2.0"]
    assert len(image_in_file("team/other")["findings"]) == 3


def test_what_is_known_of_one_image_is_new_in_another(bench: Bench) -> None:
    """An image without an entry has no known finding; the registry does not matter."""
    policy(bench, NEW)
    assert accept(bench.play(scenario(many(1))), "team/app:1.0").code == 0

    assert bench.play(scenario(many(1), image_name="other")).check("team/other:1.0").code == 10
    assert bench.play(scenario(many(1), namespace="prod")).check("prod/app:1.0").code == 10
    assert bench.play(scenario(many(1), namespace="swr.example.com/team")).check("team/app:1.0").code == 0


@pytest.mark.parametrize(
    ("played", "code", "expected"),
    [
        pytest.param(scenario(many(2), 3), 5, "HSS counts 3 findings and lists 2 of them; only a complete list is accepted", id="a list that lacks one"),
        pytest.param(scenario([], 3), 5, "new_vulnerabilities: HSS counts 3 findings and lists none of them", id="a list of nothing"),
        pytest.param(scenario(many(1), timeline=[{"at": "-1h", "scan_status": "success", "severity_level": "Low", "vul_num": None}]), 5, "new_vulnerabilities: HSS gave no vul_num", id="no count"),
        pytest.param(scenario([], timeline=[{"at": "-1h", "scan_status": "failed"}]), 5, "scan: ", id="a failed scan"),
        pytest.param(scenario([], timeline=[{"at": "-1h", "scan_status": "image_oversized"}]), 5, "scan: ", id="an image that is too large"),
        pytest.param(scenario(many(1), timeline=[{"at": "-1h", "scan_status": "scanning"}]), 4, "scan: timed out after", id="a scan under way"),
        pytest.param(scenario(many(1), image_name="other"), 4, "scan: timed out after", id="no image"),
        pytest.param(scenario(many(1), more=', "faults": [{"requests": "2-", "call": "vulnerabilities", "status": 403}]'), 3, "new_vulnerabilities: the findings could not be read", id="a list that is refused"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_there", [True, False], ids=["file", "no file"])
def test_only_a_complete_list_of_a_success_is_accepted(
    bench: Bench, played: str, code: int, expected: str, *, is_there: bool
) -> None:
    """Otherwise the file stays as it was, also with `--prune`."""
    if is_there:
        assert accept(bench.play(scenario(many(2))), "team/app:1.0").code == 0
    before = Path(FILE).read_bytes() if is_there else None
    bench.play(played)

    for arguments in ([], ["--prune"]) if is_there else ([],):
        ended = accept(bench, "team/app:1.0", "--timeout", "20s", "--appear-timeout", "10s", *arguments)
        assert ended.code == code, ended.err
        assert f"error: team/app:1.0: {expected}" in ended.err
        assert f"error: {FILE}: nothing was written" in ended.err
        assert (Path(FILE).read_bytes() if Path(FILE).exists() else None) == before


def test_one_image_that_cannot_be_accepted_keeps_the_file_as_it_is(bench: Bench) -> None:
    """The worst exit code is that of the run, and every image is named."""
    both = json.loads(scenario(many(2)))
    both["images"] += json.loads(scenario(many(1), 2, image_name="other"))["images"]

    ended = accept(bench.play(json.dumps(both)), "team/app:1.0", "team/other:1.0", "team/none:1.0", "--timeout", "0")

    assert ended.code == 5
    assert "team/other:1.0: HSS counts 2 findings" in ended.err
    assert "team/none:1.0: " in ended.err
    assert not Path(FILE).exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["team/app:1.0", "--scanned-after", "30m"], 4, id="a scan before the moment"),
        pytest.param(["team/app:1.0@sha256:" + "b" * 64], 4, id="another digest"),
        pytest.param([f"team/app:1.0@{DIGEST}", "--scanned-after", "2h"], 0, id="the scan that was meant"),
    ],
)
def test_a_scan_that_is_not_meant_is_not_accepted(bench: Bench, arguments: list[str], code: int) -> None:
    """IMAGE and the moment of the scan are as strict as those of `check`."""
    bench.play(scenario(many(1), image_digest=DIGEST))

    assert accept(bench, *arguments, "--timeout", "10s").code == code
    assert Path(FILE).exists() is (code == 0)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", "it is not a file that `hssgate accept` wrote: not valid JSON", id="empty"),
        pytest.param(b"rules: {severity: Low}\n", "it is not a file that `hssgate accept` wrote: not valid JSON", id="a policy"),
        pytest.param(b'{"rules": {"severity": "Low"}}', "it is not a file that `hssgate accept` wrote", id="a policy in JSON"),
        pytest.param(b"[]", "it is not a file that `hssgate accept` wrote", id="a list"),
        pytest.param(b"\xff", "it is not UTF-8", id="no text"),
        pytest.param(b"[" * 100_000, "it is not a file that `hssgate accept` wrote: it is nested too deep", id="deep"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_misuse(bench: Bench, content: bytes, expected: str) -> None:
    """It is not replaced, and nothing is asked."""
    Path("mine").write_bytes(content)

    ended = accept(bench.play(scenario(many(1))), "team/app:1.0", "-o", "mine")

    assert (ended.code, bench.emulator.request_count) == (2, 0)
    assert f"-o mine: {expected}" in ended.err
    assert Path("mine").read_bytes() == content


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param("hssgate.json", "is, or resembles, the name of a default policy file", id="a default policy"),
        pytest.param("sub/.HSS-gate.yaml", "is, or resembles, the name of a default policy file", id="nearly so"),
        pytest.param("link.json", "hssgate.yml is, or resembles", id="a link to one"),
        pytest.param(".", "is a folder", id="a folder"),
        pytest.param("taken/x.json", "taken is a file, so nothing can be written under it", id="under a file"),
        pytest.param(" ", "the path is empty", id="blank"),
        pytest.param("-", "it is no regular file", id="stdout"),
        pytest.param("/dev/null", "it is no regular file", id="a device"),
        pytest.param("images.txt", "it is not a file that `hssgate accept` wrote", id="a file of images"),
        pytest.param("dangling", "it cannot be read: No such file", id="a link to nothing"),
    ],
)  # fmt: skip
def test_an_output_that_cannot_be_meant_is_misuse(bench: Bench, output: str, expected: str) -> None:
    """Before anything is asked."""
    Path("taken").write_text("")
    Path("images.txt").write_text("team/app:1.0\n")
    Path("link.json").symlink_to("hssgate.yml")
    Path("dangling").symlink_to("nowhere")

    ended = accept(bench.play(scenario(many(1))), "@images.txt", "-o", output)

    assert (ended.code, bench.emulator.request_count) == (2, 0)
    assert expected in ended.err


def test_an_output_that_is_an_input_is_misuse(bench: Bench) -> None:
    """Under any of its names."""
    assert accept(bench.play(scenario(many(1))), "team/app:1.0").code == 0
    os.link(FILE, "images.txt")

    ended = accept(bench, "team/app:1.0", "--metadata-file", "images.txt")

    assert ended.code == 2
    assert "this run reads that file (images.txt); name another" in ended.err


def test_a_link_is_followed(bench: Bench) -> None:
    """The file behind it is replaced, and the link stays."""
    bench.play(scenario(many(1)))
    assert accept(bench, "team/app:1.0", "-o", "folder/real.json").code == 0
    Path("link.json").symlink_to("folder/real.json")

    assert accept(bench.play(scenario(many(2))), "team/app:1.0", "-o", "link.json").code == 0

    assert Path("link.json").is_symlink()
    assert len(image_in_file(file="folder/real.json")["findings"]) == 2


def test_prune_only_removes(bench: Bench) -> None:
    """New findings stay new, and images without an entry are named; without anything to remove nothing is written."""
    missing = accept(bench.play(scenario(many(2))), "team/app:1.0", "--prune")
    assert (missing.code, bench.emulator.request_count) == (2, 0)

    assert accept(bench, "team/app:1.0").code == 0
    before = Path(FILE).stat()
    same = accept(bench, "team/app:1.0", "--prune")
    assert (same.code, same.out) == (0, "team/app: 2 known findings (0 added, 0 removed)\n")
    assert Path(FILE).stat() == before

    other = accept(bench.play(scenario(many(3, 1))), "team/app:1.0", "--prune")
    assert other.out == "team/app: 1 known finding (0 added, 1 removed)\n"
    assert [one["id"] for one in image_in_file()["findings"]] == ["SA-1"]

    elsewhere = accept(bench.play(scenario(many(3), image_name="other")), "team/other:1.0", "--prune")
    assert (elsewhere.code, elsewhere.out) == (0, "")
    assert f"{FILE} has no entry for team/other: there is nothing to remove" in elsewhere.err

    assert (
        accept(bench.play(scenario([])), "team/app:1.0", "--prune").out
        == "team/app: 0 known findings (0 added, 1 removed)\n"
    )
    assert image_in_file()["findings"] == []


def test_of_findings_alike_as_many_are_known_as_were_accepted(bench: Bench) -> None:
    """A further one of the same key is new: the most severe one."""
    policy(bench, NEW.replace("new_vulnerabilities: 0", "new_vulnerabilities: 0, new_high_vulnerabilities: 0"))
    assert accept(bench.play(scenario([finding("SA-1", LOW, None)])), "team/app:1.0").code == 0
    assert bench.check("team/app:1.0").code == 0

    ended = bench.play(scenario([finding("SA-1", HIGH, None), finding("SA-1", LOW, None)])).check("team/app:1.0")

    assert ended.code == 10
    assert message(ended, "new_high_vulnerabilities") == "new_high_vulnerabilities: 1 found, at most 0 accepted"
    assert message(ended, "new_vulnerabilities") == "new_vulnerabilities: 1 found, at most 0 accepted (1 known)"
    assert bench.run("judge", "report.json").code == 10
    assert accept(bench, "team/app:1.0", "--prune").out == "team/app: 1 known finding (0 added, 0 removed)\n"


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"vul_id": None}, id="no id"),
        pytest.param({"vul_id": ""}, id="an empty id"),
        pytest.param({"app_path": "/" + "x" * 10_000}, id="a path that is cut"),
        pytest.param({"app_name": "open\ud800ssl"}, id="a package that no file can have"),
    ],
)
def test_a_finding_that_cannot_be_identified_is_new_each_time(bench: Bench, odd: Row) -> None:
    """It is named when findings are accepted."""
    policy(bench, NEW)

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/vulnerabilities"):
            rows: list[Row] = [finding("SA-1") | odd]
            return httpx.Response(200, content=json.dumps({"total_num": 1, "data_list": rows}).encode())
        return httpx.Response(200, json={"total_num": 1, "data_list": [ROW | {"vul_num": 1}]})

    bench.answer(handler)
    ended = accept(bench, "app:1.0")

    assert (ended.code, ended.out) == (0, "app: 0 known findings (0 added, 0 removed)\n")
    assert "1 finding without a usable id cannot be known: new each time" in ended.err
    assert bench.check("app:1.0").code == 10
    assert bench.run("judge", "report.json").code == 10


def test_findings_of_a_report(bench: Bench) -> None:
    """Of all its images, or of those that IMAGE picks, blocked or not, and nothing is asked."""
    policy(bench, "rules: {high_vulnerabilities: 0}")
    both = json.loads(scenario(many(2), image_digest=DIGEST))
    both["images"] += json.loads(scenario(many(1, 5), image_name="other"))["images"]
    assert bench.play(json.dumps(both)).check("team/app:1.0", "team/other:1.0").code == 10
    asked = bench.emulator.request_count

    ended = accept(bench, "team/app:1.0", "--from", "report.json", env={})

    assert (ended.code, ended.out) == (0, "team/app: 2 known findings (2 added, 0 removed)\n")
    assert image_in_file()["accepted"][0]["digest"] == DIGEST
    both_accepted = accept(bench, "--from", "report.json", env={})
    assert both_accepted.out == (
        "team/app: 2 known findings (0 added, 0 removed)\nteam/other: 1 known finding (1 added, 0 removed)\n"
    )
    assert bench.emulator.request_count == asked
    policy(bench, NEW)
    assert bench.check("team/app:1.0", "team/other:1.0").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        pytest.param(["--from", "passed.json"], 2, "the findings of team/app:1.0 are not in it; check it with --findings always", id="findings that were not read"),
        pytest.param(["--from", "failed.json"], 5, "team/app:1.0: scan: ", id="a failed scan"),
        pytest.param(["--from", "moving.json"], 4, "timed out after 0s (--timeout); last state: scanning", id="a scan under way"),
        pytest.param(["--from", "partial.json"], 5, "HSS counts 2 findings and lists 1 of them", id="a list that lacks one"),
        pytest.param(["--from", "edited.json"], 2, "the report contradicts itself", id="a report that was edited"),
        pytest.param(["--from", "none.json"], 2, "it cannot be read", id="no report"),
        pytest.param(["--from", "whole.json", "-o", "whole.json"], 2, "whole.json: it is not a file that", id="the report as output"),
        pytest.param(["team/none:1.0", "--from", "whole.json"], 2, "team/none:1.0 is not in it; it has team/app:1.0", id="an image that it lacks"),
        pytest.param(["--from", "whole.json", "--scanned-after", "1m"], 2, "--scanned-after: with --from the report says which scans are meant", id="a moment"),
        pytest.param(["--from", "whole.json"], 0, "", id="a whole report"),
    ],
)  # fmt: skip
def test_a_report_must_have_a_complete_list_of_a_success(
    bench: Bench, arguments: list[str], code: int, expected: str
) -> None:
    """A report without findings, or of another check than was meant, is refused."""
    policy(bench, "rules: {severity: High}")
    played = {
        "passed": (scenario(many(1)), []),
        "failed": (scenario([], timeline=[{"at": "-1h", "scan_status": "failed"}]), []),
        "moving": (scenario([], timeline=[{"at": "-1h", "scan_status": "scanning"}]), []),
        "partial": (scenario(many(1), 2), ["--findings", "always"]),
        "whole": (scenario(many(1)), ["--findings", "always"]),
    }
    for name, (text, more) in played.items():
        bench.play(text).check("team/app:1.0", "--timeout", "0", *more)
        Path("report.json").rename(f"{name}.json")
    Path("edited.json").write_text(Path("whole.json").read_text().replace("SA-0", "SA-1"))

    ended = accept(bench, *arguments, env={})

    assert ended.code == code, ended.err
    assert expected in ended.err
    assert Path(FILE).exists() is (code == 0)


def test_variables_are_checked_as_for_check(bench: Bench) -> None:
    """An empty variable that decides what is accepted is misuse; IMAGE may be in a variable."""
    bench.play(scenario(many(1)))

    assert accept(bench, "team/app:1.0", env=KEY | {"HSSGATE_SCANNED_AFTER": ""}).code == 2
    assert accept(bench, "team/app:1.0", env=KEY | {"HSSGATE_CICD_NAMES": "x"}).code == 2
    assert accept(bench, env=KEY).code == 2
    assert not Path(FILE).exists()
    assert accept(bench, env=KEY | {"HSSGATE_IMAGES": "team/app:1.0"}).code == 0


@pytest.mark.parametrize("after", [0.5, 20.0], ids=["at the start", "while it waits"])
def test_a_signal_leaves_the_file_as_it_is(bench: Bench, after: float) -> None:
    """The exit code is that of the signal."""
    bench.play(scenario(many(1), timeline=[{"at": "-1h", "scan_status": "scanning"}]))
    bench.clock.ring(after, Interrupted(ExitCode.TERMINATED))

    assert accept(bench, "team/app:1.0").code == 143
    assert not Path(FILE).exists()


def test_a_file_that_cannot_be_written_is_no_success(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3, and the file that was there stays."""
    assert accept(bench.play(scenario(many(1))), "team/app:1.0").code == 0
    before = Path(FILE).read_bytes()

    def full(_self: Path, _target: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ended = accept(bench.play(scenario(many(2))), "team/app:1.0")

    assert ended.code == 3
    assert f"{FILE}: it cannot be written: No space left on device" in ended.err
    assert Path(FILE).read_bytes() == before
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


def test_a_file_that_would_be_too_large_is_misuse(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy could not read it any more; what was there stays."""
    assert accept(bench.play(scenario(many(1))), "team/app:1.0").code == 0
    before = Path(FILE).read_bytes()
    monkeypatch.setattr("hssgate.cli.accept.LARGEST_FILE", len(before))

    ended = accept(bench.play(scenario(many(2))), "team/app:1.0")

    assert ended.code == 2
    assert f"-o {FILE}: it would be larger than 4 MiB; use a file for each image" in ended.err
    assert Path(FILE).read_bytes() == before


def test_an_entry_that_was_written_meanwhile_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run has accepted another image while this one waited."""
    assert accept(bench.play(scenario(many(1), image_name="other")), "team/other:1.0", "-o", "other.json").code == 0
    state = {"scan_status": "success", "severity_level": "Low", "vul_num": 1}
    bench.play(scenario(many(1), timeline=[{"at": "-1h", "scan_status": "scanning"}, {"at": "30s", **state}]))
    sleep = bench.clock.sleep

    def sleep_while_another_writes(seconds: float) -> None:
        if Path("other.json").exists():
            Path("other.json").rename(FILE)
        sleep(seconds)

    monkeypatch.setattr(bench.clock, "sleep", sleep_while_another_writes)

    assert accept(bench, "team/app:1.0").code == 0
    assert [one["id"] for one in image_in_file("team/other")["findings"]] == ["SA-0"]
    assert len(image_in_file()["findings"]) == 1
