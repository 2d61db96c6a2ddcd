"""Explanation of a block: the rules that block, what is behind each, what lifts it, and whom to ask.

Every report shows it from this one value, so that they agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hssgate.hss.models import CicdImage, DetailKind, Finding
from hssgate.policy.globs import image_glob, literal, path_of
from hssgate.policy.rule_table import DENY, RULES, SPECS
from hssgate.record import record
from hssgate.reports.findings import WHY, detail_line, ignore_entries_for, listed_line, quoted, worst_details
from hssgate.reports.language import translate, translate_count
from hssgate.text import clean
from hssgate.verdict import (
    SCAN,
    SEVERITY,
    Check,
    ImageVerdict,
    ListedDetail,
    ListedFinding,
    PolicySource,
    Result,
    counts_for,
)

_BEHIND = {
    SEVERITY: frozenset(DetailKind),
    "unsafe_settings": frozenset({DetailKind.BASELINE_BREACH}),
    **{name: frozenset({spec.detail}) for name, spec in RULES.items() if spec.detail},
}
_OVERRIDDEN = frozenset({SEVERITY, "unsafe_settings"})  # no `ignore` entry lifts them
_NOT_LISTED = "not listed, counted against the image"
_WARN_OF_UNLISTED = "write `unlisted: warn` into the policy to be only warned of what HSS counts and does not list"
_LONGEST_CONTACT = 500
MORE = (  # where to read on
    "https://github.com/hssgate/hssgate/blob/main/docs/troubleshooting.md#exit-code-10 and "
    "`hssgate policy explain IMAGE`"
)


@record
class Cause:
    """A rule that blocks.

    Args:
        check: the rule, with what was found and what is accepted.
        findings: behind it, most severe first.
        details: files or baseline checks behind it.
    """

    check: Check
    findings: tuple[ListedFinding, ...]
    details: tuple[ListedDetail, ...]

    @property
    def remedies(self) -> tuple[str, ...]:
        """What lifts the block."""
        spec = SPECS[self.check.rule]
        counts_unlisted = (spec.needs_findings or self.check.rule == DENY) and _NOT_LISTED in self.check.message
        return (spec.remedy, *([_WARN_OF_UNLISTED] if counts_unlisted else []))

    @property
    def worst(self) -> str:
        """The worst of what is behind the rule, with the number of the others; empty if nothing is known."""
        lines = [listed_line(listed) for listed in self.findings[:1]] or [
            detail_line(listed) for listed in self.details[:1]
        ]
        others = len(self.findings or self.details) - 1
        return f"{lines[0]}{translate(' (and {count} more)', count=others) if others > 0 else ''}" if lines else ""


@record
class Exemption:
    """An override that would let an image pass a rule.

    Args:
        image: glob that fits this image alone.
        rule: its name.
        value: what to accept: what was found.
    """

    image: str
    rule: str
    value: int | str


@record
class Explanation:
    """Why an image is blocked, and what to do.

    Args:
        reference: the image asked for.
        causes: the rules that block, in the order of the checks.
        findings: behind any of them, most severe first.
        details: behind any of them.
        exemptions: overrides that lift rules that no `ignore` entry lifts.
        contacts: of the policies.
    """

    reference: str
    causes: tuple[Cause, ...]
    findings: tuple[ListedFinding, ...]
    details: tuple[ListedDetail, ...]
    exemptions: tuple[Exemption, ...]
    contacts: tuple[str, ...]

    @property
    def remedies(self) -> tuple[tuple[str, str], ...]:
        """What lifts each rule, each rule once."""
        return tuple(dict.fromkeys((cause.check.rule, one) for cause in self.causes for one in cause.remedies))


def explanation_of(image: ImageVerdict, policies: Iterable[PolicySource]) -> Explanation | None:
    """Return why an image is blocked; None if no rule blocks it."""
    failed = [check for check in image.checks if check.result is Result.FAILED]
    if not failed:
        return None
    causes = tuple(_cause(check, image) for check in failed)
    contacts = (clean(source.contact, _LONGEST_CONTACT) for source in policies if source.contact)
    return Explanation(
        reference=image.reference.text,
        causes=causes,
        findings=image.blocking_findings,
        details=tuple(worst_details(dict.fromkeys(detail for cause in causes for detail in cause.details))),
        exemptions=tuple(_exemptions(failed, image)),
        contacts=tuple(dict.fromkeys(contacts)),
    )


def worst_by_check(image: ImageVerdict) -> dict[int, str]:
    """Return the worst of what is behind each rule that blocks, by the identity of its check."""
    explanation = explanation_of(image, ())
    return {id(cause.check): cause.worst for cause in explanation.causes} if explanation else {}


def by_rule(explanation: Explanation) -> list[Explanation]:
    """Return an explanation for each rule that blocks."""
    return [
        replace(
            explanation,
            causes=(cause,),
            findings=cause.findings,
            details=cause.details,
            exemptions=tuple(
                one for one in explanation.exemptions if (one.rule, one.value) == (cause.check.rule, cause.check.actual)
            ),
        )
        for cause in explanation.causes
    ]


def entries_to_paste(explanations: Sequence[Explanation], most: int) -> str:
    """Return `overrides` and `ignore` entries that let the images pass, as YAML; a person gives the reason.

    Args:
        explanations: of blocked images.
        most: findings that get an entry.
    """
    rules: dict[str, dict[str, int | str]] = {}
    for explanation in explanations:
        for one in explanation.exemptions:
            rules.setdefault(one.image, {})[one.rule] = one.value
    images: dict[tuple[tuple[str, int | str], ...], list[str]] = {}
    for image, values in rules.items():
        images.setdefault(tuple(values.items()), []).append(image)
    lines = ["overrides:"] if images else []
    for values_alike, globs in images.items():
        shown = ", ".join(f"{rule}: {value}" for rule, value in values_alike)
        listed = ", ".join(quoted(glob) for glob in globs[:most])
        lines.append(f"  - {{images: [{listed}], rules: {{{shown}}}, reason: {translate(WHY)}}}")
        more = translate_count(len(globs) - most, "more image")
        lines += [f"  # {translate('and {images}', images=more)}"] if len(globs) > most else []
    details = [
        listed
        for explanation in explanations
        for cause in explanation.causes
        for listed in cause.details
        if SPECS[cause.check.rule].detail is listed.kind is not DetailKind.MALICIOUS_FILE  # which is to be taken out
    ]
    entries = ignore_entries_for([*dict.fromkeys(_blamed(explanations))], most, details)
    return "\n".join([*lines, *([entries] if entries else [])])


def _blamed(explanations: Iterable[Explanation]) -> Iterable[Finding]:
    """Yield the findings that rules count, which `ignore` entries take out of the count; none accepts a denied one."""
    for explanation in explanations:
        counted = {finding for cause in explanation.causes for finding in cause.check.broken_by}
        yield from (
            listed.finding for listed in explanation.findings if listed.finding in counted and not listed.denied_by
        )


def _cause(check: Check, image: ImageVerdict) -> Cause:
    groups = _groups(image)
    blamed = set(check.broken_by)
    findings = tuple(
        listed
        for listed in image.blocking_findings
        if groups.get(listed.group) == check.group
        and (counts_for(check, listed) if check.rule == SEVERITY else listed.finding in blamed)
    )
    kinds = _BEHIND.get(check.rule, frozenset())
    breaking = {*check.details}  # where the rule was judged by the list; otherwise all of it is behind the number
    details = (
        listed
        for listed in image.details
        if listed.kind in kinds
        and groups.get(listed.group) == check.group
        and (listed.detail in breaking if breaking else counts_for(check, listed))
    )
    return Cause(check, findings, tuple(worst_details(details)))


def _exemptions(failed: Iterable[Check], image: ImageVerdict) -> Iterable[Exemption]:
    rows = dict(enumerate(group.row for group in image.seen.groups)) if image.seen else {0: image.row}
    by_label = {label: rows.get(number) for number, label in _groups(image).items()}
    for check in failed:
        row = by_label.get(check.group)
        glob = _glob_of(row) if row is not None else None
        if check.rule in _OVERRIDDEN and check.actual is not None and glob is not None:
            yield Exemption(glob, check.rule, check.actual)


def _groups(image: ImageVerdict) -> dict[int, str | None]:
    """Return the label of each group of rows; each has one check of its scan."""
    return dict(enumerate(check.group for check in image.checks if check.rule == SCAN))


def _glob_of(row: CicdImage) -> str | None:
    """Return the image glob of a row; None where none can name it."""
    glob = literal(path_of(row.namespace, row.image_name or ""))
    if row.image_version:
        glob += f":{literal(row.image_version)}"
    try:
        return image_glob(glob)
    except ValueError:
        return None
