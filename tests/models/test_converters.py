"""NoteSequences to windows and back (`tests/parity` compares each converter with Magenta's own)."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.models.events import MelodyNote, labels_to_notes, notes_to_labels
from latentfm.models.music_vae import CONFIGURATIONS
from latentfm.models.music_vae.converters import converter_of
from latentfm.noteseq import NoteSequence

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def tune(bars: int, metre: tuple[int, int] = (4, 4), low: int = 0, **fields: int) -> NoteSequence:
    """Return quarters up and down the scale, and a shift for each bar so that no two bars are alike."""
    sequence = NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=120)
    sequence.time_signatures.add(numerator=metre[0], denominator=metre[1])
    beats = metre[0] * 4 // metre[1]
    for beat in range(bars * beats):
        pitch = SCALE[beat % 8] + low + beat // beats
        sequence.notes.add(pitch=pitch, velocity=80, start_time=beat / 2, end_time=(beat + 1) / 2, **fields)
    sequence.total_time = bars * beats / 2
    return sequence


def trio(bars: int) -> NoteSequence:
    """Return a melody, a bass, and a kick on each beat."""
    sequence = tune(bars)
    sequence.notes.extend(tune(bars, low=-24, instrument=1, program=33).notes)
    for beat in range(bars * 4):
        sequence.notes.add(
            pitch=36, velocity=80, start_time=beat / 2, end_time=beat / 2 + 0.1, instrument=9, is_drum=True
        )
    return sequence


def test_windows_begin_at_each_bar_and_read_as_they_were_written() -> None:
    """Four bars give three windows of two bars, and each comes back as the notes that it has."""
    converter, sequence = converter_of(CONFIGURATIONS["cat-mel_2bar_small"]), tune(4)
    before = sequence.SerializeToString()
    windows = converter.windows(sequence)
    assert len(windows) == 3
    first = next(window for window in windows if labels_to_notes(window)[0].pitch == 60)
    assert labels_to_notes(first)[:3] == [MelodyNote(0, 4, 60), MelodyNote(4, 4, 62), MelodyNote(8, 4, 64)]
    back = converter.sequence(first)
    assert [(note.pitch, note.start_time) for note in back.notes] == [
        (note.pitch, note.start_time) for note in sequence.notes[:8]
    ]
    assert sequence.SerializeToString() == before


def test_a_limit_keeps_some_and_a_generator_chooses_which() -> None:
    """Without a generator the choice is always the same; with one it is drawn, from the same windows."""
    converter, sequence = converter_of(CONFIGURATIONS["cat-mel_2bar_small"]), tune(12)
    every = {window.tobytes() for window in converter.windows(sequence)}
    plain = [window.tobytes() for window in converter.windows(sequence, 5)]
    drawn = [window.tobytes() for window in converter.windows(sequence, 5, np.random.default_rng(1))]
    assert (len(every), len(plain), len(drawn)) == (11, 5, 5)
    assert plain == [window.tobytes() for window in converter.windows(sequence, 5)]
    assert set(drawn) < every
    assert set(drawn) != set(plain)


@pytest.mark.parametrize(
    ("configuration", "sequence"),
    [
        ("cat-mel_2bar_small", tune(4, (3, 4))),
        ("cat-mel_2bar_small", tune(1)),
        ("cat-mel_2bar_small", tune(4, program=60)),
        ("cat-drums_2bar_small", tune(4)),
        ("hierdec-mel_16bar", tune(15)),
        ("hierdec-trio_16bar", tune(20)),
        ("hierdec-trio_16bar", NoteSequence()),
    ],
    ids=["another metre", "too short", "no such program", "no drums", "fifteen bars", "no trio", "empty"],
)
def test_what_does_not_suit_gives_no_window(configuration: str, sequence: NoteSequence) -> None:
    """Nothing is raised; there is just nothing to encode."""
    assert converter_of(CONFIGURATIONS[configuration]).windows(sequence) == []


def test_a_waltz_is_read_in_bars_of_three() -> None:
    """With twelve steps a bar, two bars of 3/4 are a window of 24."""
    windows = converter_of(CONFIGURATIONS["cat-mel_2bar_small"], 12).windows(tune(4, (3, 4)))
    assert [len(window) for window in windows] == [24, 24, 24]


def test_a_trio_keeps_its_parts_apart() -> None:
    """Melody, bass and drums come back with their instruments, programs and times."""
    converter = converter_of(CONFIGURATIONS["hierdec-trio_16bar"])
    (window,) = converter.windows(trio(16))
    assert window.shape == (256, 3)
    np.testing.assert_array_equal(window[:, 2], np.tile([1, 0, 0, 0], 64))
    back = converter.sequence(window)
    parts = {(note.instrument, note.program, note.is_drum) for note in back.notes}
    assert parts == {(0, 0, False), (1, 33, False), (9, 0, True)}
    assert converter.windows(back)[0].tobytes() == window.tobytes()


def test_labels_become_the_notes_of_the_sequence() -> None:
    """Rests and held notes last as long as their labels say."""
    labels = notes_to_labels([MelodyNote(0, 6, 60), MelodyNote(8, 24, 67)], 32)
    notes = converter_of(CONFIGURATIONS["cat-mel_2bar_small"]).sequence(labels).notes
    assert [(note.pitch, note.start_time, note.end_time) for note in notes] == [(60, 0, 0.75), (67, 1, 4)]
