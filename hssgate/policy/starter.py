"""Starter policy of `hssgate policy init`: the built-in rules, and commented examples of all others."""

from hssgate.policy.key_help import meaning_of
from hssgate.policy.model import BUILT_IN_TEXT, Policy
from hssgate.policy.rule_table import RULES

SCHEMA_FILE = "hssgate.schema.json"
_HEAD = f"""\
# yaml-language-server: $schema={SCHEMA_FILE}
# Editors that know the schema complete and check this file: hssgate policy schema > {SCHEMA_FILE}
# As it stands this is the built-in policy. The rest is examples: take the number sign away from what you need.
version: 1
# contact: "#security on chat"   # {meaning_of("contact")}
"""
_LISTS = {
    "grace": """\
# grace: {critical: 2d, high: 30d, medium: 90d}
""",
    "known": """\
# known: {file: hssgate-accepted.json, expires: 2099-12-31}   # written by hssgate accept; an end is optional
""",
    "feeds": """\
# feeds: {exploited: [kev.json], max_age: 7d}   # CISA's KEV catalogue in JSON, or a list of CVE ids
""",
    "deny": """\
# deny:
#   - {vulnerability: CVE-2021-44228, reason: log4shell}   # also package, images, expires
""",
    "unlisted": """\
# unlisted: warn
""",
    "overrides": """\
# overrides:
#   - images: ["legacy/**"]       # globs on namespace/name:version; * stays within one part, ** does not
#     rules: {vulnerabilities: {limit: 300, action: warn}}
#     reason: SEC-123, being replaced
#     expires: 2099-12-31         # optional: the last day (UTC) on which it has effect
""",
    "ignore": """\
# ignore:
#   - vulnerability: CVE-2024-1234   # id of the finding or CVE id, glob allowed
#     package: openssl               # optional glob
#     images: ["team/*"]             # optional
#     reason: not reachable
#     expires: 2099-12-31            # optional
#   - {file: /etc/ssl/private/example.key, reason: example key}   # a sensitive or malicious file, glob allowed
#   - {check_rule: "1.3.*", reason: accepted}                     # a baseline check, glob allowed
""",
}


def starter_policy() -> str:
    """Return a commented YAML policy with the same rules as the built-in one."""
    rules = "".join(_rule(name) for name in RULES)
    lists = "".join(
        f"\n# {_sentence(meaning_of(name))}\n{text}" for name, text in _LISTS.items() if name in Policy.model_fields
    )
    long_form = "# A rule has a long form, {limit: 10, action: warn}: broken, it passes with a warning.\n"
    return f"{_HEAD}\n# {_sentence(meaning_of('rules'))}\n{long_form}rules:\n{rules}{lists}"


def _rule(name: str) -> str:
    line = f"{name}: {RULES[name].example}"
    shown = line if f"  {line}\n" in BUILT_IN_TEXT else f"# {line}"
    return f"  {shown:<44}  # {RULES[name].help}\n"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
