"""Error responses of the gateway and of the service.

Sources: error code tables of HSS and of the API gateway; messages from public reports of both.
"""

from dataclasses import dataclass

from hssgate.emulator.messages import Response, json_response


@dataclass(eq=False)
class Refusal(Exception):
    """An error response.

    Args:
        status: HTTP status.
        code: `APIGW.` codes use the format of the gateway, others the format of the service.
        message: `error_msg`.
        description: `error_description` of the service; empty: the message.
        retry_after: header `Retry-After`, whole seconds.
    """

    status: int
    code: str
    message: str
    description: str = ""
    retry_after: int | None = None

    def response(self, request_id: str) -> Response:
        """Return the HTTP response."""
        content = {"error_code": self.code, "error_msg": self.message}
        if self.code.startswith("APIG"):
            content["request_id"] = request_id
        else:
            content["error_description"] = self.description or self.message
        return self.with_retry_after(json_response(self.status, content))

    def with_retry_after(self, response: Response) -> Response:
        """Return the response with the header `Retry-After`, if it is set."""
        if self.retry_after is None:
            return response
        return response.with_headers([("Retry-After", str(self.retry_after))])


def invalid_parameter(what: str, description: str) -> Refusal:
    """Return HSS.0001.

    Args:
        what: the parameter and its rule.
        description: the parameter and its value.
    """
    return Refusal(400, "HSS.0001", f"Invalid parameter: {what}", description)


def not_authenticated(reason: str) -> Refusal:
    """Return APIGW.0301; the reason follows the gateway's fixed text."""
    return Refusal(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}")


def token_of_another_project() -> Refusal:
    """Return APIGW.0307, the error for a token of another region: each project belongs to one region."""
    return Refusal(401, "APIGW.0307", "The token must be updated")


def no_such_api() -> Refusal:
    """Return APIGW.0101."""
    return Refusal(404, "APIGW.0101", "The API does not exist or has not been published in the environment")


def denied_by_gateway() -> Refusal:
    """Return APIGW.0302."""
    return Refusal(403, "APIGW.0302", "The IAM user is not authorized to access the API")


def denied_by_service() -> Refusal:
    """Return HSS.0013, which HSS sends with HTTP 400."""
    return Refusal(400, "HSS.0013", "Insufficient permission", "The user has no permission for this operation")


def project_unavailable() -> Refusal:
    """Return APIGW.0310."""
    return Refusal(403, "APIGW.0310", "The project is unavailable")


def throttled(requests: int, seconds: float, retry_after: int | None) -> Refusal:
    """Return APIGW.0308.

    Args:
        requests: the limit.
        seconds: length of its window.
        retry_after: header `Retry-After`, if any.
    """
    message = (
        "The throttling threshold has been reached: policy user over ratelimit,"
        f"limit:{requests},time:{seconds:g} second"
    )
    return Refusal(429, "APIGW.0308", message, retry_after=retry_after)


_USUAL = {
    400: ("HSS.0001", "Invalid parameter"),
    401: ("APIGW.0301", "Incorrect IAM authentication information: Unauthorized"),
    403: ("APIGW.0302", "The IAM user is not authorized to access the API"),
    404: ("APIGW.0101", "The API does not exist or has not been published in the environment"),
    429: (
        "APIGW.0308",
        "The throttling threshold has been reached: policy user over ratelimit,limit:100,time:1 minute",
    ),
    500: ("APIGW.0601", "Internal server error"),
    502: ("APIGW.0201", "Backend unavailable"),
    503: ("APIGW.0613", "IAM service unavailable"),
    504: ("APIGW.0201", "Backend timeout"),
}


def usual_refusal(status: int, *, code: str | None = None, retry_after: int | None = None) -> Refusal:
    """Return the usual error of a status.

    Args:
        status: HTTP status.
        code: replaces the usual code.
        retry_after: header `Retry-After`, if any.
    """
    usual_code, message = _USUAL.get(status, ("APIGW.0602", "Bad request"))
    return Refusal(status, code or usual_code, message, retry_after=retry_after)
