"""What the ear gets: loudness over time, and the spectrogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.audio import loudness
from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.report.piece import Piece

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Decibels = NDArray[np.float64]
_MOMENT, _SHORT = 0.4, 3.0  # seconds: windows of EBU R 128
_SHOWN, _HEADROOM = 20.0, 6.0  # LU below and above the target, where the picture ends
_WINDOW: Final = 8192  # frames of a spectrum
_COLUMNS, _ROWS = 560, 120
_LOWEST, _HIGHEST = 40.0, 16_000.0  # Hz
_FLOOR: Final = -78.0  # dB below the loudest
_SHADES: Final = 14  # levels of the spectrogram: few enough to compress well
_OCTAVES: Final = (55, 110, 220, 440, 880, 1760, 3520, 7040, 14080)  # the pitch A, which piano rolls share


def seams(axes: Axes, piece: Piece) -> None:
    """Mark where neighbours overlap: up to the head, and from the first and the last place a crossfade may begin."""
    fade = piece.section.form.crossfade_bars * piece.section.form.bar_seconds
    outs = [out / SAMPLE_RATE for out in piece.info.seam.outs]
    axes.axvspan(0, piece.info.seam.head / SAMPLE_RATE, color="#8a8578", alpha=0.13, linewidth=0)
    axes.axvspan(outs[0], min(outs[-1] + fade, piece.seconds), color="#8a8578", alpha=0.13, linewidth=0)
    for out in outs:
        axes.axvline(out, color="#8a8578", linewidth=0.8, linestyle=":")


def curve(axes: Axes, piece: Piece) -> None:
    """Draw momentary and short-term loudness around the loudness asked for."""
    momentary, short = loudness.momentary(piece.audio), loudness.short_term(piece.audio)
    axes.plot(*_over_time(momentary, _MOMENT, piece), color="#c9b68c", linewidth=0.7, label="momentary (0.4 s)")
    axes.plot(*_over_time(short, _SHORT, piece), color="#8c5a2b", linewidth=1.5, label="short-term (3 s)")
    axes.axhline(
        piece.target, color="#c0392b", linewidth=0.9, linestyle="--", label=f"asked for: {piece.target:g} LUFS"
    )
    axes.set_ylim(piece.target - _SHOWN, max(piece.target + _HEADROOM, momentary.max(initial=-_SHOWN) + 1))
    axes.set_ylabel("LUFS", fontsize=8)
    axes.grid(visible=True, axis="y", color="#e4e0d6", linewidth=0.5)
    axes.legend(loc="lower center", ncols=3, fontsize=7, frameon=False)


def _over_time(values: Decibels, window: float, piece: Piece) -> tuple[Decibels, Decibels]:
    """Return the middles of the windows in seconds, and the values as far down as the picture goes."""
    times: Decibels = np.arange(len(values), dtype=np.float64) * loudness.HOP_SECONDS + window / 2
    shown: Decibels = np.maximum(values, piece.target - _SHOWN)
    return times, shown


def spectrum(pcm: Pcm) -> Decibels:
    """Return a spectrogram in dB below its loudest place: ``[rows, columns]``, low to high on a scale of octaves."""
    mono = pcm.mean(axis=1)
    padded = np.pad(mono, (_WINDOW // 2, _WINDOW))
    edges = np.geomspace(_LOWEST, _HIGHEST, _ROWS + 1) * _WINDOW / SAMPLE_RATE
    bins = np.arange(_WINDOW // 2 + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    weights = np.hanning(_WINDOW).astype(np.float32)
    picture = np.empty((_ROWS, _COLUMNS))
    first, last = np.floor(edges[:-1]).astype(int), np.ceil(edges[1:]).astype(int)
    for column, start in enumerate(np.linspace(0, max(len(mono) - 1, 0), _COLUMNS).astype(int)):
        power = np.abs(np.fft.rfft(padded[start : start + _WINDOW] * weights)) ** 2
        smooth = np.interp(centres, bins, power)  # low rows are narrower than a bin
        total = np.concatenate([[0.0], np.cumsum(power)])
        wide = last - first > 2  # noqa: PLR2004 - rows of several bins take their mean
        smooth[wide] = (total[last[wide]] - total[first[wide]]) / (last[wide] - first[wide])
        picture[:, column] = smooth
    loudest = float(picture.max()) or 1.0
    decibels: Decibels = 10.0 * np.log10(np.maximum(picture / loudest, 10.0 ** (_FLOOR / 10.0)))
    return decibels


def spectrogram(axes: Axes, piece: Piece) -> None:
    """Draw the spectrogram, octaves of A as its scale."""
    span: dict[str, Any] = {"extent": (0.0, piece.seconds, 0.0, 1.0), "aspect": "auto", "origin": "lower"}
    levels = np.round((spectrum(piece.audio) / -_FLOOR + 1.0) * (_SHADES - 1)) / (_SHADES - 1)
    axes.imshow(levels, cmap="magma", interpolation="none", vmin=0.0, vmax=1.0, **span)
    places = np.log(np.array(_OCTAVES) / _LOWEST) / np.log(_HIGHEST / _LOWEST)
    axes.set_yticks(places.tolist(), [f"{hertz:,} Hz".replace(",", " ") for hertz in _OCTAVES], fontsize=7)
