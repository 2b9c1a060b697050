"""A take as a folder: ``take.flac`` (24 bit), ``take.mid`` and ``take.json``.

It is written under a temporary name and renamed, and after that never written again.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import soundfile as sf
from pydantic import ValidationError

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm, in_16_bit
from latentfm.bank.files import sync_folder, write_through
from latentfm.errors import BankError
from latentfm.take import TakeInfo

AUDIO, MIDI, DOCUMENT = "take.flac", "take.mid", "take.json"
MAKING = ".making-"  # begins the name of a folder that is not a take yet


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

    The audio is kept in 16 bit, half the bytes of 24 for a card to take: the music is far above their noise.

    Raises BankError if the disk is full or the take is there already; nothing half-written stays behind.
    """
    if audio.shape != (info.frames, CHANNELS):
        raise BankError(f"take {info.id}: audio of shape {audio.shape}, expected ({info.frames}, {CHANNELS})")
    folder = root / info.id
    making = root / f"{MAKING}{info.id}-{secrets.token_hex(4)}"
    # Encoded in memory first: on a full disk libsndfile can fail without a word, a plain write can't.
    encoded = io.BytesIO()
    sf.write(encoded, in_16_bit(audio, info.seed), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    try:
        making.mkdir(parents=True)
        write_through(making / AUDIO, encoded.getbuffer())
        write_through(making / MIDI, midi)
        write_through(making / DOCUMENT, info.model_dump_json(indent=1).encode())
        sync_folder(making)
        if folder.exists():
            raise BankError(f"take {info.id} is published already and is never written again")
        making.rename(folder)
        sync_folder(root)
    except OSError as error:
        raise BankError(f"take {info.id} can't be written to {root}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def read_take(folder: Path, audio: str = AUDIO) -> Take:
    """Read a take's folder back; raise BankError if anything in it is not as it was published."""
    try:
        info = TakeInfo.model_validate_json((folder / DOCUMENT).read_bytes())
        with os.scandir(folder) as entries:  # closed here even where a file vanishes meanwhile
            size = sum(entry.stat().st_size for entry in entries if entry.is_file())
        published = folder.stat().st_mtime_ns
    except (OSError, ValidationError, ValueError) as error:
        raise BankError(f"{folder.name}/{DOCUMENT} can't be read: {error}") from error
    if info.id != folder.name:
        raise BankError(f"{folder.name} says that it is {info.id}")
    with TakeReader(folder / audio) as reader:
        if reader.frames != info.frames:
            raise BankError(f"{folder.name} holds {reader.frames} frames, expected {info.frames}")
    return Take(info, folder, size, published)
