"""Gate for CI pipelines on the image scans of Huawei Cloud HSS: in doubt it fails."""

__version__ = "0.1.0"
