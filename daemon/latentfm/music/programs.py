"""The programs of General MIDI by name (MIDI Manufacturers Association, "General MIDI System Level 1", 1991)."""

from __future__ import annotations

import re
from typing import Final

NAMES: Final = (
    "acoustic grand piano",
    "bright acoustic piano",
    "electric grand piano",
    "honky-tonk piano",
    "electric piano 1",
    "electric piano 2",
    "harpsichord",
    "clavi",
    "celesta",
    "glockenspiel",
    "music box",
    "vibraphone",
    "marimba",
    "xylophone",
    "tubular bells",
    "dulcimer",
    "drawbar organ",
    "percussive organ",
    "rock organ",
    "church organ",
    "reed organ",
    "accordion",
    "harmonica",
    "tango accordion",
    "acoustic guitar nylon",
    "acoustic guitar steel",
    "electric guitar jazz",
    "electric guitar clean",
    "electric guitar muted",
    "overdriven guitar",
    "distortion guitar",
    "guitar harmonics",
    "acoustic bass",
    "electric bass finger",
    "electric bass pick",
    "fretless bass",
    "slap bass 1",
    "slap bass 2",
    "synth bass 1",
    "synth bass 2",
    "violin",
    "viola",
    "cello",
    "contrabass",
    "tremolo strings",
    "pizzicato strings",
    "orchestral harp",
    "timpani",
    "string ensemble 1",
    "string ensemble 2",
    "synth strings 1",
    "synth strings 2",
    "choir aahs",
    "voice oohs",
    "synth voice",
    "orchestra hit",
    "trumpet",
    "trombone",
    "tuba",
    "muted trumpet",
    "french horn",
    "brass section",
    "synth brass 1",
    "synth brass 2",
    "soprano sax",
    "alto sax",
    "tenor sax",
    "baritone sax",
    "oboe",
    "english horn",
    "bassoon",
    "clarinet",
    "piccolo",
    "flute",
    "recorder",
    "pan flute",
    "blown bottle",
    "shakuhachi",
    "whistle",
    "ocarina",
    "lead 1 square",
    "lead 2 sawtooth",
    "lead 3 calliope",
    "lead 4 chiff",
    "lead 5 charang",
    "lead 6 voice",
    "lead 7 fifths",
    "lead 8 bass lead",
    "pad 1 new age",
    "pad 2 warm",
    "pad 3 polysynth",
    "pad 4 choir",
    "pad 5 bowed",
    "pad 6 metallic",
    "pad 7 halo",
    "pad 8 sweep",
    "fx 1 rain",
    "fx 2 soundtrack",
    "fx 3 crystal",
    "fx 4 atmosphere",
    "fx 5 brightness",
    "fx 6 goblins",
    "fx 7 echoes",
    "fx 8 sci-fi",
    "sitar",
    "banjo",
    "shamisen",
    "koto",
    "kalimba",
    "bag pipe",
    "fiddle",
    "shanai",
    "tinkle bell",
    "agogo",
    "steel drums",
    "woodblock",
    "taiko drum",
    "melodic tom",
    "synth drum",
    "reverse cymbal",
    "guitar fret noise",
    "breath noise",
    "seashore",
    "bird tweet",
    "telephone ring",
    "helicopter",
    "applause",
    "gunshot",
)
"""Of program 0 to 127, in small letters."""

_COUNT = 128


def matching(text: str) -> tuple[int, ...]:
    """Return the programs, counted from 0, that a name or a number may mean, as people write them.

    Case, brackets, hyphens and spaces make no difference: ``Acoustic Guitar (nylon)``, ``bagpipe``. Where no program
    has the name, those do in whose names its words stand in this order: ``harp``, ``lead square``.
    """
    if text.strip().isdecimal():
        return (int(text),) if int(text) < _COUNT else ()
    words = _words(text)
    joined = "".join(words)
    named = [program for program, known in enumerate(_KNOWN) if "".join(known) == joined]
    if not named and words:
        named = [program for program, known in enumerate(_KNOWN) if _in_order(words, known)]
    return tuple(named)


def number(text: str) -> int | None:
    """Return the program that a name or a number means; None if it means none, or more than one."""
    meant = matching(text)
    return meant[0] if len(meant) == 1 else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", text.casefold()))


def _in_order(words: tuple[str, ...], known: tuple[str, ...]) -> bool:
    left = iter(known)
    return all(word in left for word in words)


_KNOWN = tuple(_words(name) for name in NAMES)
