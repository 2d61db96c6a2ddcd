"""Tones of words on a terminal."""

from collections.abc import Callable
from typing import Literal

Tone = Literal["good", "bad", "warn", "dim", "bold"]
Paint = Callable[[str, Tone], str]
