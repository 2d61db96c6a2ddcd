"""Policies: reads files into frozen models and judges rows by their rules."""
