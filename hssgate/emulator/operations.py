"""Routing of HSS requests: finds the operation by method and path, and the parser of its query."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from hssgate.emulator.dialect import GATEWAY, Dialect
from hssgate.emulator.messages import Request
from hssgate.emulator.notice_parameters import NoticeParameters, read_notices
from hssgate.emulator.query import Query, read_query
from hssgate.emulator.query_parameters import (
    CheckRuleParameters,
    ConfigurationParameters,
    CveParameters,
    MalwareParameters,
    QuotaParameters,
    SensitiveFileParameters,
    VulnerabilityParameters,
    read_check_rules,
    read_configurations,
    read_cve,
    read_malwares,
    read_quota,
    read_sensitive,
    read_vulnerabilities,
)

OperationName = Literal[
    "list", "vulnerabilities", "cve", "notices", "malwares", "sensitive", "check_rules", "configurations", "quota"
]
ListParameters = (
    Query
    | VulnerabilityParameters
    | CveParameters
    | NoticeParameters
    | MalwareParameters
    | SensitiveFileParameters
    | CheckRuleParameters
    | ConfigurationParameters
)
QueryParameters = ListParameters | QuotaParameters


@dataclass(frozen=True)
class Operation:
    """An HSS operation that a request calls.

    Args:
        name: its name in the faults of a scenario.
        project_id: from the path.
        read: parses the raw query string; raises Refusal 400 HSS.0001.
        dialect: error format of its service.
    """

    name: OperationName
    project_id: str
    read: Callable[[str], QueryParameters]
    dialect: Dialect = GATEWAY


def find_operation(request: Request) -> Operation | None:
    """Return the operation of a request, or None if there is none for its method and path."""
    if request.method != "GET":
        return None
    for name, pattern, read in _ROUTES:
        if match := pattern.fullmatch(request.path):
            project_id, *ids = map(unquote, match.groups())
            return Operation(name, project_id, functools.partial(_read, read, ids))
    return None


def _read(read: Callable[..., QueryParameters], ids: list[str], raw: str) -> QueryParameters:
    return read(raw, *ids)


def _path(template: str) -> re.Pattern[str]:
    return re.compile("/v5/([^/]*)" + template.replace("{}", "([^/]*)"))


_ROUTES: tuple[tuple[OperationName, re.Pattern[str], Callable[..., QueryParameters]], ...] = (
    ("list", _path("/image/cicd/images"), read_query),
    ("configurations", _path("/image/cicd/configurations"), read_configurations),
    ("vulnerabilities", _path("/image/{}/vulnerabilities"), read_vulnerabilities),
    ("cve", _path("/image/vulnerability/{}/cve"), read_cve),
    ("notices", _path("/images/vulnerabilities"), read_notices),
    ("malwares", _path("/image/{}/malwares"), read_malwares),
    ("sensitive", _path("/image/{}/sensitive"), read_sensitive),
    ("check_rules", _path("/baseline/check-rules"), read_check_rules),
    ("quota", _path("/image/pay-per-scan/statistics"), read_quota),
)
