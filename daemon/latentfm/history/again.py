"""The samples of sources that aired: read where they still lie, else made again from their briefs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from latentfm import bank
from latentfm.audio.pcm import Pcm, silence
from latentfm.brief import Brief
from latentfm.broadcast.cues import BedSource, Source, TakeSource
from latentfm.broadcast.deck import STEP
from latentfm.broadcast.tone_bed import ToneBed
from latentfm.errors import BankError, HistoryError, StudioError
from latentfm.history.machine import differences
from latentfm.history.shelf import Shelf, audio_checksum, file_checksum
from latentfm.history.store import TakeRecord
from latentfm.studio import ChildStudio
from latentfm.studio.patience import Limits

_TRY_ONCE = Limits(tries=1, niceness=0)


class _Player(Protocol):
    def pull(self, frames: int) -> Pcm:
        """Return the next frames; fewer where there are no more."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class _Tape:
    """A take's file, read from its beginning as a deck reads it: a seek in an Opus file gives other samples."""

    def __init__(self, path: Path) -> None:
        self._reader = bank.TakeReader(path)
        self._rest = silence(0)

    def pull(self, frames: int) -> Pcm:
        parts = [self._rest]
        missing = frames - len(self._rest)
        while missing > 0:
            parts.append(self._reader.read(STEP))
            missing -= len(parts[-1])
            if not len(parts[-1]):
                break
        pcm = np.concatenate(parts)
        self._rest = pcm[frames:]
        return pcm[:frames]

    def close(self) -> None:
        self._reader.close()


class Sources:
    """The samples of sources, for ``replay``. What is made again goes into ``workshop``, never into the bank.

    Attributes:
        doubts: why some samples may not be those that aired, in words.
    """

    def __init__(
        self, shelf: Shelf, record: Callable[[str], TakeRecord], workshop: Path, tell: Callable[[str], None]
    ) -> None:
        """Look on ``shelf``; ``record`` returns what the history keeps of a take, ``tell`` hears what takes long."""
        self.doubts: list[str] = []
        self._shelf = shelf
        self._record = record
        self._workshop = workshop
        self._tell = tell
        self._open: dict[Source, tuple[_Player, int]] = {}  # and the frame that each gives next

    def pull(self, source: Source, offset: int, frames: int) -> Pcm:
        """Return frames of a source; raise HistoryError if they can't be had any more."""
        try:
            return self._pull(source, offset, frames)
        except BankError as damage:
            self._let_go(source)
            if not isinstance(source, TakeSource) or source.origin == "shipped":
                raise HistoryError(str(damage)) from damage
            # The file has come to harm since it aired; what is made again has not.
            self._open[source] = (self._made_again(source, self._record(source.info.id)), 0)
            return self._pull(source, offset, frames)

    def keep(self, sources: Sequence[Source]) -> None:
        """Let go of every source but these."""
        for source in self._open.keys() - set(sources):
            self._let_go(source)

    def close(self) -> None:
        """Let go of every source."""
        self.keep(())

    def _pull(self, source: Source, offset: int, frames: int) -> Pcm:
        player, at = self._open.pop(source, (None, 0))
        if player is None or at > offset:
            if player is not None:
                player.close()
            player, at = self._opened(source), 0
        self._open[source] = (player, offset + frames)
        while at < offset:
            at += len(self._next(player, min(STEP, offset - at)))
        return self._next(player, frames)

    @staticmethod
    def _next(player: _Player, frames: int) -> Pcm:
        pcm = player.pull(frames)
        if len(pcm) < frames:
            raise BankError("a take is shorter than it was when it aired")
        return pcm

    def _let_go(self, source: Source) -> None:
        player, _ = self._open.pop(source, (None, 0))
        if player is not None:
            player.close()

    def _opened(self, source: Source) -> _Player:
        if isinstance(source, BedSource):
            return ToneBed(source.playing, key=source.key, seed=source.seed, lufs=source.lufs)
        record = self._record(source.info.id)
        path = self._shelf.audio(source.info.id, source.origin)
        if path is not None and record.audio in (None, audio_checksum(path)):
            return _Tape(path)
        if source.origin == "shipped":
            what = "is not there any more" if path is None else "is not the one that aired"
            raise HistoryError(f"the take {source.info.id}, which ships with the station, {what}")
        return self._made_again(source, record)

    def _made_again(self, source: TakeSource, record: TakeRecord) -> _Tape:
        """Order a take from a studio as the station did, and say what may be different about it."""
        name, provenance = source.info.id, record.info.provenance
        if "brief" not in provenance:
            raise HistoryError(f"the take {name} can't be read from the bank, and the history has no brief of it")
        folder = self._workshop / name
        if not folder.is_dir():
            self._tell(f"making {name} again")
            folder.mkdir()
            studio = ChildStudio(folder, limits=_TRY_ONCE)
            try:
                studio.submit(Brief.model_validate(provenance["brief"])).result()
            except (StudioError, ValueError) as error:
                raise HistoryError(f"the take {name} can't be made again: {error}") from error
            finally:
                studio.close()
            self._compare(next(folder.glob(f"*/{bank.AUDIO}")), record)
        return _Tape(next(folder.glob(f"*/{bank.AUDIO}")))

    def _compare(self, made: Path, record: TakeRecord) -> None:
        if record.audio is not None and record.audio == audio_checksum(made):
            return
        because = "; ".join(differences(record.info.provenance)) or "the station's code has changed since"
        same = record.notes is not None and record.notes == file_checksum(made.with_name(bank.MIDI))
        what = "has the same notes but other samples" if same else "may have other notes"
        self.doubts.append(f"{record.info.id} was made again and {what}: {because}")
