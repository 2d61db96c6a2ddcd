"""Reader of scenario files; error messages name every fault.

All keys are optional except an image's name and state. Durations: `2s`, `1m`, `1h30m`, `250ms`, plain seconds.

    credentials:                      # default: AK emulator-ak, SK emulator-sk, and token emulator-token
      - {ak: my-ak, sk: my-sk}        # or token; security_token; deny: gateway (403 APIGW.0302), service (400 HSS.0013)
    projects: [0123abcd]              # project ids that exist; default: any
    match: contains                   # how text filters compare: contains (default) or exact
    rate_limit: {requests: 100, seconds: 60, retry_after: 2}    # per key; retry_after sends the header
    clock_skew: 0s                    # by which the server's clock is ahead; may be negative
    quirks: {data_list: list}         # object, null; total_num: ok, missing, page (its rows); times: ok, seconds, zero
    dialect: {rows: rewritten}        # by the push of its names; digest: scanned (none before) or previous;
                                      # scan_time: start; cicd_name: hidden; severity_level: empty where counts are 0
    quota: {free_quota_num: 100}      # also cicd_scan_num, repository_scan_num, already_given, image_free_quota
    cicd: [shop]                      # names of the CI/CD identifiers; default: those of the images
    identity:                         # IAM, STS, metadata, GitHub; HSS accepts issued credentials until they expire
      users: [{name: me, password: my-password, domain: my-account}]   # also deny; default: emulator-user ...
      providers:                      # OpenID Connect; default: emulator-idp, iam::emulator:oidcProvider:github
        - {id: my-idp, urn: "iam::0:oidcProvider:x", audiences: [a], id_tokens: [as-it-is]}   # id or urn or both; deny
      agencies: [{urn: "iam::0:agency:y", max_session_duration: 12h}]  # 1h, deny; default: iam::emulator:agency:hssgate
      regions: {ap-southeast-1: [0123abcd], af-south-1: []}   # project ids; default: `projects`, else one of any region
      lifetimes: {token: 24h, key: 30s, id_token: 5m}         # default of key: the requested duration
      metadata: {enabled: true, agency: true, no_token_service: 404}   # also 405, 503, deny; default: it issues tokens
      github_request_token: my-job    # default: emulator-request-token
    images:
      - cicd_name: shop               # any field of a row, constant over time; null leaves it out
        namespace: team
        image_name: app               # required
        image_version: "1.0"
        image_digest: sha256:...      # default: made from the names
        enterprise_project_id: "0"    # not shown, but filtered by
        copies: 1                     # number of rows; from two on with -1, -2 ... appended to image_version
        covers: passes                # for the list printed at start
        raw: {vul_num: "3 个"}         # replaces or adds fields of the JSON row, nulls included
        findings:                     # ListImageVulnerabilities; vul_id is required, null leaves it out of the row
          - {vul_id: HCE2-SA-2024-0001, repair_necessity: immediate_repair, app_name: openssl, version: "1.1",
             cves: [CVE-2024-1, {cve_id: CVE-2024-2, cvss_score: 9.8, publish_time: -9d}]}   # or milliseconds
          - {vul_id: null, app_path: /app.jar, type: app_vul, handle_status: handled, raw: {odd: 1}}
        many_findings: {count: 5000, repair_necessity: delay_repair, prefix: "HCE2-SA-2023-"}   # after those named
        malwares: [{file_name: miner, file_path: /tmp/miner, size: 100, description: a miner}]
        sensitive: [{sensitive_info_id: "1", severity: high, name: key, file_path: /k, handle_status: unhandled}]
        check_rules: [{check_rule_id: "1.1", check_rule_name: SSH, severity: High, scan_result: failed}]
        timeline:                     # `at` counts from the start or the push; before the first entry there is no row
          - {at: 0s, absent: true}    # negative: in the past
          - {at: 2s, scan_status: waiting_for_scan}
          - {at: 3s, scan_status: scanning}
          - {at: 10s, scan_status: success, severity_level: Low, vul_num: 3}   # any field of a row, findings too
    faults:                           # by the number of the API request since the start, over all calls
      - {requests: 1-3, status: 429, retry_after: 2}     # also code, body, headers
      - {requests: 4, delay: 3s}      # then goes on
      - {requests: 5, reset: true}    # the connection is reset
      - {requests: 6-, truncate: 100} # Content-Length of the whole body, 100 bytes of it, closed
      - {requests: 7, garbage: "<html>oops"}             # true: random bytes
      - {requests: 7, bomb: 100000000}                   # this many bytes once decompressed
      - {requests: 8, stall: 10s}     # headers and half of the body, then nothing, then closed
      - {requests: 9, redirect: "http://127.0.0.1:1/"}
      - {requests: 9, cached: 20h}    # rows and Date of that time, and Age
      - {requests: 10, rows: [{image_name: app}], total_num: 5}
      - {requests: "*", headers: {X-Extra: "1"}}         # `*`: every request; headers go with any fault
      - {requests: 2-, call: vulnerabilities, status: 503}    # cve, notices, malwares, sensitive, check_rules, quota,
                                      # configurations, password_token, federation_token, temporary_key, projects,
                                      # assume_agency, metadata_token, metadata_key, github_token; any; default: list

A timeline entry overrides the fields of its image, not those of earlier entries. `latest_scan_time` is the time of the
entry for a status that ends a scan, else that of the entry before; `latest_update_time` is the time of the push, or of
the first entry if that is earlier. Of several faults of one kind the first that matches applies. Without any `vul_num`
in states or `raw`, it is the number of findings once the scan is a `success`. Details are requested by the `image_id`
that the row shows. Fields of a finding may be null; `repair_necessity` may be any text; `type` (linux_vul or app_vul;
by `app_path`), `handle_status` and `cves` are not shown. A `vul_id` of `many_findings`: prefix, four digits.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from hssgate.emulator.document import read_yaml
from hssgate.emulator.faults import Fault
from hssgate.emulator.findings import CheckRule, Cve, Finding, Malware, ManyFindings, Sensitive
from hssgate.emulator.identity.model import Agency, Identity, IdentityProvider, Lifetimes, Metadata, User
from hssgate.emulator.images import Entry, Image
from hssgate.emulator.model import Credential, Quirks, RateLimit, Scenario
from hssgate.emulator.quota import Quota
from hssgate.emulator.row_dialect import RowDialect

__all__ = [
    "Entry",
    "Image",
    "Scenario",
    "ScenarioInvalid",
    "default_scenario",
    "load_scenario",
    "parse_images",
    "parse_scenario",
]

_DETAILS: dict[tuple[str, ...], type[BaseModel]] = {
    ("findings",): Finding,
    ("findings", "cves"): Cve,
    ("many_findings",): ManyFindings,
    ("many_findings", "cves"): Cve,
    ("malwares",): Malware,
    ("sensitive",): Sensitive,
    ("check_rules",): CheckRule,
}
_MODELS: dict[tuple[str, ...], type[BaseModel]] = {
    (): Scenario,
    ("credentials",): Credential,
    ("rate_limit",): RateLimit,
    ("quirks",): Quirks,
    ("quota",): Quota,
    ("dialect",): RowDialect,
    ("identity",): Identity,
    ("identity", "users"): User,
    ("identity", "providers"): IdentityProvider,
    ("identity", "agencies"): Agency,
    ("identity", "lifetimes"): Lifetimes,
    ("identity", "metadata"): Metadata,
    ("images",): Image,
    ("images", "timeline"): Entry,
    ("faults",): Fault,
    **{("images", *detail): model for detail, model in _DETAILS.items()},
    **{("images", "timeline", *detail): model for detail, model in _DETAILS.items()},
}
_WORDINGS = {
    "string_type": "should be a text; put it in quotes",
    "int_type": "should be a whole number, without quotes",
    "bool_type": "should be true or false, without quotes",
    "tuple_type": "should be a list",
    "dict_type": "should be a mapping",
    "model_type": "should be a mapping",
    "too_short": "should not be empty",
    "string_too_short": "should not be empty",
}

KeyPath = tuple[str | int, ...]


class ScenarioInvalid(ValueError):
    """A scenario is not valid; the message has a line for each fault: place, fault, and fix.

    Args:
        problems: the lines.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        ScenarioInvalid: it cannot be read, or has faults.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ScenarioInvalid((f"{path}: it cannot be read: {error.strerror or error}",)) from error
    except UnicodeDecodeError as error:
        raise ScenarioInvalid((f"{path}: it is not UTF-8 (byte {error.start})",)) from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, source: str) -> Scenario:
    """Return the scenario that a YAML text describes.

    Args:
        text: the YAML.
        source: its name in messages.

    Raises:
        ScenarioInvalid: it has faults.
    """
    try:
        data = read_yaml(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}" if mark else source
        raise ScenarioInvalid((f"{place}: {error.problem or 'not valid YAML'}",)) from error
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError, LookupError) as error:  # the last two: of tags
        raise ScenarioInvalid((f"{source}: not valid YAML",)) from error
    if data is None:
        raise ScenarioInvalid((f"{source}: it is empty; give it `images:`",))
    if not isinstance(data, dict):
        raise ScenarioInvalid((f"{source}: it should be a mapping with `images:`",))
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        raise ScenarioInvalid(tuple(_problems(error, source))) from error


