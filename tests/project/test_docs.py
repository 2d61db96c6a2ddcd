"""What the documents promise is what the code does."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click
import pytest
import yaml

from hssgate import __version__
from hssgate.cli.check import check
from hssgate.cli.codearts import CODEARTS
from hssgate.cli.connect import connections, profile, variables
from hssgate.cli.connect.variables import KEYS, TOKENS
from hssgate.cli.main import cli
from hssgate.emulator.identity.model import Identity
from hssgate.emulator.identity.names import IdentityName
from hssgate.emulator.scenario import parse_scenario
from hssgate.exit_codes import ExitCode
from hssgate.hss import refusals
from hssgate.policy.document import read_document
from hssgate.policy.load import load_policy
from hssgate.policy.model import BUILT_IN_TEXT
from hssgate.policy.rule_table import RULES
from hssgate.reports import FORMATS
from tests.cli.test_known import known
from tests.support.fakes import START

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(document: str, header: str) -> list[list[str]]:
    """The cells of the table with this header."""
    table = document.partition(header + "\n")[2].split("\n\n")[0].splitlines()[1:]
    assert table, header
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in table]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", document, flags=re.DOTALL)


def named(document: str, header: str) -> list[str]:
    """What the first column of the table names, in order."""
    return [name for cells in rows(document, header) for name in re.findall(r"`([^`]+)`", cells[0])]


def options() -> list[click.Option]:
    common = {"verbose", "quiet", "version", "help"}
    return [found for found in check.params if isinstance(found, click.Option) and found.name not in common]


def test_the_option_table_is_the_options() -> None:
    """Each option with its variables in their order, and its default."""
    check_section = page("commands.md").partition("\n## hssgate check\n")[2]
    table = rows(check_section, "| option | environment | default | meaning |")
    documented = {cells[0].strip("`").split()[0]: cells for cells in table if cells[0].startswith("`")}

    assert next(iter(documented)) == "IMAGE..."
    assert sorted(documented) == sorted(["IMAGE...", *(option.opts[0] for option in options())])
    for option in options():
        _, variables, default, meaning = documented[option.opts[0]]
        named = [option.envvar] if isinstance(option.envvar, str) else [*(option.envvar or ())]
        assert re.findall(r"`([A-Z][A-Z_]+)`", variables) == named
        if isinstance(option.default, str):
            assert default == f"`{option.default}`"
        assert meaning


@pytest.mark.parametrize("document", ["policy.md", "zh/policy.md"])
def test_every_rule_of_the_policy_is_documented(document: str) -> None:
    """In the policy that the page shows; of the rules for one level, the prefix is enough."""
    shown = "".join(blocks(page(document), "yaml"))

    for name in RULES:
        prefix = name.removesuffix("vulnerabilities")
        assert f"  {name}: " in shown or (prefix.endswith("_") and f" {prefix}" in shown), name


def test_the_exit_codes_are_the_exit_codes() -> None:
    """In README, in the help of `check`, and each with a section of its own in the page on troubleshooting."""
    documented = [int(cells[0]) for cells in rows(README, "| exit code | meaning | what to do |")]
    explained = [int(code) for code in re.findall(r"(?m)^## Exit code (\d+)$", page("troubleshooting.md"))]
    helped = [int(code) for code in re.findall(r"^  (\d+) ", check.epilog or "", flags=re.MULTILINE)]

    assert documented == explained == helped == [int(code) for code in ExitCode]


def test_the_credentials_are_all_named() -> None:
    """In the order in which they are tried, and then what goes with them."""
    tried = [*TOKENS, *(name for keys in KEYS for name in (keys.ak, keys.sk, keys.security_token) if name)]
    tried += [variables.PROVIDER_URN, variables.AGENCY_URN, variables.ID_TOKEN, variables.ID_TOKEN_FILE]
    tried += [variables.IDP_ID, variables.IDP_TOKEN_FILE]
    tried += [variables.USER, variables.PASSWORD, variables.DOMAIN, profile.VARIABLE]
    tried += [variables.AUDIENCE, variables.SESSION_NAME, variables.DURATION]
    tried += [variables.POLICY, variables.POLICY_IDS]
    tried += [connections.IAM_ENDPOINT, connections.STS_ENDPOINT]

    text = (
        page("credentials.md").partition("\n## Permission\n")[0]
        + page("credentials.md").partition("\n## Which hosts")[2]
    )

    named = dict.fromkeys(re.findall(r"`([A-Z_]+[A-Z])`", text))
    assert [name for name in named if name.startswith(("HSSGATE_", "HUAWEICLOUD_", "HW_", "CLOUD_SDK_"))] == tried
    assert f"`{variables.ECS_AGENCY}=1`" in text


def test_the_integrations_have_the_documented_inputs() -> None:
    """Inputs and outputs of the action, inputs of the template, with their defaults; the examples use no others."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    spec, _ = yaml.safe_load_all((ROOT / "gitlab-ci-template.yml").read_text(encoding="utf-8"))
    github, gitlab = page("pipelines-github.md"), page("pipelines-gitlab.md")

    assert sorted(named(github, "| input | default |")) == sorted(action["inputs"])
    assert sorted(named(github, "| output | content |")) == sorted(action["outputs"])
    assert sorted(named(gitlab, "| input | default |")) == sorted(spec["spec"]["inputs"])
    for table, inputs in ((github, action["inputs"]), (gitlab, spec["spec"]["inputs"])):
        for names, default in rows(table, "| input | default |"):
            if default.startswith("`"):
                assert default.strip("`") == inputs[names.strip("`")]["default"]
    (workflow, softened), (include, parent, child) = blocks(github, "yaml"), blocks(gitlab, "yaml")
    readme_steps, readme_include = (yaml.safe_load(block) for block in blocks(README, "yaml")[:2])
    for gate in (yaml.safe_load(workflow)["jobs"]["image"]["steps"][-1], yaml.safe_load(softened)[0], readme_steps[-1]):
        assert set(gate["with"]) <= set(action["inputs"])
        assert gate["uses"].endswith(f"@v{__version__}")
    handed_on = yaml.safe_load(parent)["gate"]["variables"]
    taken = yaml.safe_load(child)["include"][0]["inputs"].values()
    assert all(any(value.endswith(f"${name}") for value in taken) for name in handed_on)
    assert yaml.safe_load(parent)["gate"]["trigger"]["strategy"] == "depend"
    for included in (yaml.safe_load(include), yaml.safe_load(child), readme_include):
        assert set(included["include"][0]["inputs"]) <= set(spec["spec"]["inputs"])
        assert included["include"][0]["ref"] == f"v{__version__}"


