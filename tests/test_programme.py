"""What is on when, over midnight, holidays and the days on which clocks change."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.programme import (
    GRACE,
    Programme,
    Slot,
    changes,
    entry_at,
    instant,
    local,
    next_change,
    playlist_at,
    programme_of,
    slot_at,
)
from latentfm.timetable import ProgrammeConfig

BERLIN = ZoneInfo("Europe/Berlin")
DAY = [("06:00", "dawn"), ("07:00", "day"), ("22:00", "night")]


def programme(*entries: dict[str, object] | tuple[str, str], default: str = "default") -> Programme:
    """Return a programme in Berlin; a pair is a time and a playlist of every day."""
    tables = [{"at": one[0], "playlist": one[1]} if isinstance(one, tuple) else one for one in entries]
    config = ProgrammeConfig.model_validate({"playlist": default, "timezone": "Europe/Berlin", "entries": tables})
    return programme_of(config)


def at(text: str, fold: int = 0) -> float:
    """Return a moment in Berlin; ``fold`` 1 is the second of two that clocks show alike."""
    text = text if "T" in text else f"2026-11-22T{text}"
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


def shown(plan: Programme, since: float, hours: float = 24) -> list[str]:
    """Return the changes of some hours as a clock on the wall shows them."""
    found = changes(plan, since, since + hours * 3600)
    return [f"{local(plan, change.at):%H:%M%z} {change.playlist}" for change in found]


def test_without_entries_the_default_is_always_on() -> None:
    """A programme of one playlist plays it at any hour and never changes."""
    plan = programme(default="day")
    assert playlist_at(plan, at("03:00")) == "day"
    assert next_change(plan, at("03:00")) is None
    assert plan.playlists() == ("day",)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("06:00", "dawn"),
        ("06:59", "dawn"),
        ("07:00", "day"),
        ("22:30", "night"),
        ("00:00", "night"),
        ("05:59", "night"),
    ],
)
def test_an_open_ended_entry_lasts_until_the_next_and_over_midnight(clock: str, expected: str) -> None:
    """An entry is on from its minute to the next one's; the day's last goes on past midnight."""
    assert playlist_at(programme(*DAY[::-1]), at(clock)) == expected


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("08:59", "default"),
        ("09:00", "day"),
        ("17:59", "day"),
        ("18:00", "default"),
        ("23:30", "night"),
        ("00:29", "night"),
        ("00:30", "default"),
    ],
)
def test_gaps_belong_to_the_default(clock: str, expected: str) -> None:
    """After an entry's end, and before the next begins, the default playlist is on; an end may be on the next day."""
    plan = programme(
        {"at": "09:00", "until": "18:00", "playlist": "day"}, {"at": "23:00", "until": "00:30", "playlist": "night"}
    )
    assert playlist_at(plan, at(clock)) == expected


def test_dates_go_before_weekdays_and_those_before_every_day() -> None:
    """The more special entry airs, for as long as it is on; below it the others go on as if it were not there."""
    plan = programme(
        *DAY,
        {"at": "10:00", "until": "12:00", "days": ["sun"], "playlist": "matinee"},
        {"at": "11:00", "until": "23:00", "dates": ["11-20..11-30"], "playlist": "festival"},
        {"at": "13:00", "until": "14:00", "dates": ["2026-11-20..2026-11-30"], "playlist": "this year"},
        {"at": "13:30", "until": "15:00", "dates": ["11-22"], "playlist": "birthday"},
        {"at": "14:30", "until": "16:00", "dates": ["2026-11-22"], "playlist": "opening"},
    )
    assert [line.split("+0100 ") for line in shown(plan, at("06:30"), 18)] == [
        ["07:00", "day"],
        ["10:00", "matinee"],
        ["11:00", "festival"],
        ["13:00", "this year"],
        ["13:30", "birthday"],
        ["14:30", "opening"],
        ["16:00", "festival"],
        ["23:00", "night"],
    ]


def test_an_open_ended_entry_of_certain_days_ends_with_its_day() -> None:
    """At midnight the everyday programme goes on where it would be."""
    plan = programme(
        *DAY,
        {"at": "10:00", "days": ["sat"], "playlist": "weekend"},
        {"at": "20:00", "days": ["sat"], "playlist": "party"},
    )
    assert shown(plan, at("2026-11-21T08:00"), 24) == [
        "10:00+0100 weekend",
        "20:00+0100 party",
        "00:00+0100 night",
        "06:00+0100 dawn",
        "07:00+0100 day",
    ]


def test_a_change_to_the_same_playlist_is_none() -> None:
    """Where one entry follows another of the same playlist, listeners notice nothing, so nothing changes."""
    plan = programme(("06:00", "day"), ("12:00", "day"), ("22:00", "night"))
    assert shown(plan, at("05:00")) == ["06:00+0100 day", "22:00+0100 night"]


def test_a_date_far_ahead_is_found_and_one_that_is_over_is_not() -> None:
    """The next change may be most of a year away."""
    plan = programme({"at": "00:00", "dates": ["11-21"], "playlist": "birthday"})
    change = next_change(plan, at("12:00"))
    assert change is not None
    assert change.at == at("2027-11-21T00:00")
    assert next_change(plan, at("12:00"), within=86_400) is None
    over = programme({"at": "00:00", "dates": ["2026-11-21"], "playlist": "opening"})
    assert next_change(over, at("12:00")) is None


NIGHT = [("01:30", "a"), ("02:00", "b"), ("02:30", "c"), ("03:00", "d"), ("03:30", "e")]


