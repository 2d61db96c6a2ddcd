"""Groups of options, examples, and the address of the documentation, as every `--help` shows them."""

from collections.abc import Iterable

import click

DOCUMENTATION = "https://github.com/hssgate/hssgate/tree/main/docs"

# Heading, and the parameters under it by the names that the commands receive them by. Others are under "Options".
GROUPS = {
    "Image": ("cicd_name", "registry_name", "metadata_files", "resolve", "platforms", "scanned_after"),
    "Policy": ("policies", "findings", "ends_at"),
    "Waiting": ("timeout", "appear_timeout", "settle", "interval", "max_interval"),
    "Reports": ("reports", "written", "lang"),
    "Connection": (
        "region", "cloud", "endpoint", "project_id", "enterprise_project_id", "request_timeout", "ca_bundle",
    ),
}  # fmt: skip

EXAMPLES = {
    "hssgate": (
        "hssgate demo",
        "hssgate doctor --region ap-southeast-1 --cicd-name my-pipeline",
        "hssgate check --metadata-file build.json --region ap-southeast-1 --cicd-name my-pipeline",
    ),
    "hssgate check": (
        "hssgate check --metadata-file build.json --region ap-southeast-1 --cicd-name my-pipeline",
        "hssgate check --resolve registry.example.com/team/app:1.4.2 --report junit=hssgate-junit.xml",
        "hssgate check team/app:1.4.2 --scanned-after 15m --policy org.yaml --policy hssgate.yaml",
        "hssgate check @images.txt --timeout 1h --report html=hssgate.html --report json=hssgate-report.json",
    ),
    "hssgate accept": (
        "hssgate accept team/app:1.4.2 --cicd-name my-pipeline --output hssgate-accepted.json",
        "hssgate accept --from hssgate-report.json --output hssgate-accepted.json",
        "hssgate accept team/app:1.5.0 --output hssgate-accepted.json --prune",
    ),
    "hssgate images": (
        "hssgate images --cicd-name my-pipeline --severity-level High --has-vul",
        "hssgate images --start-latest-scan-time 24h --format json",
    ),
    "hssgate judge": (
        "hssgate judge reports/*.json --policy stricter.yaml",
        "hssgate judge hssgate-report.json --at 2027-01-15",
    ),
    "hssgate policy": ("hssgate policy init", "hssgate policy validate", "hssgate policy explain team/app:1.4.2"),
    "hssgate policy init": ("hssgate policy init", "hssgate policy init -"),
    "hssgate policy validate": ("hssgate policy validate", "hssgate policy validate org.yaml hssgate.yaml"),
    "hssgate policy explain": (
        "hssgate policy explain team/app:1.4.2",
        "hssgate policy explain team/app:1.4.2 --policy org.yaml --format json",
    ),
    "hssgate policy schema": ("hssgate policy schema > hssgate.schema.json",),
    "hssgate policy import": ('hssgate policy import .trivyignore --reason "accepted in SEC-12" >> hssgate.yaml',),
    "hssgate policy test": (
        "hssgate policy test --cicd-name my-pipeline --since 7d --policy stricter.yaml",
        "hssgate policy test reports/*.json --policy stricter.yaml",
    ),
    "hssgate doctor": (
        "hssgate doctor --region ap-southeast-1 --cicd-name my-pipeline",
        "hssgate doctor --region ap-southeast-1 --format json",
    ),
    "hssgate selftest": ("hssgate selftest --report junit=hssgate-selftest.xml", "hssgate selftest freshness"),
    "hssgate emulator": ("hssgate emulator --port 8080", "hssgate emulator --scenario scenario.yaml"),
    "hssgate demo": ("hssgate demo",),
    "hssgate completion": ('eval "$(hssgate completion bash)"', "hssgate completion fish | source"),
}


def heading_of(parameter: click.Parameter, beside: Iterable[click.Parameter]) -> str:
    """Return the heading of an option; one that would be alone under its heading is under "Options".

    Args:
        parameter: the option.
        beside: all options of its command.
    """
    for heading, names in GROUPS.items():
        if parameter.name in names and sum(other.name in names for other in beside) > 1:
            return heading
    return "Options"
