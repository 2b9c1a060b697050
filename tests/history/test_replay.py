"""What aired is made again from the history: the samples on the tape, bit for bit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from latentfm.audio.limiter import Limiter
from latentfm.audio.pcm import Pcm
from latentfm.brief import Brief
from latentfm.broadcast.cues import Cue
from latentfm.broadcast.library import load_shipped
from latentfm.config import load_playlist
from latentfm.errors import HistoryError
from latentfm.history.archive import Archive, Place
from latentfm.history.recreate import make, recreate
from latentfm.sources import sources_of
from latentfm.studio.produce import produce
from latentfm.timbre.voicing import voiced

SECOND = 48_000


def evening(air: Any) -> dict[str, int]:
    """Put everything on the air that a timeline can come to; return the frames at which it did."""
    marks: dict[str, int] = {}

    def mark(name: str) -> None:
        marks[name] = air.frames

    for name, seconds in (("one", 14), ("loud", 14), ("louder", 12), ("short", 30), ("last", 20), ("dry", 12)):
        air.publish(name, seconds, level=0.6 if name.startswith("loud") else 0.1)
    path = air.bank.root / "short" / "take.flac"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    air.play(2)  # the bed: there is nothing else
    mark("bed into a take")
    air.commit("one")
    air.play(10)
    mark("a take into a loud one")
    air.commit("loud")
    air.play(5)
    mark("a loud take alone")
    air.recorder.step()
    air.commit("louder")
    air.play(5)
    mark("two loud takes at once")
    air.play(2)
    air.commit("short")
    air.play(12)
    mark("a truncated take")
    air.play(10)
    mark("the bed after it")
    air.play(8)
    air.beds.key = air.beds.key.model_copy(update={"tonic": 9})
    air.timeline.provide_bed(air.beds())
    air.commit("last")
    air.play(2)
    mark("a fault")
    air.timeline._fade.into.pull = lambda _: 1 / 0
    air.play(3)
    mark("after the fault")
    air.commit("loud", "bank")
    air.play(8)
    mark("a silent card")
    air.commit("dry")
    air.play(3)
    air.timeline._fade.out.close()  # nothing more is left of it, in the middle of the crossfade
    air.play(5)
    mark("a cut")
    air.timeline.on_air.close()  # and now of the other one
    air.play(6)
    return marks


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, new_air: Any) -> Iterator[Any]:
    """Return an evening on the air, its marks and its history."""
    air = new_air(tmp_path_factory.mktemp("evening"))
    marks = evening(air)
    with air.write() as archive:
        yield air, marks, archive
    air.close()


def again(air: Any, archive: Archive, start: int, frames: int, folder: Path, run: int = 1) -> Pcm:
    """Return frames of a run, made again by way of a file."""
    out = folder / "again.wav"
    made = make(archive, air.shelf, Place(run, start), start + frames, out)
    assert made.doubts == ()
    pcm, _ = sf.read(out, dtype="float32")
    assert len(pcm) == made.frames == frames
    return pcm


def test_a_whole_evening_is_made_again(recorded: Any, tmp_path: Path) -> None:
    """Beds, crossfades, limited passages, a truncated take, a fault, a silent card and a cut: every sample agrees."""
    air, _, archive = recorded
    assert np.array_equal(again(air, archive, 0, air.frames, tmp_path), air.tape)


@pytest.mark.parametrize(
    "moment",
    [
        "bed into a take",
        "a take into a loud one",
        "a loud take alone",
        "two loud takes at once",
        "a truncated take",
        "the bed after it",
        "a fault",
        "after the fault",
        "a silent card",
        "a cut",
    ],
)
def test_a_moment_is_made_again(recorded: Any, moment: str, tmp_path: Path) -> None:
    """From any frame on, without what came before it, the samples are those that aired."""
    air, marks, archive = recorded
    start = marks[moment] - 12_345
    pcm = again(air, archive, start, 3 * SECOND + 7, tmp_path)
    assert np.array_equal(pcm, air.tape[start:][: len(pcm)])


def test_the_evening_had_what_the_moments_are_named_for(recorded: Any) -> None:
    """The log tells of a crossfade, silence for what a card withheld, cuts, a fault, and the limiter was at work."""
    air, marks, archive = recorded
    log = [note for note in archive.log(1, 0, air.frames) if isinstance(note, Cue)]
    assert {cue.cause for cue in log} == {"start", "seam", "starved", "ran_dry", "fault"}
    assert {cue.passage for cue in log} == {0, 1}
    assert any(cue.sounding.offset is None and cue.length for cue in log)
    loud = slice(marks["two loud takes at once"] - SECOND, marks["two loud takes at once"] + SECOND)
    assert np.abs(air.tape[loud]).max() < 10 ** (-1 / 20)
    assert air.timeline._limiter.max_reduction_db > 3
    origins = [airing.origin for airing in archive.airings()]
    assert origins == ["bed", "fresh", "fresh", "fresh", "fresh", "bed", "fresh", "bed", "bank", "fresh", "bed"]


def test_a_limiter_that_starts_early_enough_gives_the_same_bits() -> None:
    """After its memory, and not before, nothing is left of even the loudest past."""
    rng = np.random.default_rng(3)
    pcm = (rng.standard_normal((12 * SECOND, 2)) * 0.05).astype(np.float32)
    pcm[SECOND] = 1e9
    pcm[9 * SECOND :: 1000] *= 40
    whole = Limiter().process(pcm)
    memory, latency, after = Limiter().memory, Limiter().latency, SECOND + 1
    late = Limiter().process(pcm[after:])[memory:]
    assert np.array_equal(late, whole[after + memory :])
    much_later = after + memory // 2
    too_late = Limiter().process(pcm[much_later:])[latency:]
    assert not np.array_equal(too_late, whole[much_later + latency :])


def test_flac_has_the_samples_in_24_bit(recorded: Any, tmp_path: Path) -> None:
    """A .flac file is what aired within half a step of 24 bit, and exactly that where a take was alone."""
    air, marks, archive = recorded
    out = tmp_path / "again.flac"
    start = marks["a take into a loud one"] - SECOND
    make(archive, air.shelf, Place(1, start), start + 3 * SECOND, out)
    assert sf.info(out).subtype == "PCM_24"
    pcm, _ = sf.read(out, dtype="float32")
    aired = air.tape[start:][: len(pcm)]
    assert np.array_equal(pcm[:SECOND], aired[:SECOND])
    assert np.abs(pcm - aired).max() <= 2.0**-23


def test_only_another_suffix_is_refused(recorded: Any, tmp_path: Path) -> None:
    """A file that is neither WAV nor FLAC is not begun."""
    air, _, archive = recorded
    with pytest.raises(HistoryError, match=r"expected a name that ends in \.wav"):
        make(archive, air.shelf, Place(1, 0), 100, tmp_path / "again.mp3")
    assert list(tmp_path.iterdir()) == []


def test_a_take_that_ships_is_read_as_it_aired(air: Any, tmp_path: Path) -> None:
    """An Opus take gives the samples that aired, also from its middle; another file of its name is refused."""
    air.publish("one", 12)
    folder = air.shelf.shipped / "one"
    shutil.copytree(air.bank.root / "one", folder)
    pcm, _ = sf.read(folder / "take.flac")
    sf.write(folder / "take.opus", pcm, SECOND, format="OGG", subtype="OPUS")
    air.commit("one", "shipped", load_shipped(air.shelf.shipped))
    air.play(6)
    with air.write() as archive:
        assert "brief" not in archive.take("one").info.provenance
        assert np.array_equal(again(air, archive, 3 * SECOND, SECOND, tmp_path), air.tape[3 * SECOND : 4 * SECOND])
        sf.write(folder / "take.opus", pcm[::-1], SECOND, format="OGG", subtype="OPUS")
        with pytest.raises(HistoryError, match="ships with the station, is not the one that aired"):
            again(air, archive, 3 * SECOND, SECOND, tmp_path)
        shutil.rmtree(folder)
        with pytest.raises(HistoryError, match="is not there any more"):
            again(air, archive, 3 * SECOND, SECOND, tmp_path)
    air.close()


@pytest.mark.parametrize("harm", ["gone", "replaced", "truncated"])
def test_a_take_without_a_brief_is_lost_with_its_file(air: Any, harm: str, tmp_path: Path) -> None:
    """What does not lie in the bank as it aired, and can't be ordered again, is told, and no file is left."""
    air.publish("one", 12)
    air.commit("one")
    air.play(3)
    file = air.bank.root / "one" / "take.flac"
    with air.write() as archive:
        if harm == "gone":
            shutil.rmtree(file.parent)
        elif harm == "replaced":
            sf.write(file, np.zeros((12 * SECOND, 2)), SECOND, subtype="PCM_24")
        else:
            file.write_bytes(file.read_bytes()[:9000])
        with pytest.raises(HistoryError, match="one can't be read from the bank, and the history has no brief"):
            recreate(archive, air.shelf, air.clock.wall - 2, 1.0, tmp_path / "a.wav", now=air.clock.wall)
    assert not list(tmp_path.glob("*a.wav*"))
    air.close()


