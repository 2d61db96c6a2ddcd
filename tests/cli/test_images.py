"""`hssgate images` through its command line: filters, paging, both formats, and what goes wrong."""

import dataclasses
import gc
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import click
import httpx
import pytest

from hssgate.cli.filters import query_options
from hssgate.cli.images import images as command
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import CicdImage
from hssgate.hss.query import LARGEST_OFFSET, CicdImagesQuery
from tests.cli.test_check import finished, images
from tests.conftest import KEY, Bench, Ended

CONNECTION = ["--endpoint", "http://127.0.0.1:9", "--project-id", "project"]
CROWD = images(finished().rstrip("}\n") + ", copies: 450}\n")
DEFAULTS = {"limit": "200", "offset": "0", "sort_dir": "desc", "sort_key": "latest_scan_time"}


def listed(bench: Bench, *arguments: str) -> Ended:
    return bench.run("images", *arguments, *CONNECTION, env=KEY)


def lines(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]


def serve(total: int | None, rows: Callable[[int], list[dict[str, Any]]]) -> Callable[[httpx.Request], httpx.Response]:
    """Answer each request with the rows at its offset."""
    announced = {} if total is None else {"total_num": total}
    return lambda request: httpx.Response(
        200, text=json.dumps(announced | {"data_list": rows(int(request.url.params["offset"]))})
    )


def numbered(start: int, count: int = 200) -> list[dict[str, Any]]:
    return [{"image_id": str(number), "image_name": f"app{number}"} for number in range(start, start + count)]


FILTERS = [
    (["--enterprise-project-id", "all_granted_eps"], {"enterprise_project_id": "all_granted_eps"}),
    (["--namespace", "team"], {"namespace": "team"}),
    (["--image-name", "app one/中"], {"image_name": "app one/中"}),
    (["--image-version", "v" * 64], {"image_version": "v" * 64}),
    (["--image-id", "i" * 128], {"image_id": "i" * 128}),
    (["--cicd-name", "shop&x=y"], {"cicd_name": "shop&x=y"}),
    (["--pipeline-type", "jenkins"], {"pipeline_type": "jenkins"}),
    (["--latest-version"], {"latest_version": "true"}),
    (["--image-size", "2147483547"], {"image_size": "2147483547"}),
    (["--image-size", "0"], {"image_size": "0"}),
    *(
        (["--scan-status", status], {"scan_status": status})
        for status in ("unscan", "success", "scanning", "failed", "waiting_for_scan")
    ),
    (["--severity-level", "High"], {"severity_level": "High"}),
    (["--severity-level", "high"], {"severity_level": "High"}),
    (["--start-latest-update-time", "2026-09-21T14:13:20Z"], {"start_latest_update_time": "1790000000000"}),
    (["--end-latest-update-time", "1790000000"], {"end_latest_update_time": "1790000000000"}),
    (["--start-latest-scan-time", "15m"], {"start_latest_scan_time": "1789999100000"}),
    (["--end-latest-scan-time", "1789999999999"], {"end_latest_scan_time": "1789999999999"}),
    (["--has-malicious-file"], {"has_malicious_file": "true"}),
    (["--no-has-malicious-file"], {"has_malicious_file": "false"}),
    (["--has-unsafe-setting"], {"has_unsafe_setting": "true"}),
    (["--no-has-vul"], {"has_vul": "false"}),
    (["--risky"], {"risky": "true"}),
    (["--sort-key", "latest_scan_time"], {"sort_key": "latest_scan_time"}),
    (["--sort-dir", "asc"], {"sort_dir": "asc"}),
    (["--limit", "10"], {"limit": "10"}),
    (["--offset", "2000000"], {"offset": "2000000"}),
]


@pytest.mark.parametrize(
    ("arguments", "wire"), [pytest.param(given, sent, id=" ".join(given)[:40]) for given, sent in FILTERS]
)
def test_every_filter_reaches_the_wire(bench: Bench, arguments: list[str], wire: dict[str, str]) -> None:
    """Under the API's own name, beside the defaults, and nothing else does."""
    ended = listed(bench.play(images(finished())), *arguments)

    assert (ended.code, bench.emulator.request_count) == (0, 1)
    assert dict(parse_qsl(bench.emulator.requests[0].query)) == DEFAULTS | wire


