"""The right mood at the right time: days of programme in seconds, with the real planner, director and timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.bank import Bank, Take
from latentfm.brief import Brief
from latentfm.broadcast import STEADY, Beds, Library, Shipped, deck, timeline
from latentfm.broadcast.director import Director
from latentfm.broadcast.notices import Notices
from latentfm.ops.clock import HandClock
from latentfm.orders import section_seed
from latentfm.planner import Planner, Wishes
from latentfm.playlist import Playlist
from latentfm.programme import GRACE, changes, local, playlist_at, programme_of, slot_at
from latentfm.sources import Sources
from latentfm.take import TakeInfo
from latentfm.timetable import ProgrammeConfig
from plain_takes import CROSSFADE, Wire, describe

BERLIN = ZoneInfo("Europe/Berlin")
BLOCK = 5 * SAMPLE_RATE
VOICES = [{"role": "lead"}, {"role": "pad"}, {"role": "bass"}]
MOODS = ("dawn", "day", "dusk", "night")
PLAYLISTS = {mood: Playlist.model_validate({"name": mood, "title": mood.title(), "voices": VOICES}) for mood in MOODS}
DAY = [("06:00", "dawn"), ("09:00", "day"), ("17:00", "dusk"), ("21:30", "night")]
# Moods of four and five minutes
BUSY = [(f"12:{minute:02d}", mood) for minute, mood in zip((0, 5, 9, 14, 18), (*MOODS[2:], *MOODS[:3]), strict=True)]
BUSY += [("12:23", "day")]


def moment(text: str) -> float:
    """Return a moment in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


class Hum:
    """A reader of something that takes no memory."""

    def __init__(self, frames: int) -> None:
        self._left = frames

    def read(self, frames: int) -> Pcm:
        """Return the next frames."""
        frames = min(frames, self._left)
        self._left -= frames
        return np.broadcast_to(np.float32(0.1), (frames, 2))

    def close(self) -> None:
        """Do nothing."""


