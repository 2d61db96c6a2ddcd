"""Responses: documented quirks are accepted, anything else is unreadable, and refusals have advice."""

import json
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from hssgate.errors import ApiError, ApiRefused, ApiUnavailable, CallRefused, NotServed, RequestRefused
from hssgate.hss.exchange import Response
from hssgate.hss.models import CicdConfiguration, CicdImage, Cve, Detail, Finding
from hssgate.hss.response_headers import server_time
from hssgate.hss.responses import read_page

SAMPLES = Path(__file__).parents[1] / "samples"


def answer(body: object, status: int = 200, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Response(status, found, raw, server_time(found.get("Date")))


def refusal(body: object, status: int, **headers: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read_page(answer(body, status, **headers), CicdImage)
    return caught.value


def test_the_example_of_the_manual_is_accepted() -> None:
    """`data_list` an object, `image_size` text with a unit, no `severity_level`."""
    page = read_page(answer((SAMPLES / "manual_example.json").read_bytes()), CicdImage)

    assert page.total_num == 1
    assert page.rows == (
        CicdImage(
            image_digest="sha256:cebcdacde18091448a5040dc55bb1a9f6540b093db8XXXXXX",
            image_id="cebcdacde18091448a5040dc55bb1a9f6540b093db8XXXXXX",
            image_name="centos7", image_size=1000, image_type="cicd", image_version="common",
            latest_scan_time=1691748641788, latest_update_time=1687664346000, latest_version=False,
            malicious_file_num=0, namespace="aaa", scan_status="success", unsafe_setting_num=1, vul_num=111,
        ),
    )  # fmt: skip


ROWS: list[tuple[type[BaseModel], dict[str, object]]] = [
    (
        CicdImage,
        {
            "image_id": "a", "cicd_name": "b", "namespace": "c", "image_name": "d", "image_version": "e", "image_digest": "f",
            "registry_name": "g", "registry_type": "h", "image_type": "i", "pipeline_type": "j", "latest_version": True,
            "scan_status": "k", "scan_failed_desc": "l", "scan_failed_code": "m", "image_size": 1,
            "latest_update_time": 1_700_000_000_000, "latest_scan_time": 1_700_000_000_001, "vul_num": 2,
            "unsafe_setting_num": 3, "malicious_file_num": 4, "severity_level": "n",
        },
    ),
    (
        Finding,
        {
            "vul_id": "a", "repair_necessity": "b", "app_name": "c", "app_path": "d", "version": "e", "position": "f",
            "description": "g", "solution": "h", "url": "i",
        },
    ),
    (Cve, {"cve_id": "a", "cvss_score": 9.1, "publish_time": 1719484500000}),
    (
        Detail,
        {
            "name": "a", "file_name": "b", "file_path": "c", "severity": "d", "description": "e", "check_name": "f",
            "check_rule_id": "g", "check_rule_name": "h", "standard": "i", "scan_result": "j",
        },
    ),
    (CicdConfiguration, {"cicd_name": "a"}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "row"), [pytest.param(*case, id=case[0].__name__) for case in ROWS])
def test_every_documented_field_is_read(model: type[BaseModel], row: dict[str, object]) -> None:
    """As the tables of the manual and the SDK name them; some are only shown. What was read is never changed."""
    (read,) = read_page(answer({"data_list": [row]}), model).rows

    assert read.model_dump() == row
    assert hash(read)


@pytest.mark.parametrize(
    ("model", "row", "shown"),
    [
        pytest.param(Cve, {"cvss_score": "9.1"}, {"cvss_score": 9.1}, id="score as text"),
        pytest.param(Cve, {"cvss_score": 9}, {"cvss_score": 9.0}, id="whole score"),
        pytest.param(Cve, {"cvss_score": 11}, {"cvss_score": None}, id="score above 10"),
        pytest.param(Cve, {"cvss_score": -1}, {"cvss_score": None}, id="score below 0"),
        pytest.param(Cve, {"cvss_score": "high"}, {"cvss_score": None}, id="score in words"),
        pytest.param(Cve, {"cvss_score": True}, {"cvss_score": None}, id="boolean score"),
        pytest.param(Cve, {"publish_time": "1719484500000"}, {"publish_time": 1719484500000}, id="time as text"),
        pytest.param(Cve, {"publish_time": "2024-06-27"}, {"publish_time": None}, id="time as a date"),
        pytest.param(Finding, {"version": 1.1, "url": ["u"]}, {"version": "1.1", "url": None}, id="finding"),
        pytest.param(Detail, {"severity": 3, "file_path": {}}, {"severity": "3", "file_path": None}, id="detail"),
    ],
)
def test_invalid_values_that_are_only_shown_are_left_out(
    model: type[BaseModel], row: dict[str, object], shown: dict[str, object]
) -> None:
    """A number is accepted for a text and a text for a number; anything else is left out."""
    (read,) = read_page(answer({"data_list": [row]}), model).rows

    assert {name: getattr(read, name) for name in shown} == shown


@pytest.mark.parametrize("row", [{"vul_id": 1}, {"app_name": []}, {"repair_necessity": True}], ids=str)
def test_invalid_values_of_deciding_fields_make_a_response_unreadable(row: dict[str, object]) -> None:
    """By these a finding counts, or is ignored."""
    with pytest.raises(ApiUnavailable, match="unreadable answer"):
        read_page(answer({"data_list": [row]}), Finding)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("unscan", "unscanned"), ("waiting_for_scan", "moving"), ("scanning", "moving"), ("success", "ended"), ("failed", "ended"),
        ("download_failed", "ended"), ("image_oversized", "ended"), ("image_scan_stop", "ended"), ("paused", "undocumented"),
        (None, "undocumented"),
    ],
)  # fmt: skip
def test_each_status_is_classified(status: str | None, kind: str) -> None:
    """An undocumented status is neither terminal nor unscanned."""
    row = CicdImage(scan_status=status)

    assert row.is_terminal is (kind == "ended")
    assert row.is_unscanned is (kind == "unscanned")
    assert row.is_documented is (kind != "undocumented")


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        pytest.param({"total_num": 0, "data_list": []}, (), id="empty list"),
        pytest.param({"total_num": 0, "data_list": None}, (), id="null"),
        pytest.param({"total_num": 0}, (), id="no list"),
        pytest.param({"data_list": [{}]}, (CicdImage(),), id="a row without fields, no total"),
        pytest.param({"data_list": [{"vul_num": "3 个", "new_field": [1]}]}, (CicdImage(vul_num=3),), id="unit, unknown field"),
        pytest.param({"data_list": [{"vul_num": None, "vul_num_": "", "image_name": "", "image_size": " "}]}, (CicdImage(),), id="null and empty count as missing"),
        pytest.param({"data_list": [{"image_size": "3 MB", "latest_version": "perhaps"}]}, (CicdImage(),), id="oddities that nothing depends on"),
        pytest.param({"total_num": "1", "data_list": [{"latest_version": "true"}]}, (CicdImage(latest_version=True),), id="texts"),
    ],
)  # fmt: skip
def test_documented_quirks_are_read(body: object, rows: tuple[CicdImage, ...]) -> None:
    """Nothing that the manual, its example or the SDK shows is refused."""
    assert read_page(answer(body), CicdImage).rows == rows


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b"<html>", b"\xff\xfe", b'{"data_list": [', b'{"data_list": "x"}',
        b'{"data_list": [{"vul_num": NaN}]}', b'{"total_num": -1, "data_list": []}',
        b'{"data_list": {"scan_status": "failed", "scan_status": "success"}}', b'{"error_code": "X", "data_list": {}}',
        b'{"data_list": ' + b"[" * 50_000, b'{"data_list": [' + b"{}," * 100_001 + b"{}]}", b'{"data_list": [{"vul_num": ' + b"9" * 5000 + b"}]}",
    ],
    ids=lambda body: body[:40].decode(errors="replace") or "empty",
)  # fmt: skip
def test_any_undocumented_format_is_unreadable(body: bytes) -> None:
    """It is asked again like a 503."""
    error = refusal(body, 200)

    assert isinstance(error, ApiUnavailable)
    assert not error.server_fault
    assert "unreadable answer" in str(error)


