"""The gate: waits for the scans of all images, judges each image, and returns a verdict."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from hssgate.clock import Clock
from hssgate.durations import Deadline
from hssgate.errors import ApiError, ApiUnavailable, GateError, Interrupted
from hssgate.exit_codes import ExitCode
from hssgate.hss.client import ROOM_FOR_ROWS, HssClient
from hssgate.hss.exchange import LARGEST_BODY
from hssgate.hss.hosts import Hosts
from hssgate.hss.page_reader import LARGEST_AT_ONCE
from hssgate.hss.query import CicdImagesQuery, filterable_version
from hssgate.judging.criteria import Criteria
from hssgate.judging.findings import FindingsReader
from hssgate.judging.image import judge_image
from hssgate.judging.run_warnings import judgement_warnings, policy_warnings
from hssgate.policy.load import LoadedPolicy
from hssgate.reference import Reference
from hssgate.settings import FindingsMode, Settings
from hssgate.verdict import Verdict
from hssgate.waiting.observation import Observation
from hssgate.waiting.observer import Observer
from hssgate.waiting.poll_group import Fetch, PollGroup
from hssgate.waiting.poller import Poller
from hssgate.waiting.row_filter import Wanted
from hssgate.waiting.schedule import Schedule
from hssgate.waiting.states import Ending

# Takes the images, an observer, and the start of the run on the monotonic clock.
Resolve = Callable[[Sequence[Reference], Observer, float], Sequence[Reference | GateError]]

_MOST_WARNINGS = 200  # that responses cause; a hostile server could cause any number of them
_MORE_WARNINGS = f"more than {_MOST_WARNINGS} warnings: the others are left out"
_LEAST_BYTES_FOR_ROWS = 100_000  # of one poll group; enough for about forty rows


def run_gate(
    settings: Settings,
    policies: Sequence[LoadedPolicy],
    hosts: Hosts,
    clock: Clock,
    observer: Observer,
    *,
    resolve: Resolve | None = None,
) -> Verdict:
    """Wait for the scans of the images, and judge each image.

    Errors of the API and of registries, a timeout and a signal are part of the verdict.

    Args:
        settings: images, connection and timeouts of the run.
        policies: the policies; each image must meet each of them.
        hosts: HTTP client for the hosts of the API.
        clock: time and random numbers.
        observer: receives progress and warnings.
        resolve: asks the registries for the digests of the images, if the caller wants that.

    Raises:
        Misused: an image names no registry, or its registry contradicts the command line or a metadata file.
    """
    started_at, start = clock.epoch(), clock.monotonic()

    def epoch_now() -> float:
        """Return the present in epoch seconds, by the monotonic clock: times of a run never go backwards."""
        return started_at + clock.monotonic() - start

    warnings = _Warnings(observer)
    clock.on_wait = lambda: warnings.tick(clock.monotonic() - start)
    images = _resolved(settings.references, resolve, warnings, start) if resolve else settings.references
    resolved_after = clock.monotonic() - start
    client = HssClient(hosts, settings.connection, clock, warnings.warn, settings.wait.interval)
    poller = Poller(
        _poll_groups([image for image in images if isinstance(image, Reference)], client),
        Schedule(settings.wait, start=start, single_poll=settings.connection.request_timeout),
        clock,
        warnings,
        scanned_after=settings.scanned_after,
        similar_rows=lambda reference, within: client.first_cicd_images(_resembling(reference), within=within),
    )
    observation_by_image = poller.run()
    observations = [
        observation_by_image[image] if isinstance(image, Reference) else _unresolved(reference, image, resolved_after)
        for reference, image in zip(settings.references, images, strict=True)
    ]
    # The latest of the clocks: one that is slow must not make a scan look younger or an `ignore` entry last longer.
    server_times = (observation.server_time or 0.0 for observation in observations)
    judged_at = max([epoch_now(), clock.epoch(), *server_times])
    criteria = Criteria(policies, judged_at, settings.scanned_after)
    deadline = Deadline(start, settings.wait.timeout)
    needs_dates = settings.findings is FindingsMode.ALWAYS
    reader = FindingsReader(client, clock, warnings, deadline, needs_dates=needs_dates)
    findings = [reader.findings_by_group(observation, criteria) for observation in observations]
    lists = [reader.details_by_group(observation, criteria) for observation in observations]
    judged = [
        judge_image(observation, found, criteria, details)
        for observation, found, details in zip(observations, findings, lists, strict=True)
    ]
    warnings.lines += [*policy_warnings(policies, judged), *judgement_warnings(observations, judged, criteria)]
    interruption = poller.interruption or (reader.interruption.exit_code if reader.interruption else None)
    is_blocked = any(image.verdict.exit_code is ExitCode.BLOCKED for image in judged)
    if interruption is None and settings.reads_block_details(is_blocked=is_blocked):
        from hssgate.judging.block_details import BlockDetails  # most runs pass
        from hssgate.judging.block_lists import Case, Extent

        extent = Extent(settings.findings, settings.lists_findings, deadline)
        details = BlockDetails(client, clock, warnings, extent, reader.cves)
        judged = details.read([*map(Case, observations, findings, lists, judged)], criteria)
        interruption = details.interruption.exit_code if details.interruption else None
    interruption = _signal_in(images) or interruption
    return Verdict(
        images=tuple(replace(image.verdict, interruption=interruption) for image in judged),
        policies=tuple(loaded.source for loaded in policies),
        warnings=tuple(dict.fromkeys(warnings.lines)),
        started_at=started_at,
        finished_at=epoch_now(),
        interruption=interruption,
    )


def _resolved(
    references: Sequence[Reference], resolve: Resolve, observer: Observer, start: float
) -> Sequence[Reference | GateError]:
    try:
        return resolve(references, observer, start)
    except Interrupted as signal:
        return [signal] * len(references)


def _signal_in(images: Iterable[Reference | GateError]) -> ExitCode | None:
    return next((image.exit_code for image in images if isinstance(image, Interrupted)), None)


def _unresolved(reference: Reference, error: GateError, waited_seconds: float) -> Observation:
    """Return the observation of an image for which HSS was not polled, since its registry gave no digests."""
    ending = Ending.INTERRUPTED if isinstance(error, Interrupted) else Ending.REFUSED
    return Observation(
        reference=reference,
        ending=Ending.UNANSWERED if isinstance(error, ApiUnavailable) else ending,
        row_groups=(),
        unsettled=frozenset(),
        error=error if isinstance(error, ApiError) else None,
        server_time=None,
        scanned_after=None,
        waited_seconds=round(waited_seconds, 3),
        polls=0,
        reads=(),
        similar_rows=(),
    )


def _poll_groups(references: Sequence[Reference], client: HssClient) -> list[PollGroup]:
    """Group the images by request: one request for a CI/CD identifier, otherwise one for each name and version."""
    groups: dict[tuple[str | None, ...], list[Reference]] = {}
    for reference in references:
        key = () if reference.cicd_name else (reference.basename, reference.image_version)
        groups.setdefault(key, []).append(reference)
    room = max(ROOM_FOR_ROWS // max(len(groups), 1), _LEAST_BYTES_FOR_ROWS)
    largest = LARGEST_BODY if len(groups) == 1 else LARGEST_AT_ONCE
    return [_poll_group(tuple(group), client, room, largest) for group in groups.values()]


def _poll_group(references: tuple[Reference, ...], client: HssClient, room: int, largest: int) -> PollGroup:
    def fetch_by_name(image_name: str | None) -> Fetch:
        query = CicdImagesQuery(
            cicd_name=_common_value(reference.cicd_name for reference in references),
            image_name=image_name,
            image_version=filterable_version(_common_value(reference.image_version for reference in references)),
        )
        return lambda within: client.list_cicd_images(
            query, within=within, room=room, largest=largest, row_filter=lambda: Wanted(references)
        )

    # The namespace is not used as a filter: a row may have it in its name, and the filter would hide that row.
    name = _common_value(reference.basename for reference in references)
    spellings = {spelling for reference in references for spelling in reference.spellings} if name else set()
    return PollGroup(references, fetch_by_name(name), tuple(map(fetch_by_name, sorted(spellings))))


def _resembling(reference: Reference) -> CicdImagesQuery:
    return CicdImagesQuery(image_name=reference.basename)


def _common_value(values: Iterable[str | None]) -> str | None:
    """Return the value if all are the same; otherwise None, and the gate itself selects the rows."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


class _Warnings:
    """An observer that collects the warnings for the verdict and forwards everything to another observer."""

    def __init__(self, observer: Observer) -> None:
        self.lines: list[str] = []
        self._warned: set[str] = set()
        self.tick_seconds = observer.tick_seconds
        self.time_left: Callable[[], float] | None = None
        self._observer = observer
        self._lock = threading.RLock()  # several threads send requests, while the main thread shows the time

    def changed(self, reference: Reference, state: str, elapsed: float) -> None:
        with self._lock:
            self._observer.changed(reference, state, elapsed)

    def detail(self, text: str, elapsed: float) -> None:
        with self._lock:
            self._observer.detail(text, elapsed)

    def tick(self, elapsed: float) -> None:
        with self._lock:
            self._observer.time_left = self.time_left
            self._observer.tick(elapsed)

    def advise(self, text: str, elapsed: float) -> None:
        with self._lock:
            self._observer.advise(text, elapsed)

    def warn(self, text: str) -> None:
        with self._lock:
            if text in self._warned or len(self._warned) > _MOST_WARNINGS:
                return
            self._warned.add(text)
            line = text if len(self._warned) <= _MOST_WARNINGS else _MORE_WARNINGS
            self.lines.append(line)
            self._observer.warn(line)
