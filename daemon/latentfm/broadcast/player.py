"""What can be on air."""

from __future__ import annotations

from typing import Protocol

from latentfm.audio.pcm import Pcm
from latentfm.broadcast.block import Playing
from latentfm.broadcast.cues import Source


class Player(Protocol):
    """What can be on air: a deck with a take, or the tone bed."""

    position: int
    failure: str | None

    @property
    def playing(self) -> Playing:
        """Return what it plays."""
        ...

    @property
    def source(self) -> Source:
        """Return what it plays, for the cue log; the same object for as long as it plays."""
        ...

    @property
    def outs(self) -> tuple[int, ...]:
        """Return the frames at which it may be left."""
        ...

    @property
    def head(self) -> int:
        """Return the frames at its beginning over which another take may still sound."""
        ...

    @property
    def limit(self) -> int:
        """Return the longest crossfade its mood allows, in frames."""
        ...

    @property
    def available(self) -> int:
        """Return how many frames can be pulled now."""
        ...

    @property
    def end(self) -> int:
        """Return the frame at which it ends, as far as is known."""
        ...

    @property
    def ended(self) -> bool:
        """Return whether ``end`` is certain and everything up to it can be pulled."""
        ...

    @property
    def endless(self) -> bool:
        """Return whether it may be left at any frame and need not be."""
        ...

    @property
    def ready(self) -> bool:
        """Return whether it may go on air."""
        ...

    def pull(self, frames: int) -> Pcm:
        """Return up to ``frames`` frames, at once."""
        ...

    def widen(self) -> None:
        """Decode as far ahead as a player on air needs."""
        ...

    def close(self) -> None:
        """Let go of everything, at once."""
        ...
