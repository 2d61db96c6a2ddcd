"""Selftest: situations with one expected result each, run with the real command and the emulator."""
