"""``latentfm dataset build``: a folder of music becomes a data set of NoteSequences.

A data set is a folder: ``notesequences.tfrecord`` (as Magenta's convert_dir_to_note_sequences writes it),
``statistics.json``, ``bad.txt`` and a ``README.md``. Source of the format: magenta/scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from latentfm.errors import TrainingError
from latentfm.models.playable import file_sha256
from latentfm.noteseq import NoteSequence
from latentfm.training.data import files, workers
from latentfm.training.data.folder import read_json, replaced, write_json
from latentfm.training.data.statistics import Piece, summary

RECORDS = "notesequences.tfrecord"
STATISTICS = "statistics.json"
BAD = "bad.txt"
_README = """# A data set of music

Made by `latentfm dataset build` from {folder}: {pieces} pieces, {notes} notes, {hours:.1f} hours.
`{records}` holds one NoteSequence a piece, `{statistics}` what they are like, `{bad}` what could not be
read and why.

A model can only be as free as what it learnt from. Before you share one, or play it in public, ask for each
piece: whose is the tune, whose the arrangement, whose the transcription, and what do they allow? Write the answers
here; `latentfm train --licence` puts what follows from them on the model's card.
"""


@dataclass(frozen=True)
class Built:
    """What was made: its statistics, and a line for each file or tune that could not be read."""

    statistics: dict[str, Any]
    bad: tuple[str, ...]


def build(
    folder: Path,
    out: Path,
    limits: workers.Limits | None = None,
    processes: int | None = None,
    tell: Callable[[int, int], object] | None = None,
) -> Built:
    """Read every file of music in a folder.

    Args:
        folder: looked through recursively.
        out: the data set; one that is there stays until the new one is whole.
        limits: for each file.
        processes: readers at once; as many as there are processors without it.
        tell: called with the files done and all files.

    Raises:
        TrainingError: there is no music, none of it can be read, or ``out`` can't be written.
    """
    jobs = files.find(folder)
    bad: list[str] = []
    pieces: list[Piece] = []
    read = 0
    with replaced(out, STATISTICS) as new:
        try:
            with tf.io.TFRecordWriter(str(new / RECORDS)) as writer:
                outcomes = workers.run(files.read, jobs, limits or workers.Limits(), processes)
                for index, (job, done) in enumerate(zip(jobs, outcomes, strict=True), start=1):
                    if tell is not None:
                        tell(index, len(jobs))
                    if done.fault is not None:
                        bad.append(f"{job.shown}: {files.in_utf8(done.fault.removeprefix(f'{folder / job.name}: '))}")
                        continue
                    read += 1
                    bad += done.result.faults
                    for content in done.result.sequences:
                        writer.write(content)
                    pieces += done.result.pieces
        except tf.errors.OpError as fault:
            raise TrainingError(f"{out} can't be written: {fault.message}; what was there stays") from fault
        if not pieces:
            raise TrainingError("none of the files can be read:\n" + "\n".join(bad[:20]))
        statistics = {
            "files": {"found": len(jobs), "read": read, "bad": len(jobs) - read},
            "tunes_left_out": len(bad) - (len(jobs) - read),
            **summary(pieces),
            "sha256": file_sha256(new / RECORDS),
            "note": "What a model learns from matters: see README.md before you share a model made from this.",
        }
        write_json(new / STATISTICS, statistics)
        (new / BAD).write_text("".join(f"{line}\n" for line in bad), encoding="utf-8")
        readme = _README.format(
            folder=f"`{files.in_utf8(folder.name)}`", records=RECORDS, statistics=STATISTICS, bad=BAD, **statistics
        )
        (new / "README.md").write_text(readme, encoding="utf-8")
    return Built(statistics, tuple(bad))


def read_statistics(data: Path) -> dict[str, Any]:
    """Return the statistics of a data set.

    Raises:
        TrainingError: the folder is not one.
    """
    return read_json(data / STATISTICS, "a data set (make one with latentfm dataset build)")


def serialised(data: Path) -> Iterator[bytes]:
    """Return the NoteSequences of a data set, or of a TFRecord file that Magenta wrote, as they lie on disk.

    Raises:
        TrainingError: it is missing or damaged.
    """
    path = data / RECORDS if data.is_dir() else data
    if not path.is_file():
        raise TrainingError(f"{data} is not a data set: there is no {path.name}; make one with latentfm dataset build")
    try:
        for record in tf.data.TFRecordDataset(str(path)):
            yield record.numpy()
    except tf.errors.OpError as fault:
        raise TrainingError(f"{path} is damaged: {fault.message}; build the data set again") from fault


def parse(content: bytes) -> NoteSequence:
    """Return a NoteSequence from what was serialised."""
    return NoteSequence.FromString(content)
