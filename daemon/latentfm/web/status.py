"""What the station says of itself on ``/status.json``."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from latentfm.broadcast.health import Pulse
from latentfm.broadcast.meter import Reading
from latentfm.broadcast.outputs import OutputStatus
from latentfm.hours import Hearing
from latentfm.programme import Programme, local, next_change, playlist_at
from latentfm.studio.tally import Count


@dataclass(frozen=True, slots=True)
class OnAir:
    """What the programme says: the mood that is on, and the next one with its local time, if one is to come.

    ``asked`` is whether somebody asked for the mood that is on.
    """

    playlist: str
    following: str | None = None
    at: datetime | None = None
    asked: bool = False


def on_air(programme: Programme, now: float) -> OnAir:
    """Return what a programme says at a moment."""
    playlist, change = playlist_at(programme, now), next_change(programme, now)
    asked = programme.asked is not None and programme.asked.since <= now < programme.asked.until
    if change is None:
        return OnAir(playlist, asked=asked)
    return OnAir(playlist, change.playlist, local(programme, change.at), asked)


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
        on_air: what the programme says, if there is one.
        sound: how loud it is what leaves.
        fallback: whether something stands in for fresh takes.
        tally: what became of the tries at takes, if there is a studio.
        studio_bytes: resident memory of the studio's child, 0 without one.
        disk_free: bytes left on the disk of the state folder, if that can be told.
        hearing: what the opening and quiet hours say, if there are any.
        paused: whether somebody asked for a pause.
    """

    station: str
    pulse: Pulse
    ahead: float = 0.0
    playable: float = 0.0
    fresh: float = 0.0
    outputs: tuple[OutputStatus, ...] = ()
    on_air: OnAir | None = None
    sound: Reading = field(default_factory=Reading)
    fallback: bool = False
    tally: Count | None = None
    studio_bytes: int = 0
    disk_free: int | None = None
    hearing: Hearing | None = None
    paused: bool = False

    @property
    def silence(self) -> str | None:
        """Return why the station is not ready, None where it is."""
        return self.pulse.silence

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
            "programme": self.on_air and _programme(self.on_air),
            "hours": self.hearing and _hours(self.hearing),
            "paused": self.paused,
            "runway": {
                "ahead_seconds": round(self.ahead, 2),
                "playable_seconds": round(self.playable, 1),
                "fresh_seconds": round(self.fresh, 1),
            },
            "sound": {
                "lufs": _rounded(self.sound.levels.lufs),
                "true_peak_dbtp": _rounded(self.sound.levels.true_peak),
                "blank": self.sound.blank,
                "fallback": self.fallback,
            },
            "outputs": [asdict(output) for output in self.outputs],
        }


def _rounded(level: float) -> float | None:
    """Return a level for JSON, which has no word for minus infinity."""
    return round(level, 1) if math.isfinite(level) else None


def _hours(hearing: Hearing) -> dict[str, Any]:
    return {
        "open": hearing.open,
        "until": hearing.until and hearing.until.isoformat(timespec="minutes"),
        "gain_db": round(20 * math.log10(hearing.gain), 1),
    }


def _programme(on_air: OnAir) -> dict[str, Any]:
    if on_air.asked:
        return {**_programme(replace(on_air, asked=False)), "asked": True}
    if on_air.following is None or on_air.at is None:
        return {"playlist": on_air.playlist, "next": None}
    return {
        "playlist": on_air.playlist,
        "next": {"playlist": on_air.following, "at": on_air.at.isoformat(timespec="minutes")},
    }
