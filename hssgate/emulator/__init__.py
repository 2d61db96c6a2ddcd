"""Emulator of the HSS API: shares no code with the client, so that each tests the other."""
