"""The models that ship, and what each training depends on besides its data."""

from __future__ import annotations

from dataclasses import replace

from latentfm.models.music_vae import CONFIGURATIONS, VaeFacts
from latentfm.models.spectral import SpectralFacts
from latentfm.timbre.spectral.envelopes import FEATURES
from latentfm.training.corpora.gm_notes import PITCHES, pitch_of
from latentfm.training.fit.loop import Schedule
from latentfm.training.fit.rnn import RnnRecipe
from latentfm.training.fit.spectral import SpectralRecipe
from latentfm.training.fit.vae import Beta, VaeRecipe

_SHORT = 12  # sixteenths in a bar of 3/4 or 6/8


def _melody(steps_per_bar: int = 16) -> VaeFacts:
    return CONFIGURATIONS["cat-mel_2bar_small"].facts(128, (320,), (320, 320), steps_per_bar)


def _drums(steps_per_bar: int = 16) -> VaeFacts:
    return CONFIGURATIONS["cat-drums_2bar_small"].facts(96, (320,), (320, 320), steps_per_bar)


MELODY_2BAR = VaeRecipe(
    name="melody_2bar",
    facts=_melody(),
    schedule=Schedule(steps=14_000, batch_size=256),
    beta=Beta(high=0.1),
    intervals=12.0,
)

# The tunes in 6/8 and 3/4 are fewer: these go on from what the model of 4/4 has learnt of melodies.
MELODY_2BAR_6_8 = VaeRecipe(
    name="melody_2bar_6_8",
    facts=_melody(_SHORT),
    schedule=Schedule(steps=2_750, batch_size=256),
    beta=Beta(high=0.1),
    intervals=12.0,
    seed=5,
    start_from="melody_2bar",
)

MELODY_2BAR_3_4 = replace(
    MELODY_2BAR_6_8, name="melody_2bar_3_4", schedule=Schedule(steps=2_000, batch_size=256), seed=6
)

DRUMS_2BAR = VaeRecipe(
    name="drums_2bar",
    facts=_drums(),
    schedule=Schedule(steps=6_000, batch_size=256),
    beta=Beta(low=0.005, high=0.02, free_nats=24.0),
    seed=2,
)

DRUMS_2BAR_6_8 = VaeRecipe(
    name="drums_2bar_6_8",
    facts=_drums(_SHORT),
    schedule=Schedule(steps=1_600, batch_size=256),
    beta=Beta(low=0.005, high=0.02, free_nats=24.0),
    seed=7,
    start_from="drums_2bar",
)

DRUMS_2BAR_3_4 = replace(DRUMS_2BAR_6_8, name="drums_2bar_3_4", seed=8)

ATTENTION_RNN = RnnRecipe(
    name="attention_rnn",
    config="attention_rnn",
    layer_sizes=(256, 256),
    attn_length=40,
    schedule=Schedule(steps=6_000, batch_size=32, clip_norm=3.0, evaluate_every=500, save_every=100),
)

IMPROV = RnnRecipe(
    name="improv",
    config="chord_pitches_improv",
    layer_sizes=(256, 256),
    attn_length=0,
    schedule=Schedule(steps=2_000, batch_size=64, clip_norm=3.0, evaluate_every=500, save_every=100),
    seed=9,
)

# One wide layer and a high rate learn within minutes to hold a note on; three of 256, Magenta's, did not in an hour.
CHORALES = RnnRecipe(
    name="chorales",
    config="polyphony",
    layer_sizes=(512,),
    attn_length=0,
    length=128,  # events: three bars
    steps_per_quarter=2,
    keep=0.75,
    schedule=Schedule(
        steps=2_000, batch_size=64, learning_rate=4e-3, clip_norm=1.0, evaluate_every=250, save_every=100
    ),
    seed=10,
)

DRUM_KIT = RnnRecipe(
    name="drum_kit",
    config="drum_kit",
    layer_sizes=(192, 192, 192),
    attn_length=32,
    schedule=Schedule(steps=2_500, batch_size=32, clip_norm=3.0, evaluate_every=500, save_every=100),
    seed=4,
)

SPECTRAL = SpectralRecipe(
    name="spectral",
    facts=SpectralFacts(features=FEATURES, lowest=pitch_of(0, 0), highest=pitch_of(3, PITCHES - 1)),
    schedule=Schedule(steps=10_000, batch_size=1024, evaluate_every=1000, save_every=250),
)
