"""Process starts of a selftest: a few as new processes, all others by forking."""

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

_FEW = 5  # forks; for fewer the server would cost more than it saves

Process = subprocess.Popen[bytes] | Forked


@dataclass(frozen=True)
class Starter:
    """Starts processes.

    Args:
        server: forks them; None: every process is started anew.
        anew: names of the situations whose process is never forked.
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
        """Start the process of a situation, in a session of its own, so that Ctrl-C reaches the selftest only.

        Args:
            situation: the situation.
            arguments: of `hssgate`.
            environ: of the caller.
            folder: its home; the working folder is there or below.
            streams: its stdout and stderr.

        Raises:
            OSError: the process could not be created.
        """
        command = command_of(arguments)
        environment = environment_of(situation, environ, folder)
        cwd = folder / situation.folder
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - it may be no path
            if self.server and situation.name not in self.anew:
                # If the server has died or cannot fork, a new process may still work.
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
    """Provide the starter for these situations.

    The first situation of each exit code runs in a new process, as in a pipeline; the others are forked.

    Args:
        situations: all situations of the run.
        environ: of the caller.
        folder: home folder of the server.
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
