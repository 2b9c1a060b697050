"""A note cut to what a SoundFont keeps of it: as much as there is room for, looped, in tune, with its envelope.

A note that is held on at its level is looped. One that decays is looped as well, late: in the loop its decay is taken
out, and the envelope goes on with it at the rate at which the note went on. One that has died away within what there
is room for is kept whole and has no loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import numpy as np

from latentfm.audio import loudness
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE
from latentfm.timbre import loops, pitch, rates, seam
from latentfm.timbre.engine import Mono
from latentfm.timbre.note import Note
from latentfm.timbre.sf2.font import LONGEST_HOLD, LONGEST_SECONDS, Envelope, Loop
from latentfm.timbre.shape import RANGE, Shape, shape

DECAYS: Final = -2.0
"""dB a second: a note that falls faster goes on falling while it is looped."""

_TRUSTED = 0.5  # confidence of a pitch, and
_NEAR = 0.5  # semitones that it may be off, for it to be corrected
_SETTLED = 0.05  # seconds after the attack until a loop may begin
_LATE = 0.35  # of what is kept of a note, after which its loop may begin: until then much goes on
_ROOM = 0.2  # seconds that a search for a loop is given, at least
_TRIED = 8  # loops, best first, until the seam of one is not heard
_OVER = 1.25  # of its room that a note that dies away may take to be kept whole
_FADE = 0.02  # seconds at the end of what has no loop
_LISTENED = 2.0  # seconds of a note as it plays, in which its pitch is measured
_LOUDEST = 1.0  # seconds from the attack on in which a note's loudness is looked for
_MOMENT = 0.5  # seconds: one window of momentary loudness has 0.4


@dataclass(frozen=True, eq=False)
class Heard:
    """A note at the rate of an instrument, and what was found out about it.

    Attributes:
        note: as it came.
        audio: at ``rate``.
        rate: in Hz.
        period: of its pitch in frames; 0 without one.
        shape: of its level.
        loudness: LUFS of its loudest 0.4 s within its first second, on two channels.
    """

    note: Note
    audio: Mono
    rate: int
    period: float
    shape: Shape
    loudness: float


@dataclass(frozen=True, eq=False)
class Sampled:
    """What is kept of a note.

    Attributes:
        heard: the note.
        audio: what is kept, at its rate and level.
        loop: of it; None for what dies away.
        correlation: how alike the loop's ends were, 1 for the same; 0 without a loop.
        click: dBFS by which the loop's seam stands out, at the note's own level.
        root_key: the key that plays it as it is, but for
        cents: by how much it is to be tuned up.
        envelope: that goes with it.
        loudness: LUFS of its loudest 0.4 s within its first second, as it plays.
    """

    heard: Heard
    audio: Mono
    loop: Loop | None
    correlation: float
    click: float
    root_key: int
    cents: int
    envelope: Envelope
    loudness: float


def hear(note: Note, rate: int) -> Heard:
    """Return a note at a rate of ``rate`` Hz, and what is to be known about it."""
    audio = rates.convert(note.audio, SAMPLE_RATE, rate)
    found = _pitch(audio, rate, note.pitch)
    period = 0.0 if found is None else rate / pitch.hertz(found)
    return Heard(note, audio, rate, period, shape(audio, rate, note.held, period / rate), _loudness(note.audio))


def cut(heard: Heard, seconds: float) -> Sampled:
    """Return what is kept of a note where there is room for ``seconds``; a bit more where a loop needs it."""
    form = heard.shape
    if form.dies and form.gone <= _OVER * seconds:
        return _whole(heard, form.gone)
    start = form.attack + _SETTLED
    falling = form.slope(start, form.held) < DECAYS
    start = max(start, _LATE * seconds)
    needed = start + max(_ROOM, 2.0 * loops.shortest(heard.rate, heard.period) / heard.rate)
    stop = min(max(seconds, needed), form.held)
    audio = heard.audio
    if not falling:
        audio = audio * form.calming(start, stop, len(audio), heard.rate)
    looped = _looped(heard, audio, start, stop)
    if looped is None:
        return _whole(heard, form.gone if form.dies else stop)
    audio, found = looped
    ends = found.loop.start / heard.rate, found.loop.stop / heard.rate
    onward = form.onward(ends, form.held) if falling else 0.0
    return _tuned(heard, audio, found, _envelope(heard, ends[0], onward))


def _looped(heard: Heard, audio: Mono, start: float, stop: float) -> tuple[Mono, loops.Found] | None:
    """Return a note with its best loop between two times whose seam is not heard, or the least heard; None for none."""
    rate, tilt = heard.rate, heard.shape.slope(start, stop)
    first = round(start * rate)
    tried = []
    evened = _evened(audio, rate, tilt, first)
    for found in loops.find(evened, rate, first, round(stop * rate), heard.period)[:_TRIED]:
        loop = found.loop
        made = loops.crossfaded(_evened(audio, rate, tilt, loop.start), rate, first, loop)
        made[: loop.start] = audio[: loop.start]
        heard_click = seam.click(made, loop)
        tried.append((heard_click, made, found))
        if heard_click < seam.INAUDIBLE:
            break
    if not tried:
        return None
    _, audio, found = min(tried, key=itemgetter(0))
    return audio, found


def _whole(heard: Heard, seconds: float) -> Sampled:
    audio = heard.audio[: round(seconds * heard.rate)].copy()
    fade = min(round(_FADE * heard.rate), len(audio))
    audio[len(audio) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return _tuned(heard, audio, None, Envelope(release=min(heard.shape.release, LONGEST_SECONDS)))


def _tuned(heard: Heard, audio: Mono, found: loops.Found | None, envelope: Envelope) -> Sampled:
    """Return a sample with its tuning and its loudness: those of its first seconds, its loop going round."""
    loop = None if found is None else found.loop
    played = _played(audio, heard.rate, loop, envelope)
    wanted = heard.note.pitch
    measured = _pitch(played, heard.rate, wanted)
    sounding = wanted if measured is None else measured
    root_key = round(sounding)
    return Sampled(
        heard=heard,
        audio=audio,
        loop=loop,
        correlation=0.0 if found is None else found.correlation,
        click=seam.NOTHING if loop is None else seam.click(audio, loop),
        root_key=root_key,
        cents=round(100.0 * (root_key - sounding)),
        envelope=envelope,
        loudness=_loudness(rates.convert(played[: round(_LOUDEST * heard.rate)], heard.rate, SAMPLE_RATE)),
    )


def _played(audio: Mono, rate: int, loop: Loop | None, envelope: Envelope) -> Mono:
    """Return the first seconds of a sample as a SoundFont's player plays them while the key is held."""
    if loop is None:
        return audio
    onward = loops.unrolled(audio, loop, max(0, round(_LISTENED * rate) - loop.start))
    if envelope.sustain:
        onward = onward * 10.0 ** (-RANGE / envelope.decay * np.arange(len(onward)) / rate / 20.0)
    return np.concatenate((audio[: loop.start], onward)).astype(np.float32)


