"""Melodies and drum tracks out of quantised NoteSequences.

The events are note-seq's; what is kept, cut and discarded follows Magenta. Sources: `extract_melodies` and
`extract_drum_tracks` in magenta/pipelines, melody_pipelines.py and drum_pipelines.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from latentfm.noteseq import NoteSequence, part

_LENGTHS = (0, 1, 10, 20, 30, 40, 50, 100, 200, 500)  # bars that a class of Magenta's histograms begins with


@dataclass(frozen=True)
class Bounds:
    """What an extracted stretch must be like: Magenta's names and defaults.

    ``max_steps`` cuts, ``min_bars`` and ``min_unique_pitches`` discard; ``gap_bars`` of silence end a stretch.
    """

    min_bars: int = 7
    max_steps: int | None = 512
    gap_bars: float = 1.0
    min_unique_pitches: int = 5
    ignore_polyphonic_notes: bool = False
    pad_end: bool = False


def bar_steps(quantised: NoteSequence) -> int:
    """Return the steps in a bar of a quantised sequence; 0 where they are not whole."""
    metre = quantised.time_signatures[0]
    per_quarter = quantised.quantization_info.steps_per_quarter
    steps = 4.0 * per_quarter * metre.numerator / metre.denominator
    return int(steps) if steps == int(steps) else 0


def melodies(quantised: NoteSequence, bounds: Bounds, counts: Counter[str]) -> list[Any]:
    """Return every melody of every instrument, as note-seq's ``Melody``; ``counts`` is added to."""
    lib, bar = part("melodies_lib"), bar_steps(quantised)
    if not bar:
        counts["non_integer_steps_per_bar"] += 1
        return []
    found = []
    for instrument in sorted({note.instrument for note in quantised.notes}):
        start = 0
        while True:
            melody = lib.Melody()
            try:
                melody.from_quantized_sequence(
                    quantised,
                    search_start_step=start,
                    instrument=instrument,
                    gap_bars=bounds.gap_bars,
                    ignore_polyphonic_notes=bounds.ignore_polyphonic_notes,
                    pad_end=bounds.pad_end,
                )
            except lib.PolyphonicMelodyError:
                counts["polyphonic_tracks_discarded"] += 1
                break
            start = melody.end_step + -melody.end_step % bar
            if not len(melody):
                break
            if len(melody) < bar * bounds.min_bars:
                counts["melodies_discarded_too_short"] += 1
                continue
            if _cut(melody, bounds, bar):
                counts["melodies_truncated"] += 1
            if (melody.get_note_histogram() > 0).sum() < bounds.min_unique_pitches:
                counts["melodies_discarded_too_few_pitches"] += 1
                continue
            counts["melodies"] += 1
            count_length(counts, "melody_lengths_in_bars", len(melody) // bar)
            found.append(melody)
    return found


def drum_tracks(quantised: NoteSequence, bounds: Bounds, counts: Counter[str]) -> list[Any]:
    """Return the stretches of drums, of all instruments together, as note-seq's ``DrumTrack``."""
    lib, bar = part("drums_lib"), bar_steps(quantised)
    if not bar:
        counts["non_integer_steps_per_bar"] += 1
        return []
    found: list[Any] = []
    start = 0
    while True:
        track = lib.DrumTrack()
        track.from_quantized_sequence(
            quantised, search_start_step=start, gap_bars=bounds.gap_bars, pad_end=bounds.pad_end
        )
        start = track.end_step + -track.end_step % bar
        if not len(track):
            return found
        if len(track) < bar * bounds.min_bars:
            counts["drum_tracks_discarded_too_short"] += 1
            continue
        if _cut(track, bounds, bar):
            counts["drum_tracks_truncated"] += 1
        counts["drum_tracks"] += 1
        count_length(counts, "drum_track_lengths_in_bars", len(track) // bar)
        found.append(track)


def count_length(counts: Counter[str], name: str, bars: int) -> None:
    """Count a stretch under the length that it has, as Magenta's histograms do."""
    low = max(length for length in _LENGTHS if length <= bars)
    longer = [length for length in _LENGTHS if length > low]
    counts[f"{name}_{low}" + (f"_to_{longer[0] - 1}" if longer else "_and_more")] += 1


def _cut(events: Any, bounds: Bounds, bar: int) -> bool:
    """Cut a stretch that is longer than the bounds allow; say whether it was."""
    if bounds.max_steps is None or len(events) <= bounds.max_steps:
        return False
    events.set_length(bounds.max_steps - (bounds.max_steps % bar if bounds.pad_end else 0))
    return True
