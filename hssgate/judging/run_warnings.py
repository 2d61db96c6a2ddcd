"""Warnings that follow from the verdicts of a run: passes that are not clean, and entries of policies."""

from collections.abc import Iterable, Sequence

from hssgate.judging.criteria import Criteria
from hssgate.judging.image import JudgedImage
from hssgate.policy.entry_warnings import entry_warnings
from hssgate.policy.load import LoadedPolicy
from hssgate.verdict import Outcome, Result
from hssgate.waiting.observation import Observation

_UNPROVEN = (
    "an image without a digest passed, but nothing proves that this result is of the image just pushed; "
    "pass its digest (…@sha256:…), --metadata-file, --resolve or --scanned-after"
)
_PROVEN_BY_TIME = (
    "an image without a digest passed by --scanned-after, and a scan time does not prove which push was scanned; "
    "pass its digest (…@sha256:…), --metadata-file or --resolve"
)


def policy_warnings(policies: Sequence[LoadedPolicy], judged: Iterable[JudgedImage]) -> list[str]:
    """Return the warnings about entries of each policy, over all images of the run."""
    groups = [group for image in judged for group in image.applied]
    return [
        line
        for index, loaded in enumerate(policies)
        for line in entry_warnings(loaded, [group[index] for group in groups])
    ]


def judgement_warnings(
    observations: Sequence[Observation], judged: Sequence[JudgedImage], criteria: Criteria
) -> list[str]:
    """Return a warning for each rule that only warned and for each pass without proof of freshness."""
    lines = []
    for observation, image in zip(observations, judged, strict=True):
        name = observation.reference.text
        lines += [f"{name}: {check.message}" for check in image.verdict.checks if check.result is Result.WARNED]
        if image.verdict.outcome is Outcome.PASSED and not observation.reference.digests:
            # The text names no image, so that a run with many images has one such line.
            lines.append(_UNPROVEN if criteria.scanned_after is None else _PROVEN_BY_TIME)
    return list(dict.fromkeys(lines))
