"""``python -m week.hour``: an hour of the week with real sound, unpaced: takes that ship, 48 kHz, limiter and all.

Needs ``WEEK_SOUND=1`` in the environment. Prints JSON, or raises what is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latentfm.audio.loudness import gated, momentary, true_peak
from latentfm.broadcast.block import Block
from latentfm.broadcast.cues import Cue
from latentfm.monitor.judge import Judge, Limits
from latentfm.station import Station
from week import RATE, SOUND
from week.events import MINUTE, BankGone, CardStalls, Chance, DiskFull, Machine, Request, Restart, StudioFails
from week.events import TakesSpoilt as Spoilt
from week.simulation import Simulation
from week.town import moment
from week.witness import CUT, Witness

if TYPE_CHECKING:
    from latentfm.audio.pcm import Pcm

SILENCE: Final = 0.5
PEAK: Final = -0.9
"""dBTP: the limiter's ceiling is -1."""

LOUDNESS: Final = -16.0
TOLERANCE: Final = 4.0
"""LU over three minutes: moods are up to 3 softer than the station, and pieces have soft ends."""

JUMP: Final = 8.0
"""LU between the three seconds before the middle of a crossfade and the three after it: pieces begin and end softly."""

_KINDS = (
    (Request, (("skip",), ("",), (0.0,))),
    (Spoilt, ((("short",), ("silent",), ("loud",), ("nothing", "silent", "short")),)),
    (Machine, ((1.0, 5.0),)),
    (StudioFails, ((2 * MINUTE, 10 * MINUTE), ("hangs", "dies", "rejects"))),
    (BankGone, ()),
    (DiskFull, ((20.0, 5 * MINUTE),)),
    (CardStalls, ((3.0, 15.0, 40.0),)),
    (Restart, ((1.0,), (False, True))),
)
NOON: Final = "2026-11-22 12:00"
_PIECE = 10 * RATE  # frames that are measured at once


class Listener(Witness):
    """A witness that hears."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.peak, self.heard, self.longest = 0.0, 0, 0.0
        self.levels: list[float] = []  # LUFS of each 0.4 s, one each 0.1 s
        self.cuts = 0
        self._changes: list[int] = []  # places in the levels at which another take came to be heard
        self._limits = Limits(silence=SILENCE, loudness=LOUDNESS, tolerance=TOLERANCE, title=300.0)
        self._judge = Judge(self._limits)
        self._piece: list[Pcm] = []
        self._tail = np.zeros((0, 2), np.float32)

    def began(self, station: Station) -> None:
        """Hear a run of the station: a new one begins anew."""
        super().began(station)
        self._measure()
        self._judge, self._tail = Judge(self._limits), np.zeros((0, 2), np.float32)
        note = station.broadcast.cues._put

        def noted(cue: Cue) -> None:
            cut = cue.cause in ("ran_dry", "fault", "starved")
            self.cuts += cut
            self._assert(not cut or self._simulation.calm(["card"]) < CUT, f"a cut: {cue.cause}")
            note(cue)

        station.broadcast.cues._put = noted

    def mixed(self, block: Block) -> None:
        """Leave the mix alone: what leaves is heard."""

    def offer(self, block: Block) -> None:
        """Hear a block as it leaves."""
        super().offer(block)
        if block.gain < 1.0:  # a fade, as when the station leaves the air
            return
        if self._judge.title not in (None, block.playing.take_id):
            self._changes.append(len(self.levels) + 10 * sum(map(len, self._piece)) // RATE)
        self._judge.name(block.playing.take_id)
        for fault in self._judge.hear(block.pcm):
            self._assert(False, fault.text)
        self.longest = max(self.longest, self._judge.silence)
        self.heard += len(block.pcm)
        self._piece.append(block.pcm)
        if sum(map(len, self._piece)) >= _PIECE:
            self._measure()

    @property
    def jump(self) -> float:
        """Return the largest change of loudness in a crossfade, in LU."""
        sides = [(self.levels[at - 34 : at - 4], self.levels[at : at + 30]) for at in self._changes if at >= 34]
        return max((abs(gated(np.array(one)) - gated(np.array(other))) for one, other in sides), default=0.0)

    def _look_at_programme(self, *_: Any) -> None:
        """Leave the programme aside: what ships is not as long as it would have to be."""

    def _measure(self) -> None:
        """Measure what was heard since the last time."""
        if not self._piece:
            return
        pcm = np.concatenate((self._tail, *self._piece))
        self._piece.clear()
        self._assert(bool(np.isfinite(pcm).all()), "no number")
        self.peak = max(self.peak, true_peak(pcm)) if self.levels else true_peak(pcm)
        self._assert(self.peak <= PEAK, f"a true peak of {self.peak:.2f} dBTP")
        self.levels += list(momentary(pcm))
        self._tail = pcm[-3 * RATE // 10 :]


def chance() -> type[Chance]:
    """Return what may happen in the hour: nothing that is to be silent, and no other time of day."""
    return type("HourChance", (Chance,), {"kinds": property(lambda _: _KINDS)})


def play(seed: int, seconds: float, every: float) -> dict[str, Any]:
    """Play the events of a seed and return what was heard."""
    events = chance()(0, 0, ()).of_seed(seed, seconds, every)
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        # The third programme, with many moods at noon, and open all day.
        simulation = Simulation(Path(folder), events, seed=16 * seed + 3, begin=moment(NOON), witness=Listener)
        simulation.play(seconds)
        simulation.stop(killed=False)
    heard = simulation.witness
    assert isinstance(heard, Listener)
    heard._measure()
    heard.tell()
    assert heard.jump <= JUMP, f"a crossfade changes the loudness by {heard.jump:.1f} LU"
    return {
        "seed": seed,
        "minutes": round(heard.heard / RATE / 60.0, 1),
        "cpu_seconds": round(time.process_time() - began, 1),
        "events": dict(simulation.happened),
        "heard": dict(heard.seen.origins),
        "true_peak": round(heard.peak, 2),
        "lufs": round(gated(np.array(heard.levels)), 2),
        "longest_silence": round(heard.longest, 2),
        "largest_change_lu": round(heard.jump, 1),
        "cuts": heard.cuts,
        "logged": dict(heard.seen.logged),
    }


def main() -> int:
    """Play what is asked for; return 0."""
    parser = argparse.ArgumentParser(prog="week.hour", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=4.0, help="minutes between two events, on average")
    options = parser.parse_args()
    if not SOUND:
        parser.error("set WEEK_SOUND=1 in the environment: without it there is nothing to be heard")
    for seed in options.seeds:
        print(json.dumps(play(seed, options.minutes * 60.0, options.every * 60.0)), flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
