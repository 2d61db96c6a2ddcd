"""JUnit report of a selftest: a suite per theme, a case per situation."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from hssgate.reports.junit import LEAST_SECONDS, TestCase, TestSuite, to_xml
from hssgate.selftest.run import Agreement, SituationResult
from hssgate.selftest.situation import Theme
from hssgate.selftest.tables import details_of
from hssgate.text import clean


def render(themes: Sequence[Theme], results: Mapping[str, SituationResult]) -> str:
    """Return the report as XML text.

    Args:
        themes: in the order of the suites.
        results: by name of the situation, one for each.
    """
    suites = [
        TestSuite(f"hssgate selftest: {theme.name}", [_case(theme, results[name]) for name in theme.names])
        for theme in themes
    ]
    return to_xml(suites, pretty=True)


def _case(theme: Theme, result: SituationResult) -> TestCase:
    seconds = result.ended.seconds if result.ended else 0.0
    case = TestCase(
        result.situation.situation,
        classname=f"hssgate.selftest.{theme.name}",
        elapsed_sec=max(round(seconds, 3), LEAST_SECONDS),
    )
    message = clean("; ".join(result.problems))
    body = "\n".join([message, *(clean(line) for line in details_of(result))])
    match result.agreement:
        case Agreement.AGREED:
            pass
        case Agreement.DISAGREED:
            case.add_failure_info(message, body, "selftest")
        case Agreement.NOT_PLAYED:
            case.add_error_info(message, body, "not-played")
        case unreachable:
            assert_never(unreachable)
    return case
