"""Command line: the only package that reads the environment, prints, writes files and exits."""
