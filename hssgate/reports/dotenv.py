"""Outputs as variables for later jobs: GitLab's `artifacts:reports:dotenv`, or `. FILE` in a shell."""

import re

from hssgate.reports.outputs import NAMES, next_due, outputs
from hssgate.verdict import Verdict

# A gate reads HSSGATE_POLICY. GitLab passes these variables to later jobs, where a second gate would take the policy of
# the first one as its own option. So no variable here has the name of one that hssgate reads.
_OTHER_NAMES = {"policy": "judged-by"}
_NEXT_DUE = "next-due"
_UNSAFE_IN_A_SHELL = re.compile(r"[^A-Za-z0-9_.:@/+=,-]")


def render(verdict: Verdict, prefix: str = "") -> str:
    """Return a line `HSSGATE_EXIT_CODE=10` for each output.

    Characters that a shell could interpret become `_`. Quoting is no alternative: GitLab takes quotes literally.

    Args:
        verdict: the verdict to report.
        prefix: prefix of each name, so that several gates of a pipeline do not overwrite each other's variables.
    """
    return "".join(f"{prefix}{_variable(name)}={_value(value)}\n" for name, value in _values(verdict).items())


def _variable(name: str) -> str:
    return "HSSGATE_" + _OTHER_NAMES.get(name, name).upper().replace("-", "_")


def _value(value: str) -> str:
    return _UNSAFE_IN_A_SHELL.sub("_", value)


def _values(verdict: Verdict) -> dict[str, str]:
    return outputs(verdict) | {_NEXT_DUE: next_due(verdict)}


VARIABLES = tuple(map(_variable, (*NAMES, _NEXT_DUE)))
