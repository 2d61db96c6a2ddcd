"""Types of the values that entries of `overrides` and `ignore` share: globs, reasons and days."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StrictStr

from hssgate.policy.globs import ID_GLOB, IMAGE_GLOB, check_rule_glob, file_glob, id_glob, image_glob, package_glob
from hssgate.policy.rule_kinds import not_empty
from hssgate.text import is_visible

_LONGEST_GLOB = 500
_LONGEST_CONTACT = 500
# One visible character, for the JSON Schema. Its regular expressions know no Unicode categories, so the ranges are
# written out and stop at U+FFFF; `is_visible` below also covers invisible characters beyond that.
_VISIBLE = (
    r"[^\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\uffff]"
)


def _visible(text: str) -> str:
    if not is_visible(text):
        raise ValueError("has no visible character; write the reason, for those who read the policy and its warnings")
    return text


def _contact(text: str) -> str:
    if not is_visible(text):
        raise ValueError("has no visible character; write whom to ask about a block, such as a channel or an address")
    return text


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("should be a day such as 2027-03-31")


ImageGlob = Annotated[
    StrictStr,
    Field(min_length=1, max_length=_LONGEST_GLOB, json_schema_extra={"pattern": IMAGE_GLOB}),
    AfterValidator(image_glob),
]
ImageGlobs = Annotated[tuple[ImageGlob, ...], AfterValidator(not_empty)]
IdGlob = Annotated[
    StrictStr,
    Field(min_length=1, max_length=_LONGEST_GLOB, json_schema_extra={"pattern": ID_GLOB}),
    AfterValidator(id_glob),
]
PackageGlob = Annotated[
    StrictStr,
    Field(min_length=1, max_length=_LONGEST_GLOB, json_schema_extra={"pattern": r"\S"}),
    AfterValidator(package_glob),
]
FileGlob = Annotated[
    StrictStr,
    Field(min_length=1, max_length=_LONGEST_GLOB, json_schema_extra={"pattern": r"\S"}),
    AfterValidator(file_glob),
]
CheckRuleGlob = Annotated[
    StrictStr,
    Field(min_length=1, max_length=_LONGEST_GLOB, json_schema_extra={"pattern": r"\S"}),
    AfterValidator(check_rule_glob),
]
Reason = Annotated[StrictStr, Field(json_schema_extra={"pattern": _VISIBLE}), AfterValidator(_visible)]
Contact = Annotated[
    StrictStr, Field(max_length=_LONGEST_CONTACT, json_schema_extra={"pattern": _VISIBLE}), AfterValidator(_contact)
]
Day = Annotated[date, BeforeValidator(_day)]
