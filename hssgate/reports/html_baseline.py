"""Baseline checks of `cn_standard` (MLPS, 等保) in HTML, as evidence for an audit: failed and passed ones."""

from collections.abc import Iterator

from hssgate.hss.models import DetailKind
from hssgate.policy.rule_kinds import Standard
from hssgate.reports.findings import detail_words, field, worst_details
from hssgate.reports.html_findings import MOST_ROWS, ROOM_OF_ALL_ROWS, notes
from hssgate.reports.html_tables import anchor, badge, fold, row_header, table
from hssgate.reports.image_facts import evidence_values
from hssgate.reports.language import translate
from hssgate.reports.markup import Markup, element, joined, text_element
from hssgate.reports.size_limit import Part, Rank
from hssgate.verdict import ImageVerdict, ListedDetail, Result

_COLUMNS = ("Result", "Severity", "Number", "Check", "About")
_BASELINE = "baseline"


def baseline_part(image: ImageVerdict, number: int, of: int) -> Iterator[Part]:
    """Return the checks of `cn_standard`, failed ones first, if passed ones were read as well."""
    if not _is_whole(image):
        return
    failed = [
        one
        for one in worst_details(image.details)
        if one.kind is DetailKind.BASELINE_BREACH and one.detail.standard == Standard.CN
    ]
    accepted = [one for one in failed if _is_accepted(one, image)]
    failed = [one for one in failed if not _is_accepted(one, image)]
    rows = [
        *(_row(one, Result.FAILED) for one in failed),
        *(_row(one, Result.WARNED) for one in accepted),
        *(_row(one, Result.PASSED) for one in image.passed_checks),
    ]
    caption = translate(
        "{failed} failed, {accepted} failed and accepted by the policy, {passed} passed",
        failed=len(failed),
        accepted=len(accepted),
        passed=len(image.passed_checks),
    )
    listed = table(
        "baseline",
        caption,
        tuple(map(translate, _COLUMNS)),
        rows[: MOST_ROWS // of],
        room=ROOM_OF_ALL_ROWS // of,
        left_out=max(len(rows) - MOST_ROWS // of, 0),
    )
    heading = f"{translate('Baseline checks of MLPS (等保, cn_standard)')} ({len(rows)})"
    body = joined(_subject(image), listed)
    yield Part(Rank.DETAILS, fold(heading, body, id=anchor(number, _BASELINE)))


def _is_whole(image: ImageVerdict) -> bool:
    """Whether passed checks were read: with a rule on the baseline, or because everything was."""
    has_rule = any(_BASELINE in one.rules for one in image.in_force)
    return bool(image.passed_checks) or (has_rule and DetailKind.BASELINE_BREACH in image.details_read)


def _is_accepted(listed: ListedDetail, image: ImageVerdict) -> bool:
    """Whether every policy with a rule on the baseline ignores a failed check, or any policy if none has the rule."""
    judging = {one.policy for one in image.in_force if one.group == listed.group and _BASELINE in one.rules}
    return bool(listed.ignored_by) and judging <= {path for path, _ in listed.ignored_by}


def _subject(image: ImageVerdict) -> Markup:
    """Return what was checked and when, so that the section can stand alone."""
    known = [(translate("image"), image.reference.text), *evidence_values(image)]
    return element("dl", *(joined(element("dt", name), element("dd", element("code", value))) for name, value in known))


def _row(listed: ListedDetail, result: Result) -> Markup:
    detail = listed.detail
    what, about = detail_words(detail)
    word = translate("accepted") if result is Result.WARNED else None
    return element(
        "tr",
        element("td", badge(result, word)),
        element("td", field(detail.severity)),
        row_header(element("code", field(detail.check_rule_id))),
        text_element("td", what),
        element("td", *notes(about, listed)),
    )
