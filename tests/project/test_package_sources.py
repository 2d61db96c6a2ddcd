"""Where packages come from: the real pip, and an index on loopback behind TLS and a password, told of in every way."""

import base64
import contextlib
import functools
import hashlib
import http.server
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.support.machine import ROOT, Machine
from tests.support.proxy import connect_proxy

pytestmark = pytest.mark.real

SCRIPT = ROOT / "action" / "private_venv.py"
PYTHON = Path(sys.executable).resolve()  # whose pip is real
PASSWORD = "s3cret"
MISDIRECTED = "user = true\ntarget = /elsewhere\ndry-run = true\nno-deps = true\n"


def wheel(folder: Path) -> Path:
    """A release of hssgate that only says that it was run."""
    path = folder / "hssgate-0.1.0-py3-none-any.whl"
    metadata = "Metadata-Version: 2.1\nName: hssgate\nVersion: 0.1.0\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hssgate/__init__.py", "")
        archive.writestr("hssgate/__main__.py", "print('from the index')")
        archive.writestr("hssgate-0.1.0.dist-info/METADATA", metadata)
        archive.writestr("hssgate-0.1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("hssgate-0.1.0.dist-info/RECORD", "")
    return path


class Index(http.server.BaseHTTPRequestHandler):
    """Serves one package to whoever knows the password."""

    protocol_version = "HTTP/1.1"

    def __init__(self, package: Path, *args: object) -> None:
        self._package = package
        super().__init__(*args)  # type: ignore[arg-type] # as the server calls it

    def do_GET(self) -> None:
        """Answer."""
        data = self._package.read_bytes()
        link = f'<a href="/{self._package.name}#sha256={hashlib.sha256(data).hexdigest()}">{self._package.name}</a>'
        answers = {"/simple/hssgate/": link.encode(), f"/{self._package.name}": data}
        known = f"Basic {base64.b64encode(f'me:{PASSWORD}'.encode()).decode()}"
        if self.headers["Authorization"] != known:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
            body = b""
        else:
            self.send_response(200 if self.path in answers else 404)
            body = answers.get(self.path, b"")
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/zip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Nobody knows it unless told."""
    return trustme.CA()


@contextlib.contextmanager
def served(folder: Path, authority: trustme.CA, *, asks_for_a_certificate: bool = False) -> Iterator[int]:
    """Run the index, and give its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "index.invalid").configure_cert(context)
    if asks_for_a_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Index, wheel(folder))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


