"""How faults show: the answer in place of the API's, and what befalls the connection."""

import hashlib
import math
import zlib

from hssgate.emulator.dialect import Dialect
from hssgate.emulator.faults import Ruling
from hssgate.emulator.transport import Mishap, Reset, Stall, Truncation
from hssgate.emulator.wire import Answer, json_answer

_GZIP = 31  # what zlib calls its format
_BLANKS = b" " * (1024 * 1024)


def edge_answer(ruling: Ruling, number: int, request_id: str, dialect: Dialect) -> Answer | None:
    """Return what is answered before the gateway has looked at the request, or None where nothing is.

    Args:
        ruling: the faults in force.
        number: of the request.
        request_id: of the request.
        dialect: of the service that is asked.
    """
    if fault := ruling.redirect:
        return Answer(302, b"", (("Content-Type", "text/plain"), ("Location", fault.redirect or "")))
    if (fault := ruling.status) and fault.status is not None:
        retry_after = None if fault.retry_after is None else math.ceil(fault.retry_after)
        refusal = dialect.usual(fault.status, code=fault.code, retry_after=retry_after)
        answer = refusal.answer(request_id)
        return answer if fault.body is None else Answer(answer.status, fault.body.encode(), answer.headers)
    if fault := ruling.garbage:
        if isinstance(fault.garbage, str):
            return Answer(200, fault.garbage.encode(), (("Content-Type", "text/html"),))
        return Answer(200, _noise(number))
    if (fault := ruling.bomb) and fault.bomb is not None:
        return Answer(200, _bomb(fault.bomb), (("Content-Type", "application/json"), ("Content-Encoding", "gzip")))
    return None


def service_answer(ruling: Ruling) -> Answer | None:
    """Return what the service answers to a valid request in place of its rows, or None where it is the rows."""
    fault = ruling.rows
    if fault is None or fault.rows is None:
        return None
    total = len(fault.rows) if fault.total_num is None else fault.total_num
    return json_answer(200, {"total_num": total, "data_list": fault.rows})


def mishap_of(ruling: Ruling) -> Mishap | None:
    """Return what befalls the connection."""
    if ruling.reset:
        return Reset()
    if ruling.stall and ruling.stall.stall is not None:
        return Stall(ruling.stall.stall)
    if ruling.truncate and ruling.truncate.truncate is not None:
        return Truncation(ruling.truncate.truncate)
    return None


def _noise(number: int) -> bytes:
    return b"\x00\xff" + b"".join(hashlib.sha256(f"{number} {part}".encode()).digest() for part in range(16))


def _bomb(size: int) -> bytes:
    """Return a valid answer in gzip: blanks between the brackets make up its size."""
    head, tail = b'{"total_num": 0, "data_list": [', b"]}"
    deflate = zlib.compressobj(wbits=_GZIP)
    parts = [deflate.compress(head)]
    left = max(size - len(head) - len(tail), 0)
    while left:
        parts.append(deflate.compress(_BLANKS[:left]))
        left -= min(left, len(_BLANKS))
    return b"".join([*parts, deflate.compress(tail), deflate.flush()])
