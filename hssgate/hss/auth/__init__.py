"""Authentication: a file for each `httpx.Auth`; the signing itself is pure."""
