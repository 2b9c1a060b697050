"""Which examples a model can be measured on."""

from __future__ import annotations

import re
from typing import Any

import pytest

from latentfm.models.card import Card
from latentfm.models.event_rnn.configurations import CONFIGURATIONS as RNNS
from latentfm.models.music_vae.configurations import CONFIGURATIONS as VAES
from latentfm.training.configurations import configuration
from latentfm.training.measure.fitting import misfit


def card(config: str, metre: str = "4/4", **changed: Any) -> Card:
    """Return the card of a model of a configuration."""
    vae = VAES.get(config)
    facts = RNNS[config].facts((8,), 0).model_copy(update=changed) if vae is None else vae.facts()
    texts = {"name": "m", "description": "", "licence": "", "sha256": "", "parameters": 1}
    return Card.model_validate({**texts, "config": config, "metre": metre, "model": facts})


@pytest.mark.parametrize(
    ("model", "examples", "words"),
    [
        ("basic_rnn", "mono_rnn", r"pitches 48 to 83.*examples 0 to 127: make .*--model basic_rnn"),
        ("lookback_rnn", "basic_improv", "one key"),
        ("one_drum", "drum_kit", "2 steps to a quarter, and the examples 4"),
        ("drum_kit", "basic_rnn", "plays drums, and the examples hold melody"),
        ("basic_improv", "mono_rnn", "pitches"),
        ("basic_improv", "attention_rnn", "follows chords given as triad, and the examples have none: make"),
        ("chord_pitches_improv", "basic_improv", "pitches, and the examples give them as triad"),
        ("cat-mel_2bar_small", "basic_rnn", "reads windows, and the examples are event sequences"),
        ("basic_rnn", "cat-mel_2bar_small", "reads event sequences, and the examples are windows"),
        ("flat-mel_16bar", "cat-mel_2bar_big", "windows of 256 steps, and the examples of 32"),
        ("cat-drums_2bar_small", "cat-mel_2bar_big", "plays drums, and the examples hold melody"),
        ("attention_rnn", "basic_rnn", None),
        ("mono_rnn", "basic_rnn", None),
        ("attention_improv", "basic_improv", None),
        ("polyphony", "polyphony", None),
        ("cat-mel_2bar_small", "cat-mel_2bar_big", None),
    ],
)
def test_what_does_not_fit_is_said_with_a_remedy(model: str, examples: str, words: str | None) -> None:
    """What a model reads is compared, not what it is called; sizes and lookbacks do not matter."""
    said = misfit(card(model), configuration(examples), "4/4")
    if words is None:
        assert said is None
    else:
        assert said is not None
        assert re.search(words, said), said


def test_metres_are_named_and_what_no_examples_are_made_for() -> None:
    """Models of eighths have none here."""
    assert "of 32 steps, and the examples of 24" in str(
        misfit(card("cat-mel_2bar_small"), configuration("cat-mel_2bar_small"), "3/4")
    )
    assert "--metre 3/4" in str(misfit(card("basic_rnn", "3/4"), configuration("mono_rnn"), "3/4"))
    eighths = card("polyphony", "any", steps_per_quarter=2)
    assert "no examples can be made for it" in str(misfit(eighths, configuration("polyphony"), "any"))
