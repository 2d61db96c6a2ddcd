"""Random images of random platforms: `--resolve` passes exactly where each platform that is meant was found and is clean.

What is expected is worked out here from the digests alone; it shares no code with the gate.
"""

import random

import pytest

from tests.cli.test_resolve import BAD, CLEAN, IMAGE, OTHER, check, row
from tests.conftest import Bench
from tests.support.depth import DEPTH
from tests.support.registry import Registry

ARCHITECTURES = ("amd64", "arm64", "s390x")


@pytest.mark.unmeasured
@pytest.mark.parametrize("seed", range(DEPTH.examples(60)))
def test_a_random_image_passes_only_as_a_whole(bench: Bench, seed: int) -> None:
    """Rows by index, manifest, configuration, attestation or another push, each clean, blocked or scanning."""
    chance = random.Random(seed)
    registry = Registry()
    architectures = chance.sample(ARCHITECTURES, chance.randint(1, 3))
    manifests = {architecture: registry.image(architecture) for architecture in architectures}
    attestation = registry.attestation()
    index = registry.index(*manifests.values(), *([attestation] if chance.random() < 0.5 else []))
    meant = chance.sample(architectures, chance.randint(1, len(architectures)))
    options = (
        ["--platform", ",".join(f"linux/{architecture}" for architecture in meant)] if chance.random() < 0.5 else []
    )
    meant = meant if options else architectures
    owner = {str(index): "index"} | {
        digest: architecture
        for architecture, manifest in manifests.items()
        for digest in (manifest["digest"], registry.config_of(manifest))
    }
    digests = chance.sample([*owner, attestation["digest"], OTHER], chance.randint(1, len(owner) + 2))
    states = {digest: chance.choices([CLEAN, BAD, "scan_status: scanning"], [8, 1, 1])[0] for digest in digests}
    # The rows of one group differ in time, so that the newest is known: the first of them.
    rows = "".join(row(digest, state, at=f"-{1 + number}h") for number, (digest, state) in enumerate(states.items()))

    ended = check(bench, registry, IMAGE, *options, rows=rows)

    found: dict[str, list[str]] = {}
    for digest, state in states.items():
        group = owner.get(digest)
        if group == "index" and len(architectures) == 1:
            group = architectures[0]
        if group is not None and (group in meant or group == "index"):
            found.setdefault(group, []).append(state)
    moving = any("scanning" in state for group in found.values() for state in group)
    judged = [group[0] for group in found.values()]
    complete = set(meant) <= found.keys() and not moving
    assert (ended.code == 0) is (complete and BAD not in judged), (found, ended.out)
    if complete and BAD in judged:
        assert ended.code == 10
    assert bench.run("judge", "report.json").code == ended.code
