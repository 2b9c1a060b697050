"""Rainbowgrams side by side, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from latentfm.errors import ReportError
from latentfm.timbre.rainbowgram import BINS_PER_OCTAVE, OCTAVES, Rainbowgram

_WIDTH, _HEIGHT = 4.2, 4.0  # inches of a panel
_COLOURS: Final = "hsv"
_SHARE = 0.85  # of the colours: the two ends of a rainbow are not the same


def write_rainbows(panels: Sequence[tuple[str, Rainbowgram]], path: Path) -> None:
    """Write rainbowgrams and their titles as a PNG, one beside the other.

    Raises:
        ReportError: the file can't be written.
    """
    from matplotlib import colormaps  # noqa: PLC0415 - half a second, for pictures only
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(_WIDTH * len(panels), _HEIGHT), layout="constrained", facecolor="white")
    rows = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, drawn) in zip(rows, panels, strict=True):
        colours = colormaps[_COLOURS]((drawn.colour + 0.5) * _SHARE)[..., :3]
        picture = (colours * drawn.brightness[..., None] ** 1.5).astype(np.float32)
        axes.imshow(
            picture,
            origin="lower",
            aspect="auto",
            extent=(0.0, drawn.seconds, 0.0, len(picture) / BINS_PER_OCTAVE),
            interpolation="nearest",
        )
        axes.set_title(title)
        axes.set_xlabel("seconds")
        axes.set_yticks(range(OCTAVES), [f"C{octave + 1}" for octave in range(OCTAVES)])
    try:
        figure.savefig(path, format="png", dpi=110, metadata={"Software": "Latent FM"})
    except OSError as error:
        raise ReportError(f"{path}: can't be written: {error.strerror or error}") from error