def parse_images(data: object, source: str) -> tuple[Image, ...]:
    """Return the images that JSON describes: one image, or a list of them.

    Args:
        data: the parsed JSON.
        source: its name in messages.

    Raises:
        ScenarioInvalid: it has faults.
    """
    images = data if isinstance(data, list) else [data]
    try:
        return Scenario.model_validate({"images": images}).images
    except ValidationError as error:
        raise ScenarioInvalid(tuple(_problems(error, source))) from error


def default_scenario() -> Scenario:
    """Return the built-in scenario, whose images cover each outcome."""
    return load_scenario(Path(__file__).with_name("default_scenario.yaml"))


def _problems(error: ValidationError, source: str) -> Iterator[str]:
    seen: set[KeyPath] = set()
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        where = _key_path(fault["loc"])
        if where in seen:  # pydantic reports a value of several types once for each
            continue
        seen.add(where)
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
        yield f"{source}: {key}: {_worded(fault['type'], fault['msg'], where)}"


def _key_path(where: KeyPath) -> KeyPath:
    """Remove the names of types, which pydantic appends to the path of a value of several types."""
    if where[:1] == ("faults",) and "garbage" in where:
        return where[: where.index("garbage") + 1]
    return where


def _worded(kind: str, message: str, where: KeyPath) -> str:
    if where[-1:] == ("garbage",):
        return "should be a text, or true"
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        model = _MODELS.get(tuple(part for part in where[:-1] if isinstance(part, str)), Scenario)
        return f"unknown key; {_nearest(str(where[-1]), list(model.model_fields))}"
    return _WORDINGS.get(kind) or message.removeprefix("Value error, ").replace("Input should", "should")


def _nearest(name: str, valid: list[str]) -> str:
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(valid)}"
