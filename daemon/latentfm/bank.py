"""The bank: the takes on disk, published whole, read back with suspicion.

A take is a folder with ``take.flac`` (24 bit), ``take.mid`` and ``take.json``. It is written under a temporary
name and renamed, and after that never written again. What has aired is remembered in one small file of the
state folder.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import soundfile as sf
import structlog
from pydantic import ValidationError

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.errors import BankError
from latentfm.take import TakeInfo

if TYPE_CHECKING:
    from collections.abc import Collection

AUDIO, MIDI, DOCUMENT = "take.flac", "take.mid", "take.json"
_MAKING, _GOING = ".making-", ".going-"  # folders that are not takes yet, or no longer
_REMEMBERED = 20_000  # airings that are remembered at most

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Take:
    """A take on disk: what is known of it, where it lies, how many bytes it takes and when it was published."""

    info: TakeInfo
    folder: Path
    size: int
    published: int  # nanoseconds since 1970; only ever compared

    @property
    def audio(self) -> Path:
        """Return the path of its audio."""
        return self.folder / AUDIO


@dataclass(frozen=True, slots=True)
class Quota:
    """How much the bank may hold."""

    max_bytes: int = 8 * 1024**3
    max_takes: int = 1_000


class TakeReader:
    """Decodes a take block by block: FLAC or Opus, from a file or from bytes held in memory."""

    def __init__(self, source: Path | bytes) -> None:
        """Open ``source``; raise BankError if it is not 48 kHz stereo that can be decoded."""
        self._name = source.parent.name if isinstance(source, Path) else "a take in memory"
        self._at = 0
        try:
            self._file = sf.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        except (sf.SoundFileError, OSError) as error:
            raise BankError(f"{self._name} can't be opened: {error}") from error
        if (self._file.samplerate, self._file.channels) != (SAMPLE_RATE, CHANNELS):
            shape = f"{self._file.samplerate} Hz and {self._file.channels} channels"
            self._file.close()
            raise BankError(f"{self._name} has {shape}, expected {SAMPLE_RATE} Hz and {CHANNELS}")

    @property
    def frames(self) -> int:
        """Return the length that the file promises; a truncated one holds less."""
        return cast("int", self._file.frames)

    def read(self, frames: int) -> Pcm:
        """Return the next ``frames`` frames, fewer at the end, none after it; raise BankError on damage."""
        try:
            block = cast("Pcm", self._file.read(frames, dtype="float32", always_2d=True))
        except (sf.SoundFileError, OSError) as error:
            at = self._at / SAMPLE_RATE
            raise BankError(f"{self._name} can't be decoded after {at:.1f} s: {error}") from error
        self._at += len(block)
        return block

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def write_take(root: Path, info: TakeInfo, audio: Pcm, midi: bytes) -> Path:
    """Publish a take under ``root`` and return its folder.

    Raises BankError if the disk is full or the take is there already; nothing half-written stays behind.
    """
    if audio.shape != (info.frames, CHANNELS):
        raise BankError(f"take {info.id}: audio of shape {audio.shape}, expected ({info.frames}, {CHANNELS})")
    folder = root / info.id
    making = root / f"{_MAKING}{info.id}-{secrets.token_hex(4)}"
    # Encoded in memory first: on a full disk libsndfile can fail without a word, a plain write can't.
    encoded = io.BytesIO()
    sf.write(encoded, audio, SAMPLE_RATE, format="FLAC", subtype="PCM_24")
    try:
        making.mkdir(parents=True)
        _write(making / AUDIO, encoded.getbuffer())
        _write(making / MIDI, midi)
        _write(making / DOCUMENT, info.model_dump_json(indent=1).encode())
        _sync_folder(making)
        if folder.exists():
            raise BankError(f"take {info.id} is published already and is never written again")
        making.rename(folder)
        _sync_folder(root)
    except OSError as error:
        raise BankError(f"take {info.id} can't be written to {root}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def read_take(folder: Path, audio: str = AUDIO) -> Take:
    """Read a take's folder back; raise BankError if anything in it is not as it was published."""
    try:
        info = TakeInfo.model_validate_json((folder / DOCUMENT).read_bytes())
        size = sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
        published = folder.stat().st_mtime_ns
    except (OSError, ValidationError, ValueError) as error:
        raise BankError(f"{folder.name}/{DOCUMENT} can't be read: {error}") from error
    if info.id != folder.name:
        raise BankError(f"{folder.name} says that it is {info.id}")
    with TakeReader(folder / audio) as reader:
        if reader.frames != info.frames:
            raise BankError(f"{folder.name} holds {reader.frames} frames, expected {info.frames}")
    return Take(info, folder, size, published)


