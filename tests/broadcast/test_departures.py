"""What the watchdog hears: of the timeline's pulse, and of encoders that hang."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from structlog.testing import capture_logs

from latentfm.audio.pcm import Pcm
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.departures import STUCK, Departures
from latentfm.broadcast.encoders import Format
from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.health import WITHIN, Monitor
from latentfm.ops.clock import HandClock

PLAYING = Playing("Title", "take", "day", "fresh")


def block(level: float) -> Block:
    """Return a tenth of a second of noise of an RMS of ``level``."""
    noise = np.random.default_rng(1).standard_normal((4_800, 2)) * level
    return Block(noise.astype(np.float32), PLAYING)


class HangingEncoder:
    """An encoder that waits, as one would in a library that never comes back."""

    def __init__(self, goes_on: threading.Event) -> None:
        self._goes_on = goes_on

    def encode(self, pcm: Pcm) -> bytes:
        """Return nothing, once it may."""
        self._goes_on.wait(20)
        return b""


def test_silence_is_not_sound(clock: HandClock) -> None:
    """Without an audible block, before the first and after the last, the station is not vouched for."""
    monitor = Monitor(clock)
    departures = Departures(lambda: monitor.pulse, (), clock)
    assert not departures.sound()
    assert departures.fault() == "nothing audible has left the timeline yet"
    monitor.offer(block(0.1))
    assert departures.sound()
    assert departures.fault() is None
    clock.sleep(WITHIN + 0.1)
    monitor.offer(block(1e-6))
    assert not departures.sound()


def test_an_encoder_that_hangs_is_noticed(clock: HandClock, eventually: Callable[..., None]) -> None:
    """A feed whose encoder does not come back counts against the station, is logged once, and is forgiven later."""
    monitor, feed, goes_on, stop = Monitor(clock), Feed(), threading.Event(), threading.Event()
    feed.format = Format("mp3", "audio/mpeg", lambda _: HangingEncoder(goes_on))
    departures = Departures(lambda: monitor.pulse, (feed,), clock)
    thread = threading.Thread(target=feed.run, args=(stop,))
    thread.start()
    try:
        with capture_logs() as logs:
            for _ in range(round(STUCK) + 1):
                clock.sleep(1)
                monitor.offer(block(0.1))
                feed.offer(block(0.1))
                last = departures.sound()
            assert not last
            assert not departures.sound()
            assert departures.fault() == "no encoded audio from mp3-192 for 10 s"
        assert [(entry["event"], entry["feeds"]) for entry in logs] == [("feed_stuck", ["mp3-192"])]
        goes_on.set()
        eventually(lambda: feed.encoded, 10, "nothing was encoded")
        assert departures.sound()
    finally:
        goes_on.set()
        stop.set()
        thread.join()
