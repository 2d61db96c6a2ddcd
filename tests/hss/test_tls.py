"""TLS and proxies for real: certificates of a private authority, real sockets, and the command line as a process."""

import base64
import contextlib
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from hssgate.emulator.app import Emulator
from hssgate.emulator.scenario import parse_scenario
from hssgate.emulator.server import serve
from hssgate.hss.authorities import SystemFirst, system_folder
from tests.cli.test_check import finished, images
from tests.conftest import KEY
from tests.hss.test_authentication import GITHUB, URNS, USER
from tests.support import processes
from tests.support.fault_proxy import Conversation, damaging
from tests.support.processes import checked, command, environment, ran
from tests.support.proxy import connect_proxy
from tests.support.recorder import Recorder
from tests.system.test_process import playing

pytestmark = pytest.mark.real

REGION = "ap-southeast-1"
DOMAIN = f"{REGION}.myhuaweicloud.com"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)
USER_WITHOUT_IAM = {name: value for name, value in USER.items() if not name.endswith("_ENDPOINT")}
ASSUMED_WITHOUT_STS = {name: value for name, value in URNS.items() if not name.endswith("_ENDPOINT")}
ASSUMED_WITHOUT_STS["HUAWEICLOUD_OIDC_ID_TOKEN"] = "emulator-id-token"
ASSUMED = {**URNS, "HUAWEICLOUD_OIDC_ID_TOKEN": "emulator-id-token"}
PROXY_USER = "proxy-user:s3cret%2Fproxy"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    """Its certificate, in a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def recorded(scenario: str = "") -> Recorder:
    played = parse_scenario(images(finished()) + scenario, "scenario")
    return Recorder(Emulator(played, now=time.time, sleep=time.sleep))


@contextlib.contextmanager
def playing_tls(certificate: trustme.LeafCert, recorder: Recorder | None = None) -> Iterator[str]:
    with serve(recorder or recorded(), ssl_context=context_of(certificate)) as server:
        yield server.url.replace("127.0.0.1", "localhost")


@contextlib.contextmanager
def counting(certificate: trustme.LeafCert) -> Iterator[tuple[str, list[str]]]:
    """A host with an untrusted certificate; it counts connections and the data received after the handshake."""
    context = context_of(certificate)
    connections: list[str] = []

    def attend(talk: Conversation) -> None:
        connections.append("")
        talk.secure(context)
        connections[-1] = talk.receive().decode()

    with damaging(attend, greeted=False) as proxy:
        yield proxy.url.replace("http://127.0.0.1", "https://localhost"), connections


def keyless(env: dict[str, str]) -> dict[str, str]:
    """The environment of a process with these credentials and no access key."""
    return {name: value for name, value in environment().items() if name not in KEY} | env


def run(env: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return processes.run(command(*arguments), env=env, capture_output=True, text=True)


def test_a_private_authority_is_trusted_by_its_bundle_alone(authority: trustme.CA, bundle: Path) -> None:
    """By option and by each variable, the first of which wins; without it the host is refused."""
    with playing_tls(authority.issue_cert("localhost")) as url:
        assert checked(url, "team/app:1.0", "--ca-bundle", "ca.pem").returncode == 0
        assert checked(url, "team/app:1.0", SSL_CERT_FILE=str(bundle)).returncode == 0
        assert checked(url, "team/app:1.0", HSSGATE_CA_BUNDLE=str(bundle)).returncode == 0
        assert checked(url, "team/app:1.0", REQUESTS_CA_BUNDLE=str(bundle)).returncode == 0
        assert checked(url, "team/app:1.0", SSL_CERT_FILE=str(bundle), REQUESTS_CA_BUNDLE="nowhere").returncode == 0
        assert checked(url, "team/app:1.0").returncode == 3


A_DAY = timedelta(1)
BAD = [
    pytest.param({"identity": "hss.example.com"}, "Hostname mismatch", "it is of another host: check the address", id="another name"),
    pytest.param({"identity": "localhost", "not_before": LONG_AGO, "not_after": LONG_AGO + A_DAY}, "certificate has expired", "check the clock", id="expired"),
    pytest.param({"identity": "localhost", "not_before": FAR_AHEAD, "not_after": FAR_AHEAD + A_DAY}, "certificate is not yet valid", "check the clock", id="not yet valid"),
    pytest.param({"identity": "localhost", "unknown": True}, "unable to get local issuer certificate", "give its certificates with --ca-bundle", id="unknown authority"),
]  # fmt: skip


def issued(authority: trustme.CA, wrong: dict[str, Any]) -> trustme.LeafCert:
    """A certificate of the trusted authority, or of an unknown one."""
    given = dict(wrong)
    signer = trustme.CA() if given.pop("unknown", False) else authority
    return signer.issue_cert(given.pop("identity"), **given)


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize(("wrong", "what", "advice"), BAD)
def test_a_host_that_cannot_be_proven_is_refused_once(
    authority: trustme.CA, wrong: dict[str, Any], what: str, advice: str
) -> None:
    """What is wrong and what to do in one line; it is not tried again, and not a byte is sent to it."""
    with counting(issued(authority, wrong)) as (url, connections):
        ended = checked(url, "team/app:1.0", "--ca-bundle", "ca.pem")

    (line,) = [line for line in ended.stdout.splitlines() if "is not trusted" in line]
    assert (ended.returncode, what in line, advice in line) == (3, True, True), line
    assert connections == [""]


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize(("wrong", "what", "advice"), BAD)
def test_doctor_tells_of_a_host_that_cannot_be_proven(
    authority: trustme.CA, wrong: dict[str, Any], what: str, advice: str
) -> None:
    """The host is reachable, its certificate fails, and the other checks are skipped."""
    with counting(issued(authority, wrong)) as (url, connections):
        given = ("--endpoint", url, "--project-id", "p", "--ca-bundle", "ca.pem", "--format", "json")
        ended = ran("doctor", *given)

    looks = {look["name"]: look for look in json.loads(ended.stdout)["checks"]}
    assert (ended.returncode, looks["endpoint"]["result"], looks["tls"]["result"]) == (3, "ok", "failed")
    assert what in looks["tls"]["message"]
    assert advice in looks["tls"]["message"]
    assert {looks[name]["result"] for name in ("clock", "credentials", "project", "permission")} == {"skipped"}
    assert connections == [""]


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize(
    ("env", "variable", "who"),
    [
        pytest.param({**KEY, "HSSGATE_REGION": REGION}, "HUAWEICLOUD_SDK_IAM_ENDPOINT", "IAM (projects)", id="project"),
        pytest.param({**USER, "HSSGATE_PROJECT_ID": "p"}, "HUAWEICLOUD_SDK_IAM_ENDPOINT", "IAM (password)", id="IAM"),
        pytest.param({**ASSUMED, "HSSGATE_PROJECT_ID": "p"}, "HUAWEICLOUD_SDK_STS_ENDPOINT", "STS (assume-with-oidc)", id="STS"),
        pytest.param({**URNS, **GITHUB, "HSSGATE_PROJECT_ID": "p"}, "ACTIONS_ID_TOKEN_REQUEST_URL", "GitHub's token service", id="GitHub"),
    ],
)  # fmt: skip
def test_neither_is_any_other_host_that_cannot_be_proven(
    authority: trustme.CA, env: dict[str, str], variable: str, who: str
) -> None:
    """The message names the host; no request goes to HSS."""
    hss = recorded()
    with counting(authority.issue_cert("iam.example.com")) as (url, connections), serve(hss) as server:
        ended = run(
            keyless(env | {variable: url, "SSL_CERT_FILE": "ca.pem"}), "check", "team/app:1.0", "--endpoint", server.url
        )

    (line,) = [line for line in ended.stdout.splitlines() if "is not trusted" in line]
    assert (ended.returncode, f"{who}: the certificate of localhost" in line) == (3, True), line
    assert (connections, hss.kept) == ([""], [])


@pytest.mark.parametrize("content", [None, "no certificate"])
@pytest.mark.parametrize("command_name", ["check", "images", "doctor"])
def test_an_unusable_bundle_is_misuse(tmp_path: Path, command_name: str, content: str | None) -> None:
    """Exit code 2, naming the file; doctor still runs the other checks."""
    if content:
        (tmp_path / "ca.pem").write_text(content)
    given = ["--endpoint", "https://localhost:9", "--project-id", "p", "--ca-bundle", "ca.pem"]

    ended = ran(command_name, *(["team/app:1.0"] if command_name == "check" else []), *given)

    assert ended.returncode == 2
    assert "--ca-bundle ca.pem" in (ended.stdout if command_name == "doctor" else ended.stderr)
    assert len(ended.stdout.splitlines()) == {"check": 1, "images": 0, "doctor": 12}[command_name]


REGION_NAMES = [f"{service}.{DOMAIN}" for service in ("hss", "iam", "sts")]


@contextlib.contextmanager
def cloud(authority: trustme.CA, scenario: str = "") -> Iterator[tuple[str, Recorder]]:
    """HSS, IAM and STS of a region behind one address, with their names in the certificate."""
    recorder = recorded(scenario)
    with playing_tls(authority.issue_cert(*REGION_NAMES), recorder) as url:
        yield url.removeprefix("https://").replace("localhost", "127.0.0.1"), recorder


def test_everything_goes_through_the_proxy(authority: trustme.CA, bundle: Path) -> None:
    """HSS, IAM and STS by their real names; the proxy's password goes to the proxy, and no credential does."""
    projects = f"identity: {{regions: {{{REGION}: [0123abcd]}}}}"
    with cloud(authority, projects) as (address, recorder), connect_proxy(address) as proxy:
        env = {
            **ASSUMED,
            "HUAWEICLOUD_SDK_STS_ENDPOINT": "",
            "HSSGATE_REGION": REGION,
            "SSL_CERT_FILE": str(bundle),
            "HTTPS_PROXY": f"http://{PROXY_USER}@{proxy.address}",
        }
        ended = run(keyless(env), "check", "team/app:1.0", "-vv")

    assert ended.returncode == 0, ended.stderr
    assert sorted(proxy.targets) == [f"{name}:443" for name in REGION_NAMES]
    basic = base64.b64encode(b"proxy-user:s3cret/proxy").decode()
    assert all(f"\r\nProxy-Authorization: Basic {basic}\r\n" in head for head in proxy.heads)
    sent_to_all = [name.lower() for head in proxy.heads for name in ("\r\nAuthorization:", "\r\nX-") if name in head]
    assert sent_to_all == []
    assert [f"{kept.host}{kept.path}" for kept in recorder.kept] == [
        f"sts.{DOMAIN}/v5/agencies/assume-with-oidc",
        f"iam.{DOMAIN}/v3/projects",
        f"hss.{DOMAIN}/v5/0123abcd/image/cicd/images",
    ]
    assert not [kept for kept in recorder.kept if "proxy-authorization" in kept.headers]
    assert not [secret for secret in ("s3cret", basic) if secret in ended.stdout + ended.stderr]


