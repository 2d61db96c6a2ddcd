"""Random runs by seed: images, faults, options, and the checks of each run."""

import email.utils
import gzip
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.support.fakes import START, FakeClock
from tests.support.law import BUILT_IN, DIGESTS, Asked, DetailReads, doubts
from tests.support.newer_keys import add_newer_keys, has_newer_keys
from tests.support.odd_variables import as_variables, random_variables
from tests.support.timelines import random_images
from tests.support.wire_rows import Row
from tests.support.wiretap import Overrun, Wiretap, polls_of
from tests.support.worlds import Silent, silently

SLACK = 1.0  # virtual seconds by which a run may outlast its deadline
_OWN_TIME_OF_DETAILS = 30  # seconds for what is behind a block, after the verdict
_MOST_REQUESTS = 3000
_BOMB = gzip.compress(b'{"data_list": [' + b" " * (33 * 1024 * 1024))
_ODD_WAITS = [
    "0",
    "-1",
    "1.5",
    "soon",
    "",
    "3",
    "30",
    "1e3",
    "999999999",
    "99999999999999",
    "١",
    "Thu, 01 Jan 1970 00:00:00 GMT",
]


@dataclass(frozen=True)
class Schedule:
    """A scenario, and the command line of the gate.

    Args:
        scenario: of the emulator.
        bodies: what takes the place of answers, by the number of the request: headers and bytes.
        asked: of each image.
        policies: as their files have them; none: the built-in one.
        timeout: seconds.
        request_timeout: seconds.
        arguments: what else the command line is given.
        interval: seconds that an answer may have lain in a cache.
        variables: of the environment.
        is_misuse: the gate must refuse to run, because of a variable.
        signal: which one comes, and after how many seconds.
    """

    scenario: Row
    bodies: dict[int, tuple[dict[str, str], bytes]]
    asked: tuple[Asked, ...]
    policies: tuple[Row, ...]
    timeout: float
    request_timeout: float
    arguments: tuple[str, ...]
    interval: float = 5.0
    variables: Mapping[str, str] = field(default_factory=dict)
    is_misuse: bool = False
    signal: tuple[ExitCode, float] | None = None


@dataclass(frozen=True)
class Outcome:
    """Result of a schedule.

    Args:
        code: the exit code, or None where the run was stopped.
        faults: of the gate, by kind.
        requests: how many it took.
        report: the JSON report, as it was written.
    """

    code: int | None
    faults: tuple[tuple[str, str], ...]
    requests: int
    report: str = ""


