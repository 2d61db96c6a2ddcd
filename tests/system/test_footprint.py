"""What a run costs, counted instead of timed: modules, requests, TLS contexts, rows kept."""

import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import trustme

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from hssgate.hss.authorities import SystemFirst
from hssgate.hss.http import HttpClient, open_http
from tests.cli.test_check import finished, images
from tests.conftest import Bench
from tests.support.processes import environment

# What nothing of a finished image without a policy file and reports needs.
NOT_LOADED = {
    "asyncio",
    "click.shell_completion",
    "configparser",
    "difflib",
    "jsonschema",
    "junit_xml",
    "logging.config",
    "shlex",
    "sqlite3",
    "tomllib",
    "unittest",
    "yaml",
    "hssgate.hss.at_once",
    "hssgate.hss.auth.issuers",
    "hssgate.hss.auth.federation",
    "hssgate.hss.auth.password",
    "hssgate.hss.auth.sts",
    "hssgate.cli.demo",
    "hssgate.cli.doctor",
    "hssgate.cli.images",
    "hssgate.cli.judge",
    "hssgate.cli.policy",
    "hssgate.cli.selftest",
    "hssgate.emulator",
    "hssgate.waiting.pages",
    "hssgate.judging.scan_failures",
    "hssgate.policy.document",
    "hssgate.policy.explain",
    "hssgate.policy.schema",
    "hssgate.doctor",
    "hssgate.reports.chinese",
    "hssgate.reports.codequality",
    "hssgate.reports.dotenv",
    "hssgate.reports.html",
    "hssgate.reports.json",
    "hssgate.reports.junit",
    "hssgate.reports.markdown",
    "hssgate.reports.sarif",
    "hssgate.saved.reader",
    "hssgate.selftest",
}
# What a policy in JSON and a JUnit report do not need either, where other tools have installed rich and pygments.
FOR_JSON_AND_JUNIT = {"hssgate.policy.document", "hssgate.reports.junit", "junit_xml"}
NOT_LOADED_EITHER = {
    "httpx._main",
    "pygments",
    "rich",
    "hssgate.policy.near_names",
    "hssgate.policy.wording",
    "hssgate.policy.yaml_document",
}
MOST_OF_OURS = 137
MOST_WITH_POLICY_AND_REPORT = 142
CHILD = """
import sys
from hssgate.cli.main import run
code = run(sys.argv[1:])
open("modules", "w").write("\\n".join(sys.modules))
sys.exit(code)
"""


def _loaded_by(folder: Path, *options: str) -> set[str]:
    """The modules that a check of a finished image has loaded at its end."""
    with serve(Emulator(default_scenario(), now=time.time, sleep=time.sleep)) as server:
        given = ["check", "demo/passes:1.0", "--endpoint", server.url, "--project-id", "demo", *options]
        subprocess.run(
            [sys.executable, "-c", CHILD, *given], env=environment(), cwd=folder, check=True, capture_output=True
        )
    return set((folder / "modules").read_text(encoding="utf-8").split())


def _ours(names: set[str]) -> list[str]:
    return sorted(name for name in names if name.partition(".")[0] == "hssgate")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """By a check without options."""
    return _loaded_by(tmp_path_factory.mktemp("footprint"))


@pytest.mark.real
def test_a_finished_image_loads_nothing_that_it_does_not_use(loaded: set[str]) -> None:
    """No other commands, and no reports, credential types and file formats that were not requested."""
    assert "hssgate.cli.check" in loaded
    assert (NOT_LOADED | NOT_LOADED_EITHER) & loaded == set()


@pytest.mark.real
def test_a_policy_in_json_loads_no_yaml_and_no_terminal_library(tmp_path: Path) -> None:
    """Nor the emulator, the selftest and other commands."""
    (tmp_path / "policy.json").write_text('{"version": 1, "rules": {"severity": "Medium"}}', encoding="utf-8")

    found = _loaded_by(tmp_path, "--policy", "policy.json", "--report", "junit=report.xml")

    assert (tmp_path / "report.xml").exists()
    assert found >= FOR_JSON_AND_JUNIT
    assert (NOT_LOADED - FOR_JSON_AND_JUNIT | NOT_LOADED_EITHER) & found == set()
    assert len(_ours(found)) <= MOST_WITH_POLICY_AND_REPORT, _ours(found)


