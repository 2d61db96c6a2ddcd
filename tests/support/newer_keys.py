"""Newer keys of policies in random schedules, and what they read: files, baseline checks, scores and dates of CVEs.

They have a chance of their own, so that the schedules of other seeds stay what they were.
"""

import random
from typing import Any

from tests.support.fakes import START
from tests.support.wire_rows import Row

_DAY = 86_400
_FILES: list[Row] = [
    {"name": "key", "file_path": "/app/.env", "severity": "critical"}, {"file_path": "/etc/ssl/key.pem", "severity": "medium"},
    {"file_path": "/srv/a", "severity": "odd"}, {"file_path": "/b", "severity": "low"},
]  # fmt: skip
_MALWARES: list[Row] = [{"file_path": "/tmp/xmrig", "file_name": "xmrig"}, {"file_name": "miner"}]  # noqa: S108 - in an image
_CHECKS: list[Row] = [
    {"check_rule_id": "1.3.2", "severity": "High", "standard": "cn_standard", "scan_result": "failed"},
    {"check_rule_id": "1.3.1", "severity": "High", "standard": "cn_standard", "scan_result": "pass"},
    {"check_rule_id": "2.1", "severity": "Low", "standard": "hw_standard", "scan_result": "failed"},
    {"check_rule_id": None, "severity": None, "standard": None, "scan_result": "failed"},
]
_GLOBS = ["CVE-2026-0001", "cve-2026-*", "HCE2-SA-2", "HCE2-*", "*-3", "CVE-2020-9999"]


def has_newer_keys(seed: int) -> bool:
    """Whether the schedule of a seed has them: every third one."""
    return seed % 3 == 0


def add_newer_keys(seed: int, images: list[Row], policies: tuple[Row, ...]) -> tuple[Row, ...]:
    """Give images the lists that the keys read, and return the policies with some of the keys.

    Args:
        seed: of the schedule.
        images: of its scenario, which are changed.
        policies: of the schedule; without one, a policy of these keys alone is returned.
    """
    chance = random.Random(f"newer keys {seed}")
    cves = {
        f"CVE-2026-{number}": {
            "cve_id": f"CVE-2026-000{number}",
            "cvss_score": chance.choice([None, 3.1, 7.5, 9.0, 9.8]),
            "publish_time": chance.choice(
                [None, *(int((START - days * _DAY) * 1000) for days in (-2, 0.5, 3, 20, 400))]
            ),
        }
        for number in (1, 2)
    }
    for image in images:
        image |= {
            "sensitive": _some(chance, _FILES), "malwares": _some(chance, _MALWARES), "check_rules": _some(chance, _CHECKS),
        }  # fmt: skip
        image["timeline"] = [
            {**entry, "findings": [_scored(one, cves) for one in entry["findings"]]} if "findings" in entry else entry
            for entry in image["timeline"]
        ]
    return tuple(_with_keys(chance, policy, number) for number, policy in enumerate(policies or ({"rules": {}},)))


def _scored(finding: Row, cves: dict[str, Row]) -> Row:
    """Return a finding with scores and dates of its CVEs, under ids that a feed may hold."""
    vul_id = cves[finding["vul_id"]]["cve_id"] if finding["vul_id"] in cves else finding["vul_id"]
    return {**finding, "vul_id": vul_id, "cves": [cves[name] for name in finding.get("cves", [])]}


def _some(chance: random.Random, rows: list[Row]) -> list[Row]:
    return [dict(one) for one in chance.sample(rows, chance.choice([0, 0, 1, 2]))]


def _with_keys(chance: random.Random, policy: Row, number: int) -> Row:
    every: dict[str, Any] = {
        "cvss": chance.choice([6.9, 8.9, 9.7]),
        "critical_vulnerabilities": chance.choice([0, 1, 3]),
        "exploited": chance.choice([0, 1, 3]),
        "sensitive_files": chance.choice([0, 1, {"limit": 0, "severity": "High"}, {"limit": 1, "action": "warn"}]),
        "baseline": chance.choice([0, 3, {"limit": 0, "severity": "High", "standard": ["cn_standard"]}]),
    }
    added = {name: every[name] for name in chance.sample(sorted(every), chance.choice([1, 1, 2]))}
    others = policy["rules"] if chance.random() < 0.4 else {}  # with all of them hardly any schedule would pass
    found: Row = {**policy, "rules": {**others, **added}}
    if "exploited" in added:
        ids = chance.sample([f"CVE-2026-000{one}" for one in range(1, 4)], chance.choice([1, 2]))
        found |= {"feeds": {"exploited": [f"feed{number}.txt"]}, "feed_ids": ids}
    if chance.random() < 0.4:
        levels = chance.sample(["critical", "high", "medium", "low"], chance.choice([1, 2, 4]))
        found["grace"] = {level: chance.choice([1, 7, 30]) * _DAY for level in levels}
    if chance.random() < 0.3:
        found["deny"] = [
            {"vulnerability": chance.choice(_GLOBS), "reason": "chance"}
            | chance.choice([{}, {}, {"package": "open*"}, {"images": ["team/*"]}, {"expires": "2020-01-01"}])
        ]  # fmt: skip
    if chance.random() < 0.3:
        found["unlisted"] = chance.choice(["warn", "count"])
    if chance.random() < 0.4:
        entry = chance.choice([{"file": "/app/*"}, {"file": "**"}, {"check_rule": "1.3.*"}, {"check_rule": "*"}])
        found["ignore"] = [*found.get("ignore", []), entry | {"reason": "chance"}]
    return found