def test_when_clocks_go_forward_a_skipped_time_is_the_moment_of_the_skip() -> None:
    """On the last Sunday of March there is no 02:30: what begins between 02:00 and 03:00 begins at the skip."""
    assert shown(programme(*NIGHT), at("2026-03-29T01:00"), 4) == [
        "01:30+0100 a",
        "03:00+0200 d",
        "03:30+0200 e",
    ]
    without = programme(*(entry for entry in NIGHT if entry[1] != "d"))
    assert shown(without, at("2026-03-29T01:00"), 4) == ["01:30+0100 a", "03:00+0200 c", "03:30+0200 e"]


def test_when_clocks_go_back_a_time_that_comes_twice_is_the_first() -> None:
    """On the last Sunday of October 02:30 comes twice; nothing goes back to what was on before."""
    plan = programme(*NIGHT)
    assert shown(plan, at("2026-10-25T01:00"), 5) == [
        "01:30+0200 a",
        "02:00+0200 b",
        "02:30+0200 c",
        "03:00+0100 d",
        "03:30+0100 e",
    ]
    assert playlist_at(plan, at("2026-10-25T02:10", fold=1)) == "c"


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_is_a_day_however_long(day: str) -> None:
    """A holiday lasts from midnight to midnight, be that 23 hours or 25."""
    plan = programme({"at": "00:00", "dates": [day[5:]], "playlist": "holiday"})
    begin = at(f"{day}T00:00")
    assert playlist_at(plan, begin) == "holiday"
    change = next_change(plan, begin)
    assert change is not None
    assert f"{local(plan, change.at):%d %H:%M}" == f"{int(day[-2:]) + 1} 00:00"


TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - Berlin is put to it
    st.lists(st.tuples(TIMES, st.sampled_from("abc")), max_size=5, unique_by=lambda entry: entry[0]),
    st.lists(st.tuples(TIMES, st.sampled_from("abc")), max_size=3, unique_by=lambda entry: entry[0]),
)
def test_nothing_changes_before_the_next_change(
    moment: datetime, everyday: list[tuple[str, str]], weekend: list[tuple[str, str]]
) -> None:
    """From a moment to the change told for it the same playlist is on, and then it is the one that was told."""
    special = [{"at": time_, "days": ["sat", "sun"], "playlist": name} for time_, name in weekend]
    plan = programme(*everyday, *special)
    now = moment.replace(tzinfo=BERLIN).timestamp()
    change = next_change(plan, now)
    end = change.at if change else now + 8 * 86_400
    assert end > now
    names = {playlist_at(plan, now + (end - now) * part / 50) for part in range(50)}
    assert names == {playlist_at(plan, now)}
    if change:
        entry = entry_at(plan, change.at)
        assert change.playlist == (entry.playlist if entry else "default") != playlist_at(plan, now)


def test_a_seam_shortly_before_a_change_leads_into_the_next_mood() -> None:
    """A seam within the grace belongs to what comes; it is told how long that lasts, and what follows."""
    plan = programme(("12:00", "a"), ("12:05", "b"), ("12:30", "a"))
    change = at("12:05")
    assert slot_at(plan, change - GRACE - 1) == Slot("a", change, "b")
    assert slot_at(plan, change - GRACE) == Slot("b", at("12:30"), "a")
    assert slot_at(plan, at("18:00")) == Slot("a")


@pytest.fixture
def machine_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's clock be New York's."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    instant.cache_clear()
    yield
    monkeypatch.undo()
    time.tzset()
    instant.cache_clear()


@pytest.mark.usefixtures("machine_in_new_york")
def test_without_a_zone_times_are_those_of_the_machine() -> None:
    """The machine's own time zone counts where none is configured, on the days of its clock changes too."""
    tables = [{"at": at_, "playlist": name} for at_, name in NIGHT]
    plan = programme_of(ProgrammeConfig.model_validate({"playlist": "day", "entries": tables}))
    begin = datetime(2026, 3, 8, 1, tzinfo=ZoneInfo("America/New_York")) - timedelta(seconds=1)
    assert shown(plan, begin.timestamp(), 3) == ["01:30-0500 a", "03:00-0400 d", "03:30-0400 e"]


def examples(repository: Path) -> list[Programme]:
    """Return the programmes that docs/programme.md explains."""
    text = (repository / "docs" / "programme.md").read_text("utf-8")
    blocks = [
        tomllib.loads(block).get("programme") or tomllib.loads(block)
        for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    ]
    return [programme_of(ProgrammeConfig.model_validate({"timezone": "Europe/Berlin", **block})) for block in blocks]


def test_the_documented_programmes_do_what_is_said_of_them(repository: Path) -> None:
    """The week, the opening and the holidays of the docs load, and are on when the text says so."""
    week, opening, holidays = examples(repository)
    assert shown(week, at("2026-11-21T05:00"), 20) == [
        "06:00+0100 dawn",
        "10:30+0100 day",
        "17:30+0100 dusk",
        "21:00+0100 night",
    ]
    assert shown(week, at("2026-11-22T11:00"), 9) == ["15:00+0100 rain", "17:30+0100 dusk"]
    assert shown(opening, at("2027-03-12T12:00"), 22) == ["18:00+0100 dusk", "23:30+0100 night", "09:00+0100 day"]
    assert shown(holidays, at("2026-12-22T22:00"), 7 * 24) == ["16:00+0100 dawn", "00:00+0100 night"]
    assert shown(holidays, at("2027-01-02T22:00"), 24) == [
        "09:00+0100 day",
        "10:00+0100 rain",
        "18:00+0100 day",
        "21:00+0100 night",
    ]
