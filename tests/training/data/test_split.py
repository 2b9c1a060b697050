"""Train and eval are split by piece."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from latentfm.errors import TrainingError
from latentfm.noteseq import NoteSequence
from latentfm.training.data.split import held_out, keys_of

Piece = Callable[..., NoteSequence]


def test_versions_and_copies_of_a_piece_lie_on_one_side(piece: Piece) -> None:
    """The same title, and the same notes in another key under another title, are one piece."""
    titles = [f"tune of {letter * 3}" for letter in "abcdefghij"]
    pieces = [piece(title, bars=8 + at) for at, title in enumerate(titles)]
    pieces += [piece("The " + title.upper(), bars=4) for title in titles]  # other notes, the same words
    copies = [piece(title, bars=8 + at, shift=5) for at, title in enumerate(titles)]
    for copy, name in zip(copies, "klmnopqrst", strict=True):
        copy.sequence_metadata.title = name
    sides = held_out([keys_of(one) for one in pieces + copies], 0.3)
    for at in range(10):
        assert sides[at] == sides[10 + at] == sides[20 + at]
    assert 3 <= sum(sides) <= 12
    assert sides == held_out([keys_of(one) for one in pieces + copies], 0.3)


def test_one_piece_is_too_few(piece: Piece) -> None:
    """There must be something to learn from and something to measure with."""
    with pytest.raises(TrainingError, match="too few"):
        held_out([keys_of(piece("one")), keys_of(piece("one"))], 0.1)
