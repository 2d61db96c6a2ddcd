"""Tests of reading policy files: each fault is reported with its place and a fix."""

import hashlib
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hssgate.errors import PolicyInvalid
from hssgate.policy.document import Malformed, read_document
from hssgate.policy.load import BUILT_IN, load_policies, load_policy
from hssgate.policy.model import BUILT_IN_TEXT, Policy, built_in
from hssgate.policy.rule_kinds import Action
from hssgate.policy.rule_table import Rules
from tests.support.fakes import START

YAML = """\
version: 1
rules:
  severity: Medium
  vulnerabilities: 20
  unsafe_settings: 10
  malicious_files: {limit: 0, action: block}
  scan_age: 24h
  scan: {accept: [image_oversized]}
overrides:
  - images: ["legacy/*"]
    rules: {vulnerabilities: {limit: 300, action: warn}}
    reason: SEC-123, being replaced
    expires: 2027-03-31
"""
TOML = """\
version = 1
[rules]
severity = "Medium"
vulnerabilities = 20
unsafe_settings = 10
malicious_files = {limit = 0, action = "block"}
scan_age = "24h"
scan = {accept = ["image_oversized"]}
[[overrides]]
images = ["legacy/*"]
rules = {vulnerabilities = {limit = 300, action = "warn"}}
reason = "SEC-123, being replaced"
expires = 2027-03-31
"""
JSON = """\
{"version": 1,
 "rules": {"severity": "Medium", "vulnerabilities": 20, "unsafe_settings": 10,
           "malicious_files": {"limit": 0, "action": "block"}, "scan_age": "24h",
           "scan": {"accept": ["image_oversized"]}},
 "overrides": [{"images": ["legacy/*"], "rules": {"vulnerabilities": {"limit": 300, "action": "warn"}},
                "reason": "SEC-123, being replaced", "expires": "2027-03-31"}]}
"""


def saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(PolicyInvalid) as caught:
        load_policy(path, START)
    return [problem.removeprefix(str(path)) for problem in caught.value.problems]


