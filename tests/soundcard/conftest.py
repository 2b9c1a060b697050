"""A real sound server with speakers to unplug, a runway that sends a tone, and outputs that are stopped afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.runway import Runway
from latentfm.ops.clock import SystemClock
from latentfm.outputs_config import SoundcardOutput
from latentfm.soundcard.output import Speakers
from sound_server import DEVICE

HERTZ = 440
PLAYING = Playing("Tone", "tone", "day", "bed")


class Tone:
    """Blocks of an endless tone at half of full scale, without a seam."""

    def __init__(self) -> None:
        self._frames = 0

    def next_block(self) -> Block:
        """Return the next tenth of a second."""
        at = np.arange(self._frames, self._frames + SAMPLE_RATE // 10)
        self._frames += len(at)
        wave = 0.5 * np.sin(2 * np.pi * HERTZ * at / SAMPLE_RATE)
        return Block(np.stack([wave, wave], axis=1).astype(np.float32), PLAYING)


class Player:
    """An output on a runway of its own that may be halted.

    Attributes:
        speakers: the output.
        slowest: the longest that it took to take a block, in seconds.
    """

    def __init__(self, speakers: Speakers) -> None:
        self.speakers = speakers
        self.slowest = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        speakers.start()
        self.go_on()

    def offer(self, block: Block) -> None:
        """Hand a block on, and see how long that takes."""
        began = time.monotonic()
        self.speakers.offer(block)
        self.slowest = max(self.slowest, time.monotonic() - began)

    def go_on(self) -> None:
        """Send the tone, paced as a station's is."""
        self._stop.clear()
        runway = Runway(Tone(), (self,), SystemClock(), Notices())
        self._thread = threading.Thread(target=runway.run, args=(self._stop,))
        self._thread.start()

    def halt(self) -> None:
        """Send nothing more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


@pytest.fixture
def play() -> Iterator[Callable[..., Player]]:
    """Return a function that plays the tone on a device."""
    players: list[Player] = []

    def begin(device: str = DEVICE, *, channels: tuple[int, ...] = (1, 2), **settings: Any) -> Player:
        output = SoundcardOutput(type="soundcard", device=device, channels=channels)
        players.append(Player(Speakers(output, longest_wait=0.5, **settings)))
        return players[-1]

    yield begin
    for player in players:
        player.halt()
        player.speakers.stop()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Return a function that waits until a condition holds, and fails with a message if it does not in time."""

    def wait(condition: Callable[[], object], seconds: float, message: str) -> None:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                pytest.fail(message)
            time.sleep(0.02)

    return wait
