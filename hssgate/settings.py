"""What one run was asked to do: data, never behaviour; values were checked where they came in."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from hssgate.durations import Moment
from hssgate.reference import Reference


@dataclass(frozen=True, kw_only=True)
class Token:
    """An IAM token, sent as `X-Auth-Token`.

    Args:
        value: the token.
        source: the variable it was taken from.
    """

    value: SecretStr
    source: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        return (self.value.get_secret_value(),)


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """An access key that signs each request.

    Args:
        ak: the access key id.
        sk: the secret access key.
        security_token: of a temporary key.
        source: the variables it was taken from.
    """

    ak: str
    sk: SecretStr
    security_token: SecretStr | None = None
    source: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        token = (self.security_token.get_secret_value(),) if self.security_token else ()
        return (self.sk.get_secret_value(), *token)


Credentials = Token | AccessKey


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where HSS is and how to ask it.

    Args:
        endpoint: scheme and host, without a path.
        project_id: the Huawei Cloud project.
        enterprise_project_id: None for the API's default, or `all_granted_eps`.
        credentials: the chosen way in.
        request_timeout: seconds for one HTTP request.
        ca_bundle: file of certificate authorities, instead of the system's and certifi's.
    """

    endpoint: str
    project_id: str
    enterprise_project_id: str | None = None
    credentials: Credentials
    request_timeout: float = 30.0
    ca_bundle: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long and how often to look; all in seconds.

    Args:
        timeout: for the scan to end, counted from the start; 0 looks once.
        appear_timeout: for a fresh row to be listed and its scan to start.
        settle: how far apart two equal reads of a young success must be; 0 believes the first.
        interval: shortest pause between two polls.
        max_interval: longest pause between two polls.
    """

    timeout: float = 1800.0
    appear_timeout: float = 600.0
    settle: float = 5.0
    interval: float = 5.0
    max_interval: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One run of `check`.

    Args:
        references: the images asked for, each once.
        connection: where and how to ask.
        patience: how long and how often.
        policies: policy files; none means the built-in policy.
        scanned_after: the earliest scan time that is believed.
        details: whether to list what else HSS found.
    """

    references: tuple[Reference, ...]
    connection: Connection
    patience: Patience = Patience()
    policies: tuple[Path, ...] = ()
    scanned_after: Moment | None = None
    details: bool = False
