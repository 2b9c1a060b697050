"""The timeline: endless PCM made of takes and crossfades.

Everything here runs in the pacing thread and works on what is in memory already. What comes next, and the deck that
stands by for accidents, are put in place by the director, in another thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import numpy as np

from latentfm.audio.crossfade import equal_power, mix
from latentfm.audio.limiter import Limiter
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.player import Player
from latentfm.broadcast.seam import SHORTEST, Window, plan

BLOCK = SAMPLE_RATE // 10
_SWELL = seconds_to_frames(0.05)  # what enters without a crossfade is faded in over this


class _Fade:
    """A crossfade under way."""

    def __init__(self, out: Player, into: Player, length: int) -> None:
        self.out, self.into, self.length, self.at = out, into, length, 0
        self._gains = equal_power(length)

    def pull(self, frames: int) -> Pcm:
        frames = min(frames, self.length - self.at)
        here = slice(self.at, self.at + frames)
        self.at += frames
        leaving, entering = _whole(self.out.pull(frames), frames), _whole(self.into.pull(frames), frames)
        return mix(leaving, entering, (self._gains[0][here], self._gains[1][here]))


class Timeline:
    """Blocks without end.

    ``next_block`` belongs to one thread; ``commit``, ``stand_by``, ``provide_bed`` and the properties to any.
    """

    def __init__(self, make_bed: Callable[[], Player], notices: Notices, *, block: int = BLOCK) -> None:
        """Start with nothing on air.

        Args:
            make_bed: makes the tone bed that plays when nothing else can; called at once and whenever one was used.
            notices: where events are noted for others to log.
            block: frames of a block.
        """
        self._make_bed = make_bed
        self._notices = notices
        self._block = block
        self._bed = make_bed()
        self._on_air: Player | None = None
        self._next: Player | None = None
        self._standby: Player | None = None
        self._fade: _Fade | None = None
        self._playing: Playing = self._bed.playing
        self._said: Playing | None = None
        self._lock = threading.RLock()  # over what comes next, for as long as it takes to hand over
        self._limiter = Limiter()
        self._owed = self._limiter.latency  # frames that the limiter holds back, made up for by the first block
        self._swell = _SWELL

    @property
    def on_air(self) -> Player | None:
        """Return the player that is on air, the leaving one during a crossfade; None before the first block."""
        return self._on_air

    @property
    def entering(self) -> Player | None:
        """Return the player that a crossfade under way leads to, else what is committed, else None."""
        fade = self._fade
        return fade.into if fade else self._next

    @property
    def playing(self) -> Playing:
        """Return what is audible."""
        return self._playing

    @property
    def undecided(self) -> bool:
        """Return whether nothing is committed and no crossfade is under way."""
        with self._lock:
            return self._fade is None and self._next is None

    @property
    def standing_by(self) -> Player | None:
        """Return the player that stands by."""
        return self._standby

    def seconds_to_window(self) -> float:
        """Return how long until the window may open; 0 if that could be now, infinite on an endless player."""
        player = self._on_air
        if player is None:
            return 0.0
        if self._fade or player.endless:
            return float("inf")
        limit = player.limit
        window = plan(end=player.end, outs=player.outs, now=player.position, head=limit, limit=limit)
        frames = window.start - player.position
        if not player.ended:
            frames = min(frames, player.available - limit)  # a reader that has stalled brings the window nearer
        return max(frames, 0) / SAMPLE_RATE

    def commit(self, player: Player) -> None:
        """Say what comes next; it must be ready. Goes on air at the next window."""
        with self._lock:
            self._next = player

    def stand_by(self, player: Player | None) -> Player | None:
        """Put a player in place for when there is nothing committed and the one on air fails or ends.

        Returns the one that stood by until now, for the caller to close.
        """
        with self._lock:
            replaced, self._standby = self._standby, player
        return replaced

    def provide_bed(self, bed: Player) -> None:
        """Put another tone bed in place, in another key."""
        self._bed = bed

    def next_block(self) -> Block:
        """Return the next block: audio in any case, at once."""
        try:
            return self._next_block()
        except Exception as error:  # noqa: BLE001 - whatever it is, the music goes on, and the notice says what it was
            self._notices.put("timeline_fault", level="error", reason=f"{type(error).__name__}: {error}")
            return self._recover()

    def close(self) -> None:
        """Let go of every player; the next block, if there is one, comes from a tone bed."""
        with self._lock:
            players = (self._on_air, self._fade.into if self._fade else None, self._next, self._standby)
            self._on_air = self._fade = self._next = self._standby = None
        for player in players:
            with contextlib.suppress(Exception):
                if player is not None:
                    player.close()

    def _next_block(self) -> Block:
        wanted = self._block + self._owed
        self._owed, skipped = 0, self._owed
        parts: list[Pcm] = []
        while wanted > 0:
            part = self._pull(wanted)
            if not len(part):
                raise RuntimeError(f"{self._playing.take_id} gave nothing")
            parts.append(part)
            wanted -= len(part)
        pcm = self._limiter.process(np.concatenate(parts) if len(parts) > 1 else parts[0])
        return Block(pcm[skipped:], self._playing)

    def _pull(self, wanted: int) -> Pcm:
        """Return at least one frame and at most ``wanted``, up to the next event at most."""
        player = self._on_air
        if player is None:
            player = self._cut_to_next()
        if self._fade is None:
            window = self._window(player)
            if window is not None:
                if window.start > player.position:
                    wanted = min(wanted, window.start - player.position)
                else:
                    self._open(player, window)
        if self._fade is not None:
            return self._pull_fade(self._fade, wanted)
        pcm = player.pull(wanted)
        if not len(pcm):
            # Nothing is left to fade out of, as when a card stalled during the crossfade before.
            self._notices.put("ran_dry", level="warning", take=player.playing.take_id)
            player.close()
            pcm = self._cut_to_next().pull(wanted)
        return self._swollen(pcm)

    def _window(self, player: Player) -> Window | None:
        """Return the window that leads away from ``player``, or None while it just plays on."""
        following = self._next or self._standby
        if player.endless:
            if self._next is None:
                return None
            return Window(player.position, max(min(player.limit, self._next.limit, self._next.head), SHORTEST))
        limit = min(player.limit, following.limit if following else player.limit)
        if not player.ended and player.available <= limit:
            # Its reader is 20 s late: what is decoded is enough for a last crossfade, so leave now.
            return Window(player.position, player.available)
        head = following.head if following else limit
        return plan(end=player.end, outs=player.outs, now=player.position, head=head, limit=limit)

    def _open(self, player: Player, window: Window) -> None:
        """Begin the crossfade to what comes next."""
        if not player.ended and not player.endless:
            self._notices.put("reader_late", level="warning", take=player.playing.take_id)
        with self._lock:  # the director finds what was committed or the crossfade to it, never neither
            into = self._take_next()
            length = min(window.length, into.available)
            if length > 0:
                self._fade = _Fade(player, into, length)
                return
            player.close()
            self._cut_to(into)

    def _pull_fade(self, fade: _Fade, wanted: int) -> Pcm:
        pcm = fade.pull(wanted)
        if fade.at * 2 >= fade.length:
            self._say(fade.into.playing)
        if fade.at >= fade.length:
            fade.out.close()
            self._on_air, self._fade = fade.into, None
        return self._swollen(pcm)

    def _take_next(self) -> Player:
        """Return what is committed if that is still fit to play, else what stands by, else the tone bed."""
        with self._lock:
            following = (self._next, self._standby)
            self._next = None
            if following[0] is None or not following[0].ready:
                self._standby = None
        for player in following:
            if player is not None:
                if player.ready:
                    player.widen()
                    return player
                player.close()
        bed, self._bed = self._bed, self._make_bed()
        return bed

    def _cut_to_next(self) -> Player:
        """Put on air what comes next, without a crossfade."""
        with self._lock:
            return self._cut_to(self._take_next())

    def _cut_to(self, player: Player) -> Player:
        """Put a player on air without a crossfade, but not without a short swell."""
        self._on_air, self._fade, self._swell = player, None, _SWELL
        self._say(player.playing)
        return player

    def _swollen(self, pcm: Pcm) -> Pcm:
        """Fade in what was cut to."""
        if self._swell <= 0:
            return pcm
        risen = (_SWELL - self._swell + np.arange(len(pcm), dtype=np.float32)) / _SWELL
        self._swell -= len(pcm)
        swollen: Pcm = pcm * np.minimum(risen, 1.0)[:, np.newaxis]
        return swollen

    def _say(self, playing: Playing) -> None:
        """Note a change of what is audible."""
        self._playing = playing
        if playing != self._said:
            self._said = playing
            self._notices.put("on_air", title=playing.title, take=playing.take_id, origin=playing.origin)

    def _recover(self) -> Block:
        """Drop everything that may be at fault and play a new tone bed."""
        self.close()
        self._limiter = Limiter()
        self._owed = 0
        bed = self._cut_to(self._make_bed())
        return Block(self._swollen(bed.pull(self._block)), self._playing)


def _whole(pcm: Pcm, frames: int) -> Pcm:
    """Return ``frames`` frames, silence in place of those that are missing at the end."""
    if len(pcm) == frames:
        return pcm
    return np.concatenate((pcm, np.zeros((frames - len(pcm), pcm.shape[1]), dtype=np.float32)))
