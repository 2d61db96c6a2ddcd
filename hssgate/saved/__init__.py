"""Saved JSON reports: read, checked for consistency, and judged again."""