@pytest.mark.parametrize(("name", "text"), [("p.yaml", YAML), ("p.YML", YAML), ("p.toml", TOML), ("p.json", JSON)])
def test_each_format_says_the_same(tmp_path: Path, name: str, text: str) -> None:
    """YAML, TOML and JSON give one and the same policy."""
    loaded = load_policy(saved(tmp_path, name, text), START)

    rules, override = loaded.policy.rules, loaded.policy.overrides[0]
    assert rules.severity is not None
    assert rules.scan_age is not None
    assert rules.scan is not None
    assert (rules.severity.limit, rules.scan_age.limit, rules.scan.accept) == ("Medium", 86400, ("image_oversized",))
    assert override.rules.vulnerabilities is not None
    assert (override.rules.vulnerabilities.limit, override.rules.vulnerabilities.action) == (300, Action.WARN)
    assert (override.reason, override.expires) == ("SEC-123, being replaced", date(2027, 3, 31))
    assert loaded.source.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_an_override_is_named_by_its_line_or_its_number(tmp_path: Path) -> None:
    """YAML has line numbers; for the others the index is given."""
    assert load_policy(saved(tmp_path, "p.yaml", YAML), START).place_of("overrides", 0).endswith("p.yaml:10")
    assert load_policy(saved(tmp_path, "p.toml", TOML), START).place_of("overrides", 0).endswith("p.toml: overrides[0]")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("p.yaml", "rules: {severty: Low}", [":1: rules.severty: unknown key; did you mean `severity`?"], id="typo"),
        pytest.param("p.yaml", "rules:\n  severity: {limit: Low, acton: warn}", [":2: rules.severity.acton: unknown key; did you mean `action`?"], id="typo in the long form"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [x], rules: {severty: High}, reason: r}\n", [":3: overrides[0].rules.severty: unknown key; did you mean `severity`?"], id="typo in an override"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore:\n  - {vulnerability: CVE-1}", [":3: ignore[0]: `reason` is missing"], id="entry without reason"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [CVE-1]", [":2: ignore[0]: 'CVE-1' is not a mapping; write {vulnerability: CVE-1, reason: …}"], id="an id for an entry"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [3]", [":2: ignore[0]: 3 is not a mapping; write {vulnerability: …, reason: …}"], id="a number for an entry"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: CVE-1", [":2: ignore: 'CVE-1' is not a list; write [{vulnerability: CVE-1, reason: …}]"], id="an id for the list"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: {vulnerability: CVE-1, reason: r}", [":2: ignore: a mapping is not a list; write each entry after a `- `"], id="an entry for the list"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [{vulnerability: [CVE-1, CVE-2], reason: r}]", [":2: ignore[0].vulnerability: a list is not text; write text, in quotation marks"], id="two ids in one entry"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides: [legacy/*]", [":2: overrides[0]: 'legacy/*' is not a mapping; write {images: …, rules: …, reason: …}"], id="a glob for an override"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides: [{images: legacy/*, rules: {severity: High}, reason: r}]", [":2: overrides[0].images: 'legacy/*' is not a list; write ['legacy/*']"], id="a glob for a list"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides: [{images: [x], rules: {severity: High}, reason: 2027-01-01}]", [":2: overrides[0].reason: 2027-01-01 is not text; write text, in quotation marks"], id="a day for a reason"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [{vulnerability: CVE-1, reason: r, package: }]", [":2: ignore[0].package: it has no value; write one, or take the line out"], id="no package"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [{vulnerability: CVE-1, reason: r, images: [~]}]", [":2: ignore[0].images[0]: it has no value"], id="no glob in a list"),
        pytest.param("p.yaml", "rules:\n  severity:\n  vulnerabilities: ~\n", [":2: rules.severity: it has no value", ":3: rules.vulnerabilities: it has no value"], id="no values"),
        pytest.param("p.yaml", "rules:\n", [":1: rules: it has no value"], id="no value for the rules"),
        pytest.param("p.yaml", "rules: {severity: Low, zzz: , yyy: {x: }}", [":1: rules.zzz: unknown key", ":1: rules.yyy: unknown key"], id="an unknown key without a value"),
        pytest.param("p.json", '{"rules": {"severity": "Low"}, "ignore": [{"vulnerability": "CVE-1", "reason": "r", "package": null}]}', [": ignore[0].package: it has no value"], id="JSON null"),
        pytest.param("p.json", '{"rules": {"severity": "Low"}, "$schema": null}', [": $schema: it has no value"], id="JSON null for the schema"),
        pytest.param("p.json", '{"rules": {"severity": "Low"}, "$schema": 3}', [": $schema: 3 is not text; write the address of a schema"], id="a number for the schema"),
        pytest.param("p.yaml", "rules: 3", [":1: rules: 3 is not a mapping; write {severity: Medium}"], id="a number for the rules"),
        pytest.param("p.yaml", "rules: {severity: Low, scan: failed}", [":1: rules.scan: 'failed' is not a mapping; write {accept: [image_oversized]}"], id="a text for a rule of its own form"),
        pytest.param("p.yaml", "rules: {severity: {limit: {limit: Low}}}", [":1: rules.severity.limit: a mapping is unknown here; write "], id="a limit in a limit"),
        pytest.param("p.yaml", "rules: {vulnerabilities: .inf}", [":1: rules.vulnerabilities: inf cannot be compared with anything; write a number"], id="infinity"),
        pytest.param("p.toml", "rules = {scan_age = nan}", [": rules.scan_age: nan cannot be compared with anything; write a number"], id="TOML, no number"),
        pytest.param("p.json", '{"rules": {"vulnerabilities": 1e999}}', [": rules.vulnerabilities: inf cannot be compared with anything"], id="JSON, beyond all numbers"),
        pytest.param("p.json", '{"rules": {"severity": "Low"}, "ignore": [{"reason": "r", "vulnerability": "a", "reason": "s"}]}', [": ignore[0].reason: it is given twice; keep one"], id="JSON duplicate key in a list"),
        pytest.param("p.json", '{"rules": {"severity": "Low"}, "x": ' + "[" * 50 + "]" * 50 + "}", [": x: unknown key"], id="JSON, nested too deep in an unknown key"),
        pytest.param("p.toml", "rules = {severity = 'Low'}\nignore = " + "[" * 50 + "]" * 50, ["]: it is nested too deep", ": ignore[0]: a list is not a mapping; write {vulnerability: …, reason: …}"], id="TOML, nested too deep"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [{vulnerability: CVE-1, reason: '\u200b'}]", [r":2: ignore[0].reason: '\u200b' has no visible character; write the reason"], id="a reason that cannot be seen"),
        pytest.param("p.yaml", "contact: '\u200b'\nrules: {severity: Low}", [r":1: contact: '\u200b' has no visible character; write whom to ask about a block, such as a channel or an address"], id="a contact that cannot be seen"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [{vulnerability: 'CVE-2024-1234 exp:2027', reason: r}]", [":2: ignore[0].vulnerability: 'CVE-2024-1234 exp:2027' can never fit: no id contains a blank"], id="an id with an end"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore: [{vulnerability: " + "x" * 501 + ", reason: r}]", [":2: ignore[0].vulnerability: a text of 501 characters is too long; write at most 500 characters"], id="a long id"),
        pytest.param("p.yaml", "rules: {severity: " + "x" * 81 + "}", [":1: rules.severity: a text of 81 characters is unknown here; write "], id="a long text is not shown"),
        pytest.param("p.yaml", 'rules: {severity: "a\\e[31mb"}', [r":1: rules.severity: 'a\x1b[31mb' is unknown here; write "], id="a colour is not painted"),
        pytest.param("p.yaml", "rules: {severity: !!binary aGk=}", [":1: rules.severity: this is unknown here; write "], id="bytes"),
        pytest.param("p.yaml", "rules: {severity: Low, '': 1}", [":1: rules.'': unknown key; known here: "], id="an empty key"),
        pytest.param("p.yaml", "rules: {severity: Low, <<: 1}", [":1: rules.<<: YAML merge keys are not supported here"], id="a merge key"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore:\n" + "- {vulnerability: x, reason: y}\n" * 2001, [":2: ignore: it has more than 2000 entries; write fewer"], id="too many entries"),
        pytest.param("p.yaml", "CVE-2024-1234\nCVE-2024-1235\n", [": it contains 'CVE-2024-1234 CVE-2024-1235'; write a mapping with `rules:`"], id="only ids"),
        pytest.param(".trivyignore", "CVE-2024-1234\n", [": this is an ignore file of Trivy, not a policy; for the `ignore` list of one: hssgate policy import "], id="ignore file of Trivy"),
        pytest.param(".trivyignore.yaml", "vulnerabilities:\n  - id: CVE-2024-1234\n", [": this is an ignore file of Trivy, not a policy; for the `ignore` list of one: hssgate policy import "], id="ignore file of Trivy in YAML"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore:\n  - {vulnerabilty: CVE-1, vulnerability: x, reason: r}", [":3: ignore[0].vulnerabilty: unknown key; did you mean `vulnerability`?"], id="typo in an entry"),
        pytest.param("p.yaml", "rules: {severity: Low}\nignore:\n  - {vulnerability: '', reason: r}", [":3: ignore[0].vulnerability: "], id="entry for nothing"),
        pytest.param("p.yaml", "rules: {severity: Low, zzz: 1}\nzzz: {a: 1}", [":1: rules.zzz: unknown key", ":2: zzz: unknown key"], id="unknown keys everywhere"),
        pytest.param("p.yaml", "rules: {zzz: 1, severity: Low}", [":1: rules.zzz: unknown key; known here: "], id="unknown key"),
        pytest.param("p.yaml", "rules:\n  vulnerabilities: '3'", [":2: rules.vulnerabilities: '3' is not a whole number; write one such as 20"], id="text for a number"),
        pytest.param("p.yaml", "rules:\n  vulnerabilities: true", [":2: rules.vulnerabilities: true is not a whole number"], id="boolean for a number"),
        pytest.param("p.yaml", "rules:\n  vulnerabilities: 1.0", [":2: rules.vulnerabilities: 1.0 is not a whole number"], id="decimal for a number"),
        pytest.param("p.yaml", "rules:\n  vulnerabilities: -1", [":2: rules.vulnerabilities: -1 should be greater than or equal to 0"], id="negative"),
        pytest.param("p.yaml", "rules:\n  vulnerabilities:", [":2: rules.vulnerabilities: it has no value; write one, or take the line out"], id="nothing for a number"),
        pytest.param("p.yaml", "rules:\n  severity: Critical", [":2: rules.severity: 'Critical' is unknown here; write 'Security', 'Low', 'Medium' or 'High'"], id="unknown level"),
        pytest.param("p.yaml", "rules:\n  severity: {limit: Low, action: ignore}", [":2: rules.severity.action: 'ignore' is unknown here; write 'block' or 'warn'"], id="unknown action"),
        pytest.param("p.yaml", "rules:\n  severity: {action: warn}", [":2: rules.severity: `limit` is missing"], id="long form without limit"),
        pytest.param("p.yaml", "rules:\n  scan_age: 24 hours", [":2: rules.scan_age: '24 hours' is not a duration"], id="no duration"),
        pytest.param("p.yaml", "rules:\n  scan_age: [1]", [":2: rules.scan_age: it should be a duration"], id="list for a duration"),
        pytest.param("p.yaml", "rules:\n  scan:\n    accept: [success]", [":3: rules.scan.accept[0]: `success` is not a failure"], id="accepting success"),
        pytest.param("p.yaml", "rules:\n  scan: {accept: [scanning]}", [":2: rules.scan.accept[0]: `scanning` is not a failure"], id="accepting a scan under way"),
        pytest.param("p.yaml", "rules:\n  scan: {accept: []}", [":2: rules.scan.accept: "], id="accepting nothing"),
        pytest.param("p.yaml", "rules: {severity: Low}\nrules: {severity: High}", [":2: rules: it is given twice; keep one"], id="duplicate key"),
        pytest.param("p.yaml", "rules:\n  severity: Low\n  severity: High", [":3: rules.severity: it is given twice; keep one"], id="duplicate key within a key"),
        pytest.param("p.yaml", "", [": it is empty"], id="empty file"),
        pytest.param("p.yaml", "# nothing", [": it is empty"], id="only a comment"),
        pytest.param("p.yaml", "{}", [": it is empty"], id="empty mapping"),
        pytest.param("p.yaml", "version: 1", [": `rules` is missing"], id="no rules"),
        pytest.param("p.yaml", "rules: {}", [":1: rules: it limits nothing"], id="empty rules"),
        pytest.param("p.yaml", "rules: {scan: {accept: [failed]}}", [":1: rules: it limits nothing"], id="only a relaxation"),
        pytest.param("p.yaml", "- rules", [": it contains a list; write a mapping with `rules:`"], id="a list"),
        pytest.param("p.yaml", "version: 2\nrules: {severity: Low}", [":1: version: 2 is unknown here; write 1"], id="another version"),
        pytest.param("p.yaml", "version: true\nrules: {severity: Low}", [":1: version: true should be 1"], id="true for a version"),
        pytest.param("p.yaml", "version: 1.0\nrules: {severity: Low}", [":1: version: 1.0 should be 1"], id="decimal for a version"),
        pytest.param("p.yaml", "rules: {severity: Low", [":1: not valid YAML: "], id="no YAML"),
        pytest.param("p.yaml", "rules: {severity: Low}\n---\nrules: {severity: High}", [":3: it contains more than one document"], id="two documents"),
        pytest.param("p.yaml", "rules: {severity: !!python/none x}", [":1: not valid YAML: "], id="a tag"),
        pytest.param("p.yaml", "rules: {severity: \x07}", [": not valid YAML: "], id="a control character"),
        pytest.param("p.yaml", "rules: {severity: Low, ? [a] : b}", [":1: rules: a key must be a word"], id="a list as key"),
        pytest.param("p.yaml", "rules: {scan_age: 2027-99-99}", [":1: rules.scan_age: '2027-99-99' cannot be read: month must be in 1..12; correct it, or quote it if it is no date"], id="no such date"),
        pytest.param("p.yaml", "[" * 5000, [":1: it is nested too deep, or its aliases make it too large"], id="deep nesting"),
        pytest.param("p.yaml", "x:\n" + "[[{" * 5000, [":2: it is nested too deep, or its aliases make it too large"], id="deep nesting of two kinds"),
        pytest.param("p.yaml", "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(f"{chr(98+i)}: &{chr(98+i)} [{','.join(['*'+chr(97+i)]*10)}]\n" for i in range(7)), ["aliases make it too large"], id="alias bomb"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides:\n  - images: [x]\n    rules: {severity: High}\n", [":3: overrides[0]: `reason` is missing"], id="override without reason"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [x], rules: {severity: High}, reason: ' '}\n", [":3: overrides[0].reason: "], id="blank reason"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [], rules: {severity: High}, reason: r}\n", [":3: overrides[0].images: "], id="override of no image"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [x], rules: {}, reason: r}\n", [":3: overrides[0].rules: it has no rule"], id="override of no rule"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [x], rules: {severity: High}, reason: r, expires: soon}\n", [":3: overrides[0].expires: 'soon' should be a day"], id="no day"),
        pytest.param("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [x], rules: {severity: High}, reason: r, expires: 2027-01-01T00:00:00Z}\n", [":3: overrides[0].expires: 2027-01-01 00:00:00+00:00 should be a day"], id="a moment, no day"),
        pytest.param("p.yaml", "rules: {vulnerabilities: 0200}", [":1: rules.vulnerabilities: '0200' is not a plain number"], id="octal"),
        pytest.param("p.yaml", "rules: {vulnerabilities: 1:30}", [":1: rules.vulnerabilities: '1:30' is not a plain number"], id="sexagesimal"),
        pytest.param("p.yaml", "rules: {vulnerabilities: !!timestamp 'x'}", [":1: rules.vulnerabilities: 'x' does not match its tag"], id="a tag that does not fit"),
        pytest.param("p.yaml", "rules: {vulnerabilities: !!bool 'x'}", [":1: rules.vulnerabilities: 'x' does not match its tag"], id="a truth that is none"),
        pytest.param("p.yaml", "rules: {vulnerabilities: !!int ''}", [":1: rules.vulnerabilities: '' does not match its tag"], id="a number without a digit"),
        pytest.param("p.toml", "rules = 1\nrules = 2", [": not valid TOML: "], id="TOML duplicate key"),
        pytest.param("p.toml", "[rules]\nsevirity = 'Low'", [": rules.sevirity: unknown key; did you mean `severity`?"], id="TOML typo"),
        pytest.param("p.json", '{"rules": {"severity": "Low", "severity": "High"}}', [": rules.severity: it is given twice; keep one"], id="JSON duplicate key"),
        pytest.param("p.json", '{"rules": ', [":1: not valid JSON: "], id="no JSON"),
        pytest.param("p.json", '{"rules": {"vulnerabilities": NaN}}', [": rules.vulnerabilities: nan cannot be compared with anything; write a number"], id="JSON constant"),
        pytest.param("p.json", "[" * 100_000, [": it is nested too deep"], id="JSON deep nesting"),
        pytest.param("p.json", '{"rules": {"vulnerabilities": ' + "9" * 5000 + "}}", [": not valid JSON: "], id="JSON endless number"),
        pytest.param("p.toml", "[rules]\nvulnerabilities = " + "9" * 5000, [": not valid TOML: "], id="TOML endless number"),
        pytest.param("p.yaml", "rules: {severity: Low}\n" + "".join(f"k{number}: 1\n" for number in range(5000)), [f": k{number}: unknown key" for number in range(20)] + [": and 4980 more faults"], id="very many faults", marks=pytest.mark.large),
        pytest.param("p.txt", "rules: {severity: Low}", [": .txt is not a policy format"], id="unknown suffix"),
        pytest.param("policy", "rules: {severity: Low}", [": no suffix is not a policy format"], id="no suffix"),
        pytest.param("p.yaml", "rules: {severity: Low}\n" + "#" * 1024 * 1024, [": it is larger than 1 MiB"], id="too large"),
        pytest.param("p.yaml", "rules:\n  severity: Lw\n  vulnerabilities: x\n", [":2: rules.severity: ", ":3: rules.vulnerabilities: "], id="every fault is named"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    """The message has file, line or key path, and how to fix it."""
    found = problems(saved(tmp_path, name, text))

    assert len(found) == len(expected)
    for problem, part in zip(found, expected, strict=True):
        assert part in problem


KEYS = ", ".join(Rules.model_fields)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("p.yaml", "version: 1", ": `rules` is missing; add it, such as `rules: {severity: Medium}`"),
        ("p.yaml", "rules: {}", ":1: rules: it limits nothing, and an empty policy would pass everything; add a rule such as `severity: Medium`"),
        ("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [x], rules: {}, reason: r}", ":3: overrides[0].rules: it has no rule; add one or take the override out"),
        ("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: [], rules: {severity: High}, reason: r}", ":3: overrides[0].images: it should name at least one"),
        ("p.yaml", "rules: {severity: Low}\noverrides:\n  - {images: 3, rules: {severity: High}, reason: r}", ":3: overrides[0].images: 3 is not a list; write a list such as ['team/*']"),
        ("p.yaml", "rules: {XX: 1}", f":1: rules.XX: unknown key; known here: {KEYS}"),
        ("p.yaml", "rules: {sevtrixx: 1}", ":1: rules.sevtrixx: unknown key; did you mean `severity`?"),
        ("p.yaml", "rules: {unsafe: 1}", ":1: rules.unsafe: unknown key; did you mean `unsafe_settings`?"),
        ("p.yaml", "rules: {severity: Low}\nignore: !reference [x]", ":2: ignore: the tag '!reference' has no meaning here; leave the tag out"),
        ("p.yaml", "rules: {severity: 0b_}", ":1: rules.severity: '0b_' cannot be read: invalid literal for int() with base 2: ''; quote it"),
        ("p.yaml", "rules: {severity: Low", ":1: not valid YAML: expected ',' or '}', but got '<stream end>'"),
        ("p.txt", "rules: {severity: Low}", ": .txt is not a policy format; name the file .yaml, .yml, .toml or .json"),
        ("p.yaml", "XX: 1\nrules: {severity: Low}", ":1: XX: unknown key; known here: version, contact, rules, grace, known, feeds, unlisted, deny, overrides, ignore"),
        ("p.yaml", "rules: {severity: Low}\n" + "k" * 210 + ": 1", ":2: (a key of 210 characters): unknown key; known here: version, contact, rules, grace, known, feeds, unlisted, deny, overrides, ignore"),
        ("p.toml", "[rules]\nsevirity = 'Low'", ": rules.sevirity: unknown key; did you mean `severity`?"),
        ("p.json", '{"rules": {"sevirity": "Low"}}', ": rules.sevirity: unknown key; did you mean `severity`?"),
        ("p.yaml", "- 1\n- " + "[" * 41 + "]" * 41, ":2: it is nested too deep, or its aliases make it too large"),
        ("p.yaml", "a:\n  " + "{a: " * 40 + "1" + "}" * 40, ":2: it is nested too deep, or its aliases make it too large"),
        ("p.json", '{"rules": {"severity": "Low"}, "version": "1"}', ": version: '1' is unknown here; write 1"),
    ],
)  # fmt: skip
def test_messages_for_faults(tmp_path: Path, name: str, text: str, expected: str) -> None:
    """The exact message: the fault, its place, and what to write instead."""
    assert problems(saved(tmp_path, name, text)) == [expected]


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        pytest.param("images: [**/app]", "put a text that begins with * in quotation marks", id="a glob that begins with a star"),
        pytest.param("images: [*app]", "put a text that begins with * in quotation marks", id="a glob that is an alias"),
        pytest.param("reason: @team", "put a text that begins with such a sign in quotation marks", id="a sign that begins nothing"),
        pytest.param("images: [!team ]", "put a text that begins with such a sign in quotation marks", id="a tag"),
        pytest.param("deny: [{vulnerability: CVE-2021-4422?, reason: r}]", "put a text that contains ? in quotation marks", id="a question mark"),
        pytest.param("reason: see: SEC-1", "put a text that contains a colon and a blank in quotation marks", id="a colon"),
        pytest.param("\treason: r", "indent with blanks instead of tabs", id="a tab"),
    ],
)  # fmt: skip
def test_a_text_that_yaml_reads_otherwise_gets_advice(tmp_path: Path, written: str, advice: str) -> None:
    """A glob that begins with a star is an alias to YAML."""
    (expected,) = problems(saved(tmp_path, "p.yaml", f"rules: {{severity: Low}}\n{written}\n"))

    assert expected.startswith(":2: not valid YAML: ")
    assert expected.endswith(f"; {advice}")


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        pytest.param("rules: {maliciousFiles: 0}", "did you mean `malicious_files`?", id="written as one word"),
        pytest.param("rules: {scanage: 1h}", "did you mean `scan_age`?", id="without its underscore"),
        pytest.param("rules: {Scan-Age: 1h}", "did you mean `scan_age`?", id="with another sign"),
        pytest.param(
            "rules: {hihg_vulnerabilities: 0}", "did you mean `high_vulnerabilities`?", id="two letters changed over"
        ),
        pytest.param("rules: {malicious: 0}", "did you mean `malicious_files`?", id="how it begins"),
        pytest.param("rules: {malware: 0}", "did you mean `malicious_files`?", id="as other scanners call it"),
        pytest.param("rules: {vul_num: 0}", "did you mean `vulnerabilities`?", id="as HSS calls it"),
        pytest.param(
            "rules: {negligible_vulnerabilities: 0}", "known here: severity, ", id="a level that there is not"
        ),
        pytest.param(
            "rules: {kritical_vulnerabilities: 0}", "did you mean `critical_vulnerabilities`?", id="critical, misspelt"
        ),
        pytest.param("rules: {files: 0}", "known here: severity, ", id="a part of a name"),
        pytest.param("rules: {scan: {allow: [failed]}}", "did you mean `accept`?", id="in a rule"),
        pytest.param("severity: Low", "did you mean `severity` under `rules`?", id="a rule beside the rules"),
        pytest.param(
            "max_severity: Low", "did you mean `severity` under `rules`?", id="a rule of others beside the rules"
        ),
        pytest.param("exceptions: []", "did you mean `ignore`?", id="the list of entries"),
        pytest.param("ignore: [{id: CVE-1}]", "did you mean `vulnerability`?", id="the id in an entry"),
        pytest.param("ignore: [{statement: r}]", "did you mean `reason`?", id="the reason"),
        pytest.param("ignore: [{expired_at: 2027-01-01}]", "did you mean `expires`?", id="the end"),
        pytest.param("overrides: [{paths: [x]}]", "did you mean `images`?", id="the images"),
    ],
)
def test_an_unknown_key_gets_a_suggestion(tmp_path: Path, written: str, advice: str) -> None:
    """The suggestion is never a name with another meaning."""
    expected = [problem for problem in problems(saved(tmp_path, "p.yaml", written)) if "unknown key" in problem]

    assert len(expected) == 1
    assert f"unknown key; {advice}" in expected[0]


