"""Connection settings of the command line: variables, profile file, credentials, endpoints."""
