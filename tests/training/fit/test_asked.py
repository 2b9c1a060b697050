"""Recipes: what was asked for, Magenta's ways, and what may change when a training goes on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.errors import TrainingError  # noqa: E402 - TensorFlow is there
from latentfm.models.event_rnn.configurations import CONFIGURATIONS as RNNS  # noqa: E402
from latentfm.models.music_vae.configurations import CONFIGURATIONS as VAES  # noqa: E402
from latentfm.training.fit.asked import MAY_CHANGE, Asked, changes, plain, rnn_recipe, vae_recipe  # noqa: E402
from latentfm.training.fit.vae import Beta  # noqa: E402

ASKED = Asked(steps=2000, length=64)
MELODY = VAES["cat-mel_2bar_small"]


def test_what_differs_between_two_recipes_is_named() -> None:
    """The length of a stretch is not that of the training, and only some things may change."""
    rnn = plain(rnn_recipe("one", RNNS["basic_rnn"], ASKED, "4/4"))
    assert (rnn["length"], rnn["schedule"]["steps"]) == (64, 2000)
    assert json.loads(json.dumps(rnn)) == rnn
    longer = plain(rnn_recipe("one", RNNS["basic_rnn"], replace(ASKED, length=128, learning_rate=0.1), "4/4"))
    assert changes(rnn, longer) == {"length": (64, 128), "schedule.learning_rate": (0.001, 0.1)}
    assert changes(rnn, longer).keys() - MAY_CHANGE == {"length"}
    first, other = (plain(vae_recipe("one", MELODY, one, 16)) for one in (ASKED, Asked(transpose=(0, 0))))
    assert changes(first, other).keys() - MAY_CHANGE == {"transpose"}
    assert (first["transpose"], other["transpose"]) == ([-5, 5], [0, 0])


def test_a_transposition_that_would_do_nothing_is_refused() -> None:
    """RNNs are transposed beforehand, drums not at all."""
    with pytest.raises(TrainingError, match="latentfm dataset examples"):
        rnn_recipe("one", RNNS["basic_rnn"], Asked(transpose=(0, 1)), "4/4")
    with pytest.raises(TrainingError, match="only melodies"):
        vae_recipe("one", VAES["cat-drums_2bar_small"], Asked(transpose=(0, 1)), 16)


def test_magentas_way_has_magentas_schedules() -> None:
    """Its own labels grow along an inverse sigmoid, and gradients beyond a norm are left out."""
    recipe = vae_recipe("one", MELODY, replace(ASKED, steps=20_000), 16)
    assert recipe.schedule.skip_norm == 10_000
    for step in (0, 5_000, 10_000):
        share = 1 - 1000 / (1000 + math.exp(step / 1000))
        assert float(recipe.own.at(tf.constant(step / 20_000))) == pytest.approx(share, rel=1e-3)
    assert float(vae_recipe("one", VAES["flat-mel_16bar"], ASKED, 16).own.at(tf.constant(1.0))) == 0


def test_a_beta_of_nothing_stays_nothing() -> None:
    """``--beta 0`` trains an autoencoder."""
    recipe = vae_recipe("one", MELODY, Asked(way="small", beta=0.0), 16)
    assert [float(recipe.beta.at(tf.constant(part))) for part in (0.0, 0.5, 1.0)] == [0, 0, 0]
    assert [float(Beta(0.01, 0.1).at(tf.constant(part))) for part in (0.0, 1.0)] == pytest.approx([0.01, 0.1])
