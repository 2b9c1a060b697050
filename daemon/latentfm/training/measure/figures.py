"""All figures of a playable on examples: what ``latentfm evaluate`` prints and a card keeps."""

from __future__ import annotations

import numpy as np

from latentfm.errors import TrainingError
from latentfm.models.card import Card
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.music_vae import MusicVAE, VaeFacts
from latentfm.models.playable import Steps
from latentfm.training.configurations import steps_of
from latentfm.training.data.examples import Examples
from latentfm.training.fit.rnn import bigram_perplexity
from latentfm.training.fit.sides import encoded, some
from latentfm.training.measure.continuations import continuation_figures
from latentfm.training.measure.models import rnn_figures, vae_figures

_MOST = 2048  # windows or stretches of sequences that are looked at
_LENGTH = 128  # steps of a stretch


def measure(card: Card, steps: Steps, learnt: Examples, held_out: Examples) -> dict[str, float]:
    """Measure a playable.

    Args:
        card: the playable's.
        steps: the playable's.
        learnt: the examples that it learnt from, for what a unigram and a bigram of them score.
        held_out: those that it did not learn from.

    Raises:
        TrainingError: the examples are of another shape than the model.
    """
    facts = card.model
    if isinstance(facts, VaeFacts):
        windows = held_out.windows()
        if windows.shape[1] != facts.steps:
            raise TrainingError(
                f"the model has windows of {facts.steps} steps, the examples of {windows.shape[1]}: name others"
            )
        windows = windows[some(len(windows), _MOST)]
        return vae_figures(MusicVAE(facts, steps), windows, windows)
    encoding = encoding_of(facts)
    test = encoded(held_out, encoding, _LENGTH, _MOST)
    counted = bigram_perplexity(encoded(learnt, encoding, _LENGTH), test, encoding.num_classes)
    bar = steps_of(card.metre) * facts.steps_per_quarter // 4
    drawn = continuation_figures(facts, steps, held_out.sequences, held_out.chords, bar)
    return {**rnn_figures(facts, steps, test), **counted, **drawn}


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Return figures with four places, as a card keeps them."""
    return {name: float(np.round(value, 4)) for name, value in figures.items()}
