"""CI/CD identifiers: those of the scenario, else those of its images."""

import hashlib
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from hssgate.emulator.images import Image
from hssgate.emulator.query_parameters import ConfigurationParameters
from hssgate.emulator.rows import Row
from hssgate.emulator.selection import Match


class Identifiers:
    """All CI/CD identifiers. Not thread-safe.

    Args:
        named: their names; None: those of the images, in the images' enterprise projects.
        match: whether the filter `cicd_name` matches a substring or the whole name.
    """

    def __init__(self, named: Sequence[str] | None, match: Match) -> None:
        self._named = named
        self._match = match
        self._borne: dict[tuple[str, str], None] = {}  # name and enterprise project, in order of arrival

    def add(self, image: Image) -> None:
        """Add the identifiers of all states of an image."""
        for state in image.timeline or (image,):
            given = state.model_fields_set
            name = state.cicd_name if "cicd_name" in given else image.cicd_name
            project = (state if "enterprise_project_id" in given else image).enterprise_project_id
            if name is not None:
                self._borne[name, project] = None

    def page(self, parameters: ConfigurationParameters, rows: Iterable[Row]) -> tuple[int, list[dict[str, JsonValue]]]:
        """Return the number of identifiers that match, and those of the page as JSON.

        Args:
            parameters: the filter and the page.
            rows: all rows listed now; they are counted by identifier.
        """
        borne = (name for name, project in self._borne if parameters.enterprise_project_id in {None, project})
        names = [
            name
            for name in dict.fromkeys(borne if self._named is None else self._named)
            if self._is_wanted(name, parameters.cicd_name) and parameters.cicd_id in {None, _id_of(name)}
        ]
        shown = names[parameters.page.offset : parameters.page.offset + parameters.page.limit]
        images = dict.fromkeys(shown, 0)
        for row in rows:
            if row.cicd_name in images and parameters.enterprise_project_id in {None, row.enterprise_project_id}:
                images[row.cicd_name] += 1
        return len(names), [
            {
                "cicd_id": _id_of(name),
                "cicd_name": name,
                "associated_images_num": images[name],
                "associated_config_num": 0,
            }
            for name in shown
        ]

    def _is_wanted(self, name: str, wanted: str | None) -> bool:
        if wanted is None:
            return True
        return wanted in name if self._match == "contains" else wanted == name


def _id_of(name: str) -> str:
    return hashlib.sha256(f"cicd {name}".encode()).hexdigest()[:32]
