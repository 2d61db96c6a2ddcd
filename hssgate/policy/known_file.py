"""Files of known findings: JSON with a line for each finding, sorted, so that a diff in a review reads well."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hssgate.files import read_bounded
from hssgate.policy.document import Malformed, read_document
from hssgate.policy.known import AcceptedRow, Key, KnownFile, KnownFindings, KnownImage
from hssgate.policy.model import KeyPath
from hssgate.policy.values import key_text
from hssgate.text import clean

FORMAT = "hssgate-accepted"
VERSION = 1
LARGEST_FILE = 4 * 1024 * 1024  # bytes, some 60,000 findings, which take 60 MB of memory
_Name = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Finding(_Part):
    id: _Name
    package: str = ""
    path: str = ""
    count: Annotated[int, Field(ge=1)] = 1

    @property
    def key(self) -> Key:
        return self.id, self.package, self.path


class _Accepted(_Part):
    image: _Name
    digest: _Name | None = None
    date: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    tool: _Name


class _Image(_Part):
    path: _Name
    accepted: list[_Accepted]
    findings: list[_Finding]


class _Document(_Part):
    format: Literal["hssgate-accepted"]
    version: Literal[1]
    images: list[_Image]


def read_known_file(path: Path) -> KnownFile:
    """Read a file that `hssgate accept` wrote.

    Raises:
        ValueError: it cannot be read, or is not such a file; the message has what to do.
    """
    try:
        raw = read_bounded(path, LARGEST_FILE)
    except OSError as error:
        advice = "; `hssgate accept` writes it" if isinstance(error, FileNotFoundError) else ""
        raise ValueError(f"it cannot be read: {error.strerror or error}{advice}") from error
    if len(raw) > LARGEST_FILE:
        raise ValueError("it is larger than 4 MiB; use a file for each image")
    try:
        data = read_document(raw.decode("utf-8-sig"), ".json").data
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start})") from error
    except Malformed as error:
        raise ValueError(f"{_not_ours(error.where)}: {clean(error)}") from error
    _refuse_other_documents(data)
    try:
        document = _Document.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{_not_ours(tuple(first['loc']))}: {clean(first['msg'])}") from error
    return KnownFile(str(path), hashlib.sha256(raw).hexdigest(), _images(document))


def render_known_file(images: Mapping[str, KnownImage]) -> str:
    """Return the text of a file of known findings.

    Args:
        images: by path without registry and version.
    """
    shown = ",\n".join(_image_text(path, images[path]) for path in sorted(images))
    listed = f"[\n{shown}\n  ]" if shown else "[]"
    return f'{{\n  "format": "{FORMAT}",\n  "version": {VERSION},\n  "images": {listed}\n}}\n'


def _refuse_other_documents(data: object) -> None:
    """Refuse what another program, or a newer hssgate, wrote.

    Raises:
        ValueError: the message has what to do.
    """
    document = data if isinstance(data, dict) else {}
    if document.get("format") != FORMAT:
        raise ValueError(_not_ours())
    version = document.get("version")
    if type(version) is not int:  # `true` and `1.0` equal 1
        raise ValueError(_not_ours(("version",)))
    if version > VERSION:
        raise ValueError(f"a newer hssgate wrote it (version {clean(version, 20)}, known here is {VERSION}); update")


def _not_ours(where: KeyPath = ()) -> str:
    place = key_text(where)
    return "it is not a file that `hssgate accept` wrote" + (f": {place}" if place else "")


def _images(document: _Document) -> dict[str, KnownImage]:
    images: dict[str, KnownImage] = {}
    for number, image in enumerate(document.images):
        if image.path in images:
            raise ValueError(f"images[{number}]: {clean(image.path, 200)} is there twice; accept the image again")
        numbers: Counter[Key] = Counter()
        for finding in image.findings:
            if finding.key in numbers:
                named = clean(" ".join(part for part in finding.key if part), 200)
                raise ValueError(f"images[{number}]: {named} is there twice; accept the image again")
            numbers[finding.key] = finding.count
        accepted = tuple(AcceptedRow(one.image, one.digest, one.date, one.tool) for one in image.accepted)
        images[image.path] = KnownImage(accepted, KnownFindings(numbers))
    return images


def _image_text(path: str, image: KnownImage) -> str:
    accepted: list[dict[str, object]] = [
        {"image": one.image, "digest": one.digest, "date": one.date, "tool": one.tool}
        for one in sorted(image.accepted, key=lambda one: (one.image, one.digest or "", one.date, one.tool))
    ]
    findings: list[dict[str, object]] = [
        {"id": vul_id, "package": package, "path": of_file, "count": number if number > 1 else None}
        for (vul_id, package, of_file), number in sorted(image.findings.numbers.items())
    ]
    lists = (("accepted", accepted), ("findings", findings))
    shown = ",\n".join(f'      "{name}": {_list_text(rows)}' for name, rows in lists)
    return f'    {{\n      "path": {_text(path)},\n{shown}\n    }}'


def _list_text(rows: list[dict[str, object]]) -> str:
    lines = ",\n".join(f"        {_text({key: value for key, value in row.items() if value})}" for row in rows)
    return f"[\n{lines}\n      ]" if lines else "[]"


def _text(value: object) -> str:
    """Return one line of JSON; characters that a reader cannot see become escapes."""
    plain = json.dumps(value, ensure_ascii=False)
    return plain if plain.isprintable() else json.dumps(value)
