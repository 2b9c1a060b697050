"""The gate and the fingerprint: what airs, and the reason why the rest does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from latentfm.audio import gate, loudness
from latentfm.audio.fingerprint import alike, fingerprint
from latentfm.audio.limiter import limit
from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.errors import GateError

LUFS = -16.0
SECONDS = 8


@pytest.fixture(scope="module")
def music() -> Callable[[int], Pcm]:
    """Return a maker of something like music: notes of harmonics that decay, at -16 LUFS."""

    @cache
    def compose(seed: int) -> Pcm:
        generator = np.random.default_rng(seed)
        time = np.arange(SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
        pcm = np.zeros(((SECONDS + 1) * SAMPLE_RATE, 2), dtype=np.float32)
        for onset in range(0, SECONDS * SAMPLE_RATE, SAMPLE_RATE // 5):
            hertz = 110 * 2 ** (generator.integers(0, 36) / 12)
            tone = sum(np.sin(2 * np.pi * hertz * part * time) / part for part in (1, 2, 3, 4)) * np.exp(-4 * time)
            pcm[onset : onset + SAMPLE_RATE] += tone[:, np.newaxis] * generator.uniform(0.3, 1.0, 2)
        pcm = pcm[: SECONDS * SAMPLE_RATE]
        quiet = (pcm * 0.01).astype(np.float32)
        return quiet * np.float32(loudness.amplitude(LUFS - loudness.integrated(quiet)))

    return lambda seed: compose(seed).copy()


@pytest.fixture
def take(music: Callable[[int], Pcm]) -> Pcm:
    """Return a take that may air."""
    return music(1)


def check(pcm: Pcm, **changed: object) -> None:
    """Ask the gate, with what the take was announced as."""
    asked: dict = {"frames": SECONDS * SAMPLE_RATE, "lufs": LUFS, "max_silence": 0.5}
    gate.check(pcm, **(asked | changed))


def test_a_good_take_passes(take: Pcm, music: Callable[[int], Pcm]) -> None:
    """A take as announced, that has not been heard lately, passes."""
    check(take)
    check(take, recent=[fingerprint(music(2)), fingerprint(music(3))])


def broken_nan(pcm: Pcm) -> None:
    """Put one sample that is not a number into a take."""
    pcm[1000, 0] = np.nan


def broken_infinity(pcm: Pcm) -> None:
    """Put one infinite sample into a take."""
    pcm[1000, 1] = -np.inf


def broken_full_scale(pcm: Pcm) -> None:
    """Put one sample at negative full scale into a take."""
    pcm[1000, 1] = -1.0


def broken_flat_tops(pcm: Pcm) -> None:
    """Clip a take well below full scale."""
    np.clip(pcm, -0.2, 0.2, out=pcm)


def broken_gap(pcm: Pcm) -> None:
    """Silence 0.6 s of a take."""
    pcm[48_000:76_800] = 0.0


def broken_end(pcm: Pcm) -> None:
    """Let the last 0.6 s of a take fall nearly silent."""
    pcm[-28_800:] *= 1e-4


def broken_peak(pcm: Pcm) -> None:
    """Put a peak between -1 and 0 dBTP into a take."""
    pcm[1000:1002] = 0.93


def broken_level(pcm: Pcm) -> None:
    """Make a take 1 LU too quiet."""
    pcm *= np.float32(loudness.amplitude(-1.0))


@pytest.mark.parametrize(
    ("breaking", "kind", "reason"),
    [
        (broken_nan, "not_a_number", "NaN"),
        (broken_infinity, "not_a_number", "infinity"),
        (broken_full_scale, "clipping", "clipping: 1 samples at full scale"),
        (broken_flat_tops, "clipping", "clipping: .* equal samples"),
        (broken_gap, "silence", "0.60 s of silence where the mood allows 0.50 s"),
        (broken_end, "silence", "0.60 s of silence"),
        (broken_peak, "true_peak", "true peak"),
        (broken_level, "loudness", "a loudness of -17.0"),
    ],
)
def test_a_broken_take_is_rejected_with_the_reason(
    breaking: Callable[[Pcm], None], kind: str, reason: str, take: Pcm
) -> None:
    """Each fault by itself is found, and the error says which it is."""
    breaking(take)
    with pytest.raises(GateError, match=reason) as caught:
        check(take)
    assert caught.value.kind == kind


def test_the_wrong_form_is_rejected(take: Pcm) -> None:
    """Another rate, channel count, sample type or length than announced is rejected."""
    for pcm, changed, reason in (
        (take, {"rate": 44_100}, "44100 Hz"),
        (take[:, :1], {}, r"shape \[384000, 1\]"),
        (take.astype(np.float64), {}, "float64"),
        (take[:-1], {}, "383999 frames where 384000"),
        (take[:0], {"frames": 0}, "0 frames"),
    ):
        with pytest.raises(GateError, match=reason) as caught:
            check(pcm, **changed)
        assert caught.value.kind == "form"


def test_a_mood_may_allow_silence(take: Pcm) -> None:
    """A longer silence passes where the mood allows it."""
    broken_gap(take)
    check(take, max_silence=1.0, lufs=loudness.integrated(take))


def test_a_repeat_is_rejected(take: Pcm, music: Callable[[int], Pcm]) -> None:
    """What aired lately does not air again."""
    with pytest.raises(GateError, match="repeat") as caught:
        check(take, recent=(fingerprint(music(2)), fingerprint(take)))
    assert caught.value.kind == "repeat"


def test_silence_is_measured_in_seconds_and_at_its_longest(noise: Callable[..., Pcm]) -> None:
    """The longest stretch counts, and one channel that sounds is no silence."""
    pcm = noise(2.0)
    pcm[4800:9600] = 0.0
    pcm[48_000:57_600] = 0.0005
    pcm[60_000:90_000, 0] = 0.0
    assert gate.longest_silence(pcm) == pytest.approx(0.2, abs=0.001)
    assert gate.longest_silence(pcm, threshold_db=-80.0) == pytest.approx(0.1, abs=0.001)
    assert gate.longest_silence(pcm[:0]) == 0.0


def test_a_sub_bass_is_no_clipping(sine: Callable[..., Pcm]) -> None:
    """The round top of a deep sine has equal samples at 16 bit, and passes."""
    deep = np.round(sine(30.0, 0.8, float(SECONDS)) * 32768).astype(np.float32) / 32768
    check(deep, lufs=loudness.integrated(deep))


def test_a_fingerprint_survives_level_limiting_noise_and_a_shift(
    music: Callable[[int], Pcm], noise: Callable[..., Pcm]
) -> None:
    """The same music is recognised when it is quieter, limited, noisy, or half a second late."""
    pcm = music(4)
    own = fingerprint(pcm)
    for other in (
        pcm * np.float32(0.3),
        limit(pcm, -8.0)[0],
        pcm + noise(SECONDS, 0.003),
        np.roll(pcm, 24_000, axis=0),
    ):
        assert alike(own, fingerprint(other))


def test_other_music_has_another_fingerprint(music: Callable[[int], Pcm]) -> None:
    """Pieces of one kind are told apart."""
    prints = [fingerprint(music(seed)) for seed in range(10, 16)]
    assert not any(alike(one, other) for at, one in enumerate(prints) for other in prints[:at])
