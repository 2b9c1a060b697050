"""The station of the week: run, step by step, through a list of events on one clock."""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from latentfm import station
from latentfm.broadcast.health import is_sound
from latentfm.config import load_config, load_playlists
from latentfm.errors import LatentFMError
from latentfm.ops.clock import HandClock
from latentfm.station import Station
from week import SOUND, happenings
from week.disk import Disk
from week.events import Later
from week.stand_ins import Stage, install
from week.town import write_config, write_shipped
from week.turns import Turns
from week.witness import Witness
from week.workshop import Workshop

TICK: Final = 0.5 if SOUND else 2.0
"""Seconds between two looks of most parts: as often as the runway sends something."""

BARE: Final = 2
"""Seeds that leave this when divided by three have no takes that ship: the tone bed stands in for them."""

_DIRECTOR = 4.0  # seconds between two looks of a director that has nothing to do
_RECORDER = 30.0


class Simulation:
    """A station whose parts are stepped in turn.

    Attributes:
        station: the run under way, None while the station is off.
        happened: how often each kind of event did.
        troubled: when the last trouble of each kind was over, on the monotonic clock.
    """

    def __init__(
        self,
        folder: Path,
        events: Sequence[Later],
        *,
        seed: int,
        begin: float,
        witness: Callable[[Simulation], Witness] | None = None,
    ) -> None:
        """Prepare a station in a folder; it goes on air at ``begin``, in seconds since 1970."""
        self.clock = HandClock(begin)
        self.seed = seed
        self.disk = Disk(self.clock)
        self.workshop = Workshop(self.clock, seed, self.trouble)
        self.happened: Counter[str] = Counter()
        self.troubled: dict[str, float] = {}
        self.station: Station | None = None
        self.back_at = self.clock.monotonic()
        self.state = folder / "state"
        self.config = folder / "config.toml"
        self.asides: list[tuple[float, happenings.Aside]] = []  # what is to be done later, such as the end of a pause
        self.witness = (witness or Witness)(self)
        self._events = deque(events)
        self._next_at = self.clock.monotonic() + (events[0].after if events else 0.0)
        self._stage = Stage(self.disk, self.workshop, Turns(self.clock), seed, self.witness.hear)
        install(lambda: self._stage)
        if not SOUND:
            station.SHIPPED = folder / "shipped"
            if seed % 3 != BARE:
                write_shipped(station.SHIPPED)
        write_config(self.config, self.state, seed % 4, seed // 4 % 4, seed)

    def play(self, seconds: float) -> None:
        """Go on for some seconds; raise AssertionError where the witness sees something wrong."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            self._happen()
            if self.station is None and self.clock.monotonic() >= self.back_at:
                self._start()
            if self.station is not None:
                self._step(self.station)
            self.clock.sleep(TICK)

    def stop(self, *, killed: bool) -> None:
        """End the run under way: as systemd asks for it, or as a power cut does it."""
        if self.station is None:
            return
        one = self.station
        if killed:
            one.producer.ask_to_stop()
            if one.studio is not None:
                one.studio.close()
            (one.bank.root / ".making-half").mkdir(parents=True, exist_ok=True)
        else:
            self.trouble("restart", 5 * TICK)
            one.steering.leave()
            for _ in range(4):
                self._step(one)
                self.clock.sleep(TICK)
            one.stop()
            one.history.step()
        one.history.close()
        self.disk.forget()
        for folder in self._stage.folders:
            folder.close()
        self.station = None
        self.witness.ended()

    def trouble(self, kind: str, seconds: float = 0.0) -> None:
        """Note that something is amiss for some seconds from now on."""
        self.troubled[kind] = max(self.troubled.get(kind, 0.0), self.clock.monotonic() + seconds)

    def calm(self, kinds: Sequence[str] = ()) -> float:
        """Return for how many seconds nothing has been amiss, of some kinds or of any; negative while something is."""
        ends = [end for kind, end in self.troubled.items() if not kinds or kind in kinds]
        return self.clock.monotonic() - max(ends, default=float("-inf"))

    def _start(self) -> None:
        self._stage = Stage(self.disk, self.workshop, Turns(self.clock), self.seed, self.witness.hear)
        config = load_config(self.config, {})
        one = Station(config, load_playlists(config), clock=self.clock, sinks=[self.witness])
        try:
            one.start()
        except LatentFMError:
            if not self.disk.full:
                raise
            self.back_at = self.clock.monotonic() + 5.0  # as systemd tries it
            return
        self.station = one
        self.trouble("restart")
        self.witness.began(one)

    def _step(self, one: Station) -> None:
        """Let each part of the station have its turn."""
        now = self.clock.monotonic()
        self._stage.turns.go_round()
        self.disk.go_round()
        director = one.broadcast.director
        if now % _DIRECTOR < TICK or director.skipping or director._search is not None:
            director.step()
            self.disk.go_round()
        one.steering.doorkeeper.look()
        one.jobs.check_clock()
        one.jobs._scheduler.look(self.clock.time())
        one.broadcast.runway.step()
        meter = one.broadcast.meter
        while meter._inbox:
            block = meter._inbox.popleft()
            meter._playing = block.playing
            meter._follow(len(block.pcm), audible=is_sound(block))
        if now % _RECORDER < TICK:
            one.history.step()
        self.witness.look()

    def _happen(self) -> None:
        """Let happen what is due."""
        now = self.clock.monotonic()
        for due, aside in [entry for entry in self.asides if entry[0] <= now]:
            self.asides.remove((due, aside))
            aside()
        while self._events and now >= self._next_at:
            event = self._events.popleft().event
            self.happened[type(event).__name__] += 1
            self.witness.note(event)
            happenings.happen(self, event)
            if self._events:
                self._next_at = now + self._events[0].after

    def delete_bank(self) -> None:
        """Remove every take of the bank."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.state / station.BANK)
