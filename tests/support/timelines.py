"""Random images: pushed, pushed again, rescanned, with late findings, missing rows, duplicates and look-alikes."""

import random

from tests.support.fakes import START
from tests.support.law import DIGESTS
from tests.support.wire_rows import Row

_CLEAN: Row = {
    "scan_status": "success", "severity_level": "Low", "vul_num": 1, "unsafe_setting_num": 0, "malicious_file_num": 0,
}  # fmt: skip
_TARGET: Row = {
    "image_name": "app",
    "image_version": "1.0",
    "namespace": "team",
    "cicd_name": "shop",
    "image_digest": DIGESTS[0],
}
_WORSE: list[Row] = [
    {"severity_level": "High"}, {"severity_level": "Medium"}, {"severity_level": None}, {"severity_level": "Dire"}, {"vul_num": 9},
    {"vul_num": None}, {"malicious_file_num": 1}, {"malicious_file_num": None}, {"unsafe_setting_num": 3}, {"image_id": "another"},
    {"scan_status": "failed", "scan_failed_code": "too_many_layers"}, {"scan_status": "image_oversized"}, {"scan_status": "paused"},
    {"scan_status": None}, {"scan_status": "unscan"}, {"latest_scan_time": None}, {"image_digest": None}, {"image_digest": DIGESTS[1]},
    {"raw": {"vul_num": "3 个"}}, {"raw": {"malicious_file_num": True}}, {"raw": {"malicious_file_num": "many"}},
    {"raw": {"malicious_file_num": -1}}, {"raw": {"scan_status": "SUCCESS"}}, {"raw": {"vul_num": "1,000"}},
    {"latest_scan_time": int((START + 100_000) * 1000)}, {"latest_update_time": int((START + 5) * 1000)},
    {"latest_scan_time": int(START)}, {"latest_scan_time": 0}, {"latest_scan_time": -1}, {"latest_update_time": int(START)},
    {"latest_update_time": 0}, {"latest_update_time": int((START + 100_000) * 1000)}, {"scan_status": "image_scan_stop"},
]  # fmt: skip
_TWINS: list[Row] = [
    {}, {}, {"image_id": "another"}, {"unsafe_setting_num": 1}, {"scan_failed_code": "another"}, {"vul_num": 0}, {"vul_num": 2},
    {"severity_level": "Security"}, {"malicious_file_num": 1}, {"image_digest": DIGESTS[1]},
]  # fmt: skip
_UNREADABLE: list[Row] = [
    {"vul_num": -1}, {"latest_scan_time": "yesterday"}, {"scan_status": ["success"]}, {"image_name": 7}, {"namespace": {}, "vul_num": 0.5},
    {"image_version": 1.0, "image_name": None}, {"cicd_name": False}, {"image_digest": 1},
]  # fmt: skip
_REGISTRIES = [
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    "swr",
    "swr.example.com",
    "other.example.com:5000",
    "Basic edition",
]
_FINDINGS: list[Row] = [
    {"vul_id": "HCE2-SA-1", "repair_necessity": "immediate_repair", "app_name": "openssl", "cves": ["CVE-2026-1"]},
    {"vul_id": "HCE2-SA-2", "repair_necessity": "delay_repair", "app_name": "zlib", "cves": ["CVE-2026-1", "CVE-2026-2"]},
    {"vul_id": "CVE-2026-1", "repair_necessity": "not_needed_repair", "app_name": "bash"},
    {"vul_id": None, "app_name": "openssl"}, {"vul_id": "HCE2-SA-3", "repair_necessity": "whatever"},
]  # fmt: skip


