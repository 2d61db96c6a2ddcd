"""Console summary at the end of a run: blocked images first, and the verdict in the last line."""

from collections.abc import Sequence

from hssgate.durations import format_duration
from hssgate.policy.load import BUILT_IN
from hssgate.reports.console_lines import Lines
from hssgate.reports.explanation import MORE, Explanation, entries_to_paste, explanation_of
from hssgate.reports.findings import detail_line, ignored_lines, listed_line, worst_details
from hssgate.reports.image_facts import with_same_checks, worst_first
from hssgate.reports.language import check_message, translate, translate_count, translate_message
from hssgate.reports.tone import Paint, Tone
from hssgate.reports.wording import read_on, reason, tally
from hssgate.text import clean
from hssgate.verdict import Check, ImageVerdict, Outcome, Result, Verdict

_MOST_FINDINGS = 10
_LEAST_LINES = 3  # of a list, of each of several blocked images
_MOST_ENTRIES = 5  # to paste
_MOST_NAMES = 10  # of blocked images in the last line
_FEW = 10  # images, whose checks are all shown
_MOST_IN_FULL = 10  # blocked images
_LONGEST_PROOF = 200

_TONES: dict[Result | Outcome, Tone] = {
    Result.PASSED: "good",
    Result.FAILED: "bad",
    Result.ERROR: "bad",
    Result.WARNED: "warn",
    Result.SKIPPED: "dim",
    Outcome.PASSED: "good",
    Outcome.BLOCKED: "bad",
    Outcome.ERROR: "bad",
}


def render(
    verdict: Verdict, paint: Paint, width: int | None = None, earlier: Sequence[tuple[Outcome, str]] = ()
) -> str:
    """Return the summary: blocked images and what to do, errors, passes with warnings, passes, the verdict.

    Args:
        verdict: the verdict to show.
        paint: colours a word, if the terminal supports it.
        width: columns of the terminal; None where lines are not broken.
        earlier: for each image its earlier outcome and the saved report with it, in place of the waiting time.
    """
    return "\n".join([*_Summary(verdict, paint, width, earlier).lines(), headline(verdict, paint)])


def render_quiet(verdict: Verdict, paint: Paint) -> str:
    """Return the checks that keep images from passing, a line each, and the verdict."""
    lines = [
        f"{clean(image.reference.text)}: {check_message(check)}"
        for image in verdict.images
        for check in image.checks
        if check.result in (Result.FAILED, Result.ERROR)
    ]
    return "\n".join([*lines, headline(verdict, paint)])


def headline(verdict: Verdict, paint: Paint) -> str:
    """Return the verdict in one line, with the names of blocked images."""
    word = paint(translate(verdict.outcome.value).upper(), _TONES[verdict.outcome])
    blocked = [clean(image.reference.text) for image in verdict.images if image.outcome is Outcome.BLOCKED]
    more = [translate("{count} more", count=len(blocked) - _MOST_NAMES)] if len(blocked) > _MOST_NAMES else []
    names = f": {', '.join([*blocked[:_MOST_NAMES], *more])}" if blocked else ""
    code = translate("exit code {code}", code=int(verdict.exit_code))
    return f"hssgate: {word} ({tally(verdict)}), {code}{names}"


