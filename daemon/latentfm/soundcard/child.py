"""The sound-card child: PCM comes in on stdin and leaves by a card; how it goes is told on stdout.

It dies with its parent and ends when its PCM does, with a fade. When anything goes wrong it says why and leaves: the
next one looks for the device anew, which PortAudio does only when it is loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np

from latentfm.audio.follower import Follower
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE
from latentfm.audio.resample import Resampler
from latentfm.errors import OutputError
from latentfm.ops.process import die_with_parent, take_pipes
from latentfm.soundcard.buffer import PlayBuffer
from latentfm.soundcard.choice import choose
from latentfm.soundcard.protocol import Failed, Message, Opened, Report, encode
from latentfm.soundcard.routing import route

_CARD = 0.4  # of the latency is the card's, so that nothing is heard when this process is late
_LEAST = 0.4  # seconds of bursts to keep, however much the card holds
_BEYOND = SAMPLE_RATE // 10  # frames
_CHUNK = SAMPLE_RATE // 50  # frames at a time
_REPORT = 25  # chunks between two reports
_READ = 65_536  # bytes
_FRAME = CHANNELS * np.dtype("<f4").itemsize  # bytes

Tell = Callable[[Message], object]


def main(argv: Sequence[str]) -> int:
    """Run the child; return its exit status."""
    parser = argparse.ArgumentParser(prog="latentfm.soundcard.child", description=__doc__)
    parser.add_argument("--parent", type=int, required=True, help="process id to die with")
    parser.add_argument("--list", action="store_true", help="tell the devices, and leave")
    parser.add_argument("--device", default="default", help="number, name or part of the name")
    parser.add_argument("--channels", default="1,2", help="where left and right go")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds to keep, the card's own among them")
    options = parser.parse_args(argv)
    die_with_parent(options.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pcm, replies = take_pipes()

    def tell(message: Message) -> None:
        with contextlib.suppress(BrokenPipeError):  # the station is gone, and so are we
            replies.write(encode(message))

    status = 1
    try:
        from latentfm.soundcard import card  # noqa: PLC0415 - it loads PortAudio, which may not be there
    except (ImportError, OSError) as error:
        tell(Failed(f"PortAudio can't be loaded ({error}); install libportaudio2", refused=True))
        return status
    try:
        if options.list:
            for device in card.devices(tried=True):
                tell(device)
        else:
            channels = tuple(int(number) for number in options.channels.split(","))
            _play(pcm, tell, options.device, channels, options.latency)
    except OutputError as error:
        tell(Failed(str(error)))
    except card.PortAudioError as error:
        tell(Failed(card.explain(error)))
    else:
        status = 0
    os._exit(status)  # without PortAudio's own way out, which may wait for a card that is gone


def _play(pcm: BinaryIO, tell: Tell, wanted: str, channels: Sequence[int], latency: float) -> None:
    """Play until there is no more; raise OutputError or PortAudioError when the card fails."""
    from latentfm.soundcard import card  # noqa: PLC0415 - loaded above

    device = choose(wanted, card.devices(tried=False))
    stream = card.open_stream(device, channels, _CARD * min(latency, 1.0))
    target = max(latency - stream.latency, _LEAST)
    held = stream.write_available + _BEYOND  # more frames than the card holds
    buffer = PlayBuffer(target, lead_in=held)  # a card that begins may halt once it is full
    follower, resampler = Follower(target), Resampler(stream.samplerate)
    threading.Thread(target=_read, args=(pcm, buffer), name="pcm", daemon=True).start()
    tell(Opened(device.name, stream.samplerate, stream.latency))
    late = chunks = 0
    while not buffer.closed:
        if buffer.playing:
            follower.update(buffer.fill, _CHUNK / SAMPLE_RATE)
        else:
            follower.restart()
        audio = resampler.process(buffer.take(_CHUNK), follower.speed)
        late += bool(stream.write(route(audio, channels, stream.channels)))
        chunks += 1
        if chunks % _REPORT == 0:
            tell(Report(follower.average, (follower.speed - 1.0) * 1e6, buffer.gaps + late, buffer.skips))
    for _ in range(2 + held // _CHUNK):  # until the fade has been played: not every driver waits for that when stopped
        stream.write(route(resampler.process(buffer.take(_CHUNK)), channels, stream.channels))


def _read(pcm: BinaryIO, buffer: PlayBuffer) -> None:
    """Hand what comes in on to the buffer, in whole frames, until there is no more."""
    rest = b""
    while data := os.read(pcm.fileno(), _READ):
        data = rest + data
        whole = len(data) // _FRAME * _FRAME
        rest = data[whole:]
        if whole:
            buffer.put(np.frombuffer(data[:whole], dtype="<f4").reshape(-1, CHANNELS))
    buffer.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
