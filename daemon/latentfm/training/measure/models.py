"""What a playable can do, measured on the file itself and on music that it did not learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfm.models import latent
from latentfm.models.event_rnn import RnnFacts
from latentfm.models.event_rnn.walk import Walk
from latentfm.models.events import HOLD, OFF, Labels
from latentfm.models.music_vae import MusicVAE
from latentfm.models.playable import Steps
from latentfm.training.fit.rnn import Examples
from latentfm.training.measure.samples import drum_statistics, melody_statistics, notes_of

SAMPLES = 4000
SAMPLE_TEMPERATURE = 0.7
_PAIRS, _POINTS = 200, 11  # of interpolations: pairs, and points on each path


def vae_figures(model: MusicVAE, held_out: Labels, unseen: Labels, seed: int = 0) -> dict[str, float]:
    """Measure a MusicVAE.

    Rebuilds held-out windows from the mean of their code, always the likeliest label and never the true one
    (no teacher forcing), draws windows from the prior, and walks from one window to another.

    Args:
        model: the playable.
        held_out: windows to rebuild, int ``[n, steps]`` (trios ``[n, steps, 3]``).
        unseen: windows as they are drawn in training, of music that is held out, piece after piece: what samples are
            compared with.
        seed: of the samples.

    Returns:
        ``accuracy`` of steps; ``onset_f1``: onsets with the right label at the right step; ``exact``: share of windows;
        ``hold_accuracy`` and ``hold_onset_f1``: what always holding scores; ``kl`` in nats; statistics of samples
        from the prior beside those of the corpus (not of trios); and what `evenness` returns.
    """
    rng = np.random.default_rng(seed)
    mu, sigma = model.encode(held_out)
    guess = model.decode(mu, rng, 0.0).labels
    floor = HOLD if model.representation == "drums" else OFF
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    figures = {
        "accuracy": float((guess == held_out).mean()),
        "onset_f1": onset_f1(guess, held_out, floor),
        "exact": float((guess == held_out).reshape(len(guess), -1).all(axis=1).mean()),
        "hold_accuracy": float((held_out == HOLD).mean()),
        "hold_onset_f1": onset_f1(np.zeros_like(held_out), held_out, floor),
        "kl": float(kl.sum(axis=1).mean()),
    }
    bar = model.facts.steps_per_bar
    if model.representation != "trio":
        drawn, corpus = model.sample(SAMPLES, rng, SAMPLE_TEMPERATURE)[1].labels, unseen
        if model.representation == "melody":
            bars = drawn.size / bar, corpus.size / bar
            figures |= melody_statistics(notes_of(drawn), notes_of(corpus), bars)
        else:
            figures |= drum_statistics(drawn, corpus, bar)
    return figures | evenness(model, mu, rng)


def evenness(model: MusicVAE, codes: NDArray[np.float32], rng: np.random.Generator) -> dict[str, float]:
    """Say how evenly music changes on the way from one window to another.

    Between pairs of codes lie paths: in equal steps of the code, and as `MusicVAE.walk` goes. Each point is decoded
    (the likeliest labels), and its distance from the first is the share of steps that differ.

    Returns:
        Of both (``path_``, ``walk_``): ``monotone``, the share of steps that do not lead back; ``jump``, the largest
        growth in one step as a share of the whole way, on the average; ``mean_jump``, the same of all paths together.
        And ``path_even_jump``: what they are when all steps are alike.
    """
    ends = codes[rng.integers(0, len(codes), (_PAIRS, 2))]
    found = _growth(model, np.stack([latent.interpolate(a, b, _POINTS) for a, b in ends]), "path")
    found |= _growth(model, np.stack([model.walk(a, b, _POINTS) for a, b in ends]), "walk")
    return {**found, "path_even_jump": 1 / (_POINTS - 1)}


def _growth(model: MusicVAE, paths: NDArray[np.float32], name: str) -> dict[str, float]:
    """Return how the distance grows along paths ``[paths, points, z]``."""
    codes = paths.reshape(-1, paths.shape[-1])
    decoded = model.decode(codes, np.random.default_rng(0), 0.0).labels.reshape(*paths.shape[:2], -1)
    distance = (decoded != decoded[:, :1]).mean(axis=2)
    growth, whole = np.diff(distance, axis=1), distance[:, -1]
    there = whole > 0
    return {
        f"{name}_monotone": float((growth[there] >= 0).mean()) if there.any() else 1.0,
        f"{name}_jump": float((growth[there].max(axis=1) / whole[there]).mean()) if there.any() else 0.0,
        f"{name}_mean_jump": float(growth.mean(axis=0).max() / whole.mean()) if there.any() else 0.0,
    }


def rnn_figures(facts: RnnFacts, steps: Steps, held_out: Examples, batch: int = 64) -> dict[str, float]:
    """Return the perplexity of an event RNN on held-out sequences, each event given those before it."""
    likelihood = 0.0
    for start in range(0, len(held_out), batch):
        rows = np.arange(start, min(start + batch, len(held_out)))
        inputs, labels, mask = held_out.inputs(rows).astype(np.float32), held_out.labels[rows], held_out.mask[rows]
        walk = Walk(facts, steps, len(rows))
        for step in range(labels.shape[1]):
            logits = walk.step(np.ascontiguousarray(inputs[:, step])).astype(np.float64)
            logits -= logits.max(axis=1, keepdims=True)
            likely = logits[np.arange(len(rows)), labels[:, step]] - np.log(np.exp(logits).sum(axis=1))
            likelihood += float(likely[mask[:, step]].sum())
    return {"perplexity": float(np.exp(-likelihood / held_out.mask.sum()))}


def onset_f1(guess: Labels, truth: Labels, floor: int) -> float:
    """Return the F1 of onsets, right where the label is right at its step; labels above ``floor`` are onsets."""
    onsets, guessed = truth > floor, guess > floor
    right = (onsets & guessed & (guess == truth)).sum()
    return float(2 * right / max(1, onsets.sum() + guessed.sum()))
