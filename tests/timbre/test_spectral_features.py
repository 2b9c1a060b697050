"""What is kept of a note as a whole: how it rises, and how loud its harmonics are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from latentfm.timbre.descriptors import attack_seconds, centroid, harmonic_levels
from latentfm.timbre.engine import Mono
from latentfm.timbre.mixing import mixed
from latentfm.timbre.spectral import attack, balance, engine
from latentfm.timbre.spectral.envelopes import SAMPLE_RATE

PITCH = 57


def note(rise: float, decay: float = 9.0, levels: tuple[float, ...] = (1.0, 0.5, 0.3, 0.2)) -> Mono:
    """Return harmonics that swell for ``rise`` seconds and then decay with that time constant."""
    at = np.arange(round(1.5 * SAMPLE_RATE)) / SAMPLE_RATE
    hertz = 440.0 * 2.0 ** ((PITCH - 69) / 12)
    sound = sum(level * np.cos(2 * np.pi * hertz * number * at) for number, level in enumerate(levels, 1))
    shape = np.minimum(1.0, at / rise) * np.exp(-np.maximum(0.0, at - rise) / decay)
    made: Mono = (0.3 * sound * shape).astype(np.float32)
    return made


@pytest.mark.parametrize(("rise", "wanted"), [(0.2, 0.05), (0.03, 0.15), (0.3, 0.05), (0.02, 0.02)])
def test_a_note_rises_as_long_as_wanted(rise: float, wanted: float) -> None:
    """Within a tenth, whether it was slower or (by up to 18 dB) faster; long after the attack it is what it was."""
    sound = note(rise)
    lasts = np.array([[0.01, np.log(wanted)]], np.float32)
    made = attack.rising(sound, lasts)
    assert attack_seconds(made, SAMPLE_RATE) == pytest.approx(wanted, rel=0.1)
    after = round((max(rise, wanted) + 0.3) * SAMPLE_RATE)
    np.testing.assert_array_equal(made[after:], sound[after:])


def test_a_note_that_ends_before_it_would_have_risen_stays() -> None:
    """There is no room to move its level in."""
    short = note(0.02)[: SAMPLE_RATE // 20]
    np.testing.assert_array_equal(attack.rising(short, np.array([[0.0, np.log(0.3)]], np.float32)), short)


def test_what_is_measured_of_a_rise_gives_it_back() -> None:
    """The rise of another note, measured and imposed, is that note's."""
    wanted = attack.risen(note(0.12), 1)
    made = attack.rising(note(0.03), wanted)
    assert attack_seconds(made, SAMPLE_RATE) == pytest.approx(attack_seconds(note(0.12), SAMPLE_RATE), rel=0.1)


def test_a_pluck_and_a_swell_make_something_between() -> None:
    """Of a sound that decays at once and one that grows slowly, the blend's attack and centroid lie between."""
    spectral = engine.load()
    sounds = note(0.004, 0.15, (1.0, 0.7, 0.5, 0.4, 0.3)), note(0.5, levels=(1.0, 0.1))
    latents = [spectral.encode(sound, PITCH) for sound in sounds]
    blend = spectral.synthesize([mixed(*latents, 0.5)], [PITCH])[0]
    for measure in (attack_seconds, centroid):
        low, high = sorted(measure(sound, SAMPLE_RATE) for sound in sounds)
        assert low < measure(blend, SAMPLE_RATE) < high


def test_harmonics_are_as_loud_as_they_should_be() -> None:
    """Beside one another, to half a decibel, whatever the whole is; 4 dB further at most, and not at all elsewhere."""
    sound, other = note(0.02), note(0.02, levels=(1.0, 0.4, 0.4, 0.15))
    wanted = balance.harmonics(other, PITCH, 1)[0]
    made = balance.balanced(sound, wanted, PITCH, 1.0)
    apart = harmonics_of(made) - harmonics_of(other)
    assert np.abs(apart - apart.mean()).max() < 0.5
    loud = note(0.02, levels=(1.0, 0.5, 3.0, 0.2))  # the third by 20 dB
    far = balance.balanced(sound, balance.harmonics(loud, PITCH, 1)[0], PITCH, 1.0)
    assert np.abs(harmonics_of(far) - harmonics_of(sound)).max() < 8.5
    np.testing.assert_allclose(balance.balanced(sound, wanted, PITCH, 0.0), sound, atol=1e-6)


def harmonics_of(sound: Mono) -> NDArray[np.float64]:
    """Return the levels of the four harmonics of a note in dB."""
    return harmonic_levels(sound, SAMPLE_RATE, 440.0 * 2.0 ** ((PITCH - 69) / 12), 4)


def test_silence_neither_rises_nor_has_harmonics() -> None:
    """It stays as it is."""
    silence = np.zeros(SAMPLE_RATE, np.float32)
    np.testing.assert_array_equal(attack.rising(silence, np.array([[0.0, -3.0]], np.float32)), silence)
    np.testing.assert_array_equal(balance.balanced(silence, np.ones(balance.HARMONICS, np.float32), 60, 1.0), silence)
