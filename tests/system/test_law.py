"""The one law, against any server behaviour: exit 0 only if there is no doubt.

Hypothesis builds a scenario (rows that change over time, faults, wrong clocks, loose filters, odd pages) and runs the
gate in it. An independent judge, which shares no code with the gate, checks every pass against the recorded traffic.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hssgate.emulator.app import Emulator
from hssgate.emulator.model import Scenario
from hssgate.waiting import groups as gates_own
from tests.support.depth import DEPTH
from tests.support.fakes import START, FakeClock
from tests.support.law import COMPARED, DIGESTS, Asked, doubts
from tests.support.wire_rows import Row
from tests.support.wiretap import Look, Wiretap
from tests.support.worlds import silently

MAYBE_TIME = st.none() | st.sampled_from([-7200, -3600, -60, -3, 0, 5, 30]).map(
    lambda second: int((START + second) * 1000)
)
STATE = st.fixed_dictionaries(
    {"scan_status": st.sampled_from(["success"] * 6 + ["scanning", "waiting_for_scan", "unscan", "failed", "image_oversized", "paused"])},
    optional={
        "severity_level": st.sampled_from(["Security", "Low", "Medium", "High", "Dire"]),
        "malicious_file_num": st.sampled_from([0, 0, 0, 1]),
        "vul_num": st.integers(0, 3),
        "latest_scan_time": MAYBE_TIME,
        "latest_update_time": MAYBE_TIME,
        "image_digest": st.sampled_from(DIGESTS),
    },
) | st.just({"absent": True})  # fmt: skip
GOOD = st.just({"scan_status": "success", "severity_level": "Low", "malicious_file_num": 0, "vul_num": 0})
DEVIATION = st.sampled_from(
    [
        {}, {}, {"scan_status": "scanning"}, {"scan_status": "paused"}, {"scan_status": "failed"}, {"severity_level": "High"},
        {"severity_level": None}, {"malicious_file_num": None}, {"malicious_file_num": 1}, {"image_digest": DIGESTS[1]},
        {"image_id": "another"}, {"unsafe_setting_num": 1}, {"vul_num": 2}, {"scan_failed_code": "unknown_error"},
        {"image_digest": DIGESTS[1], "severity_level": "High"}, {"image_name": "app2"}, {"image_version": "1.0.1"},
        {"namespace": "team2"}, {"cicd_name": "shop2"}, {"latest_scan_time": None}, {"raw": {"malicious_file_num": True}},
        {"raw": {"malicious_file_num": "many"}}, {"raw": {"scan_status": None}}, {"latest_update_time": int((START - 3) * 1000)},
        {"latest_update_time": int(START)}, {"latest_update_time": 0}, {"latest_scan_time": int(START)}, {"latest_scan_time": -1},
        {"latest_update_time": int((START + 5000) * 1000), "severity_level": "High"}, {"latest_scan_time": int((START + 5000) * 1000)},
        {"image_name": "app2", "raw": {"vul_num": -1}}, {"image_digest": DIGESTS[1], "raw": {"latest_scan_time": "yesterday"}},
        {"raw": {"image_name": 7}}, {"namespace": "prod", "raw": {"image_name": 7, "image_version": None}}, {"registry_name": "swr"},
        {"registry_name": "other.example.com", "severity_level": "High"},
    ]
)  # fmt: skip
MOMENT = st.sampled_from([-7200, -60, -2, 0, 1, 3, 6, 20, 61, 200])
FAULT = st.sampled_from(
    [
        {"status": 503}, {"status": 500}, {"status": 429, "retry_after": 3}, {"reset": True}, {"garbage": True}, {"truncate": 30},
        {"garbage": '{"total_num": 0, "data_list": []}'}, {"garbage": "{}"}, {"delay": 20}, {"stall": 5}, {"rows": [], "total_num": 3}, {"cached": 4}, {"cached": 72_000},
        {"rows": [{"image_name": "app", "image_version": "1.0", "scan_status": "success", "severity_level": "Low", "malicious_file_num": "0 个"}]},
    ]
)  # fmt: skip


class Worlds(RuleBasedStateMachine):
    """Builds a world, rule by rule, and runs the gate in it."""

    @initialize(
        skew=st.sampled_from([0, 0, 0, 30, 1200, -3600]),
        match=st.sampled_from(["contains", "exact"]),
        total=st.sampled_from(["ok", "ok", "page"]),
        times=st.sampled_from(["ok", "ok", "ok", "seconds", "zero"]),
    )
    def begin(self, skew: int, match: str, total: str, times: str) -> None:
        """An empty list, a server whose clock may differ, and whose numbers and times may be odd."""
        self.quirks = {"total_num": total, "times": times}
        self.images: list[Row] = []
        self.faults: list[Row] = []
        self.skew = skew
        self.match = match

    @rule(
        names=st.fixed_dictionaries(
            {"image_name": st.sampled_from(["app", "app", "app", "app2"])},
            optional={
                "cicd_name": st.sampled_from(["shop", "shop2"]), "namespace": st.sampled_from(["team", "prod"]),
                "image_digest": st.sampled_from(DIGESTS), "copies": st.sampled_from([1, 1, 250]),
            },
        ),
        version=st.sampled_from(["1.0", "1.0", "1.0", "1.0.1"]),
        states=st.lists(st.tuples(MOMENT, GOOD | STATE), min_size=1, max_size=4),
    )  # fmt: skip
    def push(self, names: Row, version: str, states: list[tuple[int, Row]]) -> None:
        """A row that changes over time."""
        moments = dict(states)
        timeline = [{"at": moment, **moments[moment]} for moment in sorted(moments)]
        self.images.append({"image_version": version, **names, "timeline": timeline})

    @rule(
        moment=st.sampled_from([-7200, -7200, -60, -2, 0, 3, 20]),
        later=st.none() | st.tuples(st.sampled_from([1, 2, 6, 20, 61]), STATE | GOOD),
        digest=st.sampled_from(DIGESTS[:2]),
        namespace=st.sampled_from(["team", "team", "prod"]),
        updated=st.sampled_from([-90_000, -3]),
    )
    def push_clean(self, moment: int, later: tuple[int, Row] | None, digest: str, namespace: str, updated: int) -> None:
        """A row that would pass, and may change later."""
        clean = {"severity_level": "Low", "malicious_file_num": 0, "vul_num": 1, "scan_status": "success"}
        timeline = [{"at": moment, **clean}]
        if later:
            state = later[1] if "absent" in later[1] else clean | later[1]
            timeline.append({"at": max(moment, 0) + later[0], **state})
        names = {
            "image_name": "app",
            "image_version": "1.0",
            "cicd_name": "shop",
            "namespace": namespace,
            "image_digest": digest,
        }
        self.images.append({**names, "latest_update_time": int((START + updated) * 1000), "timeline": timeline})

    @rule(deviation=DEVIATION, moment=st.sampled_from([-7200, -7200, -2, 1, 6]))
    def push_rival(self, deviation: Row, moment: int) -> None:
        """A row that would pass but for one thing."""
        base = {
            "image_name": "app", "image_version": "1.0", "cicd_name": "shop", "namespace": "team", "image_digest": DIGESTS[0],
            "latest_update_time": int((START - 90_000) * 1000),
        }  # fmt: skip
        state = {"scan_status": "success", "severity_level": "Low", "malicious_file_num": 0, "vul_num": 1}
        raw = deviation.get("raw", {})
        named = base | {name: value for name, value in deviation.items() if name in base}
        changed = state | {name: value for name, value in deviation.items() if name not in base and name != "raw"}
        self.images.append({**named, "raw": raw, "timeline": [{"at": moment, **changed}]})

    @rule(first=st.integers(1, 6), count=st.integers(1, 4), fault=FAULT)
    def fault(self, first: int, count: int, fault: Row) -> None:
        """Some requests go wrong."""
        self.faults.append({"requests": f"{first}-{first + count - 1}", **fault})

    @rule(
        namespace=st.sampled_from([None, "team"]),
        version=st.sampled_from(["1.0", None]),
        digest=st.sampled_from([None, DIGESTS[0]]),
        cicd_name=st.sampled_from([None, "shop"]),
        scanned_after=st.sampled_from([None, (START - 1800, False), (START, False), (START - 1800, True)]),
        settle=st.sampled_from([0.0, 5.0, 12.0]),
        timeout=st.sampled_from(["0", "20s", "2m", "5m"]),
        seed=st.integers(0, 3),
    )
    def gate(
        self, namespace: str | None, version: str | None, digest: str | None, cicd_name: str | None,
        scanned_after: tuple[float, bool] | None, settle: float, timeout: str, seed: int,
    ) -> None:  # fmt: skip
        """Run the gate with some options."""
        if version is not None or digest is not None:
            moment, is_age = (int(scanned_after[0] * 1000), scanned_after[1]) if scanned_after else (None, False)
            self._hold(Asked(namespace, version, digest, cicd_name, moment, settle, is_age=is_age), timeout, seed)

    def teardown(self) -> None:
        """Run the gate in the current world, as users do."""
        for asked in (
            Asked(None, "1.0", None, None, None, 5.0),
            Asked("team", "1.0", None, "shop", None, 0.0),
            Asked("team", "1.0", DIGESTS[0], None, int((START - 1800) * 1000), 5.0),
        ):
            self._hold(asked, "90s", 0)

    def _hold(self, asked: Asked, timeout: str, seed: int) -> None:
        """Run the gate, and check a pass against the traffic."""
        code, wiretap = self._run(asked, timeout, seed)
        assert code in {0, 3, 4, 5, 10}
        if code == 0:
            assert doubts(asked, wiretap.looks) == []

    def _run(self, asked: Asked, timeout: str, seed: int) -> tuple[int, Wiretap]:
        clock = FakeClock(seed)
        scenario = Scenario.model_validate(
            {
                "images": self.images,
                "faults": self.faults,
                "clock_skew": self.skew,
                "match": self.match,
                "quirks": self.quirks,
            }
        )
        wiretap = Wiretap(Emulator(scenario, now=clock.epoch, sleep=clock.pass_time), clock)
        arguments = [
            "check", asked.reference, "--endpoint", "http://127.0.0.1:9", "--project-id", "p", "-q",
            "--timeout", timeout, "--settle", str(asked.settle),
        ]  # fmt: skip
        if asked.cicd_name:
            arguments += ["--cicd-name", asked.cicd_name]
        if asked.scanned_after is not None:
            when = f"{START - asked.scanned_after / 1000:.0f}s" if asked.is_age else str(asked.scanned_after)
            arguments += ["--scanned-after", when]
        ended = silently(arguments, clock, wiretap)
        assert ended.code != 1, ended.err
        return ended.code, wiretap


Worlds.TestCase.settings = settings(max_examples=DEPTH.examples(120), stateful_step_count=6, deadline=None)
TestWorlds = Worlds.TestCase


def test_the_independent_judge_can_fail() -> None:
    """The oracle finds fault with passes that would break the law, or it would prove nothing."""
    good = {
        "image_name": "app",
        "image_version": "1.0",
        "scan_status": "success",
        "severity_level": "Low",
        "malicious_file_num": 0,
        "latest_scan_time": int((START - 900) * 1000),
    }
    asked = Asked(None, "1.0", None, None, None, 5.0)

    def wire(*rows: object, total: int | None = None) -> list[Look]:
        return [Look(0, 0, [{"total_num": len(rows) if total is None else total, "data_list": list(rows)}], START)]

    assert doubts(asked, wire(good)) == []
    assert doubts(asked, wire(good, {"image_name": "b", "vul_num": -1})) == []
    assert doubts(asked, wire(good, total=0)) == []
    for bad in (
        wire(), wire(good, total=2), [Look(0, 0, [None])], wire(good | {"image_version": "1.0.1"}), wire(good | {"scan_status": "failed"}),
        wire(good, good | {"scan_status": "scanning"}), wire(good | {"severity_level": "High"}), wire(good | {"severity_level": None}),
        wire(good | {"malicious_file_num": 1}), wire(good | {"latest_scan_time": int((START - 1) * 1000)}), wire(good | {"latest_scan_time": None}),
        wire(good | {"latest_scan_time": int(START - 900)}), wire(good | {"latest_scan_time": 0}), wire(good, good | {"vul_num": -1}),
        wire(good, {"image_version": "1.0", "image_name": 7}), wire(good, 7), wire(*[good] * 200),
        wire(good | {"latest_update_time": int((START + 5000) * 1000)}, good | {"latest_update_time": int(START * 1000), "severity_level": "High"}),
        wire(good, good | {"image_digest": "x"}), wire(good, good | {"namespace": "b", "scan_status": "failed"}),
    ):  # fmt: skip
        assert doubts(asked, bad) != [], bad


def test_the_judgement_compares_every_field_that_the_gate_compares() -> None:
    """Its list is its own, so that each is a witness against the other; a new rule adds its field to both."""
    assert set(COMPARED) == set(gates_own.COMPARED)


@pytest.mark.parametrize("field", COMPARED)
def test_rows_of_one_time_that_differ_in_a_compared_field_are_a_doubt(field: str) -> None:
    """A recent result that another read contradicts is ambiguous too."""
    good = {
        "image_name": "app", "image_version": "1.0", "image_id": "1", "image_digest": DIGESTS[0], "scan_status": "success",
        "scan_failed_code": "none", "severity_level": "Low", "vul_num": 1, "unsafe_setting_num": 1, "malicious_file_num": 0,
        "latest_scan_time": 99_000,
    }  # fmt: skip
    other: Row = good | {field: {"scan_status": "failed", "latest_scan_time": 98_000}.get(field)}
    asked = Asked(None, "1.0", None, None, None, 5.0)

    def look(at: float, *rows: Row) -> Look:
        return Look(at, at, [{"total_num": len(rows), "data_list": list(rows)}], 100.0)

    settled = [look(0, good), look(5, good)]
    assert doubts(asked, settled) == []
    assert any("not settled" in doubt for doubt in doubts(asked, [look(0, other), look(4, good)]))
    if field != "latest_scan_time":  # by which one of them is newer
        assert any("ambiguous rows" in doubt for doubt in doubts(asked, [look(0, good, other), look(5, good, other)]))


@pytest.mark.parametrize(
    ("is_age", "ahead", "later", "allowed"),
    [
        pytest.param(False, 0, 0, True, id="clocks agree"),
        pytest.param(False, 0, -1, False, id="clocks agree, too early"),
        pytest.param(False, 600, 600, True, id="a moment, in its later reading"),
        pytest.param(False, 600, 599, False, id="a moment, before its later reading"),
        pytest.param(False, 3600, 900, True, id="a moment, a quarter of an hour at most"),
        pytest.param(False, -600, 0, True, id="a moment, on our clock"),
        pytest.param(False, -600, -1, False, id="a moment, before it on our clock"),
        pytest.param(True, 600, 599, False, id="an age on the server's clock, too old"),
        pytest.param(True, -600, -600, True, id="an age on the server's clock"),
        pytest.param(True, -600, -601, False, id="an age on the server's clock, a second too old"),
        pytest.param(True, -72_000, -901, False, id="an age, back by a quarter of an hour at most"),
    ],
)
def test_the_judge_reads_when_on_the_servers_clock(is_age: bool, ahead: int, later: int, allowed: bool) -> None:  # noqa: FBT001 - a row of the table
    """As far as the clocks are known to differ."""
    when = START - 7200
    row = {
        "image_name": "app", "image_version": "1.0", "scan_status": "success", "severity_level": "Low",
        "malicious_file_num": 0, "latest_scan_time": int((when + later) * 1000),
    }  # fmt: skip
    asked = Asked(None, "1.0", None, None, int(when * 1000), 0.0, is_age=is_age)
    look = Look(1000, 1000, [{"total_num": 1, "data_list": [row]}], START + ahead, own_time=START)

    assert (doubts(asked, [look]) == []) is allowed


@pytest.mark.parametrize("seed", range(5))
def test_a_world_without_doubts_passes(seed: int) -> None:
    """The property must not be met by never passing."""
    machine = Worlds()
    machine.begin(0, "contains", "ok", "ok")
    machine.push(
        {"image_name": "app", "image_digest": DIGESTS[0]},
        "1.0",
        [(-7200, {"scan_status": "success", "severity_level": "Low", "malicious_file_num": 0})],
    )

    code, wiretap = machine._run(Asked(None, "1.0", None, None, None, 5.0), "0", seed)

    assert code == 0
    assert len(wiretap.looks) == 1