def _pitch(audio: Mono, rate: int, near: float) -> float | None:
    found = pitch.measure(audio, rate, near)
    if found is None or found.confidence < _TRUSTED or abs(found.pitch - near) > _NEAR:
        return None
    return found.pitch


def _evened(audio: Mono, rate: int, slope: float, origin: int) -> Mono:
    """Return a note with a slope of level, in dB a second, taken out; at ``origin`` it stays as it is."""
    seconds = (np.arange(len(audio)) - origin) / rate
    evened: Mono = (audio * 10.0 ** (-slope * seconds / 20.0)).astype(np.float32)
    return evened


def _envelope(heard: Heard, hold: float, slope: float) -> Envelope:
    """Return the envelope of a looped note that goes on by a slope, in dB a second, from the loop's start on."""
    release = min(heard.shape.release, LONGEST_SECONDS)
    if slope >= DECAYS:
        return Envelope(release=release)
    return Envelope(
        hold=min(hold, LONGEST_HOLD),
        decay=min(RANGE / -slope, LONGEST_SECONDS),
        sustain=RANGE,
        release=release,
        hold_key=round(heard.note.pitch),
    )


def _loudness(audio: Mono) -> float:
    first = audio[: round(_LOUDEST * SAMPLE_RATE)]
    padded = np.pad(first, (0, max(0, round(_MOMENT * SAMPLE_RATE) - len(first))))
    return float(loudness.momentary(np.repeat(padded[:, np.newaxis], CHANNELS, axis=1)).max())
