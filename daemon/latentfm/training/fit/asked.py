"""What a training was asked for, and the recipe that follows.

There are two ways: ``magenta`` takes the hyperparameters of its configuration table, made for millions of examples and
days of training; ``small`` those of the models that ship, made for some thousands and hours.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import tensorflow as tf

from latentfm.errors import TrainingError
from latentfm.models.event_rnn.configurations import RnnConfiguration
from latentfm.models.music_vae import VaeFacts
from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.training.fit.loop import Schedule
from latentfm.training.fit.rnn import RnnRecipe
from latentfm.training.fit.sides import whole_bars
from latentfm.training.fit.vae import Beta, OfDrawn, VaeRecipe
from latentfm.training.networks.cells import Tensor

Way = Literal["magenta", "small"]
# of `plain`: what may differ when a training goes on; the rate and the batch are the remedies for a loss that is no
# number and for too little memory
MAY_CHANGE: Final = frozenset(
    {
        "name",
        "beta.steps",
        "own.steps",
        *(
            f"schedule.{name}"
            for name in ("steps", "patience", "evaluate_every", "save_every", "learning_rate", "batch_size")
        ),
    }
)
_RNN_STEPS, _VAE_STEPS = 20_000, 200_000  # Magenta's num_training_steps and num_steps
_SMALL_STEPS: Final = 5_000
_SMALL_BETA: Final = 0.1


@dataclass(frozen=True)
class Asked:
    """What may be asked for; None leaves what the way says."""

    way: Way = "magenta"
    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    layers: tuple[int, ...] | None = None
    encoder: tuple[int, ...] | None = None
    z_size: int | None = None
    attention: int | None = None
    dropout: float | None = None
    beta: float | None = None
    free_bits: float | None = None
    length: int | None = None  # of the stretches that an event RNN learns from, in events
    transpose: tuple[int, int] | None = None
    patience: int = 10
    evaluate_every: int = 500
    save_every: int = 250
    seed: int = 1


@dataclass(frozen=True)
class RisingBeta:
    """MusicVAE's beta: ``high * (1 - rate ** step)``, and the free nats. Source: music_vae/base_model.py."""

    high: float
    rate: float
    steps: int
    free_nats: float

    def at(self, part: Tensor) -> Tensor:
        """Return beta when ``part`` (0 to 1) of the training is done."""
        return self.high * (1.0 - tf.pow(tf.constant(self.rate), part * self.steps))


@dataclass(frozen=True)
class InverseSigmoid:
    """MusicVAE's growing share of drawn labels: ``1 - rate / (rate + exp(step / rate))``, a half at rate * ln(rate).

    Source: magenta/models/music_vae/lstm_utils.py, get_sampling_probability.
    """

    rate: float
    steps: int

    def at(self, part: Tensor) -> Tensor:
        """Return the share when ``part`` (0 to 1) of the training is done."""
        return tf.sigmoid(part * self.steps / self.rate - math.log(self.rate))


def rnn_recipe(name: str, model: RnnConfiguration, asked: Asked, metre: str) -> RnnRecipe:
    """Return the recipe of an event RNN, whose stretches are whole bars of the metre of its examples.

    Raises:
        TrainingError: a transposition was asked for.
    """
    if asked.transpose is not None:
        raise TrainingError(f"{model.name} is transposed beforehand: say --transpose to latentfm dataset examples")
    usual, small = model.hyperparameters, asked.way == "small"
    keep = 0.7 if small else usual.dropout_keep_prob
    return RnnRecipe(
        name=name,
        config=model.name,
        layer_sizes=asked.layers or usual.rnn_layer_sizes,
        attn_length=usual.attn_length if asked.attention is None else asked.attention,
        schedule=Schedule(
            steps=asked.steps or (_SMALL_STEPS if small else _RNN_STEPS),
            batch_size=asked.batch_size or (32 if small else usual.batch_size),
            learning_rate=asked.learning_rate or usual.learning_rate,
            warmup=200 if small else 1,
            clip_norm=usual.clip_norm,
            evaluate_every=asked.evaluate_every,
            save_every=asked.save_every,
            decay="cosine" if small else "constant",
            patience=asked.patience,
        ),
        length=whole_bars(asked.length, model.encoding, metre),
        steps_per_quarter=model.encoding.steps_per_quarter,
        keep=keep if asked.dropout is None else 1.0 - asked.dropout,
        seed=asked.seed,
    )


