"""The page of a section: complete, true to its take, whole in itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from latentfm.errors import ReportError
from latentfm.report import picture, section_page, wording
from latentfm.report.piece import Piece

Read = Callable[[str], Any]


@pytest.fixture(scope="module")
def page(piece: Piece) -> str:
    """The page of the rendered section."""
    return section_page.section_page(piece)


def test_every_figure_stands_there_with_the_values_of_the_take(page: str, piece: Piece, read: Read) -> None:
    """Each figure's row says what the models wrote and what airs, as the provenance has them."""
    rows = {row[0]: row for row in read(page).rows}
    for name, aired in piece.facts["figures"]["aired"].items():
        _, _, written, shown, _ = rows[wording.title(name)]
        assert shown == wording.amount(name, aired)
        assert written == wording.amount(name, piece.facts["figures"]["models"][name])


def test_every_chord_is_named_above_the_roll_and_in_the_form(page: str, piece: Piece, read: Read) -> None:
    """Chord symbols are texts of the picture, in the order of the section, and each unit's stand in its row."""
    found = read(page)
    changes = [
        symbol
        for bar, symbol in enumerate(piece.facts["chords"])
        if bar == 0 or symbol != piece.facts["chords"][bar - 1]
    ]
    drawn = [text for text in found.texts if text in set(changes)]
    assert drawn[: len(changes)] == changes
    unit = piece.section.form.units[0]
    row = next(row for row in found.rows if row[0] == f"{unit.bar + 1} to {unit.bar + unit.bars}")
    assert all(symbol in row[-1] for symbol in piece.facts["chords"][unit.bar : unit.bar + unit.bars])


def test_the_provenance_is_there(page: str, piece: Piece) -> None:
    """Seed, models and sounds with their checksums, libraries."""
    facts = piece.facts
    words = [str(facts["seed"]), piece.info.id, *facts["models"].values(), *facts["sounds"].values()]
    words += [f"numpy {facts['libraries']['numpy']}", facts["key"], f"{piece.info.lufs:.2f} LUFS"]
    assert [word for word in words if word not in page] == []


def test_a_page_needs_nothing_else_and_stays_small(page: str, read: Read) -> None:
    """Elements are closed in order, nothing is fetched from elsewhere, and it can be sent by mail."""
    found = read(page)
    assert found.elements.count("svg") == 2
    assert [link for link in found.links if not link.startswith(("#", "data:"))] == []
    assert len(page.encode()) < 1_500_000


def test_titles_are_escaped(piece: Piece, read: Read) -> None:
    """A title with signs that mean something to HTML is shown as it is."""
    title = "<script>alert(1)</script> & 'so'"
    changed = replace(piece, section=replace(piece.section, title=title))
    page = section_page.section_page(changed)
    assert "<script" not in page
    assert title in read(page).texts
    index = section_page.index_page([('a"b', section_page.row(changed))])
    assert "<script" not in index
    assert read(index).links == ['a"b/report.html']


def test_a_miss_is_said_in_words(piece: Piece, read: Read) -> None:
    """A figure out of its bounds is named, and its row says in which direction."""
    aired = {**piece.facts["figures"]["aired"], "in_mode": 0.5, "widest_range": 30}
    facts = {
        **piece.facts,
        "figures": {**piece.facts["figures"], "aired": aired},
        "missed": ["in_mode", "widest_range"],
    }
    missing = replace(piece, info=piece.info.model_copy(update={"provenance": facts}))
    assert section_page.verdict(missing).startswith("2 of the figures that are checked miss: lead notes in the mode;")
    rows = {row[0]: row for row in read(section_page.section_page(missing)).rows}
    assert rows[wording.title("in_mode")][-1] == "misses: too low"
    assert rows[wording.title("widest_range")][-1] == "misses: too high"
    assert rows[wording.title("leaps")][-1] == "within"


def test_a_browser_shows_it_on_a_phone(page: str, piece: Piece, browser: Any, tmp_path: Path) -> None:
    """In a real browser: both pictures have a size, only they scroll sideways, and nothing complains."""
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    browser.set_window_size(500, 900)
    browser.get(path.as_uri())
    assert browser.title.startswith(piece.section.title)
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    heights = browser.execute_script("return [...document.querySelectorAll('svg')].map(e => e.clientHeight)")
    assert min(heights) > 200
    assert browser.execute_script("return document.querySelector('image').getBBox().width") > 500
    assert browser.get_log("browser") == []


def test_the_picture_is_a_png_and_a_place_that_cannot_be_written_is_an_error(piece: Piece, tmp_path: Path) -> None:
    """`take.png` is drawn by the same code as the page; so is what is said when there is no room for it."""
    picture.write_png(piece, tmp_path / picture.PICTURE)
    assert (tmp_path / picture.PICTURE).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / picture.PICTURE).stat().st_size > 20_000
    with pytest.raises(ReportError, match="can't be written"):
        picture.write_png(piece, tmp_path / "none" / "take.png")
    with pytest.raises(ReportError, match="can't be written"):
        section_page.write_section(piece, tmp_path / "none")


def test_an_index_links_to_each_section(piece: Piece, read: Read, tmp_path: Path) -> None:
    """Several sections have a table of contents beside their folders."""
    rows = [("first", section_page.row(piece)), ("second", section_page.row(piece))]
    section_page.write_index(rows, tmp_path)
    found = read((tmp_path / section_page.INDEX).read_text("utf-8"))
    assert found.links == ["first/report.html", "second/report.html"]
    assert found.rows[1][:3] == [piece.section.title, piece.playlist.title, piece.facts["key"]]


def test_composing_needs_no_matplotlib() -> None:
    """Only drawing loads matplotlib: neither composing nor importing the report does."""
    code = (
        "import sys; import latentfm.compose, latentfm.report.section_page; print('matplotlib.figure' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == "False"
