"""Mastering: the loudness asked for, the ceiling held, and at most 4 dB off any peak."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from note_seq.protobuf import music_pb2

from latentfm.audio import gate, loudness
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, silence
from latentfm.errors import RenderError
from latentfm.playlist import Playlist
from latentfm.render.master import MAX_REDUCTION, master
from latentfm.render.render import render


@pytest.fixture(scope="module")
def noise() -> Pcm:
    """Return four seconds of quiet noise, whose peaks are some 13 dB above its level."""
    return (np.random.default_rng(0).standard_normal((4 * SAMPLE_RATE, 2)) * 0.01).astype(np.float32)


def spiked(noise: Pcm, height: float) -> Pcm:
    """Return the noise with a peak of ``height`` times its own level each tenth of a second."""
    pcm = noise.copy()
    pcm[2400::4800] = 0.01 * height
    return pcm


@pytest.mark.parametrize("target", [-16.0, -19.0, -23.0])
def test_reaches_the_loudness_asked_for(target: float, section: music_pb2.NoteSequence, playlist: Playlist) -> None:
    """A rendered section reaches its loudness within 0.1 LU, below the ceiling, and passes the gate."""
    mastered, report = master(render(section, playlist), target)
    assert loudness.integrated(mastered) == pytest.approx(target, abs=0.1)
    assert report.lufs == pytest.approx(loudness.integrated(mastered), abs=0.01)
    assert report.true_peak == loudness.true_peak(mastered) <= -1.0
    assert report.max_reduction_db <= MAX_REDUCTION
    assert report.shortfall == 0.0
    gate.check(mastered, frames=len(mastered), lufs=target, max_silence=0.5)


def test_another_meter_agrees(section: music_pb2.NoteSequence, playlist: Playlist, tmp_path: Path) -> None:
    """The meter of ffmpeg finds -16 LUFS and no true peak above -1 dBTP in what was mastered and stored in 16 bit."""
    mastered, _ = master(render(section, playlist), -16.0)
    soundfile.write(tmp_path / "take.flac", mastered, SAMPLE_RATE, subtype="PCM_16")
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", tmp_path / "take.flac", "-af", "ebur128=peak=true"]
    said = subprocess.run([*command, "-f", "null", "-"], check=True, capture_output=True, text=True).stderr
    found = re.findall(r"(?:I|Peak):\s+(-[\d.]+) (?:LUFS|dBFS)", said[said.rindex("Summary:") :])
    assert float(found[0]) == pytest.approx(-16.0, abs=0.2)
    assert float(found[1]) <= -0.9


def test_limiting_is_made_up_for(noise: Pcm) -> None:
    """Where the limiter takes loudness away the gain gives it back."""
    raw, peak = loudness.integrated(noise), loudness.true_peak(noise)
    target = raw - 1.0 - peak + 2.5  # what would leave the highest peak 2.5 dB above the ceiling
    mastered, report = master(noise, target)
    assert 2.5 < report.max_reduction_db <= MAX_REDUCTION
    assert loudness.integrated(mastered) == pytest.approx(target, abs=0.1)
    assert report.gain_db > target - raw


def test_too_high_peaks_air_quieter(noise: Pcm) -> None:
    """Where 4 dB of reduction are not enough the take is quieter, and the report says by how much."""
    mastered, report = master(spiked(noise, 15.0), -16.0)
    assert 0.1 < report.shortfall <= 3.0
    assert report.max_reduction_db == pytest.approx(MAX_REDUCTION, abs=0.05)
    assert report.max_reduction_db <= MAX_REDUCTION
    assert loudness.integrated(mastered) == pytest.approx(-16.0 - report.shortfall, abs=0.02)
    gate.check(mastered, frames=len(mastered), lufs=-16.0 - report.shortfall, max_silence=0.5)


def test_peaks_that_are_far_too_high_are_refused(noise: Pcm) -> None:
    """A section that would be over 3 LU too quiet is an error."""
    with pytest.raises(RenderError, match=r"peaks too high for -16\.0 LUFS"):
        master(spiked(noise, 60.0), -16.0)


@pytest.mark.parametrize("what", ["silence", "nan", "infinity", "nothing"])
def test_what_has_no_loudness_is_refused(what: str, noise: Pcm) -> None:
    """Silence, samples that are no numbers, and a section shorter than 0.4 s are errors."""
    pcm = {"silence": silence(SAMPLE_RATE), "nothing": noise[:1000]}.get(what, noise.copy())
    if what in ("nan", "infinity"):
        pcm[500] = np.nan if what == "nan" else np.inf
    with pytest.raises(RenderError, match="can't be mastered"):
        master(pcm, -16.0)


def test_what_is_given_is_not_changed(noise: Pcm) -> None:
    """Mastering returns another array."""
    before = noise.copy()
    master(noise, -16.0)
    assert np.array_equal(noise, before)
