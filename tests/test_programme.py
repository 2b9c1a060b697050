"""What is on when, and the orders that follow from it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.brief import Carry, Key
from latentfm.errors import ConfigError
from latentfm.playlist import Playlist
from latentfm.programme import next_brief, next_change, parse_time, playlist_at, programme_of, section_seed

VOICES = [{"role": "lead"}, {"role": "pad"}, {"role": "bass"}]
DAY = Playlist.model_validate({"name": "day", "title": "Day", "voices": VOICES})


def at(clock: str) -> datetime:
    """Return a moment of one day in November."""
    return datetime.combine(datetime(2026, 11, 22, tzinfo=UTC).date(), parse_time(clock))


def test_without_entries_the_default_is_always_on() -> None:
    """A programme of one playlist plays it at any hour and never changes."""
    programme = programme_of("day")
    assert playlist_at(programme, at("03:00")) == "day"
    assert next_change(programme, at("03:00")) is None
    assert programme.playlists() == ("day",)


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
def test_an_entry_lasts_until_the_next_and_over_midnight(clock: str, expected: str) -> None:
    """An entry is on from its minute to the next one's; the day's last goes on past midnight."""
    programme = programme_of("day", [("22:00", "night"), ("06:00", "dawn"), ("07:00", "day")])
    assert playlist_at(programme, at(clock)) == expected


@given(st.datetimes(), st.lists(st.tuples(st.integers(0, 23), st.integers(0, 59)), min_size=1, max_size=8, unique=True))
def test_nothing_changes_before_the_next_change(moment: datetime, times: list[tuple[int, int]]) -> None:
    """Between a moment and the change announced for it, the same playlist is on throughout."""
    if moment.year > 9000:
        return
    programme = programme_of("x", [(f"{hour}:{minute:02d}", f"p{n}") for n, (hour, minute) in enumerate(times)])
    change = next_change(programme, moment)
    if len(times) == 1:
        assert change is None
        return
    assert change is not None
    assert change > moment
    assert playlist_at(programme, change) != playlist_at(programme, moment)
    just_before = max(moment, change.replace(microsecond=0) - (change - moment) / 1000)
    assert playlist_at(programme, just_before) == playlist_at(programme, moment)


@pytest.mark.parametrize("text", ["24:00", "6", "06:60", "six", "06:30:00", ""])
def test_a_time_that_is_none_is_refused_and_named(text: str) -> None:
    """An unreadable time of day gives an error that quotes it."""
    with pytest.raises(ConfigError, match=repr(text)):
        parse_time(text)


def test_two_entries_at_one_time_are_refused() -> None:
    """Which of two playlists is meant would be a guess, so it is an error."""
    with pytest.raises(ConfigError, match="06:00"):
        programme_of("day", [("06:00", "dawn"), ("6:00", "day")])


def test_the_same_inputs_give_the_same_brief() -> None:
    """A brief is a function of seed, section, playlist, carry and checksums, whatever the order of the latter."""
    one = next_brief(station_seed=1, section=3, playlist=DAY, models={"a": "1", "b": "2"})
    two = next_brief(station_seed=1, section=3, playlist=DAY, models={"b": "2", "a": "1"})
    assert one.model_dump_json() == two.model_dump_json()


def test_sections_have_seeds_of_their_own() -> None:
    """Neither the next section nor another station draws the same numbers."""
    seeds = {section_seed(station, section) for station in range(20) for section in range(500)}
    assert len(seeds) == 20 * 500
    assert max(seeds) < 2**53


def test_the_carry_counts_with_the_station() -> None:
    """A carry taken from an older take is told how many sections there really were."""
    carry = Carry(section=2, key=Key(tonic=7, mode="major"), qpm=100, latent=(0.5,))
    brief = next_brief(station_seed=1, section=9, playlist=DAY, carry=carry)
    assert brief.carry is not None
    assert brief.carry.section == 9
    assert brief.carry.latent == (0.5,)
