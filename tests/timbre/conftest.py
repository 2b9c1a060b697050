"""Where the default SoundFont lies, tones to make samples of, and a way to hear a font that was written."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import midirenderer
import mido
import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.render import soundfonts
from latentfm.timbre import played
from latentfm.timbre.pitch import hertz
from latentfm.timbre.sf2 import file
from latentfm.timbre.sf2.font import Font, Instrument, Preset, Zone

Tone = Callable[..., NDArray[np.float32]]


@pytest.fixture(scope="session")
def font() -> Path:
    """Return the default SoundFont."""
    return soundfonts.find()


@pytest.fixture(scope="session")
def tone() -> Tone:
    """Return a maker of tones with ten harmonics, ``[frames]``, peak 0.5, that may wander and may fall away."""

    def make(
        pitch: float,
        seconds: float = 2.0,
        rate: int = SAMPLE_RATE,
        *,
        slope: float = 0.0,
        vibrato: float = 0.0,
        beating: float = 0.0,
    ) -> NDArray[np.float32]:
        times = np.arange(round(seconds * rate)) / rate
        turns = hertz(pitch) * times
        turns += hertz(pitch) * (2.0 ** (vibrato / 1200.0) - 1.0) * np.sin(2 * np.pi * 5.0 * times) / (2 * np.pi * 5.0)
        sound = np.zeros(len(times))
        for voice in (1.0, 1.0 + beating):
            for order in range(1, 11):
                if order * hertz(pitch) < 0.45 * rate:
                    sound += np.sin(2 * np.pi * order * turns * voice + order) / order
        sound *= 10.0 ** (slope * times / 20.0)
        return (0.5 * sound / np.abs(sound).max()).astype(np.float32)

    return make


@pytest.fixture
def heard(tmp_path: Path) -> Callable[..., NDArray[np.float32]]:
    """Return a function that writes zones as a font and plays one note of it."""

    def play(zones: list[Zone], key: int = 60, velocity: int = 127, **how: float) -> NDArray[np.float32]:
        path = tmp_path / "heard.sf2"
        file.write(Font("heard", (Preset("heard", (Instrument("heard", tuple(zones)),)),)), path)
        seconds = how.get("seconds", 2.0)
        return played.play(path, 0, key, velocity, held=how.get("held", seconds), seconds=seconds)

    return play


@pytest.fixture(scope="session")
def elsewhere() -> Callable[..., NDArray[np.float32]]:
    """Return a function that plays a note of a font's bytes by RustySynth, dry, in mono at 48 kHz."""

    def play(content: bytes, key: int, velocity: int, seconds: float) -> NDArray[np.float32]:
        track = mido.MidiTrack(
            [
                *(mido.Message("control_change", control=send, value=0) for send in (91, 93)),  # reverb and chorus
                mido.Message("note_on", note=key, velocity=velocity),
                mido.Message("note_off", note=key, time=round(seconds * 960)),
            ]
        )
        midi = mido.MidiFile(ticks_per_beat=480, tracks=[track])
        written = io.BytesIO()
        midi.save(file=written)
        audio, rate = sf.read(io.BytesIO(midirenderer.render_wave_from(content, written.getvalue())), dtype="float32")
        assert rate == SAMPLE_RATE
        return audio.mean(axis=1)

    return play
