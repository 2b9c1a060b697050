"""Pieces that gave nothing because something went wrong: which, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from latentfm.noteseq import NoteSequence

_NAMED = 5


@dataclass
class Failures:
    """Counted by reason; the first few are named."""

    reasons: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)

    def add(self, place: int, content: bytes, why: str) -> None:
        """Note a piece, by its place (from 0) and as it was serialised."""
        reason = why.splitlines()[0] if why else "no reason was given"
        self.reasons[reason] += 1
        if len(self.first) < _NAMED:
            self.first.append(f"{_name(content) or f'piece {place + 1}'}: {reason}")

    def facts(self) -> dict[str, Any]:
        """Return what ``examples.json`` says of them."""
        return {"reasons": dict(self.reasons.most_common()), "first": self.first}

    def words(self) -> str:
        """Return a sentence to add to an error; nothing where no piece failed."""
        if not self.first:
            return ""
        return f" {self.reasons.total()} pieces failed, such as {'; '.join(self.first)}."


def _name(content: bytes) -> str:
    try:
        sequence = NoteSequence.FromString(content)
    except DecodeError:
        return ""
    return str(sequence.filename or sequence.sequence_metadata.title or sequence.id)
