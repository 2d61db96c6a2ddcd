"""Outputs as variables for later jobs: GitLab's `artifacts:reports:dotenv`, or `. FILE` in a shell."""

import re

from hssgate.reports.outputs import NAMES, outputs
from hssgate.verdict import Verdict

# HSSGATE_POLICY, HSSGATE_IMAGES and their like are what a gate reads: a later job must not take its policy from here.
_OTHER_NAMES = {"policy": "judged-by"}
_UNSAFE_IN_A_SHELL = re.compile(r"[^A-Za-z0-9_.:@/+=,-]")


def render(verdict: Verdict, prefix: str = "") -> str:
    """Return a line `HSSGATE_EXIT_CODE=10` for each output.

    Every character that a shell could take for more than text is replaced by `_`, for GitLab takes quotes literally.

    Args:
        verdict: what to report.
        prefix: goes before each name, so that the gates of a pipeline do not overwrite each other.
    """
    return "".join(f"{prefix}{_variable(name)}={_value(value)}\n" for name, value in outputs(verdict).items())


def _variable(name: str) -> str:
    return "HSSGATE_" + _OTHER_NAMES.get(name, name).upper().replace("-", "_")


def _value(value: str) -> str:
    return _UNSAFE_IN_A_SHELL.sub("_", value)


VARIABLES = tuple(map(_variable, NAMES))
