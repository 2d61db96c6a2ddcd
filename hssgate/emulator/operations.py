"""The calls of HSS that are served: which of them a request is, and how its query is read."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from hssgate.emulator.dialect import GATEWAY, Dialect
from hssgate.emulator.query import Query, read_query
from hssgate.emulator.questions import (
    CheckRulesQuestion,
    ConfigurationsQuestion,
    CveQuestion,
    MalwareQuestion,
    SensitiveQuestion,
    VulnerabilitiesQuestion,
    read_check_rules,
    read_configurations,
    read_cve,
    read_malwares,
    read_sensitive,
    read_vulnerabilities,
)
from hssgate.emulator.wire import Call

OperationName = Literal["list", "vulnerabilities", "cve", "malwares", "sensitive", "check_rules", "configurations"]
Question = (
    Query
    | VulnerabilitiesQuestion
    | CveQuestion
    | MalwareQuestion
    | SensitiveQuestion
    | CheckRulesQuestion
    | ConfigurationsQuestion
)


@dataclass(frozen=True)
class Operation:
    """A call that is served.

    Args:
        name: as faults name it.
        project_id: as the path has it.
        read: the query string as on the wire -> what is asked; raises Refusal 400 HSS.0001.
        dialect: of its service.
    """

    name: OperationName
    project_id: str
    read: Callable[[str], Question]
    dialect: Dialect = GATEWAY


def find_operation(call: Call) -> Operation | None:
    """Return the operation that a request is, or None where there is none of this method and path."""
    if call.method != "GET":
        return None
    for name, pattern, read in _ROUTES:
        if match := pattern.fullmatch(call.path):
            project_id, *ids = map(unquote, match.groups())
            return Operation(name, project_id, functools.partial(_read, read, ids))
    return None


def _read(read: Callable[..., Question], ids: list[str], raw: str) -> Question:
    return read(raw, *ids)


def _path(template: str) -> re.Pattern[str]:
    return re.compile("/v5/([^/]*)" + template.replace("{}", "([^/]*)"))


_ROUTES: tuple[tuple[OperationName, re.Pattern[str], Callable[..., Question]], ...] = (
    ("list", _path("/image/cicd/images"), read_query),
    ("configurations", _path("/image/cicd/configurations"), read_configurations),
    ("vulnerabilities", _path("/image/{}/vulnerabilities"), read_vulnerabilities),
    ("cve", _path("/image/vulnerability/{}/cve"), read_cve),
    ("malwares", _path("/image/{}/malwares"), read_malwares),
    ("sensitive", _path("/image/{}/sensitive"), read_sensitive),
    ("check_rules", _path("/baseline/check-rules"), read_check_rules),
)
