"""The JUnit report of every outcome, read by programs that others wrote: all of them count the same."""

import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.cli.test_check import OUTCOMES, finished, images
from tests.conftest import Bench
from tests.integration.conftest import BIN, NODE_MODULES, node, ran, succeeded
from tests.reports.test_junit import FINDINGS

pytestmark = pytest.mark.integration

VIEW = """
const [program, ...files] = process.argv.slice(1)
const { default: view } = await import(program)
for (const results of files) await view({ results, console: true, output: "viewed.html", script: true })
"""
POLICY = "rules: {severity: High, vulnerabilities: {limit: 1, action: warn}, high_vulnerabilities: 0, scan_age: 24h}"


@dataclass
class Told:
    """The results of all checks of all outcomes, whose reports are in a folder.

    Args:
        folder: of the reports.
        results: how often there is which one.
    """

    folder: Path
    results: Counter[str] = field(default_factory=Counter)

    @property
    def files(self) -> list[Path]:
        """The reports."""
        return sorted(self.folder.glob("*.xml"))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The reports, once they are written."""
    return Told(tmp_path_factory.mktemp("junit"))


@pytest.fixture
def told(bench: Bench, reports: Told) -> Told:
    """Reports of all outcomes."""
    if reports.results:
        return reports
    Path("policy.yaml").write_text(POLICY)
    outcomes = [(str(row.values[0]), [*_words(row.values[1])]) for row in OUTCOMES]
    outcomes += [(images(FINDINGS), ["--policy", "policy.yaml"]), (images(finished()), ["--policy", "policy.yaml"])]
    for number, (scenario, arguments) in enumerate(outcomes):
        ended = bench.play(scenario).check("team/app:1.0", *arguments)
        reports.results.update(check["result"] for image in ended.report["images"] for check in image["checks"])
        shutil.move("junit.xml", reports.folder / f"{number:02}.xml")
    assert {*reports.results} == {"passed", "failed", "warned", "skipped", "error"}
    return reports


def _words(given: object) -> list[str]:
    assert isinstance(given, list)
    return given


def test_junitparser_counts_the_same(told: Told) -> None:
    """And tells good from bad by its own exit code."""
    counted: Counter[str] = Counter()
    for file in told.files:
        read = JUnitXml.fromfile(str(file))
        counted.update(tests=read.tests, failed=read.failures, error=read.errors)
        assert ran(BIN / "junitparser", "verify", file, cwd=file.parent).returncode == int(
            bool(read.failures + read.errors)
        )

    assert counted == {"tests": told.results.total(), "failed": told.results["failed"], "error": told.results["error"]}


def test_junit2html_counts_the_same(told: Told) -> None:
    """It makes no difference between failure and error."""
    said = succeeded(BIN / "junit2html", "--summary-matrix", *told.files, cwd=Path.cwd())

    counted = dict(re.findall(r"^  (\w+) +: +(\d+)$", said, flags=re.MULTILINE))
    assert {name: int(number) for name, number in counted.items()} == {
        "Failed": told.results["failed"] + told.results["error"],
        "Passed": told.results["passed"],
        "Skipped": told.results["skipped"] + told.results["warned"],
    }


def test_xunit_viewer_counts_the_same(told: Told) -> None:
    """A file at a time, for it takes suites of one name for one; all by one process, for node starts slowly."""
    program = NODE_MODULES / "xunit-viewer" / "xunit-viewer.js"
    said = succeeded(node(), "--input-type=module", "--eval", VIEW, program, *told.files, cwd=Path.cwd())
    counted: Counter[str] = Counter()
    *views, rest = said.split("Written to:")
    assert (len(views), rest.count("\n")) == (len(told.files), 1)
    for view in views:
        counts = re.findall(r"(\d+) (passed|failure|skipped|error)", view.splitlines()[-1])
        counted.update({name: int(number) for number, name in counts})
        assert "team/app:1.0" in view

    assert counted == {
        "passed": told.results["passed"],
        "failure": told.results["failed"],
        "skipped": told.results["skipped"] + told.results["warned"],
        "error": told.results["error"],
    }
