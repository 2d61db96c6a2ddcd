"""The JUnit report of every outcome, read by programs that others wrote: all of them count the same."""

import re
from collections import Counter
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.cli.test_check import OUTCOMES, finished, images
from tests.conftest import Bench
from tests.integration.conftest import BIN, NODE_MODULES, node, ran, succeeded
from tests.reports.test_junit import FINDINGS

pytestmark = pytest.mark.integration

POLICY = "rules: {severity: High, vulnerabilities: {limit: 1, action: warn}, high_vulnerabilities: 0, scan_age: 24h}"


@pytest.fixture
def told(bench: Bench) -> Counter[str]:
    """The results of all checks of all outcomes, whose reports are in the folder `junit`."""
    Path("junit").mkdir()
    Path("policy.yaml").write_text(POLICY)
    outcomes = [(str(row.values[0]), [*_words(row.values[1])]) for row in OUTCOMES]
    outcomes += [(images(FINDINGS), ["--policy", "policy.yaml"]), (images(finished()), ["--policy", "policy.yaml"])]
    found: Counter[str] = Counter()
    for number, (scenario, arguments) in enumerate(outcomes):
        ended = bench.play(scenario).check("team/app:1.0", *arguments)
        found.update(check["result"] for image in ended.report["images"] for check in image["checks"])
        Path("junit.xml").rename(f"junit/{number:02}.xml")
    assert {*found} == {"passed", "failed", "warned", "skipped", "error"}
    return found


def _words(given: object) -> list[str]:
    assert isinstance(given, list)
    return given


def files() -> list[Path]:
    return sorted(Path("junit").resolve().glob("*.xml"))


def test_junitparser_counts_the_same(told: Counter[str]) -> None:
    """And tells good from bad by its own exit code."""
    counted: Counter[str] = Counter()
    for file in files():
        read = JUnitXml.fromfile(str(file))
        counted.update(tests=read.tests, failed=read.failures, error=read.errors)
        assert ran(BIN / "junitparser", "verify", file, cwd=file.parent).returncode == int(
            bool(read.failures + read.errors)
        )

    assert counted == {"tests": told.total(), "failed": told["failed"], "error": told["error"]}


def test_junit2html_counts_the_same(told: Counter[str]) -> None:
    """It makes no difference between failure and error."""
    said = succeeded(BIN / "junit2html", "--summary-matrix", *files(), cwd=Path.cwd())

    counted = dict(re.findall(r"^  (\w+) +: +(\d+)$", said, flags=re.MULTILINE))
    assert {name: int(number) for name, number in counted.items()} == {
        "Failed": told["failed"] + told["error"],
        "Passed": told["passed"],
        "Skipped": told["skipped"] + told["warned"],
    }


def test_xunit_viewer_counts_the_same(told: Counter[str]) -> None:
    """A file at a time, for it takes suites of one name for one."""
    program = NODE_MODULES / "xunit-viewer" / "bin" / "xunit-viewer.js"
    counted: Counter[str] = Counter()
    for file in files():
        said = succeeded(node(), program, "-r", file, "-o", "viewed.html", "-c", "true", cwd=Path.cwd())
        counts = re.findall(r"(\d+) (passed|failure|skipped|error)", said.splitlines()[-2])
        counted.update({name: int(number) for number, name in counts})
        assert "team/app:1.0" in said

    assert counted == {
        "passed": told["passed"],
        "failure": told["failed"],
        "skipped": told["skipped"] + told["warned"],
        "error": told["error"],
    }
