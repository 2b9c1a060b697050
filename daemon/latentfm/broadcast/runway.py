"""The runway: paces the timeline by the monotonic clock, without drift.

What has been sent is counted in frames from one anchor, so no rounding adds up, and the wall clock has no say. The
loop reads no file, writes no log and formats nothing: what it has to say it notes for others.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.broadcast.block import Blocks, Sink
from latentfm.broadcast.notices import Notices
from latentfm.ops.clock import Clock

MINIMUM, TARGET = 1.5, 2.0  # seconds of audio that listeners are ahead of the clock
STALL = 10.0  # seconds behind the clock that are still caught up with


class Runway:
    """Sends blocks to the sinks so that the audio sent stays between ``minimum`` and ``target`` ahead of the clock.

    A delay of up to ``STALL`` seconds is made up for by sending faster. After a longer one, as when the machine was
    suspended, the clock is anchored anew: nobody wants an hour of music at once.
    """

    def __init__(
        self,
        blocks: Blocks,
        sinks: Sequence[Sink],
        clock: Clock,
        notices: Notices,
        *,
        minimum: float = MINIMUM,
        target: float = TARGET,
    ) -> None:
        self._blocks = blocks
        self._sinks = tuple(sinks)
        self._clock = clock
        self._notices = notices
        self._minimum = minimum
        self._target = target
        self._anchor: float | None = None
        self._sent = 0  # frames since the anchor
        self._broken: set[int] = set()
        self.frames = 0
        self.anchored = 0

    @property
    def ahead(self) -> float:
        """Return how many seconds of the audio sent are still to be heard; negative when it is late."""
        if self._anchor is None:
            return 0.0
        return self._sent / SAMPLE_RATE - (self._clock.monotonic() - self._anchor)

    def run(self, stop: threading.Event) -> None:
        """Pace until ``stop`` is set."""
        while not stop.is_set():
            self._clock.sleep(self.step())

    def step(self) -> float:
        """Send what is due; return the seconds until more is."""
        if self._anchor is None:
            self._anchor_now()
        ahead = self.ahead
        if ahead < -STALL:
            self._notices.put("runway_reanchored", level="warning", seconds_behind=round(-ahead, 1))
            self._anchor_now()
            ahead = 0.0
        while ahead < self._target:
            block = self._blocks.next_block()
            self._sent += len(block.pcm)
            self.frames += len(block.pcm)
            ahead += len(block.pcm) / SAMPLE_RATE
            for place, sink in enumerate(self._sinks):
                try:
                    sink.offer(block)
                except Exception as error:  # noqa: BLE001 - one sink must not stop the others; it is noted once
                    if place not in self._broken:
                        self._broken.add(place)
                        self._notices.put("sink_failed", level="error", sink=type(sink).__name__, reason=str(error))
        return max(self.ahead - self._minimum, 0.0)

    def _anchor_now(self) -> None:
        self._anchor = self._clock.monotonic()
        self._sent = 0
        self.anchored += 1
