"""The HSS API: paths, parameters, status codes and JSON on one side, typed rows and errors on the other."""
