"""The page of one section, and the index of several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from latentfm.report import harmony, markup, picture, walk, wording
from latentfm.report.markup import Html, element, table
from latentfm.report.piece import Piece, limits

REPORT: Final = "report.html"
INDEX: Final = "index.html"
_SOURCES: Final = {
    "motif": "from the walk",
    "old": "an older motif",
    "answer": "the RNN answers",
    "lead_on": "the RNN leads on",
    "trio": "written at once with bass and drums",
}
_LETTERS_NOTE: Final = (
    "A to D are points of the walk, a prime marks a change, r is an answer by the RNN, l the RNN leading on, "
    "o an older motif that comes back. Under each chord: its degree in the key, small for minor, and its function "
    "(T tonic, S subdominant, D dominant)."
)


def write_section(piece: Piece, folder: Path) -> Path:
    """Write a section's page into its take's folder and return the file.

    Raises:
        ReportError: it can't be written.
    """
    path = folder / REPORT
    markup.write(section_page(piece), path)
    return path


def section_page(piece: Piece) -> str:
    """Return the page of a section, with its pictures inside."""
    title = piece.section.title
    return markup.page(
        f"{title} - Latent FM",
        element("header", element("h1", title), element("p", _about(piece), kind="lead")),
        element("h2", "The section over time"),
        element("div", Html(picture.overview_svg(piece)), kind="wide"),
        element("p", _LETTERS_NOTE, kind="note"),
        element("h2", "Form and chords"),
        _form(piece),
        element("h2", "The walk through latent space"),
        _walk(piece),
        element("h2", "Figures"),
        element("p", verdict(piece)),
        _figures(piece),
        element("h2", "Loudness"),
        _loudness(piece),
        element("h2", "Where it comes from"),
        _provenance(piece),
    )


def write_index(pieces: Sequence[tuple[str, dict[str, str]]], folder: Path) -> None:
    """Write a page with links to those of several sections.

    Args:
        pieces: the name of each take's folder, and what ``row`` says of it.
        folder: where those folders lie.

    Raises:
        ReportError: it can't be written.
    """
    markup.write(index_page(pieces), folder / INDEX)


def index_page(pieces: Sequence[tuple[str, dict[str, str]]]) -> str:
    """Return the index of several sections, as ``write_index`` writes it."""
    head = ("title", "mood", "key", "qpm", "seconds", "LUFS", "out of bounds")
    rows = [(markup.link(f"{folder}/{REPORT}", facts["title"]), *list(facts.values())[1:]) for folder, facts in pieces]
    return markup.page(
        "Sections - Latent FM",
        element("h1", "Sections"),
        element("p", "In the order in which they follow one another.", kind="lead"),
        table(head, rows, numbers=(3, 4, 5)),
    )


def row(piece: Piece) -> dict[str, str]:
    """Return what an index says of a section."""
    return {
        "title": piece.section.title,
        "mood": piece.playlist.title,
        "key": piece.facts["key"],
        "qpm": f"{piece.section.qpm:g}",
        "seconds": f"{piece.seconds:.0f}",
        "lufs": f"{piece.info.lufs:.1f}",
        "missed": ", ".join(wording.title(name) for name in piece.facts["missed"]) or "nothing",
    }


def verdict(piece: Piece) -> str:
    """Say in words which figures miss their bounds."""
    missed = piece.facts["missed"]
    if not missed:
        return "Every figure that is checked lies within its bounds."
    names = "; ".join(wording.title(name) for name in missed)
    return f"{len(missed)} of the figures that are checked {'misses' if len(missed) == 1 else 'miss'}: {names}."


def _about(piece: Piece) -> str:
    return f"{piece.playlist.title}: {picture.line(piece)}"


def _form(piece: Piece) -> Html:
    form, bar = piece.section.form, piece.section.form.bar_seconds
    chords = harmony.readings(piece.facts["chords"], piece.section.key)

    def names(first: int, bars: int) -> str:
        heard = [chord for chord in chords if chord.bar < first + bars and first < chord.bar + chord.bars]
        return ", ".join(f"{chord.symbol} ({chord.roman})" for chord in heard)

    def line(first: int, bars: int, part: str, letter: str, source: str) -> tuple[object, ...]:
        minutes, seconds = divmod(round(first * bar), 60)
        return f"{first + 1} to {first + bars}", f"{minutes}:{seconds:02}", part, letter, source, names(first, bars)

    def rows() -> Iterator[tuple[object, ...]]:
        yield line(0, form.intro, "intro", "", "pad alone")
        for unit, facts in zip(form.units, piece.facts["form"]["units"], strict=True):
            yield line(unit.bar, unit.bars, unit.part, facts["motif"], _SOURCES[unit.source])
        yield line(form.bars - form.outro, form.outro, "outro", "", "pad and tails")

    return table(("bars", "from", "part", "unit", "the lead is", "chords"), rows())


def _walk(piece: Piece) -> Html:
    points = piece.walk()
    share = walk.plane_of(walk.spread(piece)).share
    strides = walk.strides(points)
    steps = ", ".join(
        f"{before} to {after} {stride:.2f}"
        for before, after, stride in zip(walk.LETTERS, walk.LETTERS[1:], strides, strict=False)
    )
    end = "a draw of the prior" if piece.facts["anchor"] == "prior" else piece.facts["anchor"]
    start = "starts where the last section ended" if piece.brief.carry else "starts anew"
    words = (
        f"The walk {start} and ends at {end}. "
        f"Its steps, as shares of the distance between two tunes drawn at random: {steps}. "
        f"A coloured cloud is where the drafts of a point are drawn from. The plane shows {share:.0%} of the spread of "
        f"walk and older motifs; draws of the prior, seen along the same two of {points.shape[1]} dimensions, crowd "
        "around the middle."
    )
    drawn = element("div", Html(picture.walk_svg(piece)), kind="narrow")
    return Html.of(drawn, element("p", words, kind="note"), element("p", _returned(piece)))


def _returned(piece: Piece) -> str:
    """Say which older motif comes back, and what has changed since."""
    back = piece.facts.get("returned")
    if back is None:
        return "No older motif comes back."
    changed = f"with another {' and '.join(back['changed'])}" if back["changed"] else "unchanged"
    return f"A motif of “{back['title']}” (section {back['section']}) comes back, {changed}."


def _figures(piece: Piece) -> Html:
    written, aired = piece.measured()
    bounds, before = limits(aired, piece.bounds), asdict(written)

    def rows() -> Iterator[tuple[object, ...]]:
        for name, value in asdict(aired).items():
            low, high = bounds[name]
            yield (
                wording.title(name),
                wording.bound(name, low, high),
                wording.amount(name, before[name]),
                wording.amount(name, value),
                _judged(value, low, high),
            )

    return table(("figure", "bound", "as the models wrote the lead", "as it airs", ""), rows(), numbers=(2, 3))


def _judged(value: float, low: float, high: float) -> object:
    if low <= value <= high:
        return "within" if low > -float("inf") or high < float("inf") else ""
    return element("span", "misses: too low" if value < low else "misses: too high", kind="miss")


def _loudness(piece: Piece) -> Html:
    master = piece.facts["master"]
    rows = [
        ("asked for", f"{piece.target:.1f} LUFS"),
        ("integrated", f"{piece.info.lufs:.2f} LUFS"),
        ("true peak", f"{piece.info.true_peak:.2f} dBTP"),
        ("gain before the limiter", f"{master['gain_db']:.1f} dB"),
        ("most that the limiter took off", f"{master['max_reduction_db']:.1f} dB"),
        ("below what was asked for, as its peaks are high", f"{master['shortfall']:.1f} LU"),
    ]
    return table(("", ""), rows, numbers=(1,))


def _provenance(piece: Piece) -> Html:
    facts = piece.facts
    rows: list[tuple[object, object]] = [
        ("take", _code(piece.info.id)),
        ("playlist", facts["playlist"]),
        ("seed, attempt", f"{facts['seed']}, {facts['attempt']}"),
        ("key", _key(facts)),
        *((f"model {name}", _code(f"sha256 {digest}")) for name, digest in facts["models"].items()),
        *((f"SoundFont {name}", _code(f"sha256 {digest}")) for name, digest in facts["sounds"].items()),
        ("libraries", ", ".join(f"{name} {release}" for name, release in facts["libraries"].items())),
        ("Latent FM", f"{facts['latentfm']} on {facts['machine']}"),
    ]
    return table(("", ""), rows)


def _key(facts: dict[str, Any]) -> str:
    before = facts.get("modulation")
    if before is None:
        return str(facts["key"])
    return f"{facts['key']} after {before['from']} ({before['relation']}), by {before['pivot']}"


def _code(words: str) -> Html:
    return element("code", words)
