"""Connection settings: endpoints, project, credentials and time-outs."""

from pathlib import Path

from hssgate.hss.credentials import Credentials
from hssgate.record import record


@record(kw_only=True)
class Connection:
    """Where HSS is and how to ask it.

    Args:
        endpoint: scheme and host of HSS, without a path.
        project_id: the Huawei Cloud project; None where IAM is asked for that of the region.
        region: whose project that is; None where there is a project id.
        iam_endpoint: scheme and host of IAM; None where nothing needs it.
        sts_endpoint: scheme and host of STS; None where nothing needs it.
        enterprise_project_id: None for the API's default, or `all_granted_eps`.
        credentials: the chosen way in.
        passed_over: the ways before it that were not given, in words.
        request_timeout: seconds for one HTTP request.
        ca_bundle: file of certificate authorities, instead of the system's and certifi's.
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
