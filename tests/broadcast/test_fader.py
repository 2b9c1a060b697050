"""The fader: exact gains, no step that would be a click, and a timeline that stands still while nothing is heard."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.cues import Anchor, CueSheet, TakeSource, Voice
from latentfm.broadcast.fader import QUICKEST, RANGE, Fader
from latentfm.broadcast.health import Monitor

BLOCK = SAMPLE_RATE // 10
PLAYING = Playing("One", "one", "day", "fresh")


class Ones:
    """Blocks of ones, which show the gain, and how many were asked for."""

    playing = PLAYING

    def __init__(self) -> None:
        self.blocks = 0

    def next_block(self) -> Block:
        """Return a tenth of a second."""
        self.blocks += 1
        return Block(np.ones((BLOCK, 2), dtype=np.float32), PLAYING)


def heard(fader: Fader, seconds: float) -> Pcm:
    """Return what leaves in some seconds."""
    return np.concatenate([fader.next_block().pcm for _ in range(round(seconds * 10))])


def test_at_full_gain_nothing_is_touched() -> None:
    """The block is the timeline's own."""
    block = Block(np.ones((BLOCK, 2), dtype=np.float32), PLAYING)
    source: Any = Ones()
    source.next_block = lambda: block
    assert Fader(source).next_block() is block


@pytest.mark.parametrize("gain", [0.0, 0.25, 10 ** (-12 / 20), 1.0])
def test_a_ramp_ends_at_exactly_its_gain_and_on_time(gain: float) -> None:
    """After the seconds asked for, and not before, every sample has the gain asked for; so it has on the way back."""
    fader = Fader(Ones())
    fader.next_block()
    fader.aim(gain, 1.05)
    pcm = heard(fader, 3)
    frames = round(1.05 * SAMPLE_RATE)
    assert np.all(pcm[frames - 1 :] == np.float32(gain))
    if gain < 1:
        assert np.all(pcm[: frames - 1] > gain)
    fader.aim(1.0, 0.7)
    assert np.all(heard(fader, 2)[round(0.7 * SAMPLE_RATE) - 1 :] == 1.0)
    assert np.all(pcm[:, 0] == pcm[:, 1])


def test_steps_are_equal_in_db() -> None:
    """Down to 20 dB above the bottom a ramp falls by the same dB each second, and then to nothing."""
    fader = Fader(Ones())
    fader.next_block()
    fader.aim(0.0, 6.0)
    pcm = heard(fader, 7)[:, 0]
    db = [20 * math.log10(pcm[round(second * SAMPLE_RATE) - 1]) for second in (1, 2, 3, 4)]
    assert db == pytest.approx([-10, -20, -30, -40], abs=1.0)
    assert not pcm[6 * SAMPLE_RATE - 1 :].any()


GAINS = st.one_of(st.just(0.0), st.just(1.0), st.floats(0.01, 1.0))


@given(st.lists(st.tuples(GAINS, st.floats(0, 3), st.integers(1, 12)), min_size=1, max_size=8))
def test_no_step_between_samples_is_a_click(aims: list[tuple[float, float, int]]) -> None:
    """Wherever it is told to go, and however often, from one sample to the next the gain changes by little.

    The bound is that of the quickest ramp over its whole range: a factor of 1.0015 a sample, a thousandth in all.
    """
    fader = Fader(Ones())
    parts = [fader.next_block().pcm]
    for gain, seconds, blocks in aims:
        fader.aim(gain, seconds)
        parts += [fader.next_block().pcm for _ in range(blocks)]
    pcm = np.concatenate(parts)[:, 0].astype(np.float64)
    bound = math.log(10) / 20 * RANGE / (QUICKEST * SAMPLE_RATE) * 1.01
    assert np.abs(np.diff(pcm)).max() <= bound < 0.0015
    assert pcm.min() >= 0.0
    assert pcm.max() <= 1.0


def test_while_silent_the_timeline_stands_still() -> None:
    """Silence is told as asked for, under its title; then the music goes on where it was."""
    ones = Ones()
    fader = Fader(ones)
    fader.next_block()
    fader.aim(0.0, 0.5, "Closed until 10:00")
    heard(fader, 0.5)
    assert ones.blocks == 6
    block = fader.next_block()
    assert (block.gain, block.held, block.playing.title) == (0.0, True, "Closed until 10:00")
    assert block.playing.take_id == "one"
    assert not block.pcm.any()
    heard(fader, 60)
    assert ones.blocks == 6
    assert fader.holding
    fader.aim(0.0, 0.5, "Closed until 11:00")
    assert fader.next_block().playing.title == "Closed until 11:00"
    fader.aim(1.0, 0.5)
    assert not fader.next_block().held
    assert not fader.holding
    assert ones.blocks == 7


def test_what_is_asked_before_the_first_block_is_so_at_once() -> None:
    """A station that starts while it is closed lets nothing through."""
    ones = Ones()
    fader = Fader(ones)
    fader.aim(1.0, 30)
    fader.aim(0.0, 30)
    assert not heard(fader, 1).any()
    assert ones.blocks == 0


def test_an_asked_silence_is_healthy_and_a_fault_within_quiet_hours_is_not(clock: Any) -> None:
    """Health goes by what is to be heard: silence is sound where it was asked for, and only while it leaves."""
    monitor = Monitor(clock)
    quiet = np.full((BLOCK, 2), 1e-4, dtype=np.float32)
    monitor.offer(Block(quiet, PLAYING))
    assert not monitor.pulse.ready
    monitor.offer(Block(quiet, PLAYING, gain=0.01))  # -80 dB, of which 40 were asked for
    assert monitor.pulse.ready
    assert monitor.pulse.since_audible is None
    clock.sleep(3)
    assert not monitor.pulse.ready
    monitor.offer(Block(quiet * 0, PLAYING, gain=0.01))
    assert not monitor.pulse.ready
    monitor.offer(Block(quiet * 0, PLAYING, gain=0.0, held=True))
    assert monitor.pulse.ready
    assert monitor.pulse.gain == 0.0
    clock.sleep(3)
    assert not monitor.pulse.ready


def test_the_cue_log_is_tied_to_the_clock_anew_after_a_hold(clock: Any, info: Any) -> None:
    """Frames are the timeline's: those of a hold are not counted, and what follows has its own time."""
    sheet = CueSheet(clock)
    voice = Voice(TakeSource(info("one", 48_000), "fresh"), 0)

    def play(held: bool) -> None:
        if not held:
            sheet.mixed(BLOCK, voice)
            sheet.left(BLOCK)
        pcm = np.zeros((BLOCK, 2), dtype=np.float32)
        sheet.offer(Block(pcm, PLAYING, gain=float(not held), held=held))
        clock.sleep(0.1)

    began = clock.time()
    for held in [False] * 10 + [True] * 600 + [False] * 10:
        play(held)
    anchors = [note for note in sheet.take() if isinstance(note, Anchor)]
    assert [(anchor.frame, round(anchor.wall - began, 3)) for anchor in anchors] == [(0, 0.0), (10 * BLOCK, 61.0)]
