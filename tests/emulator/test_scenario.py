"""Scenario files: accepted forms, and messages for faults."""

from pathlib import Path

import pytest
import yaml

import hssgate
from hssgate.emulator.document import read_yaml
from hssgate.emulator.scenario import ScenarioInvalid, load_scenario, parse_scenario

PACKAGED = sorted(Path(hssgate.__file__).parent.rglob("*.yaml"))
IMAGE = "image_name: app, scan_status: success"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("imagess: []", "s.yaml: imagess: unknown key; did you mean images?", id="top-key"),
        pytest.param(
            f"images: [{{{IMAGE}}}, {{{IMAGE}, timelin: []}}]",
            "s.yaml: images[1].timelin: unknown key; did you mean timeline?",
            id="image-key",
        ),
        pytest.param(
            "images: [{image_name: app, timeline: [{scan_status: x}, {scan_state: x}]}]",
            "s.yaml: images[0].timeline[1].scan_state: unknown key; did you mean scan_status?",
            id="timeline-key",
        ),
        pytest.param(
            "credentials: [{ak: a, sk: b, tokn: c}]",
            "s.yaml: credentials[0].tokn: unknown key; did you mean token?",
            id="credential-key",
        ),
        pytest.param(
            "rate_limit: {requests: 1, seconds: 1, retry: 1}",
            "s.yaml: rate_limit.retry: unknown key; did you mean retry_after?",
            id="rate-limit-key",
        ),
        pytest.param(
            "quirks: {total: ok}", "s.yaml: quirks.total: unknown key; did you mean total_num?", id="quirks-key"
        ),
        pytest.param(
            "quirks: {zzz: ok}",
            "s.yaml: quirks.zzz: unknown key; known are data_list, total_num, times",
            id="nothing-near",
        ),
        pytest.param(
            "faults: [{requests: 1, statuss: 500}]",
            "s.yaml: faults[0].statuss: unknown key; did you mean status?",
            id="fault-key",
        ),
        pytest.param(
            "images: [{image_name: app, image_version: 1.0, scan_status: x}]",
            "s.yaml: images[0].image_version: should be a text; put it in quotes",
            id="version-without-quotes",
        ),
        pytest.param(
            f"images: [{{{IMAGE}, vul_num: '3'}}]",
            "s.yaml: images[0].vul_num: should be a whole number, without quotes",
            id="number-in-quotes",
        ),
        pytest.param(
            f"images: [{{{IMAGE}, latest_version: 1}}]",
            "s.yaml: images[0].latest_version: should be true or false, without quotes",
            id="no-bool",
        ),
        pytest.param(
            f"images: [{{{IMAGE}, findings: [{{app_name: a}}]}}]",
            "s.yaml: images[0].findings[0].vul_id: is missing",
            id="finding-without-an-id",
        ),
        pytest.param(
            f"images: [{{{IMAGE}, findings: [{{vul_id: a, app_nam: a}}]}}]",
            "s.yaml: images[0].findings[0].app_nam: unknown key; did you mean app_name?",
            id="finding-key",
        ),
        pytest.param(
            f"images: [{{{IMAGE}, findings: [{{vul_id: a, cves: [{{cve: a}}]}}]}}]",
            "s.yaml: images[0].findings[0].cves[0].cve_id: is missing\n"
            "s.yaml: images[0].findings[0].cves[0].cve: unknown key; did you mean cve_id?",
            id="cve-key",
        ),
        *(
            pytest.param(
                f"images: [{{{IMAGE}, findings: [{{vul_id: a, cves: [{{cve_id: a, publish_time: {value}}}]}}]}}]",
                f"s.yaml: images[0].findings[0].cves[0].publish_time: {problem}",
                id=f"published-{value}",
            )
            for value, problem in {
                "9d": "should be milliseconds since the epoch, or an age such as -9d",
                "1.5": "should be milliseconds since the epoch, or an age such as -9d",
                "-9x": "is no duration; write it like 2s, 1h30m or plain seconds",
            }.items()
        ),
        pytest.param(
            f"images: [{{{IMAGE}, findings: [{{vul_id: a, cves: [1]}}]}}]",
            "s.yaml: images[0].findings[0].cves[0]: should be a mapping",
            id="cve-that-is-a-number",
        ),
        pytest.param(
            "images: [{image_name: app, timeline: [{scan_status: x, many_findings: {prefix: a}}]}]",
            "s.yaml: images[0].timeline[0].many_findings.count: is missing",
            id="many-findings-without-a-count",
        ),
        pytest.param(
            "images: [{image_name: app, timeline: [{scan_status: x, many_findings: {counts: 1, count: 1}}]}]",
            "s.yaml: images[0].timeline[0].many_findings.counts: unknown key; did you mean count?",
            id="many-findings-key",
        ),
        pytest.param(
            f"images: [{{{IMAGE}, many_findings: {{count: 0}}}}]",
            "s.yaml: images[0].many_findings.count: should be greater than or equal to 1",
            id="no-findings",
        ),
        pytest.param(
            f"images: [{{{IMAGE}, malwares: [{{filename: a}}]}}]",
            "s.yaml: images[0].malwares[0].filename: unknown key; did you mean file_name?",
            id="malware-key",
        ),
        pytest.param("cicd: shop", "s.yaml: cicd: should be a list", id="cicd-that-is-no-list"),
        pytest.param(
            "faults: [{requests: 1, call: cves, status: 500}]",
            "s.yaml: faults[0].call: should be 'list', 'vulnerabilities', 'cve', 'notices', 'malwares', 'sensitive', 'check_rules',"
            " 'configurations', 'quota', 'password_token', 'federation_token', 'temporary_key', 'projects', 'assume_agency',"
            " 'metadata_token', 'metadata_key', 'github_token' or 'any'",
            id="fault-of-an-unknown-call",
        ),
        pytest.param(
            "faults: [{requests: 1, call: cve}]",
            "s.yaml: faults[0]: it does nothing; give it status, delay, reset, truncate, stall, cached, garbage, bomb or rows",
            id="no-fault-of-a-call",
        ),
        pytest.param("images: {}", "s.yaml: images: should be a list", id="no-list"),
        pytest.param("images: [app]", "s.yaml: images[0]: should be a mapping", id="no-mapping"),
        pytest.param("images: [{scan_status: x}]", "s.yaml: images[0].image_name: is missing", id="missing"),
        pytest.param(
            "images: [{image_name: app}]",
            "s.yaml: images[0]: it needs a timeline, or scan_status where it never changes",
            id="no-state",
        ),
        pytest.param(
            "images: [{image_name: app, timeline: [{scan_status: x}, {at: 1}]}]",
            "s.yaml: images[0]: timeline[1] needs scan_status (null to leave it out of the row) or absent: true",
            id="entry-without-state",
        ),
        pytest.param(
            "images: [{image_name: app, timeline: [{absent: true, vul_num: 1}]}]",
            "s.yaml: images[0].timeline[0]: an absent row has no fields; take out vul_num",
            id="absent-with-fields",
        ),
        pytest.param(
            "images: [{image_name: app, timeline: [{at: soon, absent: true}]}]",
            "s.yaml: images[0].timeline[0].at: is no duration; write it like 2s, 1h30m or plain seconds",
            id="no-duration",
        ),
        pytest.param(
            "faults: [{requests: 1, delay: -1s}]",
            "s.yaml: faults[0].delay: should be greater than or equal to 0",
            id="negative-duration",
        ),
        pytest.param("match: fuzzy", "s.yaml: match: should be 'contains' or 'exact'", id="no-choice"),
        pytest.param("credentials: [{ak: a}]", "s.yaml: credentials[0]: it needs ak and sk, or token", id="half-pair"),
        pytest.param("credentials: [{}]", "s.yaml: credentials[0]: it needs ak and sk, or token", id="no-credential"),
        pytest.param(
            "credentials: [{ak: a, sk: b, token: c}]",
            "s.yaml: credentials[0]: a token and a key pair cannot share an entry; give the key pair an entry of its own",
            id="pair-and-token",
        ),
        pytest.param(
            "faults: [{requests: 3-1, status: 500}]",
            "s.yaml: faults[0].requests: contains no request; they count from 1, the smaller number first",
            id="empty-range",
        ),
        pytest.param(
            "faults: [{requests: 0, status: 500}]",
            "s.yaml: faults[0].requests: contains no request; they count from 1, the smaller number first",
            id="zeroth-request",
        ),
        pytest.param(
            "faults: [{requests: some, status: 500}]",
            's.yaml: faults[0].requests: is no range of requests; write it like 3, "1-3", "6-" or "*"',
            id="no-range",
        ),
        pytest.param(
            "faults: [{requests: 1}]",
            "s.yaml: faults[0]: it does nothing; give it status, delay, reset, truncate, stall, cached, garbage, bomb or rows",
            id="no-fault",
        ),
        pytest.param(
            "faults: [{requests: 1, delay: 1, body: x}]",
            "s.yaml: faults[0]: body belongs to a status; add `status:`",
            id="body-without-status",
        ),
        pytest.param(
            "faults: [{requests: 1, delay: 1, total_num: 1}]",
            "s.yaml: faults[0]: total_num belongs to rows; add `rows:`",
            id="total-without-rows",
        ),
        pytest.param(
            "faults: [{requests: 1, garbage: [1]}]",
            "s.yaml: faults[0].garbage: should be a text, or true",
            id="garbage",
        ),
        pytest.param(
            "credentials: []",
            "s.yaml: credentials: it is empty, so no request could be authenticated; give it a key pair or a token, or leave it out",
            id="no-credentials",
        ),
        pytest.param("match: exact\nmatch: exact", "s.yaml:2: key 'match' is given twice", id="key-twice"),
        pytest.param("images: [", "s.yaml:1: expected the node content, but found '<stream end>'", id="no-yaml"),
        pytest.param("images: \x00", "s.yaml: not valid YAML", id="control-character"),
        pytest.param("a: 2026-13-45", "s.yaml: not valid YAML", id="no-date"),
        pytest.param("a: !!int ''", "s.yaml: not valid YAML", id="no-digit"),
        pytest.param("a: !!timestamp x", "s.yaml: not valid YAML", id="no-time"),
        pytest.param("imagess: &a [*a]", "s.yaml: imagess: unknown key; did you mean images?", id="alias-of-itself"),
        pytest.param("a: " + "[" * 1100, "s.yaml: not valid YAML", id="deep"),
        pytest.param("a: " + "- " * 300, "s.yaml:1: sequence entries are not allowed here", id="deep-in-a-line"),
        pytest.param("", "s.yaml: it is empty; give it `images:`", id="empty"),
        pytest.param("[]", "s.yaml: it should be a mapping with `images:`", id="a-list"),
    ],
)
def test_a_fault_is_named_with_its_place_and_a_fix(text: str, expected: str) -> None:
    """The message names the file, the key path and what to write instead."""
    with pytest.raises(ScenarioInvalid) as caught:
        parse_scenario(text, "s.yaml")

    assert str(caught.value) == expected


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in PACKAGED])
def test_libyaml_comes_to_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It only saves time: PyYAML reads the same from every file that the package has."""
    text = path.read_text(encoding="utf-8")
    found = read_yaml(text)

    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)

    assert found == read_yaml(text)


def test_all_faults_are_reported_at_once() -> None:
    """One line for each, so that a file can be fixed in one go."""
    with pytest.raises(ScenarioInvalid) as caught:
        parse_scenario(f"match: fuzzy\nimages: [{{{IMAGE}, a: 1, vul_num: x}}]", "s.yaml")

    places = sorted(line.split(": ")[1] for line in caught.value.problems)
    assert places == ["images[0].a", "images[0].vul_num", "match"]


def test_secrets_are_in_no_message() -> None:
    """Neither an error about a credential nor the printed scenario shows its value."""
    with pytest.raises(ScenarioInvalid) as caught:
        parse_scenario("credentials: [{ak: a, sk: [hush], token: {hush: 1}}, {token: hush, ak: 1}]", "s.yaml")
    scenario = parse_scenario("credentials: [{ak: a, sk: hush, security_token: hush}, {token: hush}]", "s.yaml")

    assert "hush" not in str(caught.value) + repr(scenario)


def test_a_file_is_read(tmp_path: Path) -> None:
    """UTF-8, with a byte order mark or without."""
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbfprojects: [\xe9\xa1\xb9\xe7\x9b\xae]")

    assert load_scenario(path).projects == ("项目",)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """Absent, a folder, or not UTF-8: the message names the file and the reason."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: \xff")
    shown = []

    for path in (tmp_path / "none.yaml", tmp_path, latin):
        with pytest.raises(ScenarioInvalid) as caught:
            load_scenario(path)
        shown.append(str(caught.value))

    assert shown == [
        f"{tmp_path}/none.yaml: it cannot be read: No such file or directory",
        f"{tmp_path}: it cannot be read: Is a directory",
        f"{latin}: it is not UTF-8 (byte 3)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2", 2, id="number"),
        pytest.param("2.5", 2.5, id="decimal"),
        pytest.param("'7'", 7, id="number-in-quotes"),
        pytest.param("2s", 2, id="seconds"),
        pytest.param("250ms", 0.25, id="milliseconds"),
        pytest.param("1m", 60, id="minutes"),
        pytest.param("1h30m", 5400, id="hours-and-minutes"),
        pytest.param("1d", 86400, id="days"),
        pytest.param("-1h", -3600, id="negative"),
    ],
)
def test_durations_are_as_people_write_them(text: str, expected: float) -> None:
    """Units may be combined, and what lies in the past is negative."""
    assert parse_scenario(f"clock_skew: {text}", "s").clock_skew == expected


@pytest.mark.parametrize("text", ["true", ".nan", ".inf", "1x", "1h 30m", "''", "m", "2026-01-01"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ScenarioInvalid, match="clock_skew: is no duration"):
        parse_scenario(f"clock_skew: {text}", "s")


def test_the_documented_example_is_valid() -> None:
    """What the module's docstring shows can be played."""
    from hssgate.emulator import scenario

    text = "\n".join(line for line in (scenario.__doc__ or "").splitlines() if line.startswith("    "))

    assert len(parse_scenario(text, "docstring").faults) == 12
