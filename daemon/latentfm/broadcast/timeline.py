"""The timeline: endless PCM made of takes and crossfades.

Everything here runs in the pacing thread and works on what is in memory already. What comes next, and the deck that
stands by for accidents, are put in place by the director, in another thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from latentfm.audio.crossfade import equal_power
from latentfm.audio.limiter import Limiter
from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.broadcast import leaving
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.cues import Cause, CueSheet, Voice
from latentfm.broadcast.leaving import Leave
from latentfm.broadcast.mixing import SWELL, crossfade, swell, whole
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.player import Player
from latentfm.broadcast.seam import Window
from latentfm.ops.clock import SystemClock

BLOCK = SAMPLE_RATE // 10


class _Fade:
    """A crossfade under way."""

    def __init__(self, out: Player, into: Player, length: int) -> None:
        self.out, self.into, self.length, self.at = out, into, length, 0
        self._gains = equal_power(length)

    def pull(self, frames: int, cues: CueSheet, risen: int, cause: Cause) -> Pcm:
        """Return up to ``frames`` frames; ``cues`` notes them, and where a player had none left."""
        frames = min(frames, self.length - self.at)
        places = self.out.position, self.into.position
        got = self.out.pull(frames), self.into.pull(frames)
        for start, end in pairwise(sorted({0, *map(len, got), frames})):
            leaving, entering = (
                Voice(player.source, place + start if start < len(pcm) else None)
                for player, place, pcm in zip((self.out, self.into), places, got, strict=True)
            )
            starved = None in (leaving.offset, entering.offset)
            cues.mixed(
                end - start,
                leaving,
                entering,
                position=self.at + start,
                length=self.length,
                risen=risen + start,
                cause="starved" if starved else cause,
            )
        pcm = crossfade(whole(got[0], frames), whole(got[1], frames), self._gains, self.at)
        self.at += frames
        return pcm


class Timeline:
    """Blocks without end.

    ``next_block`` belongs to one thread; ``commit``, ``stand_by``, ``provide_bed`` and the properties to any.
    """

    def __init__(
        self,
        make_bed: Callable[[], Player],
        notices: Notices,
        *,
        cues: CueSheet | None = None,
        block: int = BLOCK,
    ) -> None:
        """Start with nothing on air.

        Args:
            make_bed: makes the tone bed that plays when nothing else can; called at once and whenever one was used.
            notices: where events are noted for others to log.
            cues: where all that is mixed is noted, for a history.
            block: frames of a block.
        """
        self._cues = cues or CueSheet(SystemClock())
        self._make_bed = make_bed
        self._notices = notices
        self._block = block
        self._bed = make_bed()
        self._on_air: Player | None = None
        self._next: Player | None = None
        self._standby: Player | None = None
        self._fade: _Fade | None = None
        self._leave: Leave | None = None
        self._playing: Playing = self._bed.playing
        self._said: Playing | None = None
        self._lock = threading.RLock()  # over what comes next, for as long as it takes to hand over
        self._limiter = Limiter()
        self._owed = self._limiter.latency  # frames that the limiter holds back, made up for by the first block
        self._risen = 0  # frames since the last cut, as far as they matter
        self._cause: Cause = "start"  # why what is on air began

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
        return float("inf") if self._fade or player.endless else leaving.seconds_to_window(player)

    def commit(self, player: Player) -> None:
        """Say what comes next; it must be ready. Goes on air at the next window."""
        with self._lock:
            self._next = player

    def withdraw(self) -> Player | None:
        """Take back what was committed, for the caller to close; None if it is on its way already, or nothing was."""
        with self._lock:
            withdrawn, self._next = self._next, None
        return withdrawn

    def leave(self, player: Player, at: int) -> None:
        """Leave a player at its frame ``at``, or a little later, for what is committed by then."""
        self._leave = Leave(player, at)

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
        pcm = self._limiter.process(np.concatenate(parts) if len(parts) > 1 else parts[0])[skipped:]
        self._cues.left(len(pcm))
        return Block(pcm, self._playing)

    def _pull(self, wanted: int) -> Pcm:
        """Return at least one frame and at most ``wanted``, up to the next event at most."""
        player = self._on_air
        if player is None:
            player = self._cut_to_next()
        if self._fade is None:
            committed = self._next
            window = leaving.window(player, committed, committed or self._standby, self._leave)
            if window is not None:
                if window.start > player.position:
                    wanted = min(wanted, window.start - player.position)
                else:
                    self._open(player, window)
        if self._fade is not None:
            return self._pull_fade(self._fade, wanted)
        offset, pcm = player.position, player.pull(wanted)
        if not len(pcm):
            # Nothing is left to fade out of, as when a card stalled during the crossfade before.
            self._notices.put("ran_dry", level="warning", take=player.playing.take_id)
            player.close()
            player = self._cut_to_next("ran_dry")
            offset, pcm = player.position, player.pull(wanted)
        return self._alone(player, offset, pcm)

    def _open(self, player: Player, window: Window) -> None:
        """Begin the crossfade to what comes next."""
        late = not (player.ended or player.endless or leaving.asked(player, self._leave))
        if late:
            self._notices.put("reader_late", level="warning", take=player.playing.take_id)
        with self._lock:  # the director finds what was committed or the crossfade to it, never neither
            into = self._take_next()
            length = min(window.length, into.available)
            if length > 0:
                self._fade, self._cause = _Fade(player, into, length), "reader_late" if late else "seam"
                return
            player.close()
            self._cut_to(into, "ran_dry")

    def _alone(self, player: Player, offset: int, pcm: Pcm) -> Pcm:
        """Note and return what one player gave from its frame ``offset`` on."""
        self._cues.mixed(len(pcm), Voice(player.source, offset), risen=self._risen, cause=self._cause)
        return self._swollen(pcm)

    def _pull_fade(self, fade: _Fade, wanted: int) -> Pcm:
        pcm = fade.pull(wanted, self._cues, self._risen, self._cause)
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

    def _cut_to_next(self, cause: Cause = "start") -> Player:
        """Put on air what comes next, without a crossfade."""
        with self._lock:
            return self._cut_to(self._take_next(), cause)

    def _cut_to(self, player: Player, cause: Cause) -> Player:
        """Put a player on air without a crossfade, but not without a short swell."""
        self._on_air, self._fade, self._risen, self._cause = player, None, 0, cause
        self._say(player.playing)
        return player

    def _swollen(self, pcm: Pcm) -> Pcm:
        """Fade in what was cut to."""
        risen, self._risen = self._risen, min(self._risen + len(pcm), SWELL)
        return swell(pcm, risen)

    def _say(self, playing: Playing) -> None:
        """Note a change of what is audible."""
        self._playing = playing
        if playing != self._said:
            self._said = playing
            self._notices.put("on_air", title=playing.title, take=playing.take_id, origin=playing.origin)

    def _recover(self) -> Block:
        """Drop everything that may be at fault and play a new tone bed."""
        self.close()
        self._cues.restarted()
        self._limiter = Limiter()
        self._owed = 0
        bed = self._cut_to(self._make_bed(), "fault")
        pcm = self._alone(bed, 0, bed.pull(self._block + self._limiter.latency))
        pcm = self._limiter.process(pcm)[self._limiter.latency :]
        self._cues.left(len(pcm))
        return Block(pcm, self._playing)
