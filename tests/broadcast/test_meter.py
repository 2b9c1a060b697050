"""What is heard, measured: loudness, peaks and blank air."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyloudnorm
import pytest
from structlog.testing import capture_logs

from latentfm.audio.loudness import amplitude, true_peak
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, silence
from latentfm.broadcast.blank import Blank
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.broadcast import Broadcast
from latentfm.broadcast.library import Library
from latentfm.broadcast.meter import INBOX, Meter
from latentfm.broadcast.supervised import Supervised
from latentfm.broadcast.tone_bed import Beds
from latentfm.programme import Slot

BLOCK = 4800
PLAYING = Playing("One", "one", "day", "fresh")
SOUND = np.full((BLOCK, 2), 0.1, dtype=np.float32)
NOTHING = silence(BLOCK)


@pytest.fixture
def meter() -> Iterator[Meter]:
    """Return a meter that measures in its thread."""
    made = Meter()
    part = Supervised("meter", made.run)
    part.start()
    yield made
    assert part.stop()
    assert part.restarts == 0


def offer(meter: Meter, pcm: Pcm, playing: Playing = PLAYING, gain: float = 1.0) -> None:
    """Hand a signal over in blocks, faster than it would be heard."""
    for start in range(0, len(pcm), BLOCK):
        meter.offer(Block(pcm[start : start + BLOCK], playing, gain))


def test_a_sine_reads_as_loud_as_pyloudnorm_says(meter: Meter, eventually: Callable[..., None]) -> None:
    """A tone of -23 LUFS is within 0.1 LU, and its true peak within 0.01 dB of that of the whole signal."""
    turns = 2 * np.pi * 997.0 / SAMPLE_RATE * np.arange(5 * SAMPLE_RATE)
    tone = np.repeat(amplitude(-23.0) * np.sin(turns)[:, np.newaxis], 2, axis=1).astype(np.float32)
    expected = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(tone)
    assert expected == pytest.approx(-23.0, abs=0.1)
    offer(meter, tone)
    eventually(lambda: not meter._inbox, 5, "it was not measured")
    eventually(lambda: abs(meter.reading.levels.lufs - expected) <= 0.1, 5, f"{meter.reading} instead of {expected}")
    assert meter.reading.levels.true_peak == pytest.approx(true_peak(tone), abs=0.01)
    assert not meter.reading.blank


def test_blank_air_is_told_once_and_ends_with_a_second_of_sound(meter: Meter, eventually: Callable[..., None]) -> None:
    """It begins after two seconds, outlives a click, and each end of it is logged once."""
    second = np.tile(SOUND, (10, 1))
    with capture_logs() as logs:
        offer(meter, second)
        offer(meter, silence(4 * SAMPLE_RATE))
        eventually(lambda: meter.reading.blank, 5, "the blank was not noticed")
        offer(meter, SOUND)  # a click
        offer(meter, silence(SAMPLE_RATE // 2))
        eventually(lambda: meter.reading.blank_seconds >= 4.4, 5, "the silence after the click does not count")
        assert meter.reading.blank
        offer(meter, second)
        eventually(lambda: not meter.reading.blank, 5, "the sound was not noticed")
    events = [entry for entry in logs if entry["event"].startswith("blank")]
    assert [(entry["event"], entry["log_level"], entry["take"]) for entry in events] == [
        ("blank_began", "error", "one"),
        ("blank_over", "warning", "one"),
    ]
    assert events[0]["silent_seconds"] == pytest.approx(2.0, abs=0.15)
    assert events[1]["seconds"] == pytest.approx(4.5, abs=0.3)


@pytest.mark.parametrize(("level", "blank"), [(-61.0, True), (-59.0, False)])
def test_silence_is_below_60_dbfs(meter: Meter, eventually: Callable[..., None], level: float, blank: bool) -> None:
    """A hiss that nobody hears is silence too."""
    offer(meter, np.full((3 * SAMPLE_RATE, 2), amplitude(level), dtype=np.float32))
    offer(meter, NOTHING)
    eventually(lambda: not meter._inbox and meter.reading.levels.peak == pytest.approx(level), 5, "not measured")
    assert meter.reading.blank is blank


@pytest.mark.parametrize(
    ("playing", "gain", "blank"),
    [
        (PLAYING, 1.0, True),
        (replace(PLAYING, max_silence=4.0), 1.0, False),
        (PLAYING, 0.0, False),
    ],
)
def test_silence_that_is_meant_is_no_blank(
    meter: Meter, eventually: Callable[..., None], playing: Playing, gain: float, blank: bool
) -> None:
    """A mood may be silent for longer, and a programme that asks for silence gets it."""
    with capture_logs() as logs:
        offer(meter, np.tile(SOUND, (10, 1)))
        offer(meter, silence(3 * SAMPLE_RATE), playing, gain)
        offer(meter, np.full((BLOCK, 2), amplitude(-70.0), dtype=np.float32), playing)
        eventually(lambda: meter.reading.levels.peak == pytest.approx(-70.0), 5, "it was not measured")
    assert meter.reading.blank is blank
    assert [entry["event"] for entry in logs] == ["blank_began"] * blank


def test_nothing_at_all_is_heard_as_silence(meter: Meter, eventually: Callable[..., None]) -> None:
    """When no block leaves any more, the air is blank, and the loudness falls."""
    with capture_logs() as logs:
        offer(meter, np.tile(SOUND, (20, 1)))
        eventually(lambda: meter.reading.blank, 6, "that nothing leaves was not noticed")
        eventually(lambda: meter.reading.levels.peak == float("-inf"), 6, "the level stands still")
    assert [entry["event"] for entry in logs] == ["blank_began"]


def test_a_blank_adds_up() -> None:
    """All the silence of all blanks is counted, and none of the pauses between."""
    blank = Blank()

    def hear(seconds: float, *, audible: bool) -> None:
        for _ in range(round(seconds * 10)):
            blank.follow(BLOCK, audible=audible, patience=2.0, take="one")

    for seconds, audible in ((1, True), (1.5, False), (1, True), (3, False), (0.9, True), (1, False), (1, True)):
        hear(seconds, audible=audible)
    assert not blank.on
    assert blank.frames / SAMPLE_RATE == pytest.approx(4.0)
    hear(5, audible=False)
    assert blank.on
    assert blank.frames / SAMPLE_RATE == pytest.approx(9.0)


def test_a_meter_that_hangs_holds_nobody_up() -> None:
    """Blocks that nobody measures are dropped, the oldest first, and counted; the pacing thread does not wait."""
    meter = Meter()
    offer(meter, silence((INBOX + 50) * BLOCK))
    assert meter.reading.dropped == 50
    assert len(meter._inbox) == INBOX


def test_a_broadcast_is_measured(bank: Any, publish: Callable[..., Pcm], eventually: Callable[..., None]) -> None:
    """What a real broadcast sends reads as loud as the take is, from a thread of its own."""
    take = publish("one", 30)
    broadcast = Broadcast(Library(bank, lambda _: Slot("day")), Beds("Interlude", lambda: "day"), [])
    broadcast.start()
    try:
        expected = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(take)
        eventually(lambda: abs(broadcast.meter.reading.levels.lufs - expected) < 0.3, 10, "another loudness was read")
        assert "meter" in {thread.name for thread in threading.enumerate()}
    finally:
        broadcast.stop()
    assert not broadcast.meter.reading.blank
    assert broadcast.meter.reading.dropped == 0
