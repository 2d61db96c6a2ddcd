"""Failures of a scan in plain words: what happened, and what to do next."""

from collections.abc import Mapping

from hssgate.hss.models import CicdImage
from hssgate.record import record


@record
class ScanFailure:
    """What is known of a failure by its code.

    Args:
        happened: what happened, as a clause.
        next_step: what to do, as a clause.
    """

    happened: str
    next_step: str


_AGAIN = "scan the image again"
_IF_AGAIN = "scan the image again, and ask Huawei Cloud support with the request id if it fails again"
_PULL = "check that the address, namespace and tag given to the scan step exist and can be pulled, then scan again"
_LOGIN = "check the user and password that the scan step logs in to the registry with, then scan again"
_ACCESS = "check that HSS may read from SWR (agency and organization permissions), then scan again"
_SMALLER = "make the image smaller, or let the policy accept it with `scan: {accept: [%s]}`"

# The values of `scan_failed_code` that ListCicdImages documents.
DOCUMENTED: Mapping[str, ScanFailure] = {
    "unknown_error": ScanFailure("HSS met an error it does not name", _IF_AGAIN),
    "authentication_failed": ScanFailure("HSS was refused by the registry", _LOGIN),
    "download_failed": ScanFailure("HSS could not download the image", _PULL),
    "image_over_sized": ScanFailure("the image is larger than HSS scans", _SMALLER % "image_over_sized"),
    "get_detail_info_not_found": ScanFailure("HSS found no details of the image", _PULL),
    "image_layer_over_sized": ScanFailure(
        "a layer of the image is larger than HSS scans",
        "split or shrink the largest layer, or let the policy accept it with "
        "`scan: {accept: [image_layer_over_sized]}`",
    ),
    "failed_to_scan_vulnerability": ScanFailure("the scan for vulnerabilities failed", _IF_AGAIN),
    "failed_to_scan_file": ScanFailure("the scan for malicious files failed", _IF_AGAIN),
    "failed_to_scan_software": ScanFailure("the inventory of installed software failed", _IF_AGAIN),
    "failed_to_check_sensitive_information": ScanFailure("the search for sensitive information failed", _IF_AGAIN),
    "failed_to_check_baseline": ScanFailure("the baseline check failed", _IF_AGAIN),
    "failed_to_check_software_compliance": ScanFailure("the check of software compliance failed", _IF_AGAIN),
    "failed_to_query_basic_image_information": ScanFailure("HSS could not read the image's basic information", _PULL),
    "response_timed_out": ScanFailure("a service that the scan needs did not answer in time", _AGAIN),
    "database_error": ScanFailure("HSS had a database error", _IF_AGAIN),
    "failed_to_send_the_scan_request": ScanFailure("HSS could not start the scan", _IF_AGAIN),
}
# Further values that HSS documents for images in a registry.
OF_REGISTRY_IMAGES: Mapping[str, ScanFailure] = {
    "schema_v1_not_support": ScanFailure(
        "the image has a manifest of schema version 1, which HSS does not scan",
        "build and push it with a current Docker or BuildKit, then scan again",
    ),
    "access_swr_failed": ScanFailure("HSS could not reach SWR", _ACCESS),
    "swr_authentication_error": ScanFailure("HSS was refused by SWR", _ACCESS),
    "failed_to_check_build_cmd": ScanFailure("the check of the build commands failed", _IF_AGAIN),
}
# Statuses that say what failed, for rows without a code.
OF_STATUSES: Mapping[str, ScanFailure] = {
    "download_failed": DOCUMENTED["download_failed"],
    "image_oversized": ScanFailure("the image is larger than HSS scans", _SMALLER % "image_oversized"),
    "image_scan_stop": ScanFailure("the scan was stopped before its end", _AGAIN),
}


def failure_of(row: CicdImage) -> ScanFailure | None:
    """Return what is known of the failure of a row, by its code, else by its status; None if neither is known."""
    code = row.scan_failed_code or ""
    return DOCUMENTED.get(code) or OF_REGISTRY_IMAGES.get(code) or OF_STATUSES.get(row.scan_status or "")
