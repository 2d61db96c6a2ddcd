"""Recognition of reports of earlier runs by their first bytes, so that no other file is removed.

A run removes the reports of an earlier run at its report paths before it starts, or a CI system would publish those as
its result. A path can also name a file that is not ours, by mistake (`--report json=package.json`). Such a file must
not be lost, so each pattern matches bytes that only hssgate writes: its name where the format has a place for the
tool, or `hssgate.` properties. The patterns must also match what earlier versions wrote, so a change of a format adds
to a pattern and does not replace it.
"""

import re

HEAD = 16 * 1024  # bytes of a file that the patterns need at most

_XML = rb"\s*(?:<\?xml[^>]*\?>\s*)?<testsuites\b[^>]*>\s*<testsuite\b[^>]*"
# Compiled as far as they are compared: a JUnit report at the usual path needs one of them.
_BEGINNINGS = {
    "junit": (_XML + rb'(?:>\s*<properties>\s*<property name="hssgate\.|\bname="hssgate selftest: [a-z-]+"[^>]*>)'),
    "json": (
        rb'\s*\{\s*"schema_version"\s*:\s*\d+\s*,\s*"tool"\s*:\s*\{\s*"name"\s*:\s*"hssgate"\s*,'
        rb'\s*"version"\s*:\s*"[^"]*"\s*\}\s*,\s*"started_at"\s*:'
    ),
    "markdown": rb"## [^\r\n]*\s+\[//\]: # \(hssgate report\)\s",
    "html": (
        rb'<!DOCTYPE html>\s*<html\b[^>]*><head>(?:<meta\b[^>]*>)*?<meta name="generator" content="hssgate [^"]*">'
    ),
    "sarif": (
        rb'\s*\{\s*"\$schema"\s*:\s*"[^"]*"\s*,\s*"version"\s*:\s*"2\.1\.0"\s*,\s*"runs"\s*:\s*\[\s*\{'
        rb'\s*"tool"\s*:\s*\{\s*"driver"\s*:\s*\{\s*"name"\s*:\s*"hssgate"\s*,'
    ),
    "gitlab": rb'\s*\{\s*"scan"\s*:\s*\{\s*"analyzer"\s*:\s*\{\s*"id"\s*:\s*"hssgate"\s*,',
    "codequality": rb'\s*\[\s*\{\s*"engine_name"\s*:\s*"hssgate"\s*,',
}
_NO_VIOLATION = rb"\s*\[\s*\]\s*\Z"  # an empty codequality report; losing it loses nothing


def is_report(head: bytes, name: str | None = None) -> bool:
    """Whether a file is a report of hssgate, in any format.

    Args:
        head: the first `HEAD` bytes of the file, and one more if it is longer.
        name: format that will be written to the file, if any; for `codequality` an empty list is a report too.
    """
    if any(re.match(beginning, head) for beginning in _BEGINNINGS.values()):
        return True
    is_whole = len(head) <= HEAD
    return is_whole and bool(_is_dotenv(head) or (name == "codequality" and re.match(_NO_VIOLATION, head)))


def _is_dotenv(text: bytes) -> bool:
    """Whether the whole file matches: it may be a user's own, to which a gate's outputs were added."""
    from hssgate.reports.dotenv import VARIABLES

    names = "|".join(variable.removeprefix("HSSGATE_") for variable in VARIABLES).encode()
    pattern = (
        rb"([A-Za-z0-9_]*)HSSGATE_RESULT=[a-z]+\r?\n\1HSSGATE_EXIT_CODE=\d+\r?\n(?:\1HSSGATE_(?:%b)=[^\r\n]*\r?\n)*\Z"
    )
    return re.match(pattern % names, text) is not None
