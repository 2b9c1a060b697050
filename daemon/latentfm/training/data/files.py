"""Files of music become NoteSequences: MIDI, ABC and MusicXML."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from latentfm.errors import TrainingError
from latentfm.midi_file import read as read_midi
from latentfm.noteseq import NoteSequence, part
from latentfm.training.corpora.abc import read_tunes
from latentfm.training.data.statistics import Piece, describe
from latentfm.training.data.tunes import note_sequence

KINDS = {
    ".mid": "midi",
    ".midi": "midi",
    ".abc": "abc",
    ".xml": "musicxml",
    ".musicxml": "musicxml",
    ".mxl": "musicxml",
}
_MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Job:
    """A file to read: the folder that was named, and the file's path inside it."""

    root: str
    name: str

    @property
    def shown(self) -> str:
        """The path as text, whatever bytes the file system has for a name."""
        return in_utf8(self.name)


@dataclass(frozen=True)
class Read:
    """What a file held: NoteSequences serialised, what each is like, and a line for each tune that can't be read."""

    sequences: tuple[bytes, ...]
    pieces: tuple[Piece, ...]
    faults: tuple[str, ...] = ()


def in_utf8(name: str) -> str:
    """Return a name as text that can be written, with a mark for each byte of another encoding."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def find(folder: Path) -> list[Job]:
    """Return the files of music in a folder and all folders inside it, by name.

    Raises:
        TrainingError: it is no folder, or holds none.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder; name one that holds MIDI, ABC or MusicXML files")
    found = [path for path in folder.rglob("*") if path.suffix.lower() in KINDS and path.is_file()]
    if not found:
        raise TrainingError(f"{folder} holds no music: no file ends in {', '.join(KINDS)}")
    return sorted((Job(str(folder), str(path.relative_to(folder))) for path in found), key=lambda job: job.name)


def read(job: Job) -> Read:
    """Read one file; runs in a process of its own.

    Raises:
        LatentFMError: nothing in it can be read.
    """
    path = Path(job.root) / job.name
    kind = KINDS[path.suffix.lower()]
    if path.stat().st_size > _MAX_BYTES:
        raise TrainingError(f"{path.stat().st_size} bytes are more than is read of one file ({_MAX_BYTES})")
    faults: tuple[str, ...] = ()
    match kind:
        case "midi":
            sequences = [read_midi(path)]
        case "abc":
            sequences, faults = _abc(path, job.shown)
        case _:
            sequences = [part("musicxml_reader").musicxml_file_to_sequence_proto(str(path))]
    if any(not sequence.notes for sequence in sequences):
        raise TrainingError("holds no notes")
    collection = in_utf8(Path(job.root).name)
    for index, sequence in enumerate(sequences):
        sequence.filename, sequence.collection_name = job.shown, collection
        name = f"{job.shown}_{index}" if kind == "abc" else job.shown
        sequence.id = f"/id/{kind}/{collection}/{hashlib.sha1(name.encode()).hexdigest()}"  # noqa: S324 - Magenta's ids
    return Read(
        tuple(sequence.SerializeToString(deterministic=True) for sequence in sequences),
        tuple(map(describe, sequences)),
        faults,
    )


def _abc(path: Path, name: str) -> tuple[list[NoteSequence], tuple[str, ...]]:
    tunes, faults = read_tunes(path.read_text(encoding="utf-8", errors="replace"), name)
    sequences = []
    for tune in tunes:
        try:
            sequences.append(note_sequence(tune))
        except TrainingError as fault:
            faults.append(f"{tune.source}: {fault}")
    if not sequences:
        raise TrainingError("; ".join(faults) or "holds no tune: none begins with X:")
    return sequences, tuple(faults)
