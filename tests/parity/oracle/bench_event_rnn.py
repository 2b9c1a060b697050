"""How fast Magenta's event RNNs are: warm continuations, start-up and memory, as JSON on standard output.

Run it under the Python that has Magenta 2.1.4; the checkpoints that it draws stay in OUT for our side
(`compare/bench_event_rnn.py`), so that both play the same weights:

    python tests/parity/oracle/bench_event_rnn.py OUT

Each configuration is measured as its generator class is configured, with a graph of batch 128, and with one of
batch 1; each in a process of its own. ``warm`` is from NoteSequence to NoteSequence, ``warm_events`` the model
alone, from events to events.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STEPS = {"attention_rnn": 128, "drum_kit": 64}
FAMILY = {"attention_rnn": "melody_rnn", "drum_kit": "drums_rnn"}
CONFIGURED = 128  # batch
ROUNDS = {CONFIGURED: 3, 1: 15}


def configuration(name: str, batch: int) -> Any:
    """Return a configuration with a batch."""
    family = FAMILY[name]
    config = importlib.import_module("magenta.models.{0}.{0}_model".format(family)).default_configs[name]
    config.hparams.batch_size = batch
    return config


def write(name: str, folder: Path) -> None:
    """Write a full-size checkpoint drawn at random, unless it is there."""
    if (folder / name / "model.ckpt.index").exists():
        return
    import event_rnn  # beside this file
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    (folder / name).mkdir(parents=True, exist_ok=True)
    event_rnn.write_checkpoint(configuration(name, 1), folder / name / "model.ckpt", 3, voices=False)


def request(name: str, qpm: float = 120.0) -> Any:
    """Return a primer of one bar and what the generator is asked for behind it."""
    from note_seq.protobuf import generator_pb2, music_pb2

    step = 15.0 / qpm
    primer = music_pb2.NoteSequence(ticks_per_quarter=220)
    primer.tempos.add(qpm=qpm)
    for at, pitch in enumerate((36, 42, 38, 42) if name == "drum_kit" else (60, 64, 67, 64)):
        primer.notes.add(pitch=pitch, velocity=100, start_time=4 * at * step, end_time=(4 * at + 3.6) * step)
    primer.total_time = 16 * step
    options = generator_pb2.GeneratorOptions()
    options.generate_sections.add(start_time=15.7 * step, end_time=(16.2 + STEPS[name]) * step)
    options.args["temperature"].float_value = 1.0
    return primer, options


def events(name: str, model: Any) -> Any:
    """Return what continues one event without NoteSequences."""
    import note_seq

    if name == "drum_kit":
        drums = note_seq.DrumTrack([frozenset([36])])
        return lambda: model.generate_drum_track(STEPS[name] + 1, drums)
    melody = note_seq.Melody([60])
    return lambda: model.generate_melody(STEPS[name] + 1, melody)


def timed(run: Any, rounds: int) -> list[float]:
    """Time a few rounds, after one that does not count."""
    run()
    lasted = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        lasted.append(time.perf_counter() - begun)
    return lasted


def measure(name: str, folder: Path, batch: int) -> None:
    """Time one generator; print JSON."""
    marks = [time.perf_counter()]
    import tensorflow.compat.v1 as tf

    generators = importlib.import_module("magenta.models.{0}.{0}_sequence_generator".format(FAMILY[name]))
    marks.append(time.perf_counter())
    tf.disable_v2_behavior()
    configuration(name, batch)
    generator = generators.get_generator_map()[name](checkpoint=str(folder / name / "model.ckpt"), bundle=None)
    generator.initialize()
    marks.append(time.perf_counter())
    primer, options = request(name)
    warm = timed(lambda: generator.generate(primer, options), ROUNDS[batch])
    figures = {
        "configuration": name,
        "batch": batch,
        "steps": STEPS[name],
        "import_seconds": marks[1] - marks[0],
        "load_seconds": marks[2] - marks[1],
        "warm_seconds": warm,
        "median_seconds": sorted(warm)[len(warm) // 2],
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if batch == 1:
        alone = timed(events(name, generator._model), ROUNDS[batch])
        figures["warm_events_seconds"] = alone
        figures["median_events_seconds"] = sorted(alone)[len(alone) // 2]
    print(json.dumps(figures))


def main() -> None:
    """Measure each configuration, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=list(STEPS))
    parser.add_argument("--part", choices=("write", "measure"), help="what a process of this script does")
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    if options.part == "write":
        write(options.only[0], options.out)
        return
    if options.part == "measure":
        measure(options.only[0], options.out, options.batch)
        return
    figures = []
    for name in options.only:
        command = [sys.executable, __file__, str(options.out), "--only", name, "--part"]
        subprocess.run([*command, "write"], check=True, stdout=subprocess.DEVNULL)
        for batch in (CONFIGURED, 1):
            part = [*command, "measure", "--batch", str(batch)]
            done = subprocess.run(part, check=True, stdout=subprocess.PIPE)
            figures.append(json.loads(done.stdout.splitlines()[-1]))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
