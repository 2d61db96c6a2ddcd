"""Fuzz targets: each takes any bytes, and raises AssertionError if a property is violated."""

import contextlib
import json
import math
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx

from hssgate.durations import LONGEST, format_duration, format_moment, parse_duration, parse_moment
from hssgate.errors import ApiError, ApiUnavailable, Misused, PolicyInvalid
from hssgate.hss.exchange import Response
from hssgate.hss.models import CicdImage, Finding
from hssgate.hss.response_headers import server_time
from hssgate.hss.responses import read_page
from hssgate.identity.docker_credentials import login_of
from hssgate.identity.manifests import INDEX_TYPES, MANIFEST_TYPES, Index, read_manifest, read_platform
from hssgate.identity.metadata_file import parse_metadata
from hssgate.identity.platform import parse_platform
from hssgate.policy.known import key_of
from hssgate.policy.known_file import read_known_file, render_known_file
from hssgate.policy.load import load_policy
from hssgate.reference_parser import parse_reference
from hssgate.saved.consistency import read_consistent_report
from hssgate.text import clean
from tests.support.fakes import START

NOW = 1_790_000_000.0
DATE = b"Mon, 21 Sep 2026 14:13:20 GMT"
_SHA256 = re.compile("sha256:[0-9a-f]{64}", re.ASCII)
COUNTS = ("vul_num", "unsafe_setting_num", "malicious_file_num")
TIMES = ("latest_scan_time", "latest_update_time")
TEXTS = ("cicd_name", "namespace", "image_name", "image_version", "image_digest", "scan_status", "severity_level")


def _answer(body: bytes, status: int = 200, *headers: tuple[bytes, bytes]) -> Response:
    found = httpx.Headers([*headers])
    return Response(status, found, body, server_time(found.get("Date")))


def _is_one_line(text: str) -> bool:
    """Whether the text is one line without control characters."""
    return clean(text, len(text)) == text


def rows(raw: bytes) -> None:
    """A response gives an error of ours, or rows whose numbers and texts occur in the response."""
    try:
        page = read_page(_answer(raw), CicdImage)
    except ApiError as error:
        assert _is_one_line(str(error))
        return
    assert page.total_num is None or page.total_num >= 0
    for odd in page.odd:
        assert _is_one_line(str(odd))
        assert odd.unreadable
        assert all(getattr(odd.known, name) is None for name in odd.unreadable)
    for row in (*page.rows, *(odd.known for odd in page.odd)):
        for name in (*COUNTS, *TIMES):
            count = getattr(row, name)
            assert count is None or (type(count) is int and (count >= 0 or name in TIMES))
        for name in TEXTS:
            text = getattr(row, name)
            assert text is None or (isinstance(text, str) and text)


def findings(raw: bytes) -> None:
    """The same for a list of findings."""
    try:
        page = read_page(_answer(raw), Finding)
    except ApiError as error:
        assert _is_one_line(str(error))
        return
    assert all(isinstance(finding, Finding) for finding in page.rows)


def refusals(raw: bytes) -> None:
    """With any body, an error is classified by its status and shown in one printable line."""
    for status, kind in ((503, ApiUnavailable), (500, ApiUnavailable), (401, ApiError), (302, ApiError)):
        try:
            read_page(_answer(raw, status), CicdImage)
        except kind as error:
            assert _is_one_line(str(error))
            assert error.exchange.http_status == status
        else:
            raise AssertionError(f"HTTP {status} was taken for an answer")


def retry_after(raw: bytes) -> None:
    """A `Retry-After` gives at least a second and a finite time, or None."""
    line = raw.translate(None, b"\r\n\0")
    try:
        read_page(_answer(b"{}", 429, (b"Retry-After", line), (b"Date", DATE)), CicdImage)
    except ApiUnavailable as error:
        wait = error.retry_after
        assert wait is None or (math.isfinite(wait) and wait >= 1)


def dates(raw: bytes) -> None:
    """A server's time is a finite number or none."""
    moment = server_time(raw.decode("latin-1"))
    assert moment is None or math.isfinite(moment)


def durations(raw: bytes) -> None:
    """A duration is between 0 and a year, and can be formatted."""
    try:
        seconds = parse_duration(raw.decode("utf-8", "replace"))
    except ValueError as error:
        assert str(error)
        return
    assert 0 <= seconds <= LONGEST
    assert _is_one_line(format_duration(seconds))


def moments(raw: bytes) -> None:
    """WHEN is a time that can be formatted, never more than a day ahead."""
    try:
        moment = parse_moment(raw.decode("utf-8", "replace"), NOW)
    except ValueError as error:
        assert str(error)
        return
    assert moment.epoch_ms <= (NOW + 86400) * 1000
    assert _is_one_line(format_moment(moment.epoch_ms))


