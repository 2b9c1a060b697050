"""The training loop that all networks share: Adam, checkpoints under Magenta's names, resuming, logs.

A batch depends on the seed and the number of its step alone, so a training that was killed goes on as if it
had not been. Checkpoints hold what Magenta's trainers write: the variables, Adam's slots under
``<name>/Adam`` and ``<name>/Adam_1``, the powers of its betas, and ``global_step``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
import tensorflow as tf
from tqdm import tqdm

from latentfm.errors import TrainingError
from latentfm.training.networks.cells import Tensor, Weights

log = structlog.get_logger()

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
Batch = tuple[np.ndarray[Any, Any], ...]


@dataclass(frozen=True)
class Schedule:
    """How long to train and how fast: ``learning_rate`` falls along a half cosine to a thirtieth."""

    steps: int
    batch_size: int
    learning_rate: float = 1e-3
    warmup: int = 200
    clip_norm: float = 5.0
    evaluate_every: int = 1000
    save_every: int = 250

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        part = min(1.0, step / max(1, self.steps))
        falling = self.learning_rate * (1 / 30 + (29 / 30) * 0.5 * (1 + np.cos(np.pi * part)))
        return float(falling * min(1.0, (step + 1) / self.warmup))


class Checkpoints:
    """The last checkpoint of a training, written under a temporary name by TensorFlow's own saver."""

    def __init__(self, folder: Path, weights: Weights) -> None:
        self.folder = folder
        self.weights = weights
        self.slots = {
            f"{name}/{slot}": tf.Variable(tf.zeros_like(variable), trainable=False)
            for name, variable in weights.items()
            for slot in ("Adam", "Adam_1")
        }
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.powers = {"beta1_power": tf.Variable(BETA1), "beta2_power": tf.Variable(BETA2)}
        self._saver = tf.compat.v1.train.Saver(
            {**weights, **self.slots, **self.powers, "global_step": self.step}, max_to_keep=2
        )

    def save(self) -> None:
        """Write the state of the training.

        Raises:
            TrainingError: the disk is full or can't be written; what was there before stays.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._saver.save(None, str(self.folder / "model.ckpt"), global_step=int(self.step), write_meta_graph=False)
        except (tf.errors.OpError, OSError) as fault:
            raise TrainingError(f"the checkpoint could not be written to {self.folder}: {fault}") from fault

    def restore(self) -> int:
        """Take up the newest checkpoint; return the step it was written at, 0 without one."""
        newest = tf.train.latest_checkpoint(str(self.folder))
        if newest is not None:
            self._saver.restore(None, newest)
        return int(self.step)


def adam(checkpoints: Checkpoints, gradients: Mapping[str, Tensor], rate: Tensor) -> None:
    """Apply one step of Adam (TensorFlow's own kernel) in place."""
    for name, gradient in gradients.items():
        variable, m, v = (
            checkpoints.weights[name],
            checkpoints.slots[f"{name}/Adam"],
            checkpoints.slots[f"{name}/Adam_1"],
        )
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=m.handle,
            v=v.handle,
            beta1_power=checkpoints.powers["beta1_power"],
            beta2_power=checkpoints.powers["beta2_power"],
            lr=rate,
            beta1=BETA1,
            beta2=BETA2,
            epsilon=EPSILON,
            grad=gradient,
        )
    checkpoints.powers["beta1_power"].assign(checkpoints.powers["beta1_power"] * BETA1)
    checkpoints.powers["beta2_power"].assign(checkpoints.powers["beta2_power"] * BETA2)
    checkpoints.step.assign_add(1)


@dataclass(frozen=True)
class Task:
    """What one network adds to the loop.

    ``loss`` maps a batch (tensors) and the part of the training that is done (0 to 1) to the loss and the
    scalars to log. ``batch`` makes the batch of a step. ``evaluate`` returns the scalars of held-out music.
    """

    name: str
    weights: Weights
    schedule: Schedule
    seed: int
    loss: Callable[..., tuple[Tensor, dict[str, Tensor]]]
    batch: Callable[[np.random.Generator], Batch]
    evaluate: Callable[[], dict[str, float]]


def train(task: Task, folder: Path, *, stop_at: int | None = None) -> dict[str, float]:
    """Train until the schedule's end, going on from the last checkpoint in ``folder``.

    Returns:
        The scalars of the last evaluation.

    Raises:
        TrainingError: the loss is no number any more, or a checkpoint can't be written.
    """
    checkpoints = Checkpoints(folder, task.weights)
    start = checkpoints.restore()
    schedule = task.schedule
    end = min(schedule.steps, stop_at or schedule.steps)
    names = list(task.weights)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def update(batch: Any, rate: Tensor, part: Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss, scalars = task.loss(*batch, part)
        gradients = tape.gradient(loss, [task.weights[name] for name in names])
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        clipped, norm = tf.clip_by_global_norm(gradients, schedule.clip_norm)
        adam(checkpoints, dict(zip(names, clipped, strict=True)), rate)
        return {**scalars, "loss": loss, "gradient_norm": norm}

    writer = tf.summary.create_file_writer(str(folder / "tensorboard"))
    log.info(
        "training_started", model=task.name, parameters=task.weights.parameters(), step=start, steps=schedule.steps
    )
    figures: dict[str, float] = {}
    began = time.monotonic()
    bar = tqdm(range(start, end), initial=start, total=schedule.steps, desc=task.name, mininterval=5, unit="step")
    for step in bar:
        batch = task.batch(np.random.default_rng([task.seed, step]))
        scalars = update(batch, tf.constant(schedule.rate(step)), tf.constant(step / schedule.steps, tf.float32))
        done = step + 1
        if done % 50 == 0 or done == end:
            _log_scalars(writer, scalars, step, bar)
        if done % schedule.save_every == 0 or done == end:
            checkpoints.save()
        if done % schedule.evaluate_every == 0 or done == end:
            figures = task.evaluate()
            with writer.as_default(step):
                for name, value in figures.items():
                    tf.summary.scalar(f"held_out/{name}", value)
            rounded = {name: round(value, 4) for name, value in figures.items()}
            log.info(
                "training_evaluated",
                model=task.name,
                step=done,
                minutes=round((time.monotonic() - began) / 60, 1),
                **rounded,
            )
    writer.close()
    return figures or task.evaluate()


def _log_scalars(writer: Any, scalars: Mapping[str, Tensor], step: int, bar: Any) -> None:
    values = {name: float(value) for name, value in scalars.items()}
    if not np.isfinite(values["loss"]):
        raise TrainingError(
            f"the loss is {values['loss']} at step {step}; go on from the last checkpoint with a lower rate"
        )
    with writer.as_default(step):
        for name, value in values.items():
            tf.summary.scalar(name, value)
    bar.set_postfix({name: f"{value:.3g}" for name, value in values.items() if name != "gradient_norm"})
