"""FluidSynth, played through pyfluidsynth: notes in, float samples out, all in memory.

A synth is made for one render and thrown away, so that no state of its reverb, chorus or voices is left over: the same
notes give the same samples, bit for bit. FluidSynth works in blocks of 64 frames, and notes begin and end on these.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable
from ctypes import CFUNCTYPE, c_char_p, c_float, c_int, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import structlog

from latentfm.audio.loudness import amplitude
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.errors import RenderError, SoundFontError
from latentfm.render import soundfonts
from latentfm.render.events import BLOCK, Control, Note, schedule

log = structlog.get_logger()

DRUM_BANK = 128
LARGEST_GAIN_DB = 20.0  # synth.gain reaches to 10

_POLYPHONY = 512
_CHANNELS = 64  # a multiple of 16
_OK = 0
_ALL_CHANNELS = -1
_MELODIC, _DRUMS = 0, 1  # channel types
# Generators, as the SoundFont specification numbers them, section 8.1.2.
_FILTER_CUTOFF, _CHORUS_SEND, _REVERB_SEND, _ATTENUATION = 8, 15, 16, 48
_PER_MILLE = 1000.0
_CENTIBELS = 10.0  # to a decibel
_CENTS = 1200.0  # to an octave
_PAN, _REVERB_CONTROL, _CHORUS_CONTROL = 10, 91, 93  # controllers
_PAN_MIDDLE = 64
_REVERB_WIDTH = 1.0
# How much louder than the dry sound FluidSynth's reverb of level 1 is at full send, for its room sizes (measured on
# held sounds, on average). It is taken back, so that a send of 0.2 is about a fifth of the dry amplitude in any room.
_ROOM_SIZES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_ROOM_BOOST = (-2.9, -0.5, 1.7, 4.1, 6.9, 10.9)  # dB
# The chorus is almost pure side signal, gone in mono; much of it leaves a hole in the middle. At this level a send of
# 0.5 adds about half the dry amplitude, as with the reverb.
_CHORUS = {"nr": 3, "level": 0.2, "speed": 0.3, "depth": 8.0, "type": 0}


@dataclass(frozen=True)
class Room:
    """The reverb that all channels share: size and damping from 0 to 1."""

    size: float = 0.4
    damp: float = 0.3


class _Library(NamedTuple):
    module: ModuleType
    write_float: Any
    set_gen: Any
    set_channel_type: Any


@cache
def _library() -> _Library:
    """Load FluidSynth, declare what pyfluidsynth 1.4 leaves out, and lead FluidSynth's messages into our log."""
    try:
        # With CI in the environment pyfluidsynth prints where it found the library; the studio's stdout is a pipe.
        with contextlib.redirect_stdout(io.StringIO()):
            import fluidsynth  # noqa: PLC0415 - so that a machine without FluidSynth hears of it where it is needed
    except ImportError as error:
        raise RenderError(f"FluidSynth is not on this machine ({error}): apt install libfluidsynth3") from error
    synth = ("synth", c_void_p, 1)
    channel = ("chan", c_int, 1)
    outputs = tuple((side + name, kind, 1) for side in "lr" for name, kind in _OUTPUT)
    write_float = fluidsynth.cfunc("fluid_synth_write_float", c_int, synth, ("len", c_int, 1), *outputs)
    set_gen = fluidsynth.cfunc("fluid_synth_set_gen", c_int, synth, channel, ("param", c_int, 1), ("value", c_float, 1))
    set_type = fluidsynth.cfunc("fluid_synth_set_channel_type", c_int, synth, channel, ("type", c_int, 1))
    set_log = fluidsynth.cfunc(
        "fluid_set_log_function", c_void_p, ("level", c_int, 1), ("fun", _LogFunction, 1), ("data", c_void_p, 1)
    )
    if None in (write_float, set_gen, set_type, set_log):
        raise RenderError("FluidSynth is older than version 2: apt install libfluidsynth3")
    for level in range(_LOG_LEVELS):
        set_log(level, _on_log if level < _TOLD else _LogFunction(), None)
    return _Library(fluidsynth, write_float, set_gen, set_type)


_OUTPUT = (("out", c_void_p), ("off", c_int), ("incr", c_int))
_LOG_LEVELS = 5
_TOLD = 3  # panic, error, warning; the chatter below (a line a sample) is dropped
_LogFunction = CFUNCTYPE(None, c_int, c_char_p, c_void_p)


def _log_message(level: int, message: bytes | None, data: int | None) -> None:
    del data
    write = log.error if level + 1 < _TOLD else log.warning
    write("fluidsynth_message", message=(message or b"").decode(errors="replace").strip())


_on_log = _LogFunction(_log_message)  # FluidSynth holds on to it, so it lives as long as the module


