"""A brief becomes a take, with the models, the SoundFont and the FluidSynth that a station has."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile as sf
from note_seq import midi_io

from latentfm import bank
from latentfm.audio import gate
from latentfm.brief import Brief
from latentfm.config import load_playlist
from latentfm.errors import ComposeError, GateError, MidiError, SoundFontError
from latentfm.orders import next_brief
from latentfm.playlist import Playlist
from latentfm.sources import sources_of
from latentfm.studio import ChildStudio
from latentfm.studio.identity import take_id
from latentfm.studio.produce import produce
from latentfm.take import TakeInfo
from latentfm.timbre.voicing import voiced


@pytest.fixture(scope="module")
def short_day() -> Playlist:
    """The day that ships, in sections as short as may be."""
    playlist = voiced(load_playlist(Path(__file__).parents[2] / "playlists" / "day.toml"))
    return playlist.model_copy(update={"form": playlist.form.model_copy(update={"seconds": (40.0, 55.0)})})


def order(playlist: Playlist, section: int = 0, **more: object) -> Brief:
    """Return a brief as a station would write it."""
    sources = sources_of(playlist)
    brief = next_brief(station_seed=7, section=section, playlist=playlist, sources=sources)
    return brief.model_copy(update=more)


@pytest.fixture(scope="module")
def first(short_day: Playlist, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TakeInfo]:
    """The take of the first brief, and the folder it was published in."""
    folder = tmp_path_factory.mktemp("bank")
    return folder, produce(order(short_day), folder)


def test_the_take_is_what_the_brief_and_its_own_description_say(
    first: tuple[Path, TakeInfo], short_day: Playlist
) -> None:
    """Audio, MIDI and description lie in the bank, pass the gate once decoded, and belong together."""
    folder, info = first
    take = bank.read_take(folder / info.id)
    assert take.info == info
    assert info.id == take_id(order(short_day))
    pcm, rate = sf.read(take.audio, dtype="float32")
    asked_for = -16.0 - info.provenance["master"]["shortfall"]
    gate.check(pcm, frames=info.frames, lufs=asked_for, max_silence=info.max_silence, rate=rate)
    sequence = midi_io.midi_file_to_note_sequence(str(take.folder / bank.MIDI))
    assert 30 < sequence.total_time <= info.frames / rate
    assert 0 < info.seam.head < info.seam.outs[0] < info.frames
    assert info.carry.section == 1


def test_the_provenance_says_all_that_the_take_came_from(first: tuple[Path, TakeInfo], short_day: Playlist) -> None:
    """The brief itself, checksums of models and sounds, latent points, chords and figures."""
    provenance = first[1].provenance
    assert Brief.model_validate(provenance["brief"]) == order(short_day)
    assert set(provenance["models"]) == {"melody_2bar", "attention_rnn", "drums_2bar", "drum_kit"}
    assert provenance["sounds"] == sources_of(short_day).sounds
    assert provenance["walk"]
    assert provenance["chords"]
    assert provenance["figures"]
    assert provenance["libraries"]["numpy"]


def test_another_process_makes_the_same_take_bit_for_bit(
    first: tuple[Path, TakeInfo], short_day: Playlist, tmp_path: Path
) -> None:
    """The real child, a fresh interpreter, publishes the same three files, and its carry is taken up."""
    folder, info = first
    studio = ChildStudio(tmp_path)
    try:
        assert studio.submit(order(short_day)).result(100) == info
    finally:
        studio.close()
    for name in (bank.AUDIO, bank.MIDI, bank.DOCUMENT):
        assert (tmp_path / info.id / name).read_bytes() == (folder / info.id / name).read_bytes()


def test_a_take_that_lies_there_is_not_made_again(first: tuple[Path, TakeInfo], short_day: Playlist) -> None:
    """A child that died between publishing and answering costs nothing but the question asked again."""
    folder, info = first
    changed = (folder / info.id / bank.AUDIO).stat().st_mtime_ns
    assert produce(order(short_day), folder) == info
    assert (folder / info.id / bank.AUDIO).stat().st_mtime_ns == changed


def test_a_repeat_does_not_pass_the_gate(first: tuple[Path, TakeInfo], short_day: Playlist, tmp_path: Path) -> None:
    """Audio that was heard lately is rejected with the reason, and nothing is published."""
    heard = (first[1].provenance["fingerprint"],)
    with pytest.raises(GateError, match="repeat"):
        produce(order(short_day, heard=heard), tmp_path)
    assert list(tmp_path.iterdir()) == []


def _with_other_model(brief: Brief) -> Brief:
    return brief.model_copy(update={"models": {**brief.models, "melody_2bar": "0" * 64}})


def _with_other_sound(brief: Brief) -> Brief:
    return brief.model_copy(update={"sounds": {"default": "0" * 64}})


def _with_missing_anchor(brief: Brief) -> Brief:
    return brief.model_copy(update={"anchors": {"/no/such/anchor.mid": "0" * 64}})


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (_with_other_model, ComposeError, "melody_2bar has changed"),
        (_with_other_sound, SoundFontError, "'default' has changed"),
        (_with_missing_anchor, MidiError, "/no/such/anchor.mid can't be read"),
    ],
)
def test_a_brief_for_other_sources_is_refused(
    short_day: Playlist, tmp_path: Path, change: Callable[[Brief], Brief], error: type[Exception], words: str
) -> None:
    """What has changed since the brief was written would make another take than the one ordered."""
    with pytest.raises(error, match=words):
        produce(change(order(short_day)), tmp_path)


def test_the_supervisor_needs_none_of_it() -> None:
    """Importing the studio does not import what makes takes."""
    code = "import sys, latentfm.studio; print(*sys.modules)"
    path = str(Path(bank.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    assert not {"note_seq", "scipy", "ai_edge_litert", "latentfm.compose", "latentfm.render"} & set(done.stdout.split())
