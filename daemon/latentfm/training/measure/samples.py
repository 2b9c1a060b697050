"""What samples are like beside the music that was held out: density, keys, intervals, strokes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentfm.models.events import Labels, MelodyNote, labels_to_notes

Histogram = NDArray[np.float64]
Notes = Sequence[MelodyNote]
_INTERVALS = 25  # -12 to 12 semitones
_MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])


def melody_statistics(drawn: Sequence[Notes], corpus: Sequence[Notes], bars: tuple[float, float]) -> dict[str, float]:
    """Compare melodies, or voices, with those of the corpus.

    Args:
        drawn: the notes of each sample.
        corpus: the notes of held-out music, piece after piece: it is halved to compare different pieces.
        bars: how many there are in all, drawn and in the corpus.
    """
    halves = corpus[: len(corpus) // 2], corpus[len(corpus) // 2 :]
    return {
        "sample_notes_per_bar": sum(map(len, drawn)) / bars[0],
        "corpus_notes_per_bar": sum(map(len, corpus)) / bars[1],
        "sample_in_key": in_key(drawn),
        "corpus_in_key": in_key(corpus),
        "sample_interval_js": jensen_shannon(_intervals(drawn), _intervals(corpus)),
        "halves_interval_js": jensen_shannon(_intervals(halves[0]), _intervals(halves[1])),
    }


def drum_statistics(drawn: Labels, corpus: Labels, bar: int) -> dict[str, float]:
    """Compare drums, int ``[n, steps]`` of nine bits each, with those of the corpus; ``bar`` is in steps."""
    halves = corpus[: len(corpus) // 2], corpus[len(corpus) // 2 :]
    return {
        "sample_hits_per_bar": float(_strokes(drawn, bar).sum() * bar / drawn.size),
        "corpus_hits_per_bar": float(_strokes(corpus, bar).sum() * bar / corpus.size),
        "sample_stroke_js": jensen_shannon(_strokes(drawn, bar), _strokes(corpus, bar)),
        "halves_stroke_js": jensen_shannon(_strokes(halves[0], bar), _strokes(halves[1], bar)),
    }


def jensen_shannon(p: Histogram, q: Histogram) -> float:
    """Return the Jensen-Shannon divergence of two histograms in bits, 0 (alike) to 1; of an empty one, 1."""
    if not p.sum() or not q.sum():
        return 1.0
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2

    def divergence(a: Histogram) -> float:
        there = a > 0
        return float((a[there] * np.log2(a[there] / middle[there])).sum())

    return (divergence(p) + divergence(q)) / 2


def in_key(pieces: Sequence[Notes]) -> float:
    """Return the share of notes that lie in each piece's best major key, over all pieces."""
    inside = total = 0
    for notes in pieces:
        counts = np.bincount(np.array([note.pitch % 12 for note in notes], dtype=int), minlength=12)
        inside += max(int((counts * np.roll(_MAJOR, key)).sum()) for key in range(12))
        total += int(counts.sum())
    return inside / max(1, total)


def notes_of(windows: Labels) -> list[list[MelodyNote]]:
    """Return the notes of each window of melody labels."""
    return [labels_to_notes(window) for window in windows]


def _intervals(pieces: Sequence[Notes]) -> Histogram:
    histogram = np.zeros(_INTERVALS)
    for notes in pieces:
        steps = np.diff(np.array([note.pitch for note in notes], dtype=int))
        np.add.at(histogram, np.clip(steps, -12, 12) + 12, 1.0)
    return histogram


def _strokes(windows: Labels, bar: int) -> Histogram:
    """Count strokes by drum class and place in two bars (in one, where there is no more): ``[9 * places]``."""
    bits = (windows[..., None].astype(np.int32) >> np.arange(9)) & 1
    places = 2 * bar if windows.shape[1] % (2 * bar) == 0 else bar
    whole = bits[:, : windows.shape[1] // places * places]
    by_place: Histogram = whole.sum(axis=0).reshape(-1, places, 9).sum(axis=0).ravel().astype(np.float64)
    return by_place
