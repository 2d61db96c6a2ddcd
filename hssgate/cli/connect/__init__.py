"""How the command line connects: variables, profile file, credentials, endpoints."""
