"""HTML report: one self-contained file for Jenkins' HTML Publisher, GitLab's artifacts and e-mail.

It has no script, loads nothing, and stays readable with its styles blocked, which is the default in Jenkins.
"""

from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from importlib import resources

from hssgate import __version__
from hssgate.durations import format_duration, format_moment
from hssgate.reports.html_image import image_parts
from hssgate.reports.html_tables import badge, fold, icon, row_header, table
from hssgate.reports.image_facts import images_in_full, worst_first
from hssgate.reports.language import language_in_force, translate, translate_count, translate_message
from hssgate.reports.markup import Markup, element, text_element, text_with_code
from hssgate.reports.size_limit import Part, Rank, bounded, fit
from hssgate.reports.wording import meaning, policy_name, read_on, reason, searched_in_words, tally, title
from hssgate.verdict import ImageVerdict, Outcome, PolicySource, Verdict

LONGEST = 12 * 1024 * 1024  # bytes of a report
_CONTENT = Markup("<!---->")  # place of the content in its frame
_ROOM_OF_NOTE = 16 * 1024  # bytes of the note and of the markup around the parts
_ROOM_OF_OVERVIEW = LONGEST // 4
_ROOM_OF_LIST = 256 * 1024


def render(verdict: Verdict) -> str:
    """Return the report, at most `LONGEST` bytes long, with a newline at its end."""
    shown = images_in_full(verdict)
    parts = [_header(verdict), *_problems(verdict), *_overview(verdict, len(shown))]
    for number, image in enumerate(shown, 1):
        parts += image_parts(image, verdict.policies, number, len(shown))
    parts += [*_warnings(verdict), _policies(verdict), _footer(verdict)]
    fitted = fit(parts, LONGEST - _ROOM_OF_NOTE)
    first, *rest = fitted.texts
    note = [element("p", element("strong", fitted.note), class_="note")] if fitted.note else []
    # The parts are joined once: each element around them would be another copy of the whole report.
    frame = element("html", _head(verdict), element("body", element("main", _CONTENT)), lang=language_in_force().value)
    before, _, after = frame.rpartition(_CONTENT)
    return "".join(["<!DOCTYPE html>\n", before, "\n".join([first, *note, *rest]), after, "\n"])


def _head(verdict: Verdict) -> Markup:
    """Return the `head`; its Content-Security-Policy allows the report's stylesheet and nothing else."""
    style = resources.files("hssgate.reports").joinpath("report.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=allowed),
        element("meta", name="generator", content=f"hssgate {__version__}"),  # identifies an old report, `recognition`
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title(verdict)} ({tally(verdict)}) · hssgate"),
        element("style", Markup(style)),
    )


def _header(verdict: Verdict) -> Part:
    content = [
        element("h1", icon(verdict.outcome), Markup(" "), title(verdict)),
        element("p", tally(verdict), class_="tally"),
        element("p", translate("Exit code {code} ({meaning})", code=int(verdict.exit_code), meaning=meaning(verdict))),
    ]
    if verdict.outcome is Outcome.ERROR:
        content.append(element("p", text_with_code(translate("More: {where}.", where=read_on(verdict.exit_code)))))
    if verdict.warnings:
        content.append(element("p", element("a", translate_count(len(verdict.warnings), "warning"), href="#warnings")))
    return Part(Rank.VERDICT, element("header", *content, class_=verdict.outcome.value))


def _problems(verdict: Verdict) -> Iterator[Part]:
    if verdict.run_errors:
        errors = _list(tuple(error.message for error in verdict.run_errors))
        yield Part(
            Rank.VERDICT, element("section", element("h2", translate("Errors of the run")), errors, class_="warnings")
        )


def _warnings(verdict: Verdict) -> Iterator[Part]:
    if verdict.warnings:
        folded = fold(
            f"{translate('Warnings')} ({len(verdict.warnings)})", _list(tuple(map(translate_message, verdict.warnings)))
        )
        yield Part(Rank.WARNINGS, element("section", folded, class_="warnings", id="warnings"))


def _list(texts: tuple[str, ...]) -> Markup:
    items = bounded((text_element("li", text) for text in texts), len(texts), _ROOM_OF_LIST, partial(element, "li"))
    return element("ul", *items)


def _overview(verdict: Verdict, in_full: int) -> Iterator[Part]:
    """Return a table of all images if there are several, with links to those that have a section."""
    if len(verdict.images) > 1:
        rows = [
            _overview_row(image, number if number <= in_full else None)
            for number, image in enumerate(worst_first(verdict.images), 1)
        ]
        columns = tuple(translate(name) for name in ("Result", "Image", "Exit code", "Because"))
        overview = table("overview", translate("All images, the worst first"), columns, rows, room=_ROOM_OF_OVERVIEW)
        yield Part(Rank.OVERVIEW, element("section", element("h2", translate("Images")), overview))


def _overview_row(image: ImageVerdict, number: int | None) -> Markup:
    name = element("code", image.reference.text)
    return element(
        "tr",
        element("td", badge(image.outcome)),
        row_header(element("a", name, href=f"#image-{number}") if number else name),
        element("td", str(int(image.exit_code)), class_="number"),
        text_element("td", reason(image)),
    )


def _policies(verdict: Verdict) -> Part:
    rows = [
        element("tr", row_header(_policy(source)), element("td", element("code", source.sha256)))
        for source in verdict.policies
    ]
    listed = table(
        "policies",
        translate("Every image was judged by each"),
        (translate("Policy"), "SHA-256"),
        rows,
        room=_ROOM_OF_LIST,
    )
    return Part(Rank.VERDICT, element("section", element("h2", translate("Policies")), listed))


def _policy(source: PolicySource) -> Markup:
    if source.searched:
        return text_element("span", f"{policy_name(source)}: {searched_in_words(source.searched)}")
    return element("code", policy_name(source))


def _footer(verdict: Verdict) -> Part:
    started, finished = (format_moment(moment * 1000) for moment in (verdict.started_at, verdict.finished_at))
    took = format_duration(max(verdict.finished_at - verdict.started_at, 0))
    made_by = translate(
        "hssgate {version}, from {started} to {finished} ({took}). The JSON report has all details.",
        version=__version__,
        started=started,
        finished=finished,
        took=took,
    )
    return Part(Rank.VERDICT, element("footer", element("p", made_by)))
