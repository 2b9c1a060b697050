"""The figures of many sections: a page with histograms, and the same in Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from latentfm.report import markup, tables, wording
from latentfm.report.markup import Html, element
from latentfm.report.survey import Survey, misses, values

_BINS: Final = 24
_WIDE, _HIGH = 150, 46  # size of a histogram; its viewBox
_MARGIN: Final = 0.04  # of the range, at both ends
_HOW: Final = (
    "Each mood was composed {singles} times from a seed of its own, without a section before it (“single”), and "
    "{chain} times in a row, each section going on from the last (“chain”). Only the chain says something about motifs "
    "heard lately: a single section follows nothing. Before repair: the lead as the models wrote it, in its place and "
    "transposition, over the voices that air; so the model's share is then 100 % by definition."
)
_UNBOUNDED: Final = "Where the densest bars lie is not bounded."
_DISTANCE: Final = (
    "Jensen-Shannon distances (0: the same histogram, 1: nothing in common) of intervals and of durations, from onset "
    "to onset, to the tunes in its metre that a mood's melody model learnt from. Moods that read motifs in half or "
    "quarter time are compared in the motif's own time: their durations are divided by two or four. The models also "
    "learnt from single bars in half time and from rests at phrase ends: what was drawn in training is compared as "
    "well. Leads are chosen among many drafts for fewer notes than the tunes have and for notes of the chords, which "
    "moves them away from the tunes, the more the calmer the mood; and few notes make a histogram rougher."
)
_SEEDS: Final = (
    "The share of motifs that one section has from another, by interval and onset, the larger of both directions, for "
    "any two sections. Over half would be heard as the same music."
)


def markdown(surveys: Sequence[Survey]) -> str:
    """Return the document ``docs/figures/README.md``."""
    parts = ["# Figures of many sections\n", _how(surveys) + "\n"]
    parts += ["Made by `make figures`. As histograms: [index.html](index.html). One section of each mood: "]
    parts[-1] += "[pictures.md](pictures.md). An hour of each: [../hours.md](../hours.md).\n"
    parts += ["## Sections that miss a bound\n", "Single sections + sections in a chain.\n"]
    parts += [tables.overall(surveys).markdown(), "## Are two seeds different?\n", _SEEDS + "\n"]
    parts += [tables.seeds(surveys).markdown(), "## Leads and the tunes that were learnt from\n", _DISTANCE + "\n"]
    parts += [tables.distances(surveys).markdown()]
    for found in surveys:
        parts += [f"## {found.title}\n", "".join(f"- {said}\n" for said in tables.sentences(found))]
        parts += [tables.figures(found).markdown()]
    return "\n".join([*parts, _UNBOUNDED + "\n"])


def page(surveys: Sequence[Survey]) -> str:
    """Return the document ``docs/figures/index.html``."""
    parts: list[object] = [
        element("h1", "Figures of many sections"),
        element("p", _how(surveys)),
        element("h2", "Every figure, every mood"),
        element("p", _legend(), kind="note"),
        element("div", _multiples(surveys), kind="small-multiples"),
        element("p", _UNBOUNDED, kind="note"),
        element("h2", "Sections that miss a bound"),
        element("p", "Single sections + sections in a chain.", kind="note"),
        tables.overall(surveys).html(),
        element("h2", "Are two seeds different?"),
        element("p", _SEEDS, kind="note"),
        tables.seeds(surveys).html(),
        element("h2", "Leads and the tunes that were learnt from"),
        element("p", _DISTANCE, kind="note"),
        tables.distances(surveys).html(),
    ]
    for found in surveys:
        said = [element("li", sentence) for sentence in tables.sentences(found)]
        parts += [element("h2", found.title), element("ul", *said), tables.figures(found).html()]
    return markup.page("Figures of many sections - Latent FM", *parts)


def histogram(
    written: Sequence[float], aired: Sequence[float], bounds: tuple[float, float], span: tuple[float, float]
) -> Html:
    """Draw a histogram as SVG: filled as it airs, in outline as the models wrote it, the bounds in green behind.

    Args:
        written: the figure of each section as the models wrote it.
        aired: the same as it airs.
        bounds: least and most it may be, infinite where one is open.
        span: the ends of the scale.
    """
    low, high = span
    edges = np.linspace(low, high, _BINS + 1)
    counted = [np.histogram(np.clip(found, low, high), edges)[0] for found in (written, aired)]
    most = max(int(counts.max()) for counts in counted) or 1
    width = _WIDE / _BINS

    def across(value: float) -> float:
        return round((min(max(value, low), high) - low) / (high - low) * _WIDE, 1)

    def path(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
        steps = "".join(f"V{round(_HIGH - count / most * (_HIGH - 4), 1):g}h{width:g}" for count in counts)
        return f"M0 {_HIGH}{steps}V{_HIGH}"

    left, right = across(bounds[0]), across(bounds[1])
    return Html(
        f'<svg viewBox="0 0 {_WIDE} {_HIGH + 1}" preserveAspectRatio="none" role="img">'
        f'<rect x="{left:g}" width="{right - left:g}" height="{_HIGH}" fill="#e3eedb"/>'
        f'<path d="{path(counted[1])}z" fill="#c0392b" fill-opacity=".75"/>'
        f'<path d="{path(counted[0])}" fill="none" stroke="#2b4a6f" stroke-width="1"/>'
        f'<path d="M0 {_HIGH}h{_WIDE}" stroke="#b9b4a8"/></svg>'
    )


def _multiples(surveys: Sequence[Survey]) -> Html:
    def rows() -> list[tuple[object, ...]]:
        made: list[tuple[object, ...]] = []
        for name in tables.names(surveys[0]):
            span = _span(surveys, name)
            scale = wording.with_unit(name, f"{wording.number(name, span[0])} to {wording.number(name, span[1])}")
            cells = [_cell(found, name, span) for found in surveys]
            title = Html.of(wording.title(name), Html("<br>"), element("span", scale, kind="note"))
            made.append((title, *cells))
        return made

    return markup.table(("figure, and its scale", *(found.title for found in surveys)), rows())


def _cell(found: Survey, name: str, span: tuple[float, float]) -> Html:
    findings = found.chain if name == "motifs_alike" else found.singles
    bounds = found.bounds[name]
    drawn = histogram(values(findings, name, aired=False), values(findings, name), bounds, span)
    if not tables.checked(found, name):
        return drawn
    missing = misses(findings, name)
    words = f"{missing} of {len(findings)} miss" if missing else "none misses"
    return Html.of(drawn, element("span", words, kind="miss" if missing else "note"))


def _span(surveys: Sequence[Survey], name: str) -> tuple[float, float]:
    """Return the ends of a figure's scale: all that was found and all finite bounds, with a margin."""
    found = [value for one in surveys for aired in (False, True) for value in _all(one, name, aired=aired)]
    found += [end for one in surveys for end in one.bounds[name] if math.isfinite(end)]
    low, high = min(found), max(found)
    if low == high:
        return low, high + 1.0
    margin = _MARGIN * (high - low)
    return max(0.0, low - margin), high + margin


def _all(found: Survey, name: str, *, aired: bool) -> list[float]:
    return values(found.chain if name == "motifs_alike" else found.singles, name, aired=aired)


def _how(surveys: Sequence[Survey]) -> str:
    return _HOW.format(singles=len(surveys[0].singles), chain=len(surveys[0].chain))


def _legend() -> str:
    return (
        "Red: as it airs. Blue outline: as the models wrote it. Green: within the bounds. Single sections, but for "
        "motifs heard lately, which are those of the chain. Each row has one scale."
    )
