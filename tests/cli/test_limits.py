"""Limits on input of any kind: memory, waiting time and reports are bounded, and nothing beyond a limit passes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from hssgate.cli.images_asked import MOST_IMAGES
from hssgate.files import read_bounded, write_to_pipe
from hssgate.hss.json_rows import LARGEST_VALUE, MOST_ROWS, document_in, rows_in
from hssgate.policy.model import MOST_ENTRIES
from hssgate.redaction.redactor import Redactor
from hssgate.reports.json import LONGEST_LISTS
from tests.conftest import Bench
from tests.waiting.test_poller import ROW

CLEAN = ROW | {"severity_level": "Low", "vul_num": 1, "malicious_file_num": 0, "unsafe_setting_num": 0}
MOST_MEMORY = 150 * 1024  # kB
PROBE = """
import os, resource, sys
code = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-m", "hssgate", *sys.argv[1:]])
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def listing(rows: Sequence[Mapping[str, object]], total: int | None = None) -> httpx.Response:
    """An answer of a list call."""
    return httpx.Response(200, json={"total_num": len(rows) if total is None else total, "data_list": [*rows]})


@pytest.mark.real
@pytest.mark.parametrize("case", ["32 MiB, one text with a wide character", "20,000 findings, long texts"])
def test_memory_is_bounded(tmp_path: Path, case: str) -> None:
    """A real process before a hostile server stays under 150 MB, and does not pass; `make bench` has more such cases."""
    (tmp_path / "hssgate.yaml").write_text("rules: {high_vulnerabilities: 0}", encoding="utf-8")
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "benchmarks.hostile_server", case]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = next(iter(server.stdout or ())).strip()
            given = ["check", "app:1.0", "--endpoint", url, "--project-id", "p", "--timeout", "3", "-q"]
            given += ["--report", "json=report.json", "--report", "junit=junit.xml"]
            environ = os.environ | {"HSSGATE_TOKEN": "token-of-the-benchmark"}
            probe = [sys.executable, "-c", PROBE, *given]
            shown = subprocess.run(probe, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True).stdout
        finally:
            server.kill()

    code, peak = map(int, shown.split()[-2:])
    assert code == 3
    assert peak < MOST_MEMORY


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([CLEAN] * (MOST_ROWS + 1), id="more rows than a page can have"),
        pytest.param([CLEAN | {"scan_failed_desc": "x" * 5_000_000}], id="a row larger than a row can be"),
        pytest.param([CLEAN | {"more": [""] * 60_000}], id="a row of more texts than a row can have"),
    ],
)
def test_rows_and_pages_are_bounded(bench: Bench, rows: list[dict[str, object]]) -> None:
    """Beyond the limit there is no result, and no pass."""
    ended = bench.answer(lambda _request: listing(rows)).check("app:1.0", "--timeout", "0")

    assert (ended.code, "unreadable answer" in ended.out) == (3, True), ended.out


@pytest.mark.parametrize("text", ["", '{"data_list": [', '{"data_list": [{"image_name": '])
def test_a_text_without_an_end_is_looked_through_once(text: str) -> None:
    """Otherwise 1 MiB of escaped quotes would take hours, beyond every deadline."""
    with pytest.raises(ValueError, match="than an answer"):
        rows_in(f'{text}"'.encode() + b'\\"' * 900_000, "data_list", Redactor())


@pytest.mark.parametrize("body", [b"}" * 200_000, b"]" * 200_000, b'""' * 600_000], ids=["objects", "lists", "texts"])
def test_ends_without_beginnings_are_not_looked_through(body: bytes) -> None:
    """32 MiB of them would take a gate half a minute, beyond its deadline."""
    with pytest.raises(ValueError, match="more values than a page"):
        rows_in(b'{"data_list": [' + body, "data_list", Redactor())


@pytest.mark.parametrize(
    "body", ['{"more": "%s", "data_list": [{}]}', '{"data_list": [{}], "more": "%s"}'], ids=["before", "after"]
)
def test_what_is_beside_the_rows_has_an_end(body: str) -> None:
    """A response with megabytes outside its rows is refused."""
    with pytest.raises(ValueError, match="more beside its rows"):
        rows_in((body % ("x" * (LARGEST_VALUE + 1))).encode(), "data_list", Redactor())


