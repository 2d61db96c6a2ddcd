"""Language of what people read after a run: the console's verdict, Markdown and HTML.

English is the source: every text and message is written in it, and machine-readable formats never leave it. The table
of another language has a translation by English text; it is imported only where that language is asked for.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from enum import StrEnum
from functools import cache

from hssgate.text import clean, plural
from hssgate.verdict import Check


class Language(StrEnum):
    """The languages of `--lang`."""

    ENGLISH = "en"
    CHINESE = "zh"


_in_force: ContextVar[Language] = ContextVar("language", default=Language.ENGLISH)
# Placeholders whose value is a message itself.
_NESTED = frozenset(
    {"asked", "notes", "state", "why", "entry", "proof", "field", "value", "error", "what", "due", "days", "time"}
)
_BRACKETED = frozenset({"rows", "host"})  # whose value has a message in each pair of brackets
# Placeholders whose value may hold a colon, or also clauses.
_LONG = frozenset({"error", "asked", "id", "why", "state", "entry", "proof", "field", "value", "reason"})
_ANYTHING = frozenset({"notes", "rows"})
_IN_CLAUSE = "(?:(?!; ).)"
_WITHIN = "(?:(?!; |: ).)"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_DEEPEST = 5  # messages within messages
_LONGEST_MATCHED = 2000  # characters; a longer message stays in English


@contextlib.contextmanager
def written_in(language: Language) -> Iterator[None]:
    """Use a language for everything that is rendered meanwhile."""
    before = _in_force.set(language)
    try:
        yield
    finally:
        _in_force.reset(before)


def language_in_force() -> Language:
    """Return the language that is rendered."""
    return _in_force.get()


def translate(text: str, **values: object) -> str:
    """Return one of our texts in the language in force.

    A text that the table lacks stays in English, since a report in two languages is better than none.

    Args:
        text: in English, with a `{name}` for each value.
        values: to put in.
    """
    if _in_force.get() is not Language.ENGLISH:
        texts, messages = _tables()
        text = texts.get(text) or messages.get(text, text)
    return text.format(**values) if values else text


def translate_count(count: int, noun: str) -> str:
    """Return a number with its noun, such as `2 images`."""
    if _in_force.get() is Language.ENGLISH:
        return plural(count, noun)
    return translate(f"{{count}} {noun}", count=count)


def translate_message(message: str) -> str:
    """Return the message of a check, or a warning, in the language in force; in English if the table lacks it.

    Messages are made in English, where they are judged and saved. So a message is compared with the texts of the table,
    whose placeholders stand for any text; of several clauses each is translated by itself.
    """
    if _in_force.get() is Language.ENGLISH or len(message) > _LONGEST_MATCHED:
        return message
    return _translated(message) or message


def check_message(check: Check) -> str:
    """Return the message of a check behind the name of its rule, in the language in force."""
    message = clean(check.message)
    prefix = f"{check.rule}: "
    if not message.startswith(prefix):
        return translate_message(message)
    return prefix + translate_message(message.removeprefix(prefix))


def _translated(message: str, depth: int = 0) -> str | None:
    """Return the translation of a message; None if no part of it is in the table."""
    # What HSS wrote can repeat the words of a message as often as it likes.
    if depth > _DEEPEST:
        return None
    if (found := _matched(message, depth)) is not None:
        return found
    name, _, rest = message.partition(": ")
    if rest and " " not in name and (found := _translated(rest, depth + 1)) is not None:
        return f"{name}: {found}"
    clauses = _clauses(message)
    if len(clauses) > 1:
        return _joined(clauses, [_translated(clause, depth + 1) for clause in clauses])
    if rest and (found := _translated(rest, depth + 1)) is not None:
        return f"{name}: {found}"
    clause, _, words_of_hss = message.partition(" (")
    found = _matched(clause, depth) if words_of_hss else None
    return f"{found} ({words_of_hss}" if found else None


def _clauses(message: str) -> list[str]:
    """Return the clauses of a message; what is in brackets stays with the clause before it."""
    clauses = [""]
    for part in message.split("; "):
        is_within = clauses[-1].count("(") > clauses[-1].count(")")
        if is_within:
            clauses[-1] += f"; {part}"
        else:
            clauses.append(part)
    return clauses[1:]


def _joined(clauses: Sequence[str], translated: Sequence[str | None]) -> str | None:
    """Return clauses in one message; a clause that is not ours may be of what HSS wrote, whose punctuation stays."""
    if not any(translated):
        return None
    message = translated[0] or clauses[0]
    for new, old in zip(translated[1:], clauses[1:], strict=True):
        message += f"；{new}" if new else f"; {old}"
    return message


def _matched(message: str, depth: int) -> str | None:
    """Return the translation of a message that is a text of the table as a whole."""
    if (exact := _tables()[1].get(message)) is not None and not _PLACEHOLDER.search(message):
        return exact
    for pattern, text in _patterns():
        if found := pattern.fullmatch(message):
            values = found.groupdict()
            nested = {name: _translated(value, depth + 1) or value for name, value in values.items() if name in _NESTED}
            nested |= {name: _in_brackets(value, depth + 1) for name, value in values.items() if name in _BRACKETED}
            return text.format(**{**values, **nested})
    return None


def _in_brackets(value: str, depth: int) -> str:
    """Return rows, or a host, with what is in brackets behind each of them translated."""

    def translated(found: re.Match[str]) -> str:
        return f"（{_translated(found[1], depth) or found[1]}）"

    text = re.sub(r" \(([^()]*)\)", translated, value)
    return text.replace(", or ", "，或 ").replace(" with --", " --").replace("no digest（", "没有摘要（")


@cache
def _tables() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the texts of the reports, and the messages."""
    from hssgate.reports.chinese import MESSAGES, TEXTS
    from hssgate.reports.chinese_errors import ERRORS

    return TEXTS, {**MESSAGES, **ERRORS}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the messages that have placeholders, as patterns, with their translation."""
    return tuple(
        (re.compile(_pattern(text), re.DOTALL), translation)
        for text, translation in _tables()[1].items()
        if _PLACEHOLDER.search(text)
    )


def _pattern(text: str) -> str:
    """Return a pattern for a message; a value does not reach into the next clause, or over the name of a rule."""
    parts = _PLACEHOLDER.split(text)  # texts and names of placeholders in turn
    return "".join(
        f"(?P<{part}>{'.' if part in _ANYTHING else _IN_CLAUSE if part in _LONG else _WITHIN}+?)"
        if number % 2
        else re.escape(part)
        for number, part in enumerate(parts)
    )
