"""Plans of sections."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfm.music import form
from latentfm.music.form import FormPlan


def plan(
    qpm: float = 100.0,
    motif_bars: int = 2,
    seed: int = 0,
    *,
    points: int = 3,
    section: int = 0,
    recall: bool = False,
    seconds: tuple[float, float] = (60.0, 150.0),
    each: int = 1,
) -> FormPlan:
    """Plan a section with the values that most tests have in common."""
    return form.plan(
        bar_seconds=240.0 / qpm,
        seconds=seconds,
        motif_bars=motif_bars,
        crossfade_seconds=8.0,
        bars_per_chord=each,
        points=points,
        section=section,
        can_recall=recall,
        rng=np.random.default_rng(seed),
    )


@settings(max_examples=80)
@given(st.floats(48, 130), st.sampled_from([2, 4]), st.integers(0, 999), st.integers(2, 4), st.sampled_from([1, 2]))
def test_plans_fit_time_and_crossfade(qpm: float, motif_bars: int, seed: int, points: int, each: int) -> None:
    """A section lasts 60 to 150 s; the crossfade fits the intro, and from each out to the end."""
    made = plan(qpm, motif_bars, seed, points=points, each=each)
    assert 60.0 <= made.seconds <= 150.0
    assert made.intro * made.bar_seconds >= 8.0 - 1e-6
    assert made.intro % each == 0
    assert made.outro * made.bar_seconds >= 8.0 + made.bar_seconds - 1e-6
    assert len(made.outs) >= 2
    for out in made.outs:
        assert out >= made.body[1]
        assert (made.bars - out) * made.bar_seconds >= 8.0 - 1e-6


@settings(max_examples=80)
@given(st.sampled_from([2, 4]), st.integers(0, 999), st.integers(2, 4), st.floats(50, 130))
def test_units_fill_the_body(motif_bars: int, seed: int, points: int, qpm: float) -> None:
    """Units follow each other without a gap, fill whole periods of eight bars, and end where the walk ends."""
    made = plan(qpm, motif_bars, seed, points=points)
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


def test_older_motifs_return_every_third_section() -> None:
    """An older motif comes back in each third section, when there is one to come back to."""
    returns = [any(unit.source == "old" for unit in plan(section=number, recall=True).units) for number in range(6)]
    assert returns == [False, False, True, False, False, True]
    assert not any(unit.source == "old" for unit in plan(section=2, recall=False).units)


def test_the_climax_lies_two_thirds_through() -> None:
    """The unit planned as the densest lies two thirds through the body."""
    made = plan()
    assert made.climax / len(made.units) == pytest.approx(2 / 3, abs=0.1)
