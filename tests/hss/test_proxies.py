"""Which proxy is used for a host: the variables as other programs read them, and nothing by those of other hosts."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hssgate.errors import Misused
from hssgate.hss.proxies import proxy_for

HOST = "https://hss.ap-southeast-1.myhuaweicloud.com"
PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("env", "variable"),
    [
        ({}, None),
        ({"HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        ({"https_proxy": PROXY}, "https_proxy"),
        ({"ALL_PROXY": PROXY}, "ALL_PROXY"),
        ({"all_proxy": PROXY}, "all_proxy"),
        ({"HTTPS_PROXY": PROXY, "https_proxy": PROXY, "ALL_PROXY": PROXY}, "https_proxy"),
        ({"HTTPS_PROXY": PROXY, "all_proxy": PROXY}, "HTTPS_PROXY"),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": " ", "ALL_PROXY": PROXY}, "ALL_PROXY"),
        ({"HTTP_PROXY": PROXY, "http_proxy": PROXY, "FTP_PROXY": PROXY}, None),
    ],
)
def test_the_first_variable_counts(env: dict[str, str], variable: str | None) -> None:
    """HTTPS_PROXY before ALL_PROXY, the lower case before the upper; an empty one counts as unset."""
    found = proxy_for(HOST, env)

    assert (found and found.variable) == variable


@pytest.mark.parametrize(
    ("value", "url", "shown"),
    [
        (PROXY, PROXY, PROXY),
        ("proxy.example:3128", PROXY, "proxy.example:3128"),
        (f"  {PROXY}/\n", f"{PROXY}/", PROXY),
        ("HTTPS://Proxy.example", "https://proxy.example", "HTTPS://Proxy.example"),
        ("http://me:s3cret@proxy.example:3128", "http://me:s3cret@proxy.example:3128", "http://***@proxy.example:3128"),
        ("me:s3cret@proxy.example:3128", "http://me:s3cret@proxy.example:3128", "***@proxy.example:3128"),
        ("http://me:s%40cret@proxy.example", "http://me:s%40cret@proxy.example", "http://***@proxy.example"),
        ("http://[fd00::1]:3128/s3cret", "http://[fd00::1]:3128/s3cret", "http://[fd00::1]:3128"),
    ],
)
def test_an_address_is_taken_as_people_write_it(value: str, url: str, shown: str) -> None:
    """Without a scheme it is http; it is shown without user name and password."""
    found = proxy_for(HOST, {"HTTPS_PROXY": value})

    assert found is not None
    assert (found.url.reveal(), found.shown) == (url, f"{shown} (HTTPS_PROXY)")


def test_user_name_and_password_are_known_as_secrets() -> None:
    """As written and percent-decoded."""
    found = proxy_for(HOST, {"HTTPS_PROXY": "http://me:s%40cr3t@proxy.example"})

    assert found is not None
    assert {secret.reveal() for secret in found.secrets} == {"me:s%40cr3t", "me:s@cr3t", "me", "s%40cr3t", "s@cr3t"}
    assert "cr3t" not in repr(found)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("socks5://proxy.example:1080", "hssgate uses http and https proxies only; set HTTPS_PROXY to one"),
        ("http://me:s3/cret@proxy.example", "it is no address"),
        ("http://proxy.example:99999", "it is no address"),
        ("http://", "it is no address"),
        ('"http://proxy.example"', "without quotation marks"),
        ("'http://proxy.example'", "without quotation marks"),
        ('"proxy.example:3128', "without quotation marks"),
        ("'proxy.example:3128", "without quotation marks"),
        ("[\n]", "it is no address"),
    ],
)
def test_a_proxy_that_is_needed_and_cannot_be_used_is_misuse(value: str, message: str) -> None:
    """It names the host that it is needed for, and the way around it."""
    with pytest.raises(Misused, match="is needed for hss") as raised:
        proxy_for(HOST, {"HTTPS_PROXY": value})

    assert message in str(raised.value)
    assert ", or name hss.ap-southeast-1.myhuaweicloud.com in NO_PROXY" in str(raised.value)


EXCEPTIONS = [
    ("https://hss.r.example.com", "*", True),
    ("https://hss.r.example.com", "hss.r.example.com", True),
    ("https://hss.r.example.com", "HSS.R.Example.COM", True),
    ("https://hss.r.example.com", "example.com", True),
    ("https://hss.r.example.com", ".example.com", True),
    ("https://hss.r.example.com", "*.example.com", True),
    ("https://hss.r.example.com.", "example.com", True),
    ("https://hss.r.example.com", "example.com.", True),
    ("https://example.com", ".example.com", True),
    ("https://hss.r.example.com", "ample.com", False),
    ("https://hss.r.example.com", "r.example.com.evil", False),
    ("https://hss.r.example.com", "hss.*.example.com", False),
    ("https://hss.r.example.com", "other.example", False),
    ("https://hss.r.example.com", "other.example, example.com", True),
    ("https://hss.r.example.com", "other.example example.com", True),
    ("https://hss.r.example.com", " example.com ,", True),
    ("https://hss.r.example.com", "example.com:443", True),
    ("https://hss.r.example.com", "example.com:8443", False),
    ("https://hss.r.example.com:8443", "example.com:8443", True),
    ("https://hss.r.example.com:8443", "example.com", True),
    ("https://hss.r.example.com", "example.com:port", False),
    ("https://hss.r.example.com", "https://hss.r.example.com", False),
    ("https://hss.r.example.com", ",., ,..,:,[,],[],*.,/", False),
    ("https://10.1.2.3", "10.1.2.3", True),
    ("https://10.1.2.3", "10.1.2.3:443", True),
    ("https://10.1.2.3", "10.1.2.3:80", False),
    ("https://10.1.2.3", "10.0.0.0/8", True),
    ("https://10.1.2.3", "10.1.9.9/16", True),
    ("https://10.1.2.3", "192.168.0.0/16,fd00::/8", False),
    ("https://10.1.2.3", "2.3", False),
    ("https://10.1.2.3", "10.0.0.0/99", False),
    ("https://hss.r.example.com", "10.0.0.0/8,0.0.0.0/0", False),
    ("https://[fd00::1]", "fd00::1", True),
    ("https://[fd00::1]", "[fd00::1]", True),
    ("https://[fd00::1]", "[FD00:0::1]", True),
    ("https://[fd00::1]:8443", "[fd00::1]:8443", True),
    ("https://[fd00::1]", "[fd00::1]:8443", False),
    ("https://[fd00::1]", "fd00::/8", True),
    ("https://[fd00::1]", "[fd00::]/8", True),
    ("https://[fd00::1]", "fe80::/10,::1,10.0.0.0/8", False),
]


@pytest.mark.parametrize(("endpoint", "entries", "excepted"), EXCEPTIONS)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_no_proxy_names_hosts(endpoint: str, entries: str, variable: str, *, excepted: bool) -> None:
    """Names with all under them, suffixes, ports, addresses and networks; an entry that cannot be read names none."""
    assert (proxy_for(endpoint, {"HTTPS_PROXY": PROXY, variable: entries}) is None) is excepted


def test_the_lower_case_of_no_proxy_counts_first() -> None:
    """As for the proxies themselves."""
    env = {"HTTPS_PROXY": PROXY, "NO_PROXY": "*", "no_proxy": "other.example"}

    assert proxy_for(HOST, env) is not None
    assert proxy_for(HOST, env | {"no_proxy": ""}) is None


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "https://localhost", "https://[::1]:8443", "http://169.254.169.254"])  # fmt: skip
def test_this_machine_is_never_reached_through_a_proxy(endpoint: str) -> None:
    """Nor the metadata service; an unusable proxy is no error then."""
    assert proxy_for(endpoint, {"HTTPS_PROXY": "socks5://x", "ALL_PROXY": "http://["}) is None


@given(value=st.text(), entries=st.text())
def test_no_text_is_anything_but_a_proxy_or_misuse(value: str, entries: str) -> None:
    """Text before an @ is never shown."""
    try:
        found = proxy_for(HOST, {"HTTPS_PROXY": f"http://me:s3cret@{value}", "NO_PROXY": entries})
    except Misused as error:
        shown = str(error)
    else:
        shown = found.shown if found else ""
        assert found is None or urlsplit(found.url.reveal()).scheme in ("http", "https")
    assert "s3cret" not in shown
