"""A secret can be used and not shown."""

import copy
import json
import pickle
import traceback
from dataclasses import dataclass

import pytest

from hssgate.hss.credentials import (
    AccessKey,
    GitHubIdToken,
    GivenIdToken,
    Keyless,
    MachineAgency,
    Password,
    Token,
    secrets_of,
)
from hssgate.hss.secret import Secret

SECRET = Secret("s3cret!")


@dataclass(frozen=True)
class Holder:
    """Something that a secret may lie in."""

    secret: Secret = SECRET


@pytest.mark.parametrize(
    "shown", [repr(SECRET), str(SECRET), f"{SECRET}", f"{Holder()}", repr([SECRET]), repr({"a": SECRET})]
)  # fmt: skip
def test_it_is_not_printed(shown: str) -> None:
    """Neither alone nor inside something else."""
    assert "s3cret" not in shown
    assert "<Secret>" in shown


def test_reveal_returns_the_value() -> None:
    """By the one method."""
    assert SECRET.reveal() == "s3cret!"


def test_it_is_neither_pickled_nor_copied_nor_written_as_json() -> None:
    """In any container."""
    for attempt in (
        lambda: pickle.dumps(SECRET),
        lambda: pickle.dumps(Holder()),
        lambda: copy.copy(SECRET),
        lambda: copy.deepcopy(Holder()),
        lambda: json.dumps(SECRET),
        lambda: vars(SECRET),
    ):
        with pytest.raises(TypeError) as raised:
            attempt()
        assert "s3cret" not in "".join(traceback.format_exception(raised.value))


def test_each_kind_of_credential_names_its_secrets() -> None:
    """All of them, and nothing that is none."""
    one, other = Secret("one"), Secret("two")
    github = GitHubIdToken(url="https://github.example", request_token=other, audience=None)
    given, by_github = (
        Keyless(provider_urn="p", agency_urn="a", id_token=token, session_name="s", duration=900, source="x")
        for token in (GivenIdToken(value=one), github)
    )

    assert [
        secrets_of(Token(value=one, source="x")),
        secrets_of(AccessKey(ak="ak", sk=one, source="x")),
        secrets_of(AccessKey(ak="ak", sk=one, security_token=other, source="x")),
        secrets_of(given),
        secrets_of(by_github),
        secrets_of(Password(user="me", password=one, domain="d", source="x")),
        secrets_of(MachineAgency(source="x")),
    ] == [(one,), (one,), (one, other), (one,), (other,), (one,), ()]
