"""The figures that are checked: a section in numbers, and the bounds they should lie in."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Key
from latentfm.music import melody
from latentfm.music.chords import Chord
from latentfm.music.metre import Metre
from latentfm.music.note import Note
from latentfm.music.scales import contains
from latentfm.playlist import Role

SEMITONES: Final = (1, 13)  # a minor second rubs, and so does a minor ninth
_UNDER: Final[tuple[Role, ...]] = ("pad", "bass")
LONGEST_SEMITONE: Final = 2  # steps: an eighth
_MOST: Final = math.nextafter(0.5, 1.0)  # more than half
_LARGEST_INTERVAL: Final = 24
_LONGEST_NOTE: Final = 16  # steps; one scale for the histograms of every metre


@dataclass(frozen=True)
class Material:
    """What the figures are computed from.

    Attributes:
        key: key of the section.
        metre: metre of the section.
        bars: bars of the section.
        voices: notes of each voice.
        chords: chord of each bar.
        model: what the models wrote for the lead, in its place and transposition.
        under: what a model wrote for the voices under it, where one did.
        spans: phrases of the lead, as steps ``(first, after the last)``.
        idea_bars: bars of the section that are one bar of the tune as the model writes it.
        quiet_bars: bars that may be silent.
        motifs, heard: fingerprints of this section's motifs and of those heard lately.
    """

    key: Key
    metre: Metre
    bars: int
    voices: Mapping[Role, Sequence[Note]]
    chords: Sequence[Chord]
    model: Sequence[Note]
    spans: Sequence[tuple[int, int]]
    under: Sequence[Note] = ()
    idea_bars: int = 1
    quiet_bars: Sequence[int] = ()
    motifs: Sequence[str] = ()
    heard: Sequence[str] = ()


@dataclass(frozen=True)
class Figures:
    """A section in numbers; shares are 0 to 1."""

    model_share: float  # of the model's lead notes, those that air with onset and pitch unchanged
    in_mode: float  # of the lead's notes
    chord_tones: float  # of the lead's notes on strong beats
    longest_semitone: int  # steps for which two voices sound a semitone or a minor ninth apart
    widest_range: int  # semitones of the lead within eight bars
    leaps: float  # of the lead's intervals, those over a sixth
    leaps_turned: float  # of those leaps, the ones that turn back by step
    repeating_bars: float  # of the lead's bars, those that repeat or vary an earlier one
    longest_unchanged: int  # bars of the lead in a row that are the same
    lead_stuck: float  # bars for which the lead stays on one pitch
    bass_stuck: float
    notes_per_bar: float  # of the lead, inside its phrases
    rest_share: float  # of the lead's phrases
    empty_bars: int  # in which nothing sounds, outside those that ask for it
    motifs_alike: float  # of the motifs, those heard lately
    densest: float  # where the densest eight bars lie, 0 to 1
    under_share: float = 1.0  # of what a model wrote under the lead, the notes that air with onset and pitch unchanged
    under_chord_tones: float = 1.0  # of what pad and bass sound on strong beats under the lead


@dataclass(frozen=True)
class Bounds:
    """What a mood asks of its figures besides what every mood asks."""

    notes_per_bar: tuple[float, float]
    rest_share: tuple[float, float]
    stuck_bars: float  # two, four in calm moods


def _model_share(material: Material) -> float:
    return _kept(material.model, material.voices.get("lead", ()))


def _kept(written: Sequence[Note], aired: Sequence[Note]) -> float:
    """Return the share of the notes written that air with their onset and pitch."""
    heard = {(note.onset, note.pitch) for note in aired}
    return sum((note.onset, note.pitch) in heard for note in written) / len(written) if written else 1.0


def _under(material: Material) -> tuple[Note, ...]:
    """Return the notes of pad and bass."""
    return tuple(note for role in _UNDER for note in material.voices.get(role, ()))


def _under_chord_tones(material: Material) -> float:
    """Return the share of chord tones among what pad and bass sound on the strong beats of the lead's phrases."""
    line, total, resting = _under(material), 0, 0
    for start, end in material.spans:
        for step in range(start, end):
            bar = material.metre.bar(step)
            if material.metre.is_strong(step) and bar < len(material.chords):
                sounding = [note.pitch % 12 for note in line if note.onset <= step < note.end]
                total += len(sounding)
                resting += sum(pitch in material.chords[bar].classes for pitch in sounding)
    return resting / total if total else 1.0


def _longest_semitone(voices: Mapping[Role, Sequence[Note]]) -> int:
    """Return for how many steps two notes of different voices, or of one, rub at most."""
    notes = sorted(note for role, line in voices.items() if role != "drums" for note in line)
    longest = 0
    for index, note in enumerate(notes):
        for other in notes[index + 1 :]:
            if other.onset >= note.end:
                break
            if abs(note.pitch - other.pitch) in SEMITONES:
                longest = max(longest, min(note.end, other.end) - other.onset)
    return longest


def _empty_bars(material: Material) -> int:
    sounding = np.zeros(material.bars, dtype=bool)
    for line in material.voices.values():
        for note in line:
            sounding[material.metre.bar(note.onset) : material.metre.bar(note.end - 1) + 1] = True
    sounding[list(material.quiet_bars)] = True
    return int((~sounding).sum())


