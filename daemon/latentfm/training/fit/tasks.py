"""Trainings of examples: the task of either kind of network, and what TensorBoard is shown of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.event_rnn.facts import RnnFacts
from latentfm.models.event_rnn.polyphony import count_steps
from latentfm.models.events import Labels
from latentfm.training.data.examples import Examples as Raw
from latentfm.training.data.examples import Side
from latentfm.training.fit import pictures
from latentfm.training.fit.devices import product_type
from latentfm.training.fit.loop import Pictures, Task
from latentfm.training.fit.rnn import RnnRecipe, rnn_task
from latentfm.training.fit.sides import cut, encoded, some, transposed
from latentfm.training.fit.vae import VaeRecipe, inputs_of, vae_task

HELD_OUT = 2048  # windows or stretches that evaluations while training look at
SHOWN = 4  # in a picture


def rnn_training(recipe: RnnRecipe, facts: RnnFacts, sides: dict[Side, Raw], bar: int) -> Task:
    """Return the training of an event RNN; ``bar`` is the steps between the bar lines of pictures."""
    encoding = encoding_of(facts)
    learn = encoded(sides["training"], facts, recipe.length)
    test = encoded(sides["eval"], facts, recipe.length, HELD_OUT)
    task, network = rnn_task(recipe, encoding, learn, test, product_type())
    truth, chords = cut(sides["eval"], facts, recipe.length)
    shown_rows = some(len(truth), HELD_OUT)[:SHOWN]
    wide = recipe.length
    if facts.representation == "polyphony":
        wide = max(count_steps(truth[row]) for row in shown_rows) or 1

    def draw() -> Pictures:
        logits = network.logits(tf.constant(test.inputs(np.arange(len(shown_rows))), tf.float32)).numpy()
        shown: list[tuple[str, list[pictures.Part]]] = []
        for place, row in enumerate(shown_rows):
            cursor, guessed = encoding.cursor(chords[row] if chords else ()), truth[row][:1]
            for step, event in enumerate(truth[row][:-1]):
                cursor.push(event)
                guessed.append(cursor.event(int(logits[place, step].argmax())))
            shown.append(("held out", pictures.event_parts(truth[row], facts.representation)))
            shown.append(("likeliest next", pictures.event_parts(guessed, facts.representation)))
        return {"next_events": pictures.draw(shown, wide, bar)}

    return replace(task, pictures=draw)


def vae_training(recipe: VaeRecipe, sides: dict[Side, Raw]) -> Task:
    """Return the training of a MusicVAE; melodies are transposed at random as the recipe says."""
    learn, test = sides["training"].windows(), sides["eval"].windows()
    test = test[some(len(test), HELD_OUT)]
    facts, reach = recipe.facts, recipe.transpose or (0, 0)

    def draw_batch(rng: np.random.Generator, size: int) -> Labels:
        windows = learn[rng.integers(0, len(learn), size)]
        return transposed(windows, reach, rng) if any(reach) else windows

    task, network = vae_task(recipe, draw_batch, test, product_type())
    prior = np.random.default_rng(0).standard_normal((SHOWN, facts.z_size)).astype(np.float32)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def decode(labels: Any) -> Any:
        mu, _ = network.encode(inputs_of(labels, facts))
        return network.likeliest(tf.concat([mu, prior], axis=0))

    def draw() -> Pictures:
        shown = test[:SHOWN]
        decoded = decode(tf.constant(shown.astype(np.int32))).numpy()
        parts = [pictures.window_parts(window, facts.representation) for window in (*shown, *decoded)]
        count = len(shown)
        pairs = zip(parts[:count], parts[count : 2 * count], strict=True)
        rebuilt = [row for truth, guess in pairs for row in (("held out", truth), ("rebuilt", guess))]
        samples = [("prior", part) for part in parts[2 * count :]]
        return {
            "reconstructions": pictures.draw(rebuilt, facts.steps, facts.steps_per_bar),
            "samples": pictures.draw(samples, facts.steps, facts.steps_per_bar),
        }

    return replace(task, pictures=draw)