def test_a_level_above_high_is_not_taken_for_a_lower_one(tmp_path: Path) -> None:
    """`critical_vulnerabilities` once got the suggestion `low_vulnerabilities`."""
    path = saved(tmp_path, "p.yaml", "rules: {severity: Low, critical_vulnerability: 0, critical: 0}")

    assert not [problem for problem in problems(path) if "did you mean `low_" in problem]


@pytest.mark.parametrize("level", ["medium", "MEDIUM", "mEdium"])
def test_the_case_of_a_level_does_not_matter(tmp_path: Path, level: str) -> None:
    """This is so in both forms and in overrides; the level is shown as HSS writes it."""
    override = f"{{images: ['*'], rules: {{severity: {{limit: {level}}}}}, reason: r}}"
    policy = load_policy(
        saved(tmp_path, "p.yaml", f"rules: {{severity: {level}}}\noverrides: [{override}]"), START
    ).policy

    for rules in (policy.rules, policy.overrides[0].rules):
        assert rules.severity is not None
        assert rules.severity.limit.value == "Medium"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("p.json", '{"$schema": "hssgate.schema.json", "rules": {"severity": "Low"}}', id="JSON"),
        pytest.param("p.toml", '"$schema" = "hssgate.schema.json"\nrules = {severity = "Low"}', id="TOML"),
        pytest.param("p.yaml", "$schema: hssgate.schema.json\nrules: {severity: Low}", id="YAML"),
    ],
)
def test_a_policy_may_name_its_schema(tmp_path: Path, name: str, text: str) -> None:
    """Editors read the key in JSON; it has no effect on the policy."""
    plain = saved(tmp_path, "plain.json", '{"rules": {"severity": "Low"}}')

    assert load_policy(saved(tmp_path, name, text), START).policy == load_policy(plain, START).policy