@pytest.mark.parametrize(
    ("row", "unreadable", "problem"),
    [
        pytest.param(b"1", set(CicdImage.model_fields), "it is no object", id="a number"),
        pytest.param(b"null", set(CicdImage.model_fields), "it is no object", id="null"),
        pytest.param(b"[]", set(CicdImage.model_fields), "it is no object", id="a list"),
        *(
            pytest.param(b'{"vul_num": ' + value.encode() + b"}", {"vul_num"}, "vul_num: ", id=value)
            for value in ("true", "-1", "1.5", "1e999", '"many"', '"1,000"', '"5万"', '"1k"')
        ),
        pytest.param(b'{"image_name": 5}', {"image_name"}, "image_name: ", id="a number as name"),
        pytest.param(b'{"scan_status": ["success"]}', {"scan_status"}, "scan_status: ", id="a list as status"),
        pytest.param(b'{"scan_status": "failed", "scan_status": "success"}', {"scan_status"}, "scan_status: ", id="a key given twice"),
        pytest.param(b'{"\\u0061": "\\u0061", "scan_status": 1, "vul_num": "x"}', {"scan_status", "vul_num"}, "scan_status: ", id="two fields, and escapes"),
    ],
)  # fmt: skip
def test_a_row_beyond_them_is_kept_apart(row: bytes, unreadable: set[str], problem: str) -> None:
    """It is never judged; its readable fields still show its image."""
    page = read_page(
        answer(b'{"total_num": 2, "data_list": [{"image_name": "app", "image_id": "i"}, ' + row + b"]}"), CicdImage
    )

    assert page.rows == (CicdImage(image_name="app", image_id="i"),)
    (odd,) = page.odd
    assert odd.unreadable == frozenset(unreadable)
    assert page.size == 2
    assert odd.problem.startswith(problem) or problem in odd.problem
    assert all(getattr(odd.known, name) is None for name in unreadable)


