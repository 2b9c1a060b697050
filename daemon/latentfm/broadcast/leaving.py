"""When a player is left for the next one: at the end of its take, early when its reader is late, or on request."""

from __future__ import annotations

from typing import NamedTuple

from latentfm.audio.pcm import SAMPLE_RATE, seconds_to_frames
from latentfm.broadcast.player import Player
from latentfm.broadcast.seam import SHORTEST, Window, plan
from latentfm.take import TakeInfo

LONGEST_ON_REQUEST = seconds_to_frames(4.0)
"""Where drums and bass have not left, a long crossfade would be two rhythms at once."""


class Leave(NamedTuple):
    """The frame at which a player is to be left on request."""

    player: Player
    at: int


def window(player: Player, committed: Player | None, following: Player | None, leave: Leave | None) -> Window | None:
    """Return the window that leads away from a player, or None while it just plays on.

    Args:
        player: what is on air.
        committed: what was chosen to come next.
        following: that, or what stands by.
        leave: what was asked to be left; heeded where it is this player, and something was chosen.
    """
    if player.endless:
        if committed is None:
            return None
        return Window(player.position, max(min(player.limit, committed.limit, committed.head), SHORTEST))
    limit = min(player.limit, following.limit if following else player.limit)
    if not player.ended and player.available <= limit:
        # Its reader is 20 s late: what is decoded is enough for a last crossfade, so leave now.
        return Window(player.position, player.available)
    head = following.head if following else limit
    usual = plan(end=player.end, outs=player.outs, now=player.position, head=head, limit=limit)
    if leave is None or leave.player is not player or committed is None:
        return usual
    start = max(leave.at, player.position)
    asked = Window(start, max(min(head, limit, LONGEST_ON_REQUEST), SHORTEST))
    return asked if start + asked.length <= player.end and start < usual.start else usual


def asked(player: Player, leave: Leave | None) -> bool:
    """Return whether a player is where it was asked to be left."""
    return leave is not None and leave.player is player and player.position >= leave.at


def seconds_to_window(player: Player) -> float:
    """Return how long until the window of a take may open, at the earliest."""
    limit = player.limit
    frames = plan(end=player.end, outs=player.outs, now=player.position, head=limit, limit=limit).start
    frames -= player.position
    if not player.ended:
        frames = min(frames, player.available - limit)  # a reader that has stalled brings the window nearer
    return max(frames, 0) / SAMPLE_RATE


def next_bar(info: TakeInfo, frame: int) -> int:
    """Return the first bar line of a take at or after a frame, counted back from the bar lines it may be left at."""
    tempo = info.provenance.get("brief", {}).get("playlist", {}).get("tempo", {})
    quarters = 3 if tempo.get("metre") in ("3/4", "6/8") else 4
    bar = quarters * 60.0 / info.qpm * SAMPLE_RATE
    line = info.seam.outs[0]
    return round(line - (line - frame) // bar * bar)
