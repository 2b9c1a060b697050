"""Synthetic takes, a clock that is set by hand, and a stage that plays them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.bank import Bank
from latentfm.brief import Carry, Key
from latentfm.broadcast.block import Playing
from latentfm.broadcast.deck import Deck
from latentfm.broadcast.director import Director
from latentfm.broadcast.library import Library, Shipped
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.timeline import BLOCK, Timeline
from latentfm.broadcast.tone_bed import Beds
from latentfm.ops.clock import HandClock
from latentfm.programme import Slot
from latentfm.take import Seam, TakeInfo

MIDI = b"MThd\0\0\0\6"


def make_info(
    take_id: str, frames: int, *, playlist: str = "day", seam: Seam | None = None, tonic: int = 0, section: int = 1
) -> TakeInfo:
    """Return the description of a take; by default it may be left in its last five seconds."""
    key = Key(tonic=tonic, mode="major")
    return TakeInfo(
        id=take_id,
        title=take_id.title(),
        playlist=playlist,
        seed=1,
        attempt=0,
        key=key,
        qpm=96.0,
        frames=frames,
        lufs=-16.0,
        true_peak=-1.0,
        max_silence=0.5,
        seam=seam or Seam(head=5 * SAMPLE_RATE, outs=(frames - 5 * SAMPLE_RATE,)),
        carry=Carry(section=section, key=key, qpm=96.0, latent=(0.0,)),
        provenance={},
    )


def make_noise(seconds: float, *, level: float = 0.1, seed: int = 1) -> Pcm:
    """Return noise of an RMS of ``level``, cut off at full scale."""
    noise = np.random.default_rng(seed).standard_normal((round(seconds * SAMPLE_RATE), 2)) * level
    return np.clip(noise, -1.0, 1.0).astype(np.float32)


@dataclass
class Stage:
    """A timeline and its director on a clock of their own, with no threads."""

    bank: Bank
    shipped: Shipped = field(default_factory=Shipped)
    mood: str = "day"
    crossfade: float = 8.0
    block: int = BLOCK
    stalled: set[str] = field(default_factory=set)  # takes whose disk does not answer

    def __post_init__(self) -> None:
        self.clock = HandClock()
        self.notices = Notices()
        self.decks: list[Deck] = []
        self.beds = Beds("Interlude", lambda: self.mood)
        self.library = Library(
            self.bank, lambda _: Slot(self.mood), shipped=self.shipped, crossfade_seconds=lambda _: self.crossfade
        )
        self.timeline = Timeline(self.beds, self.notices, block=self.block)
        self.director = Director(
            self.timeline, self.library, self.beds, self.notices, self.clock, start_deck=self.decks.append
        )

    def look(self) -> None:
        """Let the director look once, and every deck decode what it can."""
        self.director.step()
        for deck in list(self.decks):
            while deck.playing.take_id not in self.stalled and deck.fill():
                pass
            if deck._closed:
                self.decks.remove(deck)

    def play(self, seconds: float, *, looking: bool = True) -> tuple[Pcm, list[Playing]]:
        """Return the audio of the next seconds, and what was announced with each block of it."""
        if self.timeline.on_air is None:
            self.look()
            self.look()
        parts, playing = [], []
        for _ in range(round(seconds * SAMPLE_RATE / self.block)):
            if looking:
                self.look()
            block = self.timeline.next_block()
            assert len(block.pcm) == self.block
            parts.append(block.pcm)
            playing.append(block.playing)
            self.clock.sleep(self.block / SAMPLE_RATE)
        return np.concatenate(parts), playing


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """Return an empty bank."""
    return Bank(tmp_path / "bank", tmp_path / "state")


@pytest.fixture
def publish(bank: Bank) -> Callable[..., Pcm]:
    """Return a function that publishes noise as a take and returns its audio as a reader gives it back."""

    def put(take_id: str, seconds: float = 20.0, *, level: float = 0.1, seed: int = 1, **info: object) -> Pcm:
        audio = make_noise(seconds, level=level, seed=seed)
        take = bank.publish(make_info(take_id, len(audio), **info), audio, MIDI)
        time.sleep(0.002)  # so that the order of publication shows in the folders' times
        with bank.open(take) as reader:
            return reader.read(len(audio))

    return put


@pytest.fixture
def stage(bank: Bank) -> Stage:
    """Return a stage on the bank."""
    return Stage(bank)


@pytest.fixture
def make_stage(bank: Bank) -> Callable[..., Stage]:
    """Return a function that makes a stage on the bank."""
    return lambda **settings: Stage(bank, **settings)


@pytest.fixture
def noise() -> Callable[..., Pcm]:
    """Return the function that makes noise."""
    return make_noise


@pytest.fixture
def info() -> Callable[..., TakeInfo]:
    """Return the function that makes a take's description."""
    return make_info


@pytest.fixture
def clock() -> HandClock:
    """Return a clock that stands still until somebody sleeps."""
    return HandClock()
