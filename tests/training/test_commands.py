"""From files to a model that a playlist can name: the commands, one after the other (one process, one import)."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from latentfm.cli import app
from latentfm.cli import options as cli_options
from latentfm.errors import ModelError, TrainingError
from latentfm.models import catalogue

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


@pytest.mark.train
def test_files_become_a_model_that_has_a_name(music: Path, tmp_path: Path, own_models: Path) -> None:
    """Bad files are named, and the card says what was learnt from and how well."""
    told = call("dataset", "build", music, tmp_path / "set", "--processes", 2)
    assert "11 pieces of 2 files; 2 files could not be read" in told
    bad = (tmp_path / "set" / "bad.txt").read_text()
    assert "bomb.mid: the MIDI file lasts more than" in bad
    assert "text.mid: not a MIDI file" in bad
    assert "inner/tunes.abc#99: a tuplet of 7" in bad
    call("dataset", "examples", tmp_path / "set", tmp_path / "examples", "--model", "basic_rnn", "--eval-share", 0.4)
    small = ["--layers", "8", "--steps", 4, "--evaluate-every", 2, "--batch-size", 4, "--length", 16]
    train = ["train", "basic_rnn", "--data", tmp_path / "examples", "--run", tmp_path / "run", "--name", "mine", *small]
    call(*train, "--licence", "CC0")
    card = catalogue.find("mine").card
    assert (card.config, card.licence) == ("basic_rnn", "CC0")
    assert card.provenance["hyperparameters"]["layer_sizes"] == [8]
    assert card.provenance["data"]["pieces"] == 11
    figures = card.provenance["figures"]
    assert figures["perplexity"] > 1
    assert {"unigram_perplexity", "bigram_perplexity", "sample_interval_js"} <= figures.keys()
    assert list((tmp_path / "run" / "tensorboard").glob("events*"))
    assert catalogue.load_rnn("mine").continue_primer([60], 4, np.random.default_rng(0))
    lines = [
        call("evaluate", model, "--data", tmp_path / "examples").split("\n", 1)[1]
        for model in ("mine", tmp_path / "run")
    ]
    assert lines[0] == lines[1]
    with pytest.raises(TrainingError, match=r"holds another training .*seed: 1 there, 2 now"):
        call(*train, "--seed", 2)
    with pytest.raises(TrainingError, match="not for lookback_rnn"):
        call("train", "lookback_rnn", "--data", tmp_path / "examples", "--run", tmp_path / "other")
    with pytest.raises(TrainingError, match="that ships"):
        call(*train[: -len(small) - 1], "melody_2bar")


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
