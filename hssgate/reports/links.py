"""Addresses that reports link to: public records of CVEs, and pages of notices that HSS names."""

import re

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_RECORD = "https://www.cve.org/CVERecord?id="
_LONGEST_URL = 500
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"https://{_LABEL}(?:\.{_LABEL})+(?:[/?#](?:[\w/?#.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{{2}})*)?", re.ASCII
)


def cve_record(cve: str | None) -> str | None:
    """Return the address of the public record of a CVE; None if the text is no id of a CVE."""
    return f"{_RECORD}{cve}" if cve and _CVE.fullmatch(cve) else None


def safe_address(url: str | None) -> str | None:
    """Return the address if it is safe to link to: https, a host name, and no characters that need escaping."""
    return url if url and len(url) <= _LONGEST_URL and _ADDRESS.fullmatch(url) else None
