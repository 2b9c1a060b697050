"""Measure many sections of each mood: `make figures`. Writes docs/figures (a table, a page, a picture of each mood).

For each playlist 50 sections are composed from seeds of their own and 50 that go on from one another; nothing is
rendered but one section a mood, for its picture. What was measured is kept in build/figures, from where `--write`
makes the documents anew. Uses all cores, niced.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from latentfm.config import find_playlist, load_config, load_playlist, playlist_names
from latentfm.ops import logs
from latentfm.orders import next_brief
from latentfm.playlist import Playlist
from latentfm.report import survey, survey_page
from latentfm.report.survey import Survey
from latentfm.sources import sources_of
from latentfm.timbre.voicing import voiced

ROOT = Path(__file__).parents[1]
DOCS, KEPT = ROOT / "docs" / "figures", ROOT / "build" / "figures"
WIDTH, DPI = 13.0, 66  # inches, and dots each, of the pictures: they stay below 150 kB
NICENESS = 10


def start() -> None:
    """Step back behind other work, and leave the other core to the other process."""
    os.nice(NICENESS)
    logs.configure("warning")


def draw(playlist: Playlist, path: Path) -> None:
    """Render one section of a mood and draw it."""
    from latentfm.compose import compose
    from latentfm.report import picture
    from latentfm.report.piece import Piece
    from latentfm.studio.produce import finish

    playlist = voiced(playlist)
    sources = sources_of(playlist)
    brief = next_brief(
        station_seed=survey.CHAIN_SEED,
        section=0,
        playlist=playlist,
        sources=sources,
    )
    section = compose(brief)
    audio, info = finish(brief, section)
    picture.write_png(Piece(section, info, audio), path, width=WIDTH, dpi=DPI)


def measure(pool: ProcessPoolExecutor, playlists: list[Playlist], seeds: int) -> list[Survey]:
    """Compose and measure; each chain is a task of its own, so it begins first."""
    chains = [pool.submit(survey.chain, playlist, seeds) for playlist in playlists]
    drawn = [pool.submit(draw, playlist, DOCS / f"{playlist.name}.png") for playlist in playlists]
    singles: list[list[Future[survey.Finding]]] = [
        [pool.submit(survey.single, playlist, seed) for seed in range(1, seeds + 1)] for playlist in playlists
    ]
    found = []
    for playlist, chained, each in zip(playlists, chains, singles, strict=True):
        began = time.monotonic()
        found.append(survey.survey(playlist, [future.result() for future in each], chained.result()))
        print(f"{playlist.name}: {seeds} single sections and a chain, {time.monotonic() - began:.0f} s", flush=True)
    for picture in drawn:
        picture.result()
    return found


def main() -> int:
    """Measure and write; return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("playlists", nargs="*", help="names of playlists; all that are there without any")
    parser.add_argument("--seeds", type=int, default=survey.SEEDS, help="sections of each kind")
    parser.add_argument("--write", action="store_true", help="compose nothing; write the documents of what is kept")
    options = parser.parse_args()
    config = load_config(environ={})
    known = playlist_names(config)
    names = options.playlists or known
    DOCS.mkdir(parents=True, exist_ok=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    if not options.write:
        playlists = [load_playlist(find_playlist(config, name)) for name in names]
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[variable] = "1"
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), start) as pool:
            for found in measure(pool, playlists, options.seeds):
                (KEPT / f"{found.mood}.json").write_text(found.model_dump_json(), encoding="utf-8")
    kept = [Survey.model_validate_json(path.read_bytes()) for path in sorted(KEPT.glob("*.json")) if path.stem in known]
    (DOCS / "README.md").write_text(survey_page.markdown(kept), encoding="utf-8")
    (DOCS / "index.html").write_text(survey_page.page(kept), encoding="utf-8")
    print(f"{DOCS.relative_to(ROOT)}: {', '.join(found.mood for found in kept)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