class Aired:
    """Which takes have aired, in the order of their last airing; outlives a restart."""

    def __init__(self, path: Path) -> None:
        """Read ``path``; a missing or damaged file means that nothing has aired."""
        self._path = path
        self._lock = threading.Lock()
        self._failing = False
        self._order: dict[str, None] = {}
        try:
            self._order = dict.fromkeys(str(item) for item in json.loads(path.read_bytes())["aired"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("aired_forgotten", path=str(path), reason=str(error))

    def mark(self, take_id: str) -> None:
        """Remember that a take airs now; a disk that can't be written is logged once and costs nothing else."""
        with self._lock:
            self._order.pop(take_id, None)
            self._order[take_id] = None
            while len(self._order) > _REMEMBERED:
                del self._order[next(iter(self._order))]
            document = json.dumps({"aired": list(self._order)}).encode()
            try:
                replace_file(self._path, document)
            except OSError as error:
                if not self._failing:
                    log.warning("aired_unsaved", path=str(self._path), reason=str(error))
                self._failing = True
            else:
                self._failing = False

    def ranks(self) -> dict[str, int]:
        """Return each aired take's place; the lowest aired longest ago."""
        with self._lock:
            return {take_id: place for place, take_id in enumerate(self._order)}

    def __contains__(self, take_id: object) -> bool:
        """Return whether a take has aired."""
        return take_id in self._order


class Bank:
    """The takes under one folder. Safe to use from several threads."""

    def __init__(self, root: Path, state: Path, quota: Quota | None = None) -> None:
        """Look after ``root``; remember airings in ``state / "aired.json"``. Writes nothing yet."""
        self.root = root
        self.aired = Aired(state / "aired.json")
        self._quota = quota or Quota()
        self._known: dict[str, Take] = {}
        self._damaged: set[str] = set()
        self._lock = threading.Lock()

    def sweep(self) -> int:
        """Remove what a killed writer left behind; call it at start, before a studio writes. Returns how many."""
        left = [path for mark in (_MAKING, _GOING) for path in self.root.glob(f"{mark}*")]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
        if left:
            log.info("bank_swept", folders=len(left))
        return len(left)

    def publish(self, info: TakeInfo, audio: Pcm, midi: bytes) -> Take:
        """Write a take and return it; raise BankError as ``write_take`` does."""
        return read_take(write_take(self.root, info, audio, midi))

    def takes(self, playlist: str | None = None) -> tuple[Take, ...]:
        """Return the sound takes in the order of publication; a damaged one is skipped and logged once."""
        with self._lock:
            try:
                names = {path.name for path in self.root.iterdir() if not path.name.startswith(".") and path.is_dir()}
            except FileNotFoundError:
                names = set()
            except OSError as error:
                log.warning("bank_unreadable", root=str(self.root), reason=str(error))
                names = set(self._known)
            self._known = {name: take for name, take in self._known.items() if name in names}
            for name in names - self._known.keys() - self._damaged:
                try:
                    self._known[name] = read_take(self.root / name)
                except BankError as error:
                    self._damaged.add(name)
                    log.warning("take_damaged", take=name, reason=str(error))
            found = sorted(self._known.values(), key=lambda take: (take.published, take.info.id))
        return tuple(take for take in found if playlist in (None, take.info.playlist))

    def condemn(self, take_id: str, reason: str) -> None:
        """Leave out a take that turned out damaged while it played; logged once."""
        with self._lock:
            self._known.pop(take_id, None)
            if take_id not in self._damaged:
                self._damaged.add(take_id)
                log.warning("take_damaged", take=take_id, reason=reason)

    def unaired(self, playlist: str | None = None) -> tuple[Take, ...]:
        """Return the takes that have not aired, in the order of publication: each goes on from the one before."""
        return tuple(take for take in self.takes(playlist) if take.info.id not in self.aired)

    def newest(self, playlist: str | None = None) -> Take | None:
        """Return the take published last, aired or not: its carry is where the next section goes on."""
        return next(reversed(self.takes(playlist)), None)

    def least_recently_aired(self, playlist: str | None = None) -> tuple[Take, ...]:
        """Return the takes by their last airing: those that never aired first, then the one longest ago."""
        ranks = self.aired.ranks()
        return tuple(sorted(self.takes(playlist), key=lambda take: ranks.get(take.info.id, -1)))

    def open(self, take: Take) -> TakeReader:
        """Return a reader of the take's audio; raise BankError if it can't be opened."""
        return TakeReader(take.audio)

    def trim(self, keep: Collection[str] = ()) -> int:
        """Remove takes until the quota holds: first those aired longest ago, then the oldest unaired ones.

        ``keep`` names takes on air or committed. At least one take always stays. Returns how many went.
        """
        takes = list(self.takes())
        ranks = self.aired.ranks()
        takes.sort(key=lambda take: (take.info.id not in ranks, ranks.get(take.info.id, 0), take.published))
        size, count = sum(take.size for take in takes), len(takes)
        gone = 0
        for take in takes:
            if (size <= self._quota.max_bytes and count <= self._quota.max_takes) or count == 1:
                break
            if take.info.id in keep or not self._remove(take):
                continue
            size, count, gone = size - take.size, count - 1, gone + 1
        return gone

    def _remove(self, take: Take) -> bool:
        going = self.root / f"{_GOING}{take.info.id}-{secrets.token_hex(4)}"
        try:
            take.folder.rename(going)  # so that nobody sees half a take
        except OSError as error:
            log.warning("take_not_removed", take=take.info.id, reason=str(error))
            return False
        shutil.rmtree(going, ignore_errors=True)
        log.info("take_removed", take=take.info.id)
        return True


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it; raise OSError, leaving the old file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        _write(making, content)
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)


def _write(path: Path, content: bytes | memoryview) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
