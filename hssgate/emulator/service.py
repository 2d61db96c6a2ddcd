"""What the service answers to a valid question."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from pydantic import JsonValue

from hssgate.emulator.details import check_rules_of, cut, findings_of, malwares_of, sensitive_of
from hssgate.emulator.identifiers import Identifiers
from hssgate.emulator.images import Image
from hssgate.emulator.notices import Notices
from hssgate.emulator.operations import Question
from hssgate.emulator.query import Query
from hssgate.emulator.questions import (
    CheckRulesQuestion,
    ConfigurationsQuestion,
    CveQuestion,
    MalwareQuestion,
    SensitiveQuestion,
    VulnerabilitiesQuestion,
)
from hssgate.emulator.register import Register
from hssgate.emulator.rows import Row
from hssgate.emulator.selection import Match


class Service:
    """All that the API knows of images. Not safe for use by several threads at once.

    Args:
        match: how text filters compare of which the manual does not say it.
        cicd: names of CI/CD identifiers; None: those that the images bear.
    """

    def __init__(self, match: Match, cicd: Sequence[str] | None) -> None:
        self._match = match
        self._register = Register(match)
        self._notices = Notices()
        self._identifiers = Identifiers(cicd, match)

    def add(self, images: Iterable[Image], started: float) -> None:
        """List images.

        Args:
            images: the images.
            started: epoch seconds from which their timelines count.
        """
        for image in images:
            self._register.add(image, started)
            self._notices.add(image)
            self._identifiers.add(image)

    def rows(self, now: float) -> list[Row]:
        """Return all rows at a moment, in the order of the API's default."""
        return self._register.rows(now)

    def answer(self, question: Question, now: float) -> tuple[int, list[dict[str, JsonValue]]]:
        """Return how many rows the answer has on all pages, and those of the page.

        Args:
            question: what is asked.
            now: epoch seconds.
        """
        match question:
            case Query():
                total, rows = self._register.page(question, now)
                shown = total, [row.as_json() for row in rows]
            case CveQuestion(vul_id=vul_id, page=page):
                shown = cut(self._notices.cves(vul_id), page)
            case ConfigurationsQuestion():
                shown = self._identifiers.page(question, self._register.rows(now))
            case VulnerabilitiesQuestion(which=which):
                shown = findings_of(self._register.images(which, now), question, self._match)
            case MalwareQuestion(which=which):
                shown = malwares_of(self._register.images(which, now), question)
            case SensitiveQuestion(which=which):
                shown = sensitive_of(self._register.images(which, now), question, self._match)
            case CheckRulesQuestion(which=which):
                shown = check_rules_of(self._register.images(which, now), question)
            case _:
                assert_never(question)
        return shown
