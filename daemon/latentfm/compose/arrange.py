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

    The pad plays throughout. The lead opens the body; bass, then drums join it a unit apart; counter and colour come
    for the climax and leave after it, one after the other. Drums and bass are gone when the outro begins.
    """
    count, climax = len(form.units), form.climax
    first, after = form.body

    def bar(unit: int) -> int:
        return form.units[unit].bar if unit < count else after

    late = max(count - 2, climax + 1)
    entries: dict[Role, tuple[int, int]] = {
        "pad": (0, form.bars),
        "lead": (first, after),
        "bass": (bar(1 if count > 4 else 0), after),  # noqa: PLR2004 - in the shortest form each unit counts
        "drums": (bar(min(2, count - 2)), bar(count - 1) + max(form.units[-1].bars - 1, 1)),
        "counter": (bar(max(climax - 4, count // 4)), bar(late)),
        "colour": (bar(max(climax - 1, 0)), bar(min(climax + 3, count - 1))),
    }
    active = {voice.role: entries[voice.role] for voice in playlist.voices}
    return Layers(active, tuple(_energy(form, number) for number in range(form.bars)), form.body)


def _energy(form: FormPlan, number: int) -> float:
    first, after = form.body
    peak = form.units[form.climax].bar
    if number < first or number >= after:
        return _QUIETEST
    if number <= peak + form.units[0].bars:
        return _QUIETEST + (1 - _QUIETEST) * (number - first) / max(peak - first, 1) if number < peak else 1.0
    return 1.0 - (1 - _AFTER) * (number - peak - form.units[0].bars) / max(after - peak - form.units[0].bars, 1)
