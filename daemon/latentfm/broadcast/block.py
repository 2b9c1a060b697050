"""What flows out of the timeline: blocks of PCM, each with what is audible in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from latentfm.audio.pcm import Pcm

Origin = Literal["fresh", "bank", "shipped", "bed"]


@dataclass(frozen=True, slots=True)
class Playing:
    """What a listener hears: the take, and where it came from."""

    title: str
    take_id: str
    playlist: str
    origin: Origin
    max_silence: float = 0.5  # seconds of silence that its mood allows


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of PCM and what is audible in it.

    Attributes:
        pcm: the audio, as it is to be heard.
        playing: what it is of.
        gain: the least factor that was applied to it on purpose; 0 is a silence that was asked for.
        held: whether it is silence in place of a timeline that stands still.
    """

    pcm: Pcm
    playing: Playing
    gain: float = 1.0
    held: bool = False


class Blocks(Protocol):
    """Where the runway gets its blocks from."""

    def next_block(self) -> Block:
        """Return the next block at once. Never raises."""
        ...


class Sink(Protocol):
    """Where the runway puts its blocks."""

    def offer(self, block: Block) -> None:
        """Take a block at once, or drop something. Never blocks, never raises."""
        ...
