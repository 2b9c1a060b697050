"""The lead and the progression under it: eight bars at a time, the models first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.compose import answers, motifs, walk
from latentfm.compose.engine import Players
from latentfm.compose.motifs import Frame, Motif, Pool
from latentfm.compose.walk import Walk
from latentfm.music import melody, progressions
from latentfm.music.chords import Chord
from latentfm.music.form import FormPlan, Unit
from latentfm.music.note import STEPS_PER_BAR, Note, shift
from latentfm.music.progressions import PERIOD_BARS
from latentfm.playlist import Playlist, Voice

OLD: Final = -1  # the point that stands for an older motif
_PROGRESSIONS: Final = 48
_FAMILIAR: Final = 0.5  # what it is worth that the listener knows a progression
_CHANCE: Final = 0.3
_RECENT_BARS: Final = 6
_REGISTER: Final = 0.52  # where in the lead's range motifs are centred
_BAND: Final = melody.TWELFTH - 1  # semitones: what the lead keeps to
_LIFT: Final = 3  # semitones by which later ideas lie higher


@dataclass(frozen=True)
class Draft:
    """The lead as the models wrote it, in place and transposition, and the chords that were found for it.

    Attributes:
        units: the notes of each unit of the form.
        chords: one a slot, from the first bar of the body on.
        fingerprints: of every motif and answer, in the order in which they are first heard.
        letters: what each unit airs, for the record; a prime marks a change.
        to_vary: units that return unchanged although the plan asks for a change.
    """

    units: tuple[tuple[Note, ...], ...]
    chords: tuple[Chord, ...]
    fingerprints: tuple[str, ...]
    letters: tuple[str, ...]
    to_vary: tuple[int, ...]

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes in time order."""
        return tuple(note for unit in self.units for note in unit)


def voice_of(playlist: Playlist) -> Voice:
    """Return the voice of a playlist's lead; every playlist has one."""
    voice = playlist.voice("lead")
    if voice is None:
        raise ValueError(f"playlist {playlist.name} has no lead")
    return voice


