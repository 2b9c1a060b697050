"""Times: how people write them, and which frame left when, whatever the clock did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from latentfm.broadcast.cues import Voice
from latentfm.broadcast.fader import Fader
from latentfm.errors import HistoryError
from latentfm.history import moments
from latentfm.history.archive import Place
from latentfm.history.recreate import recreate

SECOND = 48_000
NOON = datetime(2027, 5, 1, 12, 0).timestamp()  # noqa: DTZ001 - local on purpose


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("21:30", NOON + 9.5 * 3600),
        ("9:30:15", NOON - 2.5 * 3600 + 15),
        ("2027-05-01T12:00:01.5", NOON + 1.5),
        ("2027-05-01 12:00", NOON),
        ("1970-01-02T00:00:00+00:00", 86_400.0),
        ("1970-01-02T02:00:00+02:00", 86_400.0),
        ("1970-01-02T00:00:00Z", 86_400.0),
    ],
)
def test_times_are_read_as_people_write_them(text: str, meant: float) -> None:
    """A time of today, a local one, or one with an offset from UTC."""
    assert moments.parse(text, NOON) == meant


@pytest.mark.parametrize("text", ["", "noon", "25:00", "12:61", "12", "2027-13-01", "2027-05-01T12:00+99:00"])
def test_what_is_no_time_is_told(text: str) -> None:
    """The message has what was written, and examples."""
    with pytest.raises(HistoryError, match=f"^'{text.replace('+', '.')}' is no time: expected one such as 21:30"):
        moments.parse(text, NOON)


def test_a_time_names_the_frame_that_left_then(air: Any) -> None:
    """Each block is found by the time at which it was handed on, and its time by the block."""
    air.play(30)
    began = air.clock.wall - 30
    with air.write() as archive:
        assert archive.locate(began + 0.001) == Place(1, 47)
        assert archive.locate(began + 12.5).frame == pytest.approx(12.5 * SECOND, abs=10)
        assert archive.wall_of(Place(1, 20 * SECOND)) == pytest.approx(began + 20, abs=1e-3)
    air.close()


@pytest.mark.parametrize("jump", [0.4, 3600.0, -0.4, -3600.0])
def test_a_clock_that_is_set_moves_what_follows(air: Any, jump: float) -> None:
    """After a jump of the wall clock frames and times are tied together anew; of two moments the later one counts."""
    air.play(10)
    air.clock.wall += jump
    air.play(10)
    now = air.clock.wall
    with air.write() as archive:
        assert archive.locate(now - 5).frame == pytest.approx(15 * SECOND, abs=10)
        assert archive.locate(now - 5).run == 1
        before = now - jump - 10 - 2  # two seconds before the jump, by the clock of then
        assert archive.locate(before).frame == pytest.approx(8 * SECOND, abs=10)
        if jump == 3600.0:
            with pytest.raises(HistoryError, match=r"nothing aired at .* before it until .* and after it from"):
                archive.locate(now - 1800)
        if jump == 0.4:
            assert archive.locate(now - 10.2).frame == pytest.approx(10 * SECOND, abs=10)
    air.close()


def test_drift_is_made_up_for(air: Any) -> None:
    """A sound card's second is not the wall clock's: after an hour times are still right to a quarter of a second."""
    for _ in range(12_000):
        block = type("Block", (), {"pcm": [None] * 14_400, "held": False})()
        air.cues.left(14_400)
        air.cues.offer(block)
        air.clock.sleep(0.3 * 1.0005)
    air.cues.mixed(1, Voice(air.timeline._bed.source, 0))
    air.cues.left(1)
    with air.write() as archive:
        for seconds in (10, 1000, 3000):
            wall = air.clock.wall - 3600 * 1.0005 + seconds * 1.0005
            assert archive.locate(wall).frame / SECOND == pytest.approx(seconds, abs=0.26)
    air.close()


def test_a_pause_is_no_music(air: Any) -> None:
    """While the machine slept nothing aired; the nearest times are named."""
    air.play(10)
    air.clock.sleep(7200)
    air.play(10)
    now = air.clock.wall
    with air.write() as archive:
        assert archive.locate(now - 5).frame == 15 * SECOND
        with pytest.raises(HistoryError, match="nothing aired at"):
            archive.locate(now - 3600)
    air.close()


def test_what_was_faded_skipped_and_held_is_made_again_as_it_was_mixed(air: Any, tmp_path: Any) -> None:
    """Behind the fader it is softer, left early and held for an hour; the history has each sample of the timeline."""
    air.publish("one", 40)
    air.publish("two", 40)
    air.commit("one")
    fader = Fader(air.timeline)
    made = air.timeline.next_block
    mixed: list[Any] = []

    def next_block() -> Any:
        mixed.append(made())
        return mixed[-1]

    air.timeline.next_block = next_block

    def play(seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            air.fill()
            air.cues.offer(fader.next_block())
            air.clock.sleep(0.1)

    play(10)
    air.commit("two")
    air.timeline.leave(air.timeline.on_air, 12 * SECOND)
    play(8)
    fader.aim(0.0, 2.0)
    play(3600)
    fader.aim(0.5, 2.0)
    play(10)
    now = air.clock.wall
    with air.write() as archive:
        out = tmp_path / "again.wav"
        again = recreate(archive, air.shelf, now - 5, 4.0, out, now=now)
        tape = np.concatenate([block.pcm for block in mixed])
        assert again.start == pytest.approx(len(tape) - 5 * SECOND, abs=SECOND / 50)
        assert np.array_equal(sf.read(out, dtype="float32")[0], tape[again.start : again.start + again.frames])
        with pytest.raises(HistoryError, match="nothing aired at"):
            archive.locate(now - 1800)
        begin = now - 3600 - 10 - 8 + 1
        again = recreate(archive, air.shelf, begin, 6.0, out, now=now)
        assert np.array_equal(sf.read(out, dtype="float32")[0], tape[again.start : again.start + again.frames])
        assert again.start == pytest.approx(11 * SECOND, abs=SECOND / 50)  # a float of seconds counted up 36 000 times
    assert len(tape) == pytest.approx(30 * SECOND, abs=10)
    air.close()


def test_times_without_music_are_told(air: Any, tmp_path: Any) -> None:
    """Before the first sound, after the last one, and in the future."""
    air.play(5)
    began, now = air.clock.wall - 5, air.clock.wall
    with air.write() as archive:
        for at, words in ((began - 60, "; the history has music after it from"), (now + 30, "music before it until")):
            with pytest.raises(HistoryError, match=f"nothing aired at .*{words}"):
                recreate(archive, air.shelf, at, 1.0, tmp_path / "a.wav", now=now + 60)
        with pytest.raises(HistoryError, match="is in the future"):
            recreate(archive, air.shelf, now + 30, 1.0, tmp_path / "a.wav", now=now)
    air.close()


def test_more_than_there_is_ends_with_the_run(air: Any, tmp_path: Any) -> None:
    """A stretch that goes on past what is written down ends there, and says so."""
    air.play(5)
    with air.write() as archive:
        made = recreate(archive, air.shelf, air.clock.wall - 2, 60.0, tmp_path / "a.wav", now=air.clock.wall)
    assert made.cut
    assert made.frames == pytest.approx(2 * SECOND, abs=10)
    air.close()
