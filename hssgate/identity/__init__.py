"""Identity of a pushed image: the digests by which HSS may name it."""
