"""Reader of build metadata files, as `docker buildx build --metadata-file` and `bake` write them.

Source: https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file
"""

from collections.abc import Iterator

from hssgate.identity.strict_json import parse_strictly
from hssgate.proof import is_digest
from hssgate.record import record
from hssgate.text import clean

_NAME, _DIGEST, _CONFIG_DIGEST = "image.name", "containerimage.digest", "containerimage.config.digest"
_FORM = (
    'a build metadata file holds "image.name" and "containerimage.digest", as docker buildx --metadata-file writes them'
)


@record
class Build:
    """One build: the names it was pushed under, and its digests.

    Args:
        names: each a reference without a digest.
        digest: of the manifest or the index.
        config_digest: of the image's configuration; None where the index holds several platforms.
    """

    names: tuple[str, ...]
    digest: str
    config_digest: str | None = None

    @property
    def digests(self) -> tuple[str, ...]:
        """Every digest that proves the image."""
        return (self.digest,) if self.config_digest is None else (self.digest, self.config_digest)


def parse_metadata(raw: bytes) -> tuple[Build, ...]:
    """Return the builds of a metadata file: one, or one for each target of `bake`.

    Raises:
        ValueError: the text is not such a file; the message says what to write.
    """
    try:
        document = parse_strictly(raw)
    except ValueError as error:
        raise ValueError(f"{error}; {_FORM}") from None
    if not isinstance(document, dict):
        raise ValueError(f"not a JSON object; {_FORM}")  # noqa: TRY004 - a fault of the file
    builds = tuple(_builds(document))
    if not builds:
        raise ValueError(f"no image in it; {_FORM}")
    return builds


def _builds(document: dict[str, object]) -> Iterator[Build]:
    if _is_build(document):
        yield _build(document, "")
        return
    for target, found in document.items():
        if isinstance(found, dict) and _is_build(found):
            yield _build(found, f"{clean(target, 80)}: ")


def _is_build(found: dict[str, object]) -> bool:
    return bool({_NAME, _DIGEST, _CONFIG_DIGEST} & found.keys())


def _build(found: dict[str, object], where: str) -> Build:
    names = found.get(_NAME)
    listed = tuple(dict.fromkeys(name.strip() for name in str(names).split(",") if name.strip()))
    if not isinstance(names, str) or not listed:
        raise ValueError(
            f'{where}"{_NAME}" is missing: build with a tag (-t registry/team/app:1.0), or name IMAGE by digest'
        )
    digest = _digest(found, _DIGEST, where)
    if digest is None:
        raise ValueError(f'{where}"{_DIGEST}" is missing: push the image in the build (--push)')
    return Build(listed, digest, _digest(found, _CONFIG_DIGEST, where))


def _digest(found: dict[str, object], key: str, where: str) -> str | None:
    digest = found.get(key)
    if digest is None:
        return None
    if not isinstance(digest, str) or not is_digest(digest):
        raise ValueError(f'{where}"{key}" is {clean(digest, 80)!r}, not sha256: and 64 lower-case hexadecimal digits')
    return digest
