"""Voices under the lead by PolyphonyRNN: it is given the melody, step by step, and draws what sounds with it.

It goes bar by bar: many candidates are drawn, and the one is kept that agrees best with the chords of the frame, leads
its voices well, and is likely. The melody is put in as Magenta does when a primer is injected while it generates
(magenta/models/polyphony_rnn/polyphony_sequence_generator.py). A model may count in steps coarser than the section's
sixteenths, as one of chorales counts eighths: then it hears of the lead what sounds on its own steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.compose import partwriting
from latentfm.compose.partwriting import Verticals
from latentfm.models.event_rnn import PolyphonyRNN
from latentfm.models.event_rnn.polyphony import (
    CONTINUED_NOTE,
    NEW_NOTE,
    START,
    STEP_END,
    continued_note,
    new_note,
)
from latentfm.music.chords import Chord, triads
from latentfm.music.metre import EIGHTH, STEPS_PER_QUARTER, Metre
from latentfm.music.note import Note, one_voice
from latentfm.music.scales import OCTAVE
from latentfm.playlist import Playlist

_CONTEXT_BARS: Final = 4  # that the model hears before it goes on
_LIKELY: Final = 0.6  # for a standard deviation of the candidates' likelihood
_CLEARLY: Final = 1.5  # notes by which another chord than the frame's has to fit better
_ROOT: Final = 0.5
_BASS_SHARE: Final = 0.5  # of its time that a note has to be the lowest, to be the bass's


@dataclass(frozen=True)
class Voices:
    """What stands under a lead.

    Attributes:
        inner: the voices between lead and bass as they air; None where no model writes them.
        bass: the bass as it airs.
        written: all of them as the model drew them.
        chords: one for each bar of the section, as they are sung.
    """

    inner: tuple[Note, ...] | None
    bass: tuple[Note, ...]
    written: tuple[Note, ...]
    chords: tuple[Chord, ...]


@dataclass(frozen=True)
class Song:
    """What is harmonised.

    Attributes:
        units: the lead as it airs, unit by unit.
        spans: first step of each unit, and the step after it.
        key: key of the section.
        metre: how long bars are.
        chords: one for each bar of the section.
        phrase: units in a phrase; each ends with a fermata.
        bass: lowest and highest pitch of the bass voice.
        enters: step at which the bass enters; up to there the inner voices are alone under the lead.
    """

    units: Sequence[Sequence[Note]]
    spans: Sequence[tuple[int, int]]
    key: Key
    metre: Metre
    chords: Sequence[Chord]
    phrase: int
    bass: tuple[int, int]
    enters: int

    @property
    def bars(self) -> range:
        """Bars that are harmonised."""
        return range(self.metre.bar(self.spans[0][0]), self.metre.bar(self.spans[-1][1]))

    def ends(self, bar: int) -> bool:
        """Say whether a phrase ends with a bar."""
        return self.metre.steps_per_bar * (bar + 1) in self.endings

    @property
    def endings(self) -> list[int]:
        """First step after each phrase."""
        last = len(self.spans) - 1
        return [end for index, (_, end) in enumerate(self.spans) if (index + 1) % self.phrase == 0 or index == last]


def harmonise(rnn: PolyphonyRNN, song: Song, playlist: Playlist, rng: np.random.Generator) -> Voices:
    """Write the voices under a lead.

    Args:
        rnn: the model.
        song: the lead, and the frame it stands in.
        playlist: how many candidates are drawn for each bar, and how freely.
        rng: where chance comes from.
    """
    each = STEPS_PER_QUARTER // rnn.steps_per_quarter
    given = _given(song, each)
    bars: list[Verticals] = []
    size = song.metre.steps_per_bar // each
    for bar in song.bars:
        before = [step for one in bars[-_CONTEXT_BARS:] for step in one]
        primer = [START, *(event for step in before for event in (*step, STEP_END))]
        first = (bar - song.bars.start) * size
        drawn = rnn.generate(
            size,
            rng,
            playlist.models.rnn_temperature,
            playlist.melody.candidates,
            primer=primer,
            given=given[first : first + size],
        )
        options = [_verticals(voices.events)[-size:] for voices in drawn]
        likelihood = np.array([voices.log_likelihood for voices in drawn])
        spread = float(np.std(likelihood)) or 1.0
        worth = _LIKELY * np.clip((likelihood - np.median(likelihood)) / spread, -2, 2)
        place = partwriting.Place(
            song.chords[bar], song.metre, before[-1] if before else (), last=song.ends(bar), bass=song.bass
        )
        worth -= np.array([partwriting.cost(_held(option, each), place) for option in options])
        bars.append(options[int(worth.argmax())])
    first = song.spans[0][0]
    under = _under([step for bar in bars for step in bar], given)
    written = [Note(first + each * note.onset, each * note.length, note.pitch) for note in under]
    return _arranged(written, song)


def implied(inner: Sequence[Note], bass: Sequence[Note], song: Song) -> tuple[Chord, ...]:
    """Return the chord of each bar of the section as it is sung: the frame's, unless another one fits clearly better.

    What sounds on strong beats counts, the lead twice, and a bass on the root.
    """
    lead = [note for unit in song.units for note in unit]
    chords = list(song.chords)
    for bar in song.bars:
        heard = np.zeros(OCTAVE)
        roots = np.zeros(OCTAVE)
        for strong in song.metre.strong:
            step = bar * song.metre.steps_per_bar + strong
            for line, weight in ((lead, 2.0), (inner, 1.0), (bass, 1.0)):
                for note in line:
                    if note.onset <= step < note.end:
                        heard[note.pitch % OCTAVE] += weight
                        roots[note.pitch % OCTAVE] += _ROOT * (line is bass)
        options = [song.chords[bar], *triads(song.key)]
        worth = [heard[list(one.classes)].sum() + roots[one.root] for one in options]
        best = int(np.argmax(worth))
        if worth[best] > worth[0] + _CLEARLY:
            chords[bar] = options[best]
    return tuple(chords)


def _given(song: Song, each: int) -> list[list[int]]:
    """Return the event of the lead for each step of the model from the first unit on, each note held until the next.

    Args:
        song: what is harmonised.
        each: sixteenths in a step of the model; of notes that are shorter only those count that sound when it begins.
    """
    lead = [note for unit in song.units for note in unit]
    first, after = song.spans[0][0], song.spans[-1][1]
    events: list[list[int]] = [[] for _ in range(first, after, each)]
    for note, end in zip(lead, [*(note.onset for note in lead[1:]), after], strict=True):
        begins = -(-(note.onset - first) // each)
        for step in range(begins, -(-(min(end, after) - first) // each)):
            events[step] = [new_note(note.pitch) if step == begins else continued_note(note.pitch)]
    return events


def _held(bar: Verticals, each: int) -> Verticals:
    """Return a bar in sixteenths: what begins at a step of the model goes on for the rest of it."""
    on = [tuple(continued_note(partwriting.pitch(event)) for event in step) for step in bar]
    return [row for step, held in zip(bar, on, strict=True) for row in (step, *[held] * (each - 1))]


def _verticals(events: Sequence[int]) -> Verticals:
    """Return the events of each step, the highest note first, each pitch once."""
    steps: Verticals = []
    row: dict[int, int] = {}
    for event in events:
        if event == STEP_END:
            steps.append(tuple(row[pitch] for pitch in sorted(row, reverse=True)))
            row = {}
        elif event >= NEW_NOTE:
            row.setdefault(partwriting.pitch(event), event)
    return steps


def _under(steps: Verticals, given: Sequence[Sequence[int]]) -> list[Note]:
    """Return the notes that the model drew, without the lead's, in its own steps."""
    notes: list[Note] = []
    sounding: dict[int, int] = {}  # pitch -> onset
    for step, row in enumerate([*steps, ()]):
        own = {partwriting.pitch(event) for event in given[step]} if step < len(given) else set()
        now = {partwriting.pitch(event): event < CONTINUED_NOTE for event in row}
        for pitch, onset in sorted(sounding.items()):
            if pitch not in now or now[pitch] or pitch in own:
                notes.append(Note(onset, step - onset, pitch))
                del sounding[pitch]
        for pitch, new in now.items():
            if new and pitch not in own:
                sounding[pitch] = step
    return sorted(notes)


