"""`hssgate demo`: the main job on the embedded emulator, with nothing to configure."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hssgate.cli.context import RunContext
from hssgate.cli.help_page import HelpPage
from hssgate.cli.help_texts import DOCUMENTATION
from hssgate.cli.languages import language_of
from hssgate.cli.options import common_options
from hssgate.emulator.app import Emulator
from hssgate.emulator.images import Image
from hssgate.emulator.scenario import default_scenario
from hssgate.emulator.server import serve
from hssgate.errors import Interrupted, Misused
from hssgate.exit_codes import ExitCode
from hssgate.reports.language import translate, written_in

FOLDER = Path("hssgate-demo")
_DIGESTS = {"checkout": f"sha256:{'c4e7a1' * 10}0a1b", "payment": f"sha256:{'9f86d0' * 10}2c3d"}
_CLEAN: dict[str, Any] = {
    "cicd_name": "demo",
    "namespace": "shop",
    "image_name": "checkout",
    "image_version": "1.0",
    "image_digest": _DIGESTS["checkout"],
    "findings": [
        {
            "vul_id": "HCE2-SA-2023-0001",
            "repair_necessity": "not_needed_repair",
            "app_name": "zlib",
            "version": "1.2.11",
        },
    ],
    "timeline": [
        {"at": 1, "scan_status": "waiting_for_scan"},
        {"at": 2, "scan_status": "scanning"},
        {
            "at": 5,
            "scan_status": "success",
            "severity_level": "Low",
            "vul_num": 1,
            "unsafe_setting_num": 1,
            "malicious_file_num": 0,
        },
    ],
}
BLOCKED_IMAGE = _CLEAN | {
    "image_name": "payment",
    "image_digest": _DIGESTS["payment"],
    "findings": [
        {
            "vul_id": "HCE2-SA-2024-0201",
            "repair_necessity": "immediate_repair",
            "app_name": "openssl",
            "version": "1.1.1m-15",
            "solution": "Update openssl to 1.1.1m-16 or later.",
            "cves": [{"cve_id": "CVE-2024-5535", "cvss_score": 9.1, "publish_time": 1719484500000}],
        },
        {
            "vul_id": "HCE2-SA-2024-0202",
            "repair_necessity": "immediate_repair",
            "app_name": "glibc",
            "version": "2.34-70",
            "solution": "Update glibc to 2.34-71 or later.",
            "cves": [{"cve_id": "CVE-2024-2961", "cvss_score": 8.8, "publish_time": 1713376500000}],
        },
    ],
    "timeline": [
        {
            "at": -3600,
            "scan_status": "success",
            "severity_level": "High",
            "vul_num": 2,
            "unsafe_setting_num": 0,
            "malicious_file_num": 0,
        },
    ],
}
POLICY = """\
version: 1
contact: "#security on chat"
rules:
  high_vulnerabilities: 0
  vulnerabilities: 20
  unsafe_settings: 10
  malicious_files: 0
"""
_GLANCE = 0.1  # seconds between two checks whether the process has ended
_SIGNALLED = 128  # plus the signal's number
_REPORTS = (("junit", "junit.xml"), ("json", "report.json"), ("html", "report.html"))
_NEXT = (
    "\nThe first image passed (exit code 0), the second was blocked (exit code 10): a pipeline stops there.\n\n"
    "Open {report} in a browser: it shows what blocked, and how to fix it.\n"
    "Next:\n"
    "  write a policy:           {program} policy init\n"
    "  check your set-up of HSS: {program} doctor --region REGION\n"
    "  add the gate to a build:  {documentation}"
)
_OWN_VARIABLES = ("HSSGATE_", "HUAWEICLOUD_", "HW_", "CLOUD_SDK_", "ACTIONS_ID_TOKEN_")


@click.command(cls=HelpPage, short_help="try the gate, with nothing to configure")
@common_options
@click.pass_context
def demo(ctx: click.Context, verbose: int, quiet: bool) -> None:  # noqa: FBT001 - click's flag
    """Start the emulator, push an image that passes and one that is blocked, and run `check` on each.

    The reports are written into ./hssgate-demo/. Exit 0 if the first passed and the second was blocked; else the exit
    code of the check that ended differently.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    _prepare()
    with written_in(language_of(None, context)):  # as the checks choose it
        code = _play([*["-v"] * verbose, *["-q"] * quiet], context)
    ctx.exit(code)


def _play(own: Sequence[str], context: RunContext) -> int:
    """Push and check both images, and return the exit code of the demo."""
    say = context.console.result
    app = Emulator(default_scenario(), now=context.clock.epoch, sleep=time.sleep)
    with serve(app) as server:
        say(translate("The emulator plays HSS at {url}.\n", url=server.url))
        image = "shop/checkout:1.0"
        say(translate("1. An image was pushed: {image}. Its scan begins in 2 s and takes 3 s.\n", image=image))
        app.push(Image.model_validate(_CLEAN))
        code = _shown_check("checkout", server.url, own, context)
        if code != ExitCode.PASSED:
            return code
        image = "shop/payment:1.0"
        say(translate("\n2. Another image was pushed: {image}. It has vulnerabilities.\n", image=image))
        app.push(Image.model_validate(BLOCKED_IMAGE))
        code = _shown_check("payment", server.url, own, context)
        if code != ExitCode.BLOCKED:
            return code or ExitCode.NO_RESULT
    report = FOLDER / "payment-report.html"
    say(translate(_NEXT, report=report, program=_program(), documentation=DOCUMENTATION))
    return ExitCode.PASSED


def _program() -> str:
    """Return how to run hssgate again: by its name, or by the path it was run by if it is not on PATH."""
    return "hssgate" if shutil.which("hssgate") else shlex.quote(sys.argv[0])


def _prepare() -> None:
    """Write the policy, and for each image the file that `docker buildx build --metadata-file` writes.

    Raises:
        Misused: the folder cannot be written.
    """
    try:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "policy.yaml").write_text(POLICY, encoding="utf-8")
        for name, digest in _DIGESTS.items():
            build = {"containerimage.digest": digest, "image.name": f"shop/{name}:1.0"}
            (FOLDER / f"{name}-build.json").write_text(json.dumps(build), encoding="utf-8")
    except OSError as error:
        raise Misused(f"{FOLDER}: {error.strerror}; run the demo in a folder that can be written to") from error


def _shown_check(name: str, url: str, own: Sequence[str], context: RunContext) -> int:
    """Print a command line, run it, and return its exit code."""
    arguments = [
        "check", "--metadata-file", str(FOLDER / f"{name}-build.json"), "--cicd-name", "demo",
        "--policy", str(FOLDER / "policy.yaml"), "--interval", "1s", "--settle", "1s", "--timeout", "1m",
        "--endpoint", url, "--project-id", "demo",
        *(part for report in _REPORTS for part in ("--report", f"{report[0]}={FOLDER / f'{name}-{report[1]}'}")),
    ]  # fmt: skip
    context.console.result(f"$ hssgate {shlex.join(arguments)}")
    return _check([*arguments, *own], context)


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
