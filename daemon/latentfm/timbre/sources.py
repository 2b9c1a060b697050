"""Where sounds come from: an artist's own recordings, and the programs of the General MIDI font."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.loudness import amplitude
from latentfm.audio.pcm import SAMPLE_RATE, seconds_to_frames
from latentfm.errors import TimbreError
from latentfm.music import programs
from latentfm.render import soundfonts
from latentfm.timbre import pitch as pitches
from latentfm.timbre import played, rates
from latentfm.timbre.engine import Mono
from latentfm.timbre.note import SHORTEST, SILENT, Note

SECONDS: Final = 6.0
"""Of a recording's first note that are used."""

HELD: Final = 3.0
"""Seconds for which a program's key is held; one more is left for its release, as in NSynth's notes."""

VELOCITY: Final = 100

_RELEASE = 1.0  # seconds
_SCANNED = 600.0  # seconds of a recording in which its first note is looked for
_BLOCK = 0.01  # seconds: how finely
_BEGINS = -40.0  # dB, from the loudest of the recording: what is louder is a note
_LOUD = -20.0  # dB, from the loudest of what is read: what comes before is not yet the note
_ENDS = -45.0  # dB, from the same: what stays below for `_PAUSE` has ended it
_PAUSE = 0.2  # seconds
_BEFORE = 0.002  # seconds kept ahead of the attack, and faded in
_LARGEST = 1e6  # of a float's sample; beyond is a damaged file
_MOST_CHANNELS = 64


class SilentError(TimbreError):
    """A program that plays nothing at a pitch."""


def note(source: str, pitch: float | None = None, velocity: int = VELOCITY) -> Note:
    """Return a note of a recording or of a General MIDI program.

    Args:
        source: a file's name, or a program's name or number (``flute``, ``73``). What exists as a file is one.
        pitch: a MIDI number: what to play of a program, middle C if it is left out; of a recording, what it is,
            which is found out if it is left out.
        velocity: with which a program is played, and a recording is taken to be.

    Raises:
        TimbreError: it is neither, can't be used, or has no pitch.
    """
    program = None if Path(source).is_file() else programs.number(source)
    if program is not None:
        return program_note(program, 60 if pitch is None else round(pitch), velocity)
    if not Path(source).exists() and not Path(source).suffix:
        meant = ", ".join(programs.NAMES[number] for number in programs.matching(source))
        raise TimbreError(
            f"{source!r} may be {meant}: write one of these"
            if meant
            else f"{source!r} is neither a sound file nor a program of General MIDI (0 to 127, or a name like 'flute')"
        )
    audio = read(Path(source))
    return Note(pitches.detect(audio, SAMPLE_RATE).pitch if pitch is None else pitch, velocity, audio)


def program_note(
    program: int, pitch: int, velocity: int = VELOCITY, *, held: float = HELD, font: Path | None = None
) -> Note:
    """Return a note of a General MIDI program as FluidSynth plays it: dry, in mono, from its attack on.

    Args:
        program: counted from 0.
        pitch: MIDI number.
        velocity: MIDI velocity.
        held: seconds until the key is let go.
        font: a SoundFont; the default one if it is left out.

    Raises:
        SilentError: the program is silent at this pitch.
        SoundFontError: the font is missing, or has no such program.
    """
    path = soundfonts.find() if font is None else font
    audio = played.play(path, program, pitch, velocity, held=held, seconds=held + _RELEASE)
    name = f"program {program} ({programs.NAMES[program]})"
    if float(np.abs(audio).max()) < SILENT:
        raise SilentError(f"{name} is silent at pitch {pitch}: choose one inside its range")
    first = _attack(audio, float(np.abs(audio).max()))
    return Note(pitch, velocity, _faded_in(audio[first:]), held - first / SAMPLE_RATE)


