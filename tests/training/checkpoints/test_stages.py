"""What a GANSynth's training says beside its checkpoints; no TensorFlow is needed to look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import ModelError
from latentfm.training.checkpoints.gansynth import progress
from latentfm.training.checkpoints.names import playing
from latentfm.training.checkpoints.stages import Flags, newest_stage, read_experiment, training_of

AVERAGE = "ExponentialMovingAverage"


def written(folder: Path, flags: dict[str, Any], table: Any = None) -> Path:
    """Write what a training says, and what its normaliser measured."""
    (folder / "experiment.json").write_text(json.dumps(flags), encoding="utf-8")
    if table is not None:
        (folder / "assets").mkdir()
        np.savez(folder / "assets" / f"{flags['data_normalizer']}.npz", normalizer=table)
    return folder


def test_a_training_without_flags_is_one_of_mel_prog_hires(tmp_path: Path) -> None:
    """A bare checkpoint is taken for one of the only configuration that there is."""
    found = read_experiment(tmp_path)
    assert found.flags == Flags()
    assert found.magnitude.scale == (0.0661371661726,)
    assert found.frequency.offset == (0.0,)


def test_what_normalisers_measured_is_read(tmp_path: Path) -> None:
    """Two numbers of each channel, for all bins or for each: in the order in which Magenta keeps them."""
    table = np.arange(1.0, 9.0).reshape(2, 4)
    found = read_experiment(written(tmp_path, {"data_normalizer": "specgrams_freq_normalizer"}, table))
    assert (found.magnitude.scale, found.magnitude.offset) == ((1.0, 5.0), (2.0, 6.0))
    assert (found.frequency.scale, found.frequency.offset) == ((3.0, 7.0), (4.0, 8.0))


@pytest.mark.parametrize("table", [[1.0, 2.0, 3.0], [1.0, 2.0, np.nan, 4.0]])
def test_what_no_normaliser_measures_is_refused(table: list[float], tmp_path: Path) -> None:
    """Three numbers, or one that is none, are told as damage."""
    folder = written(tmp_path, {"data_normalizer": "specgrams_simple_normalizer"}, np.array(table))
    with pytest.raises(ModelError, match=r"assets/specgrams_simple_normalizer\.npz is damaged"):
        read_experiment(folder)


@pytest.mark.parametrize("text", ["", "[]", '{"num_resolutions": "many"}', '{"data_normalizer": "other"}'])
def test_flags_that_are_none_are_refused(text: str, tmp_path: Path) -> None:
    """An empty file, a list, a word for a number and a normaliser that nobody knows are told."""
    (tmp_path / "experiment.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"experiment\.json"):
        read_experiment(tmp_path)


@pytest.mark.parametrize(
    ("images", "blocks", "wanted"),
    [
        (0, 1, 0.0),
        (800_000, 2, 0.0),
        (1_200_000, 2, 0.5),
        (1_599_999, 2, 1 - 1 / 800_000),
        (1_600_000, 2, 1.0),
        (10_346_312, 7, 6.0),
        (11_000_000, 7, 6.0),
        (99_000_000, 2, 1.0),
    ],
)
def test_blocks_come_in_as_images_are_seen(images: int, blocks: int, wanted: float) -> None:
    """800 000 images of a stable stage, as many in which the next block comes in; at the end it stays."""
    assert progress(images, blocks, Flags()) == pytest.approx(wanted, abs=1e-9)
    assert progress(images, blocks, Flags(train_progressive=False)) == blocks - 1


def test_stages_are_found_by_their_number(tmp_path: Path) -> None:
    """The last stage's folder is taken, and its training is the folder around it; another folder is its own."""
    for name in ("stage_00002", "stage_00010", "stage_old", "assets"):
        (tmp_path / name).mkdir()
    assert newest_stage(tmp_path) == tmp_path / "stage_00010"
    assert training_of(tmp_path / "stage_00010") == tmp_path
    assert training_of(tmp_path / "assets") == tmp_path / "assets"
    assert newest_stage(tmp_path / "assets") == tmp_path / "assets"


def test_a_generator_plays_with_its_moving_averages_alone() -> None:
    """Neither what they average nor the discriminator is read; other models' averages are left out as before."""
    kernel = "Generator/progressive_gan_generator/progressive_gan_block_1/conv0/conv2d/kernel"
    names = [kernel, f"{kernel}/{AVERAGE}", f"Discriminator/{AVERAGE}", "Discriminator/bias", "Variable"]
    assert playing(names) == {kernel: f"{kernel}/{AVERAGE}"}
    assert playing(["rnn/kernel", f"rnn/kernel/{AVERAGE}", "rnn/kernel/Adam"]) == {"rnn/kernel": "rnn/kernel"}