@pytest.mark.parametrize("row", [b"1", b"null", b'{"vul_id": 5}', b'{"vul_id": "a", "vul_id": "b"}'], ids=str)
def test_any_other_undocumented_row_is_unreadable(row: bytes) -> None:
    """A finding belongs to the image that was asked about."""
    with pytest.raises(ApiUnavailable, match="unreadable answer"):
        read_page(answer(b'{"data_list": [' + row + b"]}"), Finding)


@pytest.mark.parametrize("total", ["many", "1 2", True, -1, 1.5, [], "-1"])
def test_a_total_that_is_no_number_is_named(total: object) -> None:
    """It may be a text, as other numbers of HSS."""
    with pytest.raises(ApiUnavailable, match="unreadable answer: total_num is no number"):
        read_page(answer(json.dumps({"total_num": total, "data_list": []}).encode()), CicdImage)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        pytest.param(429, {"error_code": "APIGW.0308", "error_msg": "over ratelimit"}, ApiUnavailable, "HTTP 429: APIGW.0308 over ratelimit", id="throttled"),
        pytest.param(502, b"<html>bad gateway</html>", ApiUnavailable, "HTTP 502: <html>bad gateway</html>", id="gateway down"),
        pytest.param(503, {}, ApiUnavailable, "HTTP 503: without a readable reason", id="no reason"),
        pytest.param(504, [], ApiUnavailable, "HTTP 504", id="gateway timeout"),
        pytest.param(500, {"error_code": "HSS.0041", "error_msg": "x"}, ApiUnavailable, "HTTP 500: HSS.0041 x", id="server fault"),
        pytest.param(204, b"", ApiUnavailable, "HTTP 204", id="no content"),
        pytest.param(302, b"", CallRefused, "a redirect is never followed", id="redirect"),
        pytest.param(401, {"error_code": "APIGW.0301", "error_msg": "verify aksk signature fail"}, ApiRefused, "locked for five minutes", id="bad signature"),
        pytest.param(401, {"error_code": "APIG.0307", "error_msg": "x"}, ApiRefused, "the token is of another region", id="token of another region"),
        pytest.param(403, {"error_code": "APIGW.0302", "error_msg": "x"}, CallRefused, "grant it read access", id="no permission"),
        pytest.param(401, b"", ApiRefused, "check the credentials and this machine's clock", id="401 without a word"),
        pytest.param(403, b"<html>blocked</html>", CallRefused, "grant it read access", id="a firewall"),
        pytest.param(404, b"", CallRefused, "check --region or --endpoint", id="404 without a word"),
        pytest.param(200, {"error_code": "IAM.0007", "error_msg": "x"}, CallRefused, "HTTP 200: IAM.0007 x", id="IAM, in a 200"),
        pytest.param(400, {"error_code": "PAP.0001", "error_msg": "x"}, CallRefused, "HTTP 400: PAP.0001 x", id="PAP"),
        pytest.param(400, {"error_code": "APIGW.0301", "error_msg": "x"}, ApiRefused, "locked for five minutes", id="bad signature, as a 400"),
        pytest.param(403, {"error_code": "APIGW.0307", "error_msg": "x"}, ApiRefused, "the token is of another region", id="token of another region, as a 403"),
        pytest.param(418, b"[" * 90_000, RequestRefused, "HTTP 418: [[[", id="nested beyond any reader"),
        pytest.param(404, {"error_code": "APIGW.0101", "error_msg": "x"}, NotServed, "check --region or --endpoint; HSS of this region or cloud may have no CI/CD calls", id="no such API"),
        pytest.param(400, {"error_code": "HSS.0013", "error_msg": "x"}, CallRefused, "grant it read access", id="HSS permission"),
        pytest.param(400, {"error_code": "HSS.0010", "error_msg": "x"}, CallRefused, "grant it read access", id="HSS access denied"),
        pytest.param(400, {"error_code": "HSS.0001", "error_msg": "x"}, RequestRefused, "finds a parameter invalid", id="parameter"),
        pytest.param(400, {"error_code": "00000010", "error_description": "拒绝访问"}, RequestRefused, "00000010 拒绝访问", id="odd shape without error_msg"),
        pytest.param(401, {"error": {"code": 401, "message": "IAM says no", "title": "t"}}, ApiRefused, "HTTP 401: 401 IAM says no", id="IAM shape"),
        pytest.param(418, {"a": {"b": {"c": {"d": {"e": {"f": {"code": "deep"}}}}}}}, RequestRefused, "HTTP 418: without a readable reason", id="nested beyond reason"),
        pytest.param(418, {"a": 1}, RequestRefused, "HTTP 418: without a readable reason", id="another shape"),
        pytest.param(418, {"errorCode": "A", "errorMsg": "b"}, RequestRefused, "HTTP 418: A b", id="another 4xx"),
        pytest.param(200, {"error_code": "X", "error_msg": "y"}, RequestRefused, "HTTP 200: X y", id="an error in a 200"),
        pytest.param(403, {"error_code": "APIG.0308", "error_msg": "y"}, ApiUnavailable, "HTTP 403: APIG.0308 y", id="throttled by the code"),
        pytest.param(408, {}, ApiUnavailable, "HTTP 408", id="timeout"),
    ],
)  # fmt: skip
def test_each_error_has_its_class_and_advice(status: int, body: object, kind: type[ApiError], message: str) -> None:
    """Asked again, refused for the whole run, for this call, or for this request."""
    error = refusal(body, status)

    assert type(error) is kind
    assert message in str(error)
    assert error.exchange.http_status == status


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("APIGW.0302", "grant it read access"),
        ("APIGW.0310", "the project is unavailable"),
        ("APIGW.0801", "grant it read access"),
        ("APIG.0802", "grant it read access"),
    ],
)
def test_a_code_of_the_gateway_has_its_own_advice(code: str, advice: str) -> None:
    """Whatever the status: it may be a 400."""
    assert advice in str(refusal({"error_code": code, "error_msg": "x"}, 400))


