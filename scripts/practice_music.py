"""Music to practise training with (docs/training.md): 120 drum pieces and 80 songs with a bass, as MIDI files.

Run it as ``python scripts/practice_music.py``; it writes the folders ``music/drums`` and ``music/songs``.
"""

from __future__ import annotations

import random
from pathlib import Path

import mido

TICKS = 120  # a sixteenth
BAR = 16
DRUM_CHANNEL = 9
SHORT_BASS = 0.3  # share of notes that the bass lets go early

Note = tuple[int, int, int, int]  # onset and length in sixteenths, pitch, velocity


def save(path: Path, tracks: dict[int, tuple[int, list[Note]]]) -> None:
    """Write a MIDI file of tracks by channel, each a program and its notes."""
    song = mido.MidiFile(ticks_per_beat=4 * TICKS)
    for channel, (program, notes) in tracks.items():
        track = mido.MidiTrack()
        song.tracks.append(track)
        if channel != DRUM_CHANNEL:
            track.append(mido.Message("program_change", channel=channel, program=program))
        events = [(step * TICKS, True, pitch, velocity) for step, _, pitch, velocity in notes]
        events += [((step + steps) * TICKS - 10, False, pitch, 0) for step, steps, pitch, _ in notes]
        now = 0
        for at, on, pitch, velocity in sorted(events):
            kind = "note_on" if on else "note_off"
            track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=at - now))
            now = at
    path.parent.mkdir(parents=True, exist_ok=True)
    song.save(path)


def drums(rng: random.Random, bars: int = 16) -> list[Note]:
    """Play a samba-like groove: kick, snare and hats each of a few sorts, a fill every fourth bar."""
    kick = rng.choice([[0, 3, 8, 11], [0, 6, 8, 14], [0, 3, 4, 8, 11, 12], [0, 8]])
    snare = rng.choice([[3, 6, 10, 13], [4, 12], [2, 5, 8, 11, 14], [4, 7, 10, 12]])
    hats = rng.choice([list(range(0, 16, 2)), list(range(16)), list(range(2, 16, 4)), [0, 3, 6, 8, 11, 14]])
    fill = [(step, rng.choice([45, 48, 50])) for step in rng.choice([[12, 13, 14, 15], [8, 10, 12, 14], [12, 15]])]
    notes: list[Note] = []
    for bar in range(bars):
        filled = [step for step, _ in fill] if (bar + 1) % 4 == 0 else []
        for pitch, steps in ((36, kick), (38, snare), (42, hats)):
            notes += [(BAR * bar + step, 1, pitch, 90) for step in steps if step not in filled]
        notes += [(BAR * bar + step, 1, pitch, 95) for step, pitch in fill if filled]
        if bar % 4 == 0:
            notes.append((BAR * bar, 1, 49, 80))
    return notes


def song(rng: random.Random, bars: int = 16) -> dict[int, tuple[int, list[Note]]]:
    """Play major chords on a piano (program 0), and a bass that walks to the next root (program 33)."""
    key = rng.randrange(12)
    roots = [*(rng.choice([0, 5, 7, 9, 2, 4]) for _ in range(bars)), 0]
    chords: list[Note] = []
    bass: list[Note] = []
    for bar in range(bars):
        root, following = (36 + key + roots[place] for place in (bar, bar + 1))
        chords += [(BAR * bar, BAR, root + 24 + third, 70) for third in (0, 4, 7)]
        walk = [root, root + 7, rng.choice([root + 12, root + 9]), following + rng.choice([-1, 1, 2])]
        bass += [
            (BAR * bar + 4 * beat, 3 if rng.random() < SHORT_BASS else 4, pitch, 90) for beat, pitch in enumerate(walk)
        ]
    return {0: (0, chords), 1: (33, bass), DRUM_CHANNEL: (0, drums(rng, bars))}


def main() -> None:
    """Write both folders."""
    rng = random.Random(1)
    for number in range(120):
        save(Path(f"music/drums/{number:03}.mid"), {DRUM_CHANNEL: (0, drums(rng))})
    for number in range(80):
        save(Path(f"music/songs/{number:02}.mid"), song(rng))


if __name__ == "__main__":
    main()
