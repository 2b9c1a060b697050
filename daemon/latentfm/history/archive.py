"""The history as it is read: what aired when, and the cues of a stretch. Works while a station writes."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.brief import Key
from latentfm.broadcast.block import Playing
from latentfm.broadcast.cues import ANCHOR_EVERY, BedSource, Cue, Hole, Source, TakeSource, Voice
from latentfm.errors import HistoryError
from latentfm.history.packing import unpack
from latentfm.history.store import SCHEMA, TakeRecord
from latentfm.music.keys import key_name
from latentfm.take import TakeInfo

_TORN = 2.0  # seconds of wall clock between two anchors that no frame accounts for, and are no pause yet
_REACH = ANCHOR_EVERY / SAMPLE_RATE + 60.0  # seconds after an anchor by which there is another one, or an end
_DAMAGED = (sqlite3.Error, ValueError, KeyError, TypeError, zlib.error)  # pydantic raises ValueErrors


@dataclass(frozen=True, slots=True)
class Airing:
    """One source on air: from its first frame heard to the first without it. ``wall`` is when it began."""

    id: int
    run: int
    wall: float
    first: int
    last: int
    origin: str
    title: str
    playlist: str
    take: str | None
    key: str
    qpm: float | None
    seed: int

    @property
    def seconds(self) -> float:
        """Return for how long it was heard, crossfades included."""
        return max(self.last - self.first, 0) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Place:
    """A moment in a run: the frame that was handed to the feeds then."""

    run: int
    frame: int


class Archive:
    """A history, opened to be read. All methods raise HistoryError for a file that can't be read."""

    def __init__(self, path: Path) -> None:
        """Open ``path``; raise HistoryError if there is none, or it is none."""
        self._path = path
        if not path.is_file():
            raise HistoryError(f"{path}: there is no history; the station writes one while it runs")
        # Without a WAL nobody writes, and a reader need not leave one behind, perhaps as another user than the station.
        quiet = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
        with self._reading():
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{quiet}", uri=True, timeout=5.0)
            try:
                (version,) = self._one("PRAGMA user_version")
                if version != SCHEMA:
                    raise HistoryError(f"{path}: its schema is {version}, and this edition reads {SCHEMA}")
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._db.close()

    def airings(self, since: float | None = None, until: float | None = None, last: int | None = None) -> list[Airing]:
        """Return what was on air between two times, in order; of that the ``last`` ones, where a number is given."""
        with self._reading():
            rows = self._db.execute(
                "SELECT airings.id, run, wall, first, ifnull(last, frames), origin, title, playlist, name, key, qpm,"
                " takes.seed, bed FROM airings JOIN runs ON runs.id = run LEFT JOIN takes ON takes.id = take"
                " WHERE wall + (ifnull(last, frames) - first) / ? > ? AND wall < ? ORDER BY airings.id DESC LIMIT ?",
                (
                    float(SAMPLE_RATE),
                    float("-inf") if since is None else since,
                    float("inf") if until is None else until,
                    -1 if last is None else last,
                ),
            ).fetchall()
            return [_airing(row) for row in reversed(rows)]

    def locate(self, wall: float) -> Place:
        """Return what left at a time; where the clock was set back, the later one of two.

        Raises:
            HistoryError: nothing did; the message has the nearest times.
        """
        with self._reading():
            rows = self._db.execute(
                "SELECT run, frame, wall FROM anchors WHERE wall <= ? AND wall > ? ORDER BY run DESC, frame DESC",
                (wall, wall - _REACH),
            ).fetchall()
            for run, frame, at in rows:
                until, next_wall = self._until(run, frame)
                found = frame + round((wall - at) * SAMPLE_RATE)
                if found < until:
                    return Place(run, found)
                if next_wall is not None and wall < next_wall < at + (until - frame) / SAMPLE_RATE + _TORN:
                    return Place(run, until)
        raise HistoryError(f"nothing aired at {spoken(wall)}{self._nearest(wall)}")

    def wall_of(self, place: Place) -> float:
        """Return when a frame was handed to the feeds."""
        with self._reading():
            query = "SELECT frame, wall FROM anchors WHERE run = ? AND frame <= ? ORDER BY frame DESC LIMIT 1"
            row = self._one(query, place.run, place.frame)
            return float(row[1] + (place.frame - row[0]) / SAMPLE_RATE)

    def frames(self, run: int) -> int:
        """Return how many frames of a run are known to have left."""
        with self._reading():
            return int(self._one("SELECT frames FROM runs WHERE id = ?", run)[0])

    def machine(self, run: int) -> dict[str, Any]:
        """Return what a run was mixed by, as ``machine.here`` says it."""
        with self._reading():
            machine: dict[str, Any] = json.loads(self._one("SELECT machine FROM runs WHERE id = ?", run)[0])
            return machine

    def log(self, run: int, start: int, stop: int) -> list[Cue | Hole]:
        """Return the cues that hold from frame ``start`` to frame ``stop``, in the order they were noted in.

        Each source is one object, however many cues name it.
        """
        with self._reading():
            (first,) = self._one("SELECT max(id) FROM cues WHERE run = ? AND at <= ?", run, start)
            rows = self._db.execute(
                "SELECT at, passage, sounding, sounding_offset, entering, entering_offset, position, length, risen,"
                " cause FROM cues WHERE run = ? AND id >= ? AND at < ? ORDER BY id",
                (run, first or 0, stop),
            ).fetchall()
            sources: dict[int, Source] = {}
            return [self._cue(row, sources) for row in rows]

    def take(self, name: str) -> TakeRecord:
        """Return what is kept of a take; raise HistoryError if it never aired, or too long ago."""
        with self._reading():
            row = self._db.execute("SELECT audio, notes, document FROM takes WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise HistoryError(f"{self._path}: no take {name} aired, or it is kept no longer")
            return TakeRecord(TakeInfo.model_validate(unpack(row[2], self._part)), row[0], row[1])

    def _cue(self, row: Sequence[Any], sources: dict[int, Source]) -> Cue | Hole:
        at, passage, sounding, offset, entering, other, position, length, risen, cause = row
        if sounding is None:
            return Hole(at)
        voice = Voice(self._source(sounding, sources), offset)
        into = None if entering is None else Voice(self._source(entering, sources), other)
        return Cue(at, passage, voice, into, position, length, risen, cause)

    def _source(self, airing: int, sources: dict[int, Source]) -> Source:
        if airing not in sources:
            query = "SELECT origin, title, playlist, bed, name FROM airings LEFT JOIN takes ON takes.id = take"
            row = self._db.execute(f"{query} WHERE airings.id = ?", (airing,)).fetchone()
            if row is None:
                raise HistoryError("some of what was mixed then is kept no longer")
            origin, title, playlist, bed, name = row
            if bed is None:
                sources[airing] = TakeSource(self.take(name).info, origin)
            else:
                made = json.loads(bed)
                playing = Playing(title, "bed", playlist, origin)
                sources[airing] = BedSource(playing, Key.model_validate(made["key"]), made["seed"], made["lufs"])
        return sources[airing]

    def _part(self, name: str) -> bytes:
        return bytes(self._one("SELECT body FROM parts WHERE name = ?", bytes.fromhex(name))[0])

    def _until(self, run: int, frame: int) -> tuple[int, float | None]:
        """Return the frame and the time of the anchor after the one at ``frame``, or the run's end and None."""
        query = "SELECT frame, wall FROM anchors WHERE run = ? AND frame > ? ORDER BY frame LIMIT 1"
        row = self._db.execute(query, (run, frame)).fetchone()
        if row:
            return row[0], row[1]
        return self._one("SELECT frames FROM runs WHERE id = ?", run)[0], None

    def _nearest(self, wall: float) -> str:
        """Return the words that name the last moment before a time and the first after it at which something aired."""
        with self._reading():
            before = self._db.execute(
                "SELECT run, frame, wall FROM anchors WHERE wall <= ? ORDER BY wall DESC LIMIT 1", (wall,)
            ).fetchone()
            (after,) = self._one("SELECT min(wall) FROM anchors WHERE wall > ?", wall)
            words = []
            if before:
                end = before[2] + (self._until(before[0], before[1])[0] - before[1]) / SAMPLE_RATE
                words.append(f"before it until {spoken(min(end, wall))}")
            if after is not None:
                words.append(f"after it from {spoken(after)}")
        return f"; the history has music {' and '.join(words)}" if words else "; the history is empty"

    def _one(self, query: str, *values: object) -> Sequence[Any]:
        row = self._db.execute(query, values).fetchone()
        if row is None:
            raise KeyError("a row that others refer to is missing")
        found: Sequence[Any] = row
        return found

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except HistoryError:
            raise
        except _DAMAGED as error:
            raise HistoryError(f"{self._path}: can't be read: {error}") from error


def spoken(wall: float) -> str:
    """Return a time as people here read it, with the offset from UTC."""
    return datetime.fromtimestamp(round(wall, 3), UTC).astimezone().isoformat(" ", "seconds")


def _airing(row: Sequence[Any]) -> Airing:
    bed = row[-1]
    if bed is None:
        return Airing(*row[:-1])
    made = json.loads(bed)
    return Airing(*(*row[:-4], key_name(Key.model_validate(made["key"])), None, made["seed"]))