def schedule_of(seed: int) -> Schedule:
    """Return the schedule of a seed."""
    chance = random.Random(seed)
    timeout = chance.choice([0, 20, 20, 120, 300])
    namespace, version, digest = chance.choice(
        [(None, "1.0", None), ("team", "1.0", None), ("team", "1.0", DIGESTS[0]), ("team", None, DIGESTS[0])]
    )
    cicd_name = chance.choice([None, "shop"])
    when, scanned_after, is_age = chance.choice(
        [
            (None, None, False),
            (None, None, False),
            (str(START - 1800), START - 1800, False),
            (str(START), START, False),
            ("30m", START - 1800, True),
        ]
    )
    settle = chance.choice([0.0, 5.0, 5.0, 5.0, 12.0])
    moment = int(scanned_after * 1000) if scanned_after is not None else None
    registry = chance.choice([None] * 8 + ["swr.example.com", "other.example.com:5000"])
    registry_name = chance.choice([None] * 10 + ["swr", "SWR.example.com:443"])
    where = (registry, registry_name)
    asked = [Asked(namespace, version, digest, cicd_name, moment, settle, *where, is_age)]
    if chance.random() < 0.2:
        asked.append(Asked("prod", "2.0", None, cicd_name, moment, settle, *where, is_age))
    faults, bodies = _faults(chance, timeout)
    request_timeout = chance.choice([5.0, 30.0])
    arguments = ["--settle", str(settle), "--timeout", str(timeout), "--request-timeout", str(request_timeout)]
    arguments += ["--cicd-name", cicd_name] if cicd_name else []
    arguments += ["--registry-name", registry_name] if registry_name else []
    arguments += ["--scanned-after", when] if when is not None else []
    arguments += chance.choice([[], [], ["--appear-timeout", "15s"]])
    interval = chance.choice([None, None, None, 1.0, 20.0])
    arguments += ["--interval", str(interval)] if interval is not None else []
    arguments += ["--max-interval", "30s"] if chance.random() < 0.3 else []
    arguments += ["--findings", chance.choice(["always", "never"])] if chance.random() < 0.2 else []
    arguments += chance.choice([["-q"], [], ["-vv"]])
    if chance.random() < 0.2:
        arguments += [
            "--report",
            f"{chance.choice(['junit', 'markdown', 'html', 'sarif', 'codequality', 'dotenv'])}=/dev/null",
        ]
    images = random_images(chance)
    has_pages = any(image.get("copies", 1) > 1 for image in images)
    scenario = {
        "images": images,
        "faults": faults,
        "clock_skew": chance.choice([0, 0, 0, 0, 3, 30, -30, 600, 1200, -3600]),
        "match": chance.choice(["contains", "exact"]),
        "quirks": {
            "data_list": chance.choice(["list"] * 8 + ["object", "null"]),
            "total_num": chance.choice(["ok", "page"] if has_pages else ["ok"] * 6 + ["missing", "page"]),
            "times": chance.choice(["ok"] * 10 + ["seconds", "zero"]),
        },
    }
    if chance.random() < 0.3:
        scenario["dialect"] = {
            "rows": chance.choice(["added", "rewritten"]),
            "digest": chance.choice(["pushed", "scanned", "previous"]),
            "scan_time": chance.choice(["end", "start"]),
            "cicd_name": chance.choice(["shown", "shown", "hidden"]),
            "severity_level": chance.choice(["shown", "empty"]),
        }
    if chance.random() < 0.1:
        scenario["rate_limit"] = {"requests": 2, "seconds": 30, "retry_after": chance.choice([None, 1, 10])}
    policies = tuple(_policy(chance) for _ in range(chance.choice([0, 0, 1, 1, 2])))
    of_known = random.Random(f"known findings {seed}")
    policies = tuple(_with_known(policy, of_known) for policy in policies)
    if has_newer_keys(seed):
        policies = add_newer_keys(seed, images, policies)
    variables: dict[str, str] = {}
    is_misuse = False
    if chance.random() < 0.1:
        variables, is_misuse = random_variables(chance, [*arguments, *(["--policy"] if policies else [])])
    if chance.random() < 0.1 and not variables:
        arguments, variables = as_variables(chance, arguments)
    signal = None
    if chance.random() < 0.1:
        code = chance.choice([ExitCode.INTERRUPTED, ExitCode.TERMINATED])
        signal = (code, chance.choice([0.0, 0.5, 3.0, 5.0, 7.5, 20.0, 60.0, timeout * chance.random()]))
    return Schedule(
        scenario, bodies, tuple(asked), policies, timeout, request_timeout, tuple(arguments), interval or 5.0,
        variables, is_misuse, signal,
    )  # fmt: skip


