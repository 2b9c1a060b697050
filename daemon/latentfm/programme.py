"""What is on at a time, what comes next, and which mood a seam leads into: pure functions of the programme.

Moments are seconds since 1970, times of day are those of the programme's zone. A time that comes twice, when clocks are
set back, means its first coming; one that is skipped means the moment of the skip. So every moment has one answer and
nothing changes twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache
from heapq import merge
from itertools import takewhile
from operator import itemgetter
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from latentfm.entries import Entry
from latentfm.timetable import ProgrammeConfig

GRACE: Final = 30.0
"""Seconds before a change in which a seam leads into the next mood already: half of a short section."""

_DAY: Final = timedelta(days=1)
_HORIZON: Final = 400  # days that are looked ahead for a change: yearly dates come again
_SOON: Final = 2 * 3600.0  # seconds that a seam is planned ahead


class Asked(NamedTuple):
    """A playlist that somebody asked for: it goes before every entry, from one moment to another."""

    playlist: str
    since: float
    until: float  # infinite where the programme does not change


@dataclass(frozen=True)
class Programme:
    """A default playlist, entries that go before it, and the time zone of their times: None is the machine's."""

    default: str
    entries: tuple[Entry, ...] = ()
    zone: tzinfo | None = None
    asked: Asked | None = None

    @cached_property
    def levels(self) -> tuple[tuple[Entry, ...], ...]:
        """Return the entries of each level, the most special ones first."""
        levels = sorted({entry.level for entry in self.entries}, reverse=True)
        return tuple(tuple(entry for entry in self.entries if entry.level == level) for level in levels)

    def playlists(self) -> tuple[str, ...]:
        """Return the names of all playlists that can be on, without repeats."""
        asked = [self.asked.playlist] if self.asked else []
        return tuple(dict.fromkeys([*asked, self.default, *(entry.playlist for entry in self.entries)]))


@dataclass(frozen=True, slots=True)
class Change:
    """At a moment another playlist comes on, by an entry or, where that is None, by default."""

    at: float
    playlist: str
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """The mood that a seam leads into, until when it is on and what follows; None where no change is near."""

    playlist: str
    until: float | None = None
    following: str | None = None


def programme_of(config: ProgrammeConfig) -> Programme:
    """Return the programme of a configuration."""
    zone = ZoneInfo(config.timezone) if config.timezone else None
    return Programme(config.playlist, config.parsed(), zone)


def entry_at(programme: Programme, moment: float) -> Entry | None:
    """Return the entry by which a playlist is on at a moment, None for the default."""
    today = local(programme, moment).date()
    for level in programme.levels:
        begun = [
            (begin, day, entry.at, entry)
            for day in (today - _DAY, today)
            for entry in level
            if entry.begins_on(day) and (begin := instant(day, entry.at, programme.zone)) <= moment
        ]
        if begun:
            _, day, _, entry = max(begun, key=itemgetter(0, 1, 2))
            end = _end(entry, day, programme.zone)
            if end is None or moment < end:
                return entry
    return None


def playlist_at(programme: Programme, moment: float) -> str:
    """Return the name of the playlist that is on at a moment."""
    if programme.asked and programme.asked.since <= moment < programme.asked.until:
        return programme.asked.playlist
    entry = entry_at(programme, moment)
    return entry.playlist if entry else programme.default


def next_change(programme: Programme, moment: float, within: float | None = None) -> Change | None:
    """Return when another playlist comes on next, None where that is not so within some seconds or the coming year."""
    playlist = playlist_at(programme, moment)
    bounds: Iterator[float] = iter(()) if {*programme.playlists()} == {playlist} else _bounds(programme, moment)
    if within is not None:
        bounds = takewhile(lambda bound: bound <= moment + within, bounds)
    for bound in bounds:
        name = playlist_at(programme, bound)
        if name != playlist:
            return Change(bound, name, entry_at(programme, bound))
    return None


def changes(programme: Programme, since: float, until: float) -> Iterator[Change]:
    """Yield the changes after one moment and up to another."""
    while (change := next_change(programme, since, until - since)) is not None:
        yield change
        since = change.at


def with_asked(programme: Programme, playlist: str | None, moment: float) -> Programme:
    """Return the programme with a playlist on from a moment to its next change; None takes back what was asked."""
    plain = replace(programme, asked=None)
    if playlist is None:
        return plain
    change = next_change(plain, moment)
    return replace(plain, asked=Asked(playlist, moment, change.at if change else math.inf))


def slot_at(programme: Programme, seam: float) -> Slot:
    """Return what a seam at a moment leads into: the mood that is on ``GRACE`` seconds later.

    Whoever orders takes and whoever puts them on air go by this one function.
    """
    change = next_change(programme, seam + GRACE, _SOON)
    playlist = playlist_at(programme, seam + GRACE)
    return Slot(playlist, change.at, change.playlist) if change else Slot(playlist)


def local(programme: Programme, moment: float) -> datetime:
    """Return a moment as clocks in the programme's zone show it, aware of its offset."""
    shown = datetime.fromtimestamp(moment, programme.zone)
    return shown if programme.zone else shown.astimezone()


def _bounds(programme: Programme, moment: float) -> Iterator[float]:
    """Yield the moments after one at which entries begin or end, rising, for as far as is looked ahead."""
    if programme.asked and moment < programme.asked.until < math.inf:
        # It ends at a change of the programme, unless that has been replaced since.
        yield from merge(_bounds(replace(programme, asked=None), moment), [programme.asked.until])
        return
    today = local(programme, moment).date()
    known: Sequence[float] = ()
    for count in range(-1, _HORIZON):
        day = today + count * _DAY
        begun = [entry for entry in programme.entries if entry.begins_on(day)]
        begins = [instant(day, entry.at, programme.zone) for entry in begun]
        ends = [end for entry in begun if (end := _end(entry, day, programme.zone)) is not None]
        known = sorted({*known, *begins, *ends})
        tomorrow = instant(day + _DAY, time(), programme.zone)
        yield from (bound for bound in known if moment < bound < tomorrow)
        known = [bound for bound in known if bound >= tomorrow]


def _end(entry: Entry, day: date, zone: tzinfo | None) -> float | None:
    """Return when an entry that begins on a day ends, None where only the next of its level ends it."""
    if entry.until is not None:
        return instant(day if entry.until > entry.at else day + _DAY, entry.until, zone)
    return instant(day + _DAY, time(), zone) if entry.level else None


@lru_cache(maxsize=4096)
def instant(day: date, at: time, zone: tzinfo | None) -> float:
    """Return the first moment of a day at which clocks show ``at`` or, where that time is skipped, a later one."""
    wall = datetime.combine(day, at, zone)
    moment = wall.timestamp()
    if datetime.fromtimestamp(moment, zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    before, after = wall.replace(fold=1).timestamp(), moment  # the skip lies between the two readings of the time
    while after - before > 1:
        middle = float(round((before + after) / 2))
        if datetime.fromtimestamp(middle, zone).replace(tzinfo=None) < wall.replace(tzinfo=None):
            before = middle
        else:
            after = middle
    return after
