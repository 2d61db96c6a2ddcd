"""Error responses of IAM, STS, the metadata service and GitHub's token service.

Sources: return values of the IAM v3 API and error body of the IAM v5 API, both in the manuals. The manuals do not
list the error codes of STS; those here are examples.
"""

from dataclasses import dataclass
from http import HTTPStatus

from hssgate.emulator.dialect import Dialect
from hssgate.emulator.generated import stable_id
from hssgate.emulator.messages import Response, json_response
from hssgate.emulator.refusals import Refusal


class IamRefusal(Refusal):
    """An error of IAM: in the format of Keystone, or flat if it has a code such as `IAM.0011`."""

    def response(self, request_id: str) -> Response:
        """Return the HTTP response."""
        del request_id  # only sent in a header
        content: dict[str, object] = {"error_code": self.code, "error_msg": self.message}
        if not self.code:
            content = {"error": {"code": self.status, "message": self.message, "title": _title(self.status)}}
        return self.with_retry_after(json_response(self.status, content))


def invalid_for_iam(what: str) -> Refusal:
    """Return 400."""
    return IamRefusal(400, "", f"Invalid request body: {what}")


def unauthorized(message: str) -> Refusal:
    """Return 401."""
    return IamRefusal(401, "", message)


def not_found(target: str) -> Refusal:
    """Return 404."""
    return IamRefusal(404, "", f"Could not find {target}.")


class StsRefusal(Refusal):
    """An error of STS; the reason of a denial is encoded, and only the account can decode it."""

    def response(self, request_id: str) -> Response:
        """Return the HTTP response."""
        content = {"error_code": self.code, "error_msg": self.message, "request_id": request_id}
        if self.code == _ACCESS_DENIED:
            content["encoded_authorization_message"] = stable_id("denial", request_id) * 4
        return self.with_retry_after(json_response(self.status, content))


_ACCESS_DENIED = "STS5.0001"


def invalid_for_sts(what: str) -> Refusal:
    """Return 400 for an invalid body."""
    return StsRefusal(400, "STS5.0010", f"invalid request: {what}")


def invalid_id_token(what: str) -> Refusal:
    """Return 400 for an invalid id token."""
    return StsRefusal(400, "STS5.0011", f"invalid id token: {what}")


def no_such_provider() -> Refusal:
    """Return 404 for a provider that the account does not have."""
    return StsRefusal(404, "STS5.0004", "the OIDC provider does not exist")


def denied_by_sts() -> Refusal:
    """Return 403 for an agency that does not exist or does not trust the caller; the error does not show which."""
    return StsRefusal(403, _ACCESS_DENIED, "access denied: sts:agencies:assumeWithOIDC")


class MetadataRefusal(Refusal):
    """An error of the metadata service: an HTML page."""

    def response(self, request_id: str) -> Response:
        """Return the HTTP response."""
        del request_id
        page = (
            f"<html><head><title>{self.status} {_title(self.status)}</title></head><body>{self.message}</body></html>"
        )
        return self.with_retry_after(Response(self.status, page.encode(), (("Content-Type", "text/html"),)))


class GitHubRefusal(Refusal):
    """An error of GitHub's token service."""

    def response(self, request_id: str) -> Response:
        """Return the HTTP response."""
        del request_id
        return self.with_retry_after(json_response(self.status, {"message": self.message}))


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


@dataclass(frozen=True)
class _Usual:
    """Makes the usual error of a status, with the phrase of the status as its message.

    Args:
        shape: error format of the service.
        prefix: of the error code, which ends with the status; empty: no code.
    """

    shape: type[Refusal]
    prefix: str = ""

    def __call__(self, status: int, *, code: str | None = None, retry_after: int | None = None) -> Refusal:
        usual = f"{self.prefix}{status:04}" if self.prefix else ""
        return self.shape(status, code or usual, _title(status), retry_after=retry_after)


IAM = Dialect(_Usual(IamRefusal), trace_header="X-IAM-Trace-Id")
STS = Dialect(_Usual(StsRefusal, "STS5."), trace_header="X-Request-Id")
METADATA = Dialect(_Usual(MetadataRefusal), trace_header=None)
GITHUB = Dialect(_Usual(GitHubRefusal), trace_header=None)
