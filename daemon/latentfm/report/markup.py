"""Pages that need nothing besides themselves: escaping, tables, the frame with its style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Self

from latentfm.errors import ReportError


class Html(str):
    """Text that is HTML already; any other text is escaped when it is put into a page."""

    __slots__ = ()

    @classmethod
    def of(cls, *parts: object) -> Self:
        """Join parts, escaping those that are not HTML yet."""
        return cls("".join(part if isinstance(part, Html) else escape(str(part)) for part in parts))


def element(name: str, *parts: object, kind: str = "") -> Html:
    """Return an element with parts inside; ``kind`` is its class."""
    opening = f'<{name} class="{escape(kind)}">' if kind else f"<{name}>"
    return Html(f"{opening}{Html.of(*parts)}</{name}>")


def link(target: str, words: str) -> Html:
    """Return a link."""
    return Html(f'<a href="{escape(target)}">{escape(words)}</a>')


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()) -> Html:
    """Return a table; ``numbers`` are the columns that stand to the right."""

    def cells(kind: str, row: Sequence[object]) -> Html:
        places = enumerate(row)
        return Html.of(*(element(kind, part, kind="number" if place in numbers else "") for place, part in places))

    body = [element("tr", cells("td", row)) for row in rows]
    inside = element("table", element("thead", element("tr", cells("th", head))), element("tbody", *body))
    return element("div", inside, kind="scroll")


def page(title: str, *parts: object) -> str:
    """Return a whole page."""
    head = Html(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
    )
    return f"{head}{Html.of(*parts)}\n</body>\n</html>\n"


def write(text: str, path: Path) -> None:
    """Write a page.

    Raises:
        ReportError: the file can't be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{path}: can't be written: {error.strerror}") from error


@cache
def _style() -> str:
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")
