"""Compare what ``latentfm recreate`` makes with a tape of what left the timeline: ``compare_recreation.py TAPE``.

The tape is raw PCM, float32, little-endian, stereo, from the first frame of the latest run on (``scripts/evening.py
--tap TAPE`` writes one). Without moments, four are chosen from the cue log: within a crossfade, a fall back, a take,
and a passage that the limiter held down, as far as the run had them. The exit status is 1 if a sample differs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile as sf

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.broadcast.cues import Cue
from latentfm.config import load_config
from latentfm.history import FILE, Shelf, moments
from latentfm.history.archive import Archive, Place, spoken
from latentfm.history.recreate import make
from latentfm.station import BANK, SHIPPED

_FULL = 10 ** (-1.05 / 20)  # where the tape is this loud the limiter was probably at work


def main() -> int:
    """Compare each moment; return the exit status."""
    arguments = _arguments()
    state = load_config(arguments.config, os.environ).station.state_dir
    tape = np.memmap(arguments.tape, dtype="<f4", mode="r").reshape(-1, CHANNELS)
    with Archive(state / FILE) as archive, tempfile.TemporaryDirectory() as folder:
        run = arguments.run or archive.airings(last=1)[-1].run
        known = min(archive.frames(run), len(tape))
        if arguments.moments:
            at = [archive.locate(moments.parse(moment, time.time())) for moment in arguments.moments]
            places = [("as asked", place.frame) for place in at if place.run == run]
            if len(places) < len(at):
                sys.exit(f"not all of these moments are in run {run}, of which the tape is")
        else:
            places = list(_choose(archive, run, known, tape))
        differing = 0
        for name, middle in places:
            start = max(middle - round(arguments.seconds * SAMPLE_RATE / 2), 0)
            stop = min(start + round(arguments.seconds * SAMPLE_RATE), known)
            out = Path(folder) / "again.wav"
            began = time.monotonic()
            made = make(archive, Shelf(state / BANK, SHIPPED), Place(run, start), stop, out)
            again, _ = sf.read(out, dtype="float32")
            wrong = int(np.count_nonzero(again != tape[start:stop]))
            differing += wrong
            took = time.monotonic() - began
            print(
                f"{name}: {spoken(made.wall)}, frames {start} to {stop} of run {run}: "
                f"{wrong} of {again.size} samples differ; {took:.1f} s"
            )
            for doubt in made.doubts:
                print(f"  {doubt}")
    return int(differing > 0)


def _choose(archive: Archive, run: int, known: int, tape: Pcm) -> Iterator[tuple[str, int]]:
    """Yield the names of moments and the frames in the middle of them."""
    log = [note for note in archive.log(run, 0, known) if isinstance(note, Cue)]
    crossfades = [cue.at + cue.length // 2 for cue in log if cue.entering is not None and cue.position == 0]
    if crossfades:
        yield "within a crossfade", crossfades[len(crossfades) // 2]
    airings = [airing for airing in archive.airings() if airing.run == run and airing.first < known]
    for name, origins in (("within a fall back", ("bed", "shipped", "bank")), ("within a take", ("fresh",))):
        found = [airing for airing in airings if airing.origin in origins]
        if found:
            longest = max(found, key=lambda airing: airing.seconds)
            yield name, (longest.first + min(longest.last, known)) // 2
    loud = np.flatnonzero(np.abs(tape[:known]).max(axis=1) > _FULL)
    if loud.size:
        yield "within a limited passage", int(loud[loud.size // 2])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tape", type=Path)
    parser.add_argument("moments", nargs="*", help="times, as `latentfm recreate` takes them; the middle of a stretch")
    parser.add_argument("--config", type=Path, help="the station's configuration")
    parser.add_argument("--run", type=int, help="the run that was taped; the latest unless told")
    parser.add_argument("--seconds", type=float, default=20.0, help="how much to compare at each moment")
    return parser.parse_intermixed_args()  # moments may stand after the options


if __name__ == "__main__":
    sys.exit(main())