def play(schedule: Schedule, folder: Path, seed: int = 0) -> Outcome:
    """Run the gate in a schedule, and check it by the law.

    Args:
        schedule: what is played.
        folder: for the policies.
        seed: of the gate's own chance.
    """
    clock = FakeClock(seed)
    began = clock.monotonic()
    wire = Wiretap(
        Emulator(Scenario.model_validate(schedule.scenario), now=clock.epoch, sleep=clock.pass_time),
        clock,
        schedule.interval,
        _MOST_REQUESTS,
    )
    wire.bodies = schedule.bodies
    given = ["check", *(asked.reference for asked in schedule.asked), "--endpoint", "http://127.0.0.1:9"]
    given += ["--project-id", "p", "--report", "json=-", *schedule.arguments]
    for number, policy in enumerate(schedule.policies):
        path = folder / f"policy{number}.json"
        path.write_text(json.dumps(_written(policy, folder, number)), encoding="utf-8")
        given += ["--policy", str(path)]
    if schedule.signal is not None:
        code, after = schedule.signal
        clock.ring(after, Interrupted(code))
    try:
        ended = silently(given, clock, wire, schedule.variables)
    except Overrun:
        return Outcome(None, (("hang", f"more than {_MOST_REQUESTS} requests"),), len(wire.statuses))
    took = clock.monotonic() - began
    wire.forget_unheard()
    if schedule.is_misuse:
        return Outcome(ended.code, tuple(_faults_of_a_misuse(ended, wire)), len(wire.statuses))
    if clock.rang and ended.code != _code_of_signal(schedule):
        return Outcome(ended.code, (("signal", f"exit code {ended.code} after a signal"),), len(wire.statuses))
    faults = [*_faults_of_the_gate(schedule, wire, ended, took), *_faults_of_the_report(schedule, ended, folder)]
    return Outcome(ended.code, tuple(faults), len(wire.statuses), ended.out)


def _written(policy: Row, folder: Path, number: int) -> Row:
    """Return a policy as its file has it, and write its files of known findings and of exploited vulnerabilities."""
    content = {name: value for name, value in policy.items() if name not in {"known_findings", "feed_ids"}}
    if "feed_ids" in policy:
        (folder / f"feed{number}.txt").write_text("\n".join(policy["feed_ids"]), encoding="utf-8")
    if "known_findings" in policy:
        images = [
            {
                "path": path,
                "accepted": [],
                "findings": [dict(zip(("id", "package", "path"), key, strict=True)) for key in keys],
            }
            for path, keys in policy["known_findings"].items()
        ]
        document = {"format": "hssgate-accepted", "version": 1, "images": images}
        (folder / f"known{number}.json").write_text(json.dumps(document), encoding="utf-8")
        content["known"] = {"file": f"known{number}.json"}
    return content


def _code_of_signal(schedule: Schedule) -> int | None:
    """Return the exit code of the signal that may come."""
    return schedule.signal[0] if schedule.signal else None


def _faults_of_a_misuse(ended: Silent, wire: Wiretap) -> Iterable[tuple[str, str]]:
    """Misuse must send no request and pass no image."""
    if ended.code != 2 or wire.statuses:
        yield "misuse", f"exit code {ended.code} after {len(wire.statuses)} requests: {ended.err[-300:]}"


def _faults_of_the_report(schedule: Schedule, ended: Silent, folder: Path) -> Iterable[tuple[str, str]]:
    """Judge the report again under the same policies: it must be accepted, with the same exit code."""
    path = folder / "report.json"
    path.write_text(ended.out, encoding="utf-8")
    policies = [
        part for number in range(len(schedule.policies)) for part in ("--policy", str(folder / f"policy{number}.json"))
    ]
    again = silently(["judge", str(path), *policies], FakeClock(), httpx.MockTransport(_never))
    if again.code != ended.code:
        yield "report", f"exit code {ended.code}, and {again.code} by judge: {again.err[-300:]}"


def _never(_request: httpx.Request) -> httpx.Response:
    raise AssertionError("judge asks nothing")


