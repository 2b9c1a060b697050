"""Pad, bass, counter-line and colour: what carries the lead, written from the chords that fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.compose.arrange import Layers
from latentfm.music import bass as bass_lines
from latentfm.music import idioms, voicing
from latentfm.music.bass import BassBar
from latentfm.music.chords import Chord
from latentfm.music.figures import LONGEST_SEMITONE, SEMITONES
from latentfm.music.metre import EIGHTH, Metre
from latentfm.music.note import Note, between
from latentfm.music.scales import OCTAVE, scale_step
from latentfm.music.voicing import Slot, Voicing
from latentfm.playlist import Voice

_HELD: Final = 3  # steps from which a lead note counts as sustained
_PAD_ROOM: Final = 21  # semitones in which any chord has a voicing of four parts
_BASS_ROOM: Final = 11
_BELOW: Final = 9  # semitones: a counter-line keeps a sixth under the lead
_REPLY: Final = 4  # steps of silence in the lead that the counter-line fills
_LONGEST_TIE: Final = 4  # bars that a pad's common tone is held without being struck again
# General MIDI programs whose notes die away by themselves: such pads strike chords again and again
_DECAYING: Final = (*range(16), *range(24, 40), 45, 46, 47, *range(104, 109), *range(112, 120))
_BROKEN_EVENLY: Final = 0.4  # the energy from which broken chords leave no note out


@dataclass(frozen=True)
class Ground:
    """What the accompaniment stands on: key, metre, the chord of each bar, bars a chord, layers, and the aired lead."""

    key: Key
    metre: Metre
    chords: tuple[Chord, ...]
    bars_per_chord: int
    layers: Layers
    lead: tuple[Note, ...]

    @property
    def bars(self) -> int:
        """Bars of the section."""
        return len(self.chords)

    def alone(self, line: Sequence[Note]) -> tuple[Note, ...]:
        """Return the notes that begin where the pad is alone."""
        return tuple(note for note in line if self.layers.alone(self.metre.bar(note.onset)))


def _register(voice: Voice, lowest: int, highest: int, room: int) -> tuple[int, int]:
    """Return the part of a voice's range that its role asks for, or its own lowest part where that is too narrow."""
    low, high = max(voice.low, lowest), min(voice.high, highest)
    return (low, high) if high - low >= room else (voice.low, voice.low + room)


def _spans(ground: Ground) -> list[tuple[int, int]]:
    """Return runs of bars with one chord, none longer than two chords' time, as ``(first bar, bars)``."""
    spans: list[tuple[int, int]] = []
    for bar in range(ground.bars):
        first, length = spans[-1] if spans else (0, 0)
        goes_on = spans and bar not in ground.layers.body and ground.chords[bar] == ground.chords[first]
        if goes_on and length < 2 * ground.bars_per_chord:
            spans[-1] = (first, length + 1)
        else:
            spans.append((bar, 1))
    return spans


def _slot(ground: Ground, voice: Voice, first: int, bars: int) -> Slot:
    bar_steps = ground.metre.steps_per_bar
    start, end = first * bar_steps, (first + bars) * bar_steps
    sounding = [note for note in ground.lead if note.onset < end and note.end > start]
    ceiling = min([note.pitch - 1 for note in sounding] + [min(voice.high, voicing.HIGHEST)])
    held = [note.pitch for note in sounding if min(note.end, end) - max(note.onset, start) >= _HELD]
    avoid = sorted({pitch + sign * step for pitch in held for step in SEMITONES for sign in (1, -1)})
    return Slot(ground.chords[first], ceiling, tuple(avoid))


def pad(ground: Ground, voice: Voice, before: Voicing | None = None) -> tuple[tuple[Note, ...], Voicing]:
    """Write the pad through the whole section.

    Returns:
        The notes, and the last voicing.
    """
    spans = _spans(ground)
    slots = [_slot(ground, voice, first, bars) for first, bars in spans]
    low, high = _register(voice, voicing.LOWEST, voicing.HIGHEST, _PAD_ROOM)
    path = voicing.lead_voices(slots, low=low, high=high, before=before)
    if voice.program in _DECAYING:
        return _struck(ground, spans, path), path[-1]
    return _tied(ground, spans, path), path[-1]


