"""Selftest: situations with one right answer each, played with the real command and the emulator."""
