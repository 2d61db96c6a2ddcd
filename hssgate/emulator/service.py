"""The HSS service behind the gateway: rows and details for valid requests."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from pydantic import JsonValue

from hssgate.emulator.details import check_rules_of, cut, findings_of, malwares_of, sensitive_of
from hssgate.emulator.identifiers import Identifiers
from hssgate.emulator.images import Image
from hssgate.emulator.notice_list import notices_of
from hssgate.emulator.notice_parameters import NoticeParameters
from hssgate.emulator.notices import Notices
from hssgate.emulator.operations import ListParameters
from hssgate.emulator.query import Query
from hssgate.emulator.query_parameters import (
    CheckRuleParameters,
    ConfigurationParameters,
    CveParameters,
    MalwareParameters,
    QuotaParameters,
    SensitiveFileParameters,
    VulnerabilityParameters,
)
from hssgate.emulator.quota import Quota
from hssgate.emulator.register import Register
from hssgate.emulator.row_dialect import RowDialect
from hssgate.emulator.rows import Row
from hssgate.emulator.selection import Match


class Service:
    """All images with their details. Not thread-safe.

    Args:
        match: whether text filters match a substring or the whole text, where the manual does not define it.
        cicd: names of CI/CD identifiers; None: those of the images.
        dialect: how rows are filled.
        quota: numbers of scans.
    """

    def __init__(self, match: Match, cicd: Sequence[str] | None, dialect: RowDialect, quota: Quota) -> None:
        self._match = match
        self._quota = quota
        self._register = Register(match, dialect)
        self._notices = Notices()
        self._identifiers = Identifiers(cicd, match)

    def add(self, images: Iterable[Image], started: float) -> None:
        """Add images.

        Args:
            images: the images.
            started: start of their timelines in epoch seconds.
        """
        for image in images:
            self._register.add(image, started)
            self._notices.add(image, started)
            self._identifiers.add(image)

    def rows(self, now: float) -> list[Row]:
        """Return all rows at a moment, in the API's default order."""
        return self._register.rows(now)

    def statistics(self, parameters: QuotaParameters, now: float) -> dict[str, JsonValue]:
        """Return the numbers of scans of an enterprise project."""
        project = parameters.enterprise_project_id
        return self._quota.statistics(
            row for row in self._register.rows(now) if project in {None, row.enterprise_project_id}
        )

    def page(self, parameters: ListParameters, now: float) -> tuple[int, list[dict[str, JsonValue]]]:
        """Return the number of rows on all pages, and the rows of the page.

        Args:
            parameters: of the call.
            now: epoch seconds.
        """
        match parameters:
            case Query():
                total, rows = self._register.page(parameters, now)
                shown = total, [row.as_json() for row in rows]
            case CveParameters(vul_id=vul_id, page=page):
                shown = cut(self._notices.cves(vul_id), page)
            case NoticeParameters(selector=selector):
                shown = notices_of(self._register.images(selector, now), parameters, self._notices.cves)
            case ConfigurationParameters():
                shown = self._identifiers.page(parameters, self._register.rows(now))
            case VulnerabilityParameters(selector=selector):
                shown = findings_of(self._register.images(selector, now), parameters, self._match)
            case MalwareParameters(selector=selector):
                shown = malwares_of(self._register.images(selector, now), parameters)
            case SensitiveFileParameters(selector=selector):
                shown = sensitive_of(self._register.images(selector, now), parameters, self._match)
            case CheckRuleParameters(selector=selector):
                shown = check_rules_of(self._register.images(selector, now), parameters)
            case _:
                assert_never(parameters)
        return shown
