"""Health, by the audio that left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.health import Monitor


def block(level: float, max_silence: float = 0.5) -> Block:
    """Return a tenth of a second at a level."""
    return Block(np.full((4800, 2), level, dtype=np.float32), Playing("One", "one", "day", "fresh", max_silence))


def test_it_is_not_ready_before_anything_was_heard(clock: Any) -> None:
    """A station that has sent nothing, or silence only, is not ready."""
    monitor = Monitor(clock)
    assert not monitor.pulse.ready
    monitor.offer(block(0.0))
    assert not monitor.pulse.ready
    monitor.offer(block(0.05))
    assert monitor.pulse.ready


def test_silence_is_found_out_within_two_seconds(clock: Any) -> None:
    """Blocks that hold nothing audible do not keep the light green, and neither do none at all."""
    monitor = Monitor(clock)
    monitor.offer(block(0.05))
    for _ in range(19):
        clock.sleep(0.1)
        monitor.offer(block(0.0005))
        assert monitor.pulse.ready
    clock.sleep(0.2)
    assert not monitor.pulse.ready
    monitor.offer(block(-0.05))
    assert monitor.pulse.ready


def test_silence_that_was_asked_for_is_healthy(clock: Any) -> None:
    """A programme that asks for silence is obeyed, and the light stays green for as long as it does."""
    monitor = Monitor(clock)
    quiet = block(0.0)
    asked = replace(quiet, gain=0.0)
    for _ in range(50):
        clock.sleep(0.1)
        monitor.offer(asked)
        assert monitor.pulse.ready
    for _ in range(25):
        clock.sleep(0.1)
        monitor.offer(quiet)
    assert not monitor.pulse.ready


def test_a_mood_may_be_silent_for_longer(clock: Any) -> None:
    """What a mood allows as silence is no fault of the station."""
    monitor = Monitor(clock)
    monitor.offer(block(0.05, max_silence=4.0))
    clock.sleep(3.9)
    assert monitor.pulse.ready
    clock.sleep(0.2)
    assert not monitor.pulse.ready
