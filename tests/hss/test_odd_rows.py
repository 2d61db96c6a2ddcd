"""Unreadable rows: they affect the image that they may belong to, and no other."""

import json

import httpx
import pytest

from tests.conftest import Bench
from tests.waiting.test_poller import ROW, in_turn, page

OURS = {**ROW, "namespace": "team", "cicd_name": "shop", "image_digest": "sha256:" + "ab" * 32}
DIGEST = OURS["image_digest"]


def listed(*rows: str, total: int | None = None) -> httpx.Response:
    """Return a page of rows that are written out as JSON."""
    body = f'{{"total_num": {len(rows) if total is None else total}, "data_list": [{", ".join(rows)}]}}'
    return httpx.Response(200, content=body.encode(), headers={"Date": "Mon, 21 Sep 2026 14:13:20 GMT"})


def row(**fields: object) -> str:
    return json.dumps({**OURS, **fields})


TWICE = json.dumps(OURS).replace('"scan_status"', '"scan_status": "success", "scan_status"')


@pytest.mark.parametrize(
    ("odd", "note"),
    [
        pytest.param(row(image_name="api", vul_num=-1), "the row of team/api:1.0: vul_num: ", id="a negative number"),
        pytest.param(row(image_name="api", latest_scan_time="yesterday"), "latest_scan_time: ", id="a text as time"),
        pytest.param(row(image_name="api", scan_status=["success"]), "scan_status: ", id="a list as status"),
        pytest.param(row(image_version="2.0", image_name=7), "the row of team:2.0: image_name: ", id="name unreadable, another version"),
        pytest.param(row(namespace="prod", image_name=7, image_version=[], vul_num="5万"), "image_name: ", id="nothing but another namespace"),
        pytest.param(row(cicd_name="test", namespace=1, image_name=7, image_version=[]), "namespace: ", id="nothing but another identifier"),
        pytest.param(row(namespace=None, vul_num=True), "the row of app:1.0: vul_num: ", id="no namespace where one was asked for"),
        pytest.param(TWICE.replace('"app"', '"api"'), "the row of team/api:1.0: scan_status: ", id="a key given twice"),
    ],
)  # fmt: skip
def test_an_unreadable_row_of_another_image_is_ignored(bench: Bench, odd: str, note: str) -> None:
    """One readable field with another value is enough; a note is printed with -v."""
    bench.answer(lambda _request: listed(odd, row()))

    ended = bench.check("team/app:1.0", "--cicd-name", "shop", "-v")

    assert ended.code == 0
    assert len(bench.sent) == 1
    assert f"passed over as another image's: {note}" in ended.err or note in ended.err
    assert "passed over" not in bench.check("team/app:1.0", "--cicd-name", "shop").err


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        pytest.param(row(vul_num=-1), "the row of team/app:1.0: vul_num: ", id="a negative number"),
        pytest.param(row(latest_scan_time="yesterday"), "latest_scan_time: ", id="a text as time"),
        pytest.param(row(image_name=7), "image_name: ", id="the name"),
        pytest.param(row(namespace={}, image_version=1.0), "namespace: ", id="namespace and version"),
        pytest.param(row(cicd_name=5), "cicd_name: ", id="the identifier"),
        pytest.param("{" + ", ".join(f'"{name}": [0]' for name in OURS) + "}", "", id="everything"),
        pytest.param("7", "the row of an unknown image: it is no object", id="no object"),
        pytest.param("null", "it is no object", id="null"),
        pytest.param(TWICE, "scan_status: ", id="a key given twice"),
    ],
)
def test_an_unreadable_row_that_may_be_of_the_image_is_no_result(bench: Bench, odd: str, problem: str) -> None:
    """Even if another row would pass; it is polled until the deadline."""
    bench.answer(lambda _request: listed(row(), odd))

    ended = bench.check("team/app:1.0", "--cicd-name", "shop", "--timeout", "30s")

    assert ended.code == 3
    assert len(bench.sent) > 2
    assert "unreadable answer: " in ended.out
    assert problem in ended.out


