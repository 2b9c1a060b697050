"""Entries of the programme: which days they mean, which goes before which, and which contradict."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.entries import Entry, contradictions, parse_span, parse_time


def entry(text: str, number: int) -> Entry:
    """Return an entry of ``"AT[-UNTIL] [days=0,5] [dates]"``."""
    times, *rest = text.split()
    at, _, until = times.partition("-")
    days = next((part.removeprefix("days=") for part in rest if part.startswith("days=")), None)
    dates = next((part for part in rest if not part.startswith("days=")), None)
    return Entry(
        parse_time(at),
        f"p{number}",
        parse_time(until) if until else None,
        frozenset(map(int, days.split(","))) if days else None,
        parse_span(dates) if dates else None,
        number,
    )


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [
        ("12-24", ["2026-12-24", "2031-12-24"], ["2026-12-23", "2026-12-25"]),
        ("2026-12-24", ["2026-12-24"], ["2027-12-24"]),
        ("12-20..01-06", ["2026-12-20", "2026-12-31", "2027-01-01", "2027-01-06"], ["2027-01-07", "2026-12-19"]),
        ("02-29", ["2028-02-29"], ["2027-02-28", "2027-03-01"]),
        ("2026-12-30..2027-01-02", ["2026-12-30", "2027-01-02"], ["2027-12-31", "2026-12-29"]),
    ],
)
def test_a_span_means_its_days(span: str, inside: list[str], outside: list[str]) -> None:
    """A date or a range covers its days, of every year where it names none, over New Year too."""
    assert all(parse_span(span).covers(date.fromisoformat(day)) for day in inside)
    assert not any(parse_span(span).covers(date.fromisoformat(day)) for day in outside)
    assert str(parse_span(span)) == span


def test_the_fewer_days_are_meant_the_higher_the_level() -> None:
    """Every day, weekdays, a range of each year, of one year, a day of each year, of one year."""
    texts = ["08:00", "08:00 days=0", "08:00 05-01..05-09", "08:00 2026-05-01..2026-05-09", "08:00 05-01"]
    assert [entry(text, 0).level for text in [*texts, "08:00 2026-05-01 days=4"]] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ("08:00", "08:00", True),
        ("08:00", "09:00", False),
        ("08:00-10:00", "09:00", True),
        ("08:00-10:00", "10:00", False),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("08:00-08:00", "20:00", True),
        ("08:00", "08:00 days=1", False),
        ("08:00 days=0,1", "08:00 days=2,3", False),
        ("08:00 days=0,1", "08:00 days=1,3", True),
        ("22:00-06:00 days=6", "05:00 days=0", True),
        ("22:00-06:00 days=6", "05:00 days=6", False),
        ("08:00 12-24", "08:00 2026-12-24", False),
        ("08:00 12-20..01-06", "08:00 01-06..01-08", True),
        ("22:00-06:00 02-28", "05:00 02-29", True),
        ("22:00-06:00 02-28", "05:00 03-01", True),
        ("22:00-06:00 12-31", "05:00 01-01", True),
        ("08:00 12-24 days=3", "08:00 12-24 days=3,4", True),
        ("08:00 12-24 days=3", "08:00 12-24 days=4", False),
        ("08:00 2026-12-24 days=3", "08:00 2026-12-24", True),
        ("08:00 2026-12-24 days=4", "08:00 2026-12-24", False),
        ("22:00-06:00 2026-12-24..2026-12-26", "05:00 2026-12-27..2026-12-28", True),
    ],
)
def test_entries_of_one_level_that_share_a_minute_contradict(one: str, other: str, contradict: bool) -> None:
    """What can't be told apart is found, on whichever days the two meet; what has an order is not."""
    pair = (entry(one, 0), entry(other, 1))
    assert bool(list(contradictions(pair))) is contradict
    assert bool(list(contradictions(pair[::-1]))) is contradict


def test_dates_of_one_entry_never_contradict_each_other() -> None:
    """An entry may name a date twice: it means the same playlist."""
    assert not list(contradictions([entry("08:00 12-20..12-26", 4), entry("08:00 12-24..12-31", 4)]))


WEEKDAYS = st.none() | st.frozensets(st.integers(0, 6), min_size=1)
SPANS = st.sampled_from(["12-24..01-06", "01-05..01-09", "12-31..12-31", "02-28..03-01"]).map(parse_span)
TIMES = st.integers(0, 47).map(lambda half: parse_time(f"{half // 2:02d}:{half % 2 * 30:02d}"))
ENTRIES = st.builds(Entry, TIMES, st.just("p"), st.none() | TIMES, WEEKDAYS, SPANS)


@given(ENTRIES, ENTRIES)
def test_contradictions_are_those_that_a_calendar_shows(one: Entry, other: Entry) -> None:
    """Two yearly entries contradict if and only if some half-hour of 28 years is claimed by both."""
    if one.level != other.level:
        return
    found = bool(list(contradictions([one, Entry(other.at, "q", other.until, other.days, other.span, 1)])))

    def claimed(entry: Entry) -> set[tuple[date, int]]:
        begin, until = entry.at.hour * 2 + entry.at.minute // 30, entry.until
        end = begin + 1 if until is None else until.hour * 2 + until.minute // 30
        halves = range(begin, end if end > begin else end + 48)
        near = [
            date(year, 1, 1) + timedelta(days=day)
            for year in range(2000, 2028)
            for day in (*range(12), *range(356, 365))
        ]
        near += [date(year, 2, 27) + timedelta(days=day) for year in range(2000, 2028) for day in range(4)]
        return {
            (day + timedelta(days=half // 48), half % 48) for day in near if entry.begins_on(day) for half in halves
        }

    assert found is bool(claimed(one) & claimed(other))