def test_the_deepest_and_largest_document_allowed_is_read() -> None:
    """The limits are forty levels of lists and mappings, and a hundred thousand values after aliases are followed."""
    row = ", ".join(["1"] * 98)
    large = f"[&a [{row}]" + ", *a" * 1009 + ", 1" * 9

    assert read_document("[" * 41 + "]" * 41, ".yaml").data
    assert read_document("{a: " * 40 + "1" + "}" * 40, ".yaml").data
    assert len(cast("list[object]", read_document(large + "]", ".yaml").data)) == 1019
    with pytest.raises(Malformed, match="aliases make it too large"):
        read_document(large + ", 1]", ".yaml")


def test_a_value_without_a_line_has_the_line_of_its_parent() -> None:
    """This is so at any depth; without any parent there is no line."""
    document = read_document("a:\n  b:\n    c: 1\n", ".yaml")

    assert [document.line_of(("a", "b", "c", *more)) for more in ((), ("d",), ("d", 0, "e"))] == [3, 3, 3]
    assert document.line_of(("x", "y")) is None


@pytest.mark.parametrize(("depth", "is_too_deep"), [(40, False), (41, True)])
def test_json_may_be_as_deep_as_yaml(tmp_path: Path, depth: int, is_too_deep: bool) -> None:  # noqa: FBT001
    """The limit is forty levels below the policy itself."""
    text = '{"rules": {"severity": "Low"}, "ignore": ' + "[" * depth + "]" * depth + "}"

    expected = problems(saved(tmp_path, "p.json", text))

    assert any(problem.endswith("it is nested too deep") for problem in expected) is is_too_deep


