"""Gateway: authentication, permissions and rate limit."""

from collections.abc import Callable

import pytest

from tests.emulator.wsgi_client import PROJECT, START, TOKEN, Client

Sign = Callable[..., dict[str, str]]

KEYS = """
credentials:
  - {ak: emulator-ak, sk: emulator-sk}
  - {ak: temporary, sk: temporary-sk, security_token: the=token}
  - {ak: no-gateway, sk: s, deny: gateway}
  - {token: no-service, deny: service}
  - {token: emulator-token}
"""


def refusal(client: Client, headers: dict[str, str], query: str = "") -> tuple[int, str, str]:
    """Return status, code and message."""
    reply = client.ask(headers=headers, query=query)
    return reply.status, reply.json["error_code"], reply.json["error_msg"]


def test_a_good_signature_is_accepted(sign: Sign) -> None:
    """Signatures of the official signer are accepted, with any characters."""
    query = [("image_name", "流水线/a b+c~"), ("has_vul", False), ("limit", 200)]
    sent = "has_vul=false&image_name=%E6%B5%81%E6%B0%B4%E7%BA%BF%2Fa%20b%2Bc~&limit=200"

    reply = Client("{images: []}").ask(query=sent, headers=sign(query=query))

    assert reply.status == 200


def test_a_changed_query_spoils_the_signature(sign: Sign) -> None:
    """The signature covers the query, and the refusal shows what the gateway made of the request."""
    status, code, message = refusal(Client("{images: []}"), sign(), query="limit=11")

    assert (status, code) == (401, "APIGW.0301")
    assert message.startswith("Incorrect IAM authentication information: verify aksk signature fail")
    assert f"canonicalRequest:GET|/v5/{PROJECT}/image/cicd/images/|limit=11|host:127.0.0.1|x-sdk-date:" in message


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        pytest.param({}, "x-auth-token not found", id="nothing"),
        pytest.param({"X-Auth-Token": ""}, "x-auth-token not found", id="empty-token"),
        pytest.param({"X-Auth-Token": "stale"}, "decrypt token fail", id="unknown-token"),
        pytest.param({"Authorization": "Bearer x"}, "Authorization header", id="other-scheme"),
    ],
)
def test_what_is_no_credential_is_refused(headers: dict[str, str], reason: str) -> None:
    """Each reason has the gateway's set phrase before it."""
    status, code, message = refusal(Client("{images: []}"), headers)

    assert (status, code) == (401, "APIGW.0301")
    assert message.startswith("Incorrect IAM authentication information: ")
    assert reason in message


def test_an_unknown_key_does_not_exist(sign: Sign) -> None:
    """The gateway names the key that it does not know."""
    message = refusal(Client("{images: []}"), sign(ak="nobody"))[2]

    assert message == "Incorrect IAM authentication information: Get secretKey failed,ak:nobody,err:ak not exist"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(-900, 200, id="fifteen-minutes-behind"),
        pytest.param(900, 200, id="fifteen-minutes-ahead"),
        pytest.param(-901, 401, id="more-behind"),
        pytest.param(901, 401, id="more-ahead"),
    ],
)
@pytest.mark.parametrize("skew", [0, -7200, 7200], ids=lambda skew: f"server-{skew}s")
def test_a_skew_of_more_than_fifteen_minutes_is_refused(sign: Sign, seconds: float, skew: float, expected: int) -> None:
    """The signed date is compared with the server's clock."""
    client = Client(f"{{clock_skew: {skew}, images: []}}")

    reply = client.ask(headers=sign(at=START + skew + seconds))

    assert reply.status == expected
    assert expected == 200 or "signature expired, signature time:" in reply.json["error_msg"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"X-Sdk-Date": "yesterday"}, id="no-date"),
        pytest.param({"X-Sdk-Date": ""}, id="empty-date"),
    ],
)
def test_an_invalid_date_is_refused(sign: Sign, change: dict[str, str]) -> None:
    """`X-Sdk-Date` has to be there and in its form."""
    status, code, message = refusal(Client("{images: []}"), sign() | change)

    assert (status, code) == (401, "APIGW.0301")
    assert "X-Sdk-Date" in message


