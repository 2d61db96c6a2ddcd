"""The situations of `hssgate selftest`: what they cover, and faults in their files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hssgate.emulator.document import read_yaml
from hssgate.exit_codes import ExitCode
from hssgate.hss.models import DOCUMENTED
from hssgate.selftest.situation import Situation, chosen, load_themes

ROOT = Path(__file__).parents[2]
THEMES = load_themes()
SITUATIONS = {situation.name: situation for theme in THEMES for situation in theme.situations}


def test_there_are_enough_situations_and_each_has_a_name_and_a_sentence_of_its_own() -> None:
    """CI systems merge test cases of one name."""
    sentences = [situation.situation for situation in SITUATIONS.values()]

    assert len(SITUATIONS) >= 40
    assert len(set(sentences)) == len(sentences) == sum(len(theme.situations) for theme in THEMES)


def test_every_exit_code_but_a_crash_is_the_answer_to_a_situation() -> None:
    """The exit codes that a pipeline may rely on."""
    assert {situation.exit_code for situation in SITUATIONS.values()} == set(ExitCode) - {ExitCode.CRASHED}


def faulty(**expected: Any) -> Callable[[Situation], bool]:  # noqa: ANN401 - values of any field of a fault
    """Whether a fault of the situation has these fields."""

    def has_it(situation: Situation) -> bool:
        return any(
            all(getattr(fault, name) == value for name, value in expected.items())
            for fault in situation.scenario.faults
        )

    return has_it


RESPONSES: Mapping[str, tuple[Callable[[Situation], bool], int]] = {
    "429 with Retry-After, then an answer": (faulty(status=429, retry_after=1.0), 10),
    "429 without, then an answer": (faulty(status=429, retry_after=None), 0),
    "429 until the deadline": (faulty(status=429), 3),
    "502": (faulty(status=502), 0),
    "503": (faulty(status=503), 10),
    "504": (faulty(status=504), 3),
    "500 at most five times": (faulty(status=500), 0),
    "500 more often": (faulty(status=500), 3),
    "connect error": (lambda situation: not situation.listens, 3),
    "read error": (faulty(reset=True), 0),
    "truncated": (lambda situation: any(fault.truncate for fault in situation.scenario.faults), 3),
    "oversized": (lambda situation: any(fault.bomb for fault in situation.scenario.faults), 3),
    "no JSON": (faulty(garbage=True), 3),
    "HTML": (lambda situation: any("<html>" in str(fault.garbage) for fault in situation.scenario.faults), 3),
    "empty": (faulty(garbage=""), 3),
    "401": (lambda situation: "APIGW.0301" in situation.says and not situation.scenario.clock_skew, 3),
    "401 of a clock skew, healed": (lambda situation: situation.scenario.clock_skew > 900, 0),
    "401 of a clock skew, not healed": (lambda situation: situation.scenario.clock_skew > 900, 3),
    "403": (lambda situation: situation.scenario.credentials[0].deny == "gateway", 3),
    "HSS.0013": (lambda situation: situation.scenario.credentials[0].deny == "service", 3),
    "HSS.0010": (faulty(code="HSS.0010"), 3),
    "404": (faulty(status=404), 3),
    "other 4xx": (faulty(status=400, code=None), 3),
    "3xx": (lambda situation: any(fault.redirect for fault in situation.scenario.faults), 3),
    "slower than the deadline": (faulty(delay=30.0), 3),
    "stalled": (faulty(stall=30.0), 3),
    "data_list an object": (lambda situation: situation.scenario.quirks.data_list == "object", 0),
    "data_list null": (lambda situation: situation.scenario.quirks.data_list == "null", 4),
    "numbers as text": (lambda situation: raw(situation).get("vul_num") == "21 个", 10),
    "numbers beyond reading": (lambda situation: raw(situation).get("vul_num") == "5万", 3),
    "unknown fields": (lambda situation: "grade" in raw(situation), 0),
}


def raw(situation: Situation) -> dict[str, Any]:
    return {name: value for image in situation.scenario.images for name, value in image.raw.items()}


@pytest.mark.parametrize("row", RESPONSES)
def test_every_documented_response_of_the_api_has_a_situation(row: str) -> None:
    """With the exit code of its row, or of the next one."""
    is_meant, exit_code = RESPONSES[row]

    assert [found.name for found in SITUATIONS.values() if is_meant(found) and found.exit_code == exit_code]


def test_every_status_is_played() -> None:
    """The documented statuses, an undocumented one, and no row."""
    played = {
        state.scan_status
        for situation in SITUATIONS.values()
        for image in situation.scenario.images
        for state in image.timeline
    }

    assert played > DOCUMENTED
    assert any(not situation.scenario.images for situation in SITUATIONS.values())


def test_what_is_refused_is_asked_once() -> None:
    """The situations with a documented number of requests check it."""
    refused = chosen(THEMES, ["refusals"])[0].situations

    assert all(situation.requests for situation in refused)
    for situation in refused:
        faults = situation.scenario.faults
        refused_at = faults[0].requests.first if faults and not situation.scenario.clock_skew else 1
        assert situation.requests is not None
        assert refused_at in situation.requests or situation.scenario.clock_skew, situation.name


def test_the_contest_plays_situations_that_there_are() -> None:
    """Each row has an entry for each other gate."""
    contests = read_yaml((ROOT / "benchmarks" / "contest.yaml").read_text(encoding="utf-8"))["contests"]

    rows = [
        (row["ours"], len(row["others"]), len(contest["others"])) for contest in contests for row in contest["rows"]
    ]
    assert len(rows) == 28
    assert [row for row in rows if row[0] not in SITUATIONS or row[1] != row[2]] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c}]", "situations.0.exit_code: Field required", id="no answer"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c, exit_code: 1}]", "no situation may expect a crash", id="a crash"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c, exit_code: 7}]", "situations.0.exit_code", id="no exit code"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c, exit_code: 0, say: [d]}]", "situations.0.say: Extra inputs", id="misspelt"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, exit_code: 0}]", "give either check or run", id="no command"),
        pytest.param("title: x\nsituations: [{name: a, situation: b, check: c, run: d, exit_code: 0}]", "give either check or run", id="two commands"),
        pytest.param("title: x\nsituations: [{name: a, name: b}]", "key 'name' is given twice", id="given twice"),
        pytest.param("[]", "1-odd.yaml", id="no mapping"),
    ],
)  # fmt: skip
def test_a_table_with_a_fault_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The file and the place are named."""
    (tmp_path / "1-odd.yaml").write_text(text)

    with pytest.raises(ValueError, match=r"1-odd\.yaml") as refused:
        load_themes(tmp_path)

    assert message in str(refused.value)


def test_themes_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """The tenth after the ninth."""
    for file in ("10-last.yaml", "9-middle.yaml", "1-first.yaml"):
        name = file.partition("-")[0]
        (tmp_path / file).write_text(f"title: x\nsituations: [{{name: n{name}, situation: b, run: c, exit_code: 0}}]")

    assert [theme.name for theme in load_themes(tmp_path)] == ["first", "middle", "last"]


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    """Over all files; a situation may not be named like a theme either."""
    for file in ("1-odd.yaml", "2-even.yaml"):
        (tmp_path / file).write_text("title: x\nsituations: [{name: odd, situation: b, check: c, exit_code: 0}]")

    with pytest.raises(ValueError, match="named twice: odd"):
        load_themes(tmp_path)
