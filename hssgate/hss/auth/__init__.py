"""Ways in: each file an `httpx.Auth`; the signing itself is pure."""
