"""From files to a model that a playlist can name: the commands, one after the other (one process, one import)."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from latentfm.cli import app
from latentfm.cli import options as cli_options
from latentfm.errors import ModelError, TrainingError
from latentfm.models import catalogue
from latentfm.training.checkpoints.files import number
from latentfm.training.fit import diary

TUNES = ("C2D2E2F2", "G2A2B2c2", "c2B2A2G2", "E2G2C2E2", "F2A2c2A2", "D2F2A2F2")
MUSICXML = """<?xml version="1.0"?><score-partwise><part-list><score-part id="P1"><part-name>A</part-name></score-part>
</part-list><part id="P1"><measure number="1"><attributes><divisions>1</divisions><time><beats>4</beats>
<beat-type>4</beat-type></time></attributes><note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration>
</note></measure></part></score-partwise>"""


def tunes(count: int, seed: int = 0) -> str:
    """Write ABC tunes of eight bars."""
    rng = np.random.default_rng(seed)
    return "".join(
        f"X:{number}\nT:{'abcdefghij'[number]} tune\nM:4/4\nL:1/8\nK:C\n{'|'.join(rng.choice(TUNES, 8))}|\n\n"
        for number in range(count)
    )


def bomb() -> bytes:
    """Write a MIDI file of a billion ticks."""
    track = b"\xff\xff\xff\x7f\x90\x3c\x40" * 4 + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(track)) + track


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of music, some of it bad."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "inner").mkdir()
    (folder / "inner" / "tunes.abc").write_text(tunes(10) + "X:99\nT:bad\nM:4/4\nK:C\n(7CDE|\n")
    (folder / "score.musicxml").write_text(MUSICXML)
    (folder / "bomb.mid").write_bytes(bomb())
    (folder / "text.mid").write_text("no music")
    (folder / "notes.txt").write_text("no music either")
    (folder / os.fsdecode(b"caf\xe9.mid")).write_text("of another encoding")
    return folder


def call(*arguments: object) -> str:
    """Run a command; what the station can explain is raised."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder of models."""
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(scope="module")
def built(music: Path) -> tuple[Path, str]:
    """Return a data set of that music, and what was said when it was made."""
    out = music.parent / f"{music.name}-set"
    return out, call("dataset", "build", music, out, "--processes", 2)


@pytest.fixture(scope="module")
def learnable(built: tuple[Path, str]) -> dict[str, Path]:
    """Return examples for two configurations."""
    made = {}
    for model in ("basic_rnn", "cat-mel_2bar_small"):
        made[model] = built[0].with_name(f"{built[0].name}-{model}")
        call("dataset", "examples", built[0], made[model], "--model", model, "--eval-share", 0.4)
    return made


def shown(run: Path) -> tuple[dict[tuple[str, int], float], dict[str, list[int]]]:
    """Return what TensorBoard shows of a training: scalars by tag and step, and the shapes of pictures."""
    import tensorflow as tf  # noqa: PLC0415

    scalars: dict[tuple[str, int], float] = {}
    pictures: dict[str, list[int]] = {}
    for file in (run / "tensorboard").glob("events*"):
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                content = tf.make_ndarray(value.tensor)
                if value.metadata.plugin_data.plugin_name == "images":
                    pictures[value.tag] = tf.io.decode_png(content[2]).shape.as_list()
                else:
                    scalars[value.tag, event.step] = float(content)
    return scalars, pictures


@pytest.mark.train
def test_files_become_a_model_that_has_a_name(
    built: tuple[Path, str], learnable: dict[str, Path], tmp_path: Path, own_models: Path
) -> None:
    """Bad files are named, TensorBoard shows how it went, and the card says what was learnt from and how well."""
    assert "11 pieces of 2 files; 3 files could not be read" in built[1]
    bad = (built[0] / "bad.txt").read_text()
    assert "bomb.mid: the MIDI file lasts more than" in bad
    assert "text.mid: not a MIDI file" in bad
    assert "caf\N{REPLACEMENT CHARACTER}.mid: not a MIDI file" in bad
    assert "inner/tunes.abc#99: a tuplet of 7" in bad
    small = ["--layers", "8", "--steps", 4, "--evaluate-every", 2, "--batch-size", 4, "--length", 16]
    run, data = tmp_path / "run", learnable["basic_rnn"]
    train = ["train", "basic_rnn", "--data", data, "--run", run, "--name", "mine", *small]
    call(*train, "--licence", "CC0")
    card = catalogue.find("mine").card
    assert (card.config, card.licence) == ("basic_rnn", "CC0")
    learnt_with = card.provenance["hyperparameters"]
    assert (learnt_with["layer_sizes"], learnt_with["length"], learnt_with["schedule"]["steps"]) == ([8], 16, 4)
    assert card.provenance["data"]["pieces"] == 11
    figures = card.provenance["figures"]
    assert figures["perplexity"] > 1
    assert {"unigram_perplexity", "bigram_perplexity", "sample_interval_js"} <= figures.keys()
    assert catalogue.load_rnn("mine").continue_primer([60], 4, np.random.default_rng(0))
    scalars, pictures = shown(run)
    for line in diary.read(run):
        noted = (
            {f"held_out/{name}": value for name, value in line["evaluation"].items()}
            if "evaluation" in line
            else ({"loss": line["loss"]} if line["step"] % 2 == 0 else {})
        )
        assert {name: scalars[name, line["step"]] for name in noted} == pytest.approx(noted)
    assert {name for name, _ in scalars} >= {"loss", "perplexity", "gradient_norm", "held_out/loss"}
    assert pictures.keys() == {"next_events"}
    assert pictures["next_events"][1:] == [640, 3]
    lines = [call("evaluate", model, "--data", data).split("\n", 1)[1] for model in ("mine", run)]
    assert lines[0] == lines[1]
    call(*train, "--learning-rate", 0.01, "--steps", 6)
    changed = {"step": 4, "schedule.learning_rate": [0.001, 0.01], "schedule.steps": [4, 6]}
    assert catalogue.find("mine").card.provenance["changes"] == [changed]
    with pytest.raises(TrainingError, match=r"holds another training .*seed: 1 there, 2 now"):
        call(*train, "--seed", 2)
    with pytest.raises(TrainingError, match=r"holds another training \(length: 16 there, 32 now\)"):
        call(*train, "--learning-rate", 0.01, "--length", 32)
    with pytest.raises(TrainingError, match="not for lookback_rnn"):
        call("train", "lookback_rnn", "--data", data, "--run", tmp_path / "other")
    for name, words in (("melody_2bar", "that ships"), ("my waltz", "can't be called 'my waltz'")):
        with pytest.raises(ModelError, match=words):
            call(*train[: -len(small) - 1], name)
    with pytest.raises(TrainingError, match=r"drums_2bar can't be measured on .*basic_rnn: it reads windows.*_small"):
        call("evaluate", "drums_2bar", "--data", data)


