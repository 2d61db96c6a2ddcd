"""A repository of a container registry: its addresses, and which addresses that the registry names may be asked."""

from urllib.parse import quote, urlsplit

from hssgate.hss.http import Url, UrlInvalid, is_loopback
from hssgate.record import record

_DOCKER_HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
_TOKENS_OF_DOCKER_HUB = "auth.docker.io"


@record
class Repository:
    """A repository of a registry.

    Args:
        registry: host, with its port if it has one.
        path: namespace and name, as IMAGE has them.
    """

    registry: str
    path: str

    @property
    def endpoint(self) -> str:
        """Scheme and host: plain http on loopback only."""
        host = _DOCKER_HUB.get(self.registry.lower(), self.registry)
        return f"{'http' if is_loopback(urlsplit(f'//{host}').hostname or '') else 'https'}://{host}"

    @property
    def name(self) -> str:
        """The name by which the registry knows it: Docker Hub keeps its own images under `library`."""
        is_official = self.registry.lower() in _DOCKER_HUB and "/" not in self.path
        return f"library/{self.path}" if is_official else self.path

    def url(self, kind: str, reference: str) -> str:
        """Return the address of a manifest or a blob."""
        return f"{self.endpoint}/v2/{quote(self.name)}/{kind}/{quote(reference, safe=':')}"

    def may_send_to(self, url: str) -> bool:
        """Whether an address that the registry names may be asked: by https, of a registry on loopback also without."""
        if not is_url(url):
            return False
        parts = urlsplit(url)
        on_loopback = is_loopback(parts.hostname or "") and self.endpoint.startswith("http://")
        return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and on_loopback))

    def may_give_login_to(self, realm: str) -> bool:
        """Whether a token service may be sent the login of the registry.

        A challenge may name any host. The login goes to the registry itself, to a domain above it, which controls what
        its name resolves to (registry.gitlab.com and gitlab.com), and to the one that Docker documents for Docker Hub.
        """
        asked, own = urlsplit(realm), urlsplit(self.endpoint)
        if (asked.scheme, asked.netloc.lower()) == (own.scheme, own.netloc.lower()):
            return True
        if asked.scheme != "https" or own.scheme != "https" or asked.port not in {None, 443}:
            return False
        host, registry = (asked.hostname or "").lower(), (own.hostname or "").lower()
        if registry in _DOCKER_HUB.values():
            return host == _TOKENS_OF_DOCKER_HUB
        return "." in host and registry.endswith(f".{host}") and not registry.replace(".", "").isdigit()


def is_url(text: str) -> bool:
    """Whether a text is an address that can be asked."""
    try:
        Url(text)
        return urlsplit(text).port != 0
    except (UrlInvalid, ValueError):
        return False


def host_of_url(url: str) -> str:
    """Return scheme and host of an address: the rest may be a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
