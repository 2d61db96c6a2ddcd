"""Requests to a registry: what is sent to whom, what is asked again, and what ends it."""

import base64
import ssl

import httpx
import pytest

from hssgate.errors import ApiRefused, ApiUnavailable, RequestRefused
from hssgate.hss.secret import Secret
from hssgate.identity.docker_credentials import RegistryLogin
from hssgate.identity.repository import Repository
from tests.support.registry import HOST, Registry

LOGIN = RegistryLogin("robot", Secret("registry-password"))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(401, "log in with docker login", id="401"),
        pytest.param(403, "may not pull this image", id="403"),
        pytest.param(404, "check registry, path and version of IMAGE", id="404"),
        pytest.param(301, "check registry and path of IMAGE", id="redirected-manifest"),
    ],
)
def test_a_refusal_ends_at_once_with_the_next_step(registry: Registry, status: int, said: str) -> None:
    """It is not asked again."""
    registry.first = lambda _: httpx.Response(status, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(ApiRefused, match=f"registry {HOST}, team/app/manifests/1.0: HTTP {status}; .*{said}"):
        registry.resolve("1.0")

    assert len(registry.received) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_temporary_fault_is_retried(registry: Registry, status: int) -> None:
    """As for HSS: the third attempt is answered."""
    digest = registry.index(registry.image())
    faults = iter([httpx.Response(status), httpx.Response(status)])
    registry.first = lambda _: next(faults, None)

    assert registry.resolve("1.0").digest == digest


def test_a_registry_that_never_answers_is_given_up(registry: Registry) -> None:
    """After 60 s in all."""
    registry.first = lambda _: httpx.Response(503, headers={"Retry-After": "7"})

    with pytest.raises(ApiUnavailable, match=f"registry {HOST}, team/app/manifests/1.0: HTTP 503"):
        registry.resolve("1.0")
    assert len(registry.received) == 1 + 60 // 7 + 1


def test_basic_authentication_is_sent_when_it_is_asked_for(registry: Registry) -> None:
    """And to this registry only."""
    digest = registry.index(registry.image())
    expected = f"Basic {base64.b64encode(b'robot:registry-password').decode()}"
    registry.first = lambda request: (
        None
        if request.headers.get("Authorization") == expected
        else httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="registry"'})
    )

    assert registry.resolve(login=LOGIN, reference="1.0").digest == digest
    asked = [request for request in registry.received if "/manifests/" in request.url.path]
    assert all("oci.image.manifest" in request.headers["Accept"] for request in asked)
    pair = base64.b64encode(b"robot:registry-password").decode()
    assert [secret.reveal() for secret in LOGIN.secrets] == ["registry-password", pair]
    assert "Authorization" not in registry.received[0].headers
    assert {request.url.host for request in registry.received} == {HOST}


def test_a_refused_login_is_not_repeated(registry: Registry) -> None:
    """The message says where the login comes from."""
    registry.first = lambda _: httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="registry"'})

    with pytest.raises(ApiRefused, match=r"HTTP 401; the login in Docker's config.json is refused"):
        registry.resolve(login=LOGIN, reference="1.0")
    assert len(registry.received) == 2


def with_tokens(registry: Registry, realm: str) -> None:
    """Have the registry ask for a token of a service, which gives one to everybody."""
    challenge = f'Bearer realm="{realm}",service="registry",scope="repository:anything:push"'

    def first(request: httpx.Request) -> httpx.Response | None:
        if "/token" in request.url.path:
            return httpx.Response(200, json={"token": "issued-token"})
        if request.headers.get("Authorization") != "Bearer issued-token":
            return httpx.Response(401, headers={"WWW-Authenticate": challenge})
        return None

    registry.first = first


@pytest.mark.parametrize(
    ("host", "realm", "login_sent"),
    [
        pytest.param(HOST, f"https://{HOST}/token", True, id="own-host"),
        pytest.param(HOST, f"https://{HOST}/token?account=x", True, id="own-host-with-a-query"),
        pytest.param(HOST, "https://auth.elsewhere.example/token", False, id="other-host"),
        pytest.param(HOST, f"https://{HOST}:8443/token", False, id="other-port"),
        pytest.param(HOST, "https://example/token", False, id="top-level-domain"),
        pytest.param("registry.gitlab.example", "https://gitlab.example/token", True, id="domain-above"),
        pytest.param("registry.gitlab.example", "https://gitlab.example:443/token", True, id="domain-above-usual-port"),
        pytest.param("registry.gitlab.example", "https://gitlab.example:444/token", False, id="domain-above-other-port"),
        pytest.param("registry.gitlab.example", "https://lab.example/token", False, id="end-of-a-label"),
        pytest.param("10.0.0.1", "https://0.0.1/token", False, id="no-domain"),
        pytest.param("docker.io", "https://auth.docker.io/token", True, id="docker-hub"),
        pytest.param("docker.io", "https://docker.io/token", False, id="not-that-of-docker-hub"),
        pytest.param("127.0.0.1:5000", "http://127.0.0.1:5000/token", True, id="loopback"),
        pytest.param("127.0.0.1:5000", "http://127.0.0.1:5001/token", False, id="loopback-other-port"),
    ],
)  # fmt: skip
def test_a_token_service_gets_the_login_only_where_it_is_the_registrys(
    host: str, realm: str, *, login_sent: bool
) -> None:
    """A challenge may name any host; another one is asked without the login."""
    registry = Registry(host)
    digest = registry.index(registry.image())
    with_tokens(registry, realm)

    assert registry.resolve(digest, login=LOGIN).digest == digest
    asked = next(request for request in registry.received if "/token" in request.url.path)
    assert ("Authorization" in asked.headers) is login_sent
    assert asked.url.params["scope"] == "repository:team/app:pull"
    assert {request.headers["Authorization"] for request in registry.received[2:]} == {"Bearer issued-token"}


def test_a_login_that_was_withheld_is_named(registry: Registry) -> None:
    """The token of another host than the registry, got without it, does not suffice."""
    with_tokens(registry, "https://auth.elsewhere.example/token")
    tokens = registry.first
    registry.first = lambda request: (
        tokens(request)
        if "/token" in request.url.path
        else httpx.Response(401, headers={"WWW-Authenticate": 'Bearer realm="https://auth.elsewhere.example/token"'})
    )

    with pytest.raises(RequestRefused, match=r"the login was not sent to its token service auth\.elsewhere\.example"):
        registry.resolve("1.0", login=LOGIN)
    assert "Authorization" not in registry.received[1].headers


def test_images_of_docker_hub_itself_have_another_name() -> None:
    """In the address and in the scope of the token."""
    registry = Registry("docker.io")
    digest = registry.index(registry.image())
    with_tokens(registry, "https://auth.docker.io/token")

    registry.resolve(digest, path="debian")

    assert registry.received[0].url == f"https://registry-1.docker.io/v2/library/debian/manifests/{digest}"
    assert registry.received[1].url.params["scope"] == "repository:library/debian:pull"


def test_a_refused_login_is_told_from_a_token_that_does_not_suffice(registry: Registry) -> None:
    """After the first no other image is asked for; the second is about this image."""
    realm = f'Bearer realm="https://{HOST}/token"'
    registry.first = lambda _: httpx.Response(401, headers={"WWW-Authenticate": realm})
    with pytest.raises(ApiRefused, match="from its token service") as refused:
        registry.resolve("1.0", login=LOGIN)

    with_tokens(registry, f"https://{HOST}/token")
    tokens = registry.first
    registry.first = lambda request: (
        tokens(request) if "/token" in request.url.path else httpx.Response(401, headers={"WWW-Authenticate": realm})
    )
    with pytest.raises(ApiRefused) as insufficient:
        registry.resolve("1.0", login=LOGIN)

    assert not isinstance(refused.value, RequestRefused)
    assert isinstance(insufficient.value, RequestRefused)


def test_a_login_is_not_sent_anew_for_each_document(registry: Registry) -> None:
    """A 401 for a configuration, after the login was good for the manifest, ends it."""
    registry.index(registry.image())
    registry.first = lambda request: (
        None
        if "Authorization" in request.headers and "/manifests/" in request.url.path
        else httpx.Response(401, headers={"WWW-Authenticate": "Basic"})
    )

    with pytest.raises(ApiRefused, match=r"team/app/blobs/sha256:.*HTTP 401"):
        registry.resolve("1.0", login=LOGIN)
    assert ["Authorization" in request.headers for request in registry.received] == [False, True, True, True]


@pytest.mark.parametrize(
    "challenges",
    [
        pytest.param(['Basic realm="registry"', 'Bearer realm="https://registry.example/token"'], id="two headers"),
        pytest.param(['Bearer realm="https://registry.example/token", Basic realm="registry"'], id="one header"),
    ],
)
def test_of_two_schemes_a_token_is_taken(registry: Registry, challenges: list[str]) -> None:
    """As Docker does."""
    digest = registry.index(registry.image())
    with_tokens(registry, f"https://{HOST}/token")
    tokens = registry.first
    registry.first = lambda request: (
        httpx.Response(401, headers=[("WWW-Authenticate", challenge) for challenge in challenges])
        if "Authorization" not in request.headers and "/token" not in request.url.path
        else tokens(request)
    )

    assert registry.resolve("1.0", login=LOGIN).digest == digest
    assert registry.received[-1].headers["Authorization"] == "Bearer issued-token"


def test_an_unknown_scheme_is_not_answered(registry: Registry) -> None:
    """Nor is a registry without a login."""
    for challenge in ("Negotiate", 'Basic realm="registry"', ""):
        registry.first = lambda _, challenge=challenge: httpx.Response(401, headers={"WWW-Authenticate": challenge})  # type: ignore[misc]
        with pytest.raises(RequestRefused, match="log in with docker login"):
            registry.resolve("1.0")
    assert len(registry.received) == 3


def test_what_a_redirect_is_signed_with_is_a_secret(registry: Registry) -> None:
    """Its address gives access to whoever has it."""
    secrets: list[Secret] = []
    digest = registry.index(registry.image())
    registry.first = lambda request: (
        httpx.Response(307, headers={"Location": f"https://storage.example{request.url.path}?X-Amz-Signature=abc"})
        if "/blobs/" in request.url.path and request.url.host == HOST
        else None
    )

    assert registry.resolve("1.0", secrets=secrets).digest == digest
    assert [secret.reveal() for secret in secrets] == ["X-Amz-Signature=abc"]
    assert registry.received[-1].url.query == b"X-Amz-Signature=abc"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_blob_is_fetched_from_where_the_registry_has_it(registry: Registry, status: int) -> None:
    """Whichever of the redirects it chooses."""
    digest = registry.index(registry.image())
    registry.first = lambda request: (
        httpx.Response(status, headers={"Location": f"https://storage.example{request.url.path}"})
        if "/blobs/" in request.url.path and request.url.host == HOST
        else None
    )

    assert registry.resolve("1.0").digest == digest


def test_redirects_without_end_are_refused(registry: Registry) -> None:
    """After three."""
    registry.index(registry.image())
    registry.first = lambda request: (
        httpx.Response(307, headers={"Location": f"{request.url.path}x"}) if "/blobs/" in request.url.path else None
    )

    with pytest.raises(ApiRefused, match="HTTP 307"):
        registry.resolve("1.0")
    assert len(registry.received) == 2 + 4


def test_a_host_without_a_connection_is_named_and_asked_again(registry: Registry) -> None:
    """Until the time is up."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    registry.first = fail
    with pytest.raises(ApiUnavailable, match=f"registry {HOST}, team/app/manifests/1.0: no complete response from"):
        registry.resolve("1.0")
    assert len(registry.received) > 3


def test_a_certificate_that_is_not_to_be_trusted_ends_it_at_once(registry: Registry) -> None:
    """No login is sent there."""

    def fail(_: httpx.Request) -> httpx.Response:
        certificate = ssl.SSLCertVerificationError("self-signed certificate")
        certificate.verify_code, certificate.verify_message = 18, "self-signed certificate"
        raise httpx.ConnectError("x") from certificate

    registry.first = fail
    with pytest.raises(RequestRefused, match=f"registry {HOST}, team/app/manifests/1.0: the certificate of {HOST}"):
        registry.resolve("1.0", login=LOGIN)
    assert len(registry.received) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(httpx.Response(200, json={"token": 5}), "holds no token", id="token-a-number"),
        pytest.param(httpx.Response(200, content=b"{"), "holds no token", id="no-json"),
        pytest.param(httpx.Response(403), "HTTP 403 from its token service https://registry.example", id="refused"),
    ],
)
def test_a_token_service_that_gives_none_ends_it(registry: Registry, answer: httpx.Response, said: str) -> None:
    """Nothing is asked again."""
    registry.first = lambda request: (
        answer
        if request.url.path == "/token"
        else httpx.Response(401, headers={"WWW-Authenticate": f'Bearer realm="https://{HOST}/token"'})
    )

    with pytest.raises(ApiRefused, match=said):
        registry.resolve("1.0")


def test_a_token_service_without_tls_is_refused(registry: Registry) -> None:
    """A login would go over the line in the clear."""
    registry.first = lambda _: httpx.Response(401, headers={"WWW-Authenticate": f'Bearer realm="http://{HOST}/token"'})

    with pytest.raises(ApiRefused, match="is not an https address"):
        registry.resolve(login=LOGIN, reference="1.0")


def test_a_blob_is_followed_to_another_host_without_credentials(registry: Registry) -> None:
    """As registries do that keep their blobs in object storage."""
    digest = registry.index(registry.image())
    expected = LOGIN.basic.reveal()

    def gate(request: httpx.Request) -> httpx.Response | None:
        if request.url.host != HOST:
            return None
        if request.headers.get("Authorization") != expected:
            return httpx.Response(401, headers={"WWW-Authenticate": "Basic"})
        if "/blobs/" in request.url.path:
            return httpx.Response(307, headers={"Location": f"https://storage.example{request.url.path}"})
        return None

    registry.first = gate
    assert registry.resolve(login=LOGIN, reference="1.0").digest == digest
    (registryd,) = [request for request in registry.received if request.url.host == "storage.example"]
    assert "Authorization" not in registryd.headers


@pytest.mark.parametrize(
    ("location", "said"),
    [
        pytest.param("http://storage.example/x", "not an https address", id="plain-http"),
        pytest.param("http://127.0.0.1/x", "not an https address", id="loopback-of-this-machine"),
        pytest.param("https://[/x", "not an https address", id="no-address"),
        pytest.param("https://h:99999/x", "not an https address", id="no-port"),
        pytest.param("", "redirected to ''", id="nowhere"),
    ],
)
def test_a_redirect_to_plain_http_or_without_end_is_refused(registry: Registry, location: str, said: str) -> None:
    """Nothing is fetched from there."""
    registry.index(registry.image())
    registry.first = lambda request: (
        httpx.Response(307, headers={"Location": location}) if "/blobs/" in request.url.path else None
    )

    with pytest.raises(ApiRefused, match=said):
        registry.resolve("1.0")


@pytest.mark.parametrize(
    ("registry", "path", "url"),
    [
        pytest.param("registry.example:5000", "a/b", "https://registry.example:5000/v2/a/b/manifests/1.0", id="port"),
        pytest.param("127.0.0.1:5000", "app", "http://127.0.0.1:5000/v2/app/manifests/1.0", id="loopback"),
        pytest.param("localhost", "app", "http://localhost/v2/app/manifests/1.0", id="localhost"),
        pytest.param("docker.io", "app", "https://registry-1.docker.io/v2/library/app/manifests/1.0", id="docker-hub"),
        pytest.param(
            "index.docker.io", "t/app", "https://registry-1.docker.io/v2/t/app/manifests/1.0", id="docker-hub-old"
        ),
        pytest.param("docker.io", "t/app", "https://registry-1.docker.io/v2/t/app/manifests/1.0", id="docker-hub-path"),
    ],
)
def test_the_address_of_a_manifest(registry: str, path: str, url: str) -> None:
    """Plain http only on loopback; Docker Hub has another host than its name."""
    assert Repository(registry, path).url("manifests", "1.0") == url


@pytest.mark.parametrize(
    "realm", ["https://[/token", "https://h:99999/token", "https://h:0/token", "https://h/\x7f", "token"]
)
def test_what_is_no_address_is_not_asked(realm: str) -> None:
    """A registry names its token service."""
    assert not Repository(HOST, "team/app").may_send_to(realm)
