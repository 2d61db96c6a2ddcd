"""Package sources: the real pip with a password-protected TLS index on loopback, configured in every way."""

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
    """A release of hssgate that only prints that it was run."""
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
    """Serves one package with password authentication."""

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
    """No client trusts it by default."""
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


class PipSettings:
    """The pip settings of this machine.

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

    def by_file(self, text: str) -> "PipSettings":
        """As a user's own configuration."""
        path = self.folder / ".config" / "pip" / "pip.conf"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        return self

    def put(self, name: str, text: str) -> "PipSettings":
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
def pip_settings(tmp_path: Path, authority: trustme.CA) -> PipSettings:
    """Nothing yet."""
    return PipSettings(tmp_path, authority)


def assert_from_the_index(ended: "subprocess.CompletedProcess[str]") -> None:
    assert (ended.returncode, ended.stdout) == (0, "from the index\n"), ended.stderr
    assert PASSWORD not in ended.stderr


@pytest.mark.parametrize("section", ["global", "install"])
def test_by_a_configuration_file(pip_settings: PipSettings, authority: trustme.CA, section: str) -> None:
    """Mirror, password and certificate; its other settings are ignored."""
    with served(pip_settings.folder, authority) as port:
        sections = {"global": "quiet = 3\n", "install": MISDIRECTED}
        sections[section] += f"index-url = https://me:{PASSWORD}@localhost:{port}/simple\ncert = {pip_settings.ca}\n"
        pip_settings.by_file("".join(f"[{name}]\n{text}" for name, text in sections.items()))

        assert_from_the_index(pip_settings.installed())


def test_by_variables(pip_settings: PipSettings, authority: trustme.CA) -> None:
    """They take precedence over the file."""
    with served(pip_settings.folder, authority) as port:
        pip_settings.by_file("[global]\nindex-url = https://localhost:9/simple\n[install]\ncert = /nowhere\n")

        assert_from_the_index(
            pip_settings.installed(
                PIP_INDEX_URL=f"https://me:{PASSWORD}@localhost:{port}/simple",
                PIP_CERT=str(pip_settings.ca),
                PIP_TARGET="/nowhere",
            )
        )


def test_by_a_file_that_a_variable_names(pip_settings: PipSettings, authority: trustme.CA) -> None:
    """As one beside extra indexes, several lines long."""
    with served(pip_settings.folder, authority) as port:
        extra = f"\n  https://me:{PASSWORD}@localhost:{port}/simple"
        (pip_settings.folder / "company.conf").write_text(
            f"[global]\nno-index = false\nindex-url = https://localhost:9/simple\nextra-index-url = {extra}\ncert = {pip_settings.ca}\n"
        )

        assert_from_the_index(pip_settings.installed(PIP_CONFIG_FILE=str(pip_settings.folder / "company.conf")))


def test_by_a_folder_of_wheels(pip_settings: PipSettings) -> None:
    """Without an index."""
    wheel(pip_settings.folder)

    assert_from_the_index(
        pip_settings.by_file(f"[install]\nno-index = true\nfind-links = {pip_settings.folder}\n").installed()
    )


def test_a_password_from_netrc(pip_settings: PipSettings, authority: trustme.CA) -> None:
    """Which is read from the home folder."""
    with served(pip_settings.folder, authority) as port:
        (pip_settings.folder / ".netrc").write_text(f"machine localhost login me password {PASSWORD}\n")
        (pip_settings.folder / ".netrc").chmod(0o600)

        assert_from_the_index(
            pip_settings.installed(PIP_INDEX_URL=f"https://localhost:{port}/simple", PIP_CERT=str(pip_settings.ca))
        )


def test_a_password_from_a_keyring(pip_settings: PipSettings, authority: trustme.CA) -> None:
    """By the command, which the user's configuration asks for."""
    with served(pip_settings.folder, authority) as port:
        pip_settings.put("keyring", f'[ "$1 $3" = "get me" ] && echo {PASSWORD}')
        pip_settings.by_file(
            f"[global]\nindex-url = https://me@localhost:{port}/simple\ncert = {pip_settings.ca}\nkeyring-provider = subprocess\n"
        )

        assert_from_the_index(pip_settings.installed())


def test_a_certificate_of_the_client(pip_settings: PipSettings, authority: trustme.CA) -> None:
    """Where the mirror asks for one."""
    with served(pip_settings.folder, authority, asks_for_a_certificate=True) as port:
        authority.issue_cert("me.invalid").private_key_and_cert_chain_pem.write_to_path(
            str(pip_settings.folder / "me.pem")
        )
        url = f"https://me:{PASSWORD}@localhost:{port}/simple"

        assert pip_settings.installed(PIP_INDEX_URL=url, PIP_CERT=str(pip_settings.ca)).returncode == 3
        pip_settings.by_file(f"[global]\nclient-cert = {pip_settings.folder / 'me.pem'}\n")
        assert_from_the_index(pip_settings.installed(PIP_INDEX_URL=url, PIP_CERT=str(pip_settings.ca)))