@pytest.mark.large
def test_lists_are_bounded(bench: Bench) -> None:
    """An endless list is refused once, long before the memory is full."""
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(int(request.url.params["offset"]))
        return listing(
            [CLEAN | {"image_id": f"{asked[-1]}-{n}", "registry_name": "x" * 10_000} for n in range(200)], 10**6
        )

    ended = bench.answer(answer).check("app:1.0")

    assert (ended.code, "the list is too large" in ended.out) == (3, True), ended.out
    assert len(asked) == len(set(asked)) < 50


def paged(rows_of: Callable[[int], Sequence[Mapping[str, object]]]) -> Callable[[httpx.Request], httpx.Response]:
    """Return what answers with the rows of a poll, by the number of the poll, in pages of 200."""
    polls = [0]

    def answer(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        polls[0] += offset == 0
        rows = rows_of(polls[0])
        return listing(rows[offset : offset + 200], len(rows))

    return answer


@pytest.mark.large
def test_groups_of_one_image_have_an_end(bench: Bench) -> None:
    """More than a thousand are refused with advice to name fewer; a thousand are judged."""
    rows = [CLEAN | {"namespace": f"n{number}"} for number in range(1001)]

    refused = bench.answer(paged(lambda _poll: rows)).check("app:1.0", "--timeout", "30s")
    judged = bench.answer(paged(lambda _poll: rows[1:])).check("app:1.0", "--timeout", "30s")

    assert (refused.code, judged.code) == (3, 0)
    assert "more than 1000 groups of rows belong to the image" in refused.out
    assert "name the organisation in IMAGE, or give --cicd-name or --registry-name" in refused.out


@pytest.mark.large
def test_statuses_without_end_are_few_words(bench: Bench) -> None:
    """A thousand groups, each with another status at each poll: some are named, at each poll and in all."""
    ended = bench.answer(
        paged(
            lambda poll: [
                CLEAN | {"namespace": f"n{number}", "scan_status": f"odd-{poll}-{number}"} for number in range(1000)
            ]
        )
    ).check("app:1.0", "--timeout", "2m", "-v")

    assert ended.code == 4
    assert ended.err.count("is not documented") == 10
    assert "and 995 more" in ended.err
    assert max(map(len, ended.err.splitlines())) < 1200
    assert len(ended.err.splitlines()) < 10 + 4 * ended.report["images"][0]["polls"]


def test_warnings_of_a_run_have_an_end(bench: Bench) -> None:
    """Two hundred are shown while images are polled, and that there are more."""
    names = [f"app{number}" for number in range(220)]
    rows = [CLEAN | {"image_name": name, "scan_status": "odd", "cicd_name": "shop"} for name in names]

    ended = bench.answer(paged(lambda _poll: rows)).check(
        *(f"{name}:1.0" for name in names), "--cicd-name", "shop", "--timeout", "0"
    )

    assert ended.code == 4
    assert ended.err.count("is not documented") == 200
    assert ended.err.count("more than 200 warnings: the others are left out") == 1


@pytest.mark.large
def test_findings_of_a_run_are_bounded(bench: Bench) -> None:
    """The images whose findings there was no room for are errors; what was found before still blocks."""
    Path("hssgate.yaml").write_text("rules: {high_vulnerabilities: 0}", encoding="utf-8")
    images = [CLEAN | {"image_name": name, "image_id": name, "cicd_name": "c"} for name in ("a", "b")]
    texts = dict.fromkeys(("description", "solution"), "x" * 10_000)
    found = [texts | {"vul_id": f"V-{n}", "repair_necessity": "immediate_repair"} for n in range(200)]

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/vulnerabilities"):
            return listing(images)
        offset = int(request.url.params["offset"])
        return listing([{**one, "app_path": str(offset)} for one in found if offset < 1000], 1000)

    ended = bench.answer(answer).check("a:1.0", "b:1.0", "--cicd-name", "c")

    assert ended.code == 10
    assert [image["exit_code"] for image in ended.report["images"]] == [10, 3]


def test_what_the_json_report_leaves_out_can_pass_no_more(bench: Bench) -> None:
    """The report says so; when it is judged again, the findings are missing."""
    Path("hssgate.yaml").write_text("rules: {vulnerabilities: 5000}", encoding="utf-8")
    Path("strict.yaml").write_text("rules: {high_vulnerabilities: 5000}", encoding="utf-8")
    text = "x" * 9_900
    found = [{"vul_id": f"V-{n}", "description": text, "solution": text} for n in range(200)]
    count = 200 * (LONGEST_LISTS // (200 * 2 * len(text)) + 1)

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/vulnerabilities"):
            return listing([CLEAN])
        offset = int(request.url.params["offset"])
        return listing([{**one, "app_path": str(offset)} for one in found if offset < count], count)

    policies = ("--policy", "hssgate.yaml", "--policy", "strict.yaml")
    ended = bench.answer(answer).check("app:1.0", *policies)
    again = bench.run("judge", "report.json", "--policy", "strict.yaml")

    assert ended.code == 0
    assert Path("report.json").stat().st_size < 2 * LONGEST_LISTS
    assert f"{count} findings and 0 details left out of the JSON report" in ended.report["warnings"][-1]
    assert (again.code, "the findings were not read, which this rule needs" in again.out) == (5, True), again.out


def test_a_pipe_without_data_yet_is_not_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another process took the data, an incomplete policy must not be used."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    calls: Iterator[Callable[[], object]] = iter(
        [lambda: None, lambda: os.write(writer, b"whole"), lambda: os.close(writer)]
    )

    class Hasty:
        """A poll object that reports data at once."""

        def register(self, handle: int, event: int) -> None:
            """Take any."""

        def poll(self, _milliseconds: float) -> list[tuple[int, int]]:
            """Trigger the next event."""
            next(calls)()
            return [(0, 0)]

    monkeypatch.setattr("hssgate.files.select.poll", Hasty)

    assert read_bounded(path, 100) == b"whole"


def test_images_are_bounded(bench: Bench) -> None:
    """More of them in one run are misuse; the same one many times is one."""
    many = "\n".join(f"app:{number}" for number in range(MOST_IMAGES + 1))

    refused = bench.run("check", env={"HSSGATE_IMAGES": many})
    one = bench.answer(lambda _request: listing([CLEAN])).check(*["app:1.0"] * (MOST_IMAGES + 1))

    assert (refused.code, f"more than the {MOST_IMAGES} of one run" in refused.err) == (2, True), refused.err
    assert one.code == 0


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.yaml", "rules: {severity: Low}\nx: " + "[" * 100_000),
        ("p.json", '{"rules": {"severity": "Low"}, "x": ' + "[" * 100_000),
        ("p.toml", "x = " + "[" * 100_000),
        ("p.json", '{"rules": {"vulnerabilities": ' + "9" * 5000 + "}}"),
        ("p.yaml", "rules: {vulnerabilities: " + "9" * 5000 + "}"),
        ("p.toml", "[rules]\nvulnerabilities = " + "9" * 5000),
        ("p.yaml", "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(f"{n}: &{n} [{', '.join(['*' + p] * 10)}]\n" for p, n in zip("abcdef", "bcdefg", strict=True))),
        ("p.yaml", "rules: {severity: Low}\n#" + "x" * 2**20),
        ("p.yaml", "rules: {severity: Low}\nignore:\n" + "- {vulnerability: x, reason: y}\n" * (MOST_ENTRIES + 1)),
        ("p.yaml", "rules: {severity: Low}\nignore: [{reason: y, vulnerability: '" + "*a" * 300 + "'}]"),
    ],
    ids=["deep YAML", "deep JSON", "deep TOML", "huge number", "huge number, YAML", "huge number, TOML", "aliases", "1 MiB", "entries", "glob"],
)  # fmt: skip
def test_policies_are_bounded(bench: Bench, name: str, text: str) -> None:
    """Beyond it the policy is refused by name, before anything is asked."""
    Path(name).write_text(text, encoding="utf-8")

    ended = bench.run("policy", "validate", name)

    assert (ended.code, name in ended.out) == (2, True), ended.out
    assert len(ended.out) < 5000


def test_a_glob_of_many_stars_takes_little_time(bench: Bench) -> None:
    """A text that almost fits is not tried over and over."""
    Path("hssgate.yaml").write_text(
        json.dumps({"rules": {"high_vulnerabilities": 0}, "ignore": [{"vulnerability": "*a" * 240 + "b", "reason": "r"}]}),
        encoding="utf-8",
    )  # fmt: skip
    found = [{"vul_id": "a" * 5_000, "repair_necessity": "immediate_repair"}]

    ended = bench.answer(
        lambda request: listing(found if request.url.path.endswith("/vulnerabilities") else [CLEAN])
    ).check("app:1.0")

    assert ended.code == 10


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("policy", "validate", "pipe.yaml"), {}),
        (("judge", "pipe.yaml"), {}),
        (("check", "app:1.0", "--project-id", "p", "--region", "ap-southeast-1"), {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "pipe.yaml"}),
    ],
    ids=["policy", "report", "credentials"],
)  # fmt: skip
def test_a_pipe_without_a_writer_is_given_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    """It used to be waited for without end."""
    monkeypatch.setattr("hssgate.files.PATIENCE", 0.05)
    os.mkfifo("pipe.yaml")

    ended = bench.run(*arguments, env=env)

    assert (ended.code, "no process writes to it" in ended.out + ended.err) == (2, True), ended.err


