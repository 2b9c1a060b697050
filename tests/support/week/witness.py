"""What is watched at every block and at every look of the week, and what must be true of it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latentfm.brief import Brief
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.health import AUDIBLE, is_sound
from latentfm.broadcast.runway import MINIMUM, TARGET
from latentfm.hours import gain_at, is_open
from latentfm.programme import playlist_at
from latentfm.station import Station
from week import RATE, SOUND, ledger
from week.stand_ins import BLOCK, QUOTA
from week.workshop import LEVELS

if TYPE_CHECKING:
    from week.events import Event
    from week.simulation import Simulation

SILENCE: Final = 0.75
"""Seconds: what every mood allows, and what the guard of decks allows besides."""

EDGE: Final = 0.035
"""Largest step between two frames. The shortest crossfade, of a second, has steps of 0.028; a cut at least 0.05."""

CUT: Final = 60.0
"""Seconds after a card stalled in which there may be a cut: what was decoded is over, and nothing is left to fade."""

MISS: Final = 100.0
"""Seconds by which a mood may be early or late: 90 by the documents, and what a look takes."""

BACK: Final = 1800.0
"""Seconds after the last trouble within which fresh takes are on air again."""

SETTLED: Final = 900.0
"""Seconds after the last trouble from which on moods come in time."""

STATE_BYTES: Final = QUOTA.max_bytes + (300 if SOUND else 25) * 10**6
"""The bank's quota, what is made between two rounds of housekeeping, and a history of 10 MB."""

FORBIDDEN: Final = (
    "blank_began",
    "control_fault",
    "job_failed",
    "part_failed",
    "producer_fault",
    "reload_refused",
    "sink_failed",
    "studio_fault",
    "timeline_fault",
)
_TOLD = ("take", "origin", "reason", "seconds", "playlist", "error", "until", "db")
_LOG = 40  # events kept to be told with what is wrong


@dataclass
class Seen:
    """What the witness has looked at, for the report."""

    blocks: int = 0
    looks: int = 0
    sound: int = 0  # looks at which fresh takes had to be on air
    settled: int = 0  # looks at which the mood had to be right
    airings: int = 0
    origins: Counter[str] = field(default_factory=Counter)  # seconds, of blocks that were heard
    logged: Counter[str] = field(default_factory=Counter)


