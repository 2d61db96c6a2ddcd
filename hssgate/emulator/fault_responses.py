"""Effects of faults: responses that replace the API's, and faults of the connection."""

import hashlib
import math
import zlib

from hssgate.emulator.dialect import Dialect
from hssgate.emulator.faults import ActiveFaults
from hssgate.emulator.messages import Response, json_response
from hssgate.emulator.transport import Reset, Stall, TransportFault, Truncation

_GZIP = 31  # what zlib calls its format
_BLANKS = b" " * (1024 * 1024)


def gateway_response(active: ActiveFaults, number: int, request_id: str, dialect: Dialect) -> Response | None:
    """Return the response of a fault that acts before authentication, or None.

    Args:
        active: the faults of this request.
        number: of the request.
        request_id: of the request.
        dialect: error format of the service.
    """
    if fault := active.redirect:
        return Response(302, b"", (("Content-Type", "text/plain"), ("Location", fault.redirect or "")))
    if (fault := active.status) and fault.status is not None:
        retry_after = None if fault.retry_after is None else math.ceil(fault.retry_after)
        refusal = dialect.usual(fault.status, code=fault.code, retry_after=retry_after)
        response = refusal.response(request_id)
        return response if fault.body is None else Response(response.status, fault.body.encode(), response.headers)
    if fault := active.garbage:
        if isinstance(fault.garbage, str):
            return Response(200, fault.garbage.encode(), (("Content-Type", "text/html"),))
        return Response(200, _noise(number))
    if (fault := active.bomb) and fault.bomb is not None:
        return Response(200, _bomb(fault.bomb), (("Content-Type", "application/json"), ("Content-Encoding", "gzip")))
    return None


def service_response(active: ActiveFaults) -> Response | None:
    """Return the response of a fault that replaces the rows of a valid request, or None."""
    fault = active.rows
    if fault is None or fault.rows is None:
        return None
    total = len(fault.rows) if fault.total_num is None else fault.total_num
    return json_response(200, {"total_num": total, "data_list": fault.rows})


def transport_fault_of(active: ActiveFaults) -> TransportFault | None:
    """Return the fault of the connection, or None."""
    if active.reset:
        return Reset()
    if active.stall and active.stall.stall is not None:
        return Stall(active.stall.stall)
    if active.truncate and active.truncate.truncate is not None:
        return Truncation(active.truncate.truncate)
    return None


def _noise(number: int) -> bytes:
    return b"\x00\xff" + b"".join(hashlib.sha256(f"{number} {part}".encode()).digest() for part in range(16))


def _bomb(size: int) -> bytes:
    """Return a valid empty list, compressed with gzip; spaces between the brackets make up its size."""
    head, tail = b'{"total_num": 0, "data_list": [', b"]}"
    deflate = zlib.compressobj(wbits=_GZIP)
    parts = [deflate.compress(head)]
    left = max(size - len(head) - len(tail), 0)
    while left:
        parts.append(deflate.compress(_BLANKS[:left]))
        left -= min(left, len(_BLANKS))
    return b"".join([*parts, deflate.compress(tail), deflate.flush()])
