"""From sources to playables: the trainings of the models that ship."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
import tensorflow as tf

from latentfm.errors import TrainingError
from latentfm.models.event_rnn import Event
from latentfm.models.event_rnn.encodings import DrumsOneHot, Encoding, KeyMelodyEncoding, LookbackEncoding
from latentfm.models.events import Labels, drum_label_to_pitches
from latentfm.models.playable import Representation
from latentfm.training.corpora import shipped
from latentfm.training.editions import recipes
from latentfm.training.editions.evaluate import rnn_figures, vae_figures
from latentfm.training.editions.publish import FOLK, FREEDOOM, OWN_DRUMS, Edition, publish
from latentfm.training.fit.loop import Task, train
from latentfm.training.fit.rnn import RnnRecipe, bigram_perplexity, encode, rnn_task
from latentfm.training.fit.vae import VaeRecipe, vae_task
from latentfm.training.networks.rnn_network import RnnNetwork
from latentfm.training.networks.vae_network import VaeNetwork
from latentfm.training.playables.convert import rnn_facts, rnn_signatures, vae_facts, vae_signatures

log = structlog.get_logger()
HELD_OUT_WINDOWS = 2048
HELD_OUT_SEQUENCES = 200


@dataclass(frozen=True)
class Training:
    """A training that is ready to run, and what it takes to publish its model."""

    task: Task
    edition: Edition
    signatures: Callable[[], dict[str, Any]]
    measure: Callable[[Any], dict[str, float]]


def product_type() -> Any:
    """Return the type of matrix products: bfloat16 where the processor multiplies it natively."""
    cpu = Path("/proc/cpuinfo")
    native = cpu.is_file() and "amx_bf16" in cpu.read_text(encoding="ascii", errors="replace")
    return tf.bfloat16 if native else tf.float32


def melody_2bar(_cache: Path) -> Training:
    """Two-bar melodies: MusicVAE's `cat-mel_2bar`."""
    data = shipped.melody_data()
    described = (
        f"{len(data.plain)} distinct two-bar windows of 4/4 and 2/4 tunes and {len(data.slow)} single bars read in "
        f"half time, transposed at random, a quarter with a rest at a phrase's end; {len(data.held_out)} windows of "
        "other tunes held out."
    )
    edition = ("Two-bar melodies in 4/4 on the sixteenth grid.", "cat-mel_2bar", (FOLK,), described)
    return _vae(recipes.MELODY_2BAR, "melody", data.draw, _some(data.held_out), edition)


def drums_2bar(cache: Path) -> Training:
    """Two-bar drum patterns: MusicVAE's `cat-drums_2bar`."""
    data = shipped.drum_data(cache)
    described = (
        f"{len(data.own)} distinct two-bar arrangements of our own patterns, {len(data.freedoom)} windows of "
        f"Freedoom's; {len(data.held_out)} windows of other patterns and pieces held out."
    )
    edition = ("Two-bar drum patterns in 4/4, nine drum classes.", "cat-drums_2bar", (OWN_DRUMS, FREEDOOM), described)
    return _vae(recipes.DRUMS_2BAR, "drums", data.draw, _some(data.held_out), edition)


def attention_rnn(_cache: Path) -> Training:
    """Melodies, event by event: MelodyRNN's `attention_rnn`."""
    recipe, encoding = recipes.ATTENTION_RNN, KeyMelodyEncoding(48, 84)
    sides = shipped.melody_sequences(recipe.steps)
    facts = {"representation": "melody", "encoding": "key_melody"}
    kind = "runs of up to six bars of 4/4 and 2/4 tunes, in C, and their bars read in half time"
    texts = ("Continues melodies in 4/4, event by event.", (FOLK,), kind)
    return _rnn(recipe, encoding, sides, facts, texts)


