"""Errors in the shapes of IAM, STS, the metadata service and GitHub's token service.

Sources: return values of the IAM v3 API and error body of the IAM v5 API, both in the manuals; which number STS has for
what is not described there.
"""

from dataclasses import dataclass
from http import HTTPStatus

from hssgate.emulator.dialect import Dialect
from hssgate.emulator.mint import lasting_id
from hssgate.emulator.refusals import Refusal
from hssgate.emulator.wire import Answer, json_answer


class IamRefusal(Refusal):
    """An error of IAM: as Keystone has it, or flat where there is a code such as `IAM.0011`."""

    def answer(self, request_id: str) -> Answer:
        """Return it as a response."""
        del request_id  # is sent in a header alone
        content: dict[str, object] = {"error_code": self.code, "error_msg": self.message}
        if not self.code:
            content = {"error": {"code": self.status, "message": self.message, "title": _title(self.status)}}
        return self.with_retry_after(json_answer(self.status, content))


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
    """An error of STS, which gives reasons for a denial in a form that only the account can decipher."""

    def answer(self, request_id: str) -> Answer:
        """Return it as a response."""
        content = {"error_code": self.code, "error_msg": self.message, "request_id": request_id}
        if self.code == _ACCESS_DENIED:
            content["encoded_authorization_message"] = lasting_id("denial", request_id) * 4
        return self.with_retry_after(json_answer(self.status, content))


_ACCESS_DENIED = "STS5.0001"


def invalid_for_sts(what: str) -> Refusal:
    """Return 400 for a body that is not as it should be."""
    return StsRefusal(400, "STS5.0010", f"invalid request: {what}")


def invalid_id_token(what: str) -> Refusal:
    """Return 400 for an id token."""
    return StsRefusal(400, "STS5.0011", f"invalid id token: {what}")


def no_such_provider() -> Refusal:
    """Return 404 for a provider that the account does not have."""
    return StsRefusal(404, "STS5.0004", "the OIDC provider does not exist")


def denied_by_sts() -> Refusal:
    """Return 403 for an agency: whether there is none, or it does not trust the caller, is not shown."""
    return StsRefusal(403, _ACCESS_DENIED, "access denied: sts:agencies:assumeWithOIDC")


class MetadataRefusal(Refusal):
    """An error of the metadata service: a page."""

    def answer(self, request_id: str) -> Answer:
        """Return it as a response."""
        del request_id
        page = (
            f"<html><head><title>{self.status} {_title(self.status)}</title></head><body>{self.message}</body></html>"
        )
        return self.with_retry_after(Answer(self.status, page.encode(), (("Content-Type", "text/html"),)))


class GitHubRefusal(Refusal):
    """An error of GitHub's token service."""

    def answer(self, request_id: str) -> Answer:
        """Return it as a response."""
        del request_id
        return self.with_retry_after(json_answer(self.status, {"message": self.message}))


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


@dataclass(frozen=True)
class _Usual:
    """What usually comes with a status: the shape of a service, and the status in words.

    Args:
        shape: of the service.
        prefix: what a code begins with; it goes on with the status. Without one there is no code.
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