def test_through_a_proxy(pip_settings: PipSettings, authority: trustme.CA) -> None:
    """The only way to a host that this machine does not know."""
    with served(pip_settings.folder, authority) as port, connect_proxy(f"127.0.0.1:{port}") as proxy:
        pip_settings.by_file(f"[global]\nproxy = http://{proxy.address}\ncert = {pip_settings.ca}\n")

        assert_from_the_index(
            pip_settings.installed(
                PIP_INDEX_URL=f"https://me:{PASSWORD}@index.invalid/simple", PIP_EXTRA_INDEX_URL="file:///nowhere"
            )
        )
        assert proxy.heads[0].startswith("CONNECT index.invalid:443 ")


@pytest.mark.parametrize(
    ("password", "trusts"),
    [pytest.param("wrong", True, id="a wrong password"), pytest.param(PASSWORD, False, id="an unknown authority")],
)
def test_an_index_that_is_not_within_reach(
    pip_settings: PipSettings, authority: trustme.CA, password: str, *, trusts: bool
) -> None:
    """Exit 3: what is shown above can fail."""
    with served(pip_settings.folder, authority) as port:
        env = {
            "PIP_INDEX_URL": f"https://me:{password}@localhost:{port}/simple",
            "PIP_EXTRA_INDEX_URL": "file:///nowhere",
        }

        ended = pip_settings.installed(**env, **({"PIP_CERT": str(pip_settings.ca)} if trusts else {}))

    assert (ended.returncode, ended.stdout) == (3, "")
    assert "hssgate could not be installed" in ended.stderr
    assert password not in ended.stderr.replace("wrong password", "")


def test_a_trusted_host(pip_settings: PipSettings, authority: trustme.CA) -> None:
    """An index with an unknown certificate; other pip features are ignored."""
    with served(pip_settings.folder, authority) as port:
        pip_settings.by_file("[global]\nuse-feature = fast-deps\ntrusted-host = localhost\n")

        assert_from_the_index(pip_settings.installed(PIP_INDEX_URL=f"https://me:{PASSWORD}@localhost:{port}/simple"))


UV = """
printf '%s\\n' "$*" >>"$UV_NOTES_ARE_IN"; env >>"$UV_NOTES_ARE_IN"
exit 7
"""


@pytest.mark.parametrize(
    ("env", "asked"),
    [
        pytest.param(
            {"PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "", "PIP_NO_CACHE_DIR": ""}, True, id="no pip settings"
        ),
        pytest.param({"PIP_INDEX_URL": "https://localhost:9"}, False, id="pip knows a mirror"),
        pytest.param(
            {"PIP_INDEX_URL": "https://localhost:9", "UV_DEFAULT_INDEX": "https://localhost:9"}, True, id="both do"
        ),
    ],
)
def test_uv_is_asked_only_where_it_knows_the_index(
    pip_settings: PipSettings, env: dict[str, str], *, asked: bool
) -> None:
    """Without them it would use another index than configured; it sees neither credentials nor other settings."""
    notes = pip_settings.folder / "notes"
    pip_settings.put("uv", UV.replace("$UV_NOTES_ARE_IN", str(notes)))
    wheel(pip_settings.folder)
    others = {
        "UV_TARGET": "/elsewhere",
        "UV_CONFIG_FILE": "/elsewhere",
        "HUAWEICLOUD_SDK_SK": "s3cret",
        "PYTHONPATH": "/elsewhere",
    }

    pip_settings.installed(**env, **others, PIP_FIND_LINKS=str(pip_settings.folder) if not asked else "")

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
    """Sections have a precedence, options have other names, and of the features only certificates matter."""
    command = (machine.folder / "bin" / "python3", "-I", "-X", "utf8", SCRIPT, "hssgate==0.1.0", "--", "-m", "hssgate")
    machine.install_a_fake_gate()

    assert machine.start(*command, env={"LISTED_BY_PIP": LISTED}).ended() == 0

    given = {name: value for name, value in machine.notes()[1]["environ"].items() if name.startswith("PIP_")}
    assert given == {
        "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_USE_FEATURE": "truststore", "PIP_TIMEOUT": "7", "PIP_INDEX_URL": "https://one.invalid",
        "PIP_FIND_LINKS": "\n/a\n/b 'c'",
    }  # fmt: skip
