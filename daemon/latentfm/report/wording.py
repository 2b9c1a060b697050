"""How figures are called and written, with their bounds, wherever they are shown."""

from __future__ import annotations

import math
from typing import Final

# name in ``music.figures`` -> what a reader is told, and its unit: a share in percent, or a count of something
NAMES: Final[dict[str, tuple[str, str]]] = {
    "model_share": ("model's lead notes that air unchanged", "%"),
    "in_mode": ("lead notes in the mode", "%"),
    "chord_tones": ("strong-beat lead notes that are chord tones", "%"),
    "longest_semitone": ("longest semitone between two voices", "sixteenths"),
    "widest_range": ("widest range of the lead in 8 bars", "semitones"),
    "leaps": ("intervals over a sixth", "%"),
    "leaps_turned": ("of those leaps, turned back by step", "%"),
    "repeating_bars": ("bars that repeat or vary an earlier one", "%"),
    "longest_unchanged": ("bars of the lead unchanged in a row", "bars"),
    "lead_stuck": ("lead stays on one pitch", "bars"),
    "bass_stuck": ("bass stays on one pitch", "bars"),
    "notes_per_bar": ("lead notes a bar", "notes"),
    "rest_share": ("silence of the lead inside its phrases", "%"),
    "empty_bars": ("bars in which nothing sounds", "bars"),
    "motifs_alike": ("motifs heard lately", "%"),
    "densest": ("where the densest bars lie", "%"),
    "under_share": ("model's notes under the lead that air unchanged", "%"),
    "under_chord_tones": ("strong-beat notes of pad and bass that are chord tones", "%"),
}
_PLACES: Final = {"sixteenths": 0, "semitones": 0, "bars": 1, "notes": 1, "%": 0}


def title(name: str) -> str:
    """Return what a reader is told that a figure is."""
    return NAMES[name][0] if name in NAMES else name.replace("_", " ")


def unit(name: str) -> str:
    """Return a figure's unit; nothing for one that is not known here."""
    return NAMES[name][1] if name in NAMES else ""


def number(name: str, value: float, *, more: int = 0) -> str:
    """Write a figure's value without its unit; ``more`` adds decimal places, for means."""
    if not math.isfinite(value):
        return "-"
    shown = value * 100 if unit(name) == "%" else value
    places = _PLACES.get(unit(name), 3)
    if not more and places and shown == round(shown):
        places = 0
    return f"{shown:.{places + more}f}"


def amount(name: str, value: float) -> str:
    """Write a figure's value with its unit."""
    return with_unit(name, number(name, value))


def bound(name: str, low: float, high: float) -> str:
    """Write the bounds of a figure in words."""
    if math.isfinite(low) and math.isfinite(high):
        if low == 0.0 and high == 1.0 and unit(name) == "%":
            return "any"
        return with_unit(name, f"{number(name, low)} to {number(name, high)}")
    if math.isfinite(low):
        return f"at least {amount(name, low)}"
    if math.isfinite(high):
        return "none" if high == 0 else f"at most {amount(name, high)}"
    return "not bounded"


def with_unit(name: str, text: str) -> str:
    """Add a figure's unit to a number."""
    named = unit(name).removesuffix("s") if text == "1" else unit(name)
    return f"{text} {named}".rstrip()
