"""Voices under a lead: how bars of four voices are judged and chosen, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from latentfm.brief import Key
from latentfm.compose import partwriting, polyphony
from latentfm.compose.partwriting import Place, Verticals
from latentfm.compose.polyphony import Song
from latentfm.models.event_rnn.polyphony import START, STEP_END, continued_note, new_note
from latentfm.models.event_rnn.polyphony_rnn import Voices
from latentfm.music.chords import triad
from latentfm.music.metre import FOUR_FOUR
from latentfm.music.note import Note
from latentfm.playlist import Playlist

C_MAJOR = Key(tonic=0, mode="major")
TONIC, DOMINANT = triad(C_MAJOR, 0), triad(C_MAJOR, 4)
PLACE = Place(TONIC, FOUR_FOUR, (), last=False, bass=(40, 60))
GOOD = (72, 67, 64, 48)  # C major, close, the root below


def held(*chords: tuple[int, ...], steps: int = 16) -> Verticals:
    """Return a bar of chords that last equally long, all their notes struck anew."""
    each = steps // len(chords)
    return [
        tuple(new_note(pitch) if step == 0 else continued_note(pitch) for pitch in chord)
        for chord in chords
        for step in range(each)
    ]


@pytest.mark.parametrize(
    "worse",
    [
        held((72, 66, 63, 48)),  # tones of another chord
        held((72, 67, 60, 48)),  # no third
        held((72, 67)),  # voices missing
        held((72, 67, 48, 47)),  # a semitone that lasts
        held((72, 67, 64, 52)),  # the third below
        held(*[GOOD] * 16),  # struck again and again
    ],
    ids=["strange", "no third", "two voices", "rub", "inverted", "restless"],
)
def test_a_chord_in_its_place_is_best(worse: Verticals) -> None:
    """Four voices with the chord's third, over its root and at rest, cost less than any fault."""
    assert partwriting.cost(held(GOOD), PLACE) < partwriting.cost(worse, PLACE)


def test_parallel_fifths_cost() -> None:
    """Two chords whose outer voices move in parallel octaves cost more than the same in contrary motion."""
    parallel, contrary = held(GOOD, (74, 69, 65, 50)), held(GOOD, (74, 69, 65, 41))
    open_place = Place(TONIC, FOUR_FOUR, (), last=False, bass=(28, 60))
    assert partwriting.cost(parallel, open_place) > partwriting.cost(contrary, open_place)


def test_a_phrase_ends_on_its_chord() -> None:
    """At a phrase's end it costs more to stop on another chord, and to move in the last half bar."""
    ending = Place(TONIC, FOUR_FOUR, (), last=True, bass=(40, 60))
    away = held(GOOD, (71, 67, 62, 43))
    assert partwriting.cost(away, ending) - partwriting.cost(held(GOOD), ending) > partwriting.cost(
        away, PLACE
    ) - partwriting.cost(held(GOOD), PLACE)


class Choir:
    """Draws bars of one chord each, the lead that is given on top: one candidate for each chord it knows."""

    def __init__(self, *chords: tuple[int, ...], steps_per_quarter: int = 4) -> None:
        self.chords, self.steps_per_quarter = chords, steps_per_quarter
        self.primers: list[Sequence[int]] = []

    def generate(
        self,
        steps: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        candidates: int = 1,
        *,
        primer: Sequence[int] = (START,),
        given: Sequence[Sequence[int]] = (),
    ) -> list[Voices]:
        """Return a candidate for each chord; the lower voices move in quarters."""
        self.primers.append(primer)
        drawn = []
        for chord in self.chords:
            events = list(primer)
            for step in range(steps):
                lower = [
                    new_note(pitch) if step % self.steps_per_quarter == 0 else continued_note(pitch) for pitch in chord
                ]
                events += [*given[step], *lower, STEP_END]
            drawn.append(Voices(tuple(events), (), 0.0))
        return drawn


LEAD = (Note(32, 8, 72), Note(40, 8, 76), Note(48, 4, 74), Note(52, 8, 71))