def vae_recipe(name: str, model: VaeConfiguration, asked: Asked, steps_per_bar: int) -> VaeRecipe:
    """Return the recipe of a MusicVAE.

    Raises:
        TrainingError: a transposition was asked for of what is no melody.
    """
    if asked.transpose is not None and model.representation != "melody":
        raise TrainingError(
            f"{model.name} plays {model.representation}, and only melodies are transposed: leave it out"
        )
    reach = asked.transpose or model.converter.transpose_range
    if asked.way == "small":
        return _small_vae(name, model, asked, steps_per_bar, reach)
    usual = model.hyperparameters
    steps = asked.steps or _VAE_STEPS
    bits = usual.free_bits if asked.free_bits is None else asked.free_bits
    return VaeRecipe(
        name=name,
        facts=model.facts(asked.z_size, asked.encoder, asked.layers, steps_per_bar),
        schedule=Schedule(
            steps=steps,
            batch_size=asked.batch_size or usual.batch_size,
            learning_rate=asked.learning_rate or usual.learning_rate,
            warmup=1,
            clip_norm=usual.grad_clip,
            skip_norm=usual.grad_norm_clip_to_zero,
            evaluate_every=asked.evaluate_every,
            save_every=asked.save_every,
            decay="exponential",
            decay_rate=usual.decay_rate,
            floor=usual.min_learning_rate,
            patience=asked.patience,
        ),
        beta=RisingBeta(
            usual.max_beta if asked.beta is None else asked.beta, usual.beta_rate, steps, bits * math.log(2)
        ),
        hidden=asked.dropout or 0.0,
        own=OfDrawn(0.0) if usual.sampling_schedule == "constant" else InverseSigmoid(usual.sampling_rate, steps),
        together=0.0,
        transpose=reach,
        seed=asked.seed,
    )


def _small_vae(
    name: str, model: VaeConfiguration, asked: Asked, steps_per_bar: int, reach: tuple[int, int]
) -> VaeRecipe:
    high = _SMALL_BETA if asked.beta is None else asked.beta
    nats = Beta.free_nats if asked.free_bits is None else asked.free_bits * math.log(2)
    layers = len(model.hyperparameters.enc_rnn_size)
    return VaeRecipe(
        name=name,
        facts=model.facts(
            asked.z_size or 96, asked.encoder or (256,) * layers, asked.layers or (256, 256), steps_per_bar
        ),
        schedule=Schedule(
            steps=asked.steps or _SMALL_STEPS,
            batch_size=asked.batch_size or 128,
            learning_rate=asked.learning_rate or 1e-3,
            evaluate_every=asked.evaluate_every,
            save_every=asked.save_every,
            patience=asked.patience,
        ),
        beta=Beta(low=high / 10, high=high, free_nats=nats),
        hidden=0.15 if asked.dropout is None else asked.dropout,
        transpose=reach,
        seed=asked.seed,
    )


def plain(recipe: RnnRecipe | VaeRecipe) -> dict[str, Any]:
    """Return a recipe as JSON has it, its schedule and what else has parts apart: for a card and for comparing."""
    found = {
        name: value.model_dump() if isinstance(value, VaeFacts) else value for name, value in asdict(recipe).items()
    }
    content: dict[str, Any] = json.loads(json.dumps(found))
    return content


def changes(known: dict[str, Any], wanted: dict[str, Any], within: str = "") -> dict[str, tuple[Any, Any]]:
    """Return what differs between two of `plain`, by its name (``schedule.steps``): the old value and the new."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted(known.keys() | wanted.keys()):
        old, new = known.get(key), wanted.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found |= changes(old, new, f"{within}{key}.")
        elif old != new:
            found[f"{within}{key}"] = old, new
    return found
