"""How fast Magenta's MusicVAEs are: warm `sample` of 1, 8 and 32 windows, start-up and memory, as JSON.

Run it under the Python that has Magenta 2.1.4; the checkpoints that it draws stay in OUT for our side
(`compare/bench_music_vae.py`), so that both play the same weights:

    python tests/parity/oracle/bench_music_vae.py OUT

Each is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

CONFIGURATIONS = ("cat-mel_2bar_big", "hierdec-trio_16bar")
WINDOWS = (1, 8, 32)
ROUNDS = 5


def write(name: str, folder: Path) -> None:
    """Write a full-size checkpoint drawn at random, unless it is there."""
    if (folder / name / "model.ckpt.index").exists():
        return
    import music_vae  # beside this file
    import tensorflow.compat.v1 as tf

    (folder / name).mkdir(parents=True, exist_ok=True)
    config = music_vae.settings(name, full=True)
    steps, depth = config.hparams.max_seq_len, config.data_converter.input_depth
    with tf.Graph().as_default(), tf.Session() as session:
        config.model.build(config.hparams, config.data_converter.output_depth, is_training=False)
        z = tf.zeros([music_vae.ROWS, config.hparams.z_size])
        config.model.sample(music_vae.ROWS, max_length=steps, z=z, temperature=1.0)
        lengths = tf.fill([music_vae.ROWS], steps)
        config.model.encode(tf.zeros([music_vae.ROWS, steps, depth]), lengths)
        music_vae.load(session, music_vae.draw_all(music_vae.NAMES.index(name), config.data_converter))
        music_vae.write(folder / name, session, packed=False)


def measure(name: str, folder: Path, windows: int) -> None:
    """Time one model as Magenta's own class loads and samples it; print JSON."""
    marks = [time.perf_counter()]
    import numpy as np
    from magenta.models.music_vae import TrainedModel, configs

    marks.append(time.perf_counter())
    config = configs.CONFIG_MAP[name]
    model = TrainedModel(config, batch_size=windows, checkpoint_dir_or_path=str(folder / name / "model.ckpt"))
    marks.append(time.perf_counter())
    spent = []
    for _ in range(ROUNDS + 1):
        spent.append(-time.process_time())
        model.sample(windows, config.hparams.max_seq_len, temperature=1.0)
        spent[-1] += time.process_time()
        marks.append(time.perf_counter())
    lasted = [float(length) for length in np.diff(marks)]
    figures = {
        "configuration": name,
        "windows": windows,
        "import_seconds": lasted[0],
        "load_seconds": lasted[1],
        "first_seconds": lasted[2],
        "warm_seconds": lasted[3:],
        "processor_seconds": sorted(spent[1:])[ROUNDS // 2],
        "median_seconds": sorted(lasted[3:])[ROUNDS // 2],
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def main() -> None:
    """Measure each configuration, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=CONFIGURATIONS)
    parser.add_argument("--part", choices=("write", "measure"), help="what a process of this script does")
    parser.add_argument("--windows", type=int, default=WINDOWS[0])
    options = parser.parse_args()
    if options.part == "write":
        write(options.only[0], options.out)
        return
    if options.part == "measure":
        measure(options.only[0], options.out, options.windows)
        return
    figures = []
    for name in options.only:
        command = [sys.executable, __file__, str(options.out), "--only", name, "--part"]
        subprocess.run([*command, "write"], check=True, stdout=subprocess.DEVNULL)
        for windows in WINDOWS:
            part = [*command, "measure", "--windows", str(windows)]
            done = subprocess.run(part, check=True, stdout=subprocess.PIPE)
            figures.append(json.loads(done.stdout.splitlines()[-1]))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
