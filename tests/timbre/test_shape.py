"""The level of a note: attack, decay, release."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.timbre.shape import shape

Tone = Callable[..., NDArray[np.float32]]


def test_a_held_note_with_its_attack_and_release(tone: Tone) -> None:
    """Attack time, release and what is held in between are those that went in."""
    sound = tone(60.0, 3.0)
    times = np.arange(len(sound)) / SAMPLE_RATE
    sound *= np.minimum(times / 0.2, 1.0) * 10.0 ** (-60.0 * np.maximum(times - 2.0, 0.0) / 20.0)
    form = shape(sound, SAMPLE_RATE, held=2.0)
    assert form.attack == pytest.approx(0.14, abs=0.02)
    assert (form.held, form.dies) == (2.0, False)
    assert form.release == pytest.approx(100.0 / 60.0, rel=0.05)
    assert form.slope(0.3, 2.0) == pytest.approx(0.0, abs=0.2)
    assert form.gone == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize("slope", [-5.0, -20.0, -40.0])
def test_a_decay_is_measured(slope: float, tone: Tone) -> None:
    """Decibels a second, to a twentieth."""
    form = shape(tone(60.0, 3.0, slope=slope), SAMPLE_RATE, held=2.9)
    assert form.slope(0.1, 2.9) == pytest.approx(slope, rel=0.05)
    assert form.attack < 0.03
    assert form.dies == (slope * 2.9 < -45.0)


@pytest.mark.parametrize(("slope", "dies"), [(0.0, False), (-60.0, True)])
def test_without_a_word_about_the_key(slope: float, *, dies: bool, tone: Tone) -> None:
    """A recording that stays near its loudest was held; one that falls away from its start on dies by itself."""
    form = shape(tone(60.0, 1.5, slope=slope), SAMPLE_RATE)
    assert form.dies == dies
    assert form.held == pytest.approx(1.5 if not dies else 10.0 / 60.0, abs=0.05)
    assert form.gone == pytest.approx(1.5 if not dies else 1.0, abs=0.05)