def _faults_of_the_gate(schedule: Schedule, wire: Wiretap, ended: Silent, took: float) -> Iterable[tuple[str, str]]:
    if ended.code not in {0, 3, 4, 5, 10, _code_of_signal(schedule)}:
        yield "crash", f"exit code {ended.code}: {ended.err[-300:]}"
        return
    limit = schedule.timeout or schedule.request_timeout * len(wire.statuses)
    if ended.code == ExitCode.BLOCKED or {"always", "sarif=/dev/null"} & {*schedule.arguments}:
        limit += _OWN_TIME_OF_DETAILS
    if took > limit + SLACK:
        yield "hang", f"took {took:.1f}s of {limit:.1f}s"
    refused = [status for status in wire.statuses if status == 401]
    if len(refused) > 2:  # one, and one with the time of the server's clock
        yield "refused", f"{len(refused)} requests with a refused key"
    report = json.loads(ended.out)
    if report["exit_code"] != ended.code:
        yield "crash", f"exit code {ended.code}, and {report['exit_code']} in the report"
    passed = 0
    for asked, image in zip(schedule.asked, report["images"], strict=True):
        if image["result"] != "passed":
            continue
        passed += 1
        until = 1000.0 + image["waited_seconds"] + 0.01
        looks = polls_of(look for look in wire.looks if asked.is_shown_by(look) and look.began <= until)
        now = max([START, *(look.server_time for look in looks[-1:])])
        for doubt in doubts(asked, looks, schedule.policies or (BUILT_IN,), DetailReads(wire.details, now)):
            yield "wrong pass", f"{asked.reference}: {doubt}"
    if ended.code != _code_of_signal(schedule) and (ended.code == 0) != (passed == len(schedule.asked)):
        yield "wrong pass", f"exit code {ended.code} with {passed} of {len(schedule.asked)} images passed"


def _faults(chance: random.Random, timeout: float) -> tuple[list[Row], dict[int, tuple[dict[str, str], bytes]]]:
    faults = []
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        first = chance.choice([1, 1, 2, 2, 3, 4, 6])
        count = chance.choice([1, 1, 1, 2, 4, 8])
        call = chance.choice(["list", "list", "list", "any", "vulnerabilities", "cve"])
        last = "" if chance.random() < 0.05 else str(first + count - 1)
        faults.append({"requests": f"{first}-{last}", "call": call, **_fault(chance, timeout)})
    bodies: dict[int, tuple[dict[str, str], bytes]] = {}
    if chance.random() < 0.01:
        bodies[chance.choice([1, 2, 3])] = ({"content-encoding": "gzip"}, _BOMB)
    if chance.random() < 0.03:
        odd = chance.choice([b"\x1f\x8b\x08\x00", gzip.compress(b"{}")[:-4], b"plain"])
        bodies[chance.choice([1, 2, 3])] = ({"content-encoding": "gzip"}, odd)
    return faults, bodies


def _fault(chance: random.Random, timeout: float) -> Row:
    kinds: list[dict[str, Any]] = [
        {"status": chance.choice([500, 502, 503, 504, 507, 599])},
        {"status": 429, "headers": {"Retry-After": _odd_wait(chance)}},
        {"status": 429, "retry_after": chance.choice([1, 3, 30])},
        {"status": 503, "headers": {"Retry-After": _odd_wait(chance)}},
        {"reset": True},
        {"truncate": chance.choice([0, 1, 30, 500])},
        {"garbage": chance.choice([True, "", "{}", "[]", "null", "<html>oops", "[" * 5000, '{"total_num": 0, "data_list": []}', '{"data_list": [1]}', '{"total_num": "x"}'])},
        {"delay": chance.choice([1, 4.9, 20, 29.9, max(timeout - 1, 0), max(timeout - 0.3, 0), max(timeout - 0.01, 0), timeout, timeout + 5])},
        {"stall": chance.choice([0.5, 5, 31, timeout])},
        {"cached": chance.choice([1, 5, 6, 20, 100, 3600, 72_000])},
        {"rows": [], "total_num": chance.choice([0, 3])},
        {"rows": [chance.choice([{"image_name": "app"}, {}, {"image_name": "app", "image_version": "1.0", "scan_status": "success", "severity_level": "Low", "malicious_file_num": "0 个"}])]},
        {"headers": {"Date": chance.choice(["nonsense", "", email.utils.formatdate(START - 4000, usegmt=True)])}},
        {"status": chance.choice([401, 403, 400, 404, 408, 418, 204, 206, 302, 304])},
        {"status": chance.choice([403, 404, 302]), "body": "<html>"},
        {"status": chance.choice([200, 400, 403]), "code": chance.choice(["HSS.0004", "APIGW.0308", "HSS.0013", "APIGW.0302", "IAM.0007"])},
        {"garbage": '{"error_code": "HSS.0004", "total_num": 1, "data_list": [{"image_name": "app", "image_version": "1.0", "scan_status": "success", "severity_level": "Low", "malicious_file_num": 0}]}'},
        {"status": 400, "code": chance.choice(["HSS.0010", "HSS.0013", "HSS.0001"])},
        {"redirect": chance.choice(["http://127.0.0.1:9/x", "http://elsewhere.example/", ""])},
    ]  # fmt: skip
    return chance.choice(kinds[:-6]) if chance.random() < 0.85 else chance.choice(kinds)


