"""A section's notes to audio: one channel for each voice, levels calibrated, the reverb's tail kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Protocol

import numpy as np

from latentfm.audio.loudness import amplitude
from latentfm.audio.oversample import magnitude
from latentfm.audio.pcm import CHANNELS, Pcm, seconds_to_frames
from latentfm.errors import RenderError
from latentfm.music import expression
from latentfm.playlist import Playlist, Voice
from latentfm.render import soundfonts
from latentfm.render.events import Control, Note
from latentfm.render.levels import Calibration
from latentfm.render.synth import Room, Synth

VOICE_LUFS = -23.0
"""Loudness of a voice of level 0 dB that plays alone at the velocity of the calibration, before mastering."""

TAIL_SECONDS = 8.0  # at most
TAIL_DEPTH = 44.0
"""The tail is kept until it is this many dB below the loudness of a mood without an offset.

Mastered to -16 LUFS that is -60 dBFS: what is softer counts as silence, of which no mood allows much at an end.
"""

_CHORD_DB = 10.0 * math.log10(4)  # four parts of a pad together are this much louder than the one that was calibrated
_TAIL_STEP = 0.25  # seconds
_FADE = 0.05  # seconds, at the very end
_NOTHING = 1e-5  # the reverb's own offset is below
_LUFS_OFFSET = 0.7  # dB; roughly, without the weighting of frequencies


class NoteLike(Protocol):
    """A note of a ``NoteSequence``: times in seconds."""

    @property
    def instrument(self) -> int:
        """Index into the playlist's voices."""

    @property
    def pitch(self) -> int:
        """MIDI pitch."""

    @property
    def velocity(self) -> int:
        """MIDI velocity."""

    @property
    def start_time(self) -> float:
        """Onset."""

    @property
    def end_time(self) -> float:
        """End."""


class ControlLike(Protocol):
    """A controller of a ``NoteSequence``."""

    @property
    def instrument(self) -> int:
        """Index into the playlist's voices."""

    @property
    def control_number(self) -> int:
        """MIDI controller; 11 is expression, and all that is read."""

    @property
    def control_value(self) -> int:
        """From 0 to 127."""

    @property
    def time(self) -> float:
        """Seconds."""


class SequenceLike(Protocol):
    """What is read of note-seq's ``NoteSequence``, which need not be loaded for it."""

    @property
    def notes(self) -> Iterable[NoteLike]:
        """All notes of all voices."""

    @property
    def control_changes(self) -> Iterable[ControlLike]:
        """How the voices swell."""

    @property
    def total_time(self) -> float:
        """Length in seconds, rests at the end included."""


def render(
    sequence: SequenceLike,
    playlist: Playlist,
    *,
    seconds: float | None = None,
    calibration: Calibration | None = None,
) -> Pcm:
    """Render a section. The same section and playlist give the same samples, bit for bit, on one type of machine.

    Args:
        sequence: a ``NoteSequence`` whose notes have the index of their voice as ``instrument``.
        playlist: the ensemble and its room.
        seconds: render exactly this long, with a short fade at the end, instead of the section and its tail.
        calibration: levels of the programs; the table that ships by default.

    Returns:
        Audio ``[frames, 2]``; its level is for mastering to put right, and samples may exceed full scale.

    Raises:
        SoundFontError: a voice's font is missing, is none, or has no such program.
        RenderError: nothing sounds, or a note belongs to no voice.
    """
    notes = list(sequence.notes)
    _check_notes(notes, playlist)
    calibration = calibration or _calibration()
    used = sorted({note.instrument for note in notes})
    swelling = {control.instrument for control in _expression(sequence)}
    wanted = {
        index: _gain(playlist.voices[index], calibration) + (expression.ROOM if index in swelling else 0.0)
        for index in used
    }
    loudest = max(wanted.values())
    body = seconds_to_frames(seconds if seconds is not None else _body_seconds(sequence, notes))
    room = Room(playlist.mix.room, playlist.mix.damp) if any(playlist.voices[index].reverb for index in used) else None
    chorus = any(playlist.voices[index].chorus for index in used)
    with Synth(gain_db=loudest, room=room, chorus=chorus) as synth:
        channels = {
            index: _add_voice(synth, playlist.voices[index], attenuation=loudest - wanted[index]) for index in used
        }
        tail = seconds_to_frames(TAIL_SECONDS) if seconds is None else 0
        pcm = np.empty((body + tail, CHANNELS), dtype=np.float32)
        synth.play_into(pcm[:body], _frames(notes, channels), _controls(sequence, channels))
        if tail:
            synth.release_all()
            floor = _tail_floor(pcm[:body], playlist.mix.loudness_offset)
            pcm = pcm[: body + _ring(synth, pcm[body:], floor)]
    if magnitude(pcm) < _NOTHING:
        raise RenderError("nothing sounds: the notes are outside of what the programs play")
    _fade_out(pcm)
    return pcm


