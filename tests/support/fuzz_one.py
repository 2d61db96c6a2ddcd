"""Feeds one target with inputs of atheris: `python -m tests.support.fuzz_one TARGET [libFuzzer's options]`."""

import sys

import atheris

with atheris.instrument_imports(include=["hssgate"]):
    from tests.support.fuzz_targets import TARGETS


def main() -> None:
    """Fuzz; never returns."""
    target = TARGETS[sys.argv[1]]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
