"""`hssgate policy explain`: the rules in force for one image, with the origin of each."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from hssgate.cli.console import Console
from hssgate.cli.context import RunContext
from hssgate.cli.environment import check_variables
from hssgate.cli.help_page import HelpPage
from hssgate.cli.options import common_options
from hssgate.cli.policy_files import choose, load, policy_option
from hssgate.durations import format_duration
from hssgate.errors import Misused
from hssgate.policy.explain import Compared, KnownInForce, Origin, PolicyExplanation, explain_policy
from hssgate.policy.model import Deny, Ignore
from hssgate.policy.rule_kinds import Action, DetailRule, ScanRule, Unlisted
from hssgate.policy.rule_table import RULES
from hssgate.policy.rules import Rule, Subject, filter_in_words, shown_limit
from hssgate.reference import Reference
from hssgate.reference_parser import parse_reference
from hssgate.reports.wording import policy_in_words
from hssgate.text import clean, joined, plural

_LONGEST_REASON = 200


@click.command(cls=HelpPage, short_help="show the rules in force for one image")
@click.argument("image", metavar="IMAGE")
@policy_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@common_options
@click.pass_context
def explain(  # noqa: PLR0917 - click hands over every option by name
    ctx: click.Context,
    image: str,
    policies: Sequence[Path],
    form: str,
    verbose: int,
    quiet: bool,  # noqa: FBT001 - click's flag
) -> None:
    """Show each rule in force for IMAGE with its limit, action and origin: built-in, file or override.

    Globs that match IMAGE are shown with the text that they were compared with; -v shows the others too. IMAGE is
    written as for `check`. No request is sent to the API.
    """
    context: RunContext = ctx.obj
    console = context.console
    console.take_verbosity(verbose, quiet=quiet)
    check_variables(ctx)
    try:
        reference = parse_reference(image)
    except ValueError as error:
        raise Misused(str(error)) from error
    subject = Subject(reference.namespace, reference.image_name, reference.image_version)
    now = context.clock.epoch()
    explanations = [explain_policy(loaded, subject, now) for loaded in load(choose(policies), now)]
    if form == "json":
        document = {"image": reference.text, "policies": [_as_json(explanation) for explanation in explanations]}
        console.result(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        console.result("\n\n".join(_as_text(explanation, reference, console) for explanation in explanations))
    _warn_of_what_is_not_named(reference, console)


def _as_text(explanation: PolicyExplanation, reference: Reference, console: Console) -> str:
    table = [("rule", "accepted", "broken", "from")] + [
        (name, _accepted(rule), _action(rule).value, _from(origin))
        for name, (rule, origin) in explanation.rules.items()
    ]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in table
    ]
    absent = [name for name in RULES if name not in explanation.rules]
    return "\n".join(
        [
            console.paint_result(f"{reference.text} under {policy_in_words(explanation.source)}", "bold"),
            *(f"  {line}" for line in lines),
            *([f"  not applied: {', '.join(absent)}"] if absent else []),
            *(f"  without effect, ended: {_from(origin)}" for origin in explanation.ended),
            *([f"  grace: {_grace(explanation)}"] if explanation.grace else []),
            *([f"  known: {_known(explanation.known)}"] if explanation.known else []),
            *(["  unlisted: only warned of"] if explanation.unlisted is Unlisted.WARN else []),
            *(f"  denies {_ignored(entry)}  {place}" for entry, place in explanation.denials),
            *(f"  ignores {_ignored(entry)}  {place}" for entry, place in explanation.ignores),
            *(f"  {_compared(glob)}" for glob in explanation.globs if glob.fits or console.verbosity > 0),
        ]
    )


def _as_json(explanation: PolicyExplanation) -> dict[str, object]:
    return {
        "path": explanation.source.path,
        "sha256": explanation.source.sha256,
        "searched": explanation.source.searched
        and dict(zip(("from", "up_to"), explanation.source.searched, strict=True)),
        "rules": [
            {
                "rule": name,
                "limit": [*rule.accept] if isinstance(rule, ScanRule) else shown_limit(rule),
                "action": _action(rule),
                **_filters(rule),
                "from": _origin_as_json(origin),
            }
            for name, (rule, origin) in explanation.rules.items()
        ],
        "grace": {**explanation.grace},
        "unlisted": explanation.unlisted,
        "known": explanation.known
        and {
            "file": explanation.known.file,
            "expires": explanation.known.expires and explanation.known.expires.isoformat(),
            "count": explanation.known.count,
            "accepted": [
                {"image": one.image, "digest": one.digest, "date": one.date, "tool": one.tool}
                for one in explanation.known.accepted
            ],
        },
        "ended": [_origin_as_json(origin) for origin in explanation.ended],
        "deny": [
            {"place": place, **entry.model_dump(mode="json", exclude_none=True)} for entry, place in explanation.denials
        ],
        "ignore": [
            {"place": place, **entry.model_dump(mode="json", exclude_none=True)} for entry, place in explanation.ignores
        ],
        "globs": [asdict(glob) for glob in explanation.globs],
    }


def _filters(rule: Rule) -> dict[str, object]:
    if not isinstance(rule, DetailRule):
        return {}
    return rule.model_dump(mode="json", include={"severity", "standard"}, exclude_none=True)


def _grace(explanation: PolicyExplanation) -> str:
    return ", ".join(f"{level} {format_duration(seconds)}" for level, seconds in explanation.grace.items())


def _known(known: KnownInForce) -> str:
    until = f", until {known.expires}" if known.expires else ""
    recorded = joined(f"{one.image} on {one.date}" for one in known.accepted) or "none recorded for this image"
    return f"{plural(known.count, 'finding')} in {clean(known.file, 200)}{until} ({clean(recorded, 400)})"


def _origin_as_json(origin: Origin) -> dict[str, object]:
    override = origin.override
    return {
        "place": origin.place,
        "override": override
        and {
            "images": [*override.images],
            "reason": override.reason,
            "expires": override.expires and override.expires.isoformat(),
        },
    }


def _ignored(entry: Ignore | Deny) -> str:
    glob = entry.vulnerability if isinstance(entry, Deny) else entry.glob
    package = f" in {clean(entry.package, 100)}" if entry.package else ""
    until = f", until {entry.expires}" if entry.expires else ""
    return f"{clean(glob, 100)}{package} ({clean(entry.reason, _LONGEST_REASON)}{until})"


def _compared(glob: Compared) -> str:
    verb = "fits" if glob.fits else "does not fit"
    return f"{clean(glob.glob, 200)} {verb} {clean(glob.compared, 400)}  {glob.place}"


def _accepted(rule: Rule) -> str:
    if isinstance(rule, ScanRule):
        return clean(", ".join(rule.accept), 200)
    only = filter_in_words(rule)
    return f"at most {shown_limit(rule)}" + (f" ({only})" if only else "")


def _action(rule: Rule) -> Action:
    """Return the action of a broken rule; an accepted failure of the scan passes with a warning."""
    return Action.WARN if isinstance(rule, ScanRule) else rule.action


def _from(origin: Origin) -> str:
    if origin.override is None:
        return origin.place
    until = f", until {origin.override.expires}" if origin.override.expires else ""
    return f"override {origin.place} ({clean(origin.override.reason, _LONGEST_REASON)}{until})"


def _warn_of_what_is_not_named(reference: Reference, console: Console) -> None:
    """Warn that `check` compares globs with the row in HSS, which may have more names than IMAGE."""
    unnamed = [
        what
        for what, value in (("namespace", reference.namespace), ("version", reference.image_version))
        if value is None
    ]
    if unnamed:
        console.warning(
            f"{reference.text} names no {' and no '.join(unnamed)}: `check` compares globs with what HSS lists, "
            "so others may fit; name it here to see them"
        )