@pytest.mark.parametrize(
    "status", ["407 Proxy Authentication Required", "403 Forbidden by s3cret%2Fproxy of proxy-user:s3cret/proxy"]
)
@pytest.mark.parametrize(
    ("env", "host"),
    [
        pytest.param(KEY, f"hss.{DOMAIN}", id="HSS"),
        pytest.param(USER | {"HUAWEICLOUD_SDK_IAM_ENDPOINT": ""}, f"iam.{DOMAIN}", id="IAM"),
        pytest.param(ASSUMED | {"HUAWEICLOUD_SDK_STS_ENDPOINT": ""}, f"sts.{DOMAIN}", id="STS"),
    ],
)
def test_a_proxy_that_refuses_is_asked_once(env: dict[str, str], host: str, status: str) -> None:
    """It will refuse the next request as well; who refused and what to check is one line."""
    with connect_proxy("127.0.0.1:9", answer=f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as proxy:
        given = {"HSSGATE_REGION": REGION, "HTTPS_PROXY": f"http://{PROXY_USER}@{proxy.address}"}
        ended = run(keyless(env | given), "check", "team/app:1.0", "--project-id", "p", "-vv")

    (line,) = [line for line in ended.stdout.splitlines() if "the proxy http" in line]
    assert (ended.returncode, proxy.targets) == (3, [f"{host}:443"])
    assert f"the proxy http://***@{proxy.address} (HTTPS_PROXY) before {host} answers {status[:13]}" in line
    assert "check HTTPS_PROXY with its user name and password, or NO_PROXY" in line
    assert "s3cret" not in ended.stdout + ended.stderr


def test_a_proxy_that_cannot_reach_the_host_is_retried() -> None:
    """Its 502 may be another answer later; at the deadline that is exit code 3."""
    with connect_proxy("127.0.0.1:9", answer=b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as proxy:
        given = {"HSSGATE_REGION": REGION, "HTTPS_PROXY": f"http://{proxy.address}", "HSSGATE_TIMEOUT": "3s"}
        ended = run(keyless(KEY | given), "check", "team/app:1.0", "--project-id", "p")

    assert ended.returncode == 3
    assert f"the proxy http://{proxy.address} (HTTPS_PROXY) before hss.{DOMAIN} answers 502 Bad Gateway" in ended.stdout
    assert len(proxy.heads) > 1


def test_the_proxy_passes_on_and_proves_nothing(authority: trustme.CA, bundle: Path) -> None:
    """The server behind it must prove the requested name."""
    certificate = authority.issue_cert("somebody.example.com")
    with (
        playing_tls(certificate) as url,
        connect_proxy(url.removeprefix("https://").replace("localhost", "127.0.0.1")) as proxy,
    ):
        given = {"HSSGATE_REGION": REGION, "HTTPS_PROXY": f"http://{proxy.address}", "SSL_CERT_FILE": str(bundle)}
        ended = run(keyless(KEY | given), "check", "team/app:1.0", "--project-id", "p")

    assert (ended.returncode, len(proxy.heads)) == (3, 1)
    who = f"hss.{DOMAIN} (through the proxy http://{proxy.address} (HTTPS_PROXY))"
    assert f"the certificate of {who} is not trusted: Hostname mismatch" in ended.stdout


def test_what_needs_no_proxy_goes_around_it(authority: trustme.CA, bundle: Path) -> None:
    """By `NO_PROXY`, and always for this machine itself."""
    with playing_tls(authority.issue_cert("localhost")) as url, connect_proxy("127.0.0.1:9") as proxy:
        given = {"HTTPS_PROXY": f"http://{proxy.address}", "ALL_PROXY": f"http://{proxy.address}"}
        assert checked(url, "team/app:1.0", SSL_CERT_FILE=str(bundle), **given).returncode == 0

        elsewhere = "https://hss.hssgate.invalid"  # a name that never leads anywhere
        ended = checked(elsewhere, "app:1", "--timeout", "1s", NO_PROXY=".hssgate.invalid", **given)
        assert ended.returncode == 3
        assert proxy.heads == []

        checked(elsewhere, "app:1", "--timeout", "1s", NO_PROXY="other.invalid", **given)
        assert proxy.targets[:1] == ["hss.hssgate.invalid:443"]


PROXY_MISUSES = [
    pytest.param("ALL_PROXY", "socks5://127.0.0.1:9", "socks5://127.0.0.1:9 (ALL_PROXY)", "hssgate uses http and https proxies only", id="SOCKS"),
    pytest.param("all_proxy", " socks5h://me:s3cret@127.0.0.1:9 ", "socks5h://***@127.0.0.1:9 (all_proxy)", "hssgate uses http and https proxies only", id="SOCKS with a password"),
    pytest.param("HTTPS_PROXY", "ftp://user:s3cret@x", "ftp://***@x (HTTPS_PROXY)", "hssgate uses http and https proxies only", id="another scheme"),
    pytest.param("HTTPS_PROXY", "http://user:s3cret/s3cret@proxy:3128", "http://***@proxy:3128 (HTTPS_PROXY)", "it is no address", id="a slash in the password"),
    pytest.param("https_proxy", "http://user:s3cret", "http://user (https_proxy)", "it is no address", id="no host"),
    pytest.param("HTTPS_PROXY", "http://proxy:99999", "http://proxy:99999 (HTTPS_PROXY)", "it is no address", id="no port"),
    pytest.param("HTTPS_PROXY", "http://[::1", "http://[::1 (HTTPS_PROXY)", "it is no address", id="half an IPv6 address"),
    pytest.param("HTTPS_PROXY", "'http://proxy:3128'", "'http://proxy (HTTPS_PROXY)", "it is no address", id="quoted"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "shown", "message"), PROXY_MISUSES)
def test_a_proxy_that_is_needed_and_cannot_be_used_is_misuse(name: str, value: str, shown: str, message: str) -> None:
    """Exit code 2 that names variable and value, without what may be a password in it."""
    ended = checked("https://hss.example.com", "app:1", "--timeout", "1s", **{name: value})

    assert ended.returncode == 2
    assert f"the proxy {shown} is needed for hss.example.com and cannot be used" in ended.stderr
    assert message in ended.stderr
    assert "s3cret" not in ended.stderr


@pytest.mark.parametrize(
    ("env", "variable"),
    [
        pytest.param({"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.other.example", **USER_WITHOUT_IAM}, "iam.other.example", id="IAM"),
        pytest.param({"HUAWEICLOUD_SDK_STS_ENDPOINT": "https://sts.other.example", **ASSUMED_WITHOUT_STS}, "sts.other.example", id="STS"),
        pytest.param({**ASSUMED_WITHOUT_STS, **GITHUB, "HUAWEICLOUD_OIDC_ID_TOKEN": "", "HUAWEICLOUD_SDK_STS_ENDPOINT": "https://127.0.0.1:9", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.other.example/x"}, "token.other.example", id="GitHub"),
    ],
)  # fmt: skip
def test_a_proxy_for_any_host_is_validated_first(env: dict[str, str], variable: str) -> None:
    """Before anything is asked of the others."""
    with connect_proxy("127.0.0.1:9") as proxy:
        given = {"ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": "hss.example.com"}
        ended = run(keyless(env | given), "check", "a:1", "--endpoint", "https://hss.example.com", "--project-id", "p")

    assert (ended.returncode, proxy.heads) == (2, [])
    assert f"is needed for {variable} and cannot be used" in ended.stderr


UNCONCERNED = [
    pytest.param({"NO_PROXY": "fd00::/8,[::1],10.0.0.0/8,::1,[fe80::1%eth0],hss.*.internal,10.0.0.0/99,a/b,[::1,:80,,;"}, id="entries of NO_PROXY"),
    pytest.param({"ALL_PROXY": "socks5://127.0.0.1:9"}, id="SOCKS beside it"),
    pytest.param({"all_proxy": "nonsense://[", "HTTP_PROXY": "http://[", "http_proxy": "socks4://x"}, id="proxies for others"),
    pytest.param({"https_proxy": "  "}, id="an empty one"),
]  # fmt: skip


@pytest.mark.parametrize("env", UNCONCERNED)
def test_variables_that_do_not_concern_the_host_have_no_effect(
    authority: trustme.CA, bundle: Path, env: dict[str, str]
) -> None:
    """A valid HTTPS_PROXY works with or without blanks, beside any other variables."""
    with cloud(authority) as (address, _), connect_proxy(address) as proxy:
        given = {"SSL_CERT_FILE": str(bundle), "HTTPS_PROXY": f" http://{proxy.address}\n", "HSSGATE_REGION": REGION}
        ended = run(keyless(KEY | given | env), "check", "team/app:1.0", "--project-id", "p")

    assert (ended.returncode, proxy.targets) == (0, [f"hss.{DOMAIN}:443"]), ended.stderr + ended.stdout


@pytest.mark.parametrize("env", [{"ALL_PROXY": "socks5://127.0.0.1:9"}, {"HTTPS_PROXY": "http://user:s3cret/@x"}, {"NO_PROXY": "[::1"}])  # fmt: skip
def test_no_proxy_is_needed_for_this_machine(env: dict[str, str]) -> None:
    """So none can be wrong."""
    with playing(images(finished())) as url:
        assert checked(url, "team/app:1.0", **env).returncode == 0


@pytest.mark.parametrize("command_name", ["check", "doctor"])
def test_a_proxy_that_is_not_there_is_named(command_name: str) -> None:
    """Not HSS, which was never reached; with its variable, and without its password."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"  # bound, but not listening
        given = {"HSSGATE_REGION": REGION, "https_proxy": f"http://{PROXY_USER}@{address}", "HSSGATE_PROJECT_ID": "p"}
        arguments = ["check", "team/app:1.0", "--timeout", "1s"] if command_name == "check" else ["doctor"]
        ended = run(keyless(KEY | given), *arguments)

    message = f"the proxy http://***@{address} (https_proxy) gave no connection to hss.{DOMAIN}: "
    assert (ended.returncode, message in ended.stdout) == (3, True), ended.stdout
    assert "Connection refused" in ended.stdout
    assert "s3cret" not in ended.stdout + ended.stderr


def test_verbosity_tells_of_the_proxy(authority: trustme.CA, bundle: Path) -> None:
    """With -v, without its password."""
    with cloud(authority) as (address, _), connect_proxy(address) as proxy:
        given = {"SSL_CERT_FILE": str(bundle), "HTTPS_PROXY": f"http://{PROXY_USER}@{proxy.address}"}
        ended = run(keyless(KEY | given), "check", "team/app:1.0", "--project-id", "p", "--region", REGION, "-v")

    assert f"https://hss.{DOMAIN} is reached through the proxy http://***@{proxy.address} (HTTPS_PROXY)" in ended.stderr
    assert "s3cret" not in ended.stdout + ended.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hashed folder of authorities that knows none of the servers'."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "00000000.0"))
    return tmp_path


def test_an_issuer_that_the_system_does_not_know_is_looked_for_in_all_authorities(
    authority: trustme.CA, folder: Path
) -> None:
    """By one more handshake; from then on at once. The request is sent once."""
    contexts: list[ssl.SSLContext] = []
    knowing = ssl.create_default_context()
    authority.configure_trust(knowing)

    def make(context: ssl.SSLContext) -> httpx.HTTPTransport:
        contexts.append(context)
        return httpx.HTTPTransport(verify=knowing if len(contexts) > 1 else context)

    recorder = recorded()
    with playing_tls(authority.issue_cert("localhost"), recorder) as url, SystemFirst(folder, make) as transport:
        answered = [transport.handle_request(httpx.Request("GET", url)).status_code for _ in range(2)]

    assert answered == [404, 404]
    assert len(contexts) == 2
    assert len(recorder.kept) == 2


@pytest.mark.parametrize(
    ("wrong", "contexts"),
    [
        pytest.param({"identity": "localhost", "unknown": True}, 2, id="unknown authority"),
        pytest.param({"identity": "hss.example.com"}, 2, id="another name, of an authority unknown at first"),
    ],
)
def test_a_host_that_no_authority_proves_gets_no_byte(
    authority: trustme.CA, folder: Path, wrong: dict[str, Any], contexts: int
) -> None:
    """After the second handshake it is refused, and stays refused."""
    made: list[ssl.SSLContext] = []

    def make(context: ssl.SSLContext) -> httpx.HTTPTransport:
        made.append(context)
        return httpx.HTTPTransport(verify=context)

    with counting(issued(authority, wrong)) as (url, connections), SystemFirst(folder, make) as transport:
        for _ in range(2):
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                transport.handle_request(httpx.Request("GET", url))

    assert len(made) == contexts
    assert connections == ["", "", ""]


@pytest.mark.parametrize(
    ("name", "found"), [pytest.param("9d66eef0.0", True, id="hashed"), pytest.param("ca.pem", False, id="not hashed")]
)
def test_only_a_hashed_folder_is_looked_up(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    found: bool,  # noqa: FBT001
) -> None:
    """In any other one OpenSSL would find nothing."""
    (tmp_path / name).touch()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    assert system_folder() == (tmp_path if found else None)