def _odd_wait(chance: random.Random) -> str:
    ahead = email.utils.formatdate(START + chance.choice([-100, 5, 50, 10_000]), usegmt=True)
    return chance.choice([*_ODD_WAITS, ahead])


def _policy(chance: random.Random) -> Row:
    policy: Row = {"rules": _rules(chance)}
    if chance.random() < 0.3:
        policy["overrides"] = [
            {"images": [chance.choice(["team/*", "app:1.0", "*", "prod/*", "team/app:1.0", "**/a*", "te?m/**:1*"])], "rules": _rules(chance), "reason": "chance"}
            | chance.choice([{}, {"expires": "2020-01-01"}, {"expires": "2030-01-01"}])
        ]  # fmt: skip
    if chance.random() < 0.3:
        policy["ignore"] = [
            {"vulnerability": chance.choice(["HCE2-SA-1", "HCE2-*", "CVE-2026-1", "cve-2026-*", "*-2026-2"]), "reason": "chance"}
            | chance.choice([{}, {"package": "openssl"}, {"package": "open*"}])
            | chance.choice([{}, {"images": ["team/*"]}, {"images": ["nowhere/*"]}])
            | chance.choice([{}, {}, {"expires": "2020-01-01"}, {"expires": "2026-09-21"}])
            for _ in range(chance.choice([1, 2]))
        ]  # fmt: skip
    return policy


def _with_known(policy: Row, chance: random.Random) -> Row:
    """Return the policy, of three one with rules on new findings."""
    if chance.random() > 0.3:
        return policy
    names = [
        "new_vulnerabilities",
        "new_critical_vulnerabilities",
        "new_high_vulnerabilities",
        "new_medium_vulnerabilities",
    ]
    rules = {name: chance.choice([0, 0, 1]) for name in chance.sample(names, chance.choice([1, 1, 2]))}
    keys = [("HCE2-SA-1", "openssl", ""), ("HCE2-SA-2", "zlib", ""), ("CVE-2026-1", "bash", ""), ("HCE2-SA-3", "", "")]
    paths = chance.sample(["team/app", "prod/app", "app", "old/app"], 2)
    known = {path: chance.sample(keys, chance.choice([1, 2, 3, 4])) for path in (*paths, "team/app")}
    return {**policy, "rules": {**rules, **(policy["rules"] if chance.random() < 0.5 else {})}, "known_findings": known}


def _rules(chance: random.Random) -> Row:
    every: Row = {
        "severity": chance.choice(["Security", "Low", "Medium", "High"]),
        "vulnerabilities": chance.choice([0, 1, 2, 5]),
        "high_vulnerabilities": chance.choice([0, 1]),
        "medium_vulnerabilities": chance.choice([0, 1, 3]),
        "low_vulnerabilities": 2,
        "unsafe_settings": chance.choice([0, 2]),
        "malicious_files": 0,
        "scan_age": chance.choice([30, 3600, 10_800]),
        "scan": {"accept": chance.choice([["image_oversized"], ["failed"], ["too_many_layers"]])},
    }
    rules = {name: every[name] for name in chance.sample(sorted(every), chance.choice([1, 2, 3]))}
    if rules.keys() == {"scan"}:  # which limits nothing, and is refused
        rules["malicious_files"] = 0
    return {
        name: {"limit": rule, "action": "warn"} if name != "scan" and chance.random() < 0.1 else rule
        for name, rule in rules.items()
    }
