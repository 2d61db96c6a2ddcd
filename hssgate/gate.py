"""The product on one screen: look until every image is settled, judge each, and answer with a verdict."""

from collections.abc import Iterable, Sequence

import httpx

from hssgate.api.client import HssClient
from hssgate.api.query import LONGEST_VERSION, CicdImagesQuery
from hssgate.clock import Clock
from hssgate.judgement import is_proven_fresh, judge_sighting, subject_of
from hssgate.policy.judge import policy_warnings
from hssgate.policy.load import LoadedPolicy
from hssgate.reference import Reference
from hssgate.settings import Settings
from hssgate.verdict import ImageVerdict, Outcome, Result, Verdict
from hssgate.watch import Lane, Observer, Watch


def run_gate(
    settings: Settings,
    policies: Sequence[LoadedPolicy],
    http: httpx.Client,
    clock: Clock,
    observer: Observer,
) -> Verdict:
    """Wait for the images and judge them; whatever happens, the answer is a verdict.

    Args:
        settings: what was asked.
        policies: each of which every image must hold to.
        http: speaks to the endpoint; it must not follow redirects.
        clock: time and chance.
        observer: is told what happens meanwhile.
    """
    started_at = clock.epoch()
    warnings = _Warnings(observer)
    client = HssClient(http, settings.connection, clock, warnings.warn)
    watch = Watch(
        _lanes(settings.references, client),
        settings.patience,
        clock,
        warnings,
        scanned_after=settings.scanned_after,
        neighbours=lambda reference, within: client.first_cicd_images(_resembling(reference), within=within),
    )
    seen = watch.run()
    sightings = [seen[reference] for reference in settings.references]
    now = max([clock.epoch(), *(sighting.server_time or 0.0 for sighting in sightings)])
    images = tuple(judge_sighting(sighting, policies, now, settings.scanned_after) for sighting in sightings)
    subjects = [subject_of(sighting, standing) for sighting in sightings for standing in sighting.standings or (None,)]
    for loaded in policies:
        warnings.lines += policy_warnings(loaded, subjects, now)
    for sighting, image in zip(sightings, images, strict=True):
        warnings.lines += _image_warnings(image, fresh=is_proven_fresh(sighting, settings.scanned_after))
    return Verdict(
        images=images,
        policies=tuple(loaded.source for loaded in policies),
        warnings=tuple(dict.fromkeys(warnings.lines)),
        started_at=started_at,
        finished_at=clock.epoch(),
        interruption=watch.interruption,
    )


def _lanes(references: Sequence[Reference], client: HssClient) -> list[Lane]:
    """Group the images by request: one for all of a CI/CD identifier, else one for each name and version."""
    groups: dict[tuple[str | None, ...], list[Reference]] = {}
    for reference in references:
        key = () if reference.cicd_name else (reference.namespace, reference.image_name, reference.image_version)
        groups.setdefault(key, []).append(reference)
    return [_lane(tuple(group), client) for group in groups.values()]


def _lane(references: tuple[Reference, ...], client: HssClient) -> Lane:
    query = CicdImagesQuery(
        cicd_name=_shared(reference.cicd_name for reference in references),
        namespace=_shared(reference.namespace for reference in references),
        image_name=_shared(reference.image_name for reference in references),
        image_version=_filterable(_shared(reference.image_version for reference in references)),
    )
    return Lane(references, lambda within: client.list_cicd_images(query, within=within))


def _resembling(reference: Reference) -> CicdImagesQuery:
    return CicdImagesQuery(image_name=reference.image_name)


def _shared(values: Iterable[str | None]) -> str | None:
    """Return the value if it is the same for all, else None: then rows are told apart here alone."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _filterable(version: str | None) -> str | None:
    """Return the version if the API's filter takes it; a longer one is compared here alone."""
    return version if version is not None and len(version) <= LONGEST_VERSION else None


def _image_warnings(image: ImageVerdict, *, fresh: bool) -> list[str]:
    lines = [f"{image.reference.text}: {check.message}" for check in image.checks if check.result is Result.WARNED]
    if image.outcome is Outcome.PASSED and not fresh:
        lines.append(
            f"{image.reference.text}: passed, but nothing proves that this result is of the image just pushed; "
            "pass its digest (…@sha256:…) or --scanned-after"
        )
    return lines


class _Warnings:
    """Keeps the warnings of the run for the verdict while it hands everything on to the observer."""

    def __init__(self, observer: Observer) -> None:
        self.lines: list[str] = []
        self.tick_seconds = observer.tick_seconds
        self.changed = observer.changed
        self.looked = observer.looked
        self.tick = observer.tick
        self._observer = observer

    def warn(self, text: str) -> None:
        self.lines.append(text)
        self._observer.warn(text)