@pytest.mark.parametrize(
    ("arguments", "sent", "said"),
    [
        pytest.param([], "shop", "only images scanned under shop, by HSSGATE_CICD_NAME\n", id="by the variable"),
        pytest.param(["--cicd-name", "other"], "other", "", id="the option goes first"),
        pytest.param(["-q"], "shop", "", id="quiet"),
    ],
)
def test_the_identifier_of_the_environment_is_a_filter(
    bench: Bench, arguments: list[str], sent: str, said: str
) -> None:
    """As for `check`; the list would else seem to be whole, so a line says so."""
    bench.play(images(finished(cicd_name="shop"), finished(cicd_name="other")))

    ended = bench.run("images", "--format", "json", *arguments, *CONNECTION, env=KEY | {"HSSGATE_CICD_NAME": "shop"})

    assert (ended.code, [row["cicd_name"] for row in lines(ended)]) == (0, [sent])
    assert ended.err.startswith(said)
    assert ("HSSGATE_CICD_NAME" in ended.err) is bool(said)


@pytest.mark.parametrize(
    ("arguments", "code"), [([], 2), (["--cicd-name", "shop"], 0)], ids=["alone", "with its option"]
)
def test_an_empty_identifier_of_the_environment_is_misuse(bench: Bench, arguments: list[str], code: int) -> None:
    """It is what is left of a misspelt variable, and would list the images of all."""
    bench.play(images(finished(cicd_name="shop")))

    ended = bench.run("images", *arguments, *CONNECTION, env=KEY | {"HSSGATE_CICD_NAME": ""})

    assert (ended.code, bench.emulator.request_count) == (code, 0 if code else 1)
    assert ended.err.startswith("error: HSSGATE_CICD_NAME is set and empty: ") is bool(code)


def test_no_query_parameter_is_forgotten() -> None:
    """The options are the model's fields, defaults included; the enterprise project is the connection's option."""
    fields = {found.name: found for found in dataclasses.fields(CicdImagesQuery)}
    bare = query_options(lambda: None)
    options: list[click.Option] = bare.__click_params__  # type: ignore[attr-defined]
    tested = {name for _, wire in FILTERS for name in wire}

    assert {option.name for option in options} == fields.keys() - {"enterprise_project_id"}
    assert fields.keys() <= {option.name for option in command.params}
    assert tested == fields.keys()
    assert len(fields) == 23
    defaults = command.make_context("images", []).params
    assert {name: defaults[name] for name in fields} == {name: field.default for name, field in fields.items()}


def test_all_pages_are_read(bench: Bench) -> None:
    """450 rows take three requests; each row is printed once, and then the count."""
    ended = listed(bench.play(CROWD), "--format", "json")

    assert len({row["image_version"] for row in lines(ended)}) == len(lines(ended)) == 450
    assert bench.emulator.request_count == 3
    assert (ended.code, ended.err) == (0, "450 rows\n")


@pytest.mark.parametrize(
    ("arguments", "rows", "requests", "message"),
    [
        pytest.param(["--max-rows", "1"], 1, 1, "1 row of 450\n", id="one"),
        pytest.param(["--max-rows", "200"], 200, 1, "200 rows of 450\n", id="just a page"),
        pytest.param(["--max-rows", "201"], 201, 2, "201 rows of 450\n", id="a page and one"),
        pytest.param(["--max-rows", "900"], 450, 3, "450 rows\n", id="more than there are"),
        pytest.param(["--max-rows", "15", "--limit", "10"], 15, 2, "15 rows of 450\n", id="small pages"),
        pytest.param(["--offset", "440"], 10, 1, "10 rows\n", id="the end"),
        pytest.param(["--offset", "450"], 0, 1, "0 rows\n", id="just beyond the end"),
        pytest.param(["--offset", "9999"], 0, 1, "0 rows\n", id="far beyond the end"),
        pytest.param(["--max-rows", "1", "-q"], 1, 1, "", id="quiet"),
    ],
)
def test_no_more_is_asked_than_wanted(
    bench: Bench, arguments: list[str], rows: int, requests: int, message: str
) -> None:
    """`--max-rows` ends the paging, `--offset` begins it."""
    ended = listed(bench.play(CROWD), "--format", "json", *arguments)

    assert (ended.code, len(lines(ended)), bench.emulator.request_count) == (0, rows, requests)
    assert ended.err == message


def test_a_page_is_printed_before_the_next_is_asked_for(bench: Bench) -> None:
    """For a list of any length at most two pages are in memory."""
    printed: list[int] = []
    held: list[int] = []

    def rows(offset: int) -> list[dict[str, Any]]:
        printed.append(bench.capture.readouterr().out.count("\n"))
        held.append(sum(isinstance(found, CicdImage) for found in gc.get_objects()))
        return numbered(offset) if offset < 4000 else []

    ended = listed(bench.answer(serve(4000, rows)), "--format", "json")

    assert ended.code == 0
    assert printed == [0] + [200] * 20
    assert max(held) <= 400


