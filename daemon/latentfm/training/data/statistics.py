"""What a data set holds, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from latentfm.noteseq import NoteSequence

DEFAULT_QPM = 120.0


@dataclass(frozen=True)
class Piece:
    """What one piece is like: counts, seconds, metres, tempo in qpm, lowest and highest pitch, programs by notes."""

    notes: int
    drums: int
    seconds: float
    metres: tuple[str, ...]
    qpm: float
    pitches: tuple[int, int] | None
    programs: tuple[tuple[int, int], ...]


def describe(sequence: NoteSequence) -> Piece:
    """Look at a piece."""
    pitched = [note for note in sequence.notes if not note.is_drum]
    pitches = [note.pitch for note in pitched]
    return Piece(
        notes=len(sequence.notes),
        drums=len(sequence.notes) - len(pitched),
        seconds=sequence.total_time,
        metres=tuple(dict.fromkeys(f"{metre.numerator}/{metre.denominator}" for metre in sequence.time_signatures))
        or ("4/4",),
        qpm=sequence.tempos[0].qpm if sequence.tempos else DEFAULT_QPM,
        pitches=(min(pitches), max(pitches)) if pitches else None,
        programs=tuple(sorted(Counter(note.program for note in pitched).items())),
    )


def summary(pieces: Iterable[Piece]) -> dict[str, Any]:
    """Add pieces up.

    Returns:
        ``pieces``, ``notes``, ``hours``; ``metres`` (pieces that have each), ``tempi`` (pieces in each ten qpm),
        ``pitches`` (lowest and highest), ``programs`` (notes of each) and ``drums`` (share of all notes).
    """
    found = list(pieces)
    metres, tempi, programs = Counter[str](), Counter[int](), Counter[int]()
    for piece in found:
        metres.update(piece.metres)
        tempi[int(piece.qpm // 10) * 10] += 1
        programs.update(dict(piece.programs))
    notes = sum(piece.notes for piece in found)
    ranges = [piece.pitches for piece in found if piece.pitches]
    return {
        "pieces": len(found),
        "notes": notes,
        "hours": round(sum(piece.seconds for piece in found) / 3600, 3),
        "metres": dict(metres.most_common()),
        "tempi": {f"{low} to {low + 9}": tempi[low] for low in sorted(tempi)},
        "pitches": [min(low for low, _ in ranges), max(high for _, high in ranges)] if ranges else None,
        "programs": {str(program): count for program, count in programs.most_common()},
        "drums": round(sum(piece.drums for piece in found) / notes, 4) if notes else 0.0,
    }
