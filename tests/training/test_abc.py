"""Reading melodies from ABC."""

from __future__ import annotations

from fractions import Fraction

import pytest

from latentfm.training.corpora.abc import Tune, read_tunes


def tune(body: str, key: str = "C", metre: str = "4/4", unit: str = "1/8") -> Tune:
    """Read one tune; it must be readable."""
    tunes, faults = read_tunes(f"X:1\nT:Test\nM:{metre}\nL:{unit}\nK:{key}\n{body}\n", "test.abc")
    assert not faults
    return tunes[0]


def sixteenths(read: Tune, bar: int = 0) -> list[tuple[float, float, int]]:
    """Return a bar's notes as onset, length in sixteenths and pitch."""
    return [(float(note.onset * 16), float(note.length * 16), note.pitch) for note in read.bars[bar].notes]


def test_pitches_follow_key_octave_and_accidentals() -> None:
    """A key signature alters, an accidental lasts until the bar line, a natural takes it back."""
    read = tune("F f' ^c c =F F, z2 | F c ^g _B G2 A2 |", key="D")
    assert [pitch for *_, pitch in sixteenths(read)] == [66, 90, 73, 73, 65, 54]
    assert [pitch for *_, pitch in sixteenths(read, 1)] == [66, 73, 80, 70, 67, 69]


def test_modes_have_their_signatures() -> None:
    """Dorian, mixolydian and minor keys alter what their signatures alter."""
    assert [pitch for *_, pitch in sixteenths(tune("B F E C C4", key="Ador"))] == [71, 66, 64, 60, 60]
    assert [pitch for *_, pitch in sixteenths(tune("B F E C C4", key="Gm"))] == [70, 65, 63, 60, 60]
    assert [pitch for *_, pitch in sixteenths(tune("B F E C C4", key="DMix"))] == [71, 66, 64, 60, 60]


def test_lengths_rests_and_broken_rhythm() -> None:
    """Fractions, rests and the dotted pairs of hornpipes."""
    read = tune("A3/2B/ c>d e<f z A/A/ |")
    onsets = [(onset, length) for onset, length, _ in sixteenths(read)]
    assert onsets == [(0, 3), (3, 1), (4, 3), (7, 1), (8, 1), (9, 3), (14, 1), (15, 1)]


def test_triplets_are_laid_on_the_grid() -> None:
    """Three quavers in the time of two: two short ones and a long one."""
    assert [(onset, length) for onset, length, _ in sixteenths(tune("(3ABc d2 e4 |"))] == [
        (0, 1),
        (1, 1),
        (2, 2),
        (4, 4),
        (8, 8),
    ]


def test_ties_join_and_ornaments_vanish() -> None:
    """Ties make one note; grace notes, slurs, fingerings and text add nothing."""
    read = tune('"Am"A2-A2 {ed}(c~d) "4".e2 |')
    assert sixteenths(read) == [(0, 8, 69), (8, 2, 72), (10, 2, 74), (12, 4, 76)]


def test_bars_say_whether_they_follow() -> None:
    """A second ending does not follow on the first."""
    read = tune("|: A8 | B8 |1 c8 :|2 d8 |]")
    assert [bar.follows for bar in read.bars] == [False, True, True, False]
    assert all(bar.length == Fraction(1) for bar in read.bars)


def test_metre_and_key_change_inside_a_tune() -> None:
    """Fields in the body hold from there on."""
    read = tune("F8 |\nM:3/4\nK:G\nF6 |")
    assert [bar.metre for bar in read.bars] == ["4/4", "3/4"]
    assert sixteenths(read, 1)[0][2] == 66


def test_a_tune_that_cannot_be_read_is_named() -> None:
    """The others are read all the same."""
    tunes, faults = read_tunes("X:1\nK:C\nL:1/8\n(9ABcdefgab|\n\nX:2\nT:Two\nM:4/4\nL:1/8\nK:C\nA8|\n", "book.abc")
    assert [read.title for read in tunes] == ["Two"]
    assert faults == ["book.abc#1: a tuplet of 9"]


@pytest.mark.parametrize("text", ["", "no tune here", "%abc\n"])
def test_a_file_without_tunes_gives_none(text: str) -> None:
    """Nothing is made up."""
    assert read_tunes(text, "empty.abc") == ([], [])
