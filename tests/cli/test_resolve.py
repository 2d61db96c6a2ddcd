"""`--resolve`: the digests that the registry gives prove an image, platform by platform."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from hssgate.errors import Interrupted
from hssgate.exit_codes import ExitCode
from tests.conftest import KEY, Bench, Ended
from tests.support.registry import HOST, OCI, Registry

IMAGE = f"{HOST}/team/app:1.0"
OTHER = f"sha256:{'e' * 64}"
CLEAN = "scan_status: success, severity_level: Low, vul_num: 3, unsafe_setting_num: 0, malicious_file_num: 0"
BAD = CLEAN.replace("Low", "High")


def row(digest: object, state: str = CLEAN, at: str = "-1h") -> str:
    names = f'namespace: team, image_name: app, image_version: "1.0", image_digest: "{digest}"'
    return f"  - {{{names}, timeline: [{{at: {at}, {state}}}]}}\n"


def check(bench: Bench, registry: Registry, *arguments: str, rows: str = "", timeout: str = "20s", **env: str) -> Ended:
    """Run the gate with the registry beside HSS."""
    bench.play("images:\n" + rows if rows else "images: []\n")
    hss = httpx.WSGITransport(app=bench.emulator)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "127.0.0.1":
            response = hss.handle_request(request)
            return httpx.Response(response.status_code, headers=response.headers, content=response.read())
        return registry.answer(request)

    given = arguments if "--resolve" in arguments or env else ("--resolve", *arguments)
    return bench.answer(answer).check(
        *given, "--timeout", timeout, env=KEY | {"DOCKER_CONFIG": str(bench.folder)} | env
    )


def hss_requests(bench: Bench) -> list[httpx.Request]:
    return [request for request in bench.sent if request.url.host == "127.0.0.1"]


# One platform, with what buildx attaches.


@pytest.mark.parametrize("kind", ["index", "manifest", "config"])
def test_each_digest_of_an_index_of_one_platform_proves_the_image(bench: Bench, registry: Registry, kind: str) -> None:
    """An index whose other manifest is provenance has one platform."""
    amd64 = registry.image()
    digests = {"manifest": amd64["digest"], "config": registry.config_of(amd64)}
    digests["index"] = registry.index(amd64, registry.attestation())

    ended = check(bench, registry, IMAGE, "--report", "markdown=report.md", "--report", "html=report.html",
                  rows=row(digests[kind]))  # fmt: skip

    proof = f"by the registry ({kind} digest, linux/amd64)"
    assert ended.code == 0, ended.out
    assert ended.report["images"][0]["proof"] == proof
    assert f"({proof})" in ended.out
    assert f'name="hssgate.proven" value="{proof}"' in (bench.folder / "junit.xml").read_text(encoding="utf-8")
    for path in ("report.md", "report.html", "junit.xml"):
        assert proof in Path(bench.folder, path).read_text(encoding="utf-8").replace("\\", ""), path
    assert "nothing proves" not in ended.err
    assert bench.run("judge", "report.json").code == 0


def test_another_push_is_never_the_image(bench: Bench, registry: Registry) -> None:
    """The tag was scanned before it was pushed again; the message says so."""
    registry.index(registry.image())

    ended = check(bench, registry, IMAGE, rows=row(OTHER))

    assert ended.code == 4
    assert "HSS has scanned another push of this tag than the one that the registry holds" in ended.out


def test_a_manifest_is_resolved_as_well(bench: Bench, registry: Registry) -> None:
    """A tag may name the manifest of a single platform."""
    manifest = registry.image("arm64", "v8")
    registry.tags["1.0"] = manifest["digest"]

    ended = check(bench, registry, IMAGE, "--platform", "linux/arm64", rows=row(registry.config_of(manifest)))

    assert ended.code == 0
    assert ended.report["images"][0]["proof"] == "by the registry (config digest, linux/arm64/v8)"


def test_a_digest_in_image_is_what_is_resolved(bench: Bench, registry: Registry) -> None:
    """Whatever the tag is now."""
    amd64 = registry.image()
    digest = registry.index(amd64)
    registry.index(registry.image(created="later"))

    ended = check(bench, registry, f"{IMAGE}@{digest}", rows=row(registry.config_of(amd64)))

    assert ended.code == 0
    assert registry.received[0].url.path.endswith(digest)


# Several platforms.


def two_platforms(registry: Registry) -> tuple[str, dict[str, Any], dict[str, Any]]:
    amd64, arm64 = registry.image(), registry.image("arm64", "v8")
    return registry.index(amd64, arm64, registry.attestation()), amd64, arm64


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        pytest.param([("amd64", CLEAN), ("arm64", CLEAN)], 0, id="both"),
        pytest.param([("amd64", CLEAN), ("arm64-config", CLEAN)], 0, id="one by its configuration"),
        pytest.param([("amd64", CLEAN), ("arm64", BAD)], 10, id="one blocked"),
        pytest.param([("amd64", CLEAN)], 4, id="one missing"),
        pytest.param([("index", CLEAN)], 4, id="the index stands for no platform of several"),
        pytest.param([("index", CLEAN), ("amd64", CLEAN)], 4, id="index and one"),
        pytest.param([("index", BAD), ("amd64", CLEAN), ("arm64", CLEAN)], 10, id="the index is one more group"),
        pytest.param([("index", CLEAN), ("amd64", CLEAN), ("arm64", CLEAN)], 0, id="all three"),
        pytest.param([("amd64", CLEAN), ("attestation", CLEAN)], 4, id="an attestation is no platform"),
    ],
)
def test_each_platform_must_be_found_and_pass(
    bench: Bench, registry: Registry, rows: list[tuple[str, str]], code: int
) -> None:
    """A row of one platform says nothing about another."""
    index, amd64, arm64 = two_platforms(registry)
    digests = {
        "index": index, "amd64": amd64["digest"], "arm64": arm64["digest"],
        "arm64-config": registry.config_of(arm64), "attestation": registry.attestation()["digest"],
    }  # fmt: skip

    ended = check(bench, registry, IMAGE, rows="".join(row(digests[name], state) for name, state in rows))

    assert ended.code == code, ended.out
    assert bench.run("judge", "report.json").code == code


def test_a_missing_platform_is_named_with_the_next_step(bench: Bench, registry: Registry) -> None:
    """And the report shows no row for it."""
    _, amd64, arm64 = two_platforms(registry)

    ended = check(bench, registry, IMAGE, rows=row(amd64["digest"]))

    assert "HSS lists other platforms of this image: check that linux/arm64/v8 is scanned too" in ended.out
    assert "--platform" in ended.out
    assert f"no result for digest {arm64['digest']} or {registry.config_of(arm64)} (by the registry)" in ended.out
    image = ended.report["images"][0]
    assert image["row"] is None
    assert [(group["phase"], group["platform"]) for group in image["seen"]["groups"]] == [
        ("ended", "linux/amd64"), ("absent", "linux/arm64/v8"),
    ]  # fmt: skip


def test_a_platform_that_appears_later_is_waited_for(bench: Bench, registry: Registry) -> None:
    """The image passes once both are there."""
    _, amd64, arm64 = two_platforms(registry)

    ended = check(bench, registry, IMAGE, rows=row(amd64["digest"]) + row(arm64["digest"], at="9s"))

    assert ended.code == 0, ended.out
    assert len(hss_requests(bench)) > 1


def test_platforms_may_be_scanned_one_after_the_other(bench: Bench, registry: Registry) -> None:
    """While one of them is scanned, --timeout counts; when it has ended, --appear-timeout begins anew."""
    _, amd64, arm64 = two_platforms(registry)
    scanning = row(amd64["digest"], "scan_status: scanning", at="-1m").replace("]}\n", f", {{at: 15m, {CLEAN}}}]}}\n")

    def run(arm64_at: str) -> Ended:
        rows = scanning + row(arm64["digest"], at=arm64_at)
        return check(bench, registry, IMAGE, "--appear-timeout", "10m", rows=rows, timeout="60m")

    assert run("20m").code == 0
    late = run("40m")
    assert late.code == 4
    assert "timed out after 2" in late.out


@pytest.mark.parametrize(
    ("arguments", "rows", "code"),
    [
        pytest.param(["linux/amd64"], ["amd64"], 0, id="one"),
        pytest.param(["linux/arm64"], ["arm64"], 0, id="without its variant"),
        pytest.param(["linux/arm64"], ["amd64"], 4, id="the other is not the image"),
        pytest.param(["linux/amd64,linux/arm64/v8"], ["amd64"], 4, id="both with a comma"),
        pytest.param(["linux/amd64", "Linux/ARM64"], ["amd64", "arm64"], 0, id="both"),
        pytest.param(["linux/amd64"], ["amd64", "index-bad"], 10, id="the index is one more group"),
    ],
)
def test_platform_names_those_that_are_meant(
    bench: Bench, registry: Registry, arguments: list[str], rows: list[str], code: int
) -> None:
    """The others are not waited for."""
    index, amd64, arm64 = two_platforms(registry)
    listed = {"amd64": row(amd64["digest"]), "arm64": row(arm64["digest"]), "index-bad": row(index, BAD)}
    options = [part for argument in arguments for part in ("--platform", argument)]

    ended = check(bench, registry, IMAGE, *options, rows="".join(listed[name] for name in rows))

    assert ended.code == code, ended.out


def test_the_variables_name_platforms_too(bench: Bench, registry: Registry) -> None:
    """Commas or blanks between."""
    _, amd64, arm64 = two_platforms(registry)
    rows = row(amd64["digest"]) + row(arm64["digest"])

    for given in ("linux/amd64,linux/arm64", "linux/amd64 linux/arm64", " linux/amd64, linux/arm64\n"):
        assert check(bench, registry, IMAGE, rows=rows, HSSGATE_RESOLVE="1", HSSGATE_PLATFORM=given).code == 0


def test_two_images_of_one_platform_are_two_groups(bench: Bench, registry: Registry) -> None:
    """As Windows has them, for its versions: neither stands for the other."""
    one, other = registry.image(), registry.image(created="for another version")
    registry.index(one, other)

    ended = check(bench, registry, IMAGE, rows=row(one["digest"]))

    assert ended.code == 4
    assert f"linux/amd64 ({registry.config_of(other)[:19]})" in ended.out
    assert check(bench, registry, IMAGE, rows=row(one["digest"]) + row(other["digest"])).code == 0


def test_one_image_under_two_manifests_is_one_group(bench: Bench, registry: Registry) -> None:
    """Of layers that are stored in two compressions, and of an image that is listed for two platforms."""
    one = registry.image()
    config = json.loads(registry.content[one["digest"]][0])["config"]
    zstd = registry.manifest_of(config, annotations={"compression": "zstd"})
    registry.index(one, zstd | {"platform": {"os": "linux", "architecture": "amd64", "variant": "v3"}})

    ended = check(bench, registry, IMAGE, "--platform", "linux/amd64/v3", rows=row(zstd["digest"]))

    assert ended.code == 0
    assert ended.report["images"][0]["proof"] == "by the registry (manifest digest, linux/amd64, linux/amd64/v3)"


# Misuse.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--resolve", "team/app:1.0"], "--resolve: team/app:1.0 names no registry to ask", id="no registry"),
        pytest.param(["--resolve", f"{HOST}:99999/app:1.0"], "is not the address of a registry", id="no address"),
        pytest.param(["--platform", "linux/amd64", IMAGE], "--platform: only a registry tells the platforms", id="platform alone"),
        pytest.param(["--resolve", "--platform", "amd64", IMAGE], "'amd64' is not a platform; write it like linux/amd64", id="no platform"),
        pytest.param(["--resolve", "--platform", "", IMAGE], "is not a platform", id="empty"),
    ],
)  # fmt: skip
def test_misuse_is_found_before_anything_is_asked(
    bench: Bench, registry: Registry, arguments: list[str], message: str
) -> None:
    """With what to write."""
    ended = check(bench, registry, *arguments, HSSGATE_CICD_NAME="x")

    assert (ended.code, bench.sent) == (2, [])
    assert message in ended.err


@pytest.mark.parametrize("name", ["HSSGATE_RESOLVE", "HSSGATE_PLATFORM"])
def test_a_variable_that_is_set_and_empty_is_misuse(bench: Bench, registry: Registry, name: str) -> None:
    """It is what is left of a misspelt one."""
    ended = check(bench, registry, IMAGE, **{name: ""})

    assert (ended.code, bench.sent) == (2, [])
    assert f"{name} is set and empty" in ended.err


def test_a_platform_that_the_index_lacks_is_misuse(bench: Bench, registry: Registry) -> None:
    """With those that it has; HSS is not asked."""
    two_platforms(registry)

    ended = check(bench, registry, IMAGE, "--platform", "linux/s390x")

    assert ended.code == 2
    assert f"--platform linux/s390x: {IMAGE} has no such platform, but linux/amd64, linux/arm64/v8" in ended.err
    assert hss_requests(bench) == []


def test_a_metadata_file_that_the_registry_contradicts_is_misuse(bench: Bench, registry: Registry) -> None:
    """Where the tag was pushed again; where both agree the registry adds the digests of the platforms."""
    amd64 = registry.image()
    digest = registry.index(amd64, registry.attestation())
    path = bench.folder / "build.json"

    def run(**changed: str) -> Ended:
        build = {"image.name": IMAGE, "containerimage.digest": digest} | changed
        path.write_text(json.dumps(build), encoding="utf-8")
        return check(bench, registry, "--resolve", "--metadata-file", str(path), rows=row(amd64["digest"]))

    assert run().code == 0
    for held in (registry.config_of(amd64), amd64["digest"], digest):  # older builders put another digest there
        assert run(**{"containerimage.config.digest": str(held)}).code == 0
    for changed in ({"containerimage.digest": OTHER}, {"containerimage.config.digest": OTHER}):
        ended = run(**changed)
        assert ended.code == 2
        assert f"its registry names {digest}, and {path} names" in ended.err
    by_digest = run(**{"image.name": f"{HOST}/team/app"})
    assert by_digest.code == 0


# What the registry does not give.


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(httpx.Response(401), "HTTP 401; log in with docker login", id="401"),
        pytest.param(httpx.Response(403), "HTTP 403; the login may not pull this image", id="403"),
        pytest.param(httpx.Response(404), "HTTP 404; check registry, path and version of IMAGE", id="404"),
        pytest.param(httpx.Response(200, content=b"<html>", headers={"Content-Type": "text/html"}), "not valid JSON", id="a page"),
        pytest.param(httpx.Response(200, json={}, headers={"Content-Type": "text/plain"}), "unknown media type 'text/plain'", id="media type"),
        pytest.param(httpx.Response(503), "gave up after", id="out of order"),
    ],
)  # fmt: skip
def test_without_the_digests_nothing_is_judged(
    bench: Bench, registry: Registry, answer: httpx.Response, message: str
) -> None:
    """Exit 3 with host, path and the next step in every report, and HSS is not asked."""
    registry.first = lambda _: answer

    ended = check(bench, registry, IMAGE)

    assert ended.code == 3
    assert (
        f"registry {HOST}, team/app/manifests/1.0: " in ended.out
        or f"registry {HOST}, team/app/manifests/sha256:" in ended.out
    )
    assert message in ended.out
    assert ended.report["images"][0]["proof"] is None
    assert hss_requests(bench) == []
    assert bench.run("judge", "report.json").code == 3


def test_other_images_are_judged_all_the_same(bench: Bench, registry: Registry) -> None:
    """The worst decides."""
    amd64 = registry.image()
    registry.index(amd64)

    ended = check(bench, registry, IMAGE, f"{HOST}/team/app:2.0", rows=row(amd64["digest"]))

    assert [image["exit_code"] for image in ended.report["images"]] == [0, 3]
    assert ended.code == 3


@pytest.mark.parametrize(("timeout", "longest"), [("20s", 20), ("30m", 60)])
def test_the_registry_is_asked_no_longer_than_the_gate_waits(
    bench: Bench, registry: Registry, timeout: str, longest: int
) -> None:
    """And no longer than 60 s, all images together."""
    registry.first = lambda _: httpx.Response(503)
    began = bench.clock.monotonic()

    ended = check(bench, registry, IMAGE, f"{HOST}/team/job:1.0", timeout=timeout)

    assert (ended.code, len(registry.received) > 1) == (3, True)
    assert longest - 10 < bench.clock.monotonic() - began <= longest + 1
    assert [image["exit_code"] for image in ended.report["images"]] == [3, 3]


def test_a_single_look_is_a_single_attempt(bench: Bench, registry: Registry) -> None:
    """`--timeout 0` asks HSS once, and the registry too."""
    registry.index(registry.image())
    registry.first = lambda _: httpx.Response(503)

    ended = bench_check_once(bench, registry)

    assert (ended.code, len(registry.received)) == (3, 1)


def bench_check_once(bench: Bench, registry: Registry) -> Ended:
    """Run the gate with `--timeout 0`."""
    return bench.answer(registry.answer).check("--resolve", IMAGE, "--timeout", "0")


def test_a_signal_ends_it_with_reports(bench: Bench, registry: Registry) -> None:
    """As everywhere in the wait."""

    def fail(_: httpx.Request) -> httpx.Response:
        bench.clock.interrupt(Interrupted(ExitCode.TERMINATED))
        return httpx.Response(503)

    registry.first = fail

    ended = check(bench, registry, IMAGE)

    assert ended.code == 143
    assert ended.report["images"][0]["seen"]["ending"] == "interrupted"


def test_a_digest_that_never_appears_points_to_resolve(bench: Bench) -> None:
    """An index, perhaps."""
    ended = bench.play("images:\n" + row(OTHER)).check(f"team/app:1.0@sha256:{'a' * 64}", "--timeout", "10s")

    assert ended.code == 4
    assert "--resolve asks the registry for these" in ended.out


def test_documents_name_their_kind(registry: Registry) -> None:
    """The helper of these tests keeps what it is given."""
    assert registry.content[registry.image()["digest"]][1] == f"{OCI}manifest.v1+json"
