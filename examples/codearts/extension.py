"""Packs the CodeArts Pipeline extension: `make codearts`.

The package is the folder `extension` with `gate.sh` in its scripts. It is the same for the same files,
whenever it is packed.
"""

import json
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOLDER = Path(__file__).parent / "extension"
_BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)  # of a zip
_EXECUTABLE = 0o755 << 16
_PLAIN = 0o644 << 16


def contents() -> dict[str, bytes]:
    """Return the files of the package by their path in it."""
    files = {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in _FOLDER.rglob("*") if path.is_file()}
    files["scripts/gate.sh"] = (ROOT / "examples" / "gate.sh").read_bytes()
    return files


def pack(folder: Path) -> Path:
    """Write the package into a folder, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    version = json.loads(contents()["codearts-extension.json"])["version"]
    path = folder / f"hssgate-codearts-{version}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in sorted(contents().items()):
            entry = zipfile.ZipInfo(name, _BEGINNING_OF_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _EXECUTABLE if name.startswith("scripts/") else _PLAIN
            package.writestr(entry, data)
    return path


if __name__ == "__main__":
    print(pack(ROOT / "dist"))