def test_rows_pushed_onto_the_next_page_are_shown_once(bench: Bench) -> None:
    """A new row at the top moves the last one down while the list is read."""
    bench.answer(serve(None, lambda offset: numbered(max(offset - 1, 0)) if offset < 400 else []))

    ended = listed(bench, "--format", "json")

    assert [row["image_id"] for row in lines(ended)] == [str(number) for number in range(399)]


@pytest.mark.parametrize(
    ("handler", "code", "rows", "message"),
    [
        pytest.param(serve(None, lambda _: numbered(0)), 0, 200, "200 rows\n", id="the offset is ignored, no total"),
        pytest.param(serve(450, lambda _: numbered(0)), 3, 200, "broke off at offset 200, though 450 rows are announced", id="the offset is ignored"),
        pytest.param(serve(450, lambda offset: [] if offset else numbered(0)), 3, 200, "broke off at offset 200", id="pages missing"),
        pytest.param(serve(5, lambda _: []), 3, 0, "broke off at offset 0, though 5 rows are announced", id="rows missing"),
        pytest.param(serve(0, lambda _: []), 0, 0, "0 rows\n", id="nothing"),
        pytest.param(serve(200, lambda offset: numbered(offset, 200 if offset < 400 else 3)), 0, 403, "403 rows\n", id="the total counts the page"),
        pytest.param(serve(1, lambda offset: numbered(offset, 200 if offset < 200 else 3)), 0, 203, "203 rows\n", id="a total far too small"),
        pytest.param(serve(None, lambda offset: numbered(offset, 30) if offset < 90 else []), 0, 90, "90 rows\n", id="short pages"),
        pytest.param(lambda request: serve(400 - int(request.url.params["offset"]) // 2, lambda offset: numbered(offset, 100))(request), 0, 300, "warning: the list changed while it was read (400 rows announced, then 350)", id="rows deleted meanwhile"),
    ],
)  # fmt: skip
def test_a_list_that_does_not_add_up_is_no_success(
    bench: Bench, handler: Callable[[httpx.Request], httpx.Response], code: int, rows: int, message: str
) -> None:
    """The received rows are printed, and an error says that they are not all."""
    ended = listed(bench.answer(handler), "--format", "json")

    assert (ended.code, len(lines(ended))) == (code, rows)
    assert message in ended.err


def test_rows_beyond_the_largest_offset_are_an_error(bench: Bench) -> None:
    """They cannot be asked for."""
    asked: list[int] = []
    bench.answer(serve(None, lambda offset: asked.append(offset) or numbered(offset)))  # type: ignore[func-returns-value]

    ended = listed(bench, "--offset", "1999900", "--format", "json")

    assert (ended.code, len(lines(ended)), asked) == (3, 200, [LARGEST_OFFSET - 100])
    assert "rows beyond offset 2000000 cannot be asked for: narrow the list" in ended.err


MISUSES = [
    pytest.param(["--limit", "9"], "'--limit': 9 is not in the range 10<=x<=200", id="small page"),
    pytest.param(["--limit", "201"], "'--limit': 201 is not in the range", id="large page"),
    pytest.param(["--offset", "2000001"], "'--offset': 2000001 is not in the range 0<=x<=2000000", id="far offset"),
    pytest.param(["--offset", "-1"], "'--offset': -1 is not in the range", id="negative offset"),
    pytest.param(["--image-size", "2147483548"], "'--image-size': 2147483548 is not in the range 0<=x<=2147483547", id="large image"),
    pytest.param(["--max-rows", "0"], "'--max-rows': 0 is not in the range x>=1", id="no rows"),
    pytest.param(["--image-name", ""], "'--image-name': the value is empty", id="empty name"),
    pytest.param(["--image-name", "x" * 129], "'--image-name': the value is longer than 128 characters", id="long name"),
    pytest.param(["--namespace", "x" * 129], "'--namespace': the value is longer than 128", id="long namespace"),
    pytest.param(["--image-version", "x" * 65], "'--image-version': the value is longer than 64", id="long version"),
    pytest.param(["--image-id", "x" * 129], "'--image-id': the value is longer than 128", id="long id"),
    pytest.param(["--cicd-name", "x" * 129], "'--cicd-name' (env var: 'HSSGATE_CICD_NAME'): the value is longer than 128", id="long identifier"),
    pytest.param(["--cicd-name", "a\nb"], "'--cicd-name' (env var: 'HSSGATE_CICD_NAME'): the value contains a line break", id="line break"),
    pytest.param(["--scan-status", "download_failed"], "'download_failed' is not one of 'unscan', 'success'", id="not filterable"),
    pytest.param(["--severity-level", "Grave"], "'--severity-level", id="no severity"),
    pytest.param(["--pipeline-type", "gitlab"], "is not one of 'jenkins', 'codearts'", id="no pipeline"),
    pytest.param(["--sort-key", "image_name"], "'--sort-key", id="no sort key"),
    pytest.param(["--sort-dir", "up"], "is not one of 'asc', 'desc'", id="no direction"),
    pytest.param(["--start-latest-scan-time", "yesterday"], "'--start-latest-scan-time': 'yesterday' is not a moment", id="no moment"),
    pytest.param(["--start-latest-update-time", ""], "'--start-latest-update-time': the value is empty", id="empty moment"),
    pytest.param(["--end-latest-scan-time", "1960-01-01T00:00:00Z"], "'--end-latest-scan-time': '1960-01-01T00:00:00Z' lies before 1970", id="before the epoch"),
    pytest.param(["--format", "xml"], "is not one of 'table', 'json'", id="no format"),
    pytest.param(["app:1"], "unexpected extra argument", id="an image"),
    pytest.param(["--endpoint", "http://hss.example.com"], "plain http", id="plain http"),
    pytest.param(["--project-id", "a/b"], "is no project id", id="no project id"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), MISUSES)
def test_misuse_sends_no_request(bench: Bench, arguments: list[str], message: str) -> None:
    """Exit code 2, naming the option and what it takes."""
    asked: list[httpx.Request] = []
    bench.answer(lambda request: asked.append(request) or httpx.Response(500))  # type: ignore[func-returns-value]

    ended = bench.run("images", *CONNECTION, *arguments, env=KEY)

    assert (ended.code, ended.out, asked) == (2, "", [])
    assert ended.err.startswith("error: ")
    assert message in ended.err


def test_credentials_are_needed(bench: Bench) -> None:
    """As for `check`."""
    ended = bench.run("images", *CONNECTION)

    assert ended.code == 2
    assert "no credentials" in ended.err


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
def test_a_refusal_is_not_retried(bench: Bench, status: int) -> None:
    """Exit code 3 with the message, on one request."""
    ended = listed(bench.play(images(finished()) + f"faults: [{{requests: '*', status: {status}}}]"))

    assert (ended.code, ended.out, bench.emulator.request_count) == (3, "", 1)
    assert ended.err.startswith(f"error: HTTP {status}")


@pytest.mark.parametrize(
    "fault", ["status: 429", "status: 500", "status: 503", "reset: true", "truncate: 40", "garbage: true", "delay: 31s"]
)
def test_a_temporary_fault_is_retried(bench: Bench, fault: str) -> None:
    """On any page, up to five times in a row; what was printed is not printed twice."""
    passing = CROWD + f"faults: [{{requests: 1-2, {fault}}}, {{requests: 4-8, {fault}}}]"
    lasting = CROWD + f"faults: [{{requests: 2-, {fault}}}]"

    ended = listed(bench.play(passing), "--format", "json")
    assert (ended.code, len(lines(ended)), bench.emulator.request_count) == (0, 450, 10)
    assert ended.err.count("asking again in") == 7

    ended = listed(bench.play(lasting), "--format", "json")
    assert (ended.code, len(lines(ended)), bench.emulator.request_count) == (3, 200, 7)
    assert ended.err.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(("retry_after", "code", "slept"), [(77, 0, [77.0]), (3600, 3, [])])
def test_retry_after_is_obeyed_within_limits(bench: Bench, retry_after: int, code: int, slept: list[float]) -> None:
    """A `Retry-After` of an hour is not obeyed."""
    fault = f"faults: [{{requests: 1, status: 429, retry_after: {retry_after}}}]"

    ended = listed(bench.play(images(finished()) + fault))

    assert (ended.code, bench.clock.slept) == (code, slept)


def test_a_wrong_clock_is_corrected(bench: Bench) -> None:
    """As for `check`: with a warning, and once."""
    ended = listed(bench.play(CROWD + "clock_skew: 3h"), "--format", "json")

    assert (ended.code, len(lines(ended)), bench.emulator.request_count) == (0, 450, 4)
    assert ended.err.count("this machine's clock is") == 1


@pytest.mark.parametrize("code", [ExitCode.INTERRUPTED, ExitCode.TERMINATED])
def test_an_interrupt_ends_the_list(bench: Bench, code: ExitCode) -> None:
    """What was printed stays; the exit code is the signal's."""
    bench.play(CROWD + "faults: [{requests: 2, delay: 20s}]")
    bench.clock.ring(10, Interrupted(code))

    ended = listed(bench, "--format", "json")

    assert (ended.code, len(lines(ended)), ended.err) == (code, 200, "error: interrupted\n")
