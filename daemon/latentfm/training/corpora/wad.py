"""Drum tracks out of Doom WAD files: a header, lumps and a directory (facts: the Unofficial Doom Specs, chapter 2)."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from latentfm.errors import TrainingError
from latentfm.models.events import Labels, drum_pitches_to_label

_STEPS_PER_QUARTER = 4
_DRUM_CHANNEL = 9


def midi_lumps(path: Path) -> dict[str, bytes]:
    """Return the MIDI files in a WAD by the name of their lump.

    Raises:
        TrainingError: the file is not a WAD.
    """
    data = path.read_bytes()
    kind, count, start = struct.unpack_from("<4sii", data)
    if kind not in (b"IWAD", b"PWAD"):
        raise TrainingError(f"{path} is not a WAD: it begins with {kind!r}")
    lumps = {}
    for index in range(count):
        offset, size, name = struct.unpack_from("<ii8s", data, start + 16 * index)
        if data[offset : offset + 4] == b"MThd":
            lumps[name.rstrip(b"\0").decode("ascii", "replace")] = data[offset : offset + size]
    return lumps


def drum_track(midi: bytes) -> Labels:
    """Read a MIDI file's drum channel on the sixteenth grid, whole bars of 4/4 only.

    Returns:
        Labels, int16 ``[steps]``; empty where the file has another metre or no drums.
    """
    import mido  # noqa: PLC0415 - training only
    import numpy as np  # noqa: PLC0415

    song = mido.MidiFile(file=io.BytesIO(midi))
    per_step = song.ticks_per_beat / _STEPS_PER_QUARTER
    hits: dict[int, set[int]] = {}
    for track in song.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "time_signature" and (message.numerator, message.denominator) != (4, 4):
                return np.zeros(0, dtype=np.int16)
            if message.type == "note_on" and message.channel == _DRUM_CHANNEL and message.velocity:
                hits.setdefault(round(tick / per_step), set()).add(message.note)
    if not hits:
        return np.zeros(0, dtype=np.int16)
    labels = np.zeros((max(hits) // 16 + 1) * 16, dtype=np.int16)
    for step, pitches in hits.items():
        labels[step] = drum_pitches_to_label(pitches)
    return labels
