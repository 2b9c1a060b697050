"""What may happen to a station, as values: hypothesis draws and shrinks them, a seed fills a week with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st

from week.workshop import Outage, Spoiling

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
CLOCKS = (5.0, 90.0, 0.5 * HOUR, HOUR, 5 * HOUR, DAY, 9 * DAY, 365 * DAY)
"""Seconds by which the wall clock is set, forwards or back."""

OUTAGES: tuple[Outage, ...] = ("hangs", "dies", "rejects", "fails", "garbles")


@dataclass(frozen=True)
class StudioFails:
    """For some seconds no order is met."""

    seconds: float
    how: Outage


@dataclass(frozen=True)
class StudioPaces:
    """From now on takes take as many seconds as lie between these."""

    making: tuple[float, float]


@dataclass(frozen=True)
class TakesSpoilt:
    """The next takes turn out damaged, though their gate passed them."""

    how: tuple[Spoiling, ...]


@dataclass(frozen=True)
class BankGone:
    """Somebody deletes the bank."""


@dataclass(frozen=True)
class DiskFull:
    """For some seconds nothing can be written."""

    seconds: float


@dataclass(frozen=True)
class CardStalls:
    """For some seconds nothing can be read."""

    seconds: float


@dataclass(frozen=True)
class ClockSet:
    """The wall clock is set, by some seconds."""

    by: float


@dataclass(frozen=True)
class ClockToChange:
    """The wall clock is set to a minute before daylight-saving time begins (in March) or ends."""

    month: Literal[3, 10]


@dataclass(frozen=True)
class Machine:
    """The machine stands still for some seconds, as when it is suspended."""

    stands: float


@dataclass(frozen=True)
class Request:
    """The technician asks for something; a pause is over after some seconds."""

    verb: Literal["skip", "pause", "mood", "auto"]
    mood: str = "night"
    seconds: float = 300.0


@dataclass(frozen=True)
class Reload:
    """The configuration is read anew, with another programme and other hours."""

    programme: int
    hours: int


@dataclass(frozen=True)
class Restart:
    """The station ends, by request or killed, and is back after some seconds."""

    seconds: float
    killed: bool


Event = (
    StudioFails
    | StudioPaces
    | TakesSpoilt
    | BankGone
    | DiskFull
    | CardStalls
    | ClockSet
    | ClockToChange
    | Machine
    | Request
    | Reload
    | Restart
)


@dataclass(frozen=True)
class Later:
    """An event, some seconds after the one before."""

    after: float
    event: Event


_PACES = ((2.0, 8.0), (10.0, 40.0), (60.0, 200.0))
_DAMAGES = (("short",), ("silent",), ("nothing",), ("gap", "loud"), ("silent", "short", "loud", "nothing"))


@dataclass(frozen=True)
class Chance:
    """All that may happen: each kind of event with the values that its fields may have.

    Attributes:
        programmes: how many programmes there are to be reloaded.
        hours: the same of opening and quiet hours.
        moods: playlists that may be asked for.
    """

    programmes: int
    hours: int
    moods: tuple[str, ...]

    @property
    def kinds(self) -> tuple[tuple[type, tuple[Sequence[Any], ...]], ...]:
        """Return each kind with the values of its fields, the mildest first: hypothesis shrinks towards them."""
        return (
            (Request, (("skip", "auto", "mood", "pause"), self.moods, (2.0, 5 * MINUTE))),
            (StudioPaces, (_PACES,)),
            (TakesSpoilt, (_DAMAGES,)),
            (Machine, ((1.0, 5.0, 9.0, 60.0),)),
            (Reload, (range(self.programmes), range(self.hours))),
            (StudioFails, ((MINUTE, 20 * MINUTE, 3 * HOUR), OUTAGES)),
            (BankGone, ()),
            (DiskFull, ((20.0, 5 * MINUTE, HOUR, 4 * HOUR),)),
            (CardStalls, ((3.0, 15.0, 40.0, 5 * MINUTE),)),
            (ClockSet, (tuple(sign * by for by in CLOCKS for sign in (1, -1)),)),
            (ClockToChange, ((3, 10),)),
            (Restart, ((1.0, 30.0, 2 * HOUR), (False, True))),
        )

    def schedules(self, longest: int) -> st.SearchStrategy[list[Later]]:
        """Return lists of events, each some time after the one before: from at once to an hour."""
        gaps = st.sampled_from((0.0, 7.0, 55.0, 4 * MINUTE, 15 * MINUTE, HOUR))
        each = [st.builds(kind, *map(st.sampled_from, values)) for kind, values in self.kinds]
        return st.lists(st.builds(Later, gaps, st.one_of(each)), max_size=longest)

    def of_seed(self, seed: int, span: float, every: float) -> list[Later]:
        """Return the events of a seed for some seconds: one each ``every`` seconds on average, of all kinds alike."""
        rng = np.random.default_rng(seed)
        events, at = [], 0.0
        while (at := at + (gap := float(rng.exponential(every)))) < span:
            kind, values = self.kinds[rng.integers(len(self.kinds))]
            events.append(Later(gap, kind(*(choice[rng.integers(len(choice))] for choice in values))))
        return events
