"""The takes that ship: what a new station plays first, and what it plays when its studio makes nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from latentfm.audio import gate
from latentfm.bank import TakeReader, read_take
from latentfm.broadcast import load_shipped
from latentfm.config import load_config, playlist_names
from latentfm.station import SHIPPED

EACH = 2
LARGEST = 12_000_000  # bytes
FOLDERS = sorted(path for path in SHIPPED.iterdir() if path.is_dir())


def test_two_takes_of_each_mood_ship_in_twelve_megabytes() -> None:
    """Every playlist that ships has two takes or more, and all of them stay small."""
    moods = Counter(info.playlist for info in load_shipped(SHIPPED).infos)
    assert set(moods) == set(playlist_names(load_config(environ={})))
    assert min(moods.values()) >= EACH
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= LARGEST


def test_takes_that_ship_have_titles_of_their_own() -> None:
    """No two takes that ship have the same title."""
    titles = [info.title for info in load_shipped(SHIPPED).infos]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_ships_may_air(folder: Path) -> None:
    """A take that ships decodes to what its description promises, and passes the gate."""
    take = read_take(folder, "take.opus")
    with TakeReader(take.folder / "take.opus") as reader:
        audio = reader.read(2 * take.info.frames)
    gate.check(audio, frames=take.info.frames, lufs=take.info.lufs, max_silence=take.info.max_silence, ceiling=0.0)
