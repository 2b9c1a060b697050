"""Whether the station is to be heard at a time, and how loud: pure functions of the opening and quiet hours.

Moments are seconds since 1970; times of day are those of the programme's zone and mean at changes of the clocks what
they mean there. Each moment has one answer that needs no past, so a wall clock may jump by years either way.

The hours of a day are those of the most special entries that begin on it: a date goes before weekdays, and what a
weekday says is not on then. What began in the evening before lasts until its end all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from latentfm.entries import Entry
from latentfm.programme import Programme, entry_at, instant, local
from latentfm.timetable import HoursConfig

SOFTLY: Final = 2.0
"""Seconds that a change takes for which there is no time to fade, as when the clock was set."""

_DAY: Final = timedelta(days=1)
_HORIZON: Final = 400  # days that are looked ahead for an opening: yearly dates come again
_ALWAYS: Final = Entry(time(), "open", time())
_ZERO_DB: Final = 1.0


@dataclass(frozen=True)
class Hours:
    """When the station is to be heard.

    Attributes:
        open: the opening hours, and the days on which it is closed as entries of that name.
        quiet: what is quiet when, as entries of a programme; it has the time zone of both.
        gains: the gain of each quiet entry in dB, by its number.
        fade_in: seconds of a fade to something louder; it begins on time.
        fade_out: seconds of a fade to something softer; before closing it ends on time.
    """

    open: tuple[Entry, ...] = (_ALWAYS,)
    quiet: Programme = field(default_factory=partial(Programme, "0 dB"))
    gains: tuple[float, ...] = ()
    fade_in: float = 20.0
    fade_out: float = 30.0


@dataclass(frozen=True, slots=True)
class Level:
    """How loud the station is to be: a gain as a factor, 0 is silence, and the seconds in which to get there."""

    gain: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the hours say at a moment: whether the station is open, until when if that ends soon, and the gain."""

    open: bool
    until: datetime | None
    gain: float


def hours_of(config: HoursConfig, timezone: str | None) -> Hours:
    """Return the hours of a configuration."""
    closed = tuple(Entry(time(), "closed", time(), span=span) for span in config.closed_spans())
    return Hours(
        (*(config.open_entries() or (_ALWAYS,)), *closed),
        Programme("0 dB", config.quiet_entries(), ZoneInfo(timezone) if timezone else None),
        tuple(table.gain for table in config.quiet),
        config.fade_in_seconds,
        config.fade_out_seconds,
    )


def is_open(hours: Hours, moment: float) -> bool:
    """Return whether the station is open at a moment."""
    return closes_at(hours, moment) is not None


def gain_at(hours: Hours, moment: float) -> float:
    """Return the gain at a moment, opening hours and fades left aside, as a factor."""
    entry = entry_at(hours.quiet, moment)
    return _ZERO_DB if entry is None else float(10.0 ** (hours.gains[entry.number] / 20.0))


def closes_at(hours: Hours, moment: float) -> float | None:
    """Return when the station closes next; None where it is closed, infinite where it does not within two days."""
    if hours.open == (_ALWAYS,):
        return math.inf
    today = local(hours.quiet, moment).date()
    end = moment
    for count in range(-1, 3):
        for begin, until in _spans(hours, today + count * _DAY):
            if begin <= end < until:
                end = until
    if end == moment:
        return None
    return end if end < instant(today + 2 * _DAY, time(), hours.quiet.zone) else math.inf


def opens_at(hours: Hours, moment: float) -> float | None:
    """Return when the station opens next after a moment at which it is closed; None if not within a year."""
    today = local(hours.quiet, moment).date()
    for count in range(-1, _HORIZON):
        for begin, _ in _spans(hours, today + count * _DAY):
            if begin > moment:
                return begin
    return None


def hearing_at(hours: Hours, moment: float) -> Hearing:
    """Return what the hours say at a moment. An end of the opening is told when it is less than two days away."""
    closes = closes_at(hours, moment)
    until = opens_at(hours, moment) if closes is None else closes
    shown = None if until is None or math.isinf(until) else local(hours.quiet, until)
    return Hearing(closes is not None, shown, gain_at(hours, moment))


def level_at(hours: Hours, moment: float, before: float = 0.0) -> Level:
    """Return how loud the station is to be from a moment on, where it was at the gain ``before``."""
    closes = closes_at(hours, moment)
    if closes is None:
        return Level(0.0, min(SOFTLY, hours.fade_out))
    if closes - moment <= hours.fade_out:
        return Level(0.0, closes - moment)
    gain = gain_at(hours, moment)
    return Level(gain, hours.fade_in if gain > before else hours.fade_out)


def _spans(hours: Hours, day: date) -> Iterator[tuple[float, float]]:
    """Yield from when and to when the station is open by what begins on a day, rising."""
    begun = [entry for entry in hours.open if entry.begins_on(day)]
    level = max((entry.level for entry in begun), default=0)
    deciding = sorted((entry for entry in begun if entry.level == level), key=lambda entry: entry.at)
    if any(entry.playlist == "closed" for entry in deciding):
        return
    zone = hours.quiet.zone
    for entry in deciding:
        until = entry.until or time()
        yield instant(day, entry.at, zone), instant(day if until > entry.at else day + _DAY, until, zone)
