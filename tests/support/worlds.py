"""Runs of the command line in virtual time, with output captured."""

import contextlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.main import run
from hssgate.cli.signals import Signals
from hssgate.clock import Clock
from hssgate.hss.secret import Secret
from tests.conftest import KEY


@dataclass(frozen=True)
class Silent:
    """A finished run without visible output."""

    code: int
    out: str
    err: str


def silently(
    arguments: Sequence[str], clock: Clock, transport: httpx.BaseTransport, variables: Mapping[str, str] | None = None
) -> Silent:
    """Run the command line with the emulator's key.

    Args:
        arguments: without the program's name.
        clock: virtual time.
        transport: answers.
        variables: beside the emulator's key.
    """

    def open_http(_endpoint: str, _ca_bundle: Path | None, _proxy: Secret | None) -> httpx.Client:
        return httpx.Client(transport=transport, trust_env=False)

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        world = RunContext(clock, open_http, Signals(), {**os.environ, **KEY, **(variables or {})}, Console())
        with _set(variables or {}):  # click reads the environment itself
            code = run(arguments, world)
        for stream in (out, err):
            stream.flush()
    return Silent(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


@contextlib.contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
