"""`hssgate demo`: the main job on the embedded emulator, with nothing to configure."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import click

from hssgate.cli.context import RunContext
from hssgate.cli.help_page import HelpPage
from hssgate.cli.options import common_options
from hssgate.emulator.app import Emulator
from hssgate.emulator.images import Image
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from hssgate.errors import Interrupted, Misused

FOLDER = Path("hssgate-demo")
_REPORTS = {"junit": FOLDER / "junit.xml", "json": FOLDER / "report.json", "html": FOLDER / "report.html"}
_IMAGE = {
    "cicd_name": "demo",
    "namespace": "shop",
    "image_name": "checkout",
    "image_version": "1.0",
    "timeline": [
        {"at": 1, "scan_status": "waiting_for_scan"},
        {"at": 2, "scan_status": "scanning"},
        {
            "at": 5,
            "scan_status": "success",
            "severity_level": "Low",
            "vul_num": 3,
            "unsafe_setting_num": 1,
            "malicious_file_num": 0,
        },
    ],
}
_POLICY = """\
version: 1
rules:
  severity: Medium
  vulnerabilities: 20
  unsafe_settings: 10
  malicious_files: 0
"""
_GLANCE = 0.1  # seconds between two checks whether the process has ended
_SIGNALLED = 128  # plus the signal's number
_OWN_VARIABLES = ("HSSGATE_", "HUAWEICLOUD_", "HW_", "CLOUD_SDK_", "ACTIONS_ID_TOKEN_")


@click.command(cls=HelpPage, short_help="try the gate, with nothing to configure")
@common_options
@click.pass_context
def demo(ctx: click.Context, verbose: int, quiet: bool) -> None:  # noqa: FBT001 - click's flag
    """Start the emulator, push an image whose scan takes a few seconds, and run `check` on it.

    The reports are written into ./hssgate-demo/. The exit code is that of `check`.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    try:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "policy.yaml").write_text(_POLICY, encoding="utf-8")
    except OSError as error:
        raise Misused(f"{FOLDER}: {error.strerror}; run the demo in a folder that can be written to") from error
    app = Emulator(default_scenario(), now=context.clock.epoch, sleep=time.sleep)
    with serve(app) as server:
        console.result(f"The emulator plays HSS at {server.url}.")
        app.push(Image.model_validate(_IMAGE))
        console.result("An image was pushed: shop/checkout:1.0; its scan begins in 2 s and takes 3 s.\n")
        arguments = _arguments(server.url)
        console.result(f"$ hssgate {shlex.join(arguments)}")
        code = _check([*arguments, *["-v"] * verbose, *["-q"] * quiet], context)
    written = ", ".join(str(path) for path in _REPORTS.values() if path.exists())
    console.result(f"\nExit code {code}. Reports: {written or 'none'}.")
    ctx.exit(code)


def _arguments(url: str) -> list[str]:
    return [
        "check", "shop/checkout:1.0", "--cicd-name", "demo", "--policy", str(FOLDER / "policy.yaml"),
        "--scanned-after", "1m", "--interval", "1s", "--settle", "1s", "--timeout", "1m",
        "--endpoint", url, "--project-id", "demo",
        *(part for name, path in _REPORTS.items() for part in ("--report", f"{name}={path}")),
    ]  # fmt: skip


def _check(arguments: list[str], context: RunContext) -> int:
    """Run the real command line with the emulator's key, without the caller's own configuration."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
    environ |= {"HUAWEICLOUD_SDK_AK": "emulator-ak", "HUAWEICLOUD_SDK_SK": "emulator-sk"}
    command = [sys.executable, "-P", "-m", "hssgate", *arguments]
    with context.interruptible(), subprocess.Popen(command, env=environ) as process:  # noqa: S603 - our own command line
        try:
            while process.poll() is None:
                context.clock.sleep(_GLANCE)
        except Interrupted as interruption:  # the check still has to write its reports
            process.send_signal(int(interruption.exit_code) - _SIGNALLED)
            process.wait()
            return int(interruption.exit_code)
        return process.returncode
