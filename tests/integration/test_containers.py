"""gate.sh in namespaces of its own: as process 1, and where temporary files cannot be loaded from."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import ROOT, emulator
from tests.support.machine import MOMENTS, Machine

pytestmark = pytest.mark.integration

GATE = ROOT / "examples" / "gate.sh"
IN_A_CONTAINER = ("unshare", "--map-root-user", "--pid", "--fork", "--kill-child")  # of Debian's util-linux
FOREVER = "demo/scanning-forever:1.0"


@pytest.fixture
def hss() -> Iterator[str]:
    """The emulator, with an image for each outcome."""
    with emulator() as url:
        yield url


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("moment", [*MOMENTS, "gate"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_process_1_passes_signals_on(
    machine: Machine, hss: str, shell: str, moment: str, number: int, code: int
) -> None:
    """To a child in every phase: the kernel gives process 1 no signal that it does not trap."""
    command, env = (*IN_A_CONTAINER, shell, GATE, FOREVER), {"HSSGATE_ENDPOINT": hss}
    if moment == "gate":
        running = machine.start(*command, env=env)
        running.read_until(f"{FOREVER}: scanning")
    else:
        running = machine.hang(moment, *command, env=env)
    (first,) = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()

    os.kill(int(first), number)

    assert running.ended() == code, running.printed
    assert machine.left() == {}
    assert (machine.work / "hssgate-junit.xml").exists() == (moment == "gate")


def test_another_folder_is_found_where_nothing_can_be_loaded(machine: Machine, hss: str) -> None:
    """As on a hardened runner, where the folder for temporary files is mounted noexec."""
    mounted = 'mount -t tmpfs -o noexec none "$TMPDIR" && exec sh "$@"'
    ended = machine.start(
        "unshare", "--map-root-user", "--mount", "sh", "-c", mounted, "sh", GATE, "demo/passes:1.0",
        env={"HSSGATE_ENDPOINT": hss},
    )  # fmt: skip

    assert ended.ended() == 0, ended.printed
    (folder,) = {note["environ"]["TMPDIR"] for note in machine.notes()}
    assert not Path(folder).is_relative_to(machine.environ["TMPDIR"])
