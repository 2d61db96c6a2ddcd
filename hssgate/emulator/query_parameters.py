"""Query parameters of the detail calls, with the ranges and enums of their request models (SDK 3.1.219).

For most of these calls the manual says that the id of a CI/CD image is enough. If names are given as well, they must
be those of its row; an empty name does not restrict.
"""

from dataclasses import dataclass

from hssgate.emulator.parameters import Page, Parameters
from hssgate.emulator.refusals import invalid_parameter
from hssgate.emulator.rows import Row

IMAGE_TYPES = ("private_image", "shared_image", "instance_image", "cicd", "harbor")
REPAIR_NECESSITIES = ("immediate_repair", "delay_repair", "not_needed_repair")
VULNERABILITY_TYPES = ("linux_vul", "app_vul")
HANDLE_STATUSES = ("unhandled", "handled")
SENSITIVE_SEVERITIES = ("critical", "high", "medium", "low")
SCAN_RESULTS = ("pass", "failed")

_LONGEST_TEXT = 65535


@dataclass(frozen=True, slots=True)
class ImageSelector:
    """Selects the images of a detail call; None does not restrict.

    Args:
        image_type: the emulator only has images of the type `cicd`.
    """

    image_type: str | None
    enterprise_project_id: str | None
    image_id: str | None
    namespace: str | None
    image_name: str | None
    image_version: str | None

    def matches(self, row: Row) -> bool:
        """Whether the fields that a row shows match."""
        if self.image_type != "cicd" or self.enterprise_project_id not in {None, row.enterprise_project_id}:
            return False
        return all(
            wanted is None or row.shown(name) == wanted
            for name, wanted in (
                ("image_id", self.image_id),
                ("namespace", self.namespace),
                ("image_name", self.image_name),
                ("image_version", self.image_version),
            )
        )


@dataclass(frozen=True, slots=True)
class VulnerabilityParameters:
    """What is asked of `ListImageVulnerabilities`."""

    selector: ImageSelector
    page: Page
    repair_necessity: str | None
    vul_id: str | None
    app_name: str | None
    type: str | None
    handle_status: str | None


@dataclass(frozen=True, slots=True)
class CveParameters:
    """What is asked of `ListVulnerabilityCve`."""

    vul_id: str
    page: Page


@dataclass(frozen=True, slots=True)
class MalwareParameters:
    """What is asked of `ListImageMalware`."""

    selector: ImageSelector
    page: Page
    file_name: str | None


@dataclass(frozen=True, slots=True)
class SensitiveFileParameters:
    """What is asked of `ListImageSensitive`."""

    selector: ImageSelector
    page: Page
    file_path: str | None
    severity: str | None
    handle_status: str | None


@dataclass(frozen=True, slots=True)
class CheckRuleParameters:
    """What is asked of `ListCheckRulesInfo`."""

    selector: ImageSelector
    page: Page
    scan_result: str | None


@dataclass(frozen=True, slots=True)
class ConfigurationParameters:
    """What is asked of `ListCicdConfigurations`."""

    enterprise_project_id: str | None
    page: Page
    cicd_name: str | None
    cicd_id: str | None


@dataclass(frozen=True, slots=True)
class QuotaParameters:
    """What is asked of `ShowImagePayPerScanStatistics`."""

    enterprise_project_id: str | None


