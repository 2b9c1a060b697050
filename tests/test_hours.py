"""Opening and quiet hours: pure functions, right over changes of the clocks and wherever the wall clock stands."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from latentfm.hours import (
    SOFTLY,
    Hours,
    closes_at,
    gain_at,
    hearing_at,
    hours_of,
    is_open,
    level_at,
    opens_at,
)
from latentfm.timetable import HoursConfig

BERLIN = "Europe/Berlin"
GALLERY: dict[str, Any] = {
    "open": [
        {"at": "10:00", "until": "18:00", "days": ["tue", "wed", "fri", "sat", "sun"]},
        {"at": "10:00", "until": "13:00", "days": ["thu"]},
        {"at": "14:00", "until": "21:00", "days": ["thu"]},
        {"at": "20:00", "until": "02:00", "dates": ["2027-03-12"]},
        {"at": "11:00", "until": "15:00", "dates": ["12-26"]},
    ],
    "closed": ["12-24..12-26", "2027-05-01", "03-13"],
    "quiet": [
        {"at": "17:00", "until": "09:00", "gain": -12},
        {"at": "12:00", "until": "12:30", "days": ["sun"], "gain": -6.0},
    ],
}


def hours(tables: dict[str, Any] = GALLERY, zone: str = BERLIN) -> Hours:
    """Return the hours of some tables."""
    return hours_of(HoursConfig.model_validate(tables), zone)


def at(text: str, zone: str = BERLIN) -> float:
    """Return a local time in seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-02 09:59:59", False),  # a Tuesday
        ("2027-03-02 10:00", True),
        ("2027-03-02 17:59:59", True),
        ("2027-03-02 18:00", False),
        ("2027-03-01 12:00", False),  # on Mondays nothing begins
        ("2027-03-04 12:59", True),
        ("2027-03-04 13:30", False),  # a break on Thursdays
        ("2027-03-04 20:59", True),
        ("2027-03-12 12:00", False),  # a date goes before the Friday that it is
        ("2027-03-12 20:00", True),
        ("2027-03-13 01:59", True),  # what began goes on, though that day is closed
        ("2027-03-13 02:00", False),
        ("2027-03-13 12:00", False),
        ("2026-12-25 12:00", False),
        ("2026-12-26 12:00", True),  # a date goes before the range of holidays
        ("2026-12-26 16:00", False),
        ("2027-05-01 12:00", False),
        ("2028-05-02 12:00", True),
    ],
)
def test_a_gallery_is_open_when_its_door_says_so(text: str, expected: bool) -> None:
    """Weekdays, breaks, dates, holidays and a night that is opened for."""
    assert is_open(hours(), at(text)) is expected


def test_it_is_always_open_unless_told_otherwise() -> None:
    """Without hours nothing closes or opens, at full gain; with holidays only, all other days are open whole."""
    plain = hours({})
    for moment in (0.0, at("2026-12-24 12:00"), at("2199-01-01 00:00")):
        assert hearing_at(plain, moment).open
        assert level_at(plain, moment, 1.0).gain == 1.0
        assert closes_at(plain, moment) == math.inf
    holidays = hours({"closed": ["12-24..12-26"]})
    assert closes_at(holidays, at("2026-12-23 18:00")) == at("2026-12-24 00:00")
    assert closes_at(holidays, at("2026-12-20 18:00")) == math.inf
    assert opens_at(holidays, at("2026-12-24 10:00")) == at("2026-12-27 00:00")


def test_hours_that_touch_are_one_opening() -> None:
    """There is no fade where one entry goes on from another, within a day and at midnight."""
    touching = hours(
        {
            "open": [
                {"at": "08:00", "until": "12:00"},
                {"at": "12:00", "until": "00:00"},
                {"at": "00:00", "until": "02:00"},
            ]
        }
    )
    assert closes_at(touching, at("2027-03-01 09:00")) == at("2027-03-02 02:00")
    assert level_at(touching, at("2027-03-01 11:59:59"), 1.0).gain == 1.0
    assert level_at(touching, at("2027-03-01 23:59:59"), 1.0).gain == 1.0


def test_nothing_is_heard_outside_of_the_hours() -> None:
    """The fade in begins on time, and the fade out ends on time."""
    ours = hours()
    assert level_at(ours, at("2027-03-02 10:00"), 0.0) == level_at(ours, at("2027-03-02 10:05"), 0.0)
    assert level_at(ours, at("2027-03-02 10:00"), 0.0).seconds == 20.0
    assert level_at(ours, at("2027-03-02 17:59:29"), 1.0).gain > 0
    closing = level_at(ours, at("2027-03-02 17:59:42"), 1.0)
    assert (closing.gain, closing.seconds) == (0.0, 18.0)
    assert level_at(ours, at("2027-03-02 18:00"), 1.0).seconds == SOFTLY


