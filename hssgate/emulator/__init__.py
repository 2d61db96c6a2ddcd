"""A stand-in for the HSS API: shares no code with the client, so that each is a witness against the other."""
