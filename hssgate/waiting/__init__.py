"""Waiting for scans: the polling loop, its schedule, the state of each image, and groups of rows."""
