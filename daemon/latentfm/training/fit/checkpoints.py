"""The state of a training on disk, under Magenta's names, and the step of Adam that changes it.

Checkpoints hold what Magenta's trainers write: the variables, Adam's slots under ``<name>/Adam`` and
``<name>/Adam_1``, the powers of its betas, and ``global_step``. The best ones hold the variables and the step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from latentfm.errors import TrainingError
from latentfm.training.checkpoints.files import BEST, PART, words
from latentfm.training.networks.cells import Tensor, Weights

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Checkpoints:
    """The last checkpoints of a training, written under temporary names by TensorFlow's own saver."""

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
        plain = {**weights, "global_step": self.step}
        saver = tf.compat.v1.train.Saver
        self._all = {**plain, **self.slots, **self.powers}
        self._saver = saver(_first(self._all), max_to_keep=2, save_relative_paths=True)
        self._best = saver(_first(plain), max_to_keep=1, save_relative_paths=True)

    def save(self, *, best: bool = False) -> None:
        """Write the state of the training, or the weights as the best so far.

        Raises:
            TrainingError: the disk is full or can't be written; what was there before stays.
        """
        folder, saver = (self.folder / BEST, self._best) if best else (self.folder, self._saver)
        step = int(self.step.read_value())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            saver.save(None, str(folder / "model.ckpt"), global_step=step, write_meta_graph=False)
        except (tf.errors.OpError, OSError) as fault:
            _clear(folder)
            before = f"; the one before it is whole, of step {newest_step(folder)}" if newest_step(folder) else ""
            raise TrainingError(
                f"the checkpoint of step {step} could not be written to {folder}: {words(fault)}{before}: make room "
                "and start the same command again to go on"
            ) from fault

    def restore(self) -> int:
        """Take up the newest checkpoint; return the step it was written at, 0 without one.

        Raises:
            TrainingError: it is damaged, or of another network.
        """
        for folder, saver in ((self.folder, self._saver), (self.folder / BEST, self._best)):
            _clear(folder)
            known = tf.train.get_checkpoint_state(str(folder))
            if known is not None:
                saver.recover_last_checkpoints(known.all_model_checkpoint_paths)
        newest = tf.train.latest_checkpoint(str(self.folder))
        if newest is not None:
            self._take_up(newest)
        return int(self.step.read_value())

    def _take_up(self, path: str) -> None:
        try:
            self._saver.restore(None, path)
        except (tf.errors.OpError, ValueError) as fault:
            raise TrainingError(f"the checkpoint {path} is damaged or of another network: {words(fault)}") from fault
        for variable in self._all.values():
            if hasattr(variable, "values"):
                variable.assign(variable.values[0].read_value())


def newest_step(folder: Path) -> int:
    """Return the step of the newest checkpoint in a folder, 0 where there is none."""
    newest = tf.train.latest_checkpoint(str(folder))
    return int(newest.rsplit("-", 1)[1]) if newest else 0


def best_step(folder: Path) -> int:
    """Return the step of a training's best checkpoint, 0 where none was judged yet."""
    return newest_step(folder / BEST)


def adam(checkpoints: Checkpoints, gradients: Mapping[str, Tensor], rate: Tensor) -> None:
    """Apply one step of Adam (TensorFlow's own kernel) in place, on each replica to its own copy."""
    powers = {name: tf.identity(power) for name, power in checkpoints.powers.items()}
    for name, gradient in gradients.items():
        tf.raw_ops.ResourceApplyAdam(
            var=checkpoints.weights[name].handle,
            m=checkpoints.slots[f"{name}/Adam"].handle,
            v=checkpoints.slots[f"{name}/Adam_1"].handle,
            **powers,
            lr=rate,
            beta1=BETA1,
            beta2=BETA2,
            epsilon=EPSILON,
            grad=gradient,
        )
    for name, decay in (("beta1_power", BETA1), ("beta2_power", BETA2)):
        tf.raw_ops.AssignVariableOp(resource=checkpoints.powers[name].handle, value=powers[name] * decay)
    tf.raw_ops.AssignAddVariableOp(resource=checkpoints.step.handle, value=tf.constant(1, tf.int64))


def _first(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first replica's copies: the saver knows no others, and all are alike."""
    return {
        name: variable.values[0] if hasattr(variable, "values") else variable for name, variable in variables.items()
    }


def _clear(folder: Path) -> None:
    """Remove what saves left that were cut short: temporary files, and parts of checkpoints that no state names."""
    left = [*folder.glob("*tempstate*"), *folder.glob("checkpoint.tmp*")]
    known = tf.train.get_checkpoint_state(str(folder))
    if known is not None:
        names = {Path(path).name for path in known.all_model_checkpoint_paths}
        left += [path for path in folder.glob("model.ckpt-*") if PART.sub("", path.name) not in names]
    for path in left:
        path.unlink(missing_ok=True)
