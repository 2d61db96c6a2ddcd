"""What `hssgate images` prints: a table for people, JSON lines for programs, and nothing that harms either."""

import re

import pytest

from hssgate.cli.layouts import LAYOUTS, display_width
from hssgate.hss.models import CicdImage
from tests.cli.test_check import finished, image, images
from tests.cli.test_images import CONNECTION, lines, listed, serve
from tests.conftest import KEY, Bench
from tests.support.fakes import START


def test_json_has_the_names_of_the_api_and_only_what_is_there(bench: Bench) -> None:
    """Chinese as it is, missing fields left out, numbers as numbers."""
    row = "{image_name: 中文, vul_num: 3, timeline: [{at: -1h, scan_status: failed, scan_failed_desc: 漏洞扫描失败}]}"
    ended = listed(bench.play(f"images: [{row}]"), "--format", "json")

    (found,) = lines(ended)
    assert '"image_name": "中文"' in ended.out
    assert found["vul_num"] == 3
    assert found["scan_failed_desc"] == "漏洞扫描失败"
    assert found["latest_scan_time"] == int((START - 3600) * 1000)
    assert found.keys() <= CicdImage.model_fields.keys()
    assert not {"namespace", "cicd_name", "severity_level"} & found.keys()


TABLE = """\
IMAGE                                     CICD NAME         STATUS            SEVERITY  VULNS  UNSAFE  MALICIOUS  SCANNED (UTC)         DIGEST
team/app:1.0                              shop              success           Low           3       0          0  2026-09-21T13:13:20Z  sha256:abababababab
team/中文应用:1.0                         商店              success           Low           3       0          0  2026-09-21T13:13:20Z  sha256:abababababab
team/app:1.0                              -                 scanning          -             -       -          -  -                     sha256:abababababab
"""


def test_the_table_reads_well(bench: Bench) -> None:
    """Wide characters take two columns, a missing value is a dash, and the header has no colour without a terminal."""
    scenario = images(
        finished(),
        finished(image_name="中文应用", cicd_name="商店"),
        image("{at: -2h, scan_status: scanning}", cicd_name="null"),
    )

    ended = listed(bench.play(scenario))

    assert (ended.out, ended.err) == (TABLE, "3 rows\n")


def test_the_header_is_bold_where_colour_is_welcome(bench: Bench) -> None:
    """An empty list has only the header."""
    bench.play("images: []")

    ended = bench.run("images", *CONNECTION, env=KEY | {"FORCE_COLOR": "1"})

    assert ended.out == f"\x1b[1m{LAYOUTS['table'].header}\x1b[0m\n"


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        pytest.param(200, 9, id="wide"),
        pytest.param(155, 9, id="just enough"),
        pytest.param(154, 8, id="one less"),
        pytest.param(120, 7, id="of 120 columns"),
        pytest.param(80, 4, id="of 80 columns"),
        pytest.param(20, 4, id="too narrow for any"),
    ],
)
def test_the_table_fits_the_terminal(bench: Bench, width: int, columns: int) -> None:
    """Columns are left out, the digest first, and named; the image and its result always stay."""
    from hssgate.cli.console import Console

    bench.monkeypatch.setattr(Console, "result_width", width)

    ended = listed(bench.play(images(finished())))

    header, row = ended.out.splitlines()
    assert len(re.split(r"  +", header)) == columns
    assert len(header) <= max(width, 75)
    assert len(row) <= max(width, 75)
    assert header.split()[:4] == [
        "IMAGE",
        *(["CICD", "NAME", "STATUS"] if columns > 7 else ["STATUS", "SEVERITY", "VULNS"]),
    ]
    assert ("too narrow for DIGEST" in ended.err) is (columns < 9)


def test_json_is_the_same_on_a_narrow_terminal(bench: Bench) -> None:
    """Programs read it."""
    from hssgate.cli.console import Console

    bench.monkeypatch.setattr(Console, "result_width", 20)

    ended = listed(bench.play(images(finished())), "--format", "json")

    assert "image_digest" in ended.out
    assert "narrow" not in ended.err


def test_a_wide_row_is_not_cut() -> None:
    """Names are there to be copied."""
    row = CicdImage(namespace="n" * 128, image_name="i" * 128, image_version="v" * 128, image_digest="x")

    assert LAYOUTS["table"].line(row).startswith(f"{'n' * 128}/{'i' * 128}:{'v' * 128}  -  ")


@pytest.mark.parametrize(
    ("text", "width"), [("app", 3), ("中文", 4), ("e\u0301", 1), ("ﾊﾟ", 2), ("Ａ", 2), ("🚀", 2), ("", 0)]
)
def test_widths_are_those_of_a_terminal(text: str, width: int) -> None:
    """Two columns for a wide character, none for a combining one."""
    assert display_width(text) == width


HOSTILE = "a\x1b[31mb\x9b2Jc\nd\u2028e\u202ef\u0085g\ud800h\U000e0041i"


@pytest.mark.parametrize("layout", ["table", "json"])
def test_hostile_text_is_harmless(bench: Bench, layout: str) -> None:
    """One line a row, no control characters; as JSON it is still the same data."""
    bench.answer(serve(1, lambda _: [{"image_name": HOSTILE, "image_version": "1"}]))

    ended = listed(bench, "--format", layout)

    assert ended.code == 0
    assert len(ended.out.splitlines()) == {"table": 2, "json": 1}[layout]
    assert all(character.isprintable() for line in ended.out.splitlines() for character in line)
    assert "\x1b" not in ended.out
    if layout == "json":
        assert lines(ended) == [{"image_name": HOSTILE, "image_version": "1"}]


def test_json_survives_a_narrow_encoding() -> None:
    """What the output cannot take is escaped as JSON has it, not as Python has it."""
    line = LAYOUTS["json"].narrow_line(CicdImage(image_name="é中🚀"))

    assert line == '{"image_name": "\\u00e9\\u4e2d\\ud83d\\ude80"}'


def test_a_secret_in_a_row_is_not_shown(bench: Bench) -> None:
    """Regardless of its origin."""
    bench.answer(serve(1, lambda _: [{"image_name": "emulator-sk"}]))

    assert "emulator-sk" not in listed(bench).out
