"""Chords for tunes without any, and the lead sheets made with them."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.models.events import MelodyNote, notes_to_labels
from latentfm.training.corpora import lead_sheets
from latentfm.training.corpora.harmony import harmonise, transposed
from latentfm.training.corpora.melodies import COMMON, JIG, WALTZ, Grid, Run

TONES = {"C": (60, 64, 67), "F": (65, 69, 60), "G": (67, 71, 62), "Am": (69, 60, 64), "Dm": (62, 65, 69)}


def broken_chords(figures: list[str], grid: Grid) -> list[MelodyNote]:
    """Play each chord's tones one after another, a quarter each."""
    return [
        MelodyNote(bar * grid.bar + 4 * beat, 4, TONES[figure][beat % 3])
        for bar, figure in enumerate(figures)
        for beat in range(grid.bar // 4)
    ]


@pytest.mark.parametrize("grid", [COMMON, WALTZ, JIG], ids=lambda grid: grid.metre)
def test_broken_chords_are_heard_as_their_chords(grid: Grid) -> None:
    """A line that plays nothing but a chord's tones gets that chord; the dominant may come with its seventh."""
    figures = ["C", "Am", "F", "G", "C"]
    found = harmonise(notes_to_labels(broken_chords(figures, grid), len(figures) * grid.bar), grid)
    assert [figure.removesuffix("7") for figure in found] == figures


def test_a_tune_ends_on_the_chord_of_its_last_note() -> None:
    """A last note that many chords hold is taken for the root."""
    notes = [MelodyNote(0, 16, 64), MelodyNote(16, 16, 62), MelodyNote(32, 16, 60)]
    assert harmonise(notes_to_labels(notes, 48), COMMON)[-1] == "C"


def test_silence_has_chords_too() -> None:
    """Bars without a note go on with what is readiest."""
    assert len(harmonise(np.zeros(32, np.int16), COMMON)) == 2


def test_chords_move_with_their_tune() -> None:
    """Roots are transposed, kinds stay."""
    assert [transposed(figure, 3) for figure in ("C", "Dm", "G7", "Bb", "F#m7")] == ["Eb", "Fm", "Bb7", "C#", "Am7"]
    assert transposed("Am", -9) == "Cm"


def test_a_lead_sheet_moves_melody_and_chords_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever key a piece comes, its notes keep to its chords and its range."""
    labels = notes_to_labels(broken_chords(["C", "F", "G", "C"] * 2, COMMON), 128)
    runs = ([Run("a tune", labels)], [Run("another", labels)])
    monkeypatch.setattr(lead_sheets, "melody_runs", lambda grid: runs if grid is COMMON else ([], []))
    train, held_out = lead_sheets.lead_sheets(96)
    assert len(train) > len(held_out) > 0
    whole = [sheet for sheet in train if len(set(sheet.chords)) == 3 and len(sheet.events) == 97]
    assert len({sheet.chords[0] for sheet in whole}) > 1
    roots = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
    for sheet in whole:
        assert all(48 <= event < 84 for event in sheet.events if event >= 0)
        root = roots.index(sheet.chords[0].removesuffix("maj7"))
        assert (sheet.events[0] - root) % 12 == 0