def _tied(ground: Ground, spans: Sequence[tuple[int, int]], path: Sequence[Voicing]) -> tuple[Note, ...]:
    """Hold chords, common tones over the bar line; at the ends of the body all are struck anew."""
    bar_steps, body = ground.metre.steps_per_bar, ground.layers.body
    open_notes: dict[int, Note] = {}
    notes: list[Note] = []
    for (first, bars), voices in zip(spans, path, strict=True):
        start, length = first * bar_steps, bars * bar_steps
        left = [
            pitch
            for pitch, held in sorted(open_notes.items())
            if first in body or pitch not in voices or held.length >= _LONGEST_TIE * bar_steps
        ]
        notes += [open_notes.pop(pitch) for pitch in left]
        for pitch in voices:
            held = open_notes.get(pitch, Note(start, 0, pitch))
            open_notes[pitch] = replace(held, length=held.length + length)
    return tuple(sorted([*notes, *open_notes.values()]))


def _struck(ground: Ground, spans: Sequence[tuple[int, int]], path: Sequence[Voicing]) -> tuple[Note, ...]:
    """Strike chords in a rhythm that follows the energy, one rhythm for each unevenness of it."""
    idiom, bar_steps = idioms.of(ground.metre), ground.metre.steps_per_bar
    notes: list[Note] = []
    for (first, bars), voices in zip(spans, path, strict=True):
        for bar in range(first, first + bars):
            comps = idiom.comps if ground.layers.plays("bass", bar) else idiom.comps_alone
            rhythm = comps[min(int(ground.layers.energy[bar] * 3), len(comps) - 1)]
            notes += [Note(bar * bar_steps + onset, length, pitch) for onset, length in rhythm for pitch in voices]
    return tuple(sorted(notes))


def bass(ground: Ground, voice: Voice, liveliest: int, rng: np.random.Generator) -> tuple[Note, ...]:
    """Write the bass where it plays; its last bar is one long root."""
    playing = [bar for bar in range(ground.bars) if ground.layers.plays("bass", bar)]
    places = []
    for bar in playing:
        following = ground.chords[bar + 1] if bar + 1 < ground.bars and bar != playing[-1] else None
        lively = 0 if bar == playing[-1] else min(round(ground.layers.energy[bar] * liveliest), liveliest)
        places.append(BassBar(bar, ground.chords[bar], following, lively))
    low, high = _register(voice, bass_lines.LOWEST, bass_lines.HIGHEST, _BASS_ROOM)
    return bass_lines.line(places, ground.key, ground.metre, rng, low=low, high=high)


def counter(ground: Ground, voice: Voice, pad_notes: Sequence[Note] = ()) -> tuple[Note, ...]:
    """Write a line a sixth or more under the lead: a note for each strong beat while it moves, steps where it rests."""
    goals: list[Note] = []
    for bar in range(ground.bars):
        if ground.layers.plays("counter", bar):
            for onset, length in ground.metre.spans:
                start = bar * ground.metre.steps_per_bar + onset
                goals.append(_counter_tone(goals, ground, voice, (start, start + length), pad_notes))
    line: list[Note] = []
    for goal, following in zip(goals, [*goals[1:], None], strict=True):
        silent = not any(note.onset < goal.end and note.end > goal.end - _REPLY for note in ground.lead)
        if following is not None and following.onset == goal.end and silent:
            line += _reply(goal, following, ground.key)
        else:
            line.append(goal)
    return tuple(line)


