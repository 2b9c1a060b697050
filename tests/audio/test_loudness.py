"""Loudness and true peak against their standards and against ffmpeg's meter."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from latentfm.audio import loudness
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, silence


def ffmpeg_meter(pcm: Pcm, folder: Path) -> tuple[float, float]:
    """Return integrated loudness and true peak as ffmpeg's ebur128 has them."""
    soundfile.write(folder / "signal.wav", pcm, SAMPLE_RATE, subtype="FLOAT")
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", folder / "signal.wav", "-af", "ebur128=peak=true"]
    said = subprocess.run([*command, "-f", "null", "-"], check=True, capture_output=True, text=True).stderr
    summary = said[said.rindex("Summary:") :]
    lufs = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)
    assert lufs
    assert peak
    return float(lufs[1]), float(peak[1])


@pytest.mark.parametrize("hertz", [60.0, 997.0, 9000.0])
def test_agrees_with_ffmpeg_on_sines(hertz: float, sine: Callable[..., Pcm], tmp_path: Path) -> None:
    """Loudness is within 0.1 LU and true peak within 0.2 dB of ffmpeg's, all over the spectrum."""
    pcm = sine(hertz, amplitude=0.3, seconds=5.0)
    lufs, peak = ffmpeg_meter(pcm, tmp_path)
    assert loudness.integrated(pcm) == pytest.approx(lufs, abs=0.1)
    assert loudness.true_peak(pcm) == pytest.approx(peak, abs=0.2)


def test_agrees_with_ffmpeg_on_a_piece_with_quiet_and_silent_parts(noise: Callable[..., Pcm], tmp_path: Path) -> None:
    """The gates leave the same parts out as ffmpeg's, in a piece longer than what is measured at a time."""
    pcm = np.concatenate((noise(20.0, 0.05), noise(15.0, 0.001, seed=1), silence(3 * SAMPLE_RATE), noise(8.0, 0.2)))
    lufs, peak = ffmpeg_meter(pcm, tmp_path)
    assert loudness.integrated(pcm) == pytest.approx(lufs, abs=0.1)
    assert loudness.true_peak(pcm) == pytest.approx(peak, abs=0.4)


def test_a_reference_tone_has_its_loudness(sine: Callable[..., Pcm]) -> None:
    """A 1 kHz tone at -23 dBFS on both channels has -23 LUFS (EBU Tech 3341, case 1)."""
    assert loudness.integrated(sine(1000.0, loudness.amplitude(-23.0), 20.0)) == pytest.approx(-23.0, abs=0.1)


def test_measuring_in_pieces_changes_nothing(noise: Callable[..., Pcm]) -> None:
    """A minute measured in pieces has the loudness that pyloudnorm finds in the whole."""
    pcm = np.concatenate([noise(10.0, level, seed) for seed, level in enumerate((0.02, 0.3, 0.1, 0.01, 0.2, 0.05))])
    whole = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(pcm.astype(np.float64))
    assert loudness.integrated(pcm) == pytest.approx(whole, abs=0.001)


def test_silence_has_no_loudness_and_no_peak() -> None:
    """Silence, nothing, and less than a gating block measure minus infinity and raise nothing."""
    for frames in (0, 100, 10 * SAMPLE_RATE):
        assert loudness.integrated(silence(frames)) == -math.inf
        assert loudness.true_peak(silence(frames)) == -math.inf


@pytest.mark.parametrize("start", [0, 1, 6, 8000, 8176, 8184, 8191, 8192, 23990, 23999])
def test_a_peak_between_samples_is_found_wherever_it_lies(start: int) -> None:
    """A sine at a quarter of the rate that is sampled beside its peaks has a true peak 3 dB above its samples."""
    pcm = silence(24_048)
    turn = np.sin(np.pi / 2 * np.arange(48) + np.pi / 4) * np.hanning(48)
    pcm[start : start + 48, 1] = turn
    assert loudness.sample_peak(pcm) < -2.9
    assert loudness.true_peak(pcm) == pytest.approx(0.0, abs=0.15)


def test_a_true_peak_at_the_very_edges_counts() -> None:
    """A step at the first and at the last frame overshoots outside of the audio, and that is measured."""
    assert loudness.true_peak(np.ones((500, 2), dtype=np.float32)) > 0.5


def test_only_loudness_loads_scipy() -> None:
    """What the streaming process uses of this room brings neither SciPy nor pyloudnorm."""
    code = (
        "import sys\n"
        "from latentfm.audio import crossfade, fingerprint, gate, limiter, loudness, pcm\n"
        "loudness.true_peak(limiter.limit(crossfade.mix(pcm.silence(480), pcm.silence(480)))[0])\n"
        "assert 'pydub' in sys.modules\n"
        "print(' '.join(name for name in ('scipy', 'pyloudnorm', 'note_seq') if name in sys.modules))\n"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "daemon")}
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=env)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "", "")
