"""What a state folder holds after a run: the history, read row by row, and the sizes of everything."""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from pathlib import Path

from latentfm.history import FILE


def read(state: Path) -> tuple[list[str], int]:
    """Return what is wrong with the history of a state folder, and how many airings it has."""
    path = state / FILE
    if not path.exists():
        return [], 0
    with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True) as db:
        runs = db.execute("SELECT id, frames FROM runs ORDER BY id").fetchall()
        airings = db.execute("SELECT run, id, first, ifnull(last, 9e18) FROM airings ORDER BY id").fetchall()
        cues = db.execute("SELECT run, id, at FROM cues ORDER BY id").fetchall()
        broken = db.execute("PRAGMA integrity_check").fetchone()[0]
    db.close()
    problems = [] if broken == "ok" else [broken]
    ends = dict(runs)
    for before, after in pairwise(airings):
        if before[0] > after[0] or (before[0] == after[0] and before[2] >= after[2]):
            problems.append(f"airing {after[1]} begins before {before[1]}")
    for one, _, other in zip(airings, airings[1:], airings[2:], strict=False):
        if one[0] == other[0] and one[3] > other[2]:
            problems.append(f"airings {one[1]} and {other[1]} overlap, with one between them")
    for before, after in pairwise(cues):
        if before[0] > after[0] or (before[0] == after[0] and before[2] >= after[2]):
            problems.append(f"cue {after[1]} is not after {before[1]}")
    problems += [f"airing {one[1]} ends before it begins" for one in airings if one[3] < one[2]]
    problems += [f"airing {one[1]} begins after its run" for one in airings if one[2] > ends[one[0]]]
    return problems[:5], len(airings)


def bank(root: Path) -> tuple[int, int]:
    """Return how many folders a bank has, damaged ones too, and their bytes."""
    folders = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    return len(folders), sum(map(size, folders))


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
