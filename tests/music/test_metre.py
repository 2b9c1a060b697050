"""Metres: how sixteenths fall into bars and beats, and what follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from latentfm.brief import Key
from latentfm.music import bass, humanise, idioms, melody, metre
from latentfm.music.bass import BassBar
from latentfm.music.chords import triad
from latentfm.music.metre import FOUR_FOUR, METRES, SIX_EIGHT, THREE_FOUR, Metre
from latentfm.music.note import Note, bars_of
from latentfm.playlist import Playlist, Tempo

VOICES = [{"role": role} for role in ("lead", "pad", "bass")]


@pytest.mark.parametrize(
    ("beats", "bar", "beat", "strong", "seconds"),
    [(FOUR_FOUR, 16, 4, [0, 8], 2.4), (THREE_FOUR, 12, 4, [0], 1.8), (SIX_EIGHT, 12, 6, [0, 6], 1.8)],
)
def test_bars_beats_and_strong_steps(beats: Metre, bar: int, beat: int, strong: list[int], seconds: float) -> None:
    """A bar has its sixteenths, beats and strong steps, in every bar of a section, and lasts by its quarters."""
    assert beats.steps_per_bar == bar
    assert [step for step in range(bar, 2 * bar) if beats.is_strong(step)] == [bar + step for step in strong]
    assert [step for step in range(bar) if beats.is_beat(step)] == list(range(0, bar, beat))
    assert beats.bar_seconds(100.0) == pytest.approx(seconds)
    assert beats.bar(bar - 1) == 0
    assert beats.bar(bar) == 1
    assert sum(length for _, length in beats.spans) == bar
    assert METRES[beats.name] is beats
    assert 0 not in beats.back


def test_a_playlist_names_its_metre() -> None:
    """The metre stands in the table of the tempo; it is 4/4 unless named, and 6/8 does not swing."""
    plain = Playlist.model_validate({"name": "plain", "title": "Plain", "voices": VOICES})
    assert metre.of(plain) == FOUR_FOUR
    jig = plain.model_copy(update={"tempo": Tempo.model_validate({"metre": "6/8", "qpm": [150, 160]})})
    assert metre.of(jig) == SIX_EIGHT
    with pytest.raises(ValidationError, match="beats have three parts"):
        Tempo.model_validate({"metre": "6/8", "swing": 0.6})
    with pytest.raises(ValidationError, match="4/4"):
        Tempo.model_validate({"metre": "5/4"})


def test_figures_count_bars_of_their_metre() -> None:
    """What stays, spans and repeats for bars is counted in bars of the metre."""
    held = (Note(0, 12, 60), Note(12, 12, 60))
    assert melody.longest_stuck(held, THREE_FOUR) == 2.0
    assert melody.longest_stuck(held, FOUR_FOUR) == 1.5
    twice = tuple(Note(step, 4, 60 + step % 12) for step in range(0, 24, 4))
    assert melody.longest_unchanged(twice, 2, SIX_EIGHT) == 2
    assert melody.repeating_share(twice, 0, 2, THREE_FOUR) == 0.5
    assert [len(bar) for bar in bars_of(twice, 2, THREE_FOUR)] == [3, 3]


def test_accents_follow_the_metre() -> None:
    """The first beat is the loudest; 6/8 has a second accent on its second beat, 3/4 has none there."""
    eighths = [Note(step, 2, 60) for step in range(0, 12, 2)]
    mean = {
        beats.name: np.mean(
            [
                [note.velocity for note in humanise.phrased(eighths, 70, beats, np.random.default_rng(seed), depth=0)]
                for seed in range(40)
            ],
            axis=0,
        )
        for beats in (THREE_FOUR, SIX_EIGHT)
    }
    assert all(loud.argmax() == 0 for loud in mean.values())
    assert mean["6/8"][3] > mean["6/8"][[1, 2, 4, 5]].max() + 3
    assert mean["3/4"][2] > mean["3/4"][3] + 1
    assert mean["3/4"][4] > mean["3/4"][3] + 1


@pytest.mark.parametrize("beats", METRES.values(), ids=list(METRES))
def test_rhythms_fill_their_bar_and_no_more(beats: Metre) -> None:
    """Bass rows begin on one with the root or its fifth, and no stroke reaches over the bar line or another."""
    idiom, bar = idioms.of(beats), beats.steps_per_bar
    rows = [row for level in idiom.bass for pattern in level for row in pattern]
    assert all(row[0][0] == 0 and row[0][2] in "RF" for row in rows)
    assert all(pattern[0][0][2] == "R" for level in idiom.bass for pattern in level)
    rhythms = [[(onset, length) for onset, length, _ in row] for row in rows]
    rhythms += [list(rhythm) for rhythm in (*idiom.comps, *idiom.comps_alone)]
    for rhythm in rhythms:
        ends = [onset + length for onset, length in rhythm]
        assert all(end <= onset for end, (onset, _) in zip(ends, rhythm[1:], strict=False))
        assert ends[-1] <= bar


def test_a_waltz_leaves_one_to_the_bass_and_a_jig_its_beats() -> None:
    """Where a bass plays and the music moves, chords are struck on two and three in 3/4, and off the beats in 6/8."""
    for rhythm in idioms.of(THREE_FOUR).comps[1:]:
        assert [onset for onset, _ in rhythm] == [4, 8]
    for rhythm in idioms.of(SIX_EIGHT).comps[2:]:
        assert not any(SIX_EIGHT.is_beat(onset) for onset, _ in rhythm)
    for beats in (THREE_FOUR, SIX_EIGHT):
        assert all(rhythm[0][0] == 0 for rhythm in idioms.of(beats).comps_alone)


def test_four_four_is_what_it_was() -> None:
    """Bass and accents in 4/4 are note for note those of before other metres came: takes that aired rest on them."""
    key = Key(tonic=2, mode="dorian")
    chords = [triad(key, degree) for degree in (0, 3, 0, 6, 0, 3, 6, 0)]
    bars = [BassBar(bar, chord, chords[bar + 1] if bar < 7 else None, bar // 2) for bar, chord in enumerate(chords)]
    line = bass.line(bars, key, FOUR_FOUR, np.random.default_rng(7))
    assert " ".join(f"{note.onset}:{note.length}:{note.pitch}" for note in line) == (
        "0:16:38 16:16:43 32:12:38 44:4:38 48:12:36 60:4:36 64:6:38 70:6:33 76:4:41 80:6:43 86:6:38 "
        "92:4:38 96:4:36 102:2:36 104:4:43 108:2:43 110:2:40 112:4:38 118:2:38 120:4:33 124:2:33 "
        "126:2:33"
    )
    phrase = [Note(2 * index, 2, 60 + index % 5) for index in range(10)]
    loud = humanise.phrased(phrase, 66, FOUR_FOUR, np.random.default_rng(3))
    assert [note.velocity for note in loud] == [76, 61, 71, 68, 76, 72, 74, 76, 84, 87]