@pytest.mark.parametrize(
    ("text", "db"),
    [("2027-03-02 16:59", 0.0), ("2027-03-02 17:00", -12.0), ("2027-03-03 08:59", -12.0), ("2027-03-07 12:15", -6.0)],
)
def test_quiet_hours_have_a_gain(text: str, db: float) -> None:
    """A gain in dB, over midnight; the more special entry goes first."""
    assert gain_at(hours(), at(text)) == pytest.approx(10 ** (db / 20))


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
def test_a_day_of_a_change_of_clocks_is_open_by_the_clock_on_the_wall(day: str) -> None:
    """Open from 10 to 18 is eight hours; a night of clocks set forth lacks an hour, set back it has one more."""
    ours = hours({"open": [{"at": "10:00", "until": "18:00"}, {"at": "22:00", "until": "04:00"}]})
    assert opens_at(ours, at(f"{day} 05:00")) == at(f"{day} 10:00")
    assert closes_at(ours, at(f"{day} 12:00")) == at(f"{day} 18:00")
    opened = opens_at(ours, at(f"{day} 00:00") - 3 * 3600)
    assert opened is not None
    night = (closes_at(ours, opened) or 0) - opened
    assert night == (5 if day == "2027-03-28" else 7) * 3600


def test_a_time_that_is_skipped_or_comes_twice_counts_once() -> None:
    """Opening at 02:30 means 03:00 where clocks skip it, and the first 02:30 where there are two."""
    ours = hours({"open": [{"at": "02:30", "until": "05:00"}]})
    spring, autumn = at("2027-03-28 00:00"), at("2027-10-31 00:00")
    assert opens_at(ours, spring) == spring + 2 * 3600
    assert opens_at(ours, autumn) == autumn + 2.5 * 3600
    assert all(is_open(ours, autumn + 2.5 * 3600 + minute * 60) for minute in range(210))


MOMENTS = st.floats(min_value=0, max_value=at("2150-01-01 00:00"))


@given(MOMENTS, st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]))
def test_every_answer_follows_from_the_moment_alone(moment: float, zone: str) -> None:
    """At any time, however far the clock has jumped: what is open closes, what is closed opens, and just then."""
    ours = hours(GALLERY, zone)
    closes = closes_at(ours, moment)
    if closes is None:
        opens = opens_at(ours, moment)
        assert opens is not None
        assert opens > moment
        assert is_open(ours, opens)
        assert not is_open(ours, opens - 1e-3) or opens - moment <= 1e-3
        assert level_at(ours, moment, 1.0).gain == 0.0
    else:
        assert is_open(ours, moment)
        assert closes > moment
        if math.isfinite(closes):
            assert not is_open(ours, closes)
            assert is_open(ours, math.nextafter(closes, 0))
            assert level_at(ours, moment, 1.0).seconds <= 30.0


@given(st.dates(min_value=datetime(2026, 1, 1, tzinfo=UTC).date(), max_value=datetime(2035, 1, 1, tzinfo=UTC).date()))
def test_a_week_is_open_as_long_as_it_says(day: Any) -> None:
    """Counted minute by minute over a day in UTC, for plain hours that are the same each day."""
    ours = hours({"open": [{"at": "22:15", "until": "01:45"}]}, "UTC")
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = sum(is_open(ours, (begin + timedelta(minutes=count)).timestamp()) for count in range(0, 1440, 15))
    assert minutes == 14


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        ({"open": [{"at": "10:00"}]}, "until"),
        ({"open": [{"at": "10:00", "until": "18:00", "dates": ["12-24"]}], "closed": ["12-24"]}, "about the same day"),
        ({"quiet": [{"at": "10:00", "until": "11:00", "gain": 3}]}, "less than or equal to 0"),
        (
            {"quiet": [{"at": f"1{hour}:00", "until": "13:00", "gain": -3} for hour in range(2)]},
            r"quiet\[0\]: '-3 dB' from 10:00 until 13:00 and quiet\[1\].* claim the same time",
        ),
        ({"closed": ["monday"]}, "expected dates such as"),
    ],
)
def test_hours_that_can_not_be_are_explained(tables: dict[str, Any], fault: str) -> None:
    """Two rules for one day, a gain that is louder, and times that are none."""
    with pytest.raises(ValidationError, match=fault):
        HoursConfig.model_validate(tables)
