"""Secrets in output: their encodings, and the redactor that masks them."""