class Told:
    """What this machine's pip is told.

    Args:
        folder: of the test.
        authority: of the index.
    """

    def __init__(self, folder: Path, authority: trustme.CA) -> None:
        self.folder = folder
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        (folder / "bin").mkdir()
        (folder / "tmp").mkdir()
        self.env = {
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder / "tmp"),
            "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1",
        }  # fmt: skip

    def by_file(self, text: str) -> "Told":
        """As a user's own configuration."""
        path = self.folder / ".config" / "pip" / "pip.conf"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        return self

    def put(self, name: str, text: str) -> "Told":
        """Write a script that is found by name."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return self

    def installed(self, **env: str) -> "subprocess.CompletedProcess[str]":
        """Install hssgate, and run it."""
        command = [PYTHON, "-I", "-X", "utf8", SCRIPT, "hssgate==0.1.0", "--", "-m", "hssgate", "check"]
        return subprocess.run(
            [*map(str, command)], cwd=self.folder, env=self.env | env, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def told(tmp_path: Path, authority: trustme.CA) -> Told:
    """Nothing yet."""
    return Told(tmp_path, authority)


def assert_from_the_index(ended: "subprocess.CompletedProcess[str]") -> None:
    assert (ended.returncode, ended.stdout) == (0, "from the index\n"), ended.stderr
    assert PASSWORD not in ended.stderr


@pytest.mark.parametrize("section", ["global", "install"])
def test_by_a_configuration_file(told: Told, authority: trustme.CA, section: str) -> None:
    """Mirror, password and certificate; what else it says for everyday work is left aside."""
    with served(told.folder, authority) as port:
        sections = {"global": "quiet = 3\n", "install": MISDIRECTED}
        sections[section] += f"index-url = https://me:{PASSWORD}@localhost:{port}/simple\ncert = {told.ca}\n"
        told.by_file("".join(f"[{name}]\n{text}" for name, text in sections.items()))

        assert_from_the_index(told.installed())


def test_by_variables(told: Told, authority: trustme.CA) -> None:
    """They beat the file."""
    with served(told.folder, authority) as port:
        told.by_file("[global]\nindex-url = https://localhost:9/simple\n[install]\ncert = /nowhere\n")

        assert_from_the_index(
            told.installed(
                PIP_INDEX_URL=f"https://me:{PASSWORD}@localhost:{port}/simple",
                PIP_CERT=str(told.ca),
                PIP_TARGET="/nowhere",
            )
        )


def test_by_a_file_that_a_variable_names(told: Told, authority: trustme.CA) -> None:
    """As one beside extra indexes, several lines long."""
    with served(told.folder, authority) as port:
        extra = f"\n  https://me:{PASSWORD}@localhost:{port}/simple"
        (told.folder / "company.conf").write_text(
            f"[global]\nno-index = false\nindex-url = https://localhost:9/simple\nextra-index-url = {extra}\ncert = {told.ca}\n"
        )

        assert_from_the_index(told.installed(PIP_CONFIG_FILE=str(told.folder / "company.conf")))


def test_by_a_folder_of_wheels(told: Told) -> None:
    """Without an index."""
    wheel(told.folder)

    assert_from_the_index(told.by_file(f"[install]\nno-index = true\nfind-links = {told.folder}\n").installed())


def test_a_password_from_netrc(told: Told, authority: trustme.CA) -> None:
    """Which is read from the home folder."""
    with served(told.folder, authority) as port:
        (told.folder / ".netrc").write_text(f"machine localhost login me password {PASSWORD}\n")
        (told.folder / ".netrc").chmod(0o600)

        assert_from_the_index(told.installed(PIP_INDEX_URL=f"https://localhost:{port}/simple", PIP_CERT=str(told.ca)))


def test_a_password_from_a_keyring(told: Told, authority: trustme.CA) -> None:
    """By the command, which the user's configuration asks for."""
    with served(told.folder, authority) as port:
        told.put("keyring", f'[ "$1 $3" = "get me" ] && echo {PASSWORD}')
        told.by_file(
            f"[global]\nindex-url = https://me@localhost:{port}/simple\ncert = {told.ca}\nkeyring-provider = subprocess\n"
        )

        assert_from_the_index(told.installed())


def test_a_certificate_of_the_client(told: Told, authority: trustme.CA) -> None:
    """Where the mirror asks for one."""
    with served(told.folder, authority, asks_for_a_certificate=True) as port:
        authority.issue_cert("me.invalid").private_key_and_cert_chain_pem.write_to_path(str(told.folder / "me.pem"))
        url = f"https://me:{PASSWORD}@localhost:{port}/simple"

        assert told.installed(PIP_INDEX_URL=url, PIP_CERT=str(told.ca)).returncode == 3
        told.by_file(f"[global]\nclient-cert = {told.folder / 'me.pem'}\n")
        assert_from_the_index(told.installed(PIP_INDEX_URL=url, PIP_CERT=str(told.ca)))


def test_through_a_proxy(told: Told, authority: trustme.CA) -> None:
    """The only way to a host that this machine does not know."""
    with served(told.folder, authority) as port, connect_proxy(f"127.0.0.1:{port}") as proxy:
        told.by_file(f"[global]\nproxy = http://{proxy.address}\ncert = {told.ca}\n")

        assert_from_the_index(
            told.installed(
                PIP_INDEX_URL=f"https://me:{PASSWORD}@index.invalid/simple", PIP_EXTRA_INDEX_URL="file:///nowhere"
            )
        )
        assert proxy.heads[0].startswith("CONNECT index.invalid:443 ")