def read_vulnerabilities(raw: str, image_id: str) -> VulnerabilityParameters:
    """Parse the query of `ListImageVulnerabilities`.

    Args:
        raw: the raw query string.
        image_id: from the path.

    Raises:
        Refusal: 400 HSS.0001: a parameter is missing, out of range or given twice. The other functions raise the
            same.
    """
    given = Parameters(raw)
    given.demand("image_type", "namespace", "image_name", "tag_name")
    given.text("instance_id", 0, 128)
    return VulnerabilityParameters(
        selector=ImageSelector(
            image_type=given.choice("image_type", (*IMAGE_TYPES, "jfrog")),
            enterprise_project_id=given.enterprise_project(),
            image_id=_id_in_range(image_id, 128),
            namespace=given.text("namespace", 0, 64) or None,
            image_name=given.text("image_name", 0, 128) or None,
            image_version=given.text("tag_name", 0, 64) or None,
        ),
        page=given.page(),
        repair_necessity=given.choice("repair_necessity", REPAIR_NECESSITIES),
        vul_id=given.text("vul_id", 0, 128) or None,
        app_name=given.text("app_name", 0, 64) or None,
        type=given.choice("type", VULNERABILITY_TYPES),
        handle_status=given.choice("handle_status", HANDLE_STATUSES),
    )


def read_cve(raw: str, vul_id: str) -> CveParameters:
    """Parse the query of `ListVulnerabilityCve`; its model has no ranges, so those of the other calls are used.

    A vulnerability notice does not depend on an image: `enterprise_project_id` is validated, but does not restrict.
    """
    given = Parameters(raw)
    given.enterprise_project()
    return CveParameters(vul_id, given.page())


def read_malwares(raw: str, image_id: str) -> MalwareParameters:
    """Parse the query of `ListImageMalware`."""
    given = Parameters(raw)
    given.demand("image_type")
    selector = _selector(given, _id_in_range(image_id, _LONGEST_TEXT), IMAGE_TYPES, version="tag_name")
    return MalwareParameters(selector, given.page(), given.text("file_name", 0, _LONGEST_TEXT) or None)


def read_sensitive(raw: str, image_id: str) -> SensitiveFileParameters:
    """Parse the query of `ListImageSensitive`."""
    given = Parameters(raw)
    given.demand("image_type")
    return SensitiveFileParameters(
        selector=_selector(given, _id_in_range(image_id, 128), IMAGE_TYPES, version="image_version"),
        page=given.page(),
        file_path=given.text("file_path", 0, _LONGEST_TEXT) or None,
        severity=given.choice("severity", SENSITIVE_SEVERITIES),
        handle_status=given.choice("handle_status", HANDLE_STATUSES),
    )


def read_check_rules(raw: str) -> CheckRuleParameters:
    """Parse the query of `ListCheckRulesInfo`; without an image id it selects all images."""
    given = Parameters(raw)
    given.demand("type", "image_type")
    given.choice("type", ("image",))
    given.text("instance_id", 0, 128)
    image_id = given.text("image_id", 0, 128) or None
    selector = _selector(given, image_id, ("cicd", "registry"), version="image_version")
    return CheckRuleParameters(selector, given.page(), given.choice("scan_result", SCAN_RESULTS))


def read_configurations(raw: str) -> ConfigurationParameters:
    """Parse the query of `ListCicdConfigurations`."""
    given = Parameters(raw)
    return ConfigurationParameters(
        enterprise_project_id=given.enterprise_project(),
        page=given.page(),
        cicd_name=given.text("cicd_name", 0, 128) or None,
        cicd_id=given.text("cicd_id", 0, 128) or None,
    )


def read_quota(raw: str) -> QuotaParameters:
    """Parse the query of `ShowImagePayPerScanStatistics`."""
    return QuotaParameters(Parameters(raw).enterprise_project())


def _selector(given: Parameters, image_id: str | None, types: tuple[str, ...], *, version: str) -> ImageSelector:
    return ImageSelector(
        image_type=given.choice("image_type", types),
        enterprise_project_id=given.enterprise_project(),
        image_id=image_id,
        namespace=given.text("namespace", 0, _LONGEST_TEXT) or None,
        image_name=given.text("image_name", 0, _LONGEST_TEXT) or None,
        image_version=given.text(version, 0, _LONGEST_TEXT) or None,
    )


def _id_in_range(image_id: str, longest: int) -> str:
    if len(image_id) > longest:
        raise invalid_parameter(
            f"the length of image_id must be 0 to {longest}", f"image_id has {len(image_id)} characters"
        )
    return image_id
