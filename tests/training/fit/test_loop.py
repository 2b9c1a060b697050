"""The training loop, with a network of one matrix (one process, one import)."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import TrainingError

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.fit import diary, loop  # noqa: E402 - TensorFlow is there
from latentfm.training.fit.checkpoints import best_step  # noqa: E402
from latentfm.training.networks.cells import Weights  # noqa: E402

SIZE = 64


def task(losses: list[float] | None = None, size: int = SIZE, **schedule: Any) -> loop.Task:
    """Put a training together that learns to double; ``losses`` are what evaluations find, one after the other."""
    weights = Weights({"w": (size, size)}, seed=1)
    found = iter(losses or [])

    def loss(x: Any, noise: Any, part: Any) -> Any:
        error = tf.reduce_mean((x @ weights["w"] - 2 * x + noise) ** 2)
        return error, {"part": part}

    def batch(rng: np.random.Generator) -> tuple[Any, Any]:
        return rng.standard_normal((8, size), dtype=np.float32), np.float32(rng.random() / 100)

    def evaluate() -> dict[str, float]:
        return {"loss": next(found) if losses else float(tf.reduce_mean(weights["w"] ** 2))}

    plan = {"steps": 20, "batch_size": 8, "evaluate_every": 5, "save_every": 4, "warmup": 1} | schedule
    return loop.Task("doubling", weights, loop.Schedule(**plan), 7, loss, batch, evaluate)


def run(one: loop.Task, folder: Path, **options: Any) -> np.ndarray[Any, Any]:
    """Train; return the weights."""
    loop.train(one, folder, quiet=True, **options)
    weights: np.ndarray[Any, Any] = one.weights["w"].numpy()
    return weights


def test_a_training_that_was_stopped_goes_on_bit_for_bit(tmp_path: Path) -> None:
    """Weights and log are those of a training in one go, and the same seed gives the same losses."""
    whole = run(task(), tmp_path / "whole")
    run(task(), tmp_path / "parts", stop_at=10)
    for later in (tmp_path / "parts").glob("model.ckpt-10*"):
        later.unlink()  # killed before the last checkpoint was written
    (tmp_path / "parts" / "checkpoint").write_text(
        'model_checkpoint_path: "model.ckpt-8"\nall_model_checkpoint_paths: "model.ckpt-8"\n'
    )
    (tmp_path / "parts" / "model.ckpt-10.data-00000-of-00001.tempstate42").write_bytes(b"half")
    np.testing.assert_array_equal(run(task(), tmp_path / "parts"), whole)
    logs = [diary.read(tmp_path / name) for name in ("whole", "parts")]
    assert logs[0] == logs[1]
    assert [line["step"] for line in logs[0] if "loss" in line] == list(range(1, 21))
    assert not list((tmp_path / "parts").glob("*tempstate*"))
    assert len(list((tmp_path / "parts").glob("*.index"))) == 2


def test_a_training_ends_when_nothing_gets_better(tmp_path: Path) -> None:
    """The best weights are kept, and starting it again changes nothing."""
    losses = [3.0, 1.0, 2.0, 1.5, 0.1]
    run(task(losses, steps=100, patience=2), tmp_path)
    lines = diary.read(tmp_path)
    assert lines[-1]["step"] == 20
    assert best_step(tmp_path) == 10
    run(task([0.0], steps=100, patience=2), tmp_path)
    assert diary.read(tmp_path) == lines


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_costs_nothing_that_was_saved(tmp_path: Path) -> None:
    """The error says what to do; with room again the training ends as if nothing had been."""
    whole = run(task(), tmp_path / "whole")
    run(task(), tmp_path / "full", stop_at=5)
    with no_file_above(20_000), pytest.raises(TrainingError, match=r"step 8 could not be written.*make room"):
        run(task(), tmp_path / "full")
    assert not list((tmp_path / "full").rglob("*tempstate*"))
    np.testing.assert_array_equal(run(task(), tmp_path / "full"), whole)
    assert diary.read(tmp_path / "full") == diary.read(tmp_path / "whole")


def test_what_kills_left_is_swept(tmp_path: Path) -> None:
    """Files of checkpoints that no state names yet, and temporary ones, go when a training goes on; others stay."""
    whole = run(task(), tmp_path / "whole")
    left = tmp_path / "left"
    run(task(), left, stop_at=5)
    kept = {path.name for path in left.rglob("*ckpt*")}
    (newest,) = list(left.glob("*-5.index"))
    orphans = ("model.ckpt-9.index", "model.ckpt-9.data-00000-of-00001", "checkpoint.tmp1f", "model.ckpt-9_tempstate7")
    for name in orphans:
        (left / name).write_bytes(newest.read_bytes())
    (left / "notes.txt").write_text("mine")
    run(task(), left, stop_at=5)
    assert {path.name for path in left.rglob("*ckpt*")} == kept
    assert not (left / "checkpoint.tmp1f").exists()
    assert (left / "notes.txt").read_text() == "mine"
    np.testing.assert_array_equal(run(task(), left), whole)


def test_too_little_memory_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    """The error names the batch size, whether a batch was too much or an evaluation."""
    large = task()

    def refused() -> dict[str, float]:
        raise tf.errors.ResourceExhaustedError(None, None, "{{node x}} OOM when allocating tensor with shape[8,64]")

    with pytest.raises(TrainingError, match=r"more memory than there is.*smaller --batch-size than 8"):
        run(replace(large, batch=lambda _: (np.zeros(1 << 47),)), tmp_path / "batch")
    with pytest.raises(TrainingError, match=r"there is \(OOM when.*smaller --batch-size than 8"):
        run(replace(large, evaluate=refused), tmp_path / "evaluation")


def test_a_loss_that_is_no_number_ends_what_a_lower_rate_goes_on_with(tmp_path: Path) -> None:
    """Nothing of it is saved."""
    run(task(), tmp_path, stop_at=10)
    with pytest.raises(TrainingError, match="lower --learning-rate"):
        run(task(learning_rate=1e30), tmp_path)
    run(task(learning_rate=1e-4), tmp_path)
    assert [line["step"] for line in diary.read(tmp_path) if "loss" in line] == list(range(1, 21))


def test_gradients_beyond_a_norm_change_nothing(tmp_path: Path) -> None:
    """Magenta's MusicVAE sets them to zero."""
    before = task().weights["w"].numpy()
    np.testing.assert_array_equal(run(task(skip_norm=1e-9), tmp_path / "all"), before)
    np.testing.assert_array_equal(run(task(skip_norm=1e9), tmp_path / "none"), run(task(), tmp_path / "free"))


