"""The pipeline's gate on Huawei Cloud HSS image scans: a doubt is never a pass."""

__version__ = "0.1.0"
