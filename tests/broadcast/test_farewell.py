"""The last fade, through a real Icecast to a real player."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.bank import Bank
from latentfm.broadcast import Beds, Broadcast, Feed, IcecastOutput, Library, Secret, Target
from latentfm.config import Config
from latentfm.ops.clock import SystemClock
from latentfm.programme import Slot
from latentfm.steering import FAREWELL, Steering


def test_a_listener_of_icecast_hears_the_last_fade(
    icecast: Any,
    bank: Bank,
    publish: Callable[..., Pcm],
    program: Callable[..., str],
    eventually: Callable[..., None],
    tmp_path: Path,
) -> None:
    """What was faded has gone through the server when its source leaves; the recording ends in silence."""
    icecast.start()
    publish("one", 60)
    feed = Feed()
    broadcast = Broadcast(Library(bank, lambda _: Slot("day")), Beds("Interlude", lambda: "day"), [feed])
    output = IcecastOutput(Target(icecast.url, password=partial(Secret, icecast.password)), feed)
    steering = Steering(Config(), {}, SystemClock(), document=dict, adopted=bool)
    steering.broadcast = broadcast
    broadcast.start()
    output.start()
    eventually(lambda: output.status.state == "connected", 10, "the output does not connect")
    wav = tmp_path / "heard.wav"
    command = [program("ffmpeg"), "-loglevel", "quiet", "-i", icecast.url, "-y", str(wav)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as player:
        eventually(lambda: wav.exists() and wav.stat().st_size > 3 * SAMPLE_RATE * 4, 20, "the player hears nothing")
        began = time.monotonic()
        broadcast.fader.aim(0.0, FAREWELL)
        steering.hear_out()
        assert time.monotonic() - began < FAREWELL + 1.5  # it did not wait in vain
        output.stop()
        player.wait(20)
    broadcast.stop()
    loud = np.abs(sf.read(wav)[0]).max(axis=1)
    assert loud[-SAMPLE_RATE // 4 :].max() < 2e-4
    last = int(np.flatnonzero(loud > 1e-3)[-1])
    falling = [loud[last - round(back * SAMPLE_RATE) :][:4800].max() for back in (2.0, 1.0, 0.5, 0.1)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > 0.1
