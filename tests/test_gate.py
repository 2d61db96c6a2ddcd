"""Tests of a whole run: the clock that it is judged by, and the requests that it makes."""

import email.utils

import httpx
import pytest

from tests.conftest import Bench
from tests.support.fakes import START
from tests.waiting.test_poller import ROW, page

TWO_DAYS = 2 * 24 * 3600.0
POLICY = """
rules: {severity: Low}
overrides:
  - {images: ["app"], rules: {severity: High}, reason: SEC-1, expires: 2026-09-21}
"""


@pytest.mark.parametrize(
    ("before", "during", "server", "code"),
    [
        pytest.param(0.0, 0.0, 0.0, 0, id="all of them before its end"),
        pytest.param(0.0, 0.0, TWO_DAYS, 10, id="the server's clock is ahead"),
        pytest.param(0.0, TWO_DAYS, 0.0, 10, id="ours was set forward during the run"),
        pytest.param(TWO_DAYS, -TWO_DAYS, 0.0, 10, id="ours was set back during the run"),
    ],
)
def test_an_entry_has_ended_where_any_clock_says_so(
    bench: Bench, before: float, during: float, server: float, code: int
) -> None:
    """A wrong clock does not extend an entry."""
    bench.clock._epoch_offset += before

    def listed(_request: httpx.Request) -> httpx.Response:
        bench.clock._epoch_offset += during
        found = page({**ROW, "severity_level": "High"})
        found.headers["Date"] = email.utils.formatdate(START + server, usegmt=True)
        return found

    (bench.folder / "p.yaml").write_text(POLICY)

    assert bench.answer(listed).check("app:1.0", "--policy", "p.yaml", "--settle", "0").code == code


def test_images_of_one_name_are_asked_for_by_version(bench: Bench) -> None:
    """A list of all versions could be long."""
    bench.answer(lambda request: page({**ROW, "image_version": request.url.params["image_version"]}))

    assert bench.check("app:1.0", "app:2.0").code == 0
    assert [request.url.params["image_version"] for request in bench.sent] == ["1.0", "2.0"]
