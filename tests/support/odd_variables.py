"""Random environment variables: empty, misspelt, harmless, and those that replace an option."""

import random
from collections.abc import Sequence

# Each with the option beside which it decides nothing; without that option the gate must not run.
_MISUSED = {
    "HSSGATE_SCANNED_AFTER": ("", "--scanned-after"),
    "HSSGATE_CICD_NAME": ("", "--cicd-name"),
    "HSSGATE_REGISTRY_NAME": ("", "--registry-name"),
    "HSSGATE_POLICY": ("", "--policy"),
    "HSSGATE_SCANED_AFTER": ("30m", "--scanned-after"),
    "HSSGATE_SCANNED_AFTER_TIME": ("2026-01-01T00:00:00Z", "--scanned-after"),
    "HSSGATE_CICDNAME": ("shop", "--cicd-name"),
    "HSSGATE_CI_CD_NAME": ("shop", "--cicd-name"),
    "HSSGATE_POLICY_FILE": ("strict.yaml", "--policy"),
    "HSSGATE_POLICIES": ("strict.yaml", "--policy"),
    "HSSGATE_REGISTRYNAME": ("swr", "--registry-name"),
    "hssgate_policy": ("strict.yaml", "--policy"),
}
_HARMLESS = {
    "HSSGATE_IMAGE": "team/other:1.0",  # an IMAGE is given
    "HSSGATE_IMAGES": "",
    "HSSGATE_TIMEOUTS": "5m",
    "HSSGATE_RESULT": "passed",
    "HSSGATE_INPUT_POLICY": "",
    "HSSGATE_PORT": "tcp://10.0.0.1:80",
}
_AS_VARIABLES = {
    "--cicd-name": "HSSGATE_CICD_NAME",
    "--scanned-after": "HSSGATE_SCANNED_AFTER",
    "--registry-name": "HSSGATE_REGISTRY_NAME",
}


def random_variables(chance: random.Random, options: Sequence[str]) -> tuple[dict[str, str], bool]:
    """Return variables, and whether the gate must refuse to run with them.

    Args:
        chance: of the schedule.
        options: those that are given, without their values.
    """
    if chance.random() < 0.5:
        name = chance.choice([*_HARMLESS])
        return {name: _HARMLESS[name]}, False
    name = chance.choice([*_MISUSED])
    value, option = _MISUSED[name]
    return {name: value}, option not in options


def as_variables(chance: random.Random, arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the arguments without some of the options, and these as variables."""
    variables = {}
    for option, variable in _AS_VARIABLES.items():
        if option in arguments and chance.random() < 0.5:
            at = arguments.index(option)
            variables[variable] = arguments[at + 1]
            arguments = arguments[:at] + arguments[at + 2 :]
    return arguments, variables
