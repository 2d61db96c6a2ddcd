"""Base of all models of a scenario: frozen, without unknown keys, and without input values in error messages."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Strict

Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]


class StrictModel(BaseModel):
    """A part of a scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
