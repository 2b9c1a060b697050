"""A rendered section that goes on from another one, and findings that are made up."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from latentfm.brief import Brief
from latentfm.compose import compose
from latentfm.config import load_playlist
from latentfm.playlist import Playlist
from latentfm.report import corpus
from latentfm.report.piece import Piece
from latentfm.report.survey import Finding, Survey
from latentfm.studio.produce import finish
from latentfm.timbre.voicing import voiced

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Reader(HTMLParser):
    """Reads a page strictly: elements are closed in order; keeps texts, rows of tables, and what is referred to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.elements: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self.elements.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        """Close an element, the one opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep a text, and add it to the cell that is open."""
        if data.strip():
            self.texts.append(data.strip())
        if self.rows and ("td" in self.open or "th" in self.open):
            self.rows[-1][-1] += data


@pytest.fixture(scope="session")
def read() -> Callable[[str], Reader]:
    """Return what reads a page strictly."""
    return Reader


@pytest.fixture(scope="session")
def short_day() -> Playlist:
    """The day that ships, in sections as short as may be."""
    playlist = voiced(load_playlist(Path(__file__).parents[2] / "playlists" / "day.toml"))
    return playlist.model_copy(update={"form": playlist.form.model_copy(update={"seconds": (40.0, 55.0)})})


@pytest.fixture(scope="session")
def piece(short_day: Playlist) -> Piece:
    """A section that goes on from another one, rendered."""
    first = compose(Brief(seed=1, playlist=short_day))
    brief = Brief(seed=2, playlist=short_day, carry=first.carry)
    section = compose(brief)
    audio, info = finish(brief, section)
    return Piece(section, info, audio)


def _finding(seed: int, **aired: float) -> Finding:
    """Return a finding whose every figure is in order, but for those that are named."""
    fine: dict[str, float] = {
        "model_share": 0.9,
        "in_mode": 1.0,
        "chord_tones": 0.8,
        "longest_semitone": 1,
        "widest_range": 12,
        "leaps": 0.0,
        "leaps_turned": 1.0,
        "repeating_bars": 0.5,
        "longest_unchanged": 1,
        "lead_stuck": 1.0,
        "bass_stuck": 1.0,
        "notes_per_bar": 5.0,
        "rest_share": 0.2,
        "empty_bars": 0,
        "motifs_alike": 0.0,
        "densest": 0.6,
        "under_share": 1.0,
        "under_chord_tones": 0.9,
    }
    return Finding(
        seed=seed,
        title=f"Title {seed}",
        seconds=60.0,
        written={**fine, "rest_share": 0.02},
        aired={**fine, **aired},
        missed_written=("rest_share",),
        missed_aired=tuple(aired),
        motifs=(f"0 2+{seed}", f"0 4-{seed}"),
        lead=corpus.load().halves[0],
    )


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """Return what makes a finding up."""
    return _finding


@pytest.fixture
def found(finding: Callable[..., Finding]) -> Survey:
    """A mood of three single sections, two of them with a semitone that is too long, and a chain of two."""
    bounds: dict[str, Any] = dict.fromkeys(finding(0).aired, (float("-inf"), float("inf")))
    bounds |= {"longest_semitone": (float("-inf"), 2.0), "rest_share": (0.1, 0.4), "in_mode": (0.95, float("inf"))}
    return Survey(
        mood="made-up",
        title="Made <up>",
        bounds=bounds,
        singles=(finding(1), finding(2, longest_semitone=5), finding(3, longest_semitone=9)),
        chain=(finding(4), finding(4, in_mode=0.9)),
        prior=corpus.load().learnt,
    )
