"""Suggestions for unknown policy keys."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import get_args

from pydantic import BaseModel

from hssgate.policy.model import KeyPath, Policy
from hssgate.policy.rule_table import Rules

# Names that other scanners, and HSS itself, use for the same thing.
_KNOWN_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("allowlist", "exceptions", "ignored", "ignores", "suppressions", "whitelist"), "ignore"),
    **dict.fromkeys(("advisory", "cve", "cve_id", "id", "vul_id", "vulnerability_id"), "vulnerability"),
    **dict.fromkeys(("app_name", "component", "library", "package_name", "pkg", "pkg_name"), "package"),
    **dict.fromkeys(("banned", "blacklist", "blocklist", "denied", "denylist"), "deny"),
    **dict.fromkeys(("file_name", "file_path", "filename", "path"), "file"),
    **dict.fromkeys(("check", "check_id", "check_rule_id", "rule", "rule_id"), "check_rule"),
    **dict.fromkeys(("accepted", "known_findings"), "known"),
    **dict.fromkeys(("secrets", "sensitive"), "sensitive_files"),
    **dict.fromkeys(("cvss_score", "max_cvss", "score"), "cvss"),
    **dict.fromkeys(("kev", "known_exploited"), "exploited"),
    **dict.fromkeys(("comment", "description", "justification", "note", "statement"), "reason"),
    **dict.fromkeys(("end", "ends", "exp", "expired_at", "expiry", "until", "valid_until"), "expires"),
    **dict.fromkeys(("image", "paths", "repositories", "targets"), "images"),
    **dict.fromkeys(("at_most", "max", "maximum", "threshold", "value"), "limit"),
    **dict.fromkeys(("effect", "mode", "on_fail"), "action"),
    **dict.fromkeys(("allow", "failures", "statuses"), "accept"),
    **dict.fromkeys(("fail_on", "level", "max_severity", "severity_level"), "severity"),
    **dict.fromkeys(("vul_num", "vulns"), "vulnerabilities"),
    **dict.fromkeys(("malicious_file_num", "malware"), "malicious_files"),
    **dict.fromkeys(("latest_scan_time", "max_age"), "scan_age"),
    "unsafe_setting_num": "unsafe_settings",
}
_LIKE_A_WORD = 0.6
_LIKE_ITS_BEGINNING = 0.85
_ALL_BUT_THE_SAME = 0.95


def advice_on(where: KeyPath) -> str:
    """Return a suggestion for an unknown key.

    Args:
        where: key path, whose last part is the unknown key.
    """
    key, known = str(where[-1]), keys_at(where[:-1])
    if key == "<<":
        return "YAML merge keys are not supported here; write the keys out"
    if near := nearest(key, known):
        return f"unknown key; did you mean `{near}`?"
    if len(where) == 1 and (near := nearest(key, [*Rules.model_fields])):
        return f"unknown key; did you mean `{near}` under `rules`?"
    return f"unknown key; known here: {', '.join(known)}"


def nearest(key: str, known: Sequence[str]) -> str | None:
    """Return the name that was probably meant, or None if none is near enough.

    Args:
        key: as it was written.
        known: the names that are valid in its place.
    """
    # A wrong suggestion is worse than none: the author may take it. So names are compared word by word, and each word
    # must be alike. `critical_vulnerabilities` resembles `low_vulnerabilities` as a whole, but `critical` is not a
    # typo of `low`; nor is it dropped to suggest `vulnerabilities`, which would count findings of every level.
    plain = re.sub(r"[\W_]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)).lower().strip("_")
    for name in (plain, _KNOWN_ELSEWHERE.get(plain)):
        if name in known:
            return name
    for name in known:
        if _likeness(plain.replace("_", ""), name.replace("_", ""), _ALL_BUT_THE_SAME) >= _ALL_BUT_THE_SAME:
            return name
    words = plain.split("_")
    alike = {
        name: min(_likeness(*pair, _LIKE_A_WORD) for pair in zip(words, name.split("_"), strict=False))
        for name in known
    }
    of_as_many = [name for name in known if len(name.split("_")) == len(words) and alike[name] >= _LIKE_A_WORD]
    if of_as_many:
        return max(of_as_many, key=lambda name: alike[name])
    begun = [name for name in known if len(name.split("_")) > len(words) and alike[name] >= _LIKE_ITS_BEGINNING]
    return begun[0] if len(begun) == 1 else None


def keys_at(where: KeyPath) -> list[str]:
    """Return the names of the keys that the model has at a key path."""
    return [*model_at(where).model_fields]


def model_at(where: KeyPath) -> type[BaseModel]:
    """Return the model of the mapping at a key path."""
    model: type[BaseModel] = Policy
    for part in where:
        if isinstance(part, str) and part in model.model_fields:
            inner = _models_in(model.model_fields[part].annotation)
            model = inner[0] if inner else model
    return model


def _likeness(one: str, other: str, least: float) -> float:
    """Return the likeness of two words from 0 to 1; 0 if their lengths alone prove that it is below `least`."""
    length = len(one) + len(other)
    if 2 * min(len(one), len(other)) < least * length:
        return 0.0
    return difflib.SequenceMatcher(None, one, other).ratio()


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