class _Writer:
    """Writes a lead group by group; what is chosen stays chosen."""

    def __init__(
        self,
        players: Players,
        playlist: Playlist,
        form: FormPlan,
        places: Walk,
        key: Key,
        heard: Sequence[str],
        rng: np.random.Generator,
    ) -> None:
        self.players, self.playlist, self.form, self.walk, self.key = players, playlist, form, places, key
        self.heard, self.rng = tuple(heard), rng
        self.steps = walk.draft_steps(playlist, players.melody_vae.steps)
        self.stretch = playlist.form.motif_stretch
        self.slot_steps = playlist.harmony.bars_per_chord * STEPS_PER_BAR
        self.pools: dict[int, Pool] = {}
        self.chosen: dict[int, Motif] = {}
        self.known: list[tuple[Chord, ...]] = []
        self.units: list[tuple[Note, ...]] = []
        self.chords: list[Chord] = []
        self.fingerprints: list[str] = []
        self.letters: list[str] = []
        self.to_vary: list[int] = []

    def frame(self, point: int = 0) -> Frame:
        """Return what the motifs of a point are fitted into."""
        voice = voice_of(self.playlist)
        middle = voice.low + _REGISTER * (voice.high - voice.low)
        low, high = max(voice.low, round(middle) - _BAND // 2), min(voice.high, round(middle) + _BAND // 2)
        lift = _LIFT * max(point, 0) / max(self.form.points - 1, 1)
        return Frame.of(self.key, self.slot_steps, low, high, middle + lift)

    def pool(self, point: int) -> Pool:
        """Return a point's drafts, decoded when first needed."""
        if point not in self.pools:
            where = self.walk.old if point == OLD and self.walk.old is not None else self.walk.points[max(point, 0)]
            batch = walk.drafts(self.players.melody_vae, where, self.playlist, self.rng)
            familiar = self.heard if point > 0 else ()
            self.pools[point] = motifs.pool(batch, walk.score(batch, self.playlist), self.frame(point), heard=familiar)
        return self.pools[point]

    def group(self, units: Sequence[Unit], number: int) -> None:
        """Write eight bars: choose their progression with their motifs, then air each unit."""
        slots = PERIOD_BARS // self.playlist.harmony.bars_per_chord
        each = slots // len(units)
        uses: dict[int, list[int]] = {}
        for index, unit in enumerate(units):
            if unit.source in ("motif", "old"):
                uses.setdefault(OLD if unit.source == "old" else unit.point, []).append(index)
        away = units[0].part in ("answer", "variation") and number > 0
        drawn = progressions.periods(self.key, slots, _PROGRESSIONS, self.rng, away=away)
        options = list(dict.fromkeys([*self.known, *drawn]))
        frame = self.frame()
        spelled = [[frame.place(chord) for chord in option] for option in options]
        luck = _CHANCE * self.rng.gumbel(size=len(options))
        worth = [
            float(luck[index]) + _FAMILIAR * (option in self.known) + self._agreement(spelled[index], uses, each)
            for index, option in enumerate(options)
        ]
        best = int(np.argmax(worth))
        progression, places = options[best], spelled[best]
        if progression not in self.known:
            self.known.append(progression)
        self.chords += progression
        for index, unit in enumerate(units):
            self._air(unit, places[index * each : (index + 1) * each], uses, places, each)

    def _agreement(self, places: Sequence[int], uses: dict[int, list[int]], each: int) -> float:
        total = 0.0
        for point, indices in uses.items():
            parts = [places[index * each : (index + 1) * each] for index in indices]
            drafts = self.pool(point)
            if point in self.chosen:
                total += motifs.fixed_fit(drafts, self.chosen[point].choice, parts) * len(parts)
            else:
                total += motifs.best_over(drafts, parts)[1] * len(parts)
        return total / max(sum(len(indices) for indices in uses.values()), 1)

    def _air(
        self, unit: Unit, places: Sequence[int], uses: dict[int, list[int]], group: Sequence[int], each: int
    ) -> None:
        before = self._lately()
        letter = "ABCD"[unit.point]
        if unit.source in ("answer", "lead_on"):
            aired = self._answer(places)
            letter = "r" if unit.source == "answer" else "l"
        else:
            point = OLD if unit.source == "old" else unit.point
            letter = "o" if point == OLD else letter
            if point not in self.chosen:
                parts = [group[index * each : (index + 1) * each] for index in uses[point]]
                self.chosen[point] = motifs.refine(self.pool(point), parts, before, repeats=_side_by_side(uses[point]))
                aired = self.chosen[point]
            else:
                aired = motifs.variant(self.pool(point), self.chosen[point], places, before, varied=unit.varied)
                if aired.choice == self.chosen[point].choice and unit.varied:
                    self.to_vary.append(len(self.units))
                if aired.choice != self.chosen[point].choice or unit.varied:
                    letter += "'"
        self._note(melody.fingerprint(aired.notes))
        self.units.append(shift(aired.notes, unit.bar * STEPS_PER_BAR))
        self.letters.append(letter)

    def _answer(self, places: Sequence[int]) -> Motif:
        """Let the RNN answer what was aired last, with the unit before that as context."""
        before = self.units[-2:]
        start = (self.form.intro + (len(self.units) - len(before)) * self.form.units[0].bars) * STEPS_PER_BAR
        notes = [note for unit in before for note in unit]
        primer = answers.events_of(notes, start, len(before) * self.steps, self.stretch)
        call = [note.pitch for note in before[-1]]
        frame = replace(self.frame(), centre=float(np.mean(call)) if call else self.frame().centre)
        return answers.answer(
            self.players.melody_rnn,
            primer,
            frame=frame,
            places=places,
            steps=self.steps,
            playlist=self.playlist,
            rng=self.rng,
            heard=self.fingerprints,
            before=self._lately(),
        )

    def _lately(self) -> tuple[Note, ...]:
        """Return what was aired in the last bars."""
        count = max(_RECENT_BARS // self.form.units[0].bars, 1)
        return tuple(note for unit in self.units[-count:] for note in unit)

    def _note(self, fingerprint: str) -> None:
        if not any(melody.alike(fingerprint, known) for known in self.fingerprints):
            self.fingerprints.append(fingerprint)


def _side_by_side(indices: Sequence[int]) -> bool:
    return any(after - before == 1 for before, after in pairwise(indices))


def write(
    players: Players,
    playlist: Playlist,
    form: FormPlan,
    places: Walk,
    key: Key,
    heard: Sequence[str],
    rng: np.random.Generator,
) -> Draft:
    """Write the lead of a section and find its progressions.

    Args:
        players: the models.
        playlist: the mood.
        form: the plan.
        places: the walk.
        key: key of the section.
        heard: fingerprints of motifs heard lately.
        rng: where chance comes from.
    """
    writer = _Writer(players, playlist, form, places, key, heard, rng)
    first = form.intro
    for number, units in groupby(form.units, key=lambda unit: (unit.bar - first) // PERIOD_BARS):
        writer.group(list(units), number)
    return Draft(
        tuple(writer.units),
        tuple(writer.chords),
        tuple(writer.fingerprints),
        tuple(writer.letters),
        tuple(writer.to_vary),
    )
