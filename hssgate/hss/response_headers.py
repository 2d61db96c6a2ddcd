"""Headers of an HTTP response that the gate uses: request id, age in a cache, the server's time."""

import email.utils
import math
import re
from datetime import UTC, timedelta

from hssgate.durations import LONGEST
from hssgate.hss.http_library import httpx
from hssgate.text import clean

_LONGEST_RUN = timedelta(seconds=LONGEST)
_SECONDS = re.compile("[0-9]{1,12}", re.ASCII)


def request_id(headers: httpx.Headers) -> str | None:
    """Return the request id, which Huawei Cloud's support asks for."""
    found = headers.get("X-Request-Id") or headers.get("X-IAM-Trace-Id")
    return clean(found, 100) if found else None


def age_of(headers: httpx.Headers) -> float:
    """Return the age of a response in a cache in seconds: 0 without the header `Age`, infinite if it is unreadable.

    Each cache on the way may add the header; the largest value counts.
    """
    given = [part.strip() for value in headers.get_list("Age") for part in value.split(",")]
    return max((float(part) if _SECONDS.fullmatch(part) else math.inf for part in given), default=0.0)


def server_time(date: str | None) -> float | None:
    """Return an HTTP date in epoch seconds, or None where it is missing or unreadable."""
    if not date:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(date)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)  # HTTP dates are in UTC
        return (moment + _LONGEST_RUN - _LONGEST_RUN).timestamp()  # refuses a date that overflows during a run
    except (ValueError, OverflowError, IndexError):
        return None
