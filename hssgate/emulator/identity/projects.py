"""Projects by region and by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hssgate.emulator.generated import stable_id


@dataclass(frozen=True)
class Project:
    """A project.

    Args:
        id: of the project.
        name: name of its region.
    """

    id: str
    name: str


class Projects:
    """All projects.

    Args:
        regions: project ids of each region; None: every region has all existing projects.
        existing: ids of all projects; None: every id exists, and each region has one project.
    """

    def __init__(self, regions: Mapping[str, Sequence[str]] | None, existing: Sequence[str] | None) -> None:
        self._regions = regions
        self._existing = existing

    def named(self, region: str) -> list[Project]:
        """Return the projects of a region."""
        if self._regions is not None:
            ids: Sequence[str] = self._regions.get(region, ())
        elif self._existing is not None:
            ids = self._existing
        else:
            ids = (stable_id("project", region),)
        return [Project(project_id, region) for project_id in ids]

    def with_id(self, project_id: str) -> Project | None:
        """Return the project with an id; if every id exists, the id is also its name."""
        if self._regions is not None:
            return next((project for project in self.all() if project.id == project_id), None)
        if self._existing is not None and project_id not in self._existing:
            return None
        return Project(project_id, project_id)

    def all(self) -> list[Project]:
        """Return the projects of all regions; empty if the regions are not listed."""
        return [project for region in self._regions or () for project in self.named(region)]