class MemoryBank(Bank):
    """A bank of takes that lie on no disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, folder)
        self.aired.mark = lambda take_id: self.aired._order.update({take_id: self.aired._order.pop(take_id, None)})
        self.made: list[Take] = []

    def add(self, info: TakeInfo) -> None:
        """Publish a take; of over a hundred the oldest goes that has aired, as housekeeping sees to."""
        self.made.append(Take(info, Path(info.id), 1, info.carry.section))
        if len(self.made) > 100:
            self.made.remove(next(take for take in self.made if take.info.id in self.aired))

    def takes(self, playlist: str | None = None) -> tuple[Take, ...]:
        """Return all there are."""
        return tuple(take for take in self.made if playlist in (None, take.info.playlist))

    def open(self, take: Take) -> Hum:
        """Return a reader."""
        return Hum(take.info.frames)


class HummingShipped(Shipped):
    """Takes that ship, without files."""

    def open(self, info: TakeInfo) -> Hum:
        """Return a reader."""
        return Hum(info.frames)


@dataclass
class Radio:
    """A station without threads, files and sound, whose clock is moved by its playing."""

    folder: Path
    begin: float
    entries: list[tuple[str, str]]
    shipped: bool = True
    grain: float = 20.0  # seconds by which the lengths of sections differ
    making: tuple[float, float] = (15.0, 40.0)  # seconds that a take takes
    takes_ahead: int = 3
    outages: list[tuple[float, float]] = field(default_factory=list)  # when the studio makes nothing

    def __post_init__(self) -> None:
        config = ProgrammeConfig.model_validate(
            {"timezone": "Europe/Berlin", "entries": [{"at": at, "playlist": name} for at, name in self.entries]}
        )
        self.programme = programme_of(config)
        self.clock = HandClock(self.begin)
        self.bank = MemoryBank(self.folder)
        made_by = {"brief": {"models": {"melody_2bar": ""}}}
        infos = tuple(
            describe(f"{mood}-{n}", mood, 60 + 15 * n, 0).model_copy(update={"provenance": made_by})
            for mood in MOODS
            for n in (0, 1)
        )
        shipped = (
            HummingShipped(infos, memory=dict.fromkeys([info.id for info in infos[::2]], b"")) if self.shipped else None
        )
        library = Library(
            self.bank, partial(slot_at, self.programme), shipped=shipped, crossfade_seconds=lambda _: CROSSFADE
        )
        notices = Notices()
        beds = Beds("Interlude", lambda: playlist_at(self.programme, self.clock.time()))
        self.timeline = timeline.Timeline(beds, notices, block=BLOCK)
        self.timeline._limiter, self.timeline._owed = Wire(), 0
        self.decks: list[deck.Deck] = []
        self.director = Director(
            self.timeline,
            library,
            beds,
            notices,
            self.clock,
            start_deck=self.decks.append,
            steady=min(STEADY, self.takes_ahead),
        )
        self.planner = Planner(
            self.programme,
            PLAYLISTS,
            library,
            self.director,
            self.clock,
            Wishes(1, -16.0, self.takes_ahead),
            sources=lambda _: Sources({"melody_2bar": ""}, {}, {}),
        )
        self._rng = np.random.default_rng(1)
        self._brief: Brief | None = None
        self._busy_until = 0.0
        self.asked: list[tuple[float, Brief]] = []
        self.log: list[tuple[float, str, str, str]] = []  # when, mood, origin, take

    def play(self, until: float) -> None:
        """Play until a moment."""
        while self.clock.time() < until:
            self._look()
            block = self.timeline.next_block()
            told = block.playing
            if not self.log or self.log[-1][3] != told.take_id:
                self.log.append((self.clock.time(), told.playlist, told.origin, told.take_id))
            self.clock.sleep(BLOCK / SAMPLE_RATE)

    def _look(self) -> None:
        for _ in range(2):  # one to begin to open a deck, one to commit it
            self.director.step()
            for one in list(self.decks):
                while one.fill():
                    pass
                if one._closed or one.ended:
                    self.decks.remove(one)
            if self.director._loading is None:
                break
        now = self.clock.time()
        if self._brief is not None and now >= self._busy_until:
            self._publish(self._brief)
            self._brief = None
        if self._brief is None and now >= self._busy_until:
            broken = any(begin <= now < end for begin, end in self.outages)
            self._brief = None if broken else self.planner.next_brief()
            self._busy_until = now + (10.0 if self._brief is None else self._rng.uniform(*self.making))
            if self._brief is not None:
                self.asked.append((now, self._brief))

    def _publish(self, brief: Brief) -> None:
        low, high = brief.seconds or brief.playlist.form.seconds
        wanted = self._rng.uniform(low, high)
        seconds = 50 + max(round((wanted - 50) / self.grain), 0) * self.grain
        section = brief.carry.section if brief.carry else 0
        info = describe(f"{brief.playlist.name}-made-{section}", brief.playlist.name, seconds, section + 1)
        info = info.model_copy(update={"provenance": {"brief": brief.model_dump(mode="json")}})
        self.bank.add(info)
        self.planner.made(info)

    def moods(self) -> list[tuple[float, str]]:
        """Return when each mood came on, the first at the beginning, which the bed may fill."""
        heard = [(at, mood) for at, mood, origin, _ in self.log if origin != "bed"]
        heard.insert(0, (self.begin, slot_at(self.programme, self.begin).playlist))
        return [entry for place, entry in enumerate(heard) if place == 0 or heard[place - 1][1] != entry[1]]

    def misses(self) -> list[float]:
        """Return by how many seconds each change missed its time, late ones positive; fail where the moods differ.

        Call it at least 90 s after a change.
        """
        heard = self.moods()[1:]
        due = list(changes(self.programme, self.begin + GRACE, self.clock.time() - 90))
        shown = [f"{local(self.programme, at):%H:%M:%S} {mood}" for at, mood in heard]
        assert [mood for _, mood in heard] == [change.playlist for change in due], shown
        return [at - change.at for (at, _), change in zip(heard, due, strict=True)]


@pytest.fixture
def tune_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Radio]:
    """Return a function that starts a radio at a moment in Berlin and plays until another."""
    monkeypatch.setattr(deck, "STEP", 10 * SAMPLE_RATE)  # its sound is worth nothing, so it may come cheap
    monkeypatch.setattr(timeline, "equal_power", lambda frames: None)
    monkeypatch.setattr(timeline, "crossfade", lambda leaving, *_: leaving)

    def play(begin: str, until: str, entries: list[tuple[str, str]] = DAY + BUSY, **settings: object) -> Radio:
        radio = Radio(tmp_path, moment(begin), entries, **settings)
        radio.play(moment(until))
        return radio

    return play


@pytest.mark.slow
def test_a_day_of_the_programme(tune_in: Callable[..., Radio]) -> None:
    """Through a whole day, with moods of hours and of minutes, each change is within 90 s of its time, most within 30.

    The studio keeps up, so nothing is repeated, hardly anything is made in vain, and each take goes on from the one
    before, whatever its mood.
    """
    radio = tune_in("2026-11-22 00:00", "2026-11-23 00:00")
    misses = radio.misses()
    assert len(misses) == 10
    assert max(map(abs, misses)) <= 90
    assert sum(abs(miss) <= 30 for miss in misses) >= 8
    assert {origin for _, _, origin, _ in radio.log[2:]} == {"fresh"}
    aired = [int(take.rpartition("-")[2]) for _, _, origin, take in radio.log if origin == "fresh"]
    assert aired == sorted(aired)
    assert len(aired) >= 0.98 * (aired[-1] + 1)
    assert all(0 < wide[1] - wide[0] < 40 for _, brief in radio.asked if (wide := brief.seconds))


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ("2026-03-29", ["01:20 dawn", "03:00 day", "03:40 dusk", "04:00 night"]),
        ("2026-10-25", ["01:20 dawn", "02:30 day", "03:40 dusk", "04:00 night"]),
    ],
)
def test_nights_on_which_clocks_change(tune_in: Callable[..., Radio], day: str, shown: list[str]) -> None:
    """A time that is skipped is the moment of the skip, one that comes twice is its first; takes are made for that."""
    entries = [("01:20", "dawn"), ("02:30", "day"), ("03:40", "dusk"), ("04:00", "night")]
    radio = tune_in(f"{day} 01:00", f"{day} 04:10", entries)
    assert max(map(abs, radio.misses())) <= 90
    due = changes(radio.programme, moment(f"{day} 01:00"), moment(f"{day} 04:10"))
    assert [f"{local(radio.programme, change.at):%H:%M} {change.playlist}" for change in due] == shown


@pytest.mark.parametrize("begin", ["12:04:20", "12:04:40", "12:08:10", "12:12:30"])
@pytest.mark.parametrize("shipped", [True, False])
def test_a_station_that_starts_shortly_before_a_change(
    tune_in: Callable[..., Radio], begin: str, shipped: bool
) -> None:
    """With an empty bank, with or without takes that ship, the first changes after the start are in time."""
    radio = tune_in(f"2026-11-22 {begin}", "2026-11-22 12:20", shipped=shipped)
    misses = radio.misses()
    assert len(misses) >= 1
    assert max(map(abs, misses)) <= 90


def test_a_new_station_goes_on_from_what_ships(tune_in: Callable[..., Radio]) -> None:
    """The first order goes on from the shipped take that is on air; with nothing on air but the bed, from nothing."""
    shipping = tune_in("2026-11-22 10:00", "2026-11-22 10:01")
    assert shipping.log[0][2] == "shipped"
    first = shipping.asked[0][1].carry
    assert first is not None
    assert (first.section, first.latent) == (0, (0.0,))
    assert tune_in("2026-11-22 10:00", "2026-11-22 10:01", shipped=False).asked[0][1].carry is None


def test_a_studio_that_is_away_over_changes(tune_in: Callable[..., Radio]) -> None:
    """While nothing is made, fall backs are chosen within the mood that is on, and end near its end."""
    away = (moment("2026-11-22 11:50"), moment("2026-11-22 12:21"))
    radio = tune_in("2026-11-22 11:00", "2026-11-22 12:40", outages=[away])
    assert max(map(abs, radio.misses())) <= 90
    during = {(mood, origin) for at, mood, origin, _ in radio.log if moment("2026-11-22 12:05") < at < away[1]}
    assert during == {("dawn", "shipped"), ("day", "bank"), ("dusk", "shipped"), ("night", "shipped")}
    assert radio.log[-1][2] == "fresh"


@pytest.mark.parametrize("settings", [{"grain": 74.0}, {"takes_ahead": 1}, {"making": (100.0, 140.0)}])
def test_clumsy_and_slow_studios_do_too(tune_in: Callable[..., Radio], settings: dict[str, object]) -> None:
    """Changes are in time with lengths that come coarsely, with one take ahead, and with a studio near its limit."""
    radio = tune_in("2026-11-22 11:30", "2026-11-22 12:30", **settings)
    misses = radio.misses()
    assert len(misses) == 6
    assert max(map(abs, misses)) <= 90


def test_a_clock_that_jumps_costs_the_rest_of_a_take(tune_in: Callable[..., Radio]) -> None:
    """When the wall clock is set over a change, the next seam leads into the new mood; what was made lies unaired.

    It airs when its mood is on and nothing else of it is fresh.
    """
    radio = tune_in("2026-11-22 08:00", "2026-11-22 08:20")
    left = [take.info.id for take in radio.bank.unaired("dawn") if take.info.id not in radio.director.committed]
    assert left
    radio.clock.wall += 3600
    radio.play(radio.clock.time() + 300)
    assert radio.moods()[-1][1] == "day"
    assert radio.moods()[-1][0] - 3600 < moment("2026-11-22 08:20") + 140
    assert set(left) <= {take.info.id for take in radio.bank.unaired()}
    radio.outages = [(0.0, 2e9)]
    radio.clock.wall = moment("2026-11-23 06:30")
    radio.play(radio.clock.time() + 900)
    assert set(left) <= {take for _, _, _, take in radio.log}


def test_sections_go_on_though_the_bank_is_gone(tune_in: Callable[..., Radio]) -> None:
    """Somebody deletes the bank, and the station is started anew: what aired before is not made once more.

    It would have the name of a take that has aired, and so be none that is fresh. What ships does not count.
    """
    radio = tune_in("2026-11-22 10:00", "2026-11-22 10:01")

    def first_seed() -> int:
        sources = Sources({"melody_2bar": ""}, {}, {})
        library, wishes = radio.planner._library, Wishes(1, -16.0, 3)
        planner = Planner(
            radio.programme, PLAYLISTS, library, radio.director, radio.clock, wishes, sources=lambda _: sources
        )
        brief = planner.next_brief()
        assert brief is not None
        return brief.seed

    radio.bank.made.clear()
    assert first_seed() == section_seed(1, 0)
    radio.bank.aired.mark("night-000012-s7-a0-0123456789")
    radio.bank.aired.mark("day-000011-s7-a0-0123456789")
    assert first_seed() == section_seed(1, 13)
