"""`hssgate policy import`: output, warnings and exit codes."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from hssgate.policy.load import load_policy
from tests.conftest import Bench
from tests.support.fakes import START

LINES = """\
# not reachable
CVE-2024-0001
CVE-2024-0002 exp:2027-01-31

CVE-2024-0003
# 不可达
CVE-2024-0006
GHSA-jfh8-c2jp-5v3q
"""
YAML = """\
vulnerabilities:
  - id: CVE-2024-0004
    statement: "accepted: #7"
  - id: CVE-2024-0005
    paths: [usr/lib/x]
secrets:
  - id: aws-access-key-id
"""
PATHS = (
    "id: CVE-2024-0005, paths: ['usr/lib/x']: narrowed by `paths`, which the findings of HSS cannot be compared with"
)
SECRET = "id: aws-access-key-id: a secret; HSS names secrets by their file: ignore them by `file`"


def save(bench: Bench, name: str, content: str | bytes) -> None:
    (bench.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def test_files_of_both_forms_become_one_list(bench: Bench) -> None:
    """It can be appended to a policy; each entry has a reason, and the line of each entry that is left out is named."""
    save(bench, ".trivyignore", LINES)
    save(bench, ".trivyignore.yaml", YAML)

    ended = bench.run("policy", "import", ".trivyignore", ".trivyignore.yaml", ".trivyignore", "--reason", "SEC-12")

    assert ended.code == 0
    assert ended.out == (
        "ignore:\n"
        "  # from .trivyignore\n"
        "  - vulnerability: CVE-2024-0001\n"
        '    reason: "not reachable"\n'
        "  - vulnerability: CVE-2024-0002\n"
        '    reason: "not reachable"\n'
        "    expires: 2027-01-30\n"
        "  - vulnerability: CVE-2024-0003\n"
        '    reason: "SEC-12"\n'
        "  - vulnerability: CVE-2024-0006\n"
        '    reason: "不可达"\n'
        "  # line 8, not carried: GHSA-jfh8-c2jp-5v3q: HSS has no GHSA ids; write an entry for its CVE\n"
        "  # from .trivyignore.yaml\n"
        "  - vulnerability: CVE-2024-0004\n"
        '    reason: "accepted: #7"\n'
        f"  # line 4, not carried: {PATHS}\n"
        f"  # line 7, not carried: {SECRET}\n"
    )
    assert ended.err.splitlines() == [
        "warning: .trivyignore:8: not carried: GHSA-jfh8-c2jp-5v3q: HSS has no GHSA ids; write an entry for its CVE",
        f"warning: .trivyignore.yaml:4: not carried: {PATHS}",
        f"warning: .trivyignore.yaml:7: not carried: {SECRET}",
        "carried: 5; not carried: 3",
    ]
    save(bench, "hssgate.yaml", f"rules: {{severity: Medium}}\n{ended.out}")
    assert len(load_policy(Path("hssgate.yaml"), START).policy.ignore) == 5


def test_the_example_of_the_documents_is_what_the_command_prints(bench: Bench) -> None:
    """And the entry shown for a rule of Grype is one that a policy takes."""
    page = (Path(__file__).parents[2] / "docs" / "from-trivy-and-grype.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    ((command, printed),) = re.findall(r"```console\n\$ hssgate (.*?)\n(.*?)```", page, flags=re.DOTALL)
    _, entry = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    save(bench, ".trivyignore", source)
    save(bench, "hssgate.yaml", f"rules: {{severity: Medium}}\n{entry}")

    ended = bench.run(*shlex.split(command))

    assert (ended.code, ended.out) == (0, printed)
    assert len(load_policy(Path("hssgate.yaml"), START).policy.ignore) == 1


def test_an_entry_without_a_reason_names_its_file(bench: Bench) -> None:
    """Where `--reason` is not given; a policy has no entry without a reason."""
    save(bench, "x: #.trivyignore", "CVE-2024-0001")

    ended = bench.run("policy", "import", "x: #.trivyignore")

    assert yaml.safe_load(ended.out) == {
        "ignore": [{"vulnerability": "CVE-2024-0001", "reason": "imported from x: #.trivyignore"}]
    }


def test_an_entry_that_is_left_out_is_one_line_without_control_characters(bench: Bench) -> None:
    """On the terminal as well as in the list."""
    save(bench, ".trivyignore", f"CVE-2024-0001\nGHSA-a \x1b[2J\u202e{'x' * 300}\n")

    ended = bench.run("policy", "import", ".trivyignore")

    left_out = f"not carried: GHSA-a {'x' * 192}…: HSS has no GHSA ids; write an entry for its CVE\n"
    assert f"warning: .trivyignore:2: {left_out}" in ended.err
    assert f"  # line 2, {left_out}" in ended.out


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        pytest.param(".trivyignore", "", ".trivyignore can be carried", id="an empty file"),
        pytest.param(".trivyignore", "GHSA-a\n", "nothing in .trivyignore can be carried into a policy", id="no entry"),
        pytest.param(".trivyignore", b"CVE-2024-0001 # \xff", ".trivyignore: it is not UTF-8 (byte 16)", id="not UTF-8"),
        pytest.param(".trivyignore", b"#\n" * 2**20, ".trivyignore: it is larger than 1 MiB", id="too large"),
        pytest.param("none", None, "none: it cannot be read: No such file or directory", id="no file"),
        pytest.param("a.yaml", "x: [", "a.yaml:1: not valid YAML", id="no YAML"),
        pytest.param(".grype.yaml", "ignore: []", "docs/from-trivy-and-grype.md has what other files become", id="a file of Grype"),
    ],
)  # fmt: skip
def test_a_file_without_entries_is_misuse(bench: Bench, name: str, content: str | bytes | None, problem: str) -> None:
    """Nothing is printed that could be taken for a policy."""
    if content is not None:
        save(bench, name, content)

    ended = bench.run("policy", "import", name)

    assert (ended.code, ended.out) == (2, "")
    assert problem in ended.err


def test_yaml_may_begin_with_a_byte_order_mark(bench: Bench) -> None:
    """As Trivy accepts it."""
    save(bench, "ignore.yml", b"\xef\xbb\xbfvulnerabilities: [{id: CVE-2024-0001}]")

    assert "vulnerability: CVE-2024-0001" in bench.run("policy", "import", "ignore.yml").out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [".trivyignore", "--reason", ""],
        [".trivyignore", "--reason", "\u0301"],
        [".trivyignore", "--reason", "\ufffd"],
    ],
)
def test_what_is_missing_is_misuse(bench: Bench, arguments: list[str]) -> None:
    """A file, and the text of a reason."""
    save(bench, ".trivyignore", LINES)

    ended = bench.run("policy", "import", *arguments)

    assert (ended.code, ended.out) == (2, "")


def test_more_entries_than_a_policy_can_have_are_named(bench: Bench) -> None:
    """They are printed all the same."""
    save(bench, ".trivyignore", "".join(f"CVE-2024-{number:05}\n" for number in range(2001)))

    ended = bench.run("policy", "import", ".trivyignore")

    assert (ended.code, ended.out.count("vulnerability:")) == (0, 2001)
    assert "a policy can have 2000 `ignore` entries, and these are 2001" in ended.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(".trivyignore", "CVE-2024-0001\n", id="lines"),
        pytest.param(".trivyignore", "AVD-DS-0001\n", id="lines that a policy cannot have"),
        pytest.param(".trivy", "CVE-2024-0001 exp:2020-01-31\n", id="lines that have ended, in a file of another name"),
        pytest.param("team.trivyignore", "# x\nCVE-2024-0001\n", id="lines in a file of another name"),
        pytest.param(".trivyignore.yaml", YAML, id="YAML"),
        pytest.param("trivy ignores.yml", YAML, id="YAML in a file of another name"),
    ],
)
def test_an_ignore_file_in_place_of_a_policy_is_answered_with_the_command(
    bench: Bench, name: str, content: str
) -> None:
    """It can be pasted into a shell; nothing is asked of the API."""
    save(bench, name, content)

    ended = bench.check("team/app:1.0", "--policy", name)

    shown = f"'{name}'" if " " in name else name
    assert (ended.code, bench.sent) == (2, [])
    assert f"{name}: this is an ignore file of Trivy, not a policy" in ended.err
    assert f"hssgate policy import {shown}\n" in ended.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("p.yaml", "vulnerabilities: 20", id="a rule outside of rules"),
        pytest.param("p.toml", "CVE-2024-0001 = 1", id="TOML"),
        pytest.param("p.txt", "rules: {severity: High}", id="a policy with another suffix"),
    ],
)
def test_a_faulty_policy_is_not_taken_for_an_ignore_file(bench: Bench, name: str, content: str) -> None:
    """Its faults are named instead."""
    save(bench, name, content)

    ended = bench.run("policy", "validate", name)

    assert ended.code == 2
    assert "Trivy" not in ended.out + ended.err