@pytest.mark.real
def test_a_policy_in_yaml_loads_pyyaml(tmp_path: Path) -> None:
    """The list of the test before can fail."""
    (tmp_path / "policy.yaml").write_text("{version: 1, rules: {severity: Medium}}", encoding="utf-8")

    assert _loaded_by(tmp_path, "--policy", "policy.yaml") >= {"yaml", "hssgate.policy.yaml_document"}


@pytest.mark.real
def test_a_finished_image_loads_few_modules_of_ours(loaded: set[str]) -> None:
    """Another one needs a reason, for every check of every pipeline pays for it."""
    assert len(_ours(loaded)) <= MOST_OF_OURS, _ours(loaded)


def test_each_module_that_must_not_be_loaded_is_there_to_be_loaded() -> None:
    """A renamed module of ours must fail this test."""
    root = Path(__file__).parents[2]

    for name in NOT_LOADED | NOT_LOADED_EITHER:
        if name.startswith("hssgate"):
            path = root.joinpath(*name.split("."))
            assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), name


def _context_of(client: HttpClient) -> ssl.SSLContext:
    """Return the context of the first handshake."""
    transport = client._transport
    first = transport._transports[0] if isinstance(transport, SystemFirst) else transport
    assert isinstance(first, httpx.HTTPTransport)
    context = first._pool._ssl_context
    assert isinstance(context, ssl.SSLContext)
    return context


@pytest.mark.parametrize("bundled", [pytest.param(False, id="the system's"), pytest.param(True, id="of one's own")])
def test_all_hosts_share_one_tls_context(bundled: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Loading the authorities takes a sixth of a run, and HSS, IAM and STS share them."""
    bundle = tmp_path / "authority.pem" if bundled else None
    if bundle:
        trustme.CA().cert_pem.write_to_path(str(bundle))

    with open_http("https://hss.example", bundle, None) as one, open_http("https://iam.example", bundle, None) as other:
        contexts = [_context_of(client) for client in (one, other)]

    assert contexts[0] is contexts[1]


def test_another_bundle_is_another_tls_context(tmp_path: Path) -> None:
    """A cached context is never used for another CA bundle."""
    bundle = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))

    with open_http("https://hss.example", bundle, None) as one, open_http("https://hss.example", None, None) as other:
        contexts = [_context_of(client) for client in (one, other)]

    assert [len(context.get_ca_certs()) == 1 for context in contexts] == [True, False]


@pytest.mark.large
def test_a_thousand_images_of_one_identifier_are_asked_for_as_two_are(bench: Bench) -> None:
    """Five full pages and the empty one that ends the list are asked for, however many of them are waited for."""
    names = [f"app{number}" for number in range(1000)]
    bench.play(images(*(finished(image_name=name) for name in names)))
    two = bench.check("team/app7:1.0", "team/app8:1.0", "--cicd-name", "shop", reports=False)
    for_two = bench.emulator.request_count

    all_of_them = bench.check(*(f"team/{name}:1.0" for name in names), "--cicd-name", "shop", reports=False)

    assert (two.code, all_of_them.code) == (0, 0)
    assert (for_two, bench.emulator.request_count - for_two) == (6, 6)


def test_a_check_that_pages_asks_once_for_each_page(bench: Bench) -> None:
    """450 rows that only contain the version are three pages; the decisive row is the last."""
    crowd = finished(image_version="x1.0").rstrip("}\n") + ", copies: 450}\n"
    ended = bench.play(images(crowd, finished(at="-2h"))).check("team/app:1.0")

    offsets = [request.url.params["offset"] for request in bench.sent]
    assert (ended.code, offsets) == (0, ["0", "200", "400"])
    assert ended.report["images"][0]["row"]["image_version"] == "1.0"
