"""A sound card as an output: PCM from the runway, a child process that plays it, and another one when that fails."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
import structlog

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.broadcast.block import Block
from latentfm.broadcast.connection import Connection, RefusedError
from latentfm.broadcast.feeds import INBOX
from latentfm.broadcast.outputs import OutputStatus
from latentfm.broadcast.supervised import Supervised
from latentfm.errors import OutputError
from latentfm.outputs_config import Output, SoundcardOutput
from latentfm.soundcard.link import CHILD, Link
from latentfm.soundcard.protocol import Failed, Message, Opened, Report

_LONGEST_WAIT = 10.0  # seconds between attempts
_OPENING = 15.0  # seconds that opening a card may take; a Bluetooth one needs some
_PATIENCE = 3.0  # seconds without a report after which the child hangs
_LOOK = 0.1  # seconds after which a waiting thread looks around
_FADE_OUT = 1.0  # seconds that the last sound may take
_TELL_GAPS = 60.0  # seconds between two lines about gaps

log = structlog.get_logger()


class Speakers:
    """Plays what the runway sends on a sound card. A sink and an output.

    Attributes:
        name: what the log calls it.
        report: what the child said last of how it goes, None while nothing plays.
        gaps: how often there was nothing to play, or the card ran dry, since the start.
        skips: how often audio was left out, because too much had piled up.
    """

    def __init__(
        self, settings: SoundcardOutput, *, command: Sequence[str] = CHILD, longest_wait: float = _LONGEST_WAIT
    ) -> None:
        """Play as configured.

        Args:
            settings: the device and what goes where.
            command: the child's command.
            longest_wait: the longest wait between two attempts, in seconds.
        """
        self.name = f"soundcard {settings.device}"
        self.report: Report | None = None
        self.gaps = self.skips = 0
        self._settings = settings
        self._command = command
        self._inbox: deque[Block] = deque()
        self._waiting = 0  # frames in the inbox
        self._arrived = threading.Condition()
        self._bytes = 0
        self._last_write: float | None = None
        self._told = (0, 0)  # gaps and skips in the log
        self._told_at = -_TELL_GAPS
        self._connection = Connection(self.name, longest_wait)
        self._part = Supervised(self.name, lambda stop: self._connection.keep(self._play, stop))

    def offer(self, block: Block) -> None:
        """Take a block; the oldest goes if too many wait."""
        with self._arrived:
            self._inbox.append(block)
            self._waiting += len(block.pcm)
            self._keep(INBOX)
            self._arrived.notify()

    def start(self) -> None:
        """Start looking for the card."""
        self._part.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Fade out and stop."""
        self._part.stop(timeout)
        self._connection.state = "stopped"

    @property
    def status(self) -> OutputStatus:
        """Return how it is now."""
        return OutputStatus(
            self.name,
            "soundcard",
            self._connection.state,
            self._connection.reason,
            connects=self._connection.connects,
            bytes_sent=self._bytes,
            last_write=self._last_write,
            gaps=self.gaps,
        )

    def _play(self, stop: threading.Event) -> None:
        """Play until ``stop`` is set or the card fails, which raises."""
        settings = self._settings
        channels = ",".join(map(str, settings.channels))
        arguments = [f"--device={settings.device}", f"--channels={channels}", f"--latency={settings.latency}"]
        link = Link(arguments, self._command)
        try:
            self._wait_for_card(link, stop)
            heard, before = time.monotonic(), (self.gaps, self.skips)
            with self._arrived:
                self._keep(settings.latency + _LOOK)  # no more than is going to be played
            while not stop.is_set():
                pcm = self._take(_LOOK)
                link.send(pcm, _PATIENCE)
                if pcm:
                    self._bytes += len(pcm)
                    self._last_write = time.time()
                for message in link.messages(0.0):
                    heard = time.monotonic()
                    self._note(message, before)
                if time.monotonic() - heard > _PATIENCE:
                    raise OutputError(f"the sound card has taken no audio for {_PATIENCE:.0f} s")
        finally:
            self.report = None
            link.end(_FADE_OUT if stop.is_set() else 0.0)

    def _wait_for_card(self, link: Link, stop: threading.Event) -> None:
        """Return once the card is open, or ``stop`` is set."""
        until = time.monotonic() + _OPENING
        while not stop.is_set():
            for message in link.messages(_LOOK):
                self._note(message)
                if isinstance(message, Opened):
                    return
            if time.monotonic() > until:
                raise OutputError(f"the sound card did not open within {_OPENING:.0f} s")

    def _note(self, message: Message, before: tuple[int, int] = (0, 0)) -> None:
        """Take note of what the child said; ``before`` are the gaps and skips of those before it."""
        if isinstance(message, Failed):
            raise (RefusedError if message.refused else OutputError)(message.reason)
        if isinstance(message, Opened):
            self._connection.made(device=message.device, rate=message.rate, card_latency=round(message.latency, 3))
        elif isinstance(message, Report):
            self.report = message
            self.gaps, self.skips = before[0] + message.gaps, before[1] + message.skips
            self._tell_gaps()

    def _tell_gaps(self) -> None:
        now, counts = time.monotonic(), (self.gaps, self.skips)
        if counts != self._told and now - self._told_at >= _TELL_GAPS:
            gaps, skips = self.gaps - self._told[0], self.skips - self._told[1]
            log.warning("output_gaps", output=self.name, gaps=gaps, skips=skips)
            self._told, self._told_at = counts, now

    def _keep(self, seconds: float) -> None:
        """Forget the oldest blocks until ``seconds`` are left."""
        while self._waiting > seconds * SAMPLE_RATE:
            self._waiting -= len(self._inbox.popleft().pcm)

    def _take(self, timeout: float) -> bytes:
        """Return all that waits, after ``timeout`` seconds at most."""
        with self._arrived:
            if not self._inbox:
                self._arrived.wait(timeout)
            blocks = list(self._inbox)
            self._inbox.clear()
            self._waiting = 0
        return b"".join(np.ascontiguousarray(block.pcm, dtype="<f4").tobytes() for block in blocks)


def speakers_of(outputs: Iterable[Output]) -> tuple[Speakers, ...]:
    """Return the sound cards among the outputs of a configuration."""
    return tuple(Speakers(output) for output in outputs if isinstance(output, SoundcardOutput))