@pytest.mark.real
def test_a_pipe_with_a_writer_is_read_to_its_end(tmp_path: Path) -> None:
    """As that of `<(command)`, even if it takes a while and comes in pieces."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    message = "x" * 200_000
    writer = [sys.executable, "-c", f"import sys; open(sys.argv[1], 'w').write('x' * {len(message)})", str(pipe)]
    with subprocess.Popen(writer):
        whole = read_bounded(pipe, 1_000_000)

    assert whole == message.encode()
    assert len(read_bounded(Path("/dev/zero"), 10)) == 11
    assert read_bounded(Path("/dev/null"), 10) == b""


def test_a_report_into_a_pipe_without_a_reader_is_no_pass(bench: Bench) -> None:
    """The run ends, and names the report that could not be written."""
    os.mkfifo("pipe")

    ended = bench.answer(lambda _request: listing([CLEAN])).check("app:1.0", "--report", "json=pipe")

    assert (ended.code, "the report json=pipe could not be written" in ended.err) == (3, True), ended.err


def test_a_reader_that_stops_reading_times_out(tmp_path: Path) -> None:
    """Once the pipe is full."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    with pytest.raises(TimeoutError, match="no process reads it"):
        write_to_pipe(pipe, b"x" * 10_000_000, patience=0.05)

    os.close(reader)


