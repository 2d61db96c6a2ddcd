"""Hosts of a run, and the secrets that each of them is sent."""

from typing import assert_never
from urllib.parse import urlsplit

from hssgate.hss.connection import Connection
from hssgate.hss.credentials import AccessKey, Federation, GitHubIdToken, Keyless, MachineAgency, Password, Token
from hssgate.hss.http import METADATA_HOST

_BY_TEMPORARY_KEYS = "signatures by temporary keys, with their security token"


def recipients_of(connection: Connection) -> list[tuple[str, str]]:
    """Return scheme and host of each service in the order of the requests, with a description of the secret sent."""
    sts, iam = connection.sts_endpoint or "", connection.iam_endpoint or ""
    exchanges: list[tuple[str, str]]
    match connection.credentials:
        case Token():
            exchanges, used = [], "the token"
        case AccessKey(security_token=None):
            exchanges, used = [], "signatures, never the secret key"
        case AccessKey():
            exchanges, used = [], "signatures and the security token, never the secret key"
        case Keyless(id_token=GitHubIdToken(url=url)):
            github = "{0.scheme}://{0.netloc}".format(urlsplit(url))
            exchanges, used = [(github, "the request token of the job"), (sts, "the id token")], _BY_TEMPORARY_KEYS
        case Keyless():
            exchanges, used = [(sts, "the id token")], _BY_TEMPORARY_KEYS
        case Federation():
            exchanges, used = [(iam, "the id token")], _BY_TEMPORARY_KEYS
        case Password():
            exchanges, used = [(iam, "user name and password")], "the token that IAM gives for them"
        case MachineAgency():
            exchanges, used = [(f"http://{METADATA_HOST}", "the token that it gives itself")], _BY_TEMPORARY_KEYS
        case unreachable:
            assert_never(unreachable)
    look_up = [(iam, used)] if connection.project_id is None else []
    return [*exchanges, *look_up, (connection.endpoint, used)]
