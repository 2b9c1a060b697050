"""The recorder: a thread that writes down what the timeline noted. Whatever becomes of the file, the music goes on."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import structlog

from latentfm import bank
from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.broadcast.cues import Anchor, BedSource, Cue, CueSheet, Hole, Note, Source, TakeSource
from latentfm.broadcast.supervised import Supervised
from latentfm.errors import BankError
from latentfm.history.machine import here
from latentfm.history.shelf import Shelf, audio_checksum, file_checksum
from latentfm.history.store import Retention, Store, TakeRecord, is_unusable, move_aside
from latentfm.ops.clock import Clock, SystemClock
from latentfm.take import TakeInfo

EVERY = 30.0  # seconds between two commits: what a killed process forgets at most, as a power cut does in any case
_SOON = 1.0  # seconds until the first: a station that begins shows in its history at once
_PRUNE_EVERY = 3_600.0

_log = structlog.get_logger()


class Recorder:
    """Writes a run of the station into the history.

    ``step`` writes once and may be called without a thread; ``start`` calls it twice a minute, until ``stop``.
    """

    def __init__(
        self,
        cues: CueSheet,
        path: Path,
        shelf: Shelf,
        *,
        keep: Retention | None = None,
        clock: Clock | None = None,
        every: float = EVERY,
    ) -> None:
        """Fetch from ``cues``, write to ``path``; ``shelf`` says where the takes lie. Writes nothing yet."""
        self._cues = cues
        self._path = path
        self._shelf = shelf
        self._keep = keep or Retention()
        self._clock = clock or SystemClock()
        self._every = every
        self._store: Store | None = None
        self._run_number = 0
        self._notes: list[Note] = []  # fetched and not written yet
        self._airings: dict[Source, int] = {}  # those of the last cue
        self._cue: Cue | None = None  # the last one written, where a new file would begin
        self._anchor: Anchor | None = None
        self._lost = 0
        self._fault: str | None = None
        self._pruned = float("-inf")
        self._part = Supervised("history", self.run)

    def start(self) -> None:
        """Write in a thread of its own from now on."""
        self._part.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Write what is left and close the file."""
        self._part.stop(timeout)

    def run(self, stop: threading.Event) -> None:
        """Write until ``stop`` is set."""
        wait = _SOON
        try:
            while not stop.wait(wait):
                self.step()
                wait = self._every
            self.step()
        finally:
            self.close()

    def close(self) -> None:
        """Close the file; another step would open it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def step(self) -> None:
        """Write what was noted since the last step; what can't be written is tried again at the next."""
        frames = self._cues.frames
        if not self._notes:  # else the queue holds what follows: it is bounded, and tells of what it lost
            self._notes = self._cues.take()
        self._tell_lost()
        if self._anchor is None and not any(isinstance(note, Anchor) for note in self._notes):
            return  # nothing has left yet
        try:
            store = self._opened()
            self._write(store, self._notes, frames)
            self._notes = []
            self._prune(store)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
        else:
            if self._fault is not None:
                _log.info("history_recovered", path=str(self._path))
            self._fault = None

    def _opened(self) -> Store:
        """Return the file; a new one goes on from the last cue that the old one got."""
        if not self._path.exists():  # begun anew, also where somebody removed it
            self.close()
            self._run_number = 0
        if self._store is not None:
            return self._store
        store = Store(self._path)
        try:
            if not self._run_number:
                anchor = self._anchor or next(note for note in self._notes if isinstance(note, Anchor))
                began = anchor.wall - anchor.frame / SAMPLE_RATE
                with store.batch():
                    self._run_number = store.begin_run(began, here())
                    if self._anchor is not None:
                        store.add_anchor(self._run_number, self._anchor)
                self._airings = {}
                if self._cue is not None:
                    self._write(store, [self._cue], 0)
        except BaseException:
            self._run_number = 0
            store.close()
            raise
        self._store = store
        return store

    def _write(self, store: Store, notes: list[Note], frames: int) -> None:
        """Write notes in one transaction; what is remembered of them changes only if it succeeds."""
        airings, last, anchor = dict(self._airings), self._cue, self._anchor
        if anchor is None:
            anchor = next(note for note in notes if isinstance(note, Anchor))
        with store.batch():
            for note in notes:
                if isinstance(note, Anchor):
                    anchor = note
                    store.add_anchor(self._run_number, note)
                elif isinstance(note, Hole):
                    self._end(store, airings, set(), note.at)
                    store.add_hole(self._run_number, note)
                else:
                    last = note
                    wall = anchor.wall + (note.at - anchor.frame) / SAMPLE_RATE
                    self._write_cue(store, airings, note, wall)
            store.extend_run(self._run_number, frames)
        self._airings, self._cue, self._anchor = airings, last, anchor

    def _write_cue(self, store: Store, airings: dict[Source, int], cue: Cue, wall: float) -> None:
        sources = [voice.source for voice in (cue.sounding, cue.entering) if voice is not None]
        self._end(store, airings, set(sources), cue.at)
        for source in sources:
            if source not in airings:
                take = None if isinstance(source, BedSource) else self._take(store, source)
                airings[source] = store.begin_airing(self._run_number, source, take, wall, cue.at)
        entering = airings[cue.entering.source] if cue.entering else None
        store.add_cue(self._run_number, cue, airings[cue.sounding.source], entering)

    @staticmethod
    def _end(store: Store, airings: dict[Source, int], heard: set[Source], at: int) -> None:
        """Note the end of each airing that is not heard any more."""
        for source in airings.keys() - heard:
            store.end_airing(airings.pop(source), at)

    def _take(self, store: Store, source: TakeSource) -> int:
        """Return the number of a take, which is kept when it airs for the first time."""
        info = source.info
        known = store.find_take(info.id)
        if known is not None:
            return known
        path = self._shelf.audio(info.id, source.origin)
        if source.origin == "shipped":
            # It is never made again, so what it was made from need not be kept; its file is known by its checksum.
            provenance = {name: value for name, value in info.provenance.items() if name != "brief"}
            info = info.model_copy(update={"provenance": provenance})
        if path is None:
            return store.add_take(TakeRecord(info))
        if source.origin != "shipped":
            info = _whole(path, info)
        return store.add_take(TakeRecord(info, audio_checksum(path), file_checksum(path.with_name(bank.MIDI))))

    def _prune(self, store: Store) -> None:
        now = self._clock.monotonic()
        if now - self._pruned < _PRUNE_EVERY:
            return
        self._pruned = now
        gone = store.prune(self._keep, self._clock.time())
        if gone:
            _log.info("history_pruned", airings=gone, mb=round(store.size / 1e6, 1))

    def _give_up(self, error: sqlite3.Error | OSError) -> None:
        """Close the file, for the next step to open again; one that is beyond use is moved aside."""
        try:
            self.close()
        except sqlite3.Error:
            self._store = None
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, sqlite3.Error) and is_unusable(error):
            try:
                aside = move_aside(self._path, self._clock.time())
            except OSError as failure:
                reason = f"{reason}; it can't be moved aside: {failure}"
            else:
                self._run_number = 0
                _log.error("history_unusable", path=str(self._path), reason=reason, moved_to=aside.name)
                return
        if reason != self._fault:
            _log.warning("history_unwritten", path=str(self._path), reason=reason, again_in=self._every)
        self._fault = reason

    def _tell_lost(self) -> None:
        lost = self._cues.lost
        if lost != self._lost:
            _log.warning("history_lost", cues=lost - self._lost, path=str(self._path))
            self._lost = lost


def _whole(path: Path, info: TakeInfo) -> TakeInfo:
    """Return all that is known of a take of the bank, which holds but a part of it in memory."""
    try:
        return bank.read_take(path.parent).info
    except BankError:
        return info