def test_the_date_has_to_be_signed(sign: Sign) -> None:
    """A signature that does not cover the date could be used for ever."""
    headers = sign()
    headers["Authorization"] = headers["Authorization"].replace("host;x-sdk-date", "host")

    assert "not signed" in refusal(Client("{images: []}"), headers)[2]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("the=token", 200, id="right"),
        pytest.param("other", 401, id="wrong"),
        pytest.param(None, 401, id="missing"),
    ],
)
def test_a_temporary_key_needs_its_security_token(sign: Sign, given: str | None, expected: int) -> None:
    """The token must be the one issued with the key."""
    headers = {} if given is None else {"X-Security-Token": given}

    reply = Client(KEYS).ask(headers=sign(ak="temporary", sk="temporary-sk", headers=headers))

    assert reply.status == expected


def test_five_bad_signatures_lock_a_key_for_five_minutes(sign: Sign) -> None:
    """From the sixth on even a good signature is refused, until the time is over; others are not concerned."""
    client = Client(KEYS)
    for _ in range(5):
        assert "verify aksk signature fail" in refusal(client, sign(sk="wrong"))[2]

    locked = refusal(client, sign())
    client.time.epoch += 299.9
    still_locked = client.ask(headers=sign(at=client.time.epoch)).status
    other = client.ask(headers=TOKEN).status
    client.time.epoch += 0.1
    free = client.ask(headers=sign(at=client.time.epoch)).status

    assert locked == (
        401,
        "APIGW.0301",
        "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden",
    )
    assert (still_locked, other, free) == (401, 200, 200)


def test_a_good_signature_forgets_the_bad_ones(sign: Sign) -> None:
    """Only failures in a row lock a key."""
    client = Client(KEYS)

    for _ in range(3):
        for _ in range(4):
            client.ask(headers=sign(sk="wrong"))
        assert client.ask(headers=sign()).status == 200


def test_permission_may_be_denied_by_the_gateway(sign: Sign) -> None:
    """The gateway denies with HTTP 403."""
    assert refusal(Client(KEYS), sign(ak="no-gateway", sk="s"))[:2] == (403, "APIGW.0302")


def test_permission_may_be_denied_by_the_service() -> None:
    """The service denies with HTTP 400."""
    assert refusal(Client(KEYS), {"X-Auth-Token": "no-service"})[:2] == (400, "HSS.0013")


def test_another_project_is_unavailable() -> None:
    """Where a scenario names projects, the others do not exist."""
    assert refusal(Client("{projects: [other]}"), TOKEN)[:2] == (403, "APIGW.0310")
    assert Client(f"{{projects: [{PROJECT}]}}").ask().status == 200


def test_a_key_that_asks_too_often_is_throttled(sign: Sign) -> None:
    """The limit applies to a sliding window and to each key; refused requests do not count."""
    client = Client("rate_limit: {requests: 2, seconds: 10, retry_after: 1500ms}")
    statuses = []
    for _ in range(4):
        statuses.append(client.ask().status)
        client.time.epoch += 3

    reply_of_other = client.ask(headers=sign())
    third = client.ask()
    throttled = client.ask()

    assert statuses == [200, 200, 429, 429]
    assert reply_of_other.status == 200
    assert (third.status, throttled.status) == (200, 429)
    assert throttled.headers["Retry-After"] == "2"
    assert throttled.json == {
        "error_code": "APIGW.0308",
        "error_msg": "The throttling threshold has been reached: policy user over ratelimit,limit:2,time:10 second",
        "request_id": throttled.headers["X-Request-Id"],
    }


def test_retry_after_is_not_sent_unless_asked_for() -> None:
    """The real gateway is not known to send one."""
    client = Client("rate_limit: {requests: 1, seconds: 10}")
    client.ask()

    assert "Retry-After" not in client.ask().headers
