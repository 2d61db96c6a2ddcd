"""Copies the parts that the examples and the GitLab template share into each of them: `make copies`.

A copy is between a line that ends with `# --- action/NAME` and one with `# --- end`, indented as the former. The
template is also copied as a whole, to where GitLab looks for a CI/CD component.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE, COMPONENT = "gitlab-ci-template.yml", "templates/hssgate/template.yml"
COPIES = (TEMPLATE, "examples/gate.sh", "examples/Jenkinsfile")
_COPY = re.compile(
    r"^(?P<indent> *)(?P<begin>[^\n]*# --- (?P<source>action/\S+)\n).*?^(?P<end> *# --- end)", re.MULTILINE | re.DOTALL
)


def copied(text: str) -> str:
    """Return a file with its copies updated."""
    return _COPY.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    source = (ROOT / found["source"]).read_text(encoding="utf-8")
    indented = (f"{found['indent']}{line}".rstrip() + "\n" for line in source.splitlines())
    return f"{found['indent']}{found['begin']}{''.join(indented)}{found['end']}"


if __name__ == "__main__":
    for path in (ROOT / name for name in COPIES):
        path.write_text(copied(path.read_text(encoding="utf-8")), encoding="utf-8")
    (ROOT / COMPONENT).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / COMPONENT).write_bytes((ROOT / TEMPLATE).read_bytes())