def _arranged(written: Sequence[Note], song: Song) -> Voices:
    """Tell bass and inner voices apart, fold the bass into its range, and let all of them rest at a phrase's end."""
    low, high = song.bass
    inner: list[Note] = []
    bass: list[Note] = []
    for note in written:
        others = [one for one in written if one is not note and one.onset < note.end and one.end > note.onset]
        lowest = sum(
            all(one.pitch > note.pitch for one in others if one.onset <= step < one.end)
            for step in range(note.onset, note.end)
        )
        if lowest > _BASS_SHARE * note.length and note.pitch <= high + OCTAVE:
            pitch = note.pitch - OCTAVE * (note.pitch > high) + OCTAVE * (note.pitch < low)
            bass.append(replace(note, pitch=pitch))
        else:
            inner.append(note)
    early = [note for note in bass if note.onset < song.enters]
    played = [note for note in bass if note.onset >= song.enters]
    heard = [note for note in written if note not in early]
    aired, sung = tuple(_rested(inner, song)), one_voice(_rested(played, song))
    return Voices(aired, sung, tuple(heard), implied(aired, sung, song))


def _rested(line: Sequence[Note], song: Song) -> list[Note]:
    """Hold what sounds with the lead's last note of a phrase to its end, less a breath; leave out what moves there."""
    lead = [note for unit in song.units for note in unit]
    kept = list(line)
    for end in song.endings:
        last = max((note.onset for note in lead if note.onset < end), default=end)
        if last < end - song.metre.steps_per_bar:
            continue
        breath = end if end == song.endings[-1] else end - EIGHTH
        kept = [note for note in kept if not last < note.onset < end]
        kept = [replace(note, length=breath - note.onset) if note.onset <= last < note.end else note for note in kept]
    return kept
