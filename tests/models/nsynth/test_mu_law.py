"""Samples in 8 bits of mu-law."""

from __future__ import annotations

import numpy as np

from latentfm.models.nsynth.mu_law import SILENCE, compress, expand, labels_of, seen


def test_what_a_label_sounds_like_has_that_label() -> None:
    """All 256, and the network sees a sample of its own as it would see the sound of it."""
    labels = np.arange(256)
    np.testing.assert_array_equal(labels_of(expand(labels)), labels)
    np.testing.assert_array_equal(compress(expand(labels)), seen(labels))


def test_silence_stays_silent() -> None:
    """A label in the middle of its range would be a constant voltage."""
    assert labels_of(np.zeros(1, np.float32)) == SILENCE
    assert expand(np.array([SILENCE])) == 0


def test_sound_is_within_the_step_of_its_label() -> None:
    """Steps are as fine around 0 as 8 bits of mu-law are, and full scale fits in."""
    audio = np.linspace(-1, 1, 10_001).astype(np.float32)
    error = np.abs(expand(labels_of(audio)) - audio)
    assert error.max() < 0.023
    assert error[np.abs(audio) < 0.01].max() < 0.0003
    assert labels_of(np.array([-1, 1, 3], np.float32)).tolist() == [0, 255, 255]


def test_the_network_sees_full_scale_as_magenta_shows_it() -> None:
    """1.0 is the one sample within full scale that has no label of its own."""
    assert compress(np.array([1, -1], np.float32)).tolist() == [1, -1]
