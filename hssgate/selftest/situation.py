"""Situation model: an emulator scenario, the command, and the expected result.

The files are in `situations/`, one for each theme, in the order of their numbers. A file has `title`, `given` (parts to
refer to) and `situations`:

    - name: clean                   # argument of `hssgate selftest NAME`; unique over all files
      situation: the scan finished an hour ago, and all is well      # sentence in the table
      scenario:                     # as in docs/emulator.md, but time begins with the first request
        images: [...]
      policy: "rules: {vulnerabilities: 20}"         # hssgate.yaml of a repository of its own
      files: {team.yaml: "rules: {severity: Low}"}   # other files
      folder: services/api          # working folder, below that of the files
      environment: {HSSGATE_TOKEN: emulator-token}   # in addition to the emulator's key
      check: team/app:1.0 --timeout 1s               # arguments of `hssgate check`; or
      run: policy test --endpoint {url}              # another command, which writes no reports
      listens: false                # no server at the address
      signal: {name: SIGTERM, once_said: scanning}   # sent when these words are on stderr
      exit_code: 0
      says: [severity]              # texts in the output, each of them
      never_says: [secret]
      writes: {gl.json: ['"status": "failure"']}     # files in its working folder, and texts in each
      requests: 1                   # to the API; also 2-5 and 2-
      seconds: 9                    # duration, if more than about 3: the longest are started first

All keys except `name`, `situation`, `check` or `run`, and `exit_code` are optional.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from yaml import YAMLError

from hssgate.emulator.document import read_yaml
from hssgate.emulator.faults import Numbers, numbers_of
from hssgate.emulator.model import Scenario
from hssgate.emulator.strict import Flag, StrictModel
from hssgate.exit_codes import ExitCode

FOLDER = Path(__file__).with_name("situations")
POLICY_FILE = "hssgate.yaml"


class Signal(StrictModel):
    """A signal to the process under test.

    Args:
        name: of the signal.
        once_said: text on stderr after which it is sent.
    """

    name: Literal["SIGINT", "SIGTERM"]
    once_said: str


class Situation(StrictModel):
    """A scenario, a command and the expected result; the keys are described at the head of this file."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    situation: str = Field(min_length=1)
    scenario: Scenario = Scenario()
    policy: str | None = None
    files: dict[str, str] = Field(default_factory=dict)
    folder: str = Field(default=".", pattern=r"^(\.|[a-z]+(/[a-z]+)*)$")
    environment: dict[str, str] = Field(default_factory=dict)
    check: str | None = None
    run: str | None = None
    listens: Flag = True
    signal: Signal | None = None
    exit_code: ExitCode
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
    writes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    requests: Annotated[Numbers, BeforeValidator(numbers_of)] | None = None
    seconds: float = 0.0

    @model_validator(mode="after")
    def _a_crash_is_no_answer(self) -> Self:
        if self.exit_code is ExitCode.CRASHED:
            raise ValueError("no situation may expect a crash")
        return self

    @model_validator(mode="after")
    def _one_command(self) -> Self:
        if (self.check is None) is (self.run is None):
            raise ValueError("give either check or run")
        return self

    @property
    def written(self) -> dict[str, str]:
        """Return the files of its repository, by name.

        The `.git` file ends the search for a policy, which could otherwise find one above the temporary folder.
        """
        policy = {} if self.policy is None else {POLICY_FILE: self.policy}
        return {".git": "", **policy, **self.files}


class Theme(StrictModel):
    """Situations about one subject.

    Args:
        name: of its file, without the number.
        title: heading in the table.
        given: parts that the situations refer to.
        situations: in the order of the table.
    """

    name: str
    title: str
    given: Any = None
    situations: tuple[Situation, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of its situations."""
        return tuple(situation.name for situation in self.situations)


def load_themes(folder: Path = FOLDER) -> tuple[Theme, ...]:
    """Return all situations.

    Args:
        folder: of the files.

    Raises:
        ValueError: a file is not valid, or two situations have one name.
    """
    themes = tuple(_read(path) for path in sorted(folder.glob("*.yaml"), key=_number))
    names = [name for theme in themes for name in (theme.name, *theme.names)]
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{folder}: named twice: {', '.join(doubles)}")
    return themes


def chosen(themes: Iterable[Theme], wanted: Sequence[str]) -> tuple[Theme, ...]:
    """Return the themes, reduced to the selected situations.

    Args:
        themes: all themes.
        wanted: names of situations or themes; empty: all.

    Raises:
        LookupError: a name is unknown; it is the argument of the error.
    """
    known = {name for theme in themes for name in (theme.name, *theme.names)}
    for name in wanted:
        if name not in known:
            raise LookupError(name)
    if not wanted:
        return tuple(themes)
    kept = [
        theme
        if theme.name in wanted
        else theme.model_copy(update={"situations": tuple(found for found in theme.situations if found.name in wanted)})
        for theme in themes
    ]
    return tuple(theme for theme in kept if theme.situations)


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[0])


def _read(path: Path) -> Theme:
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
        return Theme.model_validate({"name": path.stem.partition("-")[2], **document})
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        lines = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults]
        raise ValueError(f"{path.name}: {'; '.join(lines)}") from error
    except (YAMLError, TypeError) as error:
        raise ValueError(f"{path.name}: {error}") from error
