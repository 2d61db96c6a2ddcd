"""The body of a page: rows in their envelope, with the oddities that a scenario asks for."""

from collections.abc import Sequence

from pydantic import JsonValue

from hssgate.emulator.model import Quirks


def envelope(total: int, rows: Sequence[dict[str, JsonValue]], quirks: Quirks) -> dict[str, JsonValue]:
    """Return the body of a page.

    Args:
        total: rows on all pages.
        rows: those of this page, as JSON.
        quirks: a single row as an object, null for the rows, no total.
    """
    shown: list[JsonValue] = [*rows]
    body: dict[str, JsonValue] = {} if quirks.total_num == "missing" else {"total_num": total}
    match quirks.data_list:
        case "list":
            body["data_list"] = shown
        case "object":
            body["data_list"] = shown[0] if len(shown) == 1 else shown
        case "null":
            body["data_list"] = None
    return body
