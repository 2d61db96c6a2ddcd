"""Report formats, each a function from a verdict to text, imported only when it is asked for."""

from collections.abc import Callable, Mapping

from hssgate.verdict import Verdict


def _junit(verdict: Verdict) -> str:
    from hssgate.reports.junit import render

    return render(verdict)


def _json(verdict: Verdict) -> str:
    from hssgate.reports.json import render

    return render(verdict)


def _markdown(verdict: Verdict) -> str:
    from hssgate.reports.markdown import render

    return render(verdict)


def _html(verdict: Verdict) -> str:
    from hssgate.reports.html import render

    return render(verdict)


def render_dotenv(verdict: Verdict, prefix: str = "") -> str:
    """Return the `dotenv` report; the prefix goes before the name of each variable."""
    from hssgate.reports.dotenv import render

    return render(verdict, prefix)


def _sarif(verdict: Verdict) -> str:
    from hssgate.reports.sarif import render

    return render(verdict)


def _codequality(verdict: Verdict) -> str:
    from hssgate.reports.codequality import render

    return render(verdict)


def _gitlab(verdict: Verdict) -> str:
    from hssgate.reports.gitlab import render

    return render(verdict)


def render_codearts(verdict: Verdict) -> str:
    """Return the metrics for CodeArts Pipeline."""
    from hssgate.reports.codearts import render

    return render(verdict)


Formats = Mapping[str, Callable[[Verdict], str]]

LISTING_FINDINGS = frozenset({"sarif", "gitlab"})  # formats that list findings of images that pass as well

FORMATS: Formats = {
    "junit": _junit,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
    "sarif": _sarif,
    "codequality": _codequality,
    "dotenv": render_dotenv,
    "gitlab": _gitlab,
}

FOR_READERS = frozenset({"markdown", "html"})  # formats in the language of `--lang`; the others stay English
