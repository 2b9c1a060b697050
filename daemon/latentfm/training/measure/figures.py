"""All figures of a playable on examples: what ``latentfm evaluate`` prints and a card keeps."""

from __future__ import annotations

import numpy as np

from latentfm.errors import TrainingError
from latentfm.models.card import ANY_METRE, Card
from latentfm.models.event_rnn import RnnFacts
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.music_vae import MusicVAE, VaeFacts
from latentfm.models.playable import Steps
from latentfm.training.data.examples import Examples
from latentfm.training.fit.rnn import bigram_perplexity
from latentfm.training.fit.sides import bar_of, encoded, some, whole_bars
from latentfm.training.measure.continuations import continuation_figures
from latentfm.training.measure.models import rnn_figures, vae_figures

_MOST = 2048  # windows or stretches of sequences that are looked at


def measure(card: Card, steps: Steps, learnt: Examples, held_out: Examples, metre: str) -> dict[str, float]:
    """Measure a playable on examples that fit it (`misfit`).

    Args:
        card: the playable's.
        steps: the playable's.
        learnt: the examples that it learnt from, for what a unigram and a bigram of them score.
        held_out: those that it did not learn from.
        metre: of the examples; where it is any, that of the card counts, and then 4/4.
    """
    facts = card.model
    if isinstance(facts, VaeFacts):
        windows = held_out.windows()
        windows = windows[some(len(windows), _MOST)]
        return vae_figures(MusicVAE(facts, steps), windows, windows)
    if not isinstance(facts, RnnFacts):
        raise TrainingError(f"{card.name} is a model of sounds: it can't be measured on notes")
    encoding = encoding_of(facts)
    length = whole_bars(None, facts, metre)
    test = encoded(held_out, facts, length, _MOST)
    counted = bigram_perplexity(encoded(learnt, facts, length), test, encoding.num_classes)
    known = (one for one in (metre, card.metre, "4/4") if one != ANY_METRE)
    bar = bar_of(facts, next(known))
    drawn = continuation_figures(facts, steps, held_out.sequences, held_out.chords, bar)
    return {**rnn_figures(facts, steps, test), **counted, **drawn}


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Return figures with four places, as a card keeps them."""
    return {name: float(np.round(value, 4)) for name, value in figures.items()}