def read(path: Path, seconds: float = SECONDS) -> Mono:
    """Return the first note of a recording at ``SAMPLE_RATE``, in mono, from its attack on.

    WAV, FLAC, Ogg, MP3 and what else libsndfile reads, of any rate, resolution and number of channels. Of a long one
    the first ten minutes are looked through for the first note, which ends at the first pause.

    Args:
        path: the file.
        seconds: how much of the note is returned, at most.

    Raises:
        TimbreError: it is missing, no audio, empty, silent, damaged or shorter than a tenth of a second.
    """
    import soundfile as sf  # noqa: PLC0415 - so that only those load it who read a recording

    if not path.is_file():
        raise TimbreError(f"{path} is {'a folder' if path.is_dir() else 'not there'}: give a WAV, FLAC or Ogg file")
    try:
        with sf.SoundFile(path) as file:
            if file.frames == 0:
                raise TimbreError(f"{path} is empty: it has a header and no sound")
            if file.channels > _MOST_CHANNELS:
                raise TimbreError(f"{path} has {file.channels} channels; {_MOST_CHANNELS} are the most")
            block = max(1, round(_BLOCK * file.samplerate))
            peaks = np.array(list(_peaks(file, block, path)))
            first = _first_note(peaks, path) * block
            file.seek(max(0, first - block))
            pcm = file.read(block + round(seconds * file.samplerate), dtype="float32", always_2d=True)
            rate = int(file.samplerate)
    except sf.LibsndfileError as error:
        raise TimbreError(
            f"{path} can't be read as audio ({error.error_string}): give a WAV, FLAC or Ogg file"
        ) from error
    mono = played.in_mono(pcm)
    audio = rates.convert(mono - mono.mean(), rate, SAMPLE_RATE)
    audio = audio[_attack(audio, float(peaks.max())) :][: seconds_to_frames(seconds)]
    audio = _faded_in(audio[: _end(audio)])
    if len(audio) < SHORTEST * SAMPLE_RATE:
        raise TimbreError(f"{path}: its first note lasts {len(audio) / SAMPLE_RATE:.3f} s; {SHORTEST} s are the least")
    return audio


def _peaks(file: Any, block: int, path: Path) -> Iterator[float]:
    """Yield the largest magnitude of each block of an open sound file, the mean taken out."""
    many = 1000
    for pcm in file.blocks(block * many, frames=round(_SCANNED * file.samplerate), dtype="float32", always_2d=True):
        if not np.isfinite(pcm).all() or np.abs(pcm).max(initial=0.0) > _LARGEST:
            raise TimbreError(f"{path} is damaged: it holds samples that are no numbers, or far too large")
        swings = np.abs(pcm - pcm.mean(axis=0)).max(axis=1)
        yield from (float(swings[start : start + block].max()) for start in range(0, len(swings), block))


def _first_note(peaks: NDArray[np.float64], path: Path) -> int:
    """Return the block in which the first note begins."""
    loudest = float(peaks.max(initial=0.0))
    if loudest < SILENT:
        raise TimbreError(f"{path} is silent: nothing in its first {_SCANNED:g} s is above -60 dBFS")
    return int(np.flatnonzero(peaks >= loudest * amplitude(_BEGINS))[0])


def _attack(audio: Mono, loudest: float) -> int:
    """Return the frame, a little ahead of the first that is loud, where a note is to be cut."""
    loud = np.flatnonzero(np.abs(audio) >= loudest * amplitude(_BEGINS))
    return max(0, int(loud[0]) - seconds_to_frames(_BEFORE)) if len(loud) else 0


def _end(audio: Mono) -> int:
    """Return where a note has ended: at the first pause after it was loud."""
    block = seconds_to_frames(_BLOCK)
    levels = np.array([audio[start : start + block].std() for start in range(0, len(audio), block)])
    if not len(levels):
        return 0
    quiet = levels < levels.max() * amplitude(_ENDS)
    pause = round(_PAUSE / _BLOCK)
    loud = int(np.argmax(levels >= levels.max() * amplitude(_LOUD)))
    for start in range(loud, len(levels) - pause + 1):
        if quiet[start : start + pause].all():
            return min((start + 1) * block, len(audio))
    return len(audio)


def _faded_in(audio: Mono) -> Mono:
    """Return a note whose first two milliseconds rise from nothing."""
    ahead = min(seconds_to_frames(_BEFORE), len(audio))
    faded = audio.copy()
    faded[:ahead] *= np.sin(np.linspace(0.0, np.pi / 2, ahead, endpoint=False, dtype=np.float32)) ** 2
    return faded
