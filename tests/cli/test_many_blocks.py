"""Many blocked images, and failures that are alike: what the console shows of them."""

import json

import pytest
import yaml

from tests.cli.test_block_details import blocked
from tests.cli.test_findings import policy, scenario
from tests.conftest import Bench


def fleet(bench: Bench, severe: int, others: str = "severity_level: Low") -> str:
    rows = [json.loads(blocked())["images"][0] | {"image_name": f"app{number:02}"} for number in range(severe)]
    calm = json.loads(scenario([]))["images"][0]
    calm["timeline"][0] |= yaml.safe_load(f"{{{others}}}")
    rows += [calm | {"image_name": f"app{number:02}"} for number in range(severe, 40)]
    policy(bench, "rules: {severity: Medium, malicious_files: 0, unsafe_settings: {limit: 1, action: warn}}")
    return json.dumps({"images": rows})


NAMES = [f"team/app{number:02}:1.0" for number in range(40)]


@pytest.mark.parametrize("others", ["severity_level: Low", "severity_level: Low, unsafe_setting_num: 7"])
def test_forty_images_of_which_two_are_blocked_fit_on_a_page(bench: Bench, others: str) -> None:
    """Policy, blocked images in full, what to do, a line for each pass, and the names of the blocked ones."""
    ended = bench.play(fleet(bench, 2, others)).check(*NAMES, "--cicd-name", "shop")

    lines = ended.out.splitlines()
    assert (ended.code, len(lines) <= 75) == (10, True)
    assert lines[0].startswith("policy: hssgate.yaml")
    assert lines[1] == "team/app00:1.0: blocked (waited 0s, 1 poll)"
    heads = [line.partition(": ")[0] + ":" for line in lines if line.endswith("poll)")]
    assert [head.rstrip(":") for head in heads] == NAMES
    assert lines[-1].endswith("exit code 10: team/app00:1.0, team/app01:1.0")
    assert lines.index("what to do:") < lines.index("team/app02:1.0: passed (waited 0s, 1 poll)")
    warned = [line for line in lines if "unsafe_settings: 7 found" in line]
    assert warned == (["  warned   unsafe_settings: 7 found, at most 1 accepted (38 images)"] if "7" in others else [])
    assert ended.err.count("unsafe_settings: 7 found") == ("7" in others)


def test_errors_stand_between_blocked_images_and_passes(bench: Bench) -> None:
    """Equal ones are shown once with their number."""
    given = json.loads(fleet(bench, 1))
    for row in given["images"][10:15]:
        row["timeline"] = [{"at": "-1h", "scan_status": "failed", "scan_failed_code": "unknown_error"}]

    ended = bench.play(json.dumps(given)).check(*NAMES, "--cicd-name", "shop")

    lines = ended.out.splitlines()
    failed = next(number for number, line in enumerate(lines) if "scan: failed" in line)
    assert lines[failed].endswith(" (unknown_error); the image was not judged (5 images)")
    assert lines.index("what to do:") < failed < lines.index("team/app01:1.0: passed (waited 0s, 1 poll)")
    assert lines[failed + 1] == "team/app10:1.0: error (waited 0s, 1 poll)"


def test_failures_that_differ_in_their_request_id_are_shown_once(bench: Bench) -> None:
    """Without a CI/CD identifier each image has a request of its own."""
    given = json.loads(fleet(bench, 0))
    for row in given["images"][10:15]:
        row["timeline"] = [{"at": "-1h", "scan_status": "failed", "scan_failed_code": "unknown_error"}]

    ended = bench.play(json.dumps(given)).check(*NAMES)

    (line,) = [line for line in ended.out.splitlines() if "scan: failed" in line]
    ids = {read["request_id"] for image in ended.report["images"][10:15] for read in image["reads"]}
    assert line.endswith("; the image was not judged (5 images)")
    assert (len(ids), sum(one in line for one in ids)) == (5, 1)


def test_outages_that_differ_in_their_request_id_are_shown_once(bench: Bench) -> None:
    """Each image has a refusal of its own, and the first id is shown."""
    given = json.loads(fleet(bench, 0)) | {"faults": [{"requests": "1-", "status": 500}]}

    ended = bench.play(json.dumps(given)).check(*NAMES, "--timeout", "0")

    (line,) = [line for line in ended.out.splitlines() if "HTTP 500" in line]
    ids = {read["request_id"] for image in ended.report["images"] for read in image["reads"]}
    assert line.endswith(" (40 images)")
    assert (len(ids), sum(one in line for one in ids)) == (40, 1)


def test_blocked_images_about_which_nothing_is_known_are_shown_together(bench: Bench) -> None:
    """With --findings never, or where nothing is listed."""
    ended = bench.play(fleet(bench, 40)).check(*NAMES, "--cicd-name", "shop", "--findings", "never")

    lines = ended.out.splitlines()
    assert "  failed   severity: High found, at most Medium accepted (40 images)" in lines
    assert len(lines) < 60
    assert lines[-1].endswith(", 30 more")


def test_a_single_error_among_many_images_is_brief(bench: Bench) -> None:
    """Only what does not hold is shown of it."""
    given = json.loads(fleet(bench, 0))
    given["images"][3]["timeline"] = [{"at": "-1h", "scan_status": "failed"}]

    ended = bench.play(json.dumps(given)).check(*NAMES, "--cicd-name", "shop")

    assert ended.code == 5
    (request_id,) = (read["request_id"] for read in ended.report["images"][3]["reads"])
    assert ended.out.splitlines()[1:4] == [
        "team/app03:1.0: error (waited 0s, 1 poll)",
        f"  error    scan: failed; request id {request_id}; the image was not judged",
        "team/app00:1.0: passed (waited 0s, 1 poll)",
    ]


@pytest.mark.parametrize(("distinct", "most"), [(True, 160), (False, 160)], ids=["different reasons", "one reason"])
def test_of_many_blocked_images_the_worst_ten_are_shown_in_full(bench: Bench, distinct: object, most: int) -> None:
    """Of the others each has a line, and a reason that several share is shown once with their number."""
    given = json.loads(fleet(bench, 40))
    for number, row in enumerate(given["images"]):
        row["timeline"][0]["vul_num"] = 2 + (number if distinct else 0)
    policy(bench, "rules: {severity: Medium, vulnerabilities: 0}")

    ended = bench.play(json.dumps(given)).check(*NAMES, "--cicd-name", "shop")

    lines = ended.out.splitlines()
    assert (ended.code, len(lines) <= most) == (10, True)
    heads = [number for number, line in enumerate(lines) if ": blocked (waited 0s, 1 poll)" in line]
    assert sorted(lines[number].partition(": ")[0] for number in heads) == NAMES
    in_full = [
        lines[number].partition(": ")[0] for number in heads if "finding  " in "".join(lines[number : number + 5])
    ]
    if distinct:
        assert in_full == [f"team/app{number}:1.0" for number in range(39, 29, -1)]
        assert (
            "team/app00:1.0: blocked (waited 0s, 1 poll): severity: High found, at most Medium accepted (and 1 more)"
            in lines
        )
    else:
        assert in_full[:10] == NAMES[:10]
        assert "  failed   vulnerabilities: 2 found, at most 0 accepted (30 images)" in lines