class _Summary:
    """The lines above the last one."""

    def __init__(
        self, verdict: Verdict, paint: Paint, width: int | None, earlier: Sequence[tuple[Outcome, str]]
    ) -> None:
        self._verdict = verdict
        self._paint = paint
        self._lines = Lines(paint, width)
        # By identity, because several saved reports may be about one image.
        self._earlier = dict(zip(map(id, verdict.images), earlier, strict=False))
        self._explanations = {
            id(image): found
            for image in verdict.images
            if (found := explanation_of(image, verdict.policies)) is not None
        }
        self._are_many = len(verdict.images) > _FEW
        blocked = max(len(self._explanations), 1)
        self._most = max(_MOST_FINDINGS // blocked, _LEAST_LINES)
        if self._are_many and blocked > 1:
            self._most = _LEAST_LINES

    def lines(self) -> list[str]:
        images = self._verdict.images
        blocked = [image for image in images if image.outcome is Outcome.BLOCKED]
        errors = [image for image in images if image.outcome is Outcome.ERROR]
        passed = [image for image in images if image.outcome is Outcome.PASSED]
        clean_passes = [image for image in passed if not _noted(image)]
        return [
            *self._blocked(blocked),
            *self._what_to_do([*self._explanations.values()]),
            *self._alike(errors),
            *self._alike([image for image in passed if _noted(image)]),
            *(line for image in clean_passes for line in self._pass(image)),
            *self._run_errors(),
            *self._read_on(),
        ]

    def _blocked(self, images: Sequence[ImageVerdict]) -> list[str]:
        """Return blocked images in full; of many, only the worst of those about which more is known."""
        if not self._are_many:
            return [line for image in images for line in self._in_full(image)]
        known = [image for image in images if image.findings or image.details]
        in_full = worst_first(known)[:_MOST_IN_FULL] if len(known) > _MOST_IN_FULL else known
        shown = set(map(id, in_full))
        others = [image for image in images if id(image) not in shown]
        in_brief = self._alike(others) if len(others) <= _MOST_IN_FULL else self._in_a_line(others)
        return [*(line for image in in_full for line in self._in_full(image)), *in_brief]

    def _in_full(self, image: ImageVerdict) -> list[str]:
        """Return an image with all of its checks; of many images without those that hold."""
        shown = [check for check in image.checks if not self._are_many or check.result is not Result.PASSED]
        fewer = _LEAST_LINES - 1 if self._are_many else self._most
        explanation = self._explanations.get(id(image))
        findings, behind = (explanation.findings, {*explanation.details}) if explanation else ((), set())
        found = (one for one in worst_details(image.details) if one in behind or not one.ignored_by)
        details = [detail_line(listed) for listed in found]
        return [
            self._head(image),
            *(line for check in shown for line in self._check(check)),
            *self._some([listed_line(listed) for listed in findings], "finding", self._most),
            *self._some(details, "found", fewer),
            *self._some(ignored_lines(image), "ignored", fewer),
        ]

    def _pass(self, image: ImageVerdict) -> list[str]:
        """Return one line for a pass among other images; the only image is shown in full."""
        return self._in_full(image) if len(self._verdict.images) == 1 else [self._head(image)]

    def _alike(self, images: Sequence[ImageVerdict]) -> list[str]:
        """Return images with the checks that do not hold; checks that are the same for several are shown once."""
        lines = []
        for group in with_same_checks(images):
            first, *others = group
            if others:
                lines += self._together(group)
            else:
                lines += self._in_brief(first) if self._are_many else self._in_full(first)
        return lines

    def _together(self, images: Sequence[ImageVerdict]) -> list[str]:
        """Return images whose checks are the same."""
        checks = [check for check in images[0].checks if check.result not in (Result.PASSED, Result.SKIPPED)]
        number = f" ({translate_count(len(images), 'image')})"
        return [*(line for check in checks for line in self._check(check, number)), *map(self._head, images)]

    def _in_brief(self, image: ImageVerdict) -> list[str]:
        checks = [check for check in image.checks if check.result not in (Result.PASSED, Result.SKIPPED)]
        return [self._head(image), *(line for check in checks for line in self._check(check))]

    def _in_a_line(self, images: Sequence[ImageVerdict]) -> list[str]:
        """Return blocked images beyond those in full, each with the first of its reasons; the same ones together."""
        lines = []
        for group in with_same_checks(images):
            first, *others = group
            lines += self._together(group) if others else [f"{self._head(first)}: {reason(first)}"]
        return lines

    def _what_to_do(self, explanations: Sequence[Explanation]) -> list[str]:
        if not explanations:
            return []
        rules: dict[str, dict[str, None]] = {}
        for rule, remedy in dict.fromkeys(remedy for one in explanations for remedy in one.remedies):
            rules.setdefault(remedy, {})[rule] = None
        contacts = dict.fromkeys(contact for one in explanations for contact in one.contacts)
        entries = entries_to_paste(explanations, min(_MOST_ENTRIES, self._most - 1))
        is_built_in = all(source.path == BUILT_IN for source in self._verdict.policies)
        where = translate("a policy (`hssgate policy init` writes one)") if is_built_in else translate("the policy")
        heading = translate("to let it pass, with a reason of yours, in {policy}:", policy=where)
        return [
            self._paint(translate("what to do:"), "bold"),
            *(
                line
                for remedy, names in rules.items()
                for line in self._lines.broken(f"  {', '.join(names)}: ", translate(remedy))
            ),
            *(line for contact in contacts for line in self._lines.broken(f"  {translate('ask: ')}", contact)),
            *self._lines.broken(
                f"  {translate('more: ')}",
                translate(MORE),
            ),
            *([*self._dim("  ", heading), *entries.splitlines()] if entries else []),
        ]

    def _dim(self, start: str, text: str) -> list[str]:
        return [self._paint(line, "dim") for line in self._lines.broken(start, text)]

    def _run_errors(self) -> list[str]:
        """Return a line for each error of the run that belongs to no image."""
        found = self._verdict.run_errors
        return [
            line for error in found for line in self._lines.labelled("error", "bad", f"run: {clean(error.message)}")
        ]

    def _read_on(self) -> list[str]:
        """Return where the exit code is explained; for a block, what to do names it."""
        page = read_on(self._verdict.exit_code)
        return self._lines.broken(translate("more: "), page) if self._verdict.outcome is Outcome.ERROR else []

    def _head(self, image: ImageVerdict) -> str:
        word = self._paint(translate(image.outcome.value), _TONES[image.outcome])
        if id(image) in self._earlier:
            outcome, report = self._earlier[id(image)]
            note = translate("was {outcome} in {report}", outcome=translate(outcome.value), report=report)
        else:
            note = "; ".join([self._waited(image), *self._proof(image)])
        return f"{self._paint(clean(image.reference.text), 'bold')}: {word} ({note})"

    def _proof(self, image: ImageVerdict) -> list[str]:
        """Return what proved an image that passed among others; of the only image, the check of freshness has it."""
        is_alone = len(self._verdict.images) == 1
        proof = None if is_alone or image.outcome is not Outcome.PASSED else image.reference.proof_of(image.row)
        return [clean(translate_message(proof), _LONGEST_PROOF)] if proof else []

    @staticmethod
    def _waited(image: ImageVerdict) -> str:
        return translate(
            "waited {duration}, {polls}",
            duration=format_duration(image.waited_seconds),
            polls=translate_count(image.polls, "poll"),
        )

    def _check(self, check: Check, of: str = "") -> list[str]:
        where = clean(check.name.removeprefix(check.rule).strip(" ()"))
        text = check_message(check) + (f"  [{where}]" if where else "") + of
        return self._lines.labelled(check.result.value, _TONES[check.result], text)

    def _some(self, texts: Sequence[str], word: str, most: int) -> list[str]:
        """Return as many lines as are shown of an image, and how many there are beyond them."""
        shown = [*texts[:most]]
        if len(texts) > most:
            more = translate("and {count} more, see the reports", count=len(texts) - most)
            shown = [*shown[:-1], f"{shown[-1]}; {more}"] if self._are_many else [*shown, more]
        return [line for text in shown for line in self._lines.labelled(word, "dim", text)]


def _noted(image: ImageVerdict) -> bool:
    """Whether an image that passed has a check to be shown: one that warns."""
    return any(check.result is Result.WARNED for check in image.checks)
