"""Connection settings: endpoints, project, credentials and time-outs."""

from pathlib import Path

from hssgate.hss.credentials import Credentials
from hssgate.record import record


@record(kw_only=True)
class Connection:
    """Settings of the connection to HSS.

    Args:
        endpoint: scheme and host of HSS, without a path.
        project_id: the Huawei Cloud project; None: the region's project, resolved at IAM.
        region: region of the project, if known.
        iam_endpoint: scheme and host of IAM; None if it is not needed.
        sts_endpoint: scheme and host of STS; None if it is not needed.
        enterprise_project_id: an id, or `all_granted_eps`; None for the API's default.
        credentials: the chosen credentials.
        passed_over: credential types of higher precedence that are not set, in words.
        request_timeout: seconds for one HTTP request.
        ca_bundle: file or folder of certificate authorities, in place of the system's and certifi's.
    """

    endpoint: str
    project_id: str | None
    region: str | None = None
    iam_endpoint: str | None = None
    sts_endpoint: str | None = None
    enterprise_project_id: str | None = None
    credentials: Credentials
    passed_over: tuple[str, ...] = ()
    request_timeout: float = 30.0
    ca_bundle: Path | None = None
