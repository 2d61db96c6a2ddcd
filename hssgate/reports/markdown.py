"""The Markdown report: what a pipeline shows of the verdict."""

from hssgate.reports.summary import render as summary
from hssgate.verdict import Verdict


def render(verdict: Verdict) -> str:
    """Return the report."""
    text = summary(verdict, lambda text, _tone: text)
    return "".join(f"    {line}\n" for line in text.splitlines())
