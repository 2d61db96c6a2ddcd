"""httpx is loaded without its command line, which works all the same."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

SHOW = """
import sys
print(sorted({"httpx._main", "rich", "pygments"} & sys.modules.keys()))
"""
CALL = """
import httpx
try:
    httpx.main(["--help"])
except SystemExit as ended:
    print("ended with", ended.code)
"""


def _printed(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout


def test_httpx_comes_without_rich_and_pygments_where_they_are_installed() -> None:
    """They are, here: `import httpx` by itself loads them."""
    assert _printed("import httpx" + SHOW) == "['httpx._main', 'pygments', 'rich']\n"
    assert _printed("import hssgate.hss.http" + SHOW) == "[]\n"


@pytest.mark.parametrize(
    "imports",
    [
        pytest.param("import hssgate.hss.http", id="after hssgate loaded it"),
        pytest.param("import httpx, hssgate.hss.http", id="loaded before hssgate"),
    ],
)
def test_the_command_line_of_httpx_works_in_a_process_with_hssgate(imports: str) -> None:
    """Other code in this process finds all of httpx."""
    printed = _printed(imports + CALL + "import httpx._main\nassert httpx._main.main.name == 'main'")

    assert "Usage" in printed
    assert printed.endswith("ended with 0\n")
