"""GANSynth's mel spectrograms become sound: what comes back of sounds whose spectrograms are taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentfm.models.gansynth.mel import linear_to_mel, mel_to_linear
from latentfm.models.gansynth.spectral import HOPS, InverseTransform, synthesis_window

Floats = NDArray[np.float64]
RATE, FRAMES, BINS, SAMPLES = 16_000, 128, 1024, 64_000


def mel_spectrogram(sound: Floats) -> NDArray[np.float32]:
    """Return the mel spectrogram of a sound ``[samples]``, float32 ``[frames, bins, 2]``: training's way.

    It gives what Magenta's does within 1e-5 where there is something to hear. Source: ``waves_to_melspecgrams`` in
    magenta/models/gansynth/lib/specgrams_helper.py.
    """
    window, hop = 2 * BINS, 2 * BINS // HOPS
    padded = np.pad(sound, (hop * (FRAMES - 1) + window - len(sound), 0))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    spectrum = np.fft.rfft([padded[hop * frame :][:window] * hann for frame in range(FRAMES)], axis=1)[:, 1:]
    power = np.square(np.abs(spectrum) + 1e-6)
    weights = linear_to_mel(BINS, RATE)
    phase = np.cumsum(turns(np.angle(spectrum)), axis=0) @ weights
    return np.stack([np.log(power @ weights + 1e-6), turns(phase) / np.pi], axis=2).astype(np.float32)


def turns(phase: Floats) -> Floats:
    """Return how far phases turn from frame to frame, by half a turn at most; at first the phases themselves."""
    turned = np.diff(phase, axis=0)
    return np.concatenate([phase[:1], turned - 2 * np.pi * np.round(turned / (2 * np.pi))])


def note(pitch: float) -> Floats:
    """Return a note of five harmonics that begins fast and dies away slowly."""
    at, hertz = np.arange(SAMPLES) / RATE, 440.0 * 2.0 ** ((pitch - 69) / 12)
    harmonics = [np.sin(2 * np.pi * hertz * number * at) / number for number in range(1, 6) if hertz * number < 7500]
    return np.asarray(0.3 * np.sum(harmonics, axis=0) * np.minimum(1.0, at / 0.02) * np.exp(-at))


@pytest.fixture(scope="module")
def inverse() -> InverseTransform:
    """Return the transform of the published models."""
    return InverseTransform(FRAMES, BINS, SAMPLES, RATE)


@pytest.mark.parametrize("pitch", [24, 36, 48, 60, 72, 84])
def test_a_note_comes_back_from_its_spectrogram(pitch: int, inverse: InverseTransform) -> None:
    """The waveform itself, with 8 dB to spare over the error, at the same pitch, within 2.5 dB as loud.

    That is what the mel scale leaves, in Magenta's transform too (8.6 dB at pitch 60): it mixes neighbouring bins.
    """
    sound = note(pitch)
    back = inverse(mel_spectrogram(sound))
    assert back.dtype == np.float32
    assert back.shape == sound.shape
    error = np.square(back - sound).sum()
    assert 10 * np.log10(np.square(sound).sum() / error) > 8.0
    hann = np.hanning(SAMPLES)
    assert np.abs(np.fft.rfft(back * hann)).argmax() == np.abs(np.fft.rfft(sound * hann)).argmax()
    assert abs(20 * np.log10(back.std() / sound.std())) < 2.5


def test_a_sound_comes_back_where_it_was(inverse: InverseTransform) -> None:
    """What begins after two seconds has silence before it but for the window that it is seen through."""
    sound = np.concatenate([np.zeros(SAMPLES // 2), note(60)[: SAMPLES // 2]])
    back = inverse(mel_spectrogram(sound))
    loud = np.abs(back) > 0.05
    assert SAMPLES // 2 - 2 * BINS < loud.argmax() < SAMPLES // 2 + BINS
    assert np.abs(back[: SAMPLES // 2 - 2 * BINS]).max() < 0.01


def test_nothing_is_nearly_silent(inverse: InverseTransform) -> None:
    """The lowest power that has a logarithm leaves nothing to hear."""
    quiet = inverse(np.full((FRAMES, BINS, 2), np.float32(-16.0)))
    assert np.abs(quiet).max() < 2e-3


def test_windows_add_up_to_one() -> None:
    """Seen through the window of the analysis and this one, every sample counts once."""
    length = 64
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    through: Any = hann * synthesis_window(length)
    np.testing.assert_allclose(through.reshape(HOPS, -1).sum(axis=0), 1.0, atol=1e-6)


def test_frames_that_reach_less_far_than_the_sound_are_refused() -> None:
    """A transform of too few frames is never made."""
    with pytest.raises(ValueError, match="16 frames of 64 bins do not reach over 609 samples"):
        InverseTransform(16, 64, 609, RATE)


def test_bins_spread_out_and_gathered_keep_their_places() -> None:
    """Of each mel bin, spread out and gathered again, most comes back as itself; the lowest linear bin has no part."""
    there_and_back = mel_to_linear(BINS, RATE) @ linear_to_mel(BINS, RATE)
    heavy = linear_to_mel(BINS, RATE).sum(axis=0) > 0.5
    assert heavy.sum() > 900
    assert np.abs(there_and_back.argmax(axis=1) - np.arange(BINS))[heavy].max() <= 1
    assert not linear_to_mel(BINS, RATE)[0].any()
