"""The layout of the code: a module has one subject and fits on a few screens, and few lie outside of the packages."""

from pathlib import Path

ROOT = Path(__file__).parents[2] / "hssgate"
LONGEST = 250  # lines of a module
MOST_ON_TOP = 16  # modules that belong to no package
TABLES = {"reports/chinese.py": "each text of a report beside its translation"}


def test_modules_are_short_but_for_tables() -> None:
    """A longer one has two subjects, or two ways to do one thing."""
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.rglob("*.py")
    }

    assert {name for name, count in lines.items() if count > LONGEST} == set(TABLES)


def test_few_modules_belong_to_no_package() -> None:
    """What all packages use, and what joins them; anything else belongs to one activity."""
    assert len(list(ROOT.glob("*.py"))) <= MOST_ON_TOP
