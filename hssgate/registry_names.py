"""Names of registries in paths and rows, and which of them mean the same one."""

import re

_PORT = re.compile(r":[0-9]+\Z", re.ASCII)


def split_registry(path: str) -> tuple[str | None, str]:
    """Return the registry in front of a path and the rest; as in Docker, a registry has `.` or `:` or is localhost."""
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return None, path


def same_registry(one: str, other: str) -> bool:
    """Return whether two names mean the same registry; hosts are compared without case, scheme, `/` and `:443`."""
    # In HSS a registry has a name that users choose, which may or may not be its host. Only hosts are compared loosely;
    # two chosen names that differ in case are two registries.
    return one == other or plain_registry(one) == host_of(other)


def host_of(registry_name: str) -> str | None:
    """Return the host if a registry's name is one, otherwise None: another name says nothing about the host."""
    plain = plain_registry(registry_name)
    is_host = _PORT.search(_without_scheme(registry_name)) or "." in plain
    return plain if is_host and not any(character.isspace() for character in plain) else None


def plain_registry(registry: str) -> str:
    """Return a registry's host without what does not tell it from another: case, scheme, `/` and `:443`."""
    return _without_scheme(registry).removesuffix(":443")


def _without_scheme(registry: str) -> str:
    return registry.strip().lower().rpartition("://")[2].rstrip("/")
