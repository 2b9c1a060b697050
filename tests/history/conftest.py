"""A station on the air in small: a timeline on takes of noise, a recorder, and a tape of every sample that left."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.bank import Bank
from latentfm.brief import Carry, Key
from latentfm.broadcast.block import Origin
from latentfm.broadcast.cues import CueSheet
from latentfm.broadcast.deck import Deck
from latentfm.broadcast.library import Shipped
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.source import Candidate
from latentfm.broadcast.timeline import Timeline
from latentfm.broadcast.tone_bed import Beds
from latentfm.history import FILE, Recorder, Retention, Shelf
from latentfm.history.archive import Archive
from latentfm.ops.clock import HandClock
from latentfm.take import Seam, TakeInfo

BEGAN = 1_800_000_000.0


def make_info(take_id: str, frames: int) -> TakeInfo:
    """Return the description of a take that may be left in its last four seconds."""
    key = Key(tonic=9, mode="dorian")
    return TakeInfo(
        id=take_id,
        title=take_id.title(),
        playlist="day",
        seed=7,
        attempt=0,
        key=key,
        qpm=96.0,
        frames=frames,
        lufs=-16.0,
        true_peak=-1.0,
        max_silence=0.5,
        seam=Seam(head=4 * SAMPLE_RATE, outs=(max(frames - 4 * SAMPLE_RATE, 0),)),
        carry=Carry(section=1, key=key, qpm=96.0, latent=tuple(np.random.default_rng(1).normal(size=32))),
        provenance={"chords": ["Am7", "D7"], "machine": "of a test"},
    )


@dataclass
class Air:
    """A timeline and a recorder on a clock of their own, with no threads."""

    state: Path
    limit: int = 5_000  # notes that may wait
    keep: Retention = field(default_factory=Retention)
    clock: HandClock = field(default_factory=partial(HandClock, BEGAN))

    def __post_init__(self) -> None:
        self.bank = Bank(self.state / "bank", self.state)
        self.shelf = Shelf(self.bank.root, self.state / "shipped")
        self.notices = Notices()
        self.beds = Beds("Interlude", lambda: "day")
        self.cues = CueSheet(self.clock, limit=self.limit)
        self.timeline = Timeline(self.beds, self.notices, cues=self.cues)
        self.recorder = Recorder(self.cues, self.state / FILE, self.shelf, keep=self.keep, clock=self.clock)
        self.decks: list[Deck] = []
        self.blocks: list[Pcm] = []

    @property
    def tape(self) -> Pcm:
        """Return every sample that left the timeline."""
        return np.concatenate(self.blocks)

    @property
    def frames(self) -> int:
        """Return how many frames have left."""
        return sum(map(len, self.blocks))

    def publish(self, take_id: str, seconds: float, *, level: float = 0.1) -> None:
        """Put noise into the bank as a take."""
        rng = np.random.default_rng(sum(map(ord, take_id)))
        noise = rng.standard_normal((round(seconds * SAMPLE_RATE), 2)) * level
        audio = np.clip(noise, -1.0, 1.0).astype(np.float32)
        self.bank.publish(make_info(take_id, len(audio)), audio, b"MThd\0\0\0\6")

    def ready(self, take_id: str, origin: Origin = "fresh", shipped: Shipped | None = None) -> Deck:
        """Return a deck with a take, as far decoded as it goes."""
        take = next((take for take in self.bank.takes() if take.info.id == take_id), None)
        if shipped is None:
            assert take is not None
            candidate = Candidate(take.info, origin, 4 * SAMPLE_RATE, lambda: self.bank.open(take))
        else:
            info = next(info for info in shipped.infos if info.id == take_id)
            candidate = Candidate(info, origin, 4 * SAMPLE_RATE, lambda: shipped.open(info))
        deck = Deck(candidate)
        self.decks.append(deck)
        self.fill()
        return deck

    def commit(self, take_id: str, origin: Origin = "fresh", shipped: Shipped | None = None) -> None:
        """Say what comes next."""
        self.timeline.commit(self.ready(take_id, origin, shipped))

    def fill(self) -> None:
        """Let every deck decode what it can."""
        for deck in self.decks:
            while deck.fill():
                pass

    def play(self, seconds: float) -> None:
        """Put the next seconds on the tape."""
        for _ in range(round(seconds * 10)):
            self.fill()
            block = self.timeline.next_block()
            self.cues.offer(block)
            self.blocks.append(block.pcm)
            self.clock.sleep(0.1)

    def write(self) -> Archive:
        """Write what was noted, and open the history."""
        self.recorder.step()
        return Archive(self.state / FILE)

    def close(self) -> None:
        """Close the file and let go of the decks."""
        self.recorder.close()
        for deck in self.decks:
            if deck._reader is not None:
                deck._reader.close()


@pytest.fixture
def air(tmp_path: Path) -> Air:
    """Return a station on the air in small."""
    return Air(tmp_path / "state")


@pytest.fixture(scope="session")
def new_air() -> type[Air]:
    """Return what makes a station on the air in small."""
    return Air
