"""How fast the spectral engine is, with the weights that ship: as JSON on standard output.

    python tests/parity/compare/bench_spectral.py OUT

Low notes have more harmonics to be added than high ones. It has no counterpart in Magenta; OUT is not used.
"""

from __future__ import annotations

import json
import os
import resource
import time
from typing import Any

import numpy as np

PITCHES = (36, 60, 84)
SECONDS = 4.0
ROUNDS = 5


def median(work: Any) -> float:
    """Return the middle of the seconds that some work takes, warm."""
    work()
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return sorted(taken)[ROUNDS // 2]


def main() -> None:
    """Measure a note at each pitch, on one processor."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    begin = time.perf_counter()
    from latentfm.timbre.pitch import hertz  # noqa: PLC0415 - start-up is measured
    from latentfm.timbre.spectral import engine  # noqa: PLC0415

    spectral = engine.load()
    loaded = time.perf_counter() - begin
    at = np.arange(round(SECONDS * spectral.sample_rate)) / spectral.sample_rate
    lines = []
    for pitch in PITCHES:
        turns = 2 * np.pi * hertz(pitch) * at
        sound = (0.2 * sum(np.sin(turns * number) / number for number in range(1, 11))).astype(np.float32)
        latent = spectral.encode(sound, pitch)
        lines.append(
            {
                "pitch": pitch,
                "seconds": SECONDS,
                "encode_seconds": median(lambda sound=sound, pitch=pitch: spectral.encode(sound, pitch)),
                "synthesize_seconds": median(lambda latent=latent, pitch=pitch: spectral.synthesize([latent], [pitch])),
            }
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([{**line, "load_seconds": loaded, "peak_megabytes": memory} for line in lines], indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
