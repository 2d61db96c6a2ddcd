"""Fuzzing: found samples stay fixed, and mutations of all samples satisfy the targets."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hssgate.hss.response_headers import server_time
from tests.support.depth import DEPTH
from tests.support.fuzz_targets import TARGETS

CORPUS = Path(__file__).parents[1] / "corpus"
SAMPLES = [(name, path) for name in TARGETS for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize(
    ("target", "sample"), [pytest.param(name, path, id=f"{name}, {path.name}") for name, path in SAMPLES]
)
def test_each_sample_holds(target: str, sample: Path) -> None:
    """The seeds of the fuzzing, and every input that once broke a target."""
    TARGETS[target](sample.read_bytes())


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sample of some target in which a few places were overwritten, cut out, or doubled."""
    target, path = draw(st.sampled_from(SAMPLES))
    raw = path.read_bytes()
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(raw))), draw(st.integers(0, 8))
        filling = draw(
            st.binary(max_size=6)
            | st.sampled_from([raw[at : at + length] * 2, b"9" * 30, b"-1", b'"', b"\n", b"[" * 60])
        )
        raw = raw[:at] + filling + raw[at + length :]
    return target, raw


@pytest.mark.large
@settings(max_examples=DEPTH.examples(400))
@given(damaged())
@example(("rows", b'{"data_list": ' + b"[" * 5000))
@example(("yaml_policies", b"rules: " + b"[" * 5000))
@example(("json_policies", b'{"rules": {"vulnerabilities": ' + b"9" * 5000 + b"}}"))
@example(("durations", b"9" * 5000))
def test_mutations_of_samples_pass(case: tuple[str, bytes]) -> None:
    """A few hundred damaged samples in each run; `make fuzz` searches by coverage."""
    target, raw = case

    TARGETS[target](raw)


def test_no_target_is_without_a_sample() -> None:
    """Each has seeds to begin with, and no seeds belong to nothing."""
    assert {folder.name for folder in CORPUS.iterdir()} == {name for name, _ in SAMPLES} == set(TARGETS)


@pytest.mark.parametrize("date", ["Mon, 21 Sep 2026 14:13:20", "Mon, 21 Sep 2026 14:13:20 -0000"])
def test_a_server_time_without_a_zone_is_not_of_this_machines(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP knows no zone but GMT."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert server_time(date) == 1_790_000_000
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