def test_the_request_id_is_in_the_message() -> None:
    """From the header, else from the gateway's body."""
    assert refusal({}, 503, X_Request_Id="abc").exchange.request_id == "abc"
    assert "request id xyz" in str(refusal({"error_code": "a", "error_msg": "b", "request_id": "xyz"}, 403))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"Retry_After": "7"}, 7, id="seconds"),
        pytest.param({"Retry_After": "0"}, 1, id="zero becomes a second"),
        pytest.param({"Retry_After": "soon"}, None, id="garbage"),
        pytest.param({"Retry_After": "-5"}, None, id="negative"),
        pytest.param({"Retry_After": "9" * 40}, None, id="endless"),
        pytest.param({"Retry_After": "Mon, 21 Sep 2026 14:13:30 GMT", "Date": "Mon, 21 Sep 2026 14:13:20 GMT"}, 10, id="date"),
        pytest.param({"Retry_After": "Mon, 21 Sep 2026 14:13:10 GMT", "Date": "Mon, 21 Sep 2026 14:13:20 GMT"}, 1, id="date gone by"),
        pytest.param({"Retry_After": "Mon, 21 Sep 2026 14:13:30 GMT"}, None, id="date without the server's own"),
    ],
)  # fmt: skip
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds or as a date, never shorter than a second."""
    error = refusal({}, 503, **headers)

    assert isinstance(error, ApiUnavailable)
    assert error.retry_after == seconds


@given(st.binary(max_size=300), st.sampled_from([200, 204, 301, 400, 401, 429, 500, 503]))
def test_any_body_gives_rows_or_an_api_error(body: bytes, status: int) -> None:
    """Nothing else is ever raised."""
    try:
        read_page(answer(body, status), CicdImage)
    except ApiError as error:
        assert str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
)


@pytest.mark.unmeasured
@given(
    st.fixed_dictionaries({}, optional={"total_num": JSON, "data_list": st.lists(st.dictionaries(st.sampled_from([*CicdImage.model_fields]), JSON)) | JSON})
)  # fmt: skip
def test_any_json_gives_rows_or_an_api_error(body: object) -> None:
    """Counts that are read are never negative, and texts are texts."""
    try:
        page = read_page(answer(body), CicdImage)
    except ApiError:
        return
    for row in page.rows:
        for count in (row.vul_num, row.unsafe_setting_num, row.malicious_file_num):
            assert count is None or (type(count) is int and count >= 0)
        assert row.scan_status is None or isinstance(row.scan_status, str)
