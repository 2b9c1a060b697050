"""The figures that are checked, on melodies made by hand whose figures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentfm.brief import Key
from latentfm.music import figures, melody
from latentfm.music.chords import triad
from latentfm.music.figures import Bounds, Material
from latentfm.music.metre import FOUR_FOUR
from latentfm.music.note import Note, one_voice, shift, stretch

C_MAJOR = Key(tonic=0, mode="major")
TUNE = (Note(0, 4, 60), Note(4, 4, 62), Note(8, 4, 64), Note(12, 4, 65))


def line(*pitches: int, length: int = 4) -> tuple[Note, ...]:
    """Return notes of one length in a row."""
    return tuple(Note(index * length, length, pitch) for index, pitch in enumerate(pitches))


def material(lead: tuple[Note, ...], bars: int, **others: object) -> Material:
    """Return a section over C major with nothing but a lead, and what else a test names."""
    base = Material(
        key=C_MAJOR,
        metre=FOUR_FOUR,
        bars=bars,
        voices={"lead": lead},
        chords=[triad(C_MAJOR, 0)] * bars,
        model=lead,
        spans=[(0, bars * 16)],
    )
    return replace(base, **others)  # type: ignore[arg-type]


def test_likeness_counts_interval_and_onset_pairs() -> None:
    """A transposed tune is the same tune; one changed note of four costs the pairs around it."""
    assert melody.likeness(TUNE, shift(TUNE, semitones=5)) == 1.0
    changed = (*TUNE[:2], replace(TUNE[2], pitch=67), TUNE[3])
    assert melody.likeness(TUNE, changed) == 0.5
    assert melody.likeness(TUNE, ()) == 0.0


def test_a_variation_has_the_rhythm_or_the_pairs() -> None:
    """The same rhythm with other notes is a variation; other notes in another rhythm are not."""
    assert melody.varies(TUNE, line(72, 60, 71, 60))
    assert not melody.varies(TUNE, (Note(0, 6, 72), Note(6, 2, 60), Note(10, 6, 71)))


def test_fingerprints_know_a_motif_in_every_key() -> None:
    """A fingerprint is the same after transposition, and alike up to a few changed notes."""
    assert melody.fingerprint(TUNE) == "0 4+2 8+2 12+1"
    assert melody.fingerprint(shift(TUNE, semitones=-7)) == melody.fingerprint(TUNE)
    longer = line(60, 62, 64, 65, 67, 65, 64, 62)
    assert melody.alike(melody.fingerprint(longer), melody.fingerprint((*longer[:7], replace(longer[7], pitch=60))))
    assert not melody.alike(melody.fingerprint(TUNE), melody.fingerprint(line(60, 59, 57, 60)))
    assert melody.alike_share(["0 4+2", "0 4-5"], ["0 4+2"]) == 0.5


def test_repeating_bars() -> None:
    """Of four bars the second repeats the first and the fourth the third's rhythm: half of them are known."""
    other = (Note(0, 2, 72), Note(2, 2, 71), Note(6, 10, 69))
    notes = (*TUNE, *shift(TUNE, 16), *shift(other, 32), *shift(other, 48, 3))
    assert melody.repeating_share(notes, 0, 4, FOUR_FOUR) == 0.5
    assert melody.longest_unchanged(notes, 4, FOUR_FOUR) == 2


def test_bars_read_in_half_time_count_as_one() -> None:
    """In half time two bars are compared with two bars, so held notes don't repeat each other."""
    notes = stretch([Note(0, 8, 60), Note(8, 8, 62), Note(16, 8, 67), Note(26, 6, 65)], 2)
    assert melody.repeating_share(notes, 0, 4, FOUR_FOUR, 1) > 0
    assert melody.repeating_share(notes, 0, 4, FOUR_FOUR, 2) == 0