def test_a_number_may_have_a_sign(tmp_path: Path) -> None:
    """A signed number is a decimal number too."""
    rule = load_policy(saved(tmp_path, "p.yaml", "rules: {vulnerabilities: +20}"), START).policy.rules.vulnerabilities

    assert rule is not None
    assert rule.limit == 20


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(lambda _path: None, ": it cannot be read: No such file or directory", id="missing"),
        pytest.param(lambda path: path.mkdir(), ": it cannot be read: Is a directory", id="a folder"),
        pytest.param(lambda path: path.write_bytes(b"rules: \xff"), ": it is not UTF-8 (byte 7)", id="no UTF-8"),
    ],
)
def test_an_unreadable_file_is_refused(tmp_path: Path, make: object, expected: str) -> None:
    """The message names the file and the reason."""
    path = tmp_path / "p.yaml"
    make(path)  # type: ignore[operator]

    assert problems(path) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ignore: 3\nrules: {severity: Low, scan_age: x}\n", [":1: ignore", ":2: rules.scan_age"]),
        ("version: 2\nignore: 3\n", [": `rules` is missing", ":1: version", ":2: ignore"]),
    ],
)
def test_faults_are_reported_in_line_order(tmp_path: Path, text: str, expected: list[str]) -> None:
    """A missing key has no line, and comes first."""
    found = problems(saved(tmp_path, "p.yaml", text))

    assert [problem[: len(start)] for problem, start in zip(found, expected, strict=True)] == expected


