"""The history on disk: one SQLite file, written by one recorder and read by anybody.

Times are seconds since 1970 (so UTC), frames are counted from the first of a run at 48 kHz. In WAL mode a commit waits
for no disk, readers and the writer do not wait for one another, and a process that is killed leaves a sound file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from latentfm.broadcast.cues import Anchor, BedSource, Cue, Hole, Source
from latentfm.history.packing import pack
from latentfm.music.keys import key_name
from latentfm.take import TakeInfo

FILE = "history.sqlite"
SCHEMA = 1
_DAY = 86_400.0
_MB = 10**6
_WAIT = 5.0  # seconds that a writer waits for whoever else holds the file
_AT_ONCE = 100  # airings that pruning for size removes at a time

_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, began REAL NOT NULL, frames INTEGER NOT NULL, machine TEXT NOT NULL);
CREATE TABLE anchors (
    run INTEGER NOT NULL REFERENCES runs, frame INTEGER NOT NULL, wall REAL NOT NULL,
    PRIMARY KEY (run, frame)) WITHOUT ROWID;
CREATE INDEX anchors_by_wall ON anchors (wall);
CREATE TABLE takes (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key TEXT NOT NULL, qpm REAL NOT NULL, seed INTEGER NOT NULL,
    audio TEXT, notes TEXT, document BLOB NOT NULL);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE take_parts (
    take INTEGER NOT NULL REFERENCES takes, part INTEGER NOT NULL REFERENCES parts,
    PRIMARY KEY (take, part)) WITHOUT ROWID;
CREATE INDEX take_parts_by_part ON take_parts (part);
CREATE TABLE airings (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, wall REAL NOT NULL, first INTEGER NOT NULL,
    last INTEGER, origin TEXT NOT NULL, title TEXT NOT NULL, playlist TEXT NOT NULL,
    take INTEGER REFERENCES takes, bed TEXT);
CREATE INDEX airings_by_wall ON airings (wall);
CREATE INDEX airings_by_take ON airings (take);
CREATE TABLE cues (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, at INTEGER NOT NULL, passage INTEGER NOT NULL,
    sounding INTEGER REFERENCES airings, sounding_offset INTEGER,
    entering INTEGER REFERENCES airings, entering_offset INTEGER,
    position INTEGER NOT NULL, length INTEGER NOT NULL, risen INTEGER NOT NULL, cause TEXT NOT NULL);
CREATE INDEX cues_by_frame ON cues (run, at)
"""

# What nothing refers to once airings are gone. What is left of a run begins with its first airing that is left.
_SWEEP = """
DELETE FROM runs WHERE id < (SELECT max(id) FROM runs) AND NOT EXISTS (SELECT 1 FROM airings WHERE run = runs.id);
DELETE FROM cues WHERE at < ifnull((SELECT min(first) FROM airings WHERE run = cues.run), 9e18);
DELETE FROM anchors WHERE frame < ifnull((SELECT max(other.frame) FROM anchors AS other WHERE other.run = anchors.run
    AND other.frame <= (SELECT min(first) FROM airings WHERE run = anchors.run)), 0)
    OR NOT EXISTS (SELECT 1 FROM runs WHERE id = anchors.run);
CREATE TEMP TABLE gone AS SELECT id FROM takes WHERE NOT EXISTS (SELECT 1 FROM airings WHERE take = takes.id);
CREATE TEMP TABLE loose AS SELECT DISTINCT part FROM take_parts WHERE take IN gone;
DELETE FROM take_parts WHERE take IN gone;
DELETE FROM takes WHERE id IN gone;
DELETE FROM parts WHERE id IN loose AND NOT EXISTS (SELECT 1 FROM take_parts WHERE part = parts.id);
DROP TABLE gone;
DROP TABLE loose
"""


class UnusableError(sqlite3.DatabaseError):
    """A file that is a history, but of another edition."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept: days, and 10^6 bytes of the file in use, whichever is less.

    Of the newest airings ``least``, some two days, stay at any age: a clock may be wrong by years for an hour.
    """

    keep_days: float = 90.0
    max_mb: float = 1000.0
    least: int = 2_000


@dataclass(frozen=True, slots=True)
class TakeRecord:
    """What is kept of a take: its whole description, and checksums of its audio and of its MIDI file."""

    info: TakeInfo
    audio: str | None = None
    notes: str | None = None