def references(raw: bytes) -> None:
    """IMAGE has a version or a digest; it matches the row with these parts, and no row that differs in one of them."""
    try:
        reference = parse_reference(raw.decode("utf-8", "replace"))
    except ValueError as error:
        assert str(error)
        return
    assert reference.image_version or reference.image_digest
    assert parse_reference(reference.text) == reference
    parts = {
        "namespace": reference.namespace, "image_name": reference.image_name,
        "image_version": reference.image_version, "image_digest": reference.image_digest,
    }  # fmt: skip
    row = CicdImage.model_validate({"scan_status": "success"} | {name: part for name, part in parts.items() if part})
    assert reference.owns(row)
    for name, part in parts.items():
        assert not part or not reference.owns(row.model_copy(update={name: part + "x"}))
        assert not part or not reference.owns(row.model_copy(update={name: None}))


def _policy(raw: bytes, suffix: str) -> None:
    """A policy is refused with its file name, or has a rule and is equal after a round trip."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"p{suffix}"
        path.write_bytes(raw)
        try:
            policy = load_policy(path, START).policy
        except PolicyInvalid as error:
            assert error.problems
            assert all(str(path) in problem and _is_one_line(problem) for problem in error.problems)
            return
        assert policy.rules.in_force().keys() - {"scan"}
        again = Path(folder) / "again.json"
        again.write_text(json.dumps(policy.model_dump(mode="json", exclude_unset=True)), encoding="utf-8")
        assert load_policy(again, START).policy == policy


def yaml_policies(raw: bytes) -> None:
    """A policy in YAML."""
    _policy(raw, ".yaml")


def toml_policies(raw: bytes) -> None:
    """A policy in TOML."""
    _policy(raw, ".toml")


def json_policies(raw: bytes) -> None:
    """A policy in JSON."""
    _policy(raw, ".json")


def known_files(raw: bytes) -> None:
    """A file of known findings is refused in one line, or is equal after a round trip, and knows what it lists."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "known.json"
        path.write_bytes(raw)
        try:
            images = read_known_file(path).images
        except ValueError as error:
            assert _is_one_line(str(error))
            return
        text = render_known_file(images)
        path.write_text(text, encoding="utf-8")
        again = read_known_file(path).images
        assert {name: one.findings for name, one in again.items()} == {
            name: one.findings for name, one in images.items()
        }
        assert render_known_file(again) == text
    for image in images.values():
        listed = [
            Finding(vul_id=vul_id, app_name=package or None, app_path=of_file or None)
            for vul_id, package, of_file in image.findings.numbers
        ]
        assert all(key_of(one) in {None, *image.findings.numbers} for one in listed)
        assert not image.findings.compare([one for one in listed if key_of(one) is not None]).new


def reports(raw: bytes) -> None:
    """A saved report is misuse with its file name, or has images and is consistent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        path.write_bytes(raw)
        try:
            report = read_consistent_report(path)
        except Misused as error:
            assert str(path) in str(error)
            return
        assert all(image.observation.reference.image_name for image in report.images)


def manifests(raw: bytes) -> None:
    """A document of a registry is refused, or has digests and platforms that can be compared."""
    for media_type in (*sorted(INDEX_TYPES), *sorted(MANIFEST_TYPES)):
        with contextlib.suppress(ValueError):
            found = read_manifest(raw, media_type)
            for one in found.manifests if isinstance(found, Index) else (found.config,):
                assert _SHA256.fullmatch(one.digest)
                assert one.platform is None or parse_platform(str(one.platform)) == one.platform
    with contextlib.suppress(ValueError):
        platform = read_platform(raw)
        assert parse_platform(str(platform)) == platform


def docker_logins(raw: bytes) -> None:
    """Docker's credentials are refused without a word of them, or give a login that can be sent, or none."""
    try:
        login = login_of(raw, "registry.example")
    except ValueError as error:
        assert _is_one_line(str(error))
        return
    if login is not None:
        assert login.basic.reveal().isascii()
        assert all(secret.reveal() for secret in login.secrets)


def build_metadata(raw: bytes) -> None:
    """A build metadata file is refused, or has names and digests."""
    try:
        builds = parse_metadata(raw)
    except ValueError as error:
        assert _is_one_line(str(error))
        return
    assert builds
    for build in builds:
        assert all(build.names)
        assert all(_SHA256.fullmatch(digest) for digest in build.digests)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        rows, findings, refusals, retry_after, dates, durations, moments, references,
        yaml_policies, toml_policies, json_policies, known_files, reports, manifests, docker_logins, build_metadata,
    )
}  # fmt: skip