def test_a_take_is_made_again_from_its_brief(air: Any, repository: Path, tmp_path: Path) -> None:
    """A composed take that left the bank is composed and rendered again, bit for bit; the bank stays as it was."""
    playlist = voiced(load_playlist(repository / "playlists" / "day.toml"))
    playlist = playlist.model_copy(update={"form": playlist.form.model_copy(update={"seconds": (40.0, 55.0)})})
    sources = sources_of(playlist)
    brief = Brief(seed=5, playlist=playlist, models=sources.models, sounds=sources.sounds)
    info = produce(brief, air.bank.root)
    air.commit(info.id)
    air.play(20)
    with air.write() as archive:
        kept = archive.take(info.id)
        assert kept.info == info
        assert Brief.model_validate(kept.info.provenance["brief"]) == brief
        shutil.rmtree(air.bank.root / info.id)
        told: list[str] = []
        at = air.clock.wall - 10
        made = recreate(archive, air.shelf, at, 2.0, tmp_path / "a.wav", now=air.clock.wall, tell=told.append)
        assert made.doubts == ()
        assert told == [f"making {info.id} again"]
        pcm, _ = sf.read(tmp_path / "a.wav", dtype="float32")
        assert np.array_equal(pcm, air.tape[made.start :][: len(pcm)])
    assert list(air.bank.root.iterdir()) == []
    air.close()
