"""Who plays when and how loud: layers, the pad's swell, the strokes of kits, brushes and hands, titles."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.compose import arrange, dynamics, percussion, strokes, titles
from latentfm.music import expression
from latentfm.music.form import FormPlan, Unit
from latentfm.music.metre import FOUR_FOUR
from latentfm.playlist import Percussion, Playlist

ALL = (1 << strokes.CLASSES) - 1


@pytest.fixture(scope="module")
def plan() -> FormPlan:
    """Return a form of 8 units of four bars."""
    units = [
        Unit(bar=4 + 4 * index, bars=4, part="statement", source="motif", point=0, varied=False, period=index // 4)
        for index in range(8)
    ]
    return FormPlan(bars=41, intro=4, outro=5, crossfade_bars=4, bar_seconds=2.5, points=1, units=tuple(units))


def with_voice(playlist: Playlist, role: str, **changed: object) -> Playlist:
    """Return a playlist with one of its voices changed."""
    voices = [voice.model_dump() | (changed if voice.role == role else {}) for voice in playlist.voices]
    return Playlist.model_validate(playlist.model_dump() | {"voices": voices})


def test_a_voice_may_play_through_the_body(plan: FormPlan, day: Playlist) -> None:
    """A counter-line comes for the climax, or plays all but the first and last unit if the playlist says so."""
    usual = arrange.layers(plan, day).active["counter"]
    through = arrange.layers(plan, with_voice(day, "counter", span="body")).active["counter"]
    assert through == (plan.units[1].bar, plan.units[-1].bar)
    assert through[0] < usual[0] < plan.units[plan.climax].bar < usual[1] <= through[1]


def test_voices_enter_one_by_one_and_most_play_at_the_climax(plan: FormPlan, day: Playlist) -> None:
    """No two voices enter in one bar, and nowhere do more of them play than in the densest unit."""
    layers = arrange.layers(plan, day)
    entries = [first for first, _ in layers.active.values()]
    assert len(set(entries)) == len(entries)
    playing = [sum(layers.plays(role, bar) for role in layers.active) for bar in range(plan.bars)]
    assert playing[plan.units[plan.climax].bar] == max(playing) == len(layers.active)
    assert layers.energy[plan.units[plan.climax].bar] == max(layers.energy)


def test_the_pad_comes_forward_where_it_is_alone(plan: FormPlan, day: Playlist) -> None:
    """Through intro and outro the pad is louder by what the playlist says, and it never asks for more than there is."""
    playlist = with_voice(day, "pad", alone=9.0, swell=0.0)
    layers = arrange.layers(plan, playlist)
    level = dict(dynamics.swells(playlist, layers)["pad"])
    first, after = (bar * 16 for bar in plan.body)
    assert {value for step, value in level.items() if step <= first or step >= after} == {9.0}
    climax = level[plan.units[plan.climax].bar * 16]
    early = level[first + 64]
    assert 9.0 > early > climax + 1.0 > 2.0
    assert max(level.values()) <= expression.ROOM


def test_the_pad_breathes_with_each_chord(plan: FormPlan, day: Playlist) -> None:
    """A swell of 6 dB rises and falls by 6 dB within a chord."""
    still, breathing = (
        dict(dynamics.swells(mood, arrange.layers(plan, mood))["pad"])
        for mood in (with_voice(day, "pad", swell=0.0), with_voice(day, "pad", swell=6.0))
    )
    bar = plan.units[3].bar * 16
    moved = [breathing[step] - still[step] for step in range(bar, bar + 16, 2)]
    assert moved[0] == pytest.approx(-3.0)
    assert moved[4] == pytest.approx(3.0)


@pytest.mark.parametrize("style", list(strokes.STYLES))
def test_each_style_has_a_sound_for_each_class(style: str) -> None:
    """Every drum of the models is played on something, at its step and no louder than it may be."""
    percussion_of = Percussion.model_validate({"style": style})
    labels = np.array([1 << bit for bit in range(strokes.CLASSES)], dtype=np.int64)
    notes = strokes.played(percussion_of, labels, 32, FOUR_FOUR, 1.0, light=False)
    assert [note.onset for note in notes] == list(range(32, 32 + strokes.CLASSES))
    assert [note.pitch for note in notes] == list(strokes.STYLES[style].pitches)
    assert all(45 <= note.velocity <= 100 for note in notes)


def test_a_drummer_has_two_hands() -> None:
    """Of drums that the model hits at once two and the kick are struck, the loudest ones."""
    (kick, *struck) = strokes.played(Percussion(), np.array([ALL], dtype=np.int64), 0, FOUR_FOUR, 1.0, light=False)
    loudest = sorted(strokes.STYLES["kit"].velocities[1:])[-2:]
    assert kick.pitch == strokes.STYLES["kit"].pitches[strokes.KICK]
    assert sorted(note.velocity - 6 for note in struck) == loudest


def test_a_groove_begins_with_cymbals_or_shakers() -> None:
    """Where the drums come in, only the light classes play; and one sound is struck once at a time."""
    notes = strokes.played(
        Percussion(style="hands"), np.array([ALL, ALL], dtype=np.int64), 0, FOUR_FOUR, 1.0, light=True
    )
    light = {strokes.STYLES["hands"].pitches[bit] for bit in (strokes.CLOSED, strokes.OPEN, strokes.RIDE)}
    assert {note.pitch for note in notes} <= light
    brushes = strokes.played(
        Percussion(style="brushes"), np.array([ALL], dtype=np.int64), 0, FOUR_FOUR, 1.0, light=False
    )
    assert len({note.pitch for note in brushes}) == len(brushes)


def test_hands_like_toms_and_a_kit_likes_a_back_beat() -> None:
    """Of a rock beat and a tumbao, the kit is given the first and hands the second."""
    rock, tumbao = np.zeros((2, 32), dtype=np.int64)
    rock[::8] |= 1 << strokes.KICK
    rock[4::8] |= 1 << strokes.SNARE
    rock[::2] |= 1 << strokes.CLOSED
    tumbao[::16] |= 1 << strokes.LOW_TOM
    tumbao[[6, 12, 14, 22, 28, 30]] |= 1 << strokes.HIGH_TOM
    tumbao[::2] |= 1 << strokes.CLOSED
    rows, likelihood = np.stack([rock, tumbao]), np.zeros(2)
    assert percussion.groove_fitness(rows, likelihood, 10.0, FOUR_FOUR).argmax() == 0
    assert percussion.groove_fitness(rows, likelihood, 10.0, FOUR_FOUR, hands=True).argmax() == 1


def test_the_playlist_says_how_busy_the_drums_are(day: Playlist) -> None:
    """Two copies of a beat, one twice as busy: the one is chosen whose strokes a bar the playlist asks for."""
    calm = np.zeros(32, dtype=np.int64)
    calm[::8] |= 1 << strokes.KICK
    calm[::4] |= 1 << strokes.CLOSED
    busy = calm.copy()
    busy[::1] |= 1 << strokes.CLOSED
    rows = np.stack([calm, busy])
    for wanted, chosen in ((6, 0), (18, 1)):
        asked = Percussion.model_validate({"strokes_per_bar": wanted}).strokes_per_bar
        assert asked is not None
        assert percussion.groove_fitness(rows, np.zeros(2), asked, FOUR_FOUR).argmax() == chosen


def test_a_title_is_never_given_twice(day: Playlist) -> None:
    """What is taken is not drawn again, and no title says a word twice."""
    rng = np.random.default_rng(5)
    taken: list[str] = []
    for _ in range(400):
        drawn = titles.title(rng, day, taken)
        words = [word.lower()[:5].rstrip("s") for word in drawn.split()]
        assert drawn not in taken
        assert len({word for word in words if word != "the"}) == len([word for word in words if word != "the"])
        taken.append(drawn)


def test_a_playlist_may_have_words_of_its_own(day: Playlist) -> None:
    """Words in the playlist's file make its titles; a mood of another name has the common words."""
    own = {"adjectives": ["Wet"], "things": ["Weir"], "plurals": ["Ropes"]}
    mood = Playlist.model_validate(day.model_dump() | {"titles": own})
    drawn = {titles.title(np.random.default_rng(seed), mood) for seed in range(40)}
    assert {"Wet Weir", "Wet Ropes", "Weir of Ropes"} <= drawn
    other = titles.words(day.model_copy(update={"name": "harbour"}))
    assert not set(other.things) & set(titles.words(day).things)