@cache
def _calibration() -> Calibration:
    return Calibration()


def _check_notes(notes: Sequence[NoteLike], playlist: Playlist) -> None:
    if not notes:
        raise RenderError("a section without notes")
    strays = sorted({note.instrument for note in notes} - set(range(len(playlist.voices))))
    if strays:
        raise RenderError(f"notes of instruments {strays}, and the playlist has {len(playlist.voices)} voices")
    blended = sorted({note.instrument for note in notes if playlist.voices[note.instrument].blend is not None})
    if blended:
        raise RenderError(f"voices {blended} are blends: timbre.voicing says what they play")
    if not all(math.isfinite(note.start_time) and note.start_time <= note.end_time < math.inf for note in notes):
        raise RenderError("notes that end before they begin")


def _body_seconds(sequence: SequenceLike, notes: Sequence[NoteLike]) -> float:
    return max(sequence.total_time, *(note.end_time for note in notes))


def _gain(voice: Voice, calibration: Calibration) -> float:
    """Return the gain in dB at which a voice has the level that the playlist gives it."""
    middle = (voice.low + voice.high) / 2
    font = soundfonts.find(voice.soundfont)
    measured = calibration.level(font, voice.bank, voice.program, middle, voice.darker)
    return VOICE_LUFS + voice.level - measured - (_CHORD_DB if voice.role == "pad" else 0.0)


def _add_voice(synth: Synth, voice: Voice, attenuation: float) -> int:
    return synth.add_channel(
        soundfonts.find(voice.soundfont),
        voice.bank,
        voice.program,
        attenuation=attenuation,
        pan=voice.pan,
        reverb=voice.reverb,
        chorus=voice.chorus,
        darker=voice.darker,
    )


def _frames(notes: Iterable[NoteLike], channels: dict[int, int]) -> list[Note]:
    return [
        Note(
            channels[note.instrument],
            note.pitch,
            note.velocity,
            seconds_to_frames(note.start_time),
            seconds_to_frames(note.end_time),
        )
        for note in notes
    ]


def _expression(sequence: SequenceLike) -> list[ControlLike]:
    return [control for control in sequence.control_changes if control.control_number == expression.CONTROLLER]


def _controls(sequence: SequenceLike, channels: dict[int, int]) -> list[Control]:
    return [
        Control(channels[moved.instrument], moved.control_number, moved.control_value, seconds_to_frames(moved.time))
        for moved in _expression(sequence)
        if moved.instrument in channels
    ]


def _tail_floor(pcm: Pcm, offset: float) -> float:
    """Return the magnitude below which a tail is not heard, in a mood that is ``offset`` LU louder than others."""
    power = float(np.vdot(pcm, pcm)) / max(len(pcm), 1)
    return amplitude(10.0 * math.log10(power) - _LUFS_OFFSET - TAIL_DEPTH - offset) if power > 0.0 else 0.0


def _ring(synth: Synth, tail: Pcm, floor: float) -> int:
    """Let the last notes and the reverb ring into ``tail`` until below ``floor``; return the frames that are above."""
    step, end = seconds_to_frames(_TAIL_STEP), 0
    for start in range(0, len(tail), step):
        synth.play_into(tail[start : start + step])
        above = np.flatnonzero(np.abs(tail[start : start + step]).max(axis=1) > floor)
        if above.size == 0:
            break
        end = start + int(above[-1]) + 1
    return end


def _fade_out(pcm: Pcm) -> None:
    frames = min(seconds_to_frames(_FADE), len(pcm))
    pcm[len(pcm) - frames :] *= np.linspace(1.0, 0.0, frames, dtype=np.float32)[:, np.newaxis]
