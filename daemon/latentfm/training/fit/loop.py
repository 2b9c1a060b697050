"""The training loop that all networks share: Adam, checkpoints, resuming, early stopping, logs.

A batch depends on the seed and the number of its step alone, so a training that was killed goes on as if it
had not been. On several GPUs the batch is shared out and the gradients are averaged (`tf.distribute`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import structlog
import tensorflow as tf
from tqdm import tqdm

from latentfm.errors import TrainingError
from latentfm.training.checkpoints.files import words
from latentfm.training.fit.checkpoints import Checkpoints, adam
from latentfm.training.fit.diary import Diary
from latentfm.training.networks.cells import Tensor, Weights

log = structlog.get_logger()

Batch = tuple[np.ndarray[Any, Any], ...]
Pictures = Mapping[str, np.ndarray[Any, np.dtype[np.uint8]]]
_NOTED_EVERY = 50  # steps, between writing their losses down


@dataclass(frozen=True)
class Schedule:
    """How long to train and how fast.

    The rate falls along a half cosine to a thirtieth, or by ``decay_rate`` a step to ``floor`` (Magenta's MusicVAE),
    or stays (Magenta's RNNs). With ``patience`` the training ends after that many evaluations without a better loss.
    """

    steps: int
    batch_size: int
    learning_rate: float = 1e-3
    warmup: int = 200
    clip_norm: float = 5.0
    skip_norm: float | None = None  # gradients with such a norm or a larger one change nothing: Magenta's MusicVAE
    evaluate_every: int = 1000
    save_every: int = 250
    decay: Literal["cosine", "exponential", "constant"] = "cosine"
    decay_rate: float = 0.9999
    floor: float = 1e-5
    patience: int = 0

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        match self.decay:
            case "cosine":
                part = min(1.0, step / max(1, self.steps))
                falling = self.learning_rate * (1 / 30 + (29 / 30) * 0.5 * (1 + np.cos(np.pi * part)))
            case "exponential":
                falling = self.floor + (self.learning_rate - self.floor) * self.decay_rate**step
            case _:
                falling = self.learning_rate
        return float(falling * min(1.0, (step + 1) / max(1, self.warmup)))


@dataclass(frozen=True)
class Task:
    """What one network adds to the loop.

    ``loss`` maps a batch (tensors) and the part of the training that is done (0 to 1) to the loss and the
    scalars to log. ``batch`` makes the batch of a step. ``evaluate`` returns the scalars of held-out music, ``loss``
    among them, by which the best checkpoint is chosen. ``pictures`` draws some of it, RGB ``[height, width, 3]``.
    """

    name: str
    weights: Weights
    schedule: Schedule
    seed: int
    loss: Callable[..., tuple[Tensor, dict[str, Tensor]]]
    batch: Callable[[np.random.Generator], Batch]
    evaluate: Callable[[], dict[str, float]]
    pictures: Callable[[], Pictures] = dict


def train(
    task: Task, folder: Path, *, stop_at: int | None = None, strategy: Any = None, quiet: bool = False
) -> dict[str, float]:
    """Train until the schedule's end or its patience's, going on from the last checkpoint in ``folder``.

    Args:
        task: made in the strategy's scope.
        folder: checkpoints, the log (``log.jsonl``) and what TensorBoard shows go there, the best weights to ``best``.
        stop_at: stop after this step, to go on later.
        strategy: of `latentfm.training.fit.devices`; the one device there is without.
        quiet: show no progress.

    Returns:
        The scalars of the last evaluation.

    Raises:
        TrainingError: the loss is no number any more, the memory is too small, or the folder can't be written.
    """
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        checkpoints = Checkpoints(folder, task.weights)
    try:
        return _Run(task, checkpoints, strategy, quiet).until(min(task.schedule.steps, stop_at or task.schedule.steps))
    except (OSError, tf.errors.ResourceExhaustedError, tf.errors.UnknownError) as fault:
        raise TrainingError(
            f"{folder} can't be written: {fault}; make room and start the same command again to go on from the last "
            "checkpoint"
        ) from fault


class _Run:
    """One run of the loop."""

    def __init__(self, task: Task, checkpoints: Checkpoints, strategy: Any, quiet: bool) -> None:
        self.task, self.checkpoints, self.strategy, self.quiet = task, checkpoints, strategy, quiet
        self.start = checkpoints.restore()
        self.diary = Diary(checkpoints.folder, self.start)
        self.update = _update(task, checkpoints, strategy)
        self.unnoted: list[tuple[int, dict[str, Tensor]]] = []
        self.began = time.monotonic()
        self.writer = tf.summary.create_file_writer(str(checkpoints.folder / "tensorboard"))

    def until(self, end: int) -> dict[str, float]:
        task, schedule, start = self.task, self.task.schedule, self.start
        parameters = task.weights.parameters()
        log.info("training_started", model=task.name, parameters=parameters, step=start, steps=schedule.steps)
        figures: dict[str, float] = self.diary.evaluations[-1]["evaluation"] if self.diary.evaluations else {}
        numbers = range(start, 0 if self._is_over() else end)
        bar = tqdm(
            numbers, initial=start, total=schedule.steps, desc=task.name, mininterval=5, unit="step", disable=self.quiet
        )
        for step in bar:
            rate, part = tf.constant(schedule.rate(step)), tf.constant(step / schedule.steps, tf.float32)
            with _memory(task):
                batch = self._shared(task.batch(np.random.default_rng([task.seed, step])))
                self.unnoted.append((step + 1, self.update(batch, rate, part)))
            done, last = step + 1, step + 1 == end
            judged = done % schedule.evaluate_every == 0 or last
            if judged or done % _NOTED_EVERY == 0 or done % schedule.save_every == 0:
                self._note(bar)
            if judged:
                figures = self._evaluate(done)
            if judged or done % schedule.save_every == 0:
                self.checkpoints.save()
            if judged and self._is_over():
                break
        self.writer.close()
        return figures or task.evaluate()

    def _is_over(self) -> bool:
        waited, patience = self.diary.since_best(), self.task.schedule.patience
        if not patience or waited < patience:
            return False
        log.info("training_stopped_early", model=self.task.name, evaluations_without_a_better_one=waited)
        return True

    def _shared(self, batch: Batch) -> Any:
        """Share a batch out among the replicas, in order; single numbers are given to all."""
        count = self.strategy.num_replicas_in_sync
        if count == 1:
            return batch
        rows = self.task.schedule.batch_size
        if rows % count:
            raise TrainingError(f"a batch of {rows} can't be shared among {count} devices: name a multiple of {count}")

        def part(context: Any) -> Batch:
            which = context.replica_id_in_sync_group
            return tuple(
                array[which * rows // count : (which + 1) * rows // count] if array.ndim else array for array in batch
            )

        return self.strategy.experimental_distribute_values_from_function(part)

    def _note(self, bar: Any) -> None:
        """Write down the scalars of the steps since the last time."""
        with _memory(self.task):  # a GPU says only here what went wrong
            rows = [(done, {name: float(value) for name, value in scalars.items()}) for done, scalars in self.unnoted]
        self.unnoted.clear()
        for done, scalars in rows:
            if not np.isfinite(scalars["loss"]):
                raise TrainingError(
                    f"the loss is {scalars['loss']} at step {done}: start the same command again with a lower "
                    "--learning-rate, and it goes on from the last checkpoint"
                )
        if not rows:
            return
        self.diary.losses(rows)
        with self.writer.as_default(rows[-1][0]):
            for name, value in rows[-1][1].items():
                tf.summary.scalar(name, value)
        bar.set_postfix({name: f"{value:.3g}" for name, value in rows[-1][1].items() if name != "gradient_norm"})

    def _evaluate(self, done: int) -> dict[str, float]:
        with _memory(self.task):
            figures, pictures = self.task.evaluate(), self.task.pictures()
        with self.writer.as_default(done):
            for name, value in figures.items():
                tf.summary.scalar(f"held_out/{name}", value)
            for name, picture in pictures.items():
                tf.summary.image(name, picture[None])
        self.writer.flush()
        if self.diary.evaluation(done, figures):
            self.checkpoints.save(best=True)
        minutes = round((time.monotonic() - self.began) / 60, 1)
        rounded = {name: round(value, 4) for name, value in figures.items()}
        log.info("training_evaluated", model=self.task.name, step=done, minutes=minutes, **rounded)
        return figures


@contextmanager
def _memory(task: Task) -> Iterator[None]:
    """Say that memory ran out while computing; TensorFlow has the same error for a full disk."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as fault:
        raise TrainingError(
            f"{task.name} needs more memory than there is ({words(fault)}): start the same command again "
            f"with a smaller --batch-size than {task.schedule.batch_size}, or train a smaller network"
        ) from fault


def _update(task: Task, checkpoints: Checkpoints, strategy: Any) -> Any:
    """Return the function that takes one step and gives the scalars of it."""
    names = list(task.weights)
    count = strategy.num_replicas_in_sync

    def step(batch: Any, rate: Tensor, part: Tensor) -> dict[str, Tensor]:
        with tf.GradientTape() as tape:
            loss, scalars = task.loss(*batch, part)
        gradients = tape.gradient(loss, [task.weights[name] for name in names])
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        if count > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
        clipped, norm = tf.clip_by_global_norm(gradients, task.schedule.clip_norm)
        if task.schedule.skip_norm is not None:
            clipped = [tf.where(norm < task.schedule.skip_norm, one, tf.zeros_like(one)) for one in clipped]
        adam(checkpoints, dict(zip(names, clipped, strict=True)), rate)
        return {**scalars, "loss": loss, "gradient_norm": norm}

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def update(batch: Any, rate: Tensor, part: Tensor) -> Any:
        if count == 1:
            return step(batch, rate, part)
        scalars = strategy.run(step, args=(batch, rate, part))
        return {name: strategy.reduce(tf.distribute.ReduceOp.MEAN, each, axis=None) for name, each in scalars.items()}

    return update
