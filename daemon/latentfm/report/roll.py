"""The piano roll: the form as a band, chords with degree and function, every voice in its colour, drums below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from latentfm.playlist import Role
from latentfm.report import harmony
from latentfm.report.piece import Piece

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Polygon

COLOURS: Final[dict[Role, str]] = {
    "lead": "#c0392b",
    "counter": "#d98324",
    "pad": "#9bbbd8",
    "bass": "#2b4a6f",
    "colour": "#4d9a6a",
    "drums": "#5b5750",
}
_SHADES: Final = {
    "intro": "#e9e6df",
    "statement": "#f3e3bd",
    "answer": "#cfe0ec",
    "variation": "#f1cfc6",
    "cadence": "#d5e5cb",
    "outro": "#e9e6df",
}
_FRONT: Final[dict[Role, float]] = {"pad": 2.5, "bass": 3.0, "colour": 3.2, "counter": 3.4, "lead": 4.0}
_DRUMS: Final = {  # General MIDI's names, of what is struck most
    35: "kick 2",
    36: "kick",
    37: "side stick",
    38: "snare",
    39: "clap",
    40: "snare 2",
    41: "floor tom",
    42: "closed hat",
    43: "floor tom 2",
    44: "pedal hat",
    45: "low tom",
    46: "open hat",
    47: "mid tom 2",
    48: "mid tom",
    49: "crash",
    50: "high tom",
    51: "ride",
    53: "ride bell",
    54: "tambourine",
    56: "cowbell",
    60: "high bongo",
    61: "low bongo",
    62: "mute conga",
    63: "open conga",
    64: "low conga",
    69: "cabasa",
    70: "maracas",
    75: "claves",
    76: "wood block",
    77: "low block",
    81: "triangle",
    82: "shaker",
}
_BAND, _CHORDS, _TOP = 1.0, 2.6, 4.6  # heights above the roll: the form's band, symbol over degree, all of it
_LETTERS: Final = 88.0  # bold letters of one point that fit into an inch


def plan(axes: Axes, piece: Piece, inches: float) -> None:
    """Draw the form as a band with its units' letters, and the chords under it, ``inches`` wide."""
    form, bar = piece.section.form, piece.section.form.bar_seconds
    spans = [("intro", 0, form.intro, ""), ("outro", form.bars - form.outro, form.outro, "")]
    letters = [unit["motif"] for unit in piece.facts["form"]["units"]]
    spans += [(unit.part, unit.bar, unit.bars, letter) for unit, letter in zip(form.units, letters, strict=True)]
    for part, first, bars, letter in spans:
        left = first * bar
        axes.add_patch(_box(left, left + bars * bar, _CHORDS, _CHORDS + _BAND, facecolor=_SHADES[part]))
        _write(axes, left + bars * bar / 2, _CHORDS + _BAND / 2, letter, size=11, ha="center", weight="bold")
    for part, first, bars in _parts(piece):
        _write(axes, (first + bars / 2) * bar, _CHORDS + _BAND + 0.5, part, size=9, ha="center", color="#555555")
    for chord in harmony.readings(piece.facts["chords"], piece.section.key):
        left, room = chord.bar * bar, chord.bars * bar / piece.seconds * inches
        size = min(8.0, room * _LETTERS / max(len(chord.symbol), 3))
        _write(axes, left + 0.002 * piece.seconds, 1.85, chord.symbol, size=size, weight="bold")
        degree = f"{chord.roman} {chord.function}".strip()
        _write(axes, left + 0.002 * piece.seconds, 0.65, degree, size=min(size, 6.5), color="#666666")
        axes.axvline(left, ymax=_CHORDS / _TOP, color="#bbbbbb", linewidth=0.6)
    axes.set_ylim(0, _TOP)
    axes.axis("off")


def _box(left: float, right: float, low: float, high: float, **style: Any) -> Polygon:
    from matplotlib.patches import Polygon  # noqa: PLC0415

    corners = [(left, low), (left, high), (right, high), (right, low)]
    return Polygon(corners, edgecolor="white", linewidth=1.5, **style)


def _write(axes: Axes, across: float, up: float, words: str, *, size: float, **style: Any) -> None:
    """Write a text that the layout of the picture takes no notice of, which saves it seconds."""
    axes.text(across, up, words, fontsize=size, va="center", **style).set_in_layout(False)


def _parts(piece: Piece) -> list[tuple[str, int, int]]:
    """Return the parts of the form: name, first bar, bars."""
    form = piece.section.form
    found: list[tuple[str, int, int]] = [("intro", 0, form.intro)]
    for unit in form.units:
        name, first, bars = found[-1]
        if name == unit.part:
            found[-1] = (name, first, bars + unit.bars)
        else:
            found.append((unit.part, unit.bar, unit.bars))
    return [*found, ("outro", form.bars - form.outro, form.outro)]


def notes(axes: Axes, piece: Piece) -> None:
    """Draw the pitched voices."""
    from matplotlib.collections import PolyCollection  # noqa: PLC0415 - half a second, for pictures only

    form = piece.section.form
    lines = {role: line for role, line in piece.voices().items() if role != "drums"}
    pitches = [note.pitch for line in lines.values() for note in line]
    low, high = min(pitches) - 2, max(pitches) + 2
    for unit in form.units:
        left = unit.bar * form.bar_seconds
        axes.axvspan(left, left + unit.bars * form.bar_seconds, color=_SHADES[unit.part], alpha=0.28, linewidth=0)
    for number in range(form.bars + 1):
        axes.axvline(number * form.bar_seconds, color="#d8d4ca", linewidth=0.4, zorder=1)
    for role, line in sorted(lines.items(), key=lambda item: _FRONT[item[0]]):
        half = 0.48 if role == "lead" else 0.38
        boxes = [
            [
                (note.start_time, note.pitch - half),
                (note.start_time, note.pitch + half),
                (note.end_time, note.pitch + half),
                (note.end_time, note.pitch - half),
            ]
            for note in line
        ]
        drawn = PolyCollection(boxes, facecolors=COLOURS[role], linewidths=0, label=role, zorder=_FRONT[role])
        axes.add_collection(drawn, autolim=False)
    octaves = range(-(-low // 12) * 12, high + 1, 12)
    axes.set_yticks(list(octaves), [f"C{pitch // 12 - 1}" for pitch in octaves])
    axes.set_ylim(low, high)
    axes.grid(visible=True, axis="y", color="#e4e0d6", linewidth=0.5)
    axes.legend(loc="upper left", ncols=len(lines), fontsize=8, frameon=True, framealpha=0.85, edgecolor="none")


def drums(axes: Axes, piece: Piece) -> None:
    """Draw the drums, a row for each that is struck, low ones below; louder strokes are longer."""
    hits = piece.voices().get("drums", [])
    rows = sorted({note.pitch for note in hits})
    axes.scatter(
        [note.start_time for note in hits],
        [rows.index(note.pitch) for note in hits],
        s=[(note.velocity / 11) ** 2 for note in hits],
        color=COLOURS["drums"],
        marker="|",
        linewidths=1.2,
    )
    axes.set_yticks(range(len(rows)), [_DRUMS.get(pitch, f"drum {pitch}") for pitch in rows], fontsize=7)
    axes.set_ylim(-0.7, len(rows) - 0.3)
