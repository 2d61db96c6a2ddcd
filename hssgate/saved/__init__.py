"""Reads saved JSON reports, checks their consistency and judges them again."""