def read_whole(body: bytes) -> object:
    """The document with its rows put back into their places."""
    document, rows = rows_in(body, "data_list", Redactor())
    if isinstance(document, dict) and isinstance(document["data_list"], list):
        document["data_list"] = [next(rows, None) if item is None else item for item in document["data_list"]]
    return document


SPLICED = [
    b'{"data_list": [1{"a": 1}]}', b'{"data_list": [{"a": 1}{"a": 1}]}', b'{"data_list": [{"a": 1}x]}', b'["data_list": [{}]]',
    b'{"data_list": [{"a": 1}], "data_list": []}', b'{"data_list": [{"a": 1]}', b'{"data_list": [nul{"a": 1}]}', b'{"data_list": [{"a": 1}}',
    b'{"data_list": [{"a": 1}]} {}', b'{"data_list": [{"a" 1}]}',
]  # fmt: skip


@pytest.mark.parametrize("body", SPLICED, ids=bytes.decode)
def test_rows_are_cut_out_of_json_alone(body: bytes) -> None:
    """A document that is not valid JSON as a whole is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - of json's own words
        read_whole(body)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"total_num": 1, "data_list" : [ {"a": "}]{[\\"", "b": [{"c": {}}]} , {} ], "x": {"data_list": [{}]}}',
        b'{"x": "data_list", "y": [{}], "data_list": [{}, null, [], 1]}',
        b'{"data_list": {"a": 1}}',
        b'{"data_list": null}',
        b"[]",
    ],
)
def test_rows_cut_out_are_those_of_the_whole(body: bytes) -> None:
    """Put back into their places they make the document that reading it whole gives."""
    assert read_whole(body) == json.loads(body) == document_in(body, Redactor())
