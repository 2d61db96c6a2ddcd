"""docs/threats.md: each threat names existing tests; and tests of threats that have no other place."""

import ast
import re
from pathlib import Path

import httpx
import pytest
import yaml

from tests.conftest import Bench
from tests.support.hostile import TEXTS, world

ROOT = Path(__file__).parents[2]
THREAT_PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
THREATS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in THREAT_PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| threat |")
]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", THREAT_PAGE)
PINNED = re.compile(r"[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40}")


def test_each_threat_names_what_holds_it() -> None:
    """What may be assumed, and at least one test."""
    assert len(THREATS) > 30
    for threat, assumed, held in (row for row in THREATS):
        assert threat, held
        assert assumed, threat
        assert re.fullmatch(r"`tests/[\w/]+\.py::\w+`(?:, `tests/[\w/]+\.py::\w+`)*", held), threat


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_is_named_exists(file: str, name: str) -> None:
    """In the file that is named."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    values = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert name in functions | values


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_text_adds_no_variable(bench: Bench, text: str) -> None:
    """The dotenv report has the same names for any response, each on a line of its own."""
    hostile = bench.answer(world(text)).check("app:1.0", "--report", "dotenv=hostile.env")
    assert hostile.code == 10

    names = [line.partition("=")[0] for line in Path("hostile.env").read_text(encoding="utf-8").splitlines()]
    assert len(names) == len(set(names)) > 5
    assert all(re.fullmatch(r"HSSGATE_[A-Z_]+", name) for name in names)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_profile_file_open_to_others_is_warned_of(bench: Bench, mode: int, warned: bool) -> None:  # noqa: FBT001
    """It is still used: the caller may not be able to change it."""
    Path("profile").write_text("[basic]\nak = emulator-ak\nsk = emulator-sk\n", encoding="utf-8")
    Path("profile").chmod(mode)

    ended = bench.answer(lambda _request: httpx.Response(200, json={"data_list": []})).check(
        "app:1.0", "--timeout", "0", env={"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "profile"}
    )

    assert ended.code == 4, ended.err
    assert ("others on this machine can read it" in ended.err) is warned


def test_every_action_is_named_by_its_commit() -> None:
    """A tag could be moved."""
    used = [
        step["uses"]
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        for step in job.get("steps", [])
        if "uses" in step and not step["uses"].startswith("./")
    ]

    assert used
    assert [name for name in used if not PINNED.fullmatch(name)] == []


def test_a_release_is_attested_before_it_is_published() -> None:
    """All publishing steps come after the attestation."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]

    assert any("attest-build-provenance" in step.get("uses", "") for step in jobs["attest"]["steps"])
    assert [jobs["pypi"]["needs"], jobs["github"]["needs"]] == ["attest", "pypi"]
