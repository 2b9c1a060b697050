"""GANSynth gives Magenta's spectrograms and sounds: from variables that both sides draw, imported and played here."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import ModelError

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures" / "gansynth"
PLAYED = "grown"  # imported where the fixtures were made
IMPORTED = ("grown", "growing")


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module that compares, which has its like beside it."""
    monkeypatch.delitem(sys.modules, "row", raising=False)
    monkeypatch.syspath_prepend(HERE / "compare")
    spec = importlib.util.spec_from_file_location("compare_gansynth", HERE / "compare" / "gansynth.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def held(compare: Any, name: str, model: Any) -> None:
    """Assert that a model's figures are all there and within their bounds."""
    with np.load(FIXTURES / f"{name}.npz") as numbers:
        rows = list(compare.compare(name, model, dict(numbers)))
    assert len(rows) == 3
    assert [row for row in rows if not row.holds] == []


def test_every_fixture_is_compared() -> None:
    """Each model whose numbers Magenta wrote is imported by a test."""
    assert sorted(IMPORTED) == sorted(path.stem for path in FIXTURES.glob("*.npz"))


def test_a_playable_plays_magentas_notes(compare: Any) -> None:
    """Spectrograms are Magenta's within 1e-3, sounds within -60 dB; so is what is made of Magenta's spectrograms."""
    held(compare, PLAYED, compare.played(FIXTURES / "playables" / f"{PLAYED}.json"))


def test_another_pitch_is_another_spectrogram(compare: Any) -> None:
    """The bound is one that a wrong label breaks: a semitone more is far from Magenta's numbers."""
    model = compare.played(FIXTURES / "playables" / f"{PLAYED}.json")
    with np.load(FIXTURES / f"{PLAYED}.npz") as numbers:
        rows = list(compare.compare(PLAYED, model, {**numbers, "pitches": numbers["pitches"] + 1}))
    assert [row.holds for row in rows] == [False, False, True]  # the last is made of Magenta's spectrogram


@pytest.mark.train
@pytest.mark.parametrize("name", IMPORTED)
def test_trainings_of_magenta_import_as_they_are(name: str, compare: Any, tmp_path: Path) -> None:
    """A training that ended, and one in the midst of a stage whose normaliser lies in a file of its own, play alike."""
    pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
    held(compare, name, compare.imported(FIXTURES / f"{name}.json", tmp_path))


@pytest.mark.train
def test_what_is_imported_is_the_moving_average(compare: Any, tmp_path: Path) -> None:
    """Magenta generates with the averages of the generator's variables: none of what they average is read."""
    pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
    from latentfm.training.checkpoints.read import read_checkpoint  # noqa: PLC0415

    layout = FIXTURES / "growing.json"
    seed = json.loads(layout.read_text(encoding="utf-8"))["seed"]
    checkpoint = read_checkpoint(compare.drawn(layout, tmp_path))
    assert checkpoint.variables
    for name, value in checkpoint.variables.items():
        average = compare._variables().draw(f"{name}/ExponentialMovingAverage", value.shape, seed)
        np.testing.assert_array_equal(value, average)


@pytest.mark.train
@pytest.mark.parametrize("kind", ["folder", "stage", "prefix", "zip"])
def test_a_training_is_found_in_whatever_it_comes(kind: str, compare: Any, tmp_path: Path) -> None:
    """Its folder, the stage's, the checkpoint's prefix and an archive of all of it give the same facts and name."""
    pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
    from latentfm.training.checkpoints.read import read_checkpoint  # noqa: PLC0415
    from latentfm.training.checkpoints.recognise import identify  # noqa: PLC0415
    from latentfm.training.importing import Wish, _name  # noqa: PLC0415

    folder = compare.drawn(FIXTURES / "growing.json", tmp_path / "here")
    earlier = folder / "stage_00004"
    earlier.mkdir()
    for part in (folder / "stage_00005").iterdir():  # which is not to be taken
        (earlier / part.name).write_bytes(b"of an earlier stage")
    source = {
        "folder": folder,
        "stage": folder / "stage_00005",
        "prefix": folder / "stage_00005" / "model.ckpt-4300",
        "zip": tmp_path / "growing.zip",
    }[kind]
    shutil.make_archive(str(tmp_path / "growing"), "zip", folder.parent, "growing")
    checkpoint = read_checkpoint(source)
    facts = identify(checkpoint).facts
    assert (facts.progress, facts.magnitude.scale, facts.frequency.offset) == (2.375, (0.05,), (-0.02,))
    assert _name(checkpoint, Wish()) == "growing"


@pytest.mark.train
def test_faults_name_the_tensor_and_both_shapes(compare: Any, tmp_path: Path) -> None:
    """A kernel of another shape, one that is missing, and another configuration's name are told as what they are."""
    pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415

    layout = json.loads((FIXTURES / "growing.json").read_text(encoding="utf-8"))
    block = "Generator/progressive_gan_generator/progressive_gan_block_3"
    layout["shapes"][f"{block}/conv1/conv2d/kernel/ExponentialMovingAverage"] = [3, 3, 8, 9]
    del layout["shapes"][f"{block}/to_rgb/bias/ExponentialMovingAverage"]
    (tmp_path / "bent.json").write_text(json.dumps(layout), encoding="utf-8")
    folder = compare.drawn(tmp_path / "bent.json", tmp_path)
    with pytest.raises(ModelError) as fault:
        import_checkpoint(folder, tmp_path / "models")
    said = str(fault.value)
    assert f"{block}/conv1/conv2d/kernel: (3, 3, 8, 9) in the checkpoint, (3, 3, 8, 8) in the network" in said
    assert f"{block}/to_rgb/bias: not in the checkpoint, (2,) in the network" in said
    with pytest.raises(ModelError, match="of the configuration mel_prog_hires, as it says itself, not drum_kit"):
        import_checkpoint(folder, tmp_path / "models", Wish(config="drum_kit"))


@pytest.mark.train
@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("data_type", "linear", "data_type is 'linear'"),
        ("train_time_limit", 3600, "train_time_limit is 3600"),
        ("data_normalizer", "specgrams_freq_normalizer", r"assets/specgrams_freq_normalizer\.npz is missing"),
        ("num_resolutions", 2, "has 4 blocks, and experiment.json speaks of 2"),
        ("latent_vector_size", 80, "leaves no pitches beside a latent space of 80 dimensions"),
        ("audio_length", 64_000, "reach over 608 samples, and experiment.json speaks of 64000"),
    ],
)
def test_trainings_of_other_kinds_are_refused(flag: str, value: Any, said: str, compare: Any, tmp_path: Path) -> None:
    """What `experiment.json` says and can't be played, or can't be true, is told."""
    pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
    from latentfm.training.importing import import_checkpoint  # noqa: PLC0415

    folder = compare.drawn(FIXTURES / "growing.json", tmp_path)
    experiment = json.loads((folder / "experiment.json").read_text(encoding="utf-8"))
    (folder / "experiment.json").write_text(json.dumps({**experiment, flag: value}), encoding="utf-8")
    with pytest.raises(ModelError, match=said):
        import_checkpoint(folder, tmp_path / "models")
