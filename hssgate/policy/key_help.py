"""Help line of each policy key, for editors and for the starter policy."""

from hssgate.policy.rule_table import RULES

_KEYS = {
    "$schema": "the JSON Schema that editors check this file by; hssgate does not read it",
    "version": "the version of this format",
    "contact": "whom to ask about a block: shown with every block",
    "rules": "an absent rule is not applied; the value is what is still accepted",
    "overrides": "other rules for some images; later ones win, rule by rule",
    "ignore": "findings that do not count",
    "grace": "how long a finding warns instead of counting, from the day its CVE was published",
    "critical": "for findings with a CVSS score of 9 or more, or without a score",
    "high": "for findings of high severity",
    "medium": "for findings of medium severity",
    "low": "for findings of low severity",
    "deny": "vulnerabilities that are never accepted, whatever else says so",
    "known": "the findings that `hssgate accept` recorded, for the rules on new ones",
    "feeds": "files that name exploited vulnerabilities, for the rule exploited",
    "max_age": "greatest age of each feed, by its own date",
    "unlisted": "what HSS counts as vulnerabilities and does not list: count (default), or warn",
    "limit": "what is still accepted",
    "action": "what a broken rule does: block (default), or warn, which passes with a warning",
    "accept": "statuses or failure codes of a scan that did not succeed, such as image_oversized",
    "images": "globs on namespace/name:version",
    "reason": "the reason, for those who read the policy and its warnings",
    "expires": "the last day (UTC) on which it has effect, such as 2027-03-31",
    "vulnerability": "id of the finding or CVE id; a glob",
    "package": "name of the package; a glob",
    "file": "path of a sensitive or malicious file; a glob",
    "check_rule": "id of a baseline check; a glob",
    "standard": "only checks of these standards: cn_standard, hw_standard, qt_standard",
}


KNOWN_FILE = "path of a file that `hssgate accept` wrote, relative to the policy"
SEVERITY_FILTER = "only what is of this severity or above; what is not known counts as High"


def meaning_of(key: str) -> str:
    """Return the help line of a key.

    Raises:
        KeyError: no rule and no other key has this name.
    """
    return RULES[key].help if key in RULES else _KEYS[key]
