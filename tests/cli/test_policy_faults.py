"""`hssgate policy validate` names the faults of rules and entries, with what to write instead."""

import pytest

from tests.cli.test_findings import policy
from tests.conftest import Bench


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("rules: {cvss: 11}", "11 should be a number from 0 to 10 such as 8.9", id="score"),
        pytest.param("rules: {severity: Low}\ngrace: {}", "it names no level; write one such as `high: 30d`", id="no level"),
        pytest.param("rules: {severity: Low}\ngrace: 30d", "'30d' is not a mapping; write {high: 30d}", id="one duration"),
        pytest.param("rules: {severity: Low}\ngrace: {hihg: 30d}", "did you mean `high`?", id="misspelt level"),
        pytest.param("rules: {severity: Low}\ngrace: {high: soon}", "grace.high: 'soon'", id="no duration"),
        pytest.param("rules: {baseline: {limit: 0, standard: [cn]}}", "'cn' is unknown here; write 'cn_standard', 'hw_standard' or 'qt_standard'", id="standard"),
        pytest.param("rules: {baseline: {limit: 0, standard: []}}", "should name at least one", id="no standard"),
        pytest.param("rules: {severity: Low}\nignore: [{reason: r}]", "it names nothing to ignore; add `vulnerability`, `file` or `check_rule`", id="about nothing"),
        pytest.param("rules: {severity: Low}\nignore: [{file: /a, check_rule: x, reason: r}]", "it has `file` and `check_rule`; write an entry for each", id="about two things"),
        pytest.param("rules: {severity: Low}\nignore: [{file: /a, package: x, reason: r}]", "it has `package`, which belongs to `vulnerability`", id="package of a file"),
        pytest.param("rules: {severity: Low}\nignore: [{file: ' ', reason: r}]", "is blank; write the path", id="blank file"),
        pytest.param('rules: {severity: Low}\nignore: [{check_rule: "1\\e3", reason: r}]', "contains an invisible character", id="invisible"),
        pytest.param("rules: !reference {severity: Low}", "rules: the tag '!reference' has no meaning here; leave the tag out", id="a tag before a mapping"),
        pytest.param("rules: {severity: Low}\nignore: !!set [{vulnerability: CVE-1, reason: r}]", "ignore: the tag 'tag:yaml.org,2002:set' has no meaning here", id="a tag before a list"),
        pytest.param("rules: {severity: Low}\nignore: [{vulnerability: CVE-1, reason: r, expires: 2027-13-01}]", "expires: '2027-13-01' cannot be read: month must be in 1..12; correct it, or quote it if it is no date", id="no such month"),
        pytest.param("rules: {severity: Low}\nignore: [CVE-1]", "write {vulnerability: CVE-1, reason: …}", id="an id alone"),
        pytest.param("rules: {severity: Low}\nignore: [{file_path: /a, reason: r}]", "did you mean `file`?", id="another name"),
        pytest.param("rules: {secrets: 0}", "did you mean `sensitive_files`?", id="the name of other scanners"),
        pytest.param("rules: {cvss_score: 8}", "did you mean `cvss`?", id="the field of a score"),
        pytest.param("rules: {severity: Low}\nfeeds: {kev: [kev.json]}", "did you mean `exploited`?", id="the name of a catalogue"),
        pytest.param("rules: {exploited: 0}", "rules.exploited: it needs feeds; add `feeds: {exploited: [kev.json]}`", id="no feeds"),
        pytest.param("rules: {severity: Low}\noverrides: [{images: [a], rules: {exploited: 0}, reason: r}]", "overrides[0].rules.exploited: it needs feeds", id="no feeds for an override"),
        pytest.param("rules: {new_vulnerabilities: 0}", "rules.new_vulnerabilities: it needs known; add `known: {file: hssgate-accepted.json}`, a file that `hssgate accept` writes", id="nothing known"),
        pytest.param("rules: {severity: Low}\noverrides: [{images: [a], rules: {new_high_vulnerabilities: 0}, reason: r}]", "overrides[0].rules.new_high_vulnerabilities: it needs known", id="nothing known for an override"),
        pytest.param("rules: {severity: Low}\nknown: a.json", "'a.json' is not a mapping", id="a file alone"),
        pytest.param("rules: {severity: Low}\nknown: {expires: 2027-01-01}", "known: `file` is missing; add it, such as `known: {file: hssgate-accepted.json}`", id="no file of known findings"),
        pytest.param("rules: {severity: Low}\nknown: {file: ''}", "known.file: ", id="an empty name of a file"),
        pytest.param("rules: {severity: Low}\nknown: {file: [a.json]}", "known.file: a list is not", id="files of known findings"),
        pytest.param("rules: {severity: Low}\nknown: {file: a.json, expires: soon}", "known.expires: 'soon' should be a day", id="no day"),
        pytest.param("rules: {severity: Low}\nknown: {path: a.json}", "did you mean `file`?", id="another name for the file"),
        pytest.param("rules: {severity: Low}\naccepted: {file: a.json}", "did you mean `known`?", id="another name for known"),
        pytest.param("rules: {severity: Low}\nbaseline_file: a.json", "unknown key; known here", id="no baseline"),
        pytest.param("rules: {new_vulnerability: 0}", "did you mean `new_vulnerabilities`?", id="one new"),
        pytest.param("rules: {new_low_vulnerabilities: 0}", "rules.new_low_vulnerabilities: unknown key; known here: severity", id="new and low"),
        pytest.param("rules: {severity: Low}\nfeeds: {exploited: []}", "should name at least one", id="no file"),
        pytest.param("rules: {exploited: 0}\nfeeds: {exploited: [a.json, b.json]}", "feeds.exploited[0]: a.json: it cannot be read: No such file or directory\nhssgate.yaml: feeds.exploited[1]: b.json: it cannot be read", id="two missing files"),
        pytest.param("rules: {exploited: 0}\nfeeds: {exploited: [" + "k" * 201 + "]}", "feeds.exploited[0]: " + "k" * 199 + "…: it cannot be read", id="a long name of a feed"),
        pytest.param("rules: {new_vulnerabilities: 0}\nknown: {file: " + "k" * 201 + "}", "known.file: " + "k" * 199 + "…: it cannot be read", id="a long name of a file of known findings"),
        pytest.param("rules: {severity: Low}\nfeeds: {exploited: kev.json}", "is not a list; write ['kev.json']", id="no list"),
        pytest.param("rules: {severity: Low}\nfeeds: kev.json", "feeds: 'kev.json' is not a mapping; write {exploited: [kev.json]}", id="a feed alone"),
        pytest.param("rules: {severity: Low}\nfeeds: {max_age: 7d}", "feeds: `exploited` is missing; add it, such as `feeds: {exploited: [kev.json]}`", id="no feed"),
        pytest.param("rules: {severity: Low}\ndeny: CVE-2021-44228", "deny: 'CVE-2021-44228' is not a list; write [{vulnerability: CVE-2021-44228, reason: …}]", id="a denied id alone"),
        pytest.param("rules: {severity: Low}\noverrides: team/*", "overrides: 'team/*' is not a list; write [{images: …, rules: …, reason: …}]", id="an image alone"),
        pytest.param("rules: {severity: Low}\ndeny: [{vulnerability: CVE-2021-4422?, reason: r}]", "put a text that contains ? in quotation marks", id="an unquoted question mark"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_policy_is_named(bench: Bench, text: str, expected: str) -> None:
    """With what to write instead."""
    policy(bench, text)

    ended = bench.run("policy", "validate", "hssgate.yaml")

    assert ended.code == 2
    assert expected in ended.err + ended.out
