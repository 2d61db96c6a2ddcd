"""Client of the HSS API: typed rows and errors on one side, HTTP and JSON on the other."""
