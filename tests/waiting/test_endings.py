"""Why the wait for an image ends: calls that HSS refuses, and the option whose time was up."""

from collections.abc import Sequence

import pytest

from hssgate.errors import CallRefused, Exchange, RequestRefused
from hssgate.waiting.states import Ending
from tests.waiting.test_polls import APP, BUSY, DONE, FOURTH, OTHER, SCANNING, THIRD, Brought, Desk, row

FORBIDDEN = CallRefused("HTTP 403", Exchange(403))
INVALID = RequestRefused("HTTP 400", Exchange(400))
ANSWERED = "its rows"
REFUSED, ENDED = Ending.REFUSED, Ending.ENDED


@pytest.mark.parametrize(
    ("answers", "endings", "asked"),
    [
        pytest.param([FORBIDDEN, ANSWERED, ANSWERED, ANSWERED], [REFUSED, ENDED, ENDED, ENDED], 4, id="one"),
        pytest.param([FORBIDDEN, FORBIDDEN, ANSWERED, ANSWERED], [REFUSED] * 4, 2, id="two, one after the other"),
        pytest.param([FORBIDDEN, INVALID, FORBIDDEN, ANSWERED], [REFUSED] * 4, 3, id="two, and a request refused between"),
        pytest.param([FORBIDDEN, ANSWERED, FORBIDDEN, ANSWERED], [REFUSED, ENDED, REFUSED, ENDED], 4, id="two, and an answer between"),
        pytest.param([ANSWERED, FORBIDDEN, FORBIDDEN, ANSWERED], [ENDED, REFUSED, REFUSED, REFUSED], 3, id="two after an answer"),
        pytest.param([INVALID, INVALID, INVALID, ANSWERED], [REFUSED, REFUSED, REFUSED, ENDED], 4, id="requests refused"),
    ],
)  # fmt: skip
def test_two_calls_refused_with_no_answer_between_end_the_wait_for_all(
    answers: Sequence[Brought | str], endings: list[Ending], asked: int
) -> None:
    """The first may be of one image, as by a firewall; a request refused for what it holds says nothing of others."""
    desk = Desk()
    references = (APP, OTHER, THIRD, FOURTH)
    groups = [
        desk.poll_group(
            reference, brings=[(row("failed", reference.image_name),) if isinstance(answer, str) else answer]
        )
        for reference, answer in zip(references, answers, strict=True)
    ]

    observations = desk.poll(*groups)

    assert [observations[reference].ending for reference in references] == endings
    assert len(desk.taken) == asked


@pytest.mark.parametrize(
    ("brings", "ending", "time_up"),
    [
        pytest.param((), Ending.TIMED_OUT, "--appear-timeout", id="not listed"),
        pytest.param(SCANNING, Ending.TIMED_OUT, "--timeout", id="scanning"),
        pytest.param(DONE, Ending.ENDED, "", id="ended"),
        pytest.param(BUSY, Ending.UNANSWERED, "", id="not answered"),
    ],
)
def test_the_option_whose_time_was_up_is_named(brings: Brought, ending: Ending, time_up: str) -> None:
    """Only where time was the reason."""
    desk = Desk()

    observation = desk.poll(desk.poll_group(APP, brings=[brings]))[APP]

    assert (observation.ending, observation.time_up) == (ending, time_up)
