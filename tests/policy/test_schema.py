"""Tests that the JSON Schema of a policy and the loader accept and refuse the same documents."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from hssgate.durations import parse_duration
from hssgate.errors import PolicyInvalid
from hssgate.policy.load import load_policy
from hssgate.policy.rule_table import Rules
from hssgate.policy.schema import policy_schema
from tests.cli.test_known import known
from tests.support.fakes import START

PUBLISHED = Path(__file__).parents[2] / "schemas" / "policy.schema.json"
SCHEMA = policy_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
KNOWN = {"file": "accepted.json"}
OVERRIDE = {"images": ["legacy/*"], "rules": {"vulnerabilities": 300}, "reason": "SEC-123"}


def rules(**given: object) -> dict[str, object]:
    return {"rules": given}


def override(**changed: object) -> dict[str, object]:
    return {"rules": {"severity": "Low"}, "overrides": [OVERRIDE | changed]}


def ignore(**changed: object) -> dict[str, object]:
    return {"rules": {"severity": "Low"}, "ignore": [{"vulnerability": "CVE-1", "reason": "why"} | changed]}


VALID = [
    pytest.param(rules(severity="Medium"), id="severity, short"),
    pytest.param(rules(severity={"limit": "Security", "action": "warn"}), id="severity, long"),
    pytest.param(rules(vulnerabilities=20), id="count, short"),
    pytest.param(rules(vulnerabilities={"limit": 20}), id="count, long without action"),
    pytest.param(rules(unsafe_settings={"limit": 0, "action": "block"}, malicious_files=0), id="two counts"),
    pytest.param(rules(scan_age="24h"), id="duration as text"),
    pytest.param(rules(scan_age=" 1h30m "), id="duration of two units, with blanks"),
    pytest.param(rules(scan_age="1d2h3m4s5ms"), id="duration of all units"),
    pytest.param(rules(scan_age="90"), id="seconds as text"),
    pytest.param(rules(scan_age=86400), id="seconds as a number"),
    pytest.param(rules(scan_age=0.5), id="half a second"),
    pytest.param(rules(scan_age={"limit": "24h", "action": "warn"}), id="duration, long"),
    pytest.param(rules(severity="Low", scan={"accept": ["image_oversized", "SOME_CODE"]}), id="scan"),
    pytest.param(rules(severity="medium"), id="severity in lower case"),
    pytest.param(rules(baseline=0, sensitive_files=3), id="lists, short"),
    pytest.param(rules(cvss=8.9, critical_vulnerabilities=0), id="scores, short"),
    pytest.param(rules(cvss={"limit": 10, "action": "warn"}), id="score, long"),
    pytest.param(rules(cvss=0), id="score of nothing"),
    pytest.param({**rules(severity="Low"), "deny": [{"vulnerability": "CVE-1", "package": "p", "images": ["a"], "reason": "r", "expires": "2027-01-31"}]}, id="deny"),
    pytest.param({**rules(severity="Low"), "unlisted": "warn"}, id="unlisted"),
    pytest.param({**rules(new_vulnerabilities=0, new_critical_vulnerabilities={"limit": 1, "action": "warn"}), "known": KNOWN}, id="new findings"),
    pytest.param({**rules(severity="Low"), "known": KNOWN | {"expires": "2099-01-31"}}, id="known findings that end"),
    pytest.param({**rules(severity="Low"), "grace": {"critical": "2d", "high": 86400, "medium": "90d", "low": "1h30m"}}, id="grace"),
    pytest.param(rules(baseline={"limit": 0, "severity": "high", "standard": ["cn_standard", "qt_standard"]}), id="baseline, long"),
    pytest.param(rules(sensitive_files={"limit": 0, "severity": "LOW", "action": "warn"}), id="sensitive files, long"),
    pytest.param({"rules": {"severity": "Low"}, "ignore": [{"file": "/a/**", "reason": "r"}, {"check_rule": "1.*", "reason": "r"}]}, id="files and checks"),
    pytest.param(rules(severity={"limit": "HIGH"}), id="severity in upper case"),
    pytest.param({"$schema": "hssgate.schema.json", "rules": {"severity": "Low"}}, id="the address of the schema"),
    pytest.param({"version": 1, "rules": {"severity": "High"}, "overrides": []}, id="version and no overrides"),
    pytest.param(override(), id="override"),
    pytest.param(override(expires="2027-03-31"), id="override that ends"),
    pytest.param(override(images=["a*", "team/b:1"], rules={"severity": {"limit": "High"}}), id="override of two globs"),
    *(
        pytest.param(override(images=[glob]), id=f"override of {glob}")
        for glob in ("**", "my.org/app", "my.org/**:1.*", "*/team/app-?", "A_b.c-d:v1.0_2", "localhost/a")
    ),
    *(pytest.param(ignore(vulnerability=text), id=f"entry for {text}") for text in (" CVE-1 ", "RHSA-2024:1*", "[CH]VE-?", "x!\"$%&'()+.:<=>@\\^_`|~")),
    pytest.param(ignore(package="Visual  C++ [x64]"), id="entry for a package"),
    pytest.param(override(reason="\U0001f44d"), id="a picture for a reason"),
]  # fmt: skip
INVALID = [
    pytest.param({}, id="nothing"),
    pytest.param([], id="a list"),
    pytest.param({"version": 1}, id="no rules"),
    pytest.param({"rules": {}}, id="empty rules"),
    pytest.param({"rules": None}, id="null for rules"),
    pytest.param(rules(scan=None), id="nothing but null"),
    pytest.param(rules(severity="Low", scan=None), id="null for scan"),
    pytest.param({"rules": {"severity": "Low"}, "version": None}, id="null for the version"),
    pytest.param({"rules": {"severity": "Low"}, "$schema": None}, id="null for the schema"),
    pytest.param({"rules": {"severity": "Low"}, "$schema": 3}, id="number for the schema"),
    pytest.param(rules(severity="Low", **{"$schema": "x"}), id="schema in another place"),
    pytest.param(ignore(package=None), id="null for a package"),
    pytest.param(ignore(images=None), id="null for the images of an entry"),
    pytest.param(ignore(images=[None]), id="null for a glob"),
    pytest.param(override(expires=None), id="null for an end"),
    pytest.param(override(images=None), id="null for images"),
    pytest.param(rules(severity={"limit": "Low", "action": None}), id="null for an action"),
    pytest.param({"rules": {"severity": "Low"}, "ignore": [None]}, id="null for an entry"),
    pytest.param({"version": 2, "rules": {"severity": "Low"}}, id="another version"),
    pytest.param({"version": True, "rules": {"severity": "Low"}}, id="true for a version"),
    pytest.param({"version": "1", "rules": {"severity": "Low"}}, id="text for a version"),
    pytest.param(rules(severty="Low"), id="typo"),
    pytest.param({"rules": {"severity": "Low"}, "zzz": 1}, id="unknown key"),
    pytest.param(rules(severity="Critical"), id="unknown level"),
    pytest.param(rules(baseline={"limit": 0, "standard": []}), id="no standard"),
    pytest.param(rules(cvss=10.1), id="score above 10"),
    pytest.param({**rules(severity="Low"), "feeds": {"exploited": []}}, id="no feed"),
    pytest.param({**rules(severity="Low"), "known": "a.json"}, id="text for known"),
    pytest.param({**rules(severity="Low"), "known": {"expires": "2099-01-31"}}, id="known without a file"),
    pytest.param({**rules(severity="Low"), "known": {"file": ""}}, id="known without a name"),
    pytest.param({**rules(severity="Low"), "known": KNOWN | {"expires": None}}, id="null for the end of known"),
    pytest.param(rules(new_low_vulnerabilities=0), id="new and low"),
    pytest.param({**rules(severity="Low"), "feeds": {"max_age": "7d"}}, id="an age of no feed"),
    pytest.param({**rules(severity="Low"), "deny": [{"file": "/a", "reason": "r"}]}, id="denied file"),
    pytest.param({**rules(severity="Low"), "deny": [{"vulnerability": "CVE-1"}]}, id="denied without a reason"),
    pytest.param({**rules(severity="Low"), "unlisted": "ignore"}, id="unlisted and ignored"),
    pytest.param(rules(cvss=-0.1), id="negative score"),
    pytest.param(rules(cvss="8.9"), id="text for a score"),
    pytest.param(rules(cvss=True), id="true for a score"),
    pytest.param({**rules(severity="Low"), "grace": {}}, id="grace for nothing"),
    pytest.param({**rules(severity="Low"), "grace": {"security": "2d"}}, id="grace for an unknown level"),
    pytest.param({**rules(severity="Low"), "grace": {"high": "two days"}}, id="grace without a duration"),
    pytest.param({**rules(severity="Low"), "grace": "2d"}, id="text for grace"),
    pytest.param(rules(baseline={"limit": 0, "standard": ["cn"]}), id="unknown standard"),
    pytest.param(rules(baseline={"limit": 0, "standard": "cn_standard"}), id="text for standards"),
    pytest.param(rules(sensitive_files={"limit": 0, "severity": "Severe"}), id="unknown severity"),
    pytest.param(rules(sensitive_files={"limit": 0, "standard": ["cn_standard"]}), id="standard of files"),
    pytest.param({"rules": {"severity": "Low"}, "ignore": [{"reason": "r"}]}, id="entry about nothing"),
    pytest.param({"rules": {"severity": "Low"}, "ignore": [{"file": "a", "vulnerability": "V-1", "reason": "r"}]}, id="entry about two things"),
    pytest.param({"rules": {"severity": "Low"}, "ignore": [{"file": "a", "package": "p", "reason": "r"}]}, id="package of a file"),
    pytest.param({"rules": {"severity": "Low"}, "ignore": [{"file": " ", "reason": "r"}]}, id="blank file"),
    pytest.param({"rules": {"severity": "Low"}, "ignore": [{"check_rule": "", "reason": "r"}]}, id="empty check"),
    pytest.param(rules(severity=None), id="null for a level"),
    pytest.param(rules(severity={"limit": "Low", "acton": "warn"}), id="typo in the long form"),
    pytest.param(rules(severity={"limit": "Low", "action": "ignore"}), id="unknown action"),
    pytest.param(rules(severity={"action": "warn"}), id="long form without limit"),
    pytest.param(rules(severity={"limit": {"limit": "Low"}}), id="long form twice"),
    pytest.param(rules(vulnerabilities="3"), id="text for a count"),
    pytest.param(rules(vulnerabilities=True), id="true for a count"),
    pytest.param(rules(vulnerabilities=1.5), id="decimal for a count"),
    pytest.param(rules(vulnerabilities=-1), id="negative count"),
    pytest.param(rules(vulnerabilities=None), id="null for a count"),
    pytest.param(rules(vulnerabilities=[1]), id="list for a count"),
    pytest.param(rules(vulnerabilities={"limit": -1}), id="negative count, long"),
    pytest.param(rules(scan_age="24 hours"), id="no duration"),
    pytest.param(rules(scan_age=""), id="empty duration"),
    pytest.param(rules(scan_age="5m1h"), id="small unit before a large one"),
    pytest.param(rules(scan_age=-1), id="negative duration"),
    pytest.param(rules(scan_age=True), id="true for a duration"),
    pytest.param(rules(scan_age=1e9), id="longer than a year"),
    pytest.param(rules(scan=[]), id="list for scan"),
    pytest.param(rules(scan="image_oversized"), id="text for scan"),
    pytest.param(rules(scan={"accept": []}), id="accepting nothing"),
    pytest.param(rules(scan={"accept": [""]}), id="accepting an empty text"),
    pytest.param(rules(scan={"accept": ["success"]}), id="accepting success"),
    pytest.param(rules(scan={"accept": ["scanning"]}), id="accepting a scan under way"),
    pytest.param(rules(scan={"accept": ["failed"], "limit": 1}), id="limit for scan"),
    pytest.param({"rules": {"severity": "Low"}, "overrides": None}, id="null for overrides"),
    pytest.param({"rules": {"severity": "Low"}, "overrides": {}}, id="mapping for overrides"),
    pytest.param({"overrides": [OVERRIDE]}, id="only overrides"),
    pytest.param(override(images=[]), id="override of no image"),
    pytest.param(override(images=[""]), id="override of an empty glob"),
    pytest.param(override(images="legacy/*"), id="text for globs"),
    *(
        pytest.param(override(images=[glob]), id=f"override of {glob!a}")
        for glob in ("my.org/team/app", "localhost/a/b", "reg:5000/app", "app:1:2", "app@sha256:a", "{a,b}", "a[1]", "!a", "a b", "/a", "a/", "a//b", "a:")
    ),
    *(
        pytest.param(ignore(vulnerability=text), id=f"entry for {text!a}")
        for text in ("", " ", "CVE-1 exp:2027", "CVE-1,CVE-2", "CVE\u20111", "CVE-1\u200b", "CVE-1#x", "CVE-{1}", "a;b")
    ),
    pytest.param(ignore(package=" "), id="entry for a blank package"),
    pytest.param(override(images=[1]), id="number for a glob"),
    pytest.param(override(rules={}), id="override of no rule"),
    pytest.param(override(rules={"vulnerabilities": "x"}), id="fault in an override"),
    pytest.param(override(reason=" "), id="blank reason"),
    pytest.param(override(reason=5), id="number for a reason"),
    pytest.param(override(reason="\u200b"), id="reason that cannot be seen"),
    pytest.param(override(reason="\u2800 \u3164\ufe0f\n"), id="reason of fillers"),
    pytest.param(override(expires="soon"), id="no day"),
    pytest.param(override(expires="2027-02-30"), id="a day that there is not"),
    pytest.param(override(expires="2027-03-31T00:00:00Z"), id="a moment, no day"),
    pytest.param(override(until="2027-03-31"), id="unknown key in an override"),
    pytest.param({"rules": {"severity": "Low"}, "overrides": [{"images": ["x"], "rules": {"severity": "High"}}]}, id="override without reason"),
]  # fmt: skip


def loads(document: object, folder: Path) -> bool:
    path = folder / "policy.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    known(file=folder / "accepted.json")
    try:
        load_policy(path, START)
    except PolicyInvalid:
        return False
    return True


@pytest.mark.parametrize("document", VALID)
def test_the_schema_accepts_what_the_loader_accepts(tmp_path: Path, document: object) -> None:
    """Otherwise an editor would underline a valid policy."""
    assert loads(document, tmp_path)

    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("document", INVALID)
def test_the_schema_refuses_what_the_loader_refuses(tmp_path: Path, document: object) -> None:
    """An editor shows the fault before the pipeline does."""
    assert not loads(document, tmp_path)

    assert not VALIDATOR.is_valid(document)


@given(st.text(alphabet="059.dhms \n", max_size=9))
def test_a_duration_is_the_same_to_both(text: str) -> None:
    """Only the maximum of a year cannot be expressed as a pattern."""
    (pattern,) = {node["pattern"] for node in nodes(SCHEMA) if "ms" in str(node.get("pattern"))}
    try:
        parse_duration(text)
    except ValueError as error:
        holds = "longer than a year" in str(error)
    else:
        holds = True

    assert bool(re.search(pattern, text)) == holds


def test_the_schema_is_a_schema() -> None:
    """It is valid in the dialect that it names."""
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_the_schema_follows_the_model() -> None:
    """Each rule is there, with words for an editor's hover at every key, and no object takes unknown keys."""
    objects = [node for node in nodes(SCHEMA) if node.get("type") == "object"]

    assert [*SCHEMA["$defs"]["Rules"]["properties"]] == [*Rules.model_fields]
    assert all(node["additionalProperties"] is False for node in objects)
    assert all(value["description"] for node in objects for value in node["properties"].values())


def test_the_published_schema_is_the_schema() -> None:
    """If this test fails, run `make schema`."""
    assert PUBLISHED.read_text(encoding="utf-8") == json.dumps(SCHEMA, indent=2) + "\n"


def nodes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)
