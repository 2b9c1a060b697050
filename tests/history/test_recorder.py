"""The recorder on a disk that is killed under it, damaged, full or too small."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from structlog.testing import capture_logs

from latentfm.errors import HistoryError
from latentfm.history import FILE, Retention
from latentfm.history.archive import Archive, Place
from latentfm.history.packing import pack, unpack
from latentfm.history.recreate import make, recreate

SECOND = 48_000
_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import Air
air = Air(Path(sys.argv[2]))
air.publish("one", 12)
air.publish("two", 12)
while True:
    for name in ("one", "two"):
        air.commit(name)
        air.play(6)
        air.recorder.step()
        print(air.frames, flush=True)
"""


@pytest.mark.parametrize("steps", [1, 12])
def test_a_killed_writer_leaves_a_sound_history(new_air: Any, steps: int, tmp_path: Path) -> None:
    """After kill -9 the file is whole, holds what was committed, and the next run goes on in it."""
    command = [sys.executable, "-c", _WRITER, str(Path(__file__).parent), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        said = [int(writer.stdout.readline()) for _ in range(steps)]
        writer.kill()
        assert writer.wait(10) == -signal.SIGKILL
    with Archive(tmp_path / FILE) as archive:
        assert archive._one("PRAGMA integrity_check") == ("ok",)
        assert archive.frames(1) >= said[-1]
        assert len(archive.airings()) > steps // 2
    air = new_air(tmp_path)
    air.play(3)
    with air.write() as archive:
        assert [airing.run for airing in archive.airings()][-1] == 2
        assert archive.airings()[-2].last == archive.frames(1)  # what was on air has ended with the process
        made = make(archive, air.shelf, Place(1, 4 * SECOND), 5 * SECOND, tmp_path / "again.wav")
        assert made.frames == SECOND
    air.close()


def test_a_restart_is_another_run(air: Any, new_air: Any, tmp_path: Path) -> None:
    """Each start counts its frames from nothing; a time names one run, and both can be made again."""
    air.play(4)
    air.write()
    air.close()
    later = new_air(air.state)
    later.clock.sleep(3600)
    later.play(3)
    with later.write() as archive:
        for one, at, run in ((air, air.clock.wall - 1.7, 1), (later, later.clock.wall - 1.7, 2)):
            made = recreate(archive, one.shelf, at, 1.0, tmp_path / "again.wav", now=later.clock.wall)
            assert made.run == run
            pcm, _ = sf.read(tmp_path / "again.wav", dtype="float32")
            assert np.array_equal(pcm, one.tape[made.start :][:SECOND])
    later.close()


def test_a_file_that_is_no_history_is_moved_aside(air: Any) -> None:
    """The music goes on, the file is kept under another name, a new one is begun, and it is logged once."""
    air.state.mkdir()
    (air.state / FILE).write_bytes(b"not a database, and long enough to be looked at" * 100)
    air.play(1)
    with capture_logs() as events:
        air.recorder.step()
        air.recorder.step()
        air.play(1)
        air.recorder.step()
    assert [event["event"] for event in events] == ["history_unusable"]
    aside = air.state / events[0]["moved_to"]
    assert aside.read_bytes().startswith(b"not a database")
    with Archive(air.state / FILE) as archive:
        assert archive.frames(1) == 2 * SECOND
    air.close()


def test_a_history_that_breaks_while_it_is_written_is_begun_anew(air: Any, tmp_path: Path) -> None:
    """A card that garbles the file costs what was in it; what is on air is known in the new one, and made again."""
    air.play(1)
    air.publish("one", 30)
    air.commit("one")
    air.play(8)
    air.recorder.step()
    air.recorder.close()
    path = air.state / FILE
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    air.play(2)
    with capture_logs() as events:
        air.recorder.step()
        air.recorder.step()
    assert [event["event"] for event in events] == ["history_unusable"]
    air.play(10)
    with air.write() as archive:
        assert [airing.title for airing in archive.airings()] == ["One"]
        start = 20 * SECOND
        make(archive, air.shelf, Place(1, start), start + SECOND, tmp_path / "again.wav")
        pcm, _ = sf.read(tmp_path / "again.wav", dtype="float32")
        assert np.array_equal(pcm, air.tape[start : start + SECOND])
        with pytest.raises(HistoryError, match="kept no longer"):
            make(archive, air.shelf, Place(1, 0), SECOND, tmp_path / "again.wav")
    air.close()


def test_a_history_of_a_later_edition_is_left_alone(air: Any) -> None:
    """A file whose schema is not known is moved aside unharmed."""
    air.play(1)
    air.write()
    air.recorder.close()
    with sqlite3.connect(air.state / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(HistoryError, match="schema is 99"):
        Archive(air.state / FILE)
    air.play(1)
    with capture_logs() as events:
        air.recorder.step()
        air.recorder.step()
    assert [event["event"] for event in events] == ["history_unusable"]
    assert (air.state / events[0]["moved_to"]).is_file()
    air.close()


def test_a_disk_that_can_not_be_written_costs_nothing_once_it_can(air: Any, tmp_path: Path) -> None:
    """It is logged once, the notes wait, and afterwards nothing is missing."""
    air.state.parent.mkdir(exist_ok=True)
    air.state.write_text("a file where the folder should be")
    with capture_logs() as events:
        for _ in range(3):
            air.play(1)
            air.recorder.step()
        air.state.unlink()
        air.play(1)
        air.recorder.step()
    assert [event["event"] for event in events] == ["history_unwritten", "history_recovered"]
    with air.write() as archive:
        make(archive, air.shelf, Place(1, 0), 4 * SECOND, tmp_path / "again.wav")
    pcm, _ = sf.read(tmp_path / "again.wav", dtype="float32")
    assert np.array_equal(pcm, air.tape)
    air.close()


def test_a_history_that_is_removed_is_begun_anew(air: Any) -> None:
    """Somebody who deletes the file of a running station gets another one."""
    air.play(1)
    air.write()
    for path in air.state.glob(f"{FILE}*"):
        path.unlink()
    air.play(1)
    with air.write() as archive:
        assert archive.frames(1) == 2 * SECOND
        assert len(archive.airings()) == 1
    air.close()


def test_notes_that_nobody_fetches_are_counted(new_air: Any, tmp_path: Path) -> None:
    """Where cues were lost the history has a hole: it is logged, and no wrong samples are made of it."""
    air = new_air(tmp_path / "state", limit=3)
    for name in ("one", "two", "three"):
        air.publish(name, 9)
        air.commit(name)
        air.play(8)
    with capture_logs() as events:
        air.recorder.step()
    assert [(event["event"], event["cues"]) for event in events] == [("history_lost", air.cues.lost)]
    assert air.cues.lost > 0
    air.publish("four", 20)
    air.commit("four")
    air.play(16)
    frames = air.frames
    with air.write() as archive:
        lost = next(note.at for note in archive.log(1, 0, frames) if not hasattr(note, "sounding"))
        with pytest.raises(HistoryError, match="cues were lost"):
            make(archive, air.shelf, Place(1, lost), lost + SECOND, tmp_path / "again.wav")
        make(archive, air.shelf, Place(1, frames - 2 * SECOND), frames, tmp_path / "again.wav")
    pcm, _ = sf.read(tmp_path / "again.wav", dtype="float32")
    assert np.array_equal(pcm, air.tape[-2 * SECOND :])
    air.close()


def test_what_is_too_old_is_forgotten(new_air: Any, tmp_path: Path) -> None:
    """Airings past their days go with their cues, anchors and takes; what is on air and what aired again stay."""
    air = new_air(tmp_path / "state", keep=Retention(keep_days=2, least=2))
    for name in ("old", "again", "new"):
        air.publish(name, 9)
    for name, origin in (("old", "fresh"), ("again", "fresh")):
        air.commit(name, origin)
        air.play(8)
    air.recorder.step()
    air.clock.sleep(3 * 86_400)
    for name, origin in (("again", "bank"), ("new", "fresh")):
        air.commit(name, origin)
        air.play(14)
    with capture_logs() as events, air.write() as archive:
        assert "Old" not in [airing.title for airing in archive.airings()]
        assert sorted(row[0] for row in archive._db.execute("SELECT name FROM takes")) == ["again", "new"]
        assert len(archive._db.execute("SELECT * FROM parts").fetchall()) == 1  # the point that all of them carry
        assert archive._one("SELECT min(at) FROM cues")[0] == archive.airings()[0].first
        assert archive.locate(air.clock.wall - 5).frame == pytest.approx(air.frames - 5 * SECOND, abs=10)
        make(archive, air.shelf, Place(1, air.frames - 7 * SECOND), air.frames, tmp_path / "again.wav")
    assert [event["event"] for event in events] == ["history_pruned"]
    pcm, _ = sf.read(tmp_path / "again.wav", dtype="float32")
    assert np.array_equal(pcm, air.tape[-7 * SECOND :])
    air.close()


def test_a_clock_that_is_wrong_by_years_costs_nothing(new_air: Any, tmp_path: Path) -> None:
    """Set forward by a year and back, the newest airings are still there."""
    air = new_air(tmp_path / "state")
    for name in ("one", "two"):
        air.publish(name, 9)
        air.commit(name, "fresh")
        air.play(8)
    air.recorder.step()
    air.clock.wall += 366 * 86_400
    air.clock.sleep(3601)
    with capture_logs() as events, air.write() as archive:
        assert {"One", "Two"} <= {airing.title for airing in archive.airings()}
    assert [event["event"] for event in events if event["event"] == "history_pruned"] == []
    air.close()


def test_a_history_that_is_too_big_forgets_its_oldest(new_air: Any, tmp_path: Path) -> None:
    """The file shrinks to what it may hold, the latest airings are the ones that stay."""
    air = new_air(tmp_path / "state", keep=Retention(max_mb=0.15))
    airings = 700
    for _ in range(airings):
        air.timeline._cut_to(air.beds(), "start")
        air.play(0.1)
    air.recorder._pruned = air.clock.now
    air.recorder.step()
    assert air.recorder._store.size > 150_000
    air.clock.sleep(3601)
    with capture_logs() as events, air.write() as archive:
        left = archive.airings()
    air.close()
    assert events[0]["event"] == "history_pruned"
    assert 100 <= len(left) < airings
    assert left[-1].run == 1
    assert (air.state / FILE).stat().st_size < 160_000


def test_a_document_comes_back_as_it_was() -> None:
    """Points and long texts are kept apart and once; all else stays, down to the last bit of each number."""
    point = [float(number) for number in np.random.default_rng(1).normal(size=64)]
    carry = {"latent": point, "motifs": [point, point[::-1]], "heard": "0123456789abcdef" * 20}
    document = {"carry": carry, "names": ["a", "ü"], "few": [0.1, -0.0], "n": 3}
    packed, parts = pack(document)
    assert len(parts) == 3
    assert unpack(packed, parts.__getitem__) == document
    assert str(unpack(packed, parts.__getitem__)["few"]) == "[0.1, -0.0]"


def test_what_the_next_take_remembers_too_is_kept_once() -> None:
    """A list that lost its beginning and grew at its end shares all but its ends with what it was."""
    texts = [f"fingerprint {number * number}" for number in range(1_000)]
    parts: dict[str, bytes] = {}
    sizes = []
    for start in range(0, 400, 10):
        document = {"heard": texts[start : start + 300]}
        packed, more = pack(document)
        parts |= more
        sizes.append(len(packed) + sum(map(len, parts.values())))
        assert unpack(packed, parts.__getitem__) == document
    assert sizes[-1] < 6 * sizes[0]
