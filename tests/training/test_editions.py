"""Editions: what is published is what was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.editions import pipeline  # noqa: E402 - TensorFlow is there
from latentfm.training.editions.publish import publish  # noqa: E402
from latentfm.training.fit.loop import Schedule, train  # noqa: E402
from latentfm.training.fit.rnn import RnnRecipe  # noqa: E402

SCALE = [60, -2, 62, -2, 64, -2, 65, -2] * 5
RECIPE = RnnRecipe(
    name="scales",
    config="basic_rnn",
    layer_sizes=(16,),
    attn_length=0,
    schedule=Schedule(steps=30, batch_size=8, learning_rate=0.02, warmup=1),
    length=32,
)


def scales() -> pipeline.Training:
    """Put together a training on transposed scales."""
    pieces = [[event + shift if event > 0 else event for event in SCALE] for shift in range(-6, 7)]
    return pipeline._rnn(RECIPE, (pieces[:10], pieces[10:]), ("Scales.", "4/4", (), "scales"))


def test_a_model_published_later_is_the_one_that_was_trained(tmp_path: Path) -> None:
    """The playable has the checkpoint's weights, not those that a network has before it takes them up."""
    trained = scales()
    figures = train(trained.task, tmp_path / "scales")
    later = scales()
    before = later.task.evaluate()["perplexity"]
    goes_to = (tmp_path / "scales", tmp_path / "weights", tmp_path / "docs")
    card = publish(later.edition, later.task.weights, later.signatures, later.measure, goes_to)
    found = card.provenance["figures"]["perplexity"]
    np.testing.assert_allclose(found, figures["perplexity"], rtol=0.02)
    assert found < 0.8 * before
