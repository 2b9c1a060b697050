"""Who plays when, and how lively: entries and exits by voice and phrase, the densest moment two thirds through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from latentfm.music.form import FormPlan
from latentfm.playlist import Playlist, Role

_QUIETEST: Final = 0.25
_AFTER: Final = 0.45  # what is left of the energy at the end
_LIVELY: Final = 4.0  # lead notes a bar from which the whole ensemble is lively
_CALM: Final = 2.5
_OPTIONAL: Final = ("counter", "colour")
_SHORT: Final = 4  # units
_FEWEST: Final = 2  # units between whose first and last nothing is left


@dataclass(frozen=True)
class Layers:
    """Bars in which each role plays, the energy (0 to 1) of each bar, first bar of the body and the bar after it."""

    active: dict[Role, tuple[int, int]]
    energy: tuple[float, ...]
    body: tuple[int, int]

    def alone(self, bar: int) -> bool:
        """Say whether the pad carries a bar alone: in the intro and the outro."""
        return not self.body[0] <= bar < self.body[1]

    def plays(self, role: Role, bar: int) -> bool:
        """Say whether a role plays in a bar."""
        first, after = self.active.get(role, (0, 0))
        return first <= bar < after


def liveliness(playlist: Playlist) -> int:
    """Return how lively the ensemble may get, 1 to 3, from how lively the lead is."""
    low, high = playlist.melody.notes_per_bar
    middle = (low + high) / 2
    return 3 if middle >= _LIVELY else 2 if middle >= _CALM else 1


def layers(form: FormPlan, playlist: Playlist) -> Layers:
    """Plan entries and exits.

    The pad plays throughout. The lead opens the body; the others join it one after the other, a unit apart where the
    form has the room, all by the climax. Counter and colour leave after it, unless the playlist has them play all but
    the body's first and last unit. Drums and bass are gone when the outro begins.
    """
    count, climax = len(form.units), form.climax
    first, after = form.body

    def bar(unit: int) -> int:
        return form.units[unit].bar if unit < count else after

    enters = _entries(count, climax, playlist)
    exits: dict[Role, int] = {
        "bass": after,
        "drums": bar(count - 1) + max(form.units[-1].bars - 1, 1),
        "counter": bar(max(count - 2, climax + 1)),
        "colour": bar(max(min(climax + 3, count - 1), climax + 1)),
    }
    active: dict[Role, tuple[int, int]] = {"pad": (0, form.bars), "lead": (first, after)}
    active |= {role: (bar(unit), exits[role]) for role, unit in enters.items()}
    for voice in playlist.voices:
        if voice.span == "body" and voice.role in _OPTIONAL:
            active[voice.role] = (bar(1), bar(count - 1)) if count > _FEWEST else form.body
    return Layers(active, tuple(_energy(form, number) for number in range(form.bars)), form.body)


def _entries(count: int, climax: int, playlist: Playlist) -> dict[Role, int]:
    """Return the unit in which each voice besides lead and pad enters; in short forms several enter together."""
    long = count > _SHORT
    wanted: dict[Role, int] = {
        "bass": 1 if long else 0,
        "drums": min(2, count - 2),
        "counter": max(climax - 4, count // 4),
        "colour": max(climax - 1, 0),
    }
    enters: dict[Role, int] = {}
    latest = -1
    for role in sorted(wanted, key=lambda role: wanted[role]):  # stable: of two the first named enters first
        voice = playlist.voice(role)
        if voice is not None:
            earliest = min(latest + 1, climax) if long else 0
            enters[role] = max(wanted[role], earliest)
            if voice.span != "body" or role not in _OPTIONAL:
                latest = enters[role]
    return enters


def _energy(form: FormPlan, number: int) -> float:
    first, after = form.body
    peak = form.units[form.climax].bar
    if number < first or number >= after:
        return _QUIETEST
    if number <= peak + form.units[0].bars:
        return _QUIETEST + (1 - _QUIETEST) * (number - first) / max(peak - first, 1) if number < peak else 1.0
    return 1.0 - (1 - _AFTER) * (number - peak - form.units[0].bars) / max(after - peak - form.units[0].bars, 1)
