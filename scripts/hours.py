"""Make an hour of each mood, unpaced: `make hours`. Writes docs/hours.md.

Each mood is a process of its own, one for each core at a time, niced. Takes are rendered, pass the gate, are measured
and deleted. What was measured is kept in build/hours, from where `--write` makes the document anew.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from latentfm.config import find_playlist, load_config, load_playlist, playlist_names
from latentfm.ops import logs
from latentfm.planner import HEARD
from latentfm.playlist import Playlist
from latentfm.report import hours, hours_page
from latentfm.report.hours import Hour

ROOT = Path(__file__).parents[1]
DOCUMENT, KEPT = ROOT / "docs" / "hours.md", ROOT / "build" / "hours"
NICENESS = 10


def start() -> None:
    """Step back behind other work."""
    os.nice(NICENESS)
    logs.configure("error")


def listen(playlist: Playlist, minutes: float, seed: int, loudness: float) -> Hour:
    """Make the takes of one mood in a folder that is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        return hours.listen(playlist, Path(folder), heard=HEARD, seconds=60 * minutes, seed=seed, loudness=loudness)


def main() -> int:
    """Make the hours and write the document; return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("playlists", nargs="*", help="names of playlists; all that are there without any")
    parser.add_argument("--minutes", type=float, default=hours.HOUR / 60, help="of music, each mood")
    parser.add_argument("--seed", type=int, default=1, help="of the station")
    parser.add_argument("--write", action="store_true", help="make nothing; write the document of what is kept")
    options = parser.parse_args()
    config = load_config(environ={})
    known = playlist_names(config)
    KEPT.mkdir(parents=True, exist_ok=True)
    if not options.write:
        playlists = [load_playlist(find_playlist(config, name)) for name in options.playlists or known]
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[variable] = "1"
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), start) as pool:
            making = [
                pool.submit(listen, playlist, options.minutes, options.seed, config.station.loudness)
                for playlist in playlists
            ]
            for made in as_completed(making):
                hour = made.result()
                (KEPT / f"{hour.mood}.json").write_text(hour.model_dump_json(), encoding="utf-8")
                print(f"{hour.mood}: {len(hour.takes)} sections, {hour.cpu_seconds:.0f} CPU s", flush=True)
    kept = [Hour.model_validate_json(path.read_bytes()) for path in sorted(KEPT.glob("*.json")) if path.stem in known]
    DOCUMENT.write_text(hours_page.markdown(kept), encoding="utf-8")
    for said in hours_page.verdicts(kept):
        print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
