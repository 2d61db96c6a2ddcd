"""Starts the processes of a selftest: a few anew, all others by forking."""

import contextlib
import os
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hssgate.exit_codes import ExitCode
from hssgate.selftest.forks import Forked, ForkServer, is_supported
from hssgate.selftest.situation import Situation
from hssgate.selftest.surroundings import PYTHON, command_of, environment_for_python, environment_of

_FEW = 5  # forks for which a server is not worth its own start

Process = subprocess.Popen[bytes] | Forked


@dataclass(frozen=True)
class Starter:
    """Starts processes.

    Args:
        server: forks them; None: all are started anew.
        anew: names of the situations whose process is started anew in any case.
    """

    server: ForkServer | None = None
    anew: Collection[str] = ()

    def start(
        self,
        situation: Situation,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        streams: tuple[BinaryIO, BinaryIO],
    ) -> Process:
        """Start the process of a situation, in a session of its own: a Ctrl-C is for the selftest, which passes it on.

        Args:
            situation: which.
            arguments: of `hssgate`.
            environ: of the caller.
            folder: its home; it works there or below, as the situation says.
            streams: its stdout and stderr.

        Raises:
            OSError: there is no process to be had.
        """
        command = command_of(arguments)
        environment = environment_of(situation, environ, folder)
        cwd = folder / situation.folder
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - it may be no path
            if self.server and situation.name not in self.anew:
                # A server that has gone or cannot fork is no reason not to play: what follows may work still.
                with contextlib.suppress(OSError):
                    descriptors = [stream.fileno() for stream in (nothing, *streams)]
                    return self.server.start(
                        command, cwd=cwd, environ=environment, streams=descriptors, new_session=True
                    )
            return subprocess.Popen(  # noqa: S603 - our own command line
                command, cwd=cwd, env=environment, stdin=nothing, stdout=streams[0], stderr=streams[1],
                start_new_session=True,
            )  # fmt: skip


@contextlib.contextmanager
def starting(situations: Sequence[Situation], environ: Mapping[str, str], folder: Path) -> Iterator[Starter]:
    """Give what starts the processes of these situations.

    The first situation of each exit code is started anew, as a pipeline starts the gate.

    Args:
        situations: all that are to be played.
        environ: of the caller.
        folder: the home of the server.
    """
    by_code: dict[ExitCode, str] = {}
    for situation in situations:
        by_code.setdefault(situation.exit_code, situation.name)
    server = None
    if is_supported() and len(situations) >= len(by_code) + _FEW:
        with contextlib.suppress(OSError):
            server = ForkServer(PYTHON, environment_for_python(environ, folder), new_session=True)
    try:
        yield Starter(server, frozenset(by_code.values()))
    finally:
        if server:
            server.close()