class Store:
    """The writer's side. Every method but ``prune`` belongs inside ``with store.batch()``; all raise sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, or make it.

        Raises:
            sqlite3.Error: it can't be opened, or is no history.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened in the recorder's thread and, if that had to be left behind, closed by another.
        self._db = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file; what the last batch committed is in it."""
        self._db.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make one transaction of what is written inside, or nothing at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def begin_run(self, wall: float, machine: Mapping[str, Any]) -> int:
        """Note that the station starts; return the number of the run. What an earlier run left on air has ended."""
        left = "UPDATE airings SET last = (SELECT frames FROM runs WHERE id = run) WHERE last IS NULL"
        self._db.execute(left)
        row = (wall, json.dumps(machine))
        return _id(self._db.execute("INSERT INTO runs (began, frames, machine) VALUES (?, 0, ?)", row))

    def extend_run(self, run: int, frames: int) -> None:
        """Note how many frames have left in a run."""
        self._db.execute("UPDATE runs SET frames = ? WHERE id = ?", (frames, run))

    def add_anchor(self, run: int, anchor: Anchor) -> None:
        """Tie a frame to the wall clock."""
        self._db.execute("INSERT OR REPLACE INTO anchors VALUES (?, ?, ?)", (run, anchor.frame, anchor.wall))

    def find_take(self, name: str) -> int | None:
        """Return the number of a take that is kept, or None."""
        row = self._db.execute("SELECT id FROM takes WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else None

    def add_take(self, record: TakeRecord) -> int:
        """Keep a take; return its number."""
        info = record.info
        packed, parts = pack(info.model_dump(mode="json"))
        row = (info.id, key_name(info.key), info.qpm, info.seed, record.audio, record.notes, packed)
        statement = "INSERT INTO takes (name, key, qpm, seed, audio, notes, document) VALUES (?, ?, ?, ?, ?, ?, ?)"
        take = _id(self._db.execute(statement, row))
        for part, body in parts.items():
            key = bytes.fromhex(part)
            self._db.execute("INSERT OR IGNORE INTO parts (name, body) VALUES (?, ?)", (key, body))
            link = "INSERT INTO take_parts SELECT ?, id FROM parts WHERE name = ?"
            self._db.execute(link, (take, key))
        return take

    def begin_airing(self, run: int, source: Source, take: int | None, wall: float, frame: int) -> int:
        """Note that a source is heard from ``frame`` on; return the number of the airing."""
        if isinstance(source, BedSource):
            playing = source.playing
            bed = json.dumps({"key": source.key.model_dump(), "seed": source.seed, "lufs": source.lufs})
            told = (playing.origin, playing.title, playing.playlist)
        else:
            bed = None
            told = (source.origin, source.info.title, source.info.playlist)
        statement = (
            "INSERT INTO airings (run, wall, first, origin, title, playlist, take, bed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        return _id(self._db.execute(statement, (run, wall, frame, *told, take, bed)))

    def end_airing(self, airing: int, frame: int) -> None:
        """Note that a source is heard up to ``frame``, which is the first without it."""
        self._db.execute("UPDATE airings SET last = ? WHERE id = ?", (frame, airing))

    def add_cue(self, run: int, cue: Cue, sounding: int, entering: int | None) -> None:
        """Keep a cue; its sources are given as airings."""
        other = cue.entering and cue.entering.offset
        place = (run, cue.at, cue.passage, sounding, cue.sounding.offset, entering, other)
        self._insert_cue((*place, cue.position, cue.length, cue.risen, cue.cause))

    def add_hole(self, run: int, hole: Hole) -> None:
        """Note that the cues from a frame on were lost: a cue of nothing."""
        self._insert_cue((run, hole.at, 0, None, None, None, None, 0, 0, 0, "lost"))

    def prune(self, keep: Retention, now: float) -> int:
        """Remove what is too old or too much, and give its space back; return how many airings went."""
        (last,) = self._db.execute("SELECT ifnull(max(id), 0) FROM airings").fetchone()
        gone = self._remove_before(now - keep.keep_days * _DAY, last - keep.least)
        while self.size > keep.max_mb * _MB:
            row = self._db.execute("SELECT wall FROM airings ORDER BY wall LIMIT 1 OFFSET ?", (_AT_ONCE,)).fetchone()
            if row is None:
                break  # hours of airings are left at the least, whatever their size
            removed = self._remove_before(row[0])
            if not removed:
                break
            gone += removed
        if gone:
            self._db.executescript("PRAGMA incremental_vacuum")  # ``execute`` would give back one page and no more
        return gone

    @property
    def size(self) -> int:
        """Return the bytes of the file that are in use."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _remove_before(self, wall: float, last: int | None = None) -> int:
        """Remove the airings that began before a time, none after the ``last``, and all that nothing refers to then."""
        with self.batch():
            # What is on air stays, however long ago it began.
            gone = self._db.execute(
                "DELETE FROM airings WHERE wall < ? AND id <= ifnull(?, id) AND last IS NOT NULL", (wall, last)
            ).rowcount
            if gone:
                for statement in _SWEEP.split(";"):
                    self._db.execute(statement)
        return gone

    def _insert_cue(self, row: tuple[Any, ...]) -> None:
        self._db.execute(
            "INSERT INTO cues (run, at, passage, sounding, sounding_offset, entering, entering_offset, position,"
            " length, risen, cause) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )

    def _prepare(self) -> None:
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # first: it counts only for a file without tables
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA temp_store = MEMORY")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA):
            raise UnusableError(f"its schema is {version}, and this edition knows {SCHEMA}")
        if version == 0:
            with self.batch():
                for statement in _TABLES.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")


def is_unusable(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file is beyond use, rather than out of reach for now."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more closely what was being done
    return isinstance(error, UnusableError) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def move_aside(path: Path, now: float) -> Path:
    """Rename a history that is beyond use, with what belongs to it, and return its new name; raise OSError."""
    aside = path.with_name(f"{path.name}.unusable-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}")
    for belonging in ("-wal", "-shm", ""):
        part = path.with_name(path.name + belonging)
        if part.exists():
            part.rename(aside.with_name(aside.name + belonging))
    return aside


def _id(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:
        raise sqlite3.InternalError("nothing was inserted")
    return cursor.lastrowid