class Synth:
    """One FluidSynth synthesizer. Close it, or use it in a ``with`` statement.

    Args:
        gain_db: gain in dB of all channels; 0 is a ``synth.gain`` of 1, ``LARGEST_GAIN_DB`` is the most.
        room: the reverb; without one nothing is reverberated.
        chorus: whether a chorus is computed.

    Raises:
        RenderError: FluidSynth is missing or can't make a synthesizer.
    """

    def __init__(self, *, gain_db: float = 0.0, room: Room | None = None, chorus: bool = False) -> None:
        self._library = _library()
        module = self._library.module
        options = {
            "synth.dynamic-sample-loading": 1,  # only the samples of the programs in use: 56 MB instead of 189
            "synth.lock-memory": 0,
            "synth.cpu-cores": 1,
            "synth.polyphony": _POLYPHONY,
            "synth.reverb.active": int(room is not None),
            "synth.chorus.active": int(chorus),
        }
        gain = amplitude(min(gain_db, LARGEST_GAIN_DB))
        self._synth = module.Synth(gain, float(SAMPLE_RATE), _CHANNELS, **options)
        self._open = True
        if not self._synth.synth:
            self._open = False
            module.delete_fluid_settings(self._synth.settings)
            raise RenderError("FluidSynth can't make a synthesizer; its messages are in the log")
        if room is not None:
            level = amplitude(-float(np.interp(room.size, _ROOM_SIZES, _ROOM_BOOST)))
            self._synth.set_reverb(room.size, room.damp, _REVERB_WIDTH, min(level, 1.0))
        if chorus:
            self._synth.set_chorus(**_CHORUS)
        self._fonts: dict[Path, int] = {}
        self._channels = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the synthesizer and its samples back; once more does nothing."""
        if self._open:
            self._open = False
            self._synth.delete()

    def add_channel(
        self,
        font: Path,
        bank: int,
        program: int,
        *,
        attenuation: float = 0.0,
        pan: float = 0.0,
        reverb: float = 0.0,
        chorus: float = 0.0,
        darker: float = 0.0,
    ) -> int:
        """Set up the next channel and return its number.

        Args:
            font: a SoundFont; it is verified, and loaded once.
            bank: its bank; ``DRUM_BANK`` holds drum kits.
            program: its program, counted from 0.
            attenuation: dB that the channel is quieter, 0 or more. FluidSynth cuts a note's sum of attenuations to
                tenths of a decibel; controllers have 128 steps and a curve of their own.
            pan: from -1 (left) to 1.
            reverb: what is sent to the reverb, from 0 to 1.
            chorus: what is sent to the chorus, from 0 to 1.
            darker: octaves by which the program's low-pass filter is closed; most stand open at 20 kHz.

        Raises:
            SoundFontError: the font is none, or has no such program.
            RenderError: there are no channels left.
        """
        channel = self._channels
        if channel >= _CHANNELS:
            raise RenderError(f"more than {_CHANNELS} channels in one render")
        self._library.set_channel_type(self._synth.synth, channel, _DRUMS if bank == DRUM_BANK else _MELODIC)
        if self._synth.program_select(channel, self._load(font), bank, program) != _OK:
            raise SoundFontError(f"{font.name} has no program {program} in bank {bank}")
        self._synth.cc(channel, _PAN, round(_PAN_MIDDLE + pan * (_PAN_MIDDLE - 1)))
        # The sends go by generators: the controllers reach to a fifth of a full send only.
        self._synth.cc(channel, _REVERB_CONTROL, 0)
        self._synth.cc(channel, _CHORUS_CONTROL, 0)
        for generator, value in (
            (_ATTENUATION, max(attenuation, 0.0) * _CENTIBELS),
            (_REVERB_SEND, reverb * _PER_MILLE),
            (_CHORUS_SEND, chorus * _PER_MILLE),
            (_FILTER_CUTOFF, -darker * _CENTS),
        ):
            self._library.set_gen(self._synth.synth, channel, generator, value)
        self._channels += 1
        return channel

    def _load(self, font: Path) -> int:
        if font not in self._fonts:
            soundfonts.verify(font)
            number = self._synth.sfload(str(font))
            if number < 0:
                raise SoundFontError(f"FluidSynth can't load {font}; its messages are in the log")
            self._fonts[font] = number
        return self._fonts[font]

    def play(self, notes: Iterable[Note], frames: int, controls: Iterable[Control] = ()) -> Pcm:
        """Play notes, counted in frames from now, and return exactly ``frames`` frames of sound.

        Notes that do not end within this call sound on into the next one.
        """
        pcm = np.empty((frames, CHANNELS), dtype=np.float32)
        self.play_into(pcm, notes, controls)
        return pcm

    def play_into(self, pcm: Pcm, notes: Iterable[Note] = (), controls: Iterable[Control] = ()) -> None:
        """Play notes into an array, which must be contiguous, and fill all of it; controllers move before notes.

        Raises:
            ValueError: it is not float32 ``[frames, 2]``, or not contiguous.
            RenderError: FluidSynth fails.
        """
        if pcm.dtype != np.float32 or pcm.ndim != 2 or pcm.shape[1] != CHANNELS or not pcm.flags.c_contiguous:  # noqa: PLR2004
            raise ValueError(f"expected a contiguous float32 array [frames, {CHANNELS}]")
        frames = len(pcm)
        written = 0
        for block, events in schedule(notes, controls):
            if block * BLOCK >= frames:
                break
            self._write(pcm, written, block * BLOCK)
            written = block * BLOCK
            for channel, number, value in events.moved:
                self._synth.cc(channel, number, value)
            for channel, pitch in events.off:
                self._synth.noteoff(channel, pitch)
            for channel, pitch, velocity in events.on:
                self._synth.noteon(channel, pitch, velocity)
        self._write(pcm, written, frames)

    def release_all(self) -> None:
        """Let go of all keys."""
        self._synth.all_notes_off(_ALL_CHANNELS)

    def _write(self, pcm: Pcm, start: int, stop: int) -> None:
        if stop <= start:
            return
        address = pcm.ctypes.data
        left, right = start * CHANNELS, start * CHANNELS + 1
        status = self._library.write_float(
            self._synth.synth, stop - start, address, left, CHANNELS, address, right, CHANNELS
        )
        if status != _OK:
            raise RenderError("FluidSynth can't render; its messages are in the log")
