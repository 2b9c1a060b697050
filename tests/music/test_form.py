"""Plans of sections."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfm.music import form
from latentfm.music.form import FormPlan, Size


def sizes(qpm: float = 100.0, motif_bars: int = 2, each: int = 1) -> tuple[Size, ...]:
    """Return the sizes that a section can have at a tempo."""
    return form.sizes(bar_seconds=240.0 / qpm, motif_bars=motif_bars, crossfade_seconds=8.0, bars_per_chord=each)


def plan(
    qpm: float = 100.0,
    motif_bars: int = 2,
    share: float = 0.5,
    *,
    points: int = 3,
    recall: bool = False,
    answered: bool = False,
    seconds: tuple[float, float] = (60.0, 150.0),
    each: int = 1,
) -> FormPlan:
    """Plan a section with the values that most tests have in common."""
    size = form.choose_size(sizes(qpm, motif_bars, each), seconds, share)
    return form.plan(size, points=points, recall=recall, answered=answered)


@settings(max_examples=80)
@given(st.floats(48, 130), st.sampled_from([2, 4]), st.floats(0, 1), st.integers(2, 4), st.sampled_from([1, 2]))
def test_plans_fit_time_and_crossfade(qpm: float, motif_bars: int, share: float, points: int, each: int) -> None:
    """A section lasts 60 to 150 s; the crossfade fits the intro, and from each out to the end."""
    made = plan(qpm, motif_bars, share, points=points, each=each)
    assert 60.0 <= made.seconds <= 150.0
    assert made.intro * made.bar_seconds >= 8.0 - 1e-6
    assert made.intro % each == 0
    assert made.outro * made.bar_seconds >= 8.0 + made.bar_seconds - 1e-6
    assert len(made.outs) >= 2
    for out in made.outs:
        assert out >= made.body[1]
        assert (made.bars - out) * made.bar_seconds >= 8.0 - 1e-6


@settings(max_examples=80)
@given(st.sampled_from([2, 4]), st.floats(0, 1), st.integers(2, 4), st.floats(50, 130))
def test_units_fill_the_body(motif_bars: int, share: float, points: int, qpm: float) -> None:
    """Units follow each other without a gap, fill whole periods of eight bars, and end where the walk ends."""
    made = plan(qpm, motif_bars, share, points=points)
    bars = [unit.bar for unit in made.units]
    assert bars == list(range(made.body[0], made.body[1], motif_bars))
    assert (made.body[1] - made.body[0]) % 8 == 0
    assert made.units[-1].point == made.points - 1
    assert made.points <= points


@pytest.mark.parametrize("seconds", [(60, 62), (75, 80), (95, 100), (115, 120), (130, 140), (150, 160)])
@pytest.mark.parametrize("points", [2, 3, 4])
def test_each_point_is_heard_twice(seconds: tuple[float, float], points: int) -> None:
    """However long the section, every point of the walk is heard at least twice, and it opens with a statement."""
    made = plan(seconds=seconds, points=points)
    heard = Counter(unit.point for unit in made.units if unit.source == "motif")
    assert sorted(heard) == list(range(made.points))
    assert min(heard.values()) >= 2
    assert [unit.point for unit in made.units[:2]] == [0, 0]
    assert made.units[1].varied


def test_answers_follow_calls() -> None:
    """No section begins with an answer, and day's have at least two."""
    made = plan()
    assert made.units[0].source == "motif"
    assert sum(unit.source == "answer" for unit in made.units) >= 2


@pytest.mark.parametrize("motif_bars", [2, 4])
def test_older_motifs_return_every_third_section(motif_bars: int) -> None:
    """An older motif has its place in each third section, however short; without one to come back to there is none."""
    assert [form.recalls(section) for section in range(6)] == [False, False, True, False, False, True]
    for size in sizes(motif_bars=motif_bars, each=motif_bars // 2):
        if size.units >= form.UNITS_PER_PERIOD:
            units = form.plan(size, points=3, recall=True).units
            assert any(unit.source == "old" for unit in units)
            assert units[0].source in ("motif", "old")
            assert units[-1].source == "motif"
        assert not any(unit.source == "old" for unit in form.plan(size, points=3, recall=False).units)


@pytest.mark.parametrize(("qpm", "motif_bars", "each", "room"), [(100, 2, 1, 10), (78, 4, 1, 13), (60, 4, 2, 17)])
def test_a_length_that_is_asked_for_is_kept(qpm: float, motif_bars: int, each: int, room: int) -> None:
    """From 45 s on a range as long as half a period is always hit, with half a one where whole ones don't fit."""
    halves = 0
    for shortest in range(45, 130, 5):
        made = plan(qpm, motif_bars, each=each, seconds=(shortest, shortest + room))
        assert shortest <= made.seconds <= shortest + room
        body = made.body[1] - made.body[0]
        assert body % 4 == 0
        halves += body % 8 != 0
        assert sum(unit.bars for unit in made.units) == body
        assert made.units[-1].point == made.points - 1
    assert halves > 0


@pytest.mark.parametrize("units", [2, 3])
def test_the_shortest_sections_have_one_idea(units: int) -> None:
    """Two or three units are a motif, its repetition with a change, and its return."""
    made = form.plan(sizes(60, 4, 2)[units - 2], points=3, recall=True)
    assert [unit.point for unit in made.units] == [1] * units
    assert [unit.varied for unit in made.units] == [False, True, False][:units]


def test_one_idea_and_its_answer() -> None:
    """A section of one period may be one idea that is answered, heard three times."""
    made = plan(60, 4, each=2, seconds=(80, 90), answered=True)
    assert [unit.source for unit in made.units] == ["motif", "answer", "motif", "motif"]
    assert {unit.point for unit in made.units if unit.source == "motif"} == {made.points - 1}


def test_the_climax_lies_two_thirds_through() -> None:
    """The unit planned as the densest lies two thirds through the body."""
    made = plan()
    assert made.climax / len(made.units) == pytest.approx(2 / 3, abs=0.1)