def test_leaps_and_their_return() -> None:
    """A tenth up that steps back is a leap turned; an octave down that goes on is one that is not."""
    assert melody.leaps(line(60, 76, 74, 62, 60)) == (0.5, 0.5)
    assert melody.leaps(line(60, 69, 60)) == (0.0, 1.0)


def test_stuck_notes_and_range() -> None:
    """A pitch struck again counts on; the range is the widest of any eight bars."""
    assert melody.longest_stuck((Note(0, 16, 60), Note(16, 8, 60), Note(24, 8, 62)), FOUR_FOUR) == 1.5
    far = (Note(0, 4, 60), Note(9 * 16, 4, 80))
    assert melody.widest_range(far, 10, FOUR_FOUR) == 0
    assert melody.widest_range((*far, Note(5 * 16, 4, 70)), 10, FOUR_FOUR) == 10


def test_rests_are_counted_inside_phrases() -> None:
    """Silence outside the phrases doesn't count; a quarter of silence in a bar is a quarter."""
    assert melody.rest_share(TUNE[:3], [(0, 16)]) == 0.25
    assert melody.rest_share(TUNE, [(0, 16)]) == 0.0


def test_measured_material() -> None:
    """A hand-made bar gives the figures that can be counted by hand."""
    lead = (Note(0, 4, 60), Note(4, 4, 61), Note(8, 4, 62), Note(12, 2, 64))
    model = (Note(0, 4, 60), Note(4, 4, 61), Note(8, 4, 60), Note(12, 4, 64))
    found = figures.measure(material(lead, 2, model=model))
    assert found.model_share == 0.75
    assert found.in_mode == 0.75
    assert found.chord_tones == 0.5
    assert found.notes_per_bar == 2.0
    assert found.rest_share == pytest.approx(1 - 14 / 32)
    assert found.empty_bars == 1


def test_semitones_between_voices() -> None:
    """A minor second and a minor ninth that sound together count by the steps they last; drums never do."""
    lead = (Note(0, 8, 65),)
    for other, steps in ((Note(2, 8, 64), 6), (Note(0, 3, 52), 3), (Note(0, 8, 60), 0)):
        found = figures.measure(material(lead, 1, voices={"lead": lead, "pad": (other,)}))
        assert found.longest_semitone == steps
    drums = figures.measure(material(lead, 1, voices={"lead": lead, "drums": (Note(0, 8, 64),)}))
    assert drums.longest_semitone == 0


def test_missed_bounds_are_named() -> None:
    """A section inside its bounds misses none; one too busy, and out of its mode, is told so by name."""
    bounds = Bounds(notes_per_bar=(2, 5), rest_share=(0.0, 0.4), stuck_bars=2)
    other = (Note(0, 2, 67), Note(2, 6, 65), Note(8, 4, 64), Note(12, 4, 62))
    tune = (*TUNE, *shift(TUNE, 16), *shift(other, 32), *shift(TUNE, 48))
    assert figures.missed(figures.measure(material(tune, 4)), bounds) == ()
    busy = tuple(Note(step, 1, 61) for step in range(16))
    assert {"notes_per_bar", "in_mode", "chord_tones"} <= set(
        figures.missed(figures.measure(material(busy, 1)), bounds)
    )


def test_histograms_and_their_distance() -> None:
    """Equal histograms are 0 apart, disjoint ones 1; intervals and durations land in their bins."""
    assert figures.interval_histogram(TUNE)[24 + 2] == 2
    assert figures.duration_histogram(TUNE)[4 - 1] == 3
    one, other = np.array([1.0, 0.0]), np.array([0.0, 3.0])
    assert figures.jensen_shannon(one, one * 5) == 0.0
    assert figures.jensen_shannon(one, other) == pytest.approx(1.0)


def test_one_voice_keeps_the_top() -> None:
    """Of notes that begin together the highest stays, and each ends where the next begins."""
    assert one_voice([Note(0, 8, 60), Note(0, 8, 64), Note(4, 4, 62)]) == (Note(0, 4, 64), Note(4, 4, 62))
