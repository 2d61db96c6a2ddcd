"""Pydantic model of the JSON report for reading it back."""

import json
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from hssgate.exit_codes import ExitCode
from hssgate.saved.image_model import ImageModel, SavedModel
from hssgate.verdict import Trouble

SCHEMA_VERSION = 1


class SearchedModel(SavedModel):
    """First and last folder that were searched for a default policy."""

    first: str = Field(alias="from")
    up_to: str


class FeedModel(SavedModel):
    """A feed that a policy reads."""

    path: str
    sha256: str
    date: AwareDatetime | None


class KnownSourceModel(SavedModel):
    """The file of known findings that a policy reads."""

    path: str
    sha256: str


class PolicyModel(SavedModel):
    """A policy that was applied."""

    path: str
    sha256: str
    contact: str | None = None
    feeds: tuple[FeedModel, ...] = ()
    known: KnownSourceModel | None = None
    searched: SearchedModel | None = None


class ErrorModel(SavedModel):
    """An error of the run that belongs to no image."""

    type: Literal[Trouble.INTERRUPTED, Trouble.REPORT]
    message: str


class ToolModel(SavedModel):
    """The tool that wrote the report."""

    version: str


class ReportModel(SavedModel):
    """A whole report."""

    schema_version: int
    tool: ToolModel
    exit_code: ExitCode
    started_at: AwareDatetime
    finished_at: AwareDatetime
    policies: tuple[PolicyModel, ...]
    errors: tuple[ErrorModel, ...]
    warnings: tuple[str, ...]
    images: tuple[ImageModel, ...] = Field(min_length=1)


def parse_json(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the data of a JSON document.

    Raises:
        ValueError: the document is not JSON, or an object has a duplicate key.
        RecursionError: it is nested too deeply.
    """
    # Readers of JSON differ on duplicate keys: most take the last value, some the first. With `"exit_code": 0` beside
    # `"exit_code": 10`, the consistency check would see one value and the next program the other.
    return json.loads(raw, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:100]!r} is in one object twice")
    return found
