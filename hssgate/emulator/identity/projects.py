"""The projects that there are, by region and by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hssgate.emulator.mint import lasting_id


@dataclass(frozen=True)
class Project:
    """A project.

    Args:
        id: of the project.
        name: that of its region.
    """

    id: str
    name: str


class Projects:
    """All projects.

    Args:
        regions: ids of the projects of each region; None: any region has those that exist.
        existing: ids of those that exist; None: any does, and each region has one.
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
            ids = (lasting_id("project", region),)
        return [Project(project_id, region) for project_id in ids]

    def with_id(self, project_id: str) -> Project | None:
        """Return the project of an id; where any exists it is named by its id."""
        if self._regions is not None:
            return next((project for project in self.all() if project.id == project_id), None)
        if self._existing is not None and project_id not in self._existing:
            return None
        return Project(project_id, project_id)

    def all(self) -> list[Project]:
        """Return those of all regions; where any region has some, none is named."""
        return [project for region in self._regions or () for project in self.named(region)]