def _densest(material: Material) -> float:
    """Return the middle of the eight bars with the most onsets, as a share of the section."""
    counts = np.zeros(material.bars)
    for line in material.voices.values():
        for note in line:
            if material.metre.bar(note.onset) < material.bars:
                counts[material.metre.bar(note.onset)] += 1
    window = min(8, material.bars)
    sums = np.convolve(counts, np.ones(window), mode="valid")
    return (int(sums.argmax()) + window / 2) / material.bars


def measure(material: Material) -> Figures:
    """Compute the figures of a section, or of what the models wrote for it."""
    lead, metre = material.voices.get("lead", ()), material.metre
    inside = [note for note in lead if any(start <= note.onset < end for start, end in material.spans)]
    strong = [note for note in inside if metre.is_strong(note.onset) and metre.bar(note.onset) < len(material.chords)]
    resting = [note.pitch % 12 in material.chords[metre.bar(note.onset)].tones for note in strong]
    wide, turned = melody.leaps(lead)
    first = metre.bar(min((start for start, _ in material.spans), default=0))
    last = metre.bar(max((end for _, end in material.spans), default=0))
    bars = sum(end - start for start, end in material.spans) / metre.steps_per_bar
    return Figures(
        model_share=_model_share(material),
        in_mode=sum(contains(material.key, note.pitch) for note in lead) / len(lead) if lead else 1.0,
        chord_tones=sum(resting) / len(resting) if resting else 1.0,
        longest_semitone=_longest_semitone(material.voices),
        widest_range=melody.widest_range(lead, material.bars, metre),
        leaps=wide,
        leaps_turned=turned,
        repeating_bars=melody.repeating_share(lead, first, last, metre, material.idea_bars),
        longest_unchanged=melody.longest_unchanged(lead, material.bars, metre),
        lead_stuck=melody.longest_stuck(lead, metre),
        bass_stuck=melody.longest_stuck(material.voices.get("bass", ()), metre),
        notes_per_bar=len(inside) / bars if bars else 0.0,
        rest_share=melody.rest_share(lead, material.spans),
        empty_bars=_empty_bars(material),
        motifs_alike=melody.alike_share(material.motifs, material.heard),
        densest=_densest(material),
        under_share=_kept(material.under, _under(material)),
        under_chord_tones=_under_chord_tones(material),
    )


def limits(figures: Figures, bounds: Bounds) -> dict[str, tuple[float, float]]:
    """Return the least and the most that each checked figure may be, infinite where one end is open."""
    floors = {"model_share": 0.75, "in_mode": 0.95, "chord_tones": 0.70, "under_share": 0.75, "under_chord_tones": 0.70}
    ceilings = {
        "longest_semitone": LONGEST_SEMITONE,
        "widest_range": melody.TWELFTH,
        "leaps": 0.05,
        "longest_unchanged": 4,
        "lead_stuck": bounds.stuck_bars,
        "bass_stuck": bounds.stuck_bars,
        "empty_bars": 0,
        "motifs_alike": 0.5,
    }
    ranges = {
        "repeating_bars": (0.30, 0.80),
        "notes_per_bar": bounds.notes_per_bar,
        "rest_share": bounds.rest_share,
        "leaps_turned": (_MOST if figures.leaps > 0 else 0.0, 1.0),
    }
    least = {name: (floor, math.inf) for name, floor in floors.items()}
    return least | {name: (-math.inf, ceiling) for name, ceiling in ceilings.items()} | ranges


def missed(figures: Figures, bounds: Bounds) -> tuple[str, ...]:
    """Return the names of the figures that lie outside their bounds."""
    values = asdict(figures)
    within = limits(figures, bounds)
    return tuple(name for name, (low, high) in within.items() if not low <= values[name] <= high)


def interval_histogram(notes: Sequence[Note]) -> NDArray[np.float64]:
    """Count intervals from two octaves down to two octaves up, ``[49]``; wider ones count as two octaves."""
    counts = Counter(max(-_LARGEST_INTERVAL, min(_LARGEST_INTERVAL, move)) for move in melody.intervals(notes))
    return np.array([counts[move] for move in range(-_LARGEST_INTERVAL, _LARGEST_INTERVAL + 1)], dtype=np.float64)


def duration_histogram(notes: Sequence[Note]) -> NDArray[np.float64]:
    """Count the steps from each onset to the next, ``[16]``, from 1 to 16; longer ones count as 16."""
    gaps = Counter(min(after.onset - before.onset, _LONGEST_NOTE) for before, after in pairwise(notes))
    return np.array([gaps[steps] for steps in range(1, _LONGEST_NOTE + 1)], dtype=np.float64)


def jensen_shannon(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon distance between two histograms: the root of the divergence in bits, 0 to 1."""
    ours, theirs = one / one.sum(), other / other.sum()
    middle = (ours + theirs) / 2

    def divergence(histogram: NDArray[np.float64]) -> float:
        seen = histogram > 0
        return float((histogram[seen] * np.log2(histogram[seen] / middle[seen])).sum())

    return float(np.sqrt(max(0.0, (divergence(ours) + divergence(theirs)) / 2)))
