"""What the station says of itself on ``/status.json``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from latentfm.broadcast.health import Pulse
from latentfm.broadcast.outputs import OutputStatus


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the station at one moment.

    Attributes:
        station: its name.
        pulse: the audio that left lately.
        ahead: seconds of audio sent ahead of the clock.
        playable: seconds of takes that could be played, those that ship included.
        fresh: seconds of takes that have not aired.
        outputs: every output.
    """

    station: str
    pulse: Pulse
    ahead: float = 0.0
    playable: float = 0.0
    fresh: float = 0.0
    outputs: tuple[OutputStatus, ...] = ()

    @property
    def health(self) -> str:
        """Return ``ready``, ``degraded`` where an output is not connected, or ``silent``."""
        if not self.pulse.ready:
            return "silent"
        return "ready" if all(output.state == "connected" for output in self.outputs) else "degraded"

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        playing, since = self.pulse.playing, self.pulse.since_audible
        return {
            "station": self.station,
            "ready": self.pulse.ready,
            "health": self.health,
            "seconds_since_audible": None if since is None else round(since, 2),
            "now": None
            if playing is None
            else {
                "title": playing.title,
                "take": playing.take_id,
                "playlist": playing.playlist,
                "origin": playing.origin,
            },
            "runway": {
                "ahead_seconds": round(self.ahead, 2),
                "playable_seconds": round(self.playable, 1),
                "fresh_seconds": round(self.fresh, 1),
            },
            "outputs": [asdict(output) for output in self.outputs],
        }
