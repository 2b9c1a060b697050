"""What little is changed in the models' lead: strong-beat clashes, notes outside the mode, room to breathe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from latentfm.brief import Key
from latentfm.music import melody
from latentfm.music.chords import Chord
from latentfm.music.metre import STEPS_PER_QUARTER, Metre
from latentfm.music.note import Note, one_voice
from latentfm.music.scales import OCTAVE, contains, nearest, pitch_classes

WANTED_CHORD_TONES: Final = 0.76  # a little above what is checked
_NEAR: Final = 2  # semitones: the furthest that a note is moved
_HARSH: Final = 1.2
_SHORTEST: Final = 2  # steps that a shortened note keeps
_MARGIN: Final = 0.05
_ROUNDS: Final = 3  # of shortening, at most
_ENDING: Final = 7  # semitones: how far a changed ending may lie from the first one


@dataclass(frozen=True)
class Ground:
    """What the lead stands on: the key, the metre, and the chord at each bar of the section."""

    key: Key
    metre: Metre
    bars: Sequence[Chord]

    def tones(self, step: int) -> tuple[int, ...]:
        """Return the chord tones at a step."""
        bar = min(self.metre.bar(step), len(self.bars) - 1)
        return self.bars[bar].tones


def into_mode(notes: Sequence[Note], key: Key) -> tuple[Note, ...]:
    """Move notes outside the mode to its nearest note."""
    classes = pitch_classes(key)
    return tuple(
        note if contains(key, note.pitch) else replace(note, pitch=nearest(note.pitch, classes)) for note in notes
    )


def into_range(notes: Sequence[Note], low: int, high: int) -> tuple[Note, ...]:
    """Fold notes that the voice can't play into its range by octaves; the range is an octave at least."""
    folded = []
    for note in notes:
        pitch = note.pitch
        pitch += -(-max(low - pitch, 0) // OCTAVE) * OCTAVE
        pitch -= -(-max(pitch - high, 0) // OCTAVE) * OCTAVE
        folded.append(replace(note, pitch=pitch))
    return tuple(folded)


def _clash(notes: Sequence[Note], index: int, ground: Ground) -> float:
    """Return how much a strong-beat note that is no chord tone hurts, 0 to 2.

    A semitone above a chord tone hurts most, and the longer the more; a step that resolves hurts less. More than
    1 is a clash that no listener takes for an ornament.
    """
    note = notes[index]
    tones = ground.tones(note.onset)
    rub = (note.pitch - 1) % OCTAVE in tones
    following = notes[index + 1].pitch if index + 1 < len(notes) else note.pitch
    resolves = 0 < abs(following - note.pitch) <= _NEAR and following % OCTAVE in tones
    long = min(note.length / ground.metre.half, 1.0)
    return (1.0 if rub else 0.3) + 0.7 * long - 0.5 * resolves


def _moved(notes: Sequence[Note], index: int, ground: Ground) -> Note | None:
    """Return the note moved to the nearest chord tone in the mode, or None where none is near enough."""
    note = notes[index]
    allowed = tuple(tone for tone in ground.tones(note.onset) if contains(ground.key, tone))
    if not allowed:
        return None
    neighbours = [notes[near].pitch for near in (index - 1, index + 1) if 0 <= near < len(notes)]
    choices = [pitch for pitch in range(note.pitch - _NEAR, note.pitch + _NEAR + 1) if pitch % OCTAVE in allowed]
    if not choices:
        return None

    def price(pitch: int) -> tuple[int, int, int]:
        wide = sum(abs(pitch - other) > melody.SIXTH for other in neighbours)
        return wide, abs(pitch - note.pitch), sum(pitch == other for other in neighbours)

    return replace(note, pitch=min(choices, key=price))


def settle(notes: Sequence[Note], ground: Ground, wanted: float = WANTED_CHORD_TONES) -> tuple[Note, ...]:
    """Move strong-beat clashes to chord tones, the worst first, until the wanted share of strong beats rests.

    Notes between strong beats stay as they are; so do clashes that resolve by step as long as there are enough
    chord tones without them.
    """
    line = list(notes)
    strong = [index for index, note in enumerate(line) if ground.metre.is_strong(note.onset)]
    clashing = [index for index in strong if line[index].pitch % OCTAVE not in ground.tones(line[index].onset)]
    clashing.sort(key=lambda index: -_clash(line, index, ground))
    surplus = wanted * len(strong) - (len(strong) - len(clashing))
    for index in clashing:
        harsh = _clash(line, index, ground) > _HARSH
        if surplus <= 0 and not harsh:
            continue
        moved = _moved(line, index, ground)
        if moved is not None:
            line[index] = moved
            surplus -= 1
    return tuple(line)


def rest_on_chord(notes: Sequence[Note], ground: Ground) -> tuple[Note, ...]:
    """Let a phrase's last note rest on a tone of its chord."""
    if not notes or notes[-1].pitch % OCTAVE in ground.tones(notes[-1].onset):
        return tuple(notes)
    moved = _moved(notes, len(notes) - 1, ground)
    return (*notes[:-1], moved) if moved is not None else tuple(notes)


def tame(notes: Sequence[Note], ground: Ground) -> tuple[Note, ...]:
    """Make leaps over a sixth smaller by the smallest step, or let the line turn back by step after them.

    Only notes that a whole tone brings there are moved; a strong beat keeps its chord tone.
    """
    line = list(notes)
    for index in range(1, len(line)):
        leap = line[index].pitch - line[index - 1].pitch
        if abs(leap) <= melody.SIXTH:
            continue
        side = 1 if leap > 0 else -1
        following = line[index + 1].pitch - line[index].pitch if index + 1 < len(line) else 0
        if 0 < -side * following <= _NEAR:
            continue
        before = line[index - 1].pitch
        closer = _stepped(line[index], ground, range(before - melody.SIXTH, before + melody.SIXTH + 1))
        if closer is not None:
            line[index] = closer
            continue
        if index + 1 < len(line):
            back = [line[index].pitch - side * step for step in range(1, _NEAR + 1)]
            line[index + 1] = _stepped(line[index + 1], ground, back) or line[index + 1]
    return tuple(line)


def _stepped(note: Note, ground: Ground, wanted: Sequence[int]) -> Note | None:
    """Return the note moved by a whole tone at most to a wanted pitch of the mode; a strong beat keeps to the chord."""
    tones = ground.tones(note.onset)
    for distance in range(1, _NEAR + 1):
        for pitch in (note.pitch - distance, note.pitch + distance):
            rests = (
                not ground.metre.is_strong(note.onset) or pitch % OCTAVE in tones or note.pitch % OCTAVE not in tones
            )
            if contains(ground.key, pitch) and rests and pitch in wanted:
                return replace(note, pitch=pitch)
    return None


def new_ending(notes: Sequence[Note], ground: Ground) -> tuple[Note, ...]:
    """Change how a motif ends: its last note goes to another tone of the chord.

    Used where a motif returns, the plan asks for a change, and the model drew no variation near enough.
    """
    if len(notes) < 2:  # noqa: PLR2004 - one note is all the motif there is
        return tuple(notes)
    last, before = notes[-1], notes[-2]
    tones = [tone for tone in ground.tones(last.onset) if contains(ground.key, tone)]
    choices = [
        pitch
        for pitch in range(last.pitch - _ENDING, last.pitch + _ENDING + 1)
        if pitch % OCTAVE in tones and pitch != last.pitch
    ]
    if not choices:
        return tuple(notes)
    pitch = min(
        choices, key=lambda choice: (abs(choice - before.pitch) > melody.SIXTH, abs(choice - last.pitch), choice)
    )
    return (*notes[:-1], replace(last, pitch=pitch))


def _end_earlier(phrase: Sequence[Note], end: int, gap: int, metre: Metre) -> tuple[Note, ...]:
    """Leave ``gap`` silent steps before ``end`` by shortening the last note; an upbeat to the next phrase goes."""
    line = list(phrase)
    while len(line) > 2 and line[-1].onset > end - gap - _SHORTEST and not metre.is_strong(line[-1].onset):  # noqa: PLR2004
        line.pop()
    if line and line[-1].end > end - gap:
        last = line[-1]
        line[-1] = replace(last, length=max(_SHORTEST, end - gap - last.onset))
    return tuple(line)


def breathe(
    units: Sequence[Sequence[Note]],
    spans: Sequence[tuple[int, int]],
    metre: Metre,
    wanted: tuple[float, float],
    phrase: int,
) -> list[tuple[Note, ...]]:
    """Give the lead its rests, mostly by ending notes earlier.

    Args:
        units: notes of each unit.
        spans: first step of each unit, and the step after it.
        metre: whose strong beats no upbeat is taken from.
        wanted: share of silence inside phrases, lowest and highest.
        phrase: units in a phrase; each phrase ends with a breath.

    Returns:
        The units with their rests. Onsets and pitches stay, but for upbeats that leave no room to breathe.
    """
    low, high = wanted
    aired = [one_voice(unit) for unit in units]
    size = spans[0][1] - spans[0][0]
    gap = max(size // 16, 2)
    for index, (_, end) in enumerate(spans):
        aired[index] = _within(aired[index], end)
        if (index + 1) % phrase == 0 or index + 1 == len(spans):
            aired[index] = _end_earlier(aired[index], end, gap, metre)
    share = _share(aired, spans)
    if share < low + _MARGIN:
        for index, (_, end) in enumerate(spans):
            aired[index] = _end_earlier(aired[index], end, gap, metre)
        share = _share(aired, spans)
    for _ in range(_ROUNDS):
        if share < low + _MARGIN:
            aired = [_detached(unit) for unit in aired]
            share = _share(aired, spans)
    if share > high - _MARGIN:
        aired = [_sustained(unit, end - gap) for unit, (_, end) in zip(aired, spans, strict=True)]
    return aired


def _share(units: Sequence[Sequence[Note]], spans: Sequence[tuple[int, int]]) -> float:
    return melody.rest_share([note for unit in units for note in unit], spans)


def _within(notes: Sequence[Note], end: int) -> tuple[Note, ...]:
    return tuple(replace(note, length=min(note.length, end - note.onset)) for note in notes)


def _detached(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Shorten notes of a quarter and more by a quarter of their length."""
    return tuple(
        replace(note, length=note.length - note.length // 4) if note.length >= STEPS_PER_QUARTER else note
        for note in notes
    )


def _sustained(notes: Sequence[Note], end: int) -> tuple[Note, ...]:
    """Lengthen notes halfway into the silence after them."""
    line: list[Note] = []
    for index, note in enumerate(notes):
        until = notes[index + 1].onset if index + 1 < len(notes) else max(end, note.end)
        line.append(replace(note, length=note.length + max(until - note.end, 0) // 2))
    return tuple(line)
