"""The models that ship, and what each training depends on besides its data."""

from __future__ import annotations

from latentfm.training.fit.loop import Schedule
from latentfm.training.fit.rnn import RnnRecipe
from latentfm.training.fit.vae import Beta, VaeRecipe
from latentfm.training.networks.vae_network import VaeShape

MELODY_2BAR = VaeRecipe(
    name="melody_2bar",
    shape=VaeShape(input_depth=90, output_depth=90, enc_rnn_size=320, dec_rnn_size=(320, 320), z_size=128),
    schedule=Schedule(steps=7_000, batch_size=256),
    beta=Beta(),
)

DRUMS_2BAR = VaeRecipe(
    name="drums_2bar",
    shape=VaeShape(input_depth=10, output_depth=512, enc_rnn_size=256, dec_rnn_size=(256, 256), z_size=64),
    schedule=Schedule(steps=4_000, batch_size=256),
    beta=Beta(high=0.1, free_nats=8.0),
    seed=2,
)

ATTENTION_RNN = RnnRecipe(
    name="attention_rnn",
    config="attention_rnn",
    layer_sizes=(256, 256),
    attn_length=40,
    schedule=Schedule(steps=6_000, batch_size=32, clip_norm=3.0, evaluate_every=500, save_every=100),
)

DRUM_KIT = RnnRecipe(
    name="drum_kit",
    config="drum_kit",
    layer_sizes=(192, 192, 192),
    attn_length=32,
    schedule=Schedule(steps=3_000, batch_size=32, clip_norm=3.0, evaluate_every=500, save_every=100),
    seed=4,
)