def song(enters: int = 32) -> Song:
    """Return two bars of a lead over tonic and dominant, after two bars of an intro; a phrase of one unit."""
    return Song([LEAD], [(32, 64)], C_MAJOR, FOUR_FOUR, [TONIC, TONIC, TONIC, DOMINANT], 1, (40, 60), enters)


@pytest.mark.parametrize("steps_per_quarter", [4, 2])
def test_the_lead_is_given_and_the_chords_choose(day: Playlist, steps_per_quarter: int) -> None:
    """Each bar is drawn with the lead in it, after what was chosen before it, and agrees with its chord."""
    choir = Choir((67, 64, 48), (67, 62, 55), steps_per_quarter=steps_per_quarter)
    voices = polyphony.harmonise(choir, song(), day, np.random.default_rng(0))  # type: ignore[arg-type]
    first, second = choir.primers
    assert list(first) == [START]
    assert new_note(72) in second
    assert new_note(76) in second
    assert not {72, 76, 74, 71} & {note.pitch for note in voices.written}
    for note in (*(voices.inner or ()), *voices.bass):
        chord = TONIC if note.onset < 48 else DOMINANT
        assert note.pitch % 12 in chord.classes
        assert 32 <= note.onset < note.end <= 64
    assert {note.pitch for note in voices.bass} == {48, 55}


def test_a_model_of_eighths_hears_what_sounds_on_them(day: Playlist) -> None:
    """Sixteenths between its steps are left out; what it writes lasts as long as in the section."""
    lively = (Note(32, 1, 72), Note(33, 1, 74), Note(34, 6, 76), Note(40, 8, 79), Note(48, 16, 74))
    choir = Choir((67, 64, 48), (67, 62, 55), steps_per_quarter=2)
    sung = replace(song(), units=[lively])
    voices = polyphony.harmonise(choir, sung, day, np.random.default_rng(0))  # type: ignore[arg-type]
    heard = [event for event in choir.primers[1] if event not in (START, STEP_END)]
    assert [event for event in heard if event in {new_note(pitch) for pitch in (72, 74, 76, 79)}] == [
        new_note(72),
        new_note(76),
        new_note(79),
    ]
    assert {note.onset % 4 for note in voices.bass} == {0}
    assert sum(note.length for note in voices.bass if note.onset < 48) == 16


def test_voices_rest_with_the_lead_at_a_phrases_end(day: Playlist) -> None:
    """What sounds with the lead's last note is held to the end of the phrase; nothing begins after it."""
    voices = polyphony.harmonise(Choir((67, 62, 55)), song(), day, np.random.default_rng(0))  # type: ignore[arg-type]
    lower = [*voices.bass, *(voices.inner or ())]
    assert max(note.onset for note in lower) == 52
    assert {note.end for note in lower if note.onset == 52} == {64}


def test_the_bass_waits_for_its_entry(day: Playlist) -> None:
    """Before the bass enters the inner voices are alone, and what it would have sung counts for nothing."""
    choir = Choir((67, 64, 48), (67, 62, 55))
    voices = polyphony.harmonise(choir, song(enters=48), day, np.random.default_rng(0))  # type: ignore[arg-type]
    assert min(note.onset for note in voices.bass) == 48
    assert not any(note.pitch == 48 for note in voices.written)
    assert min(note.onset for note in voices.inner or ()) == 32


def test_the_chords_are_those_that_are_sung(day: Playlist) -> None:
    """Where all that the model draws is another chord than the frame's, the section's chord is that one."""
    agreeing = polyphony.harmonise(Choir((67, 64, 48), (67, 62, 55)), song(), day, np.random.default_rng(0))  # type: ignore[arg-type]
    assert agreeing.chords == (TONIC, TONIC, TONIC, DOMINANT)
    minor = polyphony.harmonise(Choir((69, 64, 57)), song(), day, np.random.default_rng(0))  # type: ignore[arg-type]
    assert minor.chords[2] == triad(C_MAJOR, 5)
    assert minor.chords[:2] == (TONIC, TONIC)
