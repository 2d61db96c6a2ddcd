"""The agency of a machine over a real socket: 169.254.169.254, port 80, in a network namespace of its own."""

import json
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.integration.conftest import ROOT, ran

pytestmark = pytest.mark.integration
APART = ("unshare", "--map-root-user", "--net")  # of Debian's util-linux; `ip` is of iproute2
METADATA = {"HSSGATE_ECS_AGENCY": "1", "PYTHONPATH": str(ROOT)}
PROXIES = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")


def on_a_machine(tmp_path: Path, *arguments: str, **env: str) -> "CompletedProcess[str]":
    machine = (*APART, sys.executable, "-m", "tests.integration.machine")
    return ran(*machine, *arguments, cwd=tmp_path, env=METADATA | env)


@pytest.mark.parametrize("env", [{}, PROXIES], ids=["no proxy", "proxies that lead nowhere"])
def test_the_agency_of_a_machine_opens(tmp_path: Path, env: dict[str, str]) -> None:
    """Its token, its keys, the project and the images, past every proxy of the environment."""
    ended = on_a_machine(tmp_path, "check", "demo/passes:1.0", "--region", "ap-southeast-1", "-v", **env)

    asked = json.loads(ended.stdout.splitlines()[-1])
    assert ended.returncode == 0, ended.stderr
    assert "credentials from the agency of this machine (HSSGATE_ECS_AGENCY=1)" in ended.stderr
    assert [(method, status) for method, _, status in asked] == [("PUT", 200), ("GET", 200), ("GET", 200), ("GET", 200)]
    paths = [path for _, path, _ in asked]
    assert paths[:3] == ["/meta-data/latest/api/token", "/openstack/latest/securitykey", "/v3/projects"]
    assert paths[3].endswith("/image/cicd/images")


def test_doctor_tells_of_the_agency(tmp_path: Path) -> None:
    """In its line of credentials."""
    ended = on_a_machine(tmp_path, "doctor", "--project-id", "p", "--cicd-name", "demo")

    assert ended.returncode == 0, ended.stdout
    assert "ok       credentials  the agency of this machine (HSSGATE_ECS_AGENCY=1): accepted" in ended.stdout


def test_elsewhere_nobody_is_there(tmp_path: Path) -> None:
    """Without a route to the address it is said soon, and what the variable is for."""
    given = ("check", "app:1", "--endpoint", "http://127.0.0.1:9", "--project-id", "p")

    ended = ran(*APART, sys.executable, "-m", "hssgate", *given, cwd=tmp_path, env=METADATA)

    assert ended.returncode == 3
    assert "no complete response from 169.254.169.254" in ended.stdout
    assert "HSSGATE_ECS_AGENCY only works on an ECS" in ended.stdout