@pytest.mark.parametrize(
    ("password", "trusts"),
    [pytest.param("wrong", True, id="a wrong password"), pytest.param(PASSWORD, False, id="an unknown authority")],
)
def test_an_index_that_is_not_within_reach(told: Told, authority: trustme.CA, password: str, *, trusts: bool) -> None:
    """Exit 3: what is shown above can fail."""
    with served(told.folder, authority) as port:
        env = {
            "PIP_INDEX_URL": f"https://me:{password}@localhost:{port}/simple",
            "PIP_EXTRA_INDEX_URL": "file:///nowhere",
        }

        ended = told.installed(**env, **({"PIP_CERT": str(told.ca)} if trusts else {}))

    assert (ended.returncode, ended.stdout) == (3, "")
    assert "hssgate could not be installed" in ended.stderr
    assert password not in ended.stderr.replace("wrong password", "")


def test_a_trusted_host(told: Told, authority: trustme.CA) -> None:
    """Whose certificate nobody knows; a feature that pip is to use is left aside."""
    with served(told.folder, authority) as port:
        told.by_file("[global]\nuse-feature = fast-deps\ntrusted-host = localhost\n")

        assert_from_the_index(told.installed(PIP_INDEX_URL=f"https://me:{PASSWORD}@localhost:{port}/simple"))


UV = """
printf '%s\\n' "$*" >>"$UV_NOTES_ARE_IN"; env >>"$UV_NOTES_ARE_IN"
exit 7
"""


@pytest.mark.parametrize(
    ("env", "asked"),
    [
        pytest.param(
            {"PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "", "PIP_NO_CACHE_DIR": ""}, True, id="pip is told nothing"
        ),
        pytest.param({"PIP_INDEX_URL": "https://localhost:9"}, False, id="pip knows a mirror"),
        pytest.param(
            {"PIP_INDEX_URL": "https://localhost:9", "UV_DEFAULT_INDEX": "https://localhost:9"}, True, id="both do"
        ),
    ],
)
def test_uv_is_asked_only_where_it_knows_the_index(told: Told, env: dict[str, str], *, asked: bool) -> None:
    """Else it would go to another one than the machine is told to; it sees neither credentials nor other settings."""
    notes = told.folder / "notes"
    told.put("uv", UV.replace("$UV_NOTES_ARE_IN", str(notes)))
    wheel(told.folder)
    others = {
        "UV_TARGET": "/elsewhere",
        "UV_CONFIG_FILE": "/elsewhere",
        "HUAWEICLOUD_SDK_SK": "s3cret",
        "PYTHONPATH": "/elsewhere",
    }

    told.installed(**env, **others, PIP_FIND_LINKS=str(told.folder) if not asked else "")

    assert notes.exists() == asked
    if asked:
        text = notes.read_text()
        assert "pip install --quiet --no-config --python" in text
        assert "/elsewhere" not in text
        assert "s3cret" not in text
        assert ("UV_DEFAULT_INDEX=https://localhost:9" in text) == ("UV_DEFAULT_INDEX" in env)


LISTED = """
install.use-feature='truststore fast-deps'
global.use-deprecated='legacy-resolver'
global.timeout='5'
install.default-timeout='7'
:env:.pypi-url='https://one.invalid'
global.index-url='https://two.invalid'
global.retries=''
install.target='/elsewhere'
list.cert='/elsewhere'
global.find-links='\\n/a\\n/b \\'c\\''
WARNING: cert='/elsewhere'
"""


def test_what_pip_lists_is_read_as_pip_reads_it(machine: Machine) -> None:
    """Sections beat one another, options have other names, and of the features only certificates matter."""
    command = (machine.folder / "bin" / "python3", "-I", "-X", "utf8", SCRIPT, "hssgate==0.1.0", "--", "-m", "hssgate")
    machine.install_a_fake_gate()

    assert machine.start(*command, env={"LISTED_BY_PIP": LISTED}).ended() == 0

    given = {name: value for name, value in machine.notes()[1]["environ"].items() if name.startswith("PIP_")}
    assert given == {
        "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_USE_FEATURE": "truststore", "PIP_TIMEOUT": "7", "PIP_INDEX_URL": "https://one.invalid",
        "PIP_FIND_LINKS": "\n/a\n/b 'c'",
    }  # fmt: skip