def test_a_file_may_be_a_mebibyte_long(tmp_path: Path) -> None:
    """A file with one more byte is refused."""
    text = '{"rules": {"severity": "Low"}}'.ljust(1024 * 1024)

    assert load_policy(saved(tmp_path, "p.json", text), START).policy.rules.severity is not None
    assert problems(saved(tmp_path, "p.json", text + " ")) == [": it is larger than 1 MiB"]


def test_faults_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    """The second file's fault is reported together with those of the first."""
    paths = [saved(tmp_path, "a.yaml", "rules: {x: 1}"), saved(tmp_path, "b.yaml", "rules: {y: 1}")]

    with pytest.raises(PolicyInvalid) as caught:
        load_policies(paths, START)

    assert [str(path) in problem for path, problem in zip(paths, caught.value.problems, strict=True)] == [True, True]


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """Windows editors write one."""
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbfrules: {severity: Low}")

    assert load_policy(path, START).policy.rules.severity is not None


def test_without_a_file_the_built_in_policy_applies() -> None:
    """It equals the policy that its text describes."""
    (loaded,) = load_policies([], START)

    assert loaded.source.path == BUILT_IN
    assert loaded.policy == built_in() == Policy.model_validate(read_document(BUILT_IN_TEXT, ".yaml").data)


