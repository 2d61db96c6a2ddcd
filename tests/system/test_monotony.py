"""What an addition to a policy can do: an exception never makes a block of a pass, a demand never a pass of a block."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.depth import DEPTH
from tests.support.fakes import START
from tests.support.law import Asked
from tests.support.schedules import Schedule, play, schedule_of
from tests.support.wire_rows import Row

ASKED = Asked("team", "1.0", None, None, None, 0.0)
ARGUMENTS = ("--timeout", "0", "--settle", "0", "--findings", "never")
DAY = 86_400
STATE: Row = {
    "at": -7200, "scan_status": "success", "unsafe_setting_num": 0, "malicious_file_num": 0,
    "latest_scan_time": int((START - 7200) * 1000),
}  # fmt: skip
EXCEPTIONS: list[Row] = [
    {"vulnerability": "HCE2-SA-1"}, {"vulnerability": "cve-2026-*"}, {"vulnerability": "*", "package": "open*"}, {"file": "/app/*"},
    {"file": "**"}, {"check_rule": "1.3.*"}, {"check_rule": "*"},
]  # fmt: skip
WIDE: Row = {
    "severity": "High", "vulnerabilities": 99, "high_vulnerabilities": 99, "medium_vulnerabilities": 99, "malicious_files": 99,
    "unsafe_settings": 99, "cvss": 10, "critical_vulnerabilities": 99, "exploited": 99, "sensitive_files": 99, "baseline": 99,
}  # fmt: skip
STRICT: Row = {
    "severity": "Security", "vulnerabilities": 0, "high_vulnerabilities": 0, "malicious_files": 0, "unsafe_settings": 0,
    "cvss": 5.0, "critical_vulnerabilities": 0, "sensitive_files": 0, "baseline": 0,
}  # fmt: skip


def world(seed: int) -> tuple[Row, Row, random.Random]:
    """Return an image that was scanned long ago, a policy, and a chance of its own."""
    chance = random.Random(f"monotony {seed}")
    schedule = schedule_of(3 * seed)  # with the newer keys of policies
    known = [entry for image in schedule.scenario["images"] for entry in image["timeline"] if "findings" in entry]
    findings = chance.choice(known)["findings"] if known else []
    lists = {name: schedule.scenario["images"][0][name] for name in ("sensitive", "malwares", "check_rules")}
    state = STATE | {
        "severity_level": chance.choice(["Security", "Low", "Medium", "High"]),
        "vul_num": len(findings) + chance.choice([0, 0, 0, 1]),
        "malicious_file_num": len(lists["malwares"]) + chance.choice([0, 0, 1]),
        "unsafe_setting_num": sum(one["scan_result"] != "pass" for one in lists["check_rules"]),
    }
    names = {"image_name": "app", "image_version": "1.0", "namespace": "team"}
    policy = schedule.policies[0] if chance.random() < 0.7 else {"rules": {"vulnerabilities": chance.choice([0, 1, 3])}}
    return {**names, **lists, "findings": findings, "timeline": [state]}, policy, chance


def code_of(image: Row, *policies: Row, folder: Path) -> int | None:
    """Run the gate, whose verdict the law must agree with."""
    played = play(Schedule({"images": [image]}, {}, (ASKED,), policies, 0.0, 30.0, ARGUMENTS), folder)
    assert played.faults == (), (played.faults, policies)
    return played.code


def with_exception(policy: Row, chance: random.Random) -> Row:
    """Return the policy with one more `ignore` entry, level of grace, or wide override."""
    kind = chance.choice(["ignore", "grace", "override"])
    if kind == "ignore":
        return {**policy, "ignore": [*policy.get("ignore", []), chance.choice(EXCEPTIONS) | {"reason": "more"}]}
    if kind == "grace":
        level = chance.choice(["critical", "high", "medium", "low"])
        return {**policy, "grace": {level: 30 * DAY} | policy.get("grace", {})}
    named = [name for name in policy["rules"] if name in WIDE]
    rules = {name: chance.choice([WIDE[name], {"limit": WIDE[name], "action": "warn"}]) for name in named}
    override = {"images": ["team/*"], "rules": rules or {"severity": "High"}, "reason": "more"}
    return {**policy, "overrides": [*policy.get("overrides", []), override]}


def with_demand(policy: Row, chance: random.Random) -> tuple[Row, ...]:
    """Return the policy with one more `deny` entry, rule, or policy beside it."""
    kind = chance.choice(["deny", "rule", "policy"])
    if kind == "deny":
        entry = {"vulnerability": chance.choice(["CVE-2026-0001", "HCE2-*", "*", "nothing"]), "reason": "more"}
        return ({**policy, "deny": [*policy.get("deny", []), entry]},)
    name = chance.choice(sorted(STRICT))
    if kind == "policy":
        return policy, {"rules": {name: STRICT[name]}}
    return ({**policy, "rules": {name: STRICT[name]} | policy["rules"]},)


@pytest.mark.unmeasured
@settings(max_examples=DEPTH.examples(150), deadline=None)
@given(seed=st.integers(0, 100_000))
def test_an_exception_more_never_turns_a_pass_into_a_block(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Nor a demand more a block into a pass."""
    folder = tmp_path_factory.mktemp("policies")
    image, policy, chance = world(seed)

    before = code_of(image, policy, folder=folder)

    if before == 0:
        assert code_of(image, with_exception(policy, chance), folder=folder) != 10
    else:
        assert code_of(image, *with_demand(policy, chance), folder=folder) != 0


def test_the_worlds_of_the_property_pass_and_block(tmp_path: Path) -> None:
    """Often enough to show something."""
    codes = []
    for seed in range(40):
        image, policy, _ = world(seed)
        codes.append(code_of(image, policy, folder=tmp_path))

    assert min(codes.count(0), codes.count(10)) >= 5, codes