def test_a_digest_that_cannot_be_read_may_be_the_one_asked_for(bench: Bench) -> None:
    """Another one that can be read is another image."""
    unreadable, other = row(image_digest=1, vul_num=-1), row(image_digest="sha256:" + "cd" * 32, vul_num=-1)

    bench.answer(lambda _request: listed(row(), unreadable))
    assert bench.check(f"team/app:1.0@{DIGEST}", "--timeout", "0").code == 3
    bench.answer(lambda _request: listed(row(), other))
    assert bench.check(f"team/app:1.0@{DIGEST}", "--timeout", "0").code == 0


def test_a_doubt_about_one_image_leaves_the_others_of_its_list_alone(bench: Bench) -> None:
    """They share their polls, and each has an end of its own."""
    bench.answer(lambda _request: listed(row(), row(image_name="api", vul_num=-1), row(image_name="web")))

    ended = bench.check(
        "team/app:1.0", "team/api:1.0", "team/web:1.0", "--cicd-name", "shop", "--timeout", "30s"
    )  # fmt: skip

    assert [image["exit_code"] for image in ended.report["images"]] == [0, 3, 0]
    assert [image["polls"] for image in ended.report["images"]][::2] == [1, 1]
    assert ended.code == 3


def test_a_row_that_can_be_read_the_next_time_is_judged(bench: Bench) -> None:
    """An unreadable row does not affect later polls."""
    bench.answer(in_turn(listed(row(vul_num="many")), page(OURS)))

    assert bench.check("team/app:1.0").code == 0
    assert len(bench.sent) == 2


def test_unreadable_rows_count_as_received(bench: Bench) -> None:
    """A list of which one row is odd is whole, and the next page begins behind it."""
    first = [row(image_version=f"0.{number}", vul_num=-1 if number % 2 else 0) for number in range(200)]
    bench.answer(in_turn(listed(*first, total=201), listed(row(), total=201)))

    assert bench.check("team/app:1.0").code == 0
    assert [request.url.params["offset"] for request in bench.sent] == ["0", "200"]


def test_an_unreadable_row_on_two_pages_is_a_changed_list(bench: Bench) -> None:
    """Like any other row."""
    odd = row(image_name="api", vul_num=-1)
    bench.answer(in_turn(listed(odd, total=2), listed(odd, total=2), listed(row())))

    assert bench.check("team/app:1.0").code == 0
    assert len(bench.sent) == 3


def test_each_unreadable_row_is_noted_once(bench: Bench) -> None:
    """However often the list is read."""
    moving = row(scan_status="scanning")
    odd = row(image_name="api", vul_num=-1)
    bench.answer(lambda _request: listed(moving, odd))

    ended = bench.check("team/app:1.0", "--cicd-name", "shop", "--timeout", "1m", "-v")

    assert len(bench.sent) > 3
    assert ended.err.count("passed over as another image's") == 1


def test_of_many_unreadable_rows_a_few_are_noted(bench: Bench) -> None:
    """The note is for people."""
    odd = [row(image_name="api", image_version=f"1.{number}", vul_num=-1) for number in range(150)]
    bench.answer(lambda _request: listed(row(), *odd))

    assert bench.check("team/app:1.0", "--cicd-name", "shop", "-v").err.count("passed over") == 20


def test_unreadable_findings_are_no_result(bench: Bench) -> None:
    """All of them are of the image that was asked about."""

    def answer(request: httpx.Request) -> httpx.Response:
        return listed('{"vul_id": 7}') if request.url.path.endswith("/vulnerabilities") else listed(row(image_id="i"))

    (bench.folder / "high.yaml").write_text("rules: {high_vulnerabilities: 0}")

    ended = bench.answer(answer).check("team/app:1.0", "--policy", "high.yaml", "--timeout", "20s")

    assert ended.code == 3
    assert "unreadable answer: vul_id: " in ended.out


def test_images_shows_the_readable_part_of_a_row(bench: Bench) -> None:
    """An error says that the list is incomplete."""
    bench.answer(lambda _request: listed(row(), row(image_name="api", vul_num=-1)))

    ended = bench.run(
        "images", "--format", "json", "--endpoint", "http://127.0.0.1:9", "--project-id", "p",
        env={"HSSGATE_TOKEN": "t-0123456789"},
    )  # fmt: skip

    assert ended.code == 0
    shown = [json.loads(line) for line in ended.out.splitlines()]
    assert [(image["image_name"], image.get("vul_num")) for image in shown] == [("app", 0), ("api", None)]
    assert "warning: 1 row cannot be read in full, such as the row of team/api:1.0: vul_num: " in ended.err
