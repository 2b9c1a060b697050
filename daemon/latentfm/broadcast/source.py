"""What a deck plays: a take being decoded, with what the timeline must know of it beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from latentfm.audio.pcm import Pcm
from latentfm.broadcast.block import Origin, Playing
from latentfm.take import TakeInfo


class Reader(Protocol):
    """Something that decodes: a ``bank.TakeReader`` or a test's fault."""

    def read(self, frames: int) -> Pcm:
        """Return the next frames, fewer at the end, none after it; raise on damage."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A take that may come next. ``open`` may block or raise; it is called in the deck's thread.

    ``crossfade`` is the longest window that its mood allows, in frames.
    """

    info: TakeInfo
    origin: Origin
    crossfade: int
    open: Callable[[], Reader]

    @property
    def playing(self) -> Playing:
        """Return what listeners are told while it plays."""
        info = self.info
        return Playing(info.title, info.id, info.playlist, self.origin, info.max_silence)