def random_images(chance: random.Random) -> list[Row]:
    """Return the images of a scenario: mostly states of the requested one, and similar ones."""
    changed: Row
    images = [_image(chance, _TARGET)]
    if chance.random() < 0.3:  # pushed again: another row of the same names
        images.append(_image(chance, _TARGET | {"image_digest": chance.choice(DIGESTS)}))
    if chance.random() < 0.2:  # the same row twice, or a twin that differs in one thing at its end
        *before, last = images[0]["timeline"]
        images.append(images[0] | {"timeline": [*before, last | chance.choice(_TWINS)]})
    if chance.random() < 0.3:
        changed = chance.choice(
            [{"namespace": "prod"}, {"namespace": None}, {"cicd_name": "shop2"}, {"cicd_name": None}]
        )
        images.append(_image(chance, _TARGET | changed))
    if chance.random() < 0.3:
        changed = chance.choice(
            [
                {"image_name": "app2"},
                {"image_version": "1.0.1"},
                {"namespace": "steam"},
                {"image_name": "myapp"},
                {"image_name": "other/app"},
                {"namespace": "x/team"},
                {"namespace": "other.example.com:5000/team"},
            ]
        )
        images.append(
            _image(chance, _TARGET | changed) | {"copies": chance.choice([1, 1, 1, 1, 1, 1, 1, 199, 200, 250])}
        )
    if chance.random() < 0.15:  # a row with organisation and registry in its name, or is named after a registry
        changed = chance.choice(
            [
                {"namespace": None, "image_name": "team/app"},
                {"namespace": None, "image_name": "swr.example.com/team/app"},
                {"namespace": None, "image_name": "swr.example.com/app"},
                {"namespace": "swr.example.com"},
                {"namespace": "", "image_name": "other.example.com:5000/team/app"},
            ]
        )
        images.append(_image(chance, _TARGET | changed))
    if chance.random() < 0.1:  # the digest as another might write it
        images[0]["image_digest"] = chance.choice([DIGESTS[0].upper(), DIGESTS[0].removeprefix("sha256:")])
    if chance.random() < 0.2:  # an unreadable row: mostly of another image, or of an unknown one
        changed = chance.choice([{"image_name": "app2"}, {"image_version": "3.0"}, {"namespace": "steam"}, {}])
        images.append(_image(chance, _TARGET | changed) | {"raw": chance.choice(_UNREADABLE)})
    if chance.random() < 0.7:
        images.append(
            _image(chance, _TARGET | {"namespace": "prod", "image_version": "2.0", "image_digest": DIGESTS[2]})
        )
    chance.shuffle(images)
    return images


def _image(chance: random.Random, names: Row) -> Row:
    entries: list[Row] = []
    at = chance.choice([-7200, -7200, -7200, -60, -3, 0, 2, 10])
    state = _state(chance)
    if at > -100 and chance.random() < 0.8:  # watched while it is scanned
        entries.append({"at": at, "scan_status": "waiting_for_scan"})
        entries.append({"at": at + chance.choice([1, 5]), "scan_status": "scanning"})
        at += chance.choice([6, 15, 40, 90, 400])
    entries.append({"at": at, **state})
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
        at = max(at, 0) + chance.choice([1, 2, 4, 6, 15, 40])
        entries.append({"at": at, **_change(chance, state)})
        if ("scan_status" in entries[-1] and entries[-1]["scan_status"] == "scanning") or "absent" in entries[-1]:
            at += chance.choice([1, 4, 9, 30])
            entries.append({"at": at, **chance.choice([state, _state(chance)])})
    updated = (
        {"latest_update_time": int((START + chance.choice([-90_000, -90_000, -3])) * 1000)}
        if chance.random() < 0.7
        else {}
    )
    return {**names, **updated, "registry_name": chance.choice(_REGISTRIES), "timeline": entries}


def _state(chance: random.Random) -> Row:
    state = dict(_CLEAN)
    if chance.random() < 0.3:
        state |= chance.choice(_WORSE)
    if chance.random() < 0.4:
        state["findings"] = chance.sample(_FINDINGS, chance.choice([1, 1, 2, 3]))
        state["vul_num"] = len(state["findings"]) + chance.choice([0, 0, 0, 1, -1])
    return state


def _change(chance: random.Random, state: Row) -> Row:
    """Return the later states of a result: worse findings, another scan, no row."""
    worse = state | chance.choice(_WORSE)
    return chance.choice(
        [
            worse,
            worse,
            {"scan_status": "scanning"},
            state | {"scan_status": "scanning"},
            {"absent": True},
            _state(chance),
        ]
    )
