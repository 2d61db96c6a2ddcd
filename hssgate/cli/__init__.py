"""The command line: the only part that reads the environment, prints, writes files and exits."""
