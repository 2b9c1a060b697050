"""The lead and the progression under it: eight bars at a time, the models first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.compose import answers, candidates, motifs, recall, walk
from latentfm.compose.candidates import Batch, Floats
from latentfm.compose.engine import Players
from latentfm.compose.memory import Memory
from latentfm.compose.motifs import Frame, Joins, Motif, Pool
from latentfm.compose.recall import Return
from latentfm.compose.walk import Walk
from latentfm.music import melody, metre, progressions
from latentfm.music.chords import Chord
from latentfm.music.form import FormPlan, Unit
from latentfm.music.note import Note, shift
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
_THEME: Final = 12.0  # what it is worth that a draft is an anchor's theme, which a listener should know again


@dataclass(frozen=True)
class Task:
    """What a lead is written for.

    Attributes:
        players: the models.
        playlist: the mood.
        form: the plan.
        key: key of the section.
        back: the older motif that comes back, where the plan has one.
        heard: fingerprints of motifs heard within the hour.
    """

    players: Players
    playlist: Playlist
    form: FormPlan
    key: Key
    back: Return | None
    heard: tuple[str, ...]

    @property
    def voice(self) -> Voice:
        """The lead's voice; every playlist has one."""
        voice = self.playlist.voice("lead")
        if voice is None:
            raise ValueError(f"playlist {self.playlist.name} has no lead")
        return voice


