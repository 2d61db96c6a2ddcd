"""Tests of the search for the default policy file in the current folder and its parents."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hssgate.errors import Misused
from hssgate.policy.search import Disk, Search, find_policy, is_default_name
from tests.cli.test_check import finished, images
from tests.conftest import NO_FILE, Bench, Ended, sha256

STRICT = "rules: {vulnerabilities: 0}"
STRANGER = 4242


@pytest.fixture
def repository(bench: Bench) -> Bench:
    """A repository whose image has three vulnerabilities; the current folder lies two levels below its root."""
    bench.play(images(finished()))
    (bench.folder / ".git").mkdir()
    here = bench.folder / "services" / "api"
    here.mkdir(parents=True)
    bench.monkeypatch.chdir(here)
    return bench


def check(bench: Bench, *arguments: str, env: dict[str, str] | None = None) -> Ended:
    return bench.check(
        "team/app:1.0", *arguments, "--report", f"json={bench.folder}/report.json", reports=False, env=env
    )


class FakeDisk(Disk):
    """A disk on which some paths belong to a stranger, and some lie on another file system."""

    def __init__(self, *strangers: Path, others: tuple[Path, ...] = ()) -> None:
        self._strangers = strangers
        self._others = others

    def device(self, folder: Path) -> int:
        return 2 if folder in self._others else 1

    def owners(self, path: Path) -> set[int]:
        return {STRANGER} if path in self._strangers else super().owners(path)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        pytest.param(".", "hssgate.yaml", id="here"),
        pytest.param("..", "../hssgate.yaml", id="above"),
        pytest.param("../..", "../../hssgate.yaml", id="in the root of the repository"),
    ],
)
def test_the_policy_is_found_upwards(repository: Bench, place: str, path: str) -> None:
    """A check in a subfolder uses the policy of the repository, and its first line names that policy."""
    Path(place, "hssgate.yaml").write_text(STRICT)

    ended = check(repository)

    assert ended.code == 10
    assert ended.out.splitlines()[0] == f"policy: {path} (sha256 {sha256(path)})"
    assert [policy["path"] for policy in ended.report["policies"]] == [path]


def test_code_hosts_are_given_the_path_in_the_repository(repository: Bench) -> None:
    """They link to the file, which is impossible for a path that begins with `..`."""
    Path("../hssgate.yaml").write_text("# strict\n" + STRICT)

    check(repository, "--report", "junit=j.xml", "--report", "sarif=s.sarif", "--report", "codequality=c.json")

    (case,) = [case for case in ET.parse("j.xml").iter("testcase") if case.get("name") == "vulnerabilities"]  # noqa: S314 - our own file
    (result,) = json.loads(Path("s.sarif").read_text())["runs"][0]["results"]
    (entry,) = json.loads(Path("c.json").read_text())
    assert (case.get("file"), case.get("line")) == ("services/hssgate.yaml", "2")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "services/hssgate.yaml"
    assert entry["location"]["path"] == "services/hssgate.yaml"


def test_the_nearest_policy_is_taken(repository: Bench) -> None:
    """A policy further up is neither read nor checked."""
    Path("../hssgate.toml").write_text("[rules]\nvulnerabilities = 3")
    Path("../../hssgate.yaml").write_text(STRICT)
    Path("../../.hssgate.json").write_text("{")

    ended = check(repository)

    assert (ended.code, ended.report["policies"][0]["path"]) == (0, "../hssgate.toml")


def test_nothing_outside_of_the_repository_is_read(repository: Bench) -> None:
    """The root of the repository is the last folder that is searched."""
    inner = Path("checkout/src")
    inner.mkdir(parents=True)
    Path("checkout/.git").write_text("gitdir: ../.git/worktrees/checkout")  # as in a worktree or a submodule
    Path("hssgate.yaml").write_text(STRICT)
    repository.monkeypatch.chdir(inner)

    ended = check(repository)

    here = Path.cwd()
    assert ended.code == 0
    assert ended.out.splitlines()[0] == f"policy: {NO_FILE.format(folder=f'{here} or above, up to {here.parent}')}"
    assert ended.report["policies"][0]["searched"] == {"from": str(here), "up_to": str(here.parent)}


def test_without_a_repository_only_this_folder_is_searched(repository: Bench) -> None:
    """A file of a folder above may belong to anything."""
    (repository.folder / ".git").rmdir()
    Path("../hssgate.yaml").write_text(STRICT)

    ended = check(repository)

    assert ended.code == 0
    assert ended.out.splitlines()[0] == f"policy: {NO_FILE.format(folder=Path.cwd())}"


@pytest.mark.parametrize(
    ("arguments", "env"),
    [(["--policy", "given.yaml"], {}), ([], {"HSSGATE_POLICY": "given.yaml"})],
    ids=["option", "variable"],
)
def test_nothing_is_searched_where_a_policy_is_given(
    repository: Bench, arguments: list[str], env: dict[str, str]
) -> None:
    """Misspelt default files are ignored as well."""
    Path("given.yaml").write_text("rules: {vulnerabilities: 3}")
    Path("hssgate.yaml").write_text(STRICT)
    Path(".hssgate.yml").write_text(STRICT)
    key = {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}

    ended = check(repository, *arguments, env=key | env)

    assert (ended.code, ended.out.splitlines()[0]) == (0, f"policy: given.yaml (sha256 {sha256('given.yaml')})")


MISSPELT = [
    ".hssgate.yaml", "Hssgate.yml", "hssgate.YAML", "HSSGATE.JSON", "_hssgate.yaml", "-hssgate.toml", "hss-gate.yaml", "hss_gate.yml",
    ".hss-gate.json", "..hssgate.yaml", "hs\N{LATIN SMALL LETTER LONG S}gate.yaml",
]  # fmt: skip


@pytest.mark.parametrize("place", [".", "..", "../.."], ids=["here", "above", "root"])
@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_default_name_is_misuse(repository: Bench, name: str, place: str) -> None:
    """This is so in each searched folder, because the file was probably meant as the policy."""
    Path(place, name).write_text(STRICT)

    ended = check(repository)

    assert ended.code == 2
    assert f"{name} in {Path(place).resolve()}: a default policy file is named hssgate.yaml, .yml" in ended.err
    assert repository.emulator.request_count == 0


@pytest.mark.parametrize("place", [".", ".."], ids=["here", "above"])
@pytest.mark.parametrize(
    ("first", "second"), [("hssgate.json", "hssgate.yaml"), ("hssgate.toml", "hssgate.yml"), (".hssgate.yaml", "hssgate.yaml")]
)  # fmt: skip
def test_two_default_files_are_misuse(repository: Bench, first: str, second: str, place: str) -> None:
    """The gate cannot know which one was meant."""
    Path(place, first).write_text(STRICT)
    Path(place, second).write_text(STRICT)

    ended = check(repository)

    assert ended.code == 2
    assert f"{first} and {second} in {Path(place).resolve()}" in ended.err


REPORT = (
    '{\n  "schema_version": 1,\n  "tool": {\n    "name": "hssgate",\n    "version": "0.1.0"\n  },\n  "started_at": "x"}'
)


@pytest.mark.parametrize("place", [".", ".."], ids=["here", "above"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param('{"schema_version": 1}', id="what looks like a report"),
        pytest.param(REPORT, id="a report of hssgate"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param("\x00\x01", id="no text"),
    ],
)
def test_a_default_file_is_a_policy_or_misuse(repository: Bench, content: str, place: str) -> None:
    """A file is never skipped because of its content, and it is not changed."""
    path = Path(place, "hssgate.json")
    path.write_text(content)

    ended = check(repository)

    assert (ended.code, path.read_text()) == (2, content)
    assert f"error: {path}:" in ended.err
    assert ("this is a report of hssgate, not a policy" in ended.err) is (content == REPORT)


def test_validate_knows_a_report(bench: Bench) -> None:
    """A list of its unknown keys would not help."""
    Path("hssgate.json").write_text(REPORT)

    ended = bench.run("policy", "validate")

    assert ended.code == 2
    assert ended.out.startswith("hssgate.json: this is a report of hssgate, not a policy: delete it")


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(Path.mkdir, id="a folder"),
        pytest.param(lambda path: path.symlink_to("nowhere.yaml"), id="a link that leads nowhere"),
        pytest.param(lambda path: path.symlink_to(path.name), id="a link to itself"),
        pytest.param(lambda path: path.symlink_to("/proc/self/mem"), id="a file that cannot be read from its beginning"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [".", ".."], ids=["here", "above"])
def test_a_default_file_that_cannot_be_read_is_misuse(repository: Bench, make: object, place: str) -> None:
    """The built-in policy may be weaker than the one that was meant."""
    assert callable(make)
    make(Path(place, "hssgate.yaml"))

    ended = check(repository)

    assert ended.code == 2
    assert "hssgate.yaml: it cannot be read" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["judge", "report.json"], id="judge"),
        pytest.param(["policy", "explain", "team/app:1.0"], id="policy explain"),
        pytest.param(["policy", "validate"], id="policy validate"),
        pytest.param(["policy", "test", "report.json"], id="policy test"),
        pytest.param(["doctor", "--endpoint", "http://127.0.0.1:9", "--project-id", "project"], id="doctor"),
    ],
)
def test_each_command_finds_the_same_policy(repository: Bench, arguments: list[str]) -> None:
    """Each command also refuses the same misspelt names."""
    check(repository)
    Path("report.json").write_bytes((repository.folder / "report.json").read_bytes())
    Path("../hssgate.yaml").write_text(STRICT)
    key = {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}

    found = repository.run(*arguments, env=key)
    Path("Hssgate.yaml").write_text(STRICT)
    refused = repository.run(*arguments, env=key)

    named = next(line for line in found.out.splitlines() if "../hssgate.yaml" in line)
    assert sha256("../hssgate.yaml") in named or arguments == ["policy", "validate"]
    assert refused.code == 2
    assert "Hssgate.yaml in " in refused.out + refused.err


def test_a_policy_of_a_stranger_is_misuse(repository: Bench) -> None:
    """Whoever owns a folder above, the root of the repository or the file itself could have put it there."""
    here, above, root = Path.cwd(), Path.cwd().parent, repository.folder
    (above / "hssgate.yaml").write_text(STRICT)
    found = Search(Path("../hssgate.yaml"), (here, above), Path("services/hssgate.yaml"))

    for path in (above, root, root / ".git", above / "hssgate.yaml"):
        with pytest.raises(Misused, match=f"{path} belongs to user {STRANGER}"):
            find_policy(FakeDisk(path))
    assert find_policy(FakeDisk(root.parent, root / "hssgate.yaml", here / ".git")) == found


def test_the_owner_of_this_folder_may_own_the_rest(repository: Bench) -> None:
    """A job in a container often runs as another user than the one who owns the checkout."""
    here, above, root = Path.cwd(), Path.cwd().parent, repository.folder
    (root / "hssgate.yaml").write_text(STRICT)

    everything = FakeDisk(here, above, root, root / ".git", root / "hssgate.yaml")

    assert find_policy(everything).path == Path("../../hssgate.yaml")


def test_a_policy_here_may_belong_to_anyone(repository: Bench) -> None:
    """Parent folders are not searched then."""
    Path("hssgate.yaml").write_text(STRICT)

    strangers = FakeDisk(Path.cwd().parent, repository.folder, Path.cwd() / "hssgate.yaml")

    assert find_policy(strangers) == Search(Path("hssgate.yaml"), (Path.cwd(),))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("target", ["..", "../../.git", "../../real.yaml"])
def test_the_owner_is_looked_up(repository: Bench, target: str) -> None:
    """The owner on the real disk is used, and for a link also the owner of its target; no request is sent."""
    (repository.folder / "real.yaml").write_text("rules: {vulnerabilities: 3}")
    Path("../hssgate.yaml").symlink_to("../real.yaml")
    assert check(repository).code == 0
    asked = repository.emulator.request_count

    os.chown(target, STRANGER, -1)
    refused = check(repository)

    assert (refused.code, repository.emulator.request_count) == (2, asked)
    assert (
        f"belongs to user {STRANGER}, who is neither this user, root, nor the owner of the current folder"
        in refused.err
    )


def test_without_a_repository_the_owners_above_do_not_matter(repository: Bench) -> None:
    """No file of theirs is read."""
    (repository.folder / ".git").rmdir()

    assert find_policy(FakeDisk(*Path.cwd().parents)) == Search(None, (Path.cwd(),))


def test_no_other_file_system_is_searched(repository: Bench) -> None:
    """If the root of the repository is on another file system, only the current folder is searched."""
    here, above, root = Path.cwd(), Path.cwd().parent, repository.folder
    (root / "hssgate.yaml").write_text(STRICT)

    assert find_policy(FakeDisk(others=(root,))) == Search(None, (here,))
    assert find_policy(FakeDisk(others=(above, root))) == Search(None, (here,))
    assert find_policy(FakeDisk(others=(root.parent,))).path == Path("../../hssgate.yaml")


def test_a_folder_that_is_gone_is_misuse(repository: Bench) -> None:
    """It may have contained a policy."""
    Path.cwd().rmdir()

    ended = repository.run("policy", "explain", "team/app:1.0")

    assert ended.code == 2
    assert "the working directory does not exist any more" in ended.err
    with pytest.raises(
        Misused, match=r"the current folder: it cannot be searched for a policy: No such file .*; name the"
    ):
        find_policy()


@pytest.mark.parametrize(
    "name",
    ["hssgate-report.json", "hssgate-accepted.json", "hssgate.schema.json", "hssgate.xml", "hssgate.yaml.bak", "my-hssgate.yaml", "gate.yaml"],
)  # fmt: skip
def test_other_names_are_no_default_names(name: str) -> None:
    """Such files may lie beside the policy."""
    assert not is_default_name(name)


def test_the_json_report_says_where_a_file_was_looked_for(bench: Bench) -> None:
    """The report has the folders only if no file was found."""
    bench.play(images(finished())).check("team/app:1.0")
    assert json.loads(Path("report.json").read_text())["policies"][0]["searched"] == {
        "from": str(bench.folder),
        "up_to": str(bench.folder),
    }

    Path("hssgate.yaml").write_text(STRICT)
    assert bench.check("team/app:1.0").report["policies"] == [
        {"path": "hssgate.yaml", "sha256": bench.check("team/app:1.0").report["policies"][0]["sha256"]}
    ]