def test_the_help_names_each_report_format() -> None:
    """In the order of the table of reports."""
    (reports,) = [option for option in options() if option.name == "reports"]

    documented = [cells[0].strip("`") for cells in rows(page("reports.md"), "| format | for |")]
    helped = re.findall(r"[a-z]+", (reports.help or "").partition("FORMAT is ")[2].partition(";")[0])

    assert documented == helped == [*FORMATS, CODEARTS]


def test_every_command_is_documented() -> None:
    """The page on commands has a section for each command that the program has."""
    for name in cli.list_commands(click.Context(cli)):
        assert f"\n## hssgate {name}" in page("commands.md"), "run make docs"


def test_the_policy_of_the_documentation_is_valid(tmp_path: Path) -> None:
    """It has each rule; and the built-in policy is the one that the page names."""
    (example,) = blocks(page("policy.md"), "yaml")
    path = tmp_path / "hssgate.yaml"
    path.write_text(example, encoding="utf-8")
    (tmp_path / "kev.json").write_text(
        json.dumps(
            {
                "dateReleased": datetime.fromtimestamp(START, UTC).isoformat(),
                "vulnerabilities": [{"cveID": "CVE-2021-44228"}],
            }
        )
    )

    known(file=tmp_path / "hssgate-accepted.json")

    assert set(load_policy(path, START).policy.rules.in_force()) == {
        "severity", "vulnerabilities", "high_vulnerabilities", "cvss", "new_vulnerabilities", "exploited", "unsafe_settings", "baseline", "sensitive_files", "malicious_files", "scan_age", "scan",
    }  # fmt: skip
    assert read_document(BUILT_IN_TEXT, ".yaml").data == {
        "version": 1,
        "rules": {"severity": "Medium", "malicious_files": 0},
    }
    assert "Without a policy file: `severity: Medium` and `malicious_files: 0`." in page("policy.md")


def test_the_scenario_of_the_documents_is_valid() -> None:
    """It can be played."""
    (example,) = blocks(page("emulator.md"), "yaml")

    assert len(parse_scenario(example, "docs/emulator.md").images) == 1


def test_the_identity_side_of_the_emulator_is_documented() -> None:
    """Each key of the section, and each call that a fault may name."""
    text = page("emulator.md")

    documented = [cells[0].strip("`") for cells in rows(text, "| key of `identity` | means |")]

    assert documented == list(Identity.model_fields)
    assert [name for name in get_args(IdentityName) if f"`{name}`" not in text] == []


def test_the_page_on_answers_names_what_the_code_tells_apart() -> None:
    """Statuses that are asked again until a deadline, and codes after which nothing is asked again."""
    table = rows(page("answers.md"), "| response | what the gate does |")
    throttled, transient = (set(map(int, re.findall(r"\b[45][0-9]{2}\b", table[row][0]))) for row in (0, 1))
    final = next(cells[0] for cells in table if "`HSS.0010`" in cells[0])

    assert throttled == {429}
    assert transient == refusals.TRANSIENT
    assert set(re.findall(r"`([^`]+)`", final)) >= refusals.FINAL_CODES
    assert all(f"`{prefix}…`" in final for prefix in refusals.FINAL_PREFIXES)


def test_the_map_of_the_code_names_what_there_is() -> None:
    """Each path in the tables exists, and each package is in them."""
    text = page("architecture.md")
    headers = ("| package | contents |", "| to change | go to |")
    table = "\n".join(" ".join(cells) for header in headers for cells in rows(text, header))

    for path in re.findall(r"`(hssgate/[a-z_./]+)`", table):
        assert (ROOT / path).exists(), path
    for package in (path.parent.name for path in (ROOT / "hssgate").glob("*/__init__.py")):
        assert f"hssgate/{package}/" in table


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/testing.md", "docs/threats.md", "SECURITY.md"])
def test_files_that_developers_are_sent_to_exist(name: str) -> None:
    """Each path in code style, but for the NAME of a recipe."""
    text = (ROOT / name).read_text(encoding="utf-8")

    for path in re.findall(r"`((?:hssgate|tests|docs|action|benchmarks|examples)/[\w./-]+)(?:::\w+)?`", text):
        assert "NAME" in path or (ROOT / path).exists(), path
    for target in re.findall(r"`make ([a-z]+)", text):
        assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8")), target


def test_nothing_committed_names_an_index_or_a_machine() -> None:
    """Locked requirements contain hashes and no address."""
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--index|--find-links", text)


@pytest.mark.real
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository")
def test_nothing_that_is_ignored_is_committed() -> None:
    """Not even a link, as to an environment outside."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip

    assert listed.stdout == ""


@pytest.mark.real
def test_the_module_runs_as_the_console_script_does() -> None:
    """`python -m hssgate`."""
    ended = subprocess.run(
        [sys.executable, "-m", "hssgate", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert ended.stdout.startswith("hssgate, version ")
