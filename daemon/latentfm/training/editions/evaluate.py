"""What a playable can do, measured on the file that ships and on music that it did not learn from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from latentfm.models.event_rnn import Event, EventRNN
from latentfm.models.events import HOLD, OFF, Labels, labels_to_notes
from latentfm.models.music_vae import MusicVAE

SAMPLES = 1000
SAMPLE_TEMPERATURE = 0.7
_INTERVALS = 25  # -12 to 12 semitones
_MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])
Histogram = NDArray[np.float64]


def vae_figures(model: MusicVAE, held_out: Labels, seed: int = 0) -> dict[str, float]:
    """Measure a MusicVAE.

    Rebuilds held-out windows from the mean of their code, always the likeliest label and never the true one
    (no teacher forcing), and draws windows from the prior.

    Returns:
        ``accuracy`` of steps; ``onset_f1``: onsets with the right label at the right step; ``exact``: share of windows;
        ``hold_accuracy`` and ``hold_onset_f1``: what always holding scores; ``kl`` in nats; and statistics of samples
        from the prior beside those of the corpus.
    """
    rng = np.random.default_rng(seed)
    mu, sigma = model.encode(held_out)
    guess = model.decode(mu, rng, 0.0).labels
    melody = model.representation == "melody"
    floor = OFF if melody else HOLD
    _, drawn = model.sample(SAMPLES, rng, SAMPLE_TEMPERATURE)
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return {
        "accuracy": float((guess == held_out).mean()),
        "onset_f1": _onset_f1(guess, held_out, floor),
        "exact": float((guess == held_out).all(axis=1).mean()),
        "hold_accuracy": float((held_out == HOLD).mean()),
        "hold_onset_f1": _onset_f1(np.zeros_like(held_out), held_out, floor),
        "kl": float(kl.sum(axis=1).mean()),
        **(_melody_statistics if melody else _drum_statistics)(drawn.labels, held_out, rng),
    }


def rnn_figures(model: EventRNN, held_out: Iterable[Sequence[Event]]) -> dict[str, float]:
    """Return the perplexity of an event RNN on held-out sequences, each event given those before it."""
    likelihood, count = 0.0, 0
    for events in held_out:
        likelihood += model.log_likelihood(events)
        count += len(events) - 1
    return {"perplexity": float(np.exp(-likelihood / count))}


def jensen_shannon(p: Histogram, q: Histogram) -> float:
    """Return the Jensen-Shannon divergence of two histograms in bits, 0 (alike) to 1."""
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2

    def divergence(a: Histogram) -> float:
        there = a > 0
        return float((a[there] * np.log2(a[there] / middle[there])).sum())

    return (divergence(p) + divergence(q)) / 2


def _onset_f1(guess: Labels, truth: Labels, floor: int) -> float:
    onsets, guessed = truth > floor, guess > floor
    right = (onsets & guessed & (guess == truth)).sum()
    return float(2 * right / max(1, onsets.sum() + guessed.sum()))


def _melody_statistics(drawn: Labels, corpus: Labels, rng: np.random.Generator) -> dict[str, float]:
    halves = np.array_split(rng.permutation(corpus), 2)
    return {
        "sample_notes_per_bar": float((drawn > OFF).sum() / len(drawn) / 2),
        "corpus_notes_per_bar": float((corpus > OFF).sum() / len(corpus) / 2),
        "sample_in_key": _in_key(drawn),
        "corpus_in_key": _in_key(corpus),
        "sample_interval_js": jensen_shannon(_intervals(drawn), _intervals(corpus)),
        "halves_interval_js": jensen_shannon(_intervals(halves[0]), _intervals(halves[1])),
    }


def _drum_statistics(drawn: Labels, corpus: Labels, rng: np.random.Generator) -> dict[str, float]:
    halves = np.array_split(rng.permutation(corpus), 2)
    return {
        "sample_hits_per_bar": float(_strokes(drawn).sum() / len(drawn) / 2),
        "corpus_hits_per_bar": float(_strokes(corpus).sum() / len(corpus) / 2),
        "sample_stroke_js": jensen_shannon(_strokes(drawn), _strokes(corpus)),
        "halves_stroke_js": jensen_shannon(_strokes(halves[0]), _strokes(halves[1])),
    }


def _in_key(windows: Labels) -> float:
    """Return the share of notes that lie in each window's best major key, over all windows."""
    inside = total = 0
    for window in windows:
        counts = np.bincount(np.array([note.pitch % 12 for note in labels_to_notes(window)], dtype=int), minlength=12)
        inside += max(int((counts * np.roll(_MAJOR, key)).sum()) for key in range(12))
        total += int(counts.sum())
    return inside / max(1, total)


def _intervals(windows: Labels) -> Histogram:
    histogram = np.zeros(_INTERVALS)
    for window in windows:
        steps = np.diff(np.array([note.pitch for note in labels_to_notes(window)], dtype=int))
        np.add.at(histogram, np.clip(steps, -12, 12) + 12, 1.0)
    return histogram


def _strokes(windows: Labels) -> Histogram:
    """Count strokes by drum class and place in the bar: ``[9 * 16]``."""
    bits = (windows[..., None].astype(np.int32) >> np.arange(9)) & 1
    by_place: Histogram = bits.sum(axis=0).reshape(-1, 16, 9).sum(axis=0).ravel().astype(np.float64)
    return by_place