class Witness:
    """A sink of the runway, and between timeline and fader too; raises AssertionError where something is wrong."""

    def __init__(self, simulation: Simulation) -> None:
        self.seen = Seen()
        self._simulation = simulation
        self._story: deque[str] = deque(maxlen=_LOG)
        self._station: Station | None = None
        self._last: float | None = None
        self._silent = 0
        self._wrong = ""
        self._gain = 1.0
        self._playing: Playing | None = None

    def note(self, event: Event) -> None:
        """Remember what happened, to be told with what is wrong."""
        self._story.append(f"{self._at()} {event}")

    def hear(self, event: dict[str, Any]) -> None:
        """Hear an event of the station's log."""
        name = event["event"]
        self.seen.logged[name] += 1
        said = " ".join(f"{key}={str(value)[-60:]}" for key, value in event.items() if key in _TOLD)
        self._story.append(f"{self._at()}     {name} {said}")
        self._assert(name not in FORBIDDEN, f"{name} was logged")
        if name == "memory":
            self._weigh()

    def began(self, station: Station) -> None:
        """Watch a run of the station."""
        self._station, self._last, self._silent = station, None, 0
        station.broadcast.fader._blocks = _Tap(self, station.broadcast.timeline)
        remove, bank = station.bank._remove, station.bank

        def checked(take_id: str) -> bool:
            air = station.broadcast.timeline
            committed = [player.playing.take_id for player in (air.on_air, air.entering) if player is not None]
            self._assert(take_id not in committed, f"{take_id} was removed while committed")
            return remove(take_id)

        bank._remove = checked
        orders = station.producer._orders

        def wanted() -> Brief | None:
            brief = orders.wanted()
            sections = [take.info.carry.section for take in bank.takes()]
            if brief is not None and brief.carry is not None and brief.carry.latent and sections:
                came_from = round(brief.carry.latent[0])
                self._assert(came_from == max(sections), f"an order goes on from {came_from}, not {max(sections)}")
            return brief

        station.producer._orders = replace(orders, wanted=wanted)

    def ended(self) -> None:
        """Look through the history of the runs that ended."""
        self._station = None
        problems, self.seen.airings = ledger.read(self._simulation.state)
        self._assert(not problems, f"history: {problems}")
        self.tell()

    def mixed(self, block: Block) -> None:
        """Look at a block as the timeline made it."""
        mono = block.pcm[:, 0]
        least, most, last = float(mono.min()), float(mono.max()), self._last
        self._last = float(mono[-1])
        if least > AUDIBLE and most - least < EDGE and last is not None and max(most - last, last - least) < EDGE:
            self._silent = 0
            return  # nearly always
        self._assert(bool(np.isfinite(mono).all()), "no number")
        if last is not None and self._simulation.calm(["card"]) > CUT:
            step = float(np.abs(np.diff(mono, prepend=np.float32(last))).max())
            self._assert(step <= EDGE, f"a step of {step:.3f}")
        loud = np.flatnonzero(mono > AUDIBLE)
        silent = np.diff(np.concatenate(([-1 - self._silent], loud, [len(mono)]))) - 1
        self._assert(float(silent.max()) <= SILENCE * RATE, "silence in the mix")
        self._silent = int(silent[-1]) if len(loud) else self._silent + len(mono)
        self._assert(most <= 1.5 * max(LEVELS), "too loud")

    def offer(self, block: Block) -> None:
        """Look at a block as it leaves."""
        self.seen.blocks += 1
        if block.gain > 0.0:
            self.seen.origins[block.playing.origin] += 1
        self._gain = block.gain
        self._assert(is_sound(block), "a blank block")

    def look(self) -> None:
        """Look at the station between two blocks."""
        station, simulation = self._station, self._simulation
        if station is None:
            return
        self.seen.looks += 1
        ahead = station.broadcast.runway.ahead
        self._assert(MINIMUM <= ahead <= TARGET + BLOCK / RATE, f"{ahead:.2f} s ahead")
        if self.seen.looks % 5 == 0:
            self._look_at_hours(station)
            self._look_at_programme(station, station.broadcast.timeline.playing)
        if self.seen.looks % 1800 == 0:
            size = ledger.size(simulation.state)
            self._assert(size <= STATE_BYTES, f"{size} bytes in the state folder")
        self.tell()

    def tell(self) -> None:
        """Raise what is wrong, if anything is."""
        if self._wrong:
            raise AssertionError(self._wrong)

    def _look_at_hours(self, station: Station) -> None:
        """Check that it is heard when it is open, and only then."""
        now, hours = self._simulation.clock.time(), station.steering.plan.hours
        settled = self._simulation.calm(["clock", "plan", "asked", "restart"]) > 45.0
        if not is_open(hours, now):
            self._simulation.trouble("closed")
            self._assert(not settled or is_open(hours, now - 10.0) or self._gain == 0.0, "heard while closed")
            return
        if station.steering.doorkeeper.paused:
            self._simulation.trouble("asked")
            return
        self._assert(self._gain > 0.0 or not settled or not self._opened(hours, now), "not heard while open")
        if settled and self._opened(hours, now):
            wanted = gain_at(hours, now)
            steady = gain_at(hours, now - 60.0) == wanted
            self._assert(not steady or abs(station.broadcast.fader.gain - wanted) < 1e-3, "another gain than asked for")

    @staticmethod
    def _opened(hours: Any, now: float) -> bool:
        """Return whether it has been open for longer than a fade in, and is for longer than a fade out."""
        return is_open(hours, now - hours.fade_in - 10.0) and is_open(hours, now + hours.fade_out + 5.0)

    def _look_at_programme(self, station: Station, playing: Playing) -> None:
        """Check falling back, and that the mood is right."""
        simulation, active = self._simulation, station.broadcast.director.fallback.active
        calm = simulation.calm()
        if playing is self._playing and self.seen.looks % 15 == 0:  # it has been on since the last look
            if playing.origin == "fresh":
                self._assert(not active, "a fresh take is a fall back")
            elif simulation.calm(["bank", "closed", "asked"]) > 300.0 and not station.bank.unaired():
                self._assert(active, "nothing is fresh, and that is no fall back")
        self._playing = playing
        if calm > BACK and simulation.workshop.making[1] <= 40.0 and not simulation.workshop.spoiling:
            self.seen.sound += 1
            self._assert(not active and playing.origin != "bed", f"still falling back after {calm:.0f} s")
        if calm > SETTLED:
            self.seen.settled += 1
            self._assert(self._fits(station, playing), f"{playing.playlist} is on")

    def _fits(self, station: Station, playing: Playing) -> bool:
        now, programme = self._simulation.clock.time(), station.steering.plan.programme
        near = {playlist_at(programme, now + off) for off in (-MISS, 0.0, MISS)}
        return playing.playlist in near

    def _weigh(self) -> None:
        """Check the bank after housekeeping: what is committed may be over its quota."""
        if self._station is None:
            return
        folders, size = ledger.bank(self._station.bank.root)
        self._assert(folders <= QUOTA.max_takes + 3, f"{folders} takes in the bank")
        self._assert(size <= QUOTA.max_bytes, f"{size} bytes in the bank")

    def _at(self) -> str:
        clock = self._simulation.clock
        return f"{clock.monotonic() - 1000.0:.0f} s:"

    def _assert(self, fine: bool, words: str) -> None:
        """Note what is wrong, with what went before: much of the station goes on whatever is raised in it."""
        if not fine and not self._wrong:
            story = "\n".join(self._story)
            self._wrong = f"{words}, at {self._at()} what went before:\n{story}"


class _Tap:
    """Between timeline and fader."""

    def __init__(self, witness: Witness, blocks: Any) -> None:
        self._witness, self._blocks = witness, blocks

    @property
    def playing(self) -> Playing:
        """Return what is audible."""
        return self._blocks.playing

    def next_block(self) -> Block:
        """Return the timeline's next block."""
        block = self._blocks.next_block()
        self._witness.mixed(block)
        return block
