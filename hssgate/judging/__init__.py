"""Judging: from what was observed of an image to its verdict."""
