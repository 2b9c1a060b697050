"""Measure the station: `make bench`. Prints one line a figure, with its unit; `--json` prints them as JSON.

CPU seconds are those of this process and its threads, so other work on the machine disturbs them little. Times to
first sound are wall time.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentfm.brief import Brief

Figure = tuple[str, float, str]
SETTLE = 45.0  # seconds after which the memory of a running station is read
MP3_BYTES = 24_000  # a second, at 192 kbit/s
LISTEN_BYTES = 48_000
AUDIBLE = 0.001  # -60 dBFS
PRIMER_STEPS = 1
STEPS = 128


def cpu(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what some work returns, and the CPU seconds that it took."""
    begin = time.process_time()
    return work(), time.process_time() - begin


def median_wall(work: Callable[[], object], times: int = 5) -> float:
    """Return the median seconds of some work, after one round that warms up."""
    work()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def model_figures() -> Iterator[Figure]:
    """Yield the time of an RNN's step and of a VAE's decoding."""
    import numpy as np

    from latentfm.models import catalogue

    for entry in catalogue.entries():
        name, rng = entry.card.name, np.random.default_rng(1)
        if entry.card.model.representation == "polyphony":
            voices = catalogue.load_polyphony(name)
            for batch in (1, 32):
                seconds = median_wall(partial(voices.generate, STEPS, rng, 1.0, batch))
                yield f"{name}: a step of all voices, batch of {batch}", seconds / STEPS * 1000, "ms"
        elif entry.card.model.kind == "event_rnn":
            rnn = catalogue.load_rnn(name)
            event = frozenset({36}) if rnn.representation == "drums" else 60
            chords = ["C"] if rnn.follows_chords else None
            for batch in (1, 32):
                primer = [event] * PRIMER_STEPS
                seconds = median_wall(partial(rnn.continue_primer, primer, STEPS, rng, 1.0, batch, chords))
                yield f"{name}: a step, batch of {batch}", seconds / (STEPS + PRIMER_STEPS) * 1000, "ms"
        elif entry.card.model.kind == "music_vae":
            vae = catalogue.load_vae(name)
            for batch in (1, 32):
                z = rng.standard_normal((batch, vae.z_size), dtype=np.float32)
                seconds = median_wall(partial(vae.decode, z, rng, 0.5))
                yield f"{name}: decoding {batch} x {vae.steps} steps", seconds * 1000, "ms"