def drum_kit(cache: Path) -> Training:
    """Drums, event by event: DrumsRNN's `drum_kit`."""
    recipe, encoding = recipes.DRUM_KIT, LookbackEncoding(DrumsOneHot(), (), 6)
    sides = shipped.drum_sequences(cache, recipe.steps)
    facts = {"representation": "drums", "encoding": "drums", "counter_bits": 6}
    kind = "six bars of our own patterns arranged, and pieces of Freedoom's drum tracks"
    texts = ("Continues drums in 4/4, event by event.", (OWN_DRUMS, FREEDOOM), kind)
    return _rnn(recipe, encoding, sides, facts, texts)


TRAININGS: dict[str, Callable[[Path], Training]] = {
    "melody_2bar": melody_2bar,
    "drums_2bar": drums_2bar,
    "attention_rnn": attention_rnn,
    "drum_kit": drum_kit,
}


@dataclass(frozen=True)
class Folders:
    """Where checkpoints, playables and model cards lie."""

    training: Path
    weights: Path
    docs: Path


def run(models: list[str], folders: Folders, *, stop_at: int | None = None, only_publish: bool = False) -> None:
    """Train and publish each model in turn, each going on from its last checkpoint.

    Raises:
        TrainingError: a name that no training has, or a training that can't go on.
    """
    unknown = [name for name in models if name not in TRAININGS]
    if unknown:
        raise TrainingError(f"no training is called {', '.join(unknown)}; there are: {', '.join(TRAININGS)}")
    for name in models:
        training = TRAININGS[name](folders.training / "freedoom")
        log.info("data_built", model=name, data=training.edition.data)
        checkpoint = folders.training / name
        if not only_publish:
            train(training.task, checkpoint, stop_at=stop_at)
        goes_to = (checkpoint, folders.weights, folders.docs)
        publish(training.edition, training.task.weights, training.signatures(), training.measure, goes_to)


def _some(windows: Labels) -> Labels:
    """Return some held-out windows, the same ones each time."""
    chosen = np.random.default_rng(0).permutation(len(windows))[:HELD_OUT_WINDOWS]
    return windows[chosen]


def _vae(
    recipe: VaeRecipe,
    representation: Representation,
    draw: Callable[[np.random.Generator, int], Labels],
    held_out: Labels,
    texts: tuple[str, str, tuple[str, ...], str],
) -> Training:
    task, network = vae_task(recipe, draw, held_out, product_type())
    description, config, sources, data = texts
    facts = vae_facts(network, representation)
    edition = Edition(recipe.name, description, config, sources, data, recipe.schedule, recipe.seed, facts)
    played = VaeNetwork(recipe.shape, task.weights)  # in float32 whatever the training multiplied in
    return Training(task, edition, lambda: vae_signatures(played), lambda model: vae_figures(model, held_out))


def _rnn(
    recipe: RnnRecipe,
    encoding: Encoding,
    sides: tuple[list[list[int]], list[list[int]]],
    facts: dict[str, Any],
    texts: tuple[str, tuple[str, ...], str],
) -> Training:
    learn, test = (encode(side, encoding, recipe.steps) for side in sides)
    task, network = rnn_task(recipe, encoding, learn, test, product_type())
    description, sources, kind = texts
    data = f"{len(learn.labels)} sequences ({kind}); {len(test.labels)} of other pieces held out."
    known = rnn_facts(network, **facts)
    edition = Edition(recipe.name, description, recipe.config, sources, data, recipe.schedule, recipe.seed, known)

    def measure(model: Any) -> dict[str, float]:
        drums = facts["representation"] == "drums"
        chosen = sides[1][:: max(1, len(sides[1]) // HELD_OUT_SEQUENCES)]
        events: list[list[Event]] = [
            [frozenset(drum_label_to_pitches(event)) if drums else event for event in piece] for piece in chosen
        ]
        return rnn_figures(model, events) | bigram_perplexity(learn, test, encoding.num_classes)

    played = RnnNetwork(network.shape, task.weights)
    return Training(task, edition, lambda: rnn_signatures(played), measure)