TWO_DEVICES = """
import json, sys
from pathlib import Path
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, sys.argv[1])
import test_loop
folder = Path(sys.argv[2])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for name, stops in (("whole", (20,)), ("parts", (5, 20))):
    for stop in stops:
        with strategy.scope():
            task = test_loop.task()
        test_loop.loop.train(task, folder / name, stop_at=stop, strategy=strategy, quiet=True)
print(json.dumps([copy.numpy().sum().item() for copy in task.weights["w"].values]))
"""


def test_several_devices_share_a_batch(tmp_path: Path) -> None:
    """Each has the same weights at the end, a training goes on as one in one go, and one device reads what it wrote."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TWO_DEVICES, str(Path(__file__).parent), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    sums = json.loads(done.stdout.splitlines()[-1])
    assert sums[0] == sums[1]
    shared, resumed = (tf.train.load_checkpoint(str(tmp_path / name)).get_tensor("w") for name in ("whole", "parts"))
    np.testing.assert_array_equal(shared, resumed)
    alone = task()
    loop.train(alone, tmp_path / "whole", quiet=True)
    np.testing.assert_array_equal(alone.weights["w"].numpy(), shared)


def test_rates_fall_as_their_schedule_says() -> None:
    """Along a cosine to a thirtieth, by a factor to a floor, or not at all."""
    rates = {
        decay: [
            loop.Schedule(100, 1, 1.0, warmup=1, decay=decay, decay_rate=0.5, floor=0.25).rate(step)
            for step in (0, 1, 100)
        ]
        for decay in ("cosine", "exponential", "constant")
    }
    assert rates["cosine"][0] == pytest.approx(1.0)
    assert rates["cosine"][2] == pytest.approx(1 / 30)
    assert rates["exponential"][1] == pytest.approx(0.25 + 0.75 * 0.5)
    assert rates["exponential"][2] == pytest.approx(0.25)
    assert rates["constant"] == [1.0, 1.0, 1.0]
