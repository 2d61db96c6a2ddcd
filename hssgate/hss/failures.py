"""Translates errors of httpx, ssl and zlib, naming the host or the proxy that failed."""

import contextlib
import re
import ssl
import zlib
from collections.abc import Callable, Iterator

from hssgate.errors import (
    ApiError,
    ApiRefused,
    ApiUnavailable,
    Exchange,
    HostUntrusted,
    RequestRefused,
    ResponseTooLarge,
)
from hssgate.hss.http_library import httpx
from hssgate.hss.proxies import Proxy
from hssgate.text import clean

_REFUSED_BY_PROXY = "4[0-9]{2} "
_OTHER_HOST = "it is of another host: check the address, and what it leads to"
_OTHER_TIME = "it is not valid at this machine's time: check the clock, else whoever runs the host has to renew it"
_CERTIFICATE_ADVICE = {9: _OTHER_TIME, 10: _OTHER_TIME, 62: _OTHER_HOST, 64: _OTHER_HOST}  # by OpenSSL's X509_V_ERR
_TOO_LARGE = "ask for fewer images at once, and check that no proxy answers in place of HSS"
_PRIVATE_AUTHORITY = "for a private authority give its certificates with --ca-bundle"


class BodyTooLarge(httpx.DecodingError):
    """The body is larger than its limit."""


class Route:
    """Route of a request: direct or through a proxy, and whether the proxy has connected it to the host.

    Args:
        host: name of the host.
        proxy: the proxy, if there is one.
    """

    def __init__(self, host: str, proxy: Proxy | None) -> None:
        self.host = host
        self.proxy = proxy
        self.is_through = proxy is None

    @property
    def peer(self) -> str:
        """The party at the other end: the host, or the proxy until it has connected to the host."""
        if self.proxy is None:
            return self.host
        return f"{self.host} (through the proxy {self.proxy.shown})" if self.is_through else self.proxy_before_host

    @property
    def proxy_before_host(self) -> str:
        """The proxy, in words."""
        return f"the proxy {self.proxy.shown} before {self.host}" if self.proxy else f"the proxy before {self.host}"

    @property
    def advice(self) -> str:
        """What to check if there is no response."""
        if self.proxy is None:
            return "check the address, name resolution, firewall and HTTPS_PROXY"
        return f"check the address, name resolution, firewall, {self.proxy.variable} and NO_PROXY"

    @property
    def no_response(self) -> str:
        """The failure in words."""
        if self.proxy is None or self.is_through:
            return f"no complete response from {self.peer}"
        return f"the proxy {self.proxy.shown} gave no connection to {self.host}"


@contextlib.contextmanager
def translated(
    route: Route, within: float, known: Callable[[], Exchange], masked: Callable[[object], str]
) -> Iterator[None]:
    """Translate errors of httpx, ssl and zlib.

    Args:
        route: of the request.
        within: time limit of the exchange in seconds.
        known: returns status and request id, as far as they were received.
        masked: masks secrets in messages of httpx, which may contain text of the server.

    Raises:
        ApiUnavailable: there was no response, or it is incomplete.
        ApiRefused: the proxy refused the request, or the address is not valid.
        HostUntrusted: the certificate of the host or of its proxy is not trusted.
    """
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise ApiUnavailable(
            f"{route.no_response} within {within:.1f}s", known(), advice=f"{route.advice}, or raise --request-timeout"
        ) from error
    except httpx.InvalidURL as error:  # the URL contains fields of a row, which may be a megabyte long
        raise RequestRefused(f"{route.host} cannot be asked: {clean(masked(error), 200)}", known()) from error
    except (httpx.HTTPError, httpx.StreamError, zlib.error, OSError, UnicodeError) as error:
        raise _failure(error, route, clean(masked(error), 200) or type(error).__name__, known()) from error


def _failure(error: Exception, route: Route, what: str, exchange: Exchange) -> ApiError:
    """Return the error of ours for one of httpx, ssl or zlib."""
    if (certificate := certificate_error(error)) is not None:
        advice = _CERTIFICATE_ADVICE.get(certificate.verify_code, _PRIVATE_AUTHORITY)
        reason = clean(certificate.verify_message, 200).rstrip(".")
        return HostUntrusted(f"the certificate of {route.peer} is not trusted: {reason}; {advice}", exchange)
    if isinstance(error, httpx.ProxyError):
        variable = route.proxy.variable if route.proxy else "HTTPS_PROXY"
        what = f"{route.proxy_before_host} answers {what}"
        if re.match(_REFUSED_BY_PROXY, str(error)):
            return ApiRefused(f"{what}; check {variable} with its user name and password, or NO_PROXY", exchange)
        return ApiUnavailable(what, exchange, advice=route.advice)
    if isinstance(error, BodyTooLarge):
        return ResponseTooLarge(f"{route.no_response}: {what}", exchange, advice=_TOO_LARGE)
    return ApiUnavailable(f"{route.no_response}: {what}", exchange, advice=route.advice)


def certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return the certificate error behind an error of the HTTP client, if there is one."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
