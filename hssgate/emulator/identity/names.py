"""Names of the identity operations in the faults of a scenario."""

from typing import Literal

IdentityName = Literal[
    "password_token",
    "federation_token",
    "temporary_key",
    "projects",
    "assume_agency",
    "metadata_token",
    "metadata_key",
    "github_token",
]
