"""A zone as the generators of a SoundFont: numbers and units of the "SoundFont Technical Specification 2.04", 8.1."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from latentfm.timbre.sf2.font import EVERY, Envelope, Zone

INSTRUMENT = 41  # of a preset's zone: which instrument
_FILTER_CUTOFF = 8
_ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE, _KEY_TO_HOLD = 34, 35, 36, 37, 38, 39
_KEYS, _VELOCITIES, _ATTENUATION, _CENTS = 43, 44, 48, 52
_SAMPLE, _SAMPLE_MODE, _ROOT_KEY = 53, 54, 58
_LOOPED = 1  # for ever, also after the key was let go

_TIMECENTS = 1200.0  # to a doubling of time
_SHORTEST = -12_000  # timecents: 1 ms, which is also what an envelope has if nothing is said
_CENTIBELS = 10.0  # to a decibel
_LOWEST = 8.176  # Hz of 0 absolute cents
_LONGEST_HOLD = 5000  # timecents
_MIDDLE = 60  # the key at which a time that follows the keys is as written
_PER_KEY = 100  # timecents a key: as a sample's own length goes

_SIGNED = struct.Struct("<Hh")
_SPAN = struct.Struct("<HBB")


def of_instrument(number: int) -> bytes:
    """Return the one generator of a preset's zone."""
    return struct.pack("<HH", INSTRUMENT, number)


def of_zone(zone: Zone, sample: int) -> list[bytes]:
    """Return the records of a zone's generators: ranges first and the sample's number last, as the format has it."""
    records = [_SPAN.pack(_KEYS, *zone.keys)] if zone.keys != EVERY else []
    if zone.velocities != EVERY:  # only a range of keys may come before it
        records.append(_SPAN.pack(_VELOCITIES, *zone.velocities))
    records += [_SIGNED.pack(number, amount) for number, amount in _amounts(zone)]
    return [*records, struct.pack("<HH", _SAMPLE, sample)]


def _amounts(zone: Zone) -> Iterator[tuple[int, int]]:
    if zone.cutoff is not None:
        yield _FILTER_CUTOFF, round(_TIMECENTS * math.log2(zone.cutoff / _LOWEST))
    yield from _envelope(zone.envelope)
    if zone.attenuation:
        yield _ATTENUATION, round(zone.attenuation * _CENTIBELS)
    if zone.cents:
        yield _CENTS, zone.cents
    if zone.sample.loop is not None:
        yield _SAMPLE_MODE, _LOOPED
    yield _ROOT_KEY, zone.root_key


def _envelope(envelope: Envelope) -> Iterator[tuple[int, int]]:
    for number, seconds in ((_ATTACK, envelope.attack), (_DECAY, envelope.decay), (_RELEASE, envelope.release)):
        if timecents(seconds) > _SHORTEST:
            yield number, timecents(seconds)
    if envelope.sustain:
        yield _SUSTAIN, round(envelope.sustain * _CENTIBELS)
    if timecents(envelope.hold) > _SHORTEST:
        if envelope.hold_key is None:
            yield _HOLD, timecents(envelope.hold)
        else:
            at_middle = timecents(envelope.hold) + _PER_KEY * (envelope.hold_key - _MIDDLE)
            yield _HOLD, min(max(at_middle, _SHORTEST), _LONGEST_HOLD)
            yield _KEY_TO_HOLD, _PER_KEY


def timecents(seconds: float) -> int:
    """Return a time in the format's unit: 1200 for each doubling, 0 for one second."""
    if seconds <= 0.0:
        return _SHORTEST
    return max(_SHORTEST, round(_TIMECENTS * math.log2(seconds)))
