"""Chorales: four voices on the grid of eighths, and the events made of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from latentfm.models.event_rnn.polyphony import END, START, STEP_END, events_to_notes
from latentfm.models.events import MelodyNote
from latentfm.training.corpora.chorales import Chorale, chorale_sequences, read_chorale

CHORDS = ((72, 67, 64, 48), (74, 67, 62, 55), (72, 67, 64, 48))


def block_chords(bars: int = 4) -> Chorale:
    """Sing three chords of two eighths, over and over."""
    voices = tuple(
        tuple(MelodyNote(2 * place, 2, CHORDS[place % 3][voice]) for place in range(4 * bars)) for voice in range(4)
    )
    return Chorale("bwv0", voices)


def test_pieces_begin_behind_a_step_and_lose_no_note() -> None:
    """A chorale cut into pieces of events sounds the same when they are put together."""
    chorale = block_chords(8)
    train, held_out = chorale_sequences([chorale], 120, transpositions=(0,))
    pieces = train or held_out
    assert len(pieces) > 1
    assert pieces[0][0] == START
    assert pieces[-1][-1] == END
    for piece, following in pairwise(pieces):
        joined = piece[: len(piece) - piece[::-1].index(STEP_END)]
        assert following[0] not in (START, STEP_END)
        assert len(piece) <= 121
        assert joined[-1] == STEP_END
    whole = chorale_sequences([chorale], 10_000, transpositions=(0,))
    notes = events_to_notes((whole[0] or whole[1])[0])
    assert sorted((note.onset, note.pitch) for note in notes) == sorted(
        (note.onset, note.pitch) for voice in chorale.voices for note in voice
    )


def test_what_is_learnt_from_comes_in_many_keys() -> None:
    """Nine transpositions of what is learnt from, one of what is held out."""
    tunes = np.random.default_rng(1).integers(60, 72, (60, 20))
    chorales = [
        Chorale("", (tuple(MelodyNote(2 * place, 2, int(pitch)) for place, pitch in enumerate(tune)),) * 4)
        for tune in tunes
    ]
    train, held_out = chorale_sequences(chorales, 10_000)
    kept = sum(chorale.held_out for chorale in chorales)
    assert 0 < kept < len(chorales) / 4
    assert (len(train), len(held_out)) == (9 * (len(chorales) - kept), kept)


def test_a_score_is_read_on_the_grid_of_eighths(tmp_path: Path) -> None:
    """Ties are one note, sixteenths give way to what sounds on the eighth, and repeated notes are struck anew."""
    stream = pytest.importorskip("music21.stream", reason="needs the extra `train`")
    note, tie = pytest.importorskip("music21.note"), pytest.importorskip("music21.tie")
    score = stream.Score()
    for pitch in ("C5", "G4", "E4", "C3"):
        part = stream.Part()
        first, tied = note.Note(pitch, quarterLength=1), note.Note(pitch, quarterLength=1)
        first.tie, tied.tie = tie.Tie("start"), tie.Tie("stop")
        part.append([first, tied, note.Note(pitch, quarterLength=0.5)])
        part.append([note.Note("D4", quarterLength=0.25), note.Note("E4", quarterLength=0.25)])
        part.append(note.Note(pitch, quarterLength=1))
        score.insert(0, part)
    file = tmp_path / "four.musicxml"
    score.write("musicxml", file)
    read = read_chorale(file)
    assert read is not None
    assert [(n.onset, n.length, n.pitch) for n in read.voices[0]] == [(0, 4, 72), (4, 1, 72), (5, 1, 62), (6, 2, 72)]
    assert read.steps == 8
    score.remove(score.parts[0])
    score.write("musicxml", tmp_path / "three.musicxml")
    assert read_chorale(tmp_path / "three.musicxml") is None
