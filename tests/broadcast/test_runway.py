"""Pacing by the monotonic clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.runway import Runway

RATE = 48_000
PLAYING = Playing("One", "one", "day", "fresh")


class Endless:
    """Blocks of a second, all the same one: only their number matters here."""

    def __init__(self, frames: int = RATE) -> None:
        self.block = Block(np.zeros((frames, 2), dtype=np.float32), PLAYING)

    def next_block(self) -> Block:
        """Return the block."""
        return self.block


class Counter:
    """A sink that counts frames."""

    def __init__(self) -> None:
        self.frames = 0

    def offer(self, block: Block) -> None:
        """Count."""
        self.frames += len(block.pcm)


def test_a_week_without_drift(clock: Any) -> None:
    """After a week, with the wall clock set back and forth, what was sent is still as far ahead as at the start."""
    counter, notices = Counter(), Notices()
    runway = Runway(Endless(), [counter], clock, notices, minimum=1.5, target=2.0)
    began, round_number = clock.monotonic(), 0
    lowest, highest = 10.0, 0.0
    while clock.monotonic() < began + 7 * 24 * 3600:
        wait = runway.step()
        clock.sleep(wait + 0.0007)  # nobody is woken to the microsecond
        if round_number % 5000 == 0:
            clock.wall += 86_400.0 * (-1) ** (round_number // 5000)
        lowest, highest = min(lowest, runway.ahead), max(highest, runway.ahead + wait)
        round_number += 1
    assert lowest > 1.49
    assert highest < 3.5
    elapsed = clock.monotonic() - began
    assert counter.frames / RATE == pytest.approx(elapsed + runway.ahead, abs=1e-3)
    assert runway.anchored == 1
    assert notices.drain() == []


def test_a_short_stall_is_caught_up_with(clock: Any) -> None:
    """After some seconds without the processor, everything missed is sent at once and nothing is lost."""
    counter = Counter()
    runway = Runway(Endless(4800), [counter], clock, Notices())
    began = clock.monotonic()
    for _ in range(20):
        clock.sleep(runway.step())
    clock.sleep(6.0)
    assert runway.ahead < 0
    runway.step()
    assert counter.frames / RATE == pytest.approx(clock.monotonic() - began + 2.0, abs=0.11)
    assert runway.anchored == 1


def test_a_long_stall_is_not_made_up_for(clock: Any) -> None:
    """After a suspend the clock is anchored anew, which is said once, and sending goes on at the usual pace."""
    counter, notices = Counter(), Notices()
    runway = Runway(Endless(4800), [counter], clock, notices)
    clock.sleep(runway.step())
    before = counter.frames
    clock.sleep(3600.0)
    runway.step()
    assert counter.frames - before == pytest.approx(2.0 * RATE, abs=4800)
    for _ in range(100):
        clock.sleep(runway.step())
    assert notices.drain() == ["runway_reanchored"]


def test_a_sink_that_raises_stops_no_other(clock: Any) -> None:
    """A sink that fails is noted once; the ones after it get every block."""

    class Broken:
        def offer(self, block: Block) -> None:
            raise ValueError("broken")

    counter, notices = Counter(), Notices()
    runway = Runway(Endless(4800), [Broken(), counter], clock, notices)
    for _ in range(10):
        clock.sleep(runway.step())
    assert counter.frames == runway.frames > 0
    assert notices.drain() == ["sink_failed"]
