"""What is copied into the files that users copy: each copy is as its source, and its source can be copied."""

from pathlib import Path

import pytest

from action.copies import COMPONENT, COPIES, ROOT, TEMPLATE, copied


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_as_its_source(name: str) -> None:
    """`make copies` would change nothing."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert text.count("# --- action/attended.sh\n") == text.count("# --- action/private_venv.py\n") == 1
    assert copied(text) == text


def test_the_component_is_the_template() -> None:
    """GitLab looks for a component in a folder of its own, and takes no link."""
    assert (ROOT / COMPONENT).read_bytes() == (ROOT / TEMPLATE).read_bytes()


def test_a_copy_that_differs_is_found() -> None:
    """In a line that was changed by hand."""
    text = (ROOT / COPIES[0]).read_text(encoding="utf-8")

    assert copied(text.replace("shutil.rmtree", "shutil.move")) == text


@pytest.mark.parametrize("name", ["attended.sh", "private_venv.py"])
def test_what_is_copied_survives_groovy_and_the_shell(name: str) -> None:
    """Groovy takes a backslash and three apostrophes for its own; the Python stands between two apostrophes of the shell."""
    text = Path(ROOT, "action", name).read_text(encoding="utf-8")

    assert "\\" not in text
    assert "'''" not in text
    assert name.endswith(".sh") or "'" not in text
