"""The pictures of a section: everything over one time axis, and the walk. One code for PNG files and for pages."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latentfm.errors import ReportError
from latentfm.report import roll, sound, walk
from latentfm.report.piece import Piece

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURE: Final = "take.png"
WIDTH: Final = 17.0  # inches
_PANELS: Final = {"plan": 0.95, "notes": 4.6, "drums": 1.0, "curve": 1.5, "spectrogram": 1.9}  # inches high
_DPI: Final = 80
_STYLE: Final = {
    "svg.fonttype": "none",  # text stays text: it can be read out, searched and copied
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#b9b4a8",
    "xtick.color": "#555555",
    "ytick.color": "#555555",
}


def overview(piece: Piece, *, titled: bool, width: float = WIDTH) -> Figure:
    """Draw form, chords, notes, drums, loudness and spectrogram over one time axis."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second, for pictures only

    names = [name for name in _PANELS if name != "drums" or piece.voices().get("drums")]
    heights = [_PANELS[name] for name in names]
    figure = Figure(figsize=(width, sum(heights) + 0.9), layout="constrained", facecolor="white")
    rows = figure.subplots(len(names), 1, sharex=True, height_ratios=heights)
    panels: dict[str, Axes] = dict(zip(names, rows, strict=True))
    roll.plan(panels["plan"], piece, width)
    roll.notes(panels["notes"], piece)
    if "drums" in panels:
        roll.drums(panels["drums"], piece)
    sound.curve(panels["curve"], piece)
    sound.spectrogram(panels["spectrogram"], piece)
    for name in ("notes", "drums", "curve"):
        if name in panels:
            sound.seams(panels[name], piece)
    last = panels["spectrogram"]
    last.set_xlim(0, piece.seconds)
    last.set_xlabel("seconds; grey: where the neighbours overlap, dotted: bar lines at which a crossfade may begin")
    if titled:
        figure.suptitle(f"{piece.section.title}: {line(piece)}", fontsize=12)
    return figure


def line(piece: Piece) -> str:
    """Return a section's key, metre, tempo, length and seed in a line."""
    facts, metre = piece.facts, piece.playlist.tempo.metre
    return f"{facts['key']}, {metre}, {piece.section.qpm:g} qpm, {piece.seconds:.0f} s, seed {facts['seed']}"


def write_png(piece: Piece, path: Path, *, width: float = WIDTH, dpi: int = _DPI) -> None:
    """Write the overview as a PNG, ``width`` inches wide.

    Raises:
        ReportError: the file can't be written.
    """
    from matplotlib import rc_context  # noqa: PLC0415

    with rc_context(_STYLE):
        figure = overview(piece, titled=True, width=width)
        try:
            figure.savefig(path, format="png", dpi=dpi, metadata={"Software": "Latent FM"})
        except OSError as error:
            raise ReportError(f"{path}: can't be written: {error.strerror or error}") from error


def overview_svg(piece: Piece) -> str:
    """Return the overview as an SVG element for a page."""
    from matplotlib import rc_context  # noqa: PLC0415

    with rc_context(_STYLE):
        return _svg(overview(piece, titled=False), "overview")


def walk_svg(piece: Piece) -> str:
    """Return the walk as an SVG element for a page."""
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 5.4), layout="constrained", facecolor="white")
        walk.draw(figure.subplots(), piece)
        return _svg(figure, "walk")


def _svg(figure: Figure, salt: str) -> str:
    """Write a figure as an SVG element that scales with its page; only ids that something refers to are kept."""
    from matplotlib import rc_context  # noqa: PLC0415

    file = io.StringIO()
    with rc_context({"svg.hashsalt": salt}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", text, count=1)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", text)
    return re.sub(r"\n\s*", "\n", text)
