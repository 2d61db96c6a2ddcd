"""Recognises the reports of earlier runs by how they begin, so that no other file is removed."""

import re

from hssgate.reports.dotenv import VARIABLES

HEAD = 16 * 1024  # bytes of a file that are enough

_XML = rb"\s*(?:<\?xml[^>]*\?>\s*)?<testsuites\b[^>]*>\s*<testsuite\b[^>]*"
_NAMES = "|".join(variable.removeprefix("HSSGATE_") for variable in VARIABLES).encode()
_BEGINNINGS = {
    "junit": re.compile(
        _XML + rb'(?:>\s*<properties>\s*<property name="hssgate\.|\bname="hssgate selftest: [a-z-]+"[^>]*>)'
    ),
    "json": re.compile(
        rb'\s*\{\s*"schema_version"\s*:\s*\d+\s*,\s*"tool"\s*:\s*\{\s*"name"\s*:\s*"hssgate"\s*,'
        rb'\s*"version"\s*:\s*"[^"]*"\s*\}\s*,\s*"started_at"\s*:'
    ),
    "markdown": re.compile(rb"## [^\r\n]*\s+\[//\]: # \(hssgate report\)\s"),
    "html": re.compile(
        rb'<!DOCTYPE html>\s*<html\b[^>]*><head>(?:<meta\b[^>]*>)*?<meta name="generator" content="hssgate [^"]*">'
    ),
    "sarif": re.compile(
        rb'\s*\{\s*"\$schema"\s*:\s*"[^"]*"\s*,\s*"version"\s*:\s*"2\.1\.0"\s*,\s*"runs"\s*:\s*\[\s*\{'
        rb'\s*"tool"\s*:\s*\{\s*"driver"\s*:\s*\{\s*"name"\s*:\s*"hssgate"\s*,'
    ),
    "codequality": re.compile(rb'\s*\[\s*\{\s*"engine_name"\s*:\s*"hssgate"\s*,'),
}
# Every line counts here: a user may have added settings of their own.
_DOTENV = re.compile(
    rb"([A-Za-z0-9_]*)HSSGATE_RESULT=[a-z]+\r?\n\1HSSGATE_EXIT_CODE=\d+\r?\n(?:\1HSSGATE_(?:%b)=[^\r\n]*\r?\n)*\Z"
    % _NAMES
)
_NO_VIOLATION = re.compile(rb"\s*\[\s*\]\s*\Z")  # a whole report, and nothing is lost with it


def is_report(head: bytes, name: str | None = None) -> bool:
    """Whether a file that begins like this is a report of hssgate, of whichever format.

    Args:
        head: the first `HEAD` bytes of the file, and one more if it is longer.
        name: of the format that is to be written there, if any: an empty list counts as an empty `codequality` report.
    """
    is_whole = len(head) <= HEAD
    if is_whole and (_DOTENV.match(head) or (name == "codequality" and _NO_VIOLATION.match(head))):
        return True
    return any(beginning.match(head) for beginning in _BEGINNINGS.values())
