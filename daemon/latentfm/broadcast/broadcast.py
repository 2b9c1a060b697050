"""Everything between the bank and the feeds, assembled and supervised."""

from __future__ import annotations

from collections.abc import Sequence

from latentfm.broadcast.block import Sink
from latentfm.broadcast.cues import CueSheet
from latentfm.broadcast.departures import Departures
from latentfm.broadcast.director import Director
from latentfm.broadcast.fader import Fader
from latentfm.broadcast.fallback import STEADY
from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.health import Monitor
from latentfm.broadcast.library import Library
from latentfm.broadcast.meter import Meter
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.runway import Runway
from latentfm.broadcast.supervised import Supervised, stop_all
from latentfm.broadcast.timeline import Timeline
from latentfm.broadcast.tone_bed import Beds
from latentfm.ops.clock import Clock, SystemClock


class Broadcast:
    """Timeline, director, runway and feeds in their threads.

    Attributes:
        timeline: what is on air.
        fader: how loud it is.
        director: what comes next; ``director.committed`` names the takes that the bank must keep.
        runway: the pacing; ``runway.ahead`` is in seconds.
        monitor: the health of the audio that leaves.
        meter: its level.
        departures: whether that, and all feeds, are as they should be; for the watchdog.
        cues: what was mixed, for a recorder to fetch.
        feeds: the encoders, for outputs to subscribe to.
    """

    def __init__(
        self,
        library: Library,
        beds: Beds,
        feeds: Sequence[Feed],
        *,
        clock: Clock | None = None,
        sinks: Sequence[Sink] = (),
        steady: int = STEADY,
    ) -> None:
        """Put the parts together.

        Args:
            library: what may be on air.
            beds: makes tone beds.
            feeds: the encoders.
            clock: the machine's, unless another one is given.
            sinks: what gets the PCM besides the feeds.
            steady: fresh takes that must lie ready for a fall back to be left.
        """
        clock = clock or SystemClock()
        notices = Notices()
        self.feeds = tuple(feeds)
        self.monitor = Monitor(clock)
        self.meter = Meter()
        self.departures = Departures(lambda: self.monitor.pulse, self.feeds, clock)
        self.cues = CueSheet(clock)
        self.timeline = Timeline(beds, notices, cues=self.cues)
        self.director = Director(self.timeline, library, beds, notices, clock, steady=steady)
        self.fader = Fader(self.timeline)
        self.runway = Runway(self.fader, (*self.feeds, self.monitor, self.meter, self.cues, *sinks), clock, notices)
        self._parts = (
            *(Supervised(f"feed {feed.name}", feed.run) for feed in self.feeds),
            Supervised("meter", self.meter.run),
            Supervised("director", self.director.run),
            Supervised("runway", self.runway.run),
        )

    def start(self) -> None:
        """Choose the first take, if there is one, and go on air."""
        self.director.prime()
        for part in self._parts:
            part.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Leave the air: the runway first, the feeds last."""
        stop_all(self._parts, timeout)
        self.director.close()
        self.timeline.close()
