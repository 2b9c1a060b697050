"""The programme's entries as values: times, weekdays, dates, which goes before which, and which contradict.

Pure functions that read no clock; what is on at a time is in ``programme``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import combinations, product
from typing import Final, Literal, get_args

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)
Level = Literal[0, 1, 2, 3, 4, 5]
"""How special an entry is: every day, weekdays, a range of each year, of one year, a day of each year, of one year."""

_WEEKDAYS: Final = frozenset(range(7))
_MIDNIGHT: Final = 24 * 60  # minutes
_SAMPLE_YEARS: Final = (2027, 2028)  # a common year and a leap year have every pair of neighbouring days
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DATE: Final = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``, both included: (year, month, day), or (month, day) of every year.

    One of every year may run over New Year.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]

    @property
    def yearly(self) -> bool:
        """Return whether it comes again every year."""
        return len(self.first) == 2  # noqa: PLR2004 - month and day

    def covers(self, day: date) -> bool:
        """Return whether a day lies in it."""
        key = (day.year, day.month, day.day)[-len(self.first) :]
        if self.first <= self.last:
            return self.first <= key <= self.last
        return key >= self.first or key <= self.last

    def __str__(self) -> str:
        """Return it as it stands in a configuration."""
        ends = ["-".join(f"{part:02d}" for part in end) for end in (self.first, self.last)]
        return ends[0] if self.first == self.last else "..".join(ends)


@dataclass(frozen=True, slots=True)
class Entry:
    """From ``at`` on the named playlist is on, on the days that ``days`` and ``span`` leave.

    ``until`` is a time of the same day, or of the next one where it is not after ``at``; without it the entry is
    open-ended. ``number`` is its place in the configuration's list ``table``, from 0: several entries may be one there.
    """

    at: time
    playlist: str
    until: time | None = None
    days: frozenset[int] | None = None  # weekdays, Monday is 0
    span: Span | None = None
    number: int = 0
    table: str = "entries"

    @property
    def level(self) -> Level:
        """Return how special it is; of two that are on, the more special one airs."""
        if self.span is None:
            return 0 if self.days is None else 1
        if self.span.first != self.span.last:
            return 2 if self.span.yearly else 3
        return 4 if self.span.yearly else 5

    def begins_on(self, day: date) -> bool:
        """Return whether it begins on a day."""
        return (self.days is None or day.weekday() in self.days) and (self.span is None or self.span.covers(day))

    def over(self, today: date) -> bool:
        """Return whether it does not begin today or ever after."""
        return self.span is not None and not self.span.yearly and self.span.last < (today.year, today.month, today.day)

    def __str__(self) -> str:
        """Return it in words, with its place in the configuration."""
        words = [f"{self.table}[{self.number}]: '{self.playlist}' from {self.at:%H:%M}"]
        if self.until is not None:
            words.append(f"until {self.until:%H:%M}")
        if self.span is not None:
            words.append(f"on {self.span}")
        if self.days is not None:
            words.append("on " + ", ".join(DAYS[day] for day in sorted(self.days)))
        return " ".join(words)


def parse_time(text: str) -> time:
    """Return the time of day of ``"HH:MM"``; raise ValueError for anything else."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("expected a time of day such as '06:30'")
    return time(int(match[1]), int(match[2]))


def parse_span(text: str) -> Span:
    """Return the days of ``"12-24"``, ``"2026-12-24"`` or a range ``"12-20..01-06"``; raise ValueError otherwise."""
    ends = [_parse_date(part.strip()) for part in text.split("..")]
    if len(ends) > 2 or len(ends[0]) != len(ends[-1]):  # noqa: PLR2004 - a range has two ends
        raise ValueError("expected one date, or two of the same form with '..' between them")
    span = Span(ends[0], ends[-1])
    if not span.yearly and span.last < span.first:
        raise ValueError("expected a range that ends after it begins")
    return span


def _parse_date(part: str) -> tuple[int, ...]:
    match = _DATE.fullmatch(part)
    try:
        if match is not None:
            year, month, day = match[1], int(match[2]), int(match[3])
            date(int(year) if year else 2028, month, day)  # a yearly one may be 29 February
            return (int(year), month, day) if year else (month, day)
    except ValueError:
        pass
    raise ValueError("expected dates such as '12-24', '2026-12-24' or '12-20..01-06'")


def contradictions(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Yield each two entries of one level that claim the same minute, so that neither goes before the other.

    An open-ended entry claims the minute in which it begins: it gives way to the next of its level.
    """
    told = set()
    for one, other in combinations(entries, 2):
        pair = (one.number, other.number)
        if one.number == other.number or one.level != other.level or pair in told:
            continue
        if _meet(one, other) or _meet(other, one):
            told.add(pair)
            yield one, other


def _meet(one: Entry, other: Entry) -> bool:
    """Return whether both claim some minute, ``other`` beginning on the day of ``one`` or on the day after."""
    begin, end = _claim(one)
    for later in (0, 1):
        other_begin, other_end = (minute + later * _MIDNIGHT for minute in _claim(other))
        if begin < other_end and other_begin < end and share_days(one, other, later):
            return True
    return False


def _claim(entry: Entry) -> tuple[int, int]:
    """Return the minutes after its day's midnight from which and to which an entry is certainly on."""
    begin = entry.at.hour * 60 + entry.at.minute
    if entry.until is None:
        return begin, begin + 1
    end = entry.until.hour * 60 + entry.until.minute
    return begin, end if end > begin else end + _MIDNIGHT


def share_days(one: Entry, other: Entry, later: int = 0) -> bool:
    """Return whether ``other`` ever begins ``later`` days after a day on which ``one`` begins."""
    shift = timedelta(days=later)
    if one.span is None or other.span is None or one.span.yearly:  # sooner or later a date falls on each weekday
        weekdays = product(one.days or _WEEKDAYS, other.days or _WEEKDAYS)
        if not any((first + later) % 7 == second for first, second in weekdays):
            return False
        if one.span is None or other.span is None:
            return True
        days = (date(year, 1, 1) + timedelta(days=count) for year in _SAMPLE_YEARS for count in range(365))
        return any(one.span.covers(day) and other.span.covers(day + shift) for day in days)
    first, last = (date(*end) for end in (one.span.first, one.span.last))
    days = (first + timedelta(days=count) for count in range((last - first).days + 1))
    return any(one.begins_on(day) and other.begins_on(day + shift) for day in days)