def killed(run: Path, arguments: list[object]) -> None:
    """Run a training in a process of its own and kill it when it has written a second checkpoint."""
    command = [sys.executable, "-W", "ignore", "-m", "latentfm", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while len(list(run.glob("*.index"))) < 2 and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None
        process.kill()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.train
def test_a_killed_training_has_the_losses_of_one_in_one_go(
    learnable: dict[str, Path], tmp_path: Path, own_models: Path
) -> None:
    """An RNN, trained in three processes: killed and gone on with, and once without."""
    train = ["train", "basic_rnn", "--data", learnable["basic_rnn"], "--length", 16, "--layers", 8]
    train += ["--batch-size", 4, "--save-every", 5, "--evaluate-every", 20]
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    killed(parts, [*train, "--run", parts, "--steps", 100_000])
    steps = max(number(path.stem) for path in parts.glob("*.index")) + 10
    for run in (parts, whole):
        call(*train, "--run", run, "--steps", steps)
    assert losses(parts) == losses(whole)
    assert [step for step, _ in losses(whole)] == list(range(1, steps + 1))


def losses(run: Path) -> list[tuple[int, float]]:
    """Return the steps and losses in a training's log."""
    return [(line["step"], line["loss"]) for line in diary.read(run) if "loss" in line]


@pytest.mark.train
def test_a_seed_has_its_losses(learnable: dict[str, Path], tmp_path: Path) -> None:
    """A MusicVAE trained twice has the same ones, line by line, and draws other windows with another transposition."""
    from latentfm.training import run  # noqa: PLC0415
    from latentfm.training.fit.asked import Asked  # noqa: PLC0415
    from latentfm.training.fit.loop import train  # noqa: PLC0415

    asked = Asked("small", steps=100, batch_size=4, layers=(8,), encoder=(8,), z_size=4)
    tasks = [
        run.prepare("cat-mel_2bar_small", learnable["cat-mel_2bar_small"], one, "twice").task
        for one in (asked, asked, replace(asked, transpose=(0, 0)))
    ]
    for place, task in enumerate(tasks[:2]):
        train(replace(task, evaluate=lambda: {"loss": 1.0}, pictures=dict), tmp_path / str(place), quiet=True)
    found = [losses(tmp_path / str(place)) for place in range(2)]
    assert len(found[0]) == 100
    assert found[0] == found[1]
    batches = [task.batch(np.random.default_rng(0))[0] for task in tasks]
    assert (batches[0] == batches[1]).all()
    assert (batches[0] != batches[2]).any()


@pytest.mark.train
def test_what_was_there_stays_until_the_new_one_is_whole(music: Path, tmp_path: Path) -> None:
    """A build without a readable file leaves the data set; a folder of something else is never replaced."""
    call("dataset", "build", music, tmp_path / "set")
    before = json.loads((tmp_path / "set" / "statistics.json").read_text())
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "bomb.mid").write_bytes(bomb())
    with pytest.raises(TrainingError, match=r"none of the files can be read:\nbomb\.mid"):
        call("dataset", "build", tmp_path / "bad", tmp_path / "set")
    assert json.loads((tmp_path / "set" / "statistics.json").read_text()) == before
    with pytest.raises(TrainingError, match="was not made by this command"):
        call("dataset", "build", music, tmp_path / "bad")
    assert (tmp_path / "bad" / "bomb.mid").exists()
    with pytest.raises(TrainingError, match="holds no music"):
        call("dataset", "build", tmp_path / "set", tmp_path / "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "set"]


def test_without_tensorflow_the_commands_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing else is looked at first."""
    monkeypatch.setattr(cli_options.importlib.util, "find_spec", lambda name: None)
    commands: list[list[Any]] = [
        ["dataset", "build", tmp_path, tmp_path / "out"],
        ["dataset", "examples", tmp_path, tmp_path / "out", "--model", "basic_rnn"],
        ["train", "basic_rnn", "--data", tmp_path, "--run", tmp_path / "out"],
        ["evaluate", "melody_2bar", "--data", tmp_path],
    ]
    for command in commands:
        with pytest.raises(ModelError, match=r"latentfm\[train\]"):
            call(*command)