def test_a_rule_is_named_by_its_line_or_its_key(tmp_path: Path) -> None:
    """A rule of an override has its own line; the built-in policy has no lines."""
    by_line, by_key = (
        load_policy(saved(tmp_path, "p.yaml", YAML), START),
        load_policy(saved(tmp_path, "p.toml", TOML), START),
    )
    (built,) = load_policies([], START)

    assert by_line.place_of_rule("vulnerabilities") == f"{tmp_path}/p.yaml:4"
    assert by_line.line_of_rule("vulnerabilities", 0) == 11
    assert by_key.place_of_rule("severity") == f"{tmp_path}/p.toml: rules.severity"
    assert by_key.line_of_rule("severity") is None
    assert built.place_of_rule("severity") == "built-in"
    assert built.source.sha256 == hashlib.sha256(BUILT_IN_TEXT.encode()).hexdigest()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([".yaml", ".toml", ".json"]),
    raw=st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
)
def test_any_bytes_give_a_policy_or_a_clear_error(tmp_path: Path, suffix: str, raw: bytes) -> None:
    """Nothing but PolicyInvalid is ever raised."""
    path = tmp_path / f"p{suffix}"
    path.write_bytes(raw)

    try:
        loaded = load_policy(path, START)
    except PolicyInvalid as error:
        assert all(str(path) in problem for problem in error.problems)
    else:
        assert loaded.policy.rules.in_force()
