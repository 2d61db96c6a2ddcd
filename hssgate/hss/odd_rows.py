"""An image row that fails validation: its readable fields, and the names of the others."""

from pydantic import ValidationError

from hssgate.hss.models import CicdImage
from hssgate.record import record
from hssgate.text import clean


@record
class PartlyReadableRow:
    """A row that failed validation.

    Args:
        known: the readable fields; the others are None.
        unreadable: names of the unreadable fields.
        problem: name and fault of the first of them.
    """

    known: CicdImage
    unreadable: frozenset[str]
    problem: str

    def __str__(self) -> str:
        name = "/".join(part for part in (self.known.namespace, self.known.image_name) if part) or "an unknown image"
        version = f":{self.known.image_version}" if self.known.image_version else ""
        return f"the row of {clean(name + version, 200)}: {self.problem}"


def partly_readable_row(raw: object, error: ValidationError) -> PartlyReadableRow:
    """Return the readable part of a row.

    Args:
        raw: the decoded row.
        error: of its validation.
    """
    if not isinstance(raw, dict):
        return PartlyReadableRow(CicdImage(), frozenset(CicdImage.model_fields), "it is no object")
    unreadable = frozenset(str(fault["loc"][0]) for fault in error.errors(include_input=False, include_url=False))
    known = CicdImage.model_validate({name: value for name, value in raw.items() if name not in unreadable})
    return PartlyReadableRow(known, unreadable, worded_fault(error))


def worded_fault(error: ValidationError) -> str:
    """Return name and fault of the first invalid field."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "as a whole"
    reason = "it is no object" if first["type"] == "model_type" else clean(first["msg"], 120)
    return f"{clean(place, 80)}: {reason}"
