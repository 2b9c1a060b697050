"""What may change while the station runs: moods that are asked for, and files that are read anew."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from latentfm.config import load_config, load_playlists
from latentfm.doorkeeper import Doorkeeper, OpenSeams, closed_words
from latentfm.errors import ConfigError
from latentfm.hours import hours_of
from latentfm.ops.clock import HandClock
from latentfm.plan import Plan, plan_of, read_anew, with_mood
from latentfm.programme import next_change, playlist_at, slot_at
from latentfm.timetable import HoursConfig

NOON = 1_800_014_400.0  # 2027-01-15 12:00 UTC, a Friday
HOUR = 3600.0
CONFIG = """
[programme]
timezone = "UTC"
entries = [{ at = "09:00", playlist = "day" }, { at = "18:00", playlist = "night" }]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Return a plan of a file."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    config = load_config(path, {})
    return plan_of(config, load_playlists(config))


def test_a_mood_that_was_asked_for_is_on_until_the_next_change(plan: Plan) -> None:
    """Seams lead into it, and at the change into what the programme says; where the clock is set back it is off."""
    asked = with_mood(plan, "rain", NOON)
    assert "rain" in asked.playlists
    programme = asked.programme
    assert playlist_at(programme, NOON) == "rain"
    assert slot_at(programme, NOON + 5 * HOUR).playlist == "rain"
    assert slot_at(programme, NOON + 5 * HOUR).following == "night"
    assert next_change(programme, NOON).at == NOON + 6 * HOUR  # type: ignore[union-attr]
    assert playlist_at(programme, NOON + 6 * HOUR) == "night"
    assert playlist_at(programme, NOON - 400 * 24 * HOUR) == "day"
    assert with_mood(asked, None, NOON).programme == plan.programme


def test_where_nothing_changes_a_mood_is_on_until_it_is_taken_back(plan: Plan) -> None:
    """Without entries there is no next change."""
    bare = plan.config.model_copy(update={"programme": plan.config.programme.model_copy(update={"entries": ()})})
    asked = with_mood(plan_of(bare, plan.playlists), "rain", NOON).programme
    assert asked.asked is not None
    assert math.isinf(asked.asked.until)
    assert playlist_at(asked, NOON + 10_000 * HOUR) == "rain"
    assert next_change(asked, NOON) is None


def test_a_file_that_is_read_anew_keeps_the_mood_and_names_what_waits(plan: Plan) -> None:
    """Programme, hours and wishes count; the port does not; the mood that was asked for ends when it was to."""
    asked = with_mood(plan, "rain", NOON)
    more = '[[hours.open]]\nat = "10:00"\nuntil = "16:00"\n[web]\nport = 1\n[studio]\ntakes_ahead = 7\n'
    plan.config.path.write_text(CONFIG.replace("18:00", "19:00") + more)
    fresh, later = read_anew(asked, {}, NOON)
    assert later == ("web.port",)
    assert (fresh.config.web.port, fresh.config.studio.takes_ahead) == (8010, 7)
    assert playlist_at(fresh.programme, NOON + 5 * HOUR) == "rain"
    assert next_change(fresh.programme, NOON).at == NOON + 6 * HOUR  # type: ignore[union-attr]
    assert playlist_at(fresh.programme, NOON + 6.5 * HOUR) == "day"
    assert playlist_at(fresh.programme, NOON + 7 * HOUR) == "night"
    plan.config.path.write_text(CONFIG + "seed = 1")
    with pytest.raises(ConfigError, match="seed"):
        read_anew(fresh, {}, NOON)


class Seams:
    """A seam some seconds from now."""

    committed: frozenset[str] = frozenset()

    def __init__(self, clock: HandClock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def next_seam(self) -> object:
        """Return it."""
        from latentfm.broadcast import NextSeam  # noqa: PLC0415

        return NextSeam(self._clock.time() + self._seconds, waits=False)


def test_takes_are_ordered_for_when_the_station_opens() -> None:
    """A seam that would fall into the night is one of the next morning, be it night already or not."""
    hours = hours_of(HoursConfig.model_validate({"open": [{"at": "10:00", "until": "18:00"}]}), "UTC")
    clock = HandClock(NOON)
    seams = OpenSeams(Seams(clock, 60), lambda: hours, clock)  # type: ignore[arg-type]
    assert seams.next_seam().at == NOON + 60
    clock.wall = NOON + 6 * HOUR - 30
    assert seams.next_seam().at == NOON + 22 * HOUR
    clock.wall = NOON + 12 * HOUR
    assert seams.next_seam().at == NOON + 22 * HOUR
    assert closed_words(hours, NOON + 6 * HOUR) == "Closed until Sat 10:00"
    assert closed_words(hours, NOON + 13 * HOUR) == "Closed until 10:00"


class Faders:
    """What a doorkeeper tells a fader."""

    aimed = 1.0

    def __init__(self) -> None:
        self.aims: list[tuple[float, float, str | None]] = []

    def aim(self, gain: float, seconds: float, title: str | None = None) -> None:
        """Note it."""
        self.aimed = gain
        self.aims.append((gain, seconds, title))


def test_the_doorkeeper_keeps_the_hours_whatever_the_clock_does() -> None:
    """A day of hours with a pause; then a clock that starts in 1970 and is set to the present."""
    tables = {"open": [{"at": "10:00", "until": "18:00"}], "quiet": [{"at": "16:00", "until": "18:00", "gain": -20}]}
    hours = hours_of(HoursConfig.model_validate(tables), "UTC")
    clock, fader, opened = HandClock(NOON), Faders(), []
    keeper = Doorkeeper(lambda: hours, fader, clock, opened=lambda: opened.append(clock.time()))  # type: ignore[arg-type, func-returns-value]
    while clock.time() < NOON + 24 * HOUR:
        keeper.look()
        clock.sleep(1)
    tenth = pytest.approx(0.1)
    assert fader.aims == [
        (1.0, 30.0, None),
        (tenth, 30.0, None),
        (0.0, 30.0, "Closed until Sat 10:00"),
        (0.0, 2.0, "Closed until 10:00"),
        (1.0, 20.0, None),
    ]
    assert opened == [NOON + 22 * HOUR]
    fader.aims.clear()
    assert keeper.pause()
    assert not keeper.pause()
    clock.wall = 5 * HOUR  # a board without a clock chip
    keeper.look()
    assert keeper.resume()
    clock.wall = NOON
    keeper.look()
    assert fader.aims == [
        (0.0, 1.5, "Paused"),
        (0.0, 1.5, "Closed until 10:00"),
        (1.0, 20.0, None),
    ]
    keeper.leave(2.0)
    clock.wall = NOON + 12 * HOUR
    keeper.look()
    assert fader.aims[-1] == (0.0, 2.0, None)
