"""Hints about variables that look like credentials and are not read, such as `HUAWEICLOUD_AK`."""

from collections.abc import Mapping

from hssgate.cli.connect.variables import (
    AGENCY_URN,
    CREDENTIALS,
    DOMAIN,
    ID_TOKEN,
    ID_TOKEN_FILE,
    KEYS,
    PASSWORD,
    PROVIDER_URN,
    TOKENS,
    USER,
)
from hssgate.cli.environment import SETTINGS
from hssgate.text import clean

_BEGINNINGS = ("HUAWEICLOUD_", "HUAWEI_", "HWCLOUD_", "HWC_", "HW_", "CLOUD_SDK_", "HCLOUD_", "HSSGATE_", "OS_")
_SECURITY_TOKEN = KEYS[0].security_token or ""
_ENDINGS = (  # the longer ones first
    ("_SECRET_ACCESS_KEY", KEYS[0].sk),
    ("_ACCESS_KEY_ID", KEYS[0].ak),
    ("_SECRET_KEY", KEYS[0].sk),
    ("_ACCESS_KEY", KEYS[0].ak),
    ("_SK", KEYS[0].sk),
    ("_AK", KEYS[0].ak),
    ("_SECURITY_TOKEN", _SECURITY_TOKEN),
    ("_SESSION_TOKEN", _SECURITY_TOKEN),
    ("_TOKEN_FILE", ID_TOKEN_FILE),
    ("_ID_TOKEN", ID_TOKEN),
    ("_TOKEN", TOKENS[0]),
    ("_PASSWORD", PASSWORD),
    ("_USER_NAME", USER),
    ("_USERNAME", USER),
    ("_DOMAIN_NAME", DOMAIN),
    ("_PROVIDER_URN", PROVIDER_URN),
    ("_AGENCY_URN", AGENCY_URN),
)
_READ = frozenset({*CREDENTIALS, *SETTINGS})


def near_misses(environ: Mapping[str, str]) -> list[str]:
    """Return a hint for each variable that is set, looks like a credential, and is not read."""
    return [
        f"{clean(name, 100)} is set and not read; did you mean {meant}?"
        for name, value in sorted(environ.items())
        if value and name not in _READ and name.startswith(_BEGINNINGS) and (meant := _meant_by(name))
    ]


def _meant_by(name: str) -> str | None:
    return next((variable for ending, variable in _ENDINGS if name.endswith(ending)), None)
