"""What faults call the calls of the identity side."""

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