def making_figures(seeds: int) -> Iterator[Figure]:
    """Yield the CPU seconds of each stage for a minute of music."""
    import lameenc
    import numpy as np

    from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE
    from latentfm.compose import compose
    from latentfm.render.master import master
    from latentfm.render.render import render

    spent = dict.fromkeys(("composing", "rendering", "mastering", "encoding"), 0.0)
    minutes = 0.0
    for number, brief in enumerate(briefs(seeds + 1)):
        section, composing = cpu(partial(compose, brief))
        audio, rendering = cpu(partial(render, section.sequence, brief.playlist))
        (audio, _report), mastering = cpu(partial(master, audio, brief.loudness))
        encoder = lameenc.Encoder()
        encoder.set_bit_rate(192)
        encoder.set_in_sample_rate(SAMPLE_RATE)
        encoder.set_channels(CHANNELS)
        encoder.silence()
        samples = (np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes()
        _, encoding = cpu(lambda e=encoder, s=samples: e.encode(s) + e.flush())
        if number == 0:
            continue  # the first loads libraries and models
        minutes += len(audio) / SAMPLE_RATE / 60
        for stage, seconds in zip(spent, (composing, rendering, mastering, encoding), strict=True):
            spent[stage] += seconds
    for stage, seconds in spent.items():
        yield f"{stage}, a minute of music", seconds / minutes, "CPU s"
    yield "all together, a minute of music", sum(spent.values()) / minutes, "CPU s"


def studio_figures(seeds: int) -> Iterator[Figure]:
    """Yield the peak memory of a process that makes takes as the studio's child does."""
    from latentfm.studio.produce import produce

    with tempfile.TemporaryDirectory() as folder:
        for brief in briefs(seeds):
            produce(brief, Path(folder))
    yield "studio, peak memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB"


def briefs(seeds: int) -> Iterator[Brief]:
    """Yield orders for first sections of the mood `day`, each with a seed of its own."""
    from latentfm.config import find_playlist, load_config, load_playlist
    from latentfm.orders import next_brief
    from latentfm.sources import sources_of
    from latentfm.timbre.voicing import voiced

    playlist = voiced(load_playlist(find_playlist(load_config(environ={}), "day")))
    sources = sources_of(playlist)
    for seed in range(seeds):
        yield next_brief(
            station_seed=seed,
            section=0,
            playlist=playlist,
            sources=sources,
        )


def station_figures(starts: int) -> Iterator[Figure]:
    """Yield the times from `latentfm run`, its bank empty, to the first sound at a listener; and the memory then."""
    seconds = [start_station(SETTLE if number == 0 else 0.0) for number in range(starts)]
    times = sorted(first for first, _ in seconds)
    yield f"first sound of a new station, median of {starts} starts", statistics.median(times), "s"
    yield "the slowest of them", times[-1], "s"
    yield "streaming process, memory", seconds[0][1], "MB"


def start_station(settle: float) -> tuple[float, float]:
    """Start a station and listen; return the seconds to the first sound, and its memory in MiB ``settle`` s later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as state:
        environ = {**os.environ, "LATENTFM_WEB__PORT": str(port), "LATENTFM_STATION__STATE_DIR": state}
        log = Path(state) / "log"
        begin = time.monotonic()
        with log.open("wb") as stderr:
            station = subprocess.Popen([sys.executable, "-m", "latentfm", "run"], env=environ, stderr=stderr)
        try:
            first = first_sound(f"http://127.0.0.1:{port}/stream.mp3", station) - begin
            time.sleep(settle)
            return first, resident_mb(station.pid)
        finally:
            station.terminate()
            station.wait(10)


def first_sound(url: str, station: subprocess.Popen[bytes]) -> float:
    """Return when a listener got the first byte of MP3 that is heard: whose sample is louder than -60 dBFS."""
    import numpy as np
    import soundfile

    data, arrivals = b"", []
    for chunk in chunks(url, station):
        data += chunk
        arrivals.append((len(data), time.monotonic()))
        if len(data) < LISTEN_BYTES:
            continue
        pcm, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
        audible = np.flatnonzero(np.abs(pcm).max(axis=1) > AUDIBLE)
        if audible.size:
            byte = audible[0] / rate * MP3_BYTES
            return next(at for received, at in arrivals if received >= byte)
    raise SystemExit("the stream ended before a sound")


def chunks(url: str, station: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what a listener receives, as it comes; connect again until the station is there."""
    for _ in range(600):
        if station.poll() is not None:
            raise SystemExit(f"the station ended with status {station.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=60) as stream:
                while chunk := stream.read1(4096):
                    yield chunk
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise SystemExit("no sound after 30 s")


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Figure]]] = {
    "models": lambda _options: model_figures(),
    "making": lambda options: making_figures(options.seeds),
    "studio": lambda options: studio_figures(options.seeds),
    "station": lambda options: station_figures(options.starts),
}


def main() -> None:
    """Measure what was asked for, each part in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; everything without any")
    parser.add_argument("--seeds", type=int, default=3, help="sections to make")
    parser.add_argument("--starts", type=int, default=10, help="times a station is started")
    parser.add_argument("--json", action="store_true", help="print JSON, one figure a line")
    options = parser.parse_args()
    if len(options.parts) != 1:
        rest = [f"--seeds={options.seeds}", f"--starts={options.starts}", *(["--json"] if options.json else [])]
        for part in options.parts or PARTS:
            subprocess.run([sys.executable, __file__, part, *rest], check=True)
        return
    for name, value, unit in PARTS[options.parts[0]](options):
        if options.json:
            print(json.dumps({"figure": name, "value": round(value, 3), "unit": unit}), flush=True)
        else:
            print(f"{name:<52} {value:9.2f} {unit}", flush=True)


if __name__ == "__main__":
    main()