@dataclass(frozen=True)
class Draft:
    """The lead as the models wrote it, in place and transposition, and the chords that were found for it.

    Attributes:
        units: the notes of each unit of the form.
        chords: one a slot, from the first bar of the body on.
        fingerprints: of every motif and answer, in the order in which they are first heard.
        letters: what each unit airs, for the record; a prime marks a change.
        to_vary: units that return unchanged although the plan asks for a change.
        motifs: the motif of each point that is heard, and of the older one under ``OLD``.
        theme: how much the last point's motif has in common with the anchor's, 0 to 1; None without an anchor.
    """

    units: tuple[tuple[Note, ...], ...]
    chords: tuple[Chord, ...]
    fingerprints: tuple[str, ...]
    letters: tuple[str, ...]
    to_vary: tuple[int, ...]
    motifs: dict[int, Motif]
    theme: float | None

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes in time order."""
        return tuple(note for unit in self.units for note in unit)


class _Writer:
    """Writes a lead group by group; what is chosen stays chosen."""

    def __init__(self, task: Task, places: Walk, rng: np.random.Generator) -> None:
        self.task, self.walk, self.rng = task, places, rng
        self.playlist, self.form, self.vae = task.playlist, task.form, task.players.melody_vae
        self.steps = walk.draft_steps(task.playlist, self.vae.steps)
        self.stretch = task.playlist.form.motif_stretch
        self.bar_steps = metre.of(task.playlist).steps_per_bar
        self.slot_steps = task.playlist.harmony.bars_per_chord * self.bar_steps
        self.heard, self.memory = Memory(task.heard), Memory(task.heard)  # the second learns what airs here too
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
        voice, back = self.task.voice, self.task.back
        if point == OLD and back is not None and back.centre is not None:
            return Frame.of(self.task.key, self.slot_steps, voice.low, voice.high, back.centre)
        middle = voice.low + _REGISTER * (voice.high - voice.low)
        low, high = max(voice.low, round(middle) - _BAND // 2), min(voice.high, round(middle) + _BAND // 2)
        lift = _LIFT * max(point, 0) / max(self.form.points - 1, 1)
        return Frame.of(self.task.key, self.slot_steps, low, high, middle + lift)

    def pool(self, point: int) -> Pool:
        """Return a point's drafts, decoded when first needed."""
        if point not in self.pools:
            self.pools[point] = self._drafts(point)
        return self.pools[point]

    def _drafts(self, point: int) -> Pool:
        frame, playlist, back = self.frame(point), self.playlist, self.task.back
        if point == OLD and back is not None:
            return recall.pool(self.vae, back, playlist, frame, self.steps * self.stretch, self.rng)
        batch = walk.read(self.vae, *walk.around(self.vae, self.walk.points[point], playlist, self.rng), playlist)
        merit = walk.score(batch, playlist)
        theme = self.theme(point)
        if theme is None:
            return motifs.pool(batch, merit, frame, heard=self.heard)
        return motifs.pool(batch, merit + _THEME * likeness_to(theme, batch), frame)

    def theme(self, point: int) -> Batch | None:
        """Return the anchor's theme as the playlist reads it, if the walk visits it at this point."""
        labels = self.walk.end.theme
        if labels is None or point != self.form.points - 1:
            return None
        return walk.read(self.vae, labels[None], np.zeros(1), self.playlist)

    def group(self, units: Sequence[Unit]) -> None:
        """Write eight bars, or the four left at the end: choose their progression with their motifs, then air them."""
        slots = sum(unit.bars for unit in units) // self.playlist.harmony.bars_per_chord
        each = slots // len(units)
        uses: dict[int, list[int]] = {}
        for index, unit in enumerate(units):
            if unit.source in ("motif", "old"):
                uses.setdefault(OLD if unit.source == "old" else unit.point, []).append(index)
        away = units[0].part in ("answer", "variation") and bool(self.units)
        drawn = progressions.periods(self.task.key, slots, _PROGRESSIONS, self.rng, away=away)
        options = list(dict.fromkeys([*(known for known in self.known if len(known) == slots), *drawn]))
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
        joins = Joins(self._lately(), self._next())
        letter = "ABCD"[unit.point]
        if unit.source in ("answer", "lead_on"):
            aired = self._answer(places, joins)
            letter = "r" if unit.source == "answer" else "l"
        else:
            point = OLD if unit.source == "old" else unit.point
            letter = "o" if point == OLD else letter
            if point not in self.chosen:
                parts = [group[index * each : (index + 1) * each] for index in uses[point]]
                self.chosen[point] = motifs.refine(self.pool(point), parts, joins, repeats=_side_by_side(uses[point]))
                aired = self.chosen[point]
            else:
                aired = self._again(unit, point, places, joins)
                if aired.choice == self.chosen[point].choice and unit.varied:
                    self.to_vary.append(len(self.units))
                if aired.choice != self.chosen[point].choice or unit.varied:
                    letter += "'"
        self._note(melody.fingerprint(aired.notes))
        self.units.append(shift(aired.notes, unit.bar * self.bar_steps))
        self.letters.append(letter)

    def _again(self, unit: Unit, point: int, places: Sequence[int], joins: Joins) -> Motif:
        """Return what a motif airs when it is heard again: itself, a variation, or how it goes on."""
        drafts, first = self.pool(point), self.chosen[point]
        if point == OLD and self.task.back is not None and self.task.back.stretch > self.stretch:
            return recall.second_half(drafts, first) or first
        return motifs.variant(drafts, first, places, joins, varied=unit.varied)

    def _answer(self, places: Sequence[int], joins: Joins) -> Motif:
        """Let the RNN answer what was aired last, with the unit before that as context."""
        rnn = self.task.players.melody_rnn
        if rnn is None:
            raise ValueError("a form with answers needs an RNN")
        before = self.units[-2:]
        start = (self.form.intro + (len(self.units) - len(before)) * self.form.units[0].bars) * self.bar_steps
        notes = [note for unit in before for note in unit]
        primer = answers.events_of(notes, start, len(before) * self.steps, self.stretch)
        call = [note.pitch for note in before[-1]]
        first = start - self.form.intro * self.bar_steps
        slots = [(first + step * self.stretch) // self.slot_steps for step in range((len(before) + 1) * self.steps)]
        frame = replace(self.frame(), centre=float(np.mean(call)) if call else self.frame().centre)
        return answers.answer(
            rnn,
            primer,
            symbols=[self.chords[slot].symbol for slot in slots],
            frame=frame,
            places=places,
            steps=self.steps,
            playlist=self.playlist,
            rng=self.rng,
            heard=self.memory,
            joins=joins,
        )

    def _lately(self) -> tuple[Note, ...]:
        """Return what was aired in the last bars."""
        count = max(_RECENT_BARS // self.form.units[0].bars, 1)
        return tuple(note for unit in self.units[-count:] for note in unit)

    def _next(self) -> tuple[Note, ...]:
        """Return the motif that the unit after this one returns to, if it is chosen already."""
        following = self.form.units[len(self.units) + 1 : len(self.units) + 2]
        known = [self.chosen[unit.point] for unit in following if unit.source == "motif" and unit.point in self.chosen]
        return known[0].notes if known else ()

    def _note(self, fingerprint: str) -> None:
        if not any(melody.alike(fingerprint, known) for known in self.fingerprints):
            self.fingerprints.append(fingerprint)
            self.memory.add(fingerprint)


def _side_by_side(indices: Sequence[int]) -> bool:
    return any(after - before == 1 for before, after in pairwise(indices))


def likeness_to(theme: Batch, batch: Batch) -> Floats:
    """Return how much each draft has in common with the theme's parts, at its best, ``[n]``."""
    both = candidates.join([theme, batch])
    shared = np.stack([candidates.likeness(both, part)[len(theme) :] for part in range(len(theme))])
    return np.asarray(shared.max(axis=0), dtype=np.float64)


def write(task: Task, places: Walk, rng: np.random.Generator) -> Draft:
    """Write the lead of a section and find its progressions.

    Args:
        task: what it is written for.
        places: the walk.
        rng: where chance comes from.
    """
    writer = _Writer(task, places, rng)
    first = task.form.intro
    for _, units in groupby(task.form.units, key=lambda unit: (unit.bar - first) // PERIOD_BARS):
        writer.group(list(units))
    last = task.form.points - 1
    theme = writer.theme(last)
    near = None
    if theme is not None and last in writer.chosen:
        near = float(likeness_to(theme, writer.pool(last).batch)[writer.chosen[last].choice.draft])
    return Draft(
        tuple(writer.units),
        tuple(writer.chords),
        tuple(writer.fingerprints),
        tuple(writer.letters),
        tuple(writer.to_vary),
        writer.chosen,
        near,
    )