def _counter_tone(
    before: Sequence[Note], ground: Ground, voice: Voice, span: tuple[int, int], pad_notes: Sequence[Note]
) -> Note:
    """Return the chord tone for a span that lies best: near the last one, a sixth under the lead, and no rub."""
    start, end = span
    chord = ground.chords[ground.metre.bar(start)]
    doubled = {note.pitch for note in pad_notes if note.onset < end and note.end > start}
    lead = min((note.pitch for note in between(ground.lead, start, end)), default=voice.high)
    top = max(min(voice.high, lead - _BELOW), voice.low + OCTAVE - 1)
    last = before[-1].pitch if before else top - 2
    held = [note.pitch for note in ground.lead if min(note.end, end) - max(note.onset, start) >= _HELD]
    choices = [pitch for pitch in range(voice.low, top + 1) if pitch % OCTAVE in chord.tones]

    def price(pitch: int) -> tuple[float, int]:
        move = abs(pitch - last)
        rub = any(abs(other - pitch) in SEMITONES for other in held)
        root = 0.5 * (pitch % OCTAVE == chord.root)
        return 10.0 * rub + max(move - 4, 0) + 2.5 * (move == 0) + root + 1.5 * (pitch in doubled) + 0.25 * abs(
            top - 2 - pitch
        ), pitch

    return Note(start, end - start, min(choices, key=price))


def _reply(goal: Note, following: Note, key: Key) -> list[Note]:
    """Return a goal that walks on by scale steps towards the next one, in eighths, while the lead is silent."""
    side = 1 if following.pitch >= goal.pitch else -1
    first = scale_step(goal.pitch, key, side)
    second = scale_step(following.pitch, key, -side) if abs(following.pitch - goal.pitch) > _REPLY else first
    second = second if second != first else scale_step(first, key, side)
    return [
        replace(goal, length=goal.length - 2 * EIGHTH),
        Note(goal.end - 2 * EIGHTH, EIGHTH, first),
        Note(goal.end - EIGHTH, EIGHTH, second),
    ]


def colour(ground: Ground, voice: Voice, lively: int, rng: np.random.Generator) -> tuple[Note, ...]:
    """Write broken chords: far apart in calm moods, in lively ones nearer and, with more energy, in eighths."""
    idiom, bar_steps = idioms.of(ground.metre), ground.metre.steps_per_bar
    shape = idiom.arpeggios[int(rng.integers(len(idiom.arpeggios)))]
    step = idiom.broken[lively > 1]
    centre = (voice.low + voice.high) // 2
    notes: list[Note] = []
    for bar in range(ground.bars):
        if not ground.layers.plays("colour", bar):
            continue
        chord = ground.chords[bar]
        root = min(
            range(voice.low, voice.high + 1), key=lambda pitch: (pitch % OCTAVE != chord.root, abs(pitch - centre))
        )
        ladder = [root + (tone - chord.root) % OCTAVE for tone in chord.tones[:3]] + [root + OCTAVE]
        ladder = [pitch if pitch <= voice.high else pitch - OCTAVE for pitch in ladder]
        for place in range(bar_steps // step):
            onset = bar * bar_steps + place * step
            if place % idiom.thin == 0 or (lively > 1 and ground.layers.energy[bar] >= _BROKEN_EVENLY):
                notes.append(Note(onset, step, ladder[shape[place % len(shape)]]))
    return tuple(notes)


def _cut(note: Note, other: Note) -> Note:
    """Shorten a note so that it rubs against another for an eighth at most."""
    if note.onset < other.onset:
        return replace(note, length=min(note.length, other.onset + LONGEST_SEMITONE - note.onset))
    return replace(note, length=min(note.length, LONGEST_SEMITONE))


def without_rubs(line: Sequence[Note], others: Sequence[Note]) -> tuple[Note, ...]:
    """Shorten the notes of a line that sound a semitone from a more important line's for longer than an eighth."""
    firm = sorted(others)
    kept: list[Note] = []
    for note in line:
        cut = note
        for other in firm:
            if other.onset >= cut.end:
                break
            together = min(cut.end, other.end) - max(cut.onset, other.onset)
            if together > LONGEST_SEMITONE and abs(cut.pitch - other.pitch) in SEMITONES:
                cut = _cut(cut, other)
        kept.append(cut)
    return tuple(kept)
