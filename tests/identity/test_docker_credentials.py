"""Logins of a registry are taken from Docker's configuration file, and only for the registry they belong to."""

import base64
import json

import pytest

from hssgate.identity.docker_credentials import login_of

PAIR = base64.b64encode(b"robot:pass:word").decode()


def config(**more: object) -> bytes:
    return json.dumps(more).encode()


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        pytest.param("registry.example", "registry.example", id="host"),
        pytest.param("https://registry.example", "registry.example", id="scheme"),
        pytest.param("https://registry.example/v1/", "registry.example", id="old-path"),
        pytest.param("registry.example:443", "registry.example", id="usual-port"),
        pytest.param("REGISTRY.example:5000", "registry.example:5000", id="port-and-case"),
        pytest.param("https://index.docker.io/v1/", "docker.io", id="docker-hub"),
        pytest.param("docker.io", "index.docker.io", id="docker-hub-by-its-old-name"),
        pytest.param("registry-1.docker.io", "docker.io", id="docker-hub-by-its-host"),
    ],
)
def test_a_login_belongs_to_its_host(key: str, registry: str) -> None:
    """Scheme, path and case of the key do not matter, and a colon may stand in the password."""
    login = login_of(config(auths={"other.example": {"auth": "eDp5"}, key: {"auth": PAIR}}), registry)

    assert login is not None
    assert (login.user, login.password.reveal()) == ("robot", "pass:word")
    assert login.basic.reveal() == f"Basic {PAIR}"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(config(), id="empty"),
        pytest.param(config(auths={"registry.example": {}}), id="entry-without-login"),
        pytest.param(config(auths={"registry.example.org": {"auth": PAIR}}), id="longer-host"),
        pytest.param(config(auths={"registry.example:5000": {"auth": PAIR}}), id="other-port"),
        pytest.param(config(auths={"registry.example": "x"}), id="entry-not-an-object"),
        pytest.param(config(auths={"https://index.docker.io/v1/": {"auth": PAIR}}), id="docker-hub"),
        pytest.param(config(credHelpers={"other.example": "ecr"}), id="helper-of-another"),
        pytest.param(config(auths={"[": {"auth": PAIR}}), id="no-host"),
        pytest.param(config(auths={"registry.example": {"username": "u", "password": "\0"}}), id="empty-password"),
    ],
)
def test_no_login_of_another_host_is_used(raw: bytes) -> None:
    """Without an entry for the registry there is no login."""
    assert login_of(raw, "registry.example") is None


def test_user_name_and_password_may_stand_apart() -> None:
    """As podman and others write them."""
    login = login_of(config(auths={"registry.example": {"username": "u", "password": "secret"}}), "registry.example")

    assert login is not None
    assert (login.user, login.password.reveal()) == ("u", "secret")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(b"{", "not valid JSON", id="no-json"),
        pytest.param(b"[]", "not a JSON object", id="list"),
        pytest.param(config(auths=[]), '"auths" is not an object', id="auths-a-list"),
        pytest.param(config(auths={"registry.example": {"auth": "%%"}}), "not Base64", id="auth-not-base64"),
        pytest.param(
            config(auths={"registry.example": {"auth": "eA=="}}), "not Base64 of user:password", id="no-colon"
        ),
        pytest.param(config(auths={"registry.example": {"auth": "/zr/"}}), "not Base64 of user:password", id="no-text"),
        pytest.param(config(auths={"registry.example": {"identitytoken": "t"}}), "identitytoken", id="identity-token"),
        pytest.param(
            config(auths={"registry.example": {"username": "\ud800", "password": "p"}}),
            "cannot be sent",
            id="half-a-character",
        ),
        pytest.param(config(credsStore="desktop", auths={"registry.example": {}}), "helper 'desktop'", id="store"),
        pytest.param(config(credHelpers={"registry.example": "ecr-login"}), "helper 'ecr-login'", id="helper"),
    ],
)
def test_what_cannot_be_used_is_refused(raw: bytes, said: str) -> None:
    """A credential helper is a program that would have to be run."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        login_of(raw, "registry.example")
    assert said in str(caught.value)
