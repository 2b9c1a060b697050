"""Figures of many sections: what is counted, what is said, and that a miss is called one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from latentfm.playlist import Playlist
from latentfm.report import survey, survey_page, tables
from latentfm.report.survey import Finding, Survey


def test_misses_are_counted_and_named(found: Survey) -> None:
    """Two of three single sections miss one figure, one of the chain another; sentences name the worst."""
    rows = {row[0]: row[1:] for row in tables.overall([found]).rows}
    assert rows["longest semitone between two voices"] == ("2 + 0",)
    assert rows["lead notes in the mode"] == ("0 + 1",)
    assert rows["silence of the lead inside its phrases"] == ("0 + 0",)
    assert rows["any of them"] == ("2 + 1",)
    assert "intervals over a sixth" not in rows
    said = tables.sentences(found)
    assert any("2 of 3 single sections miss" in one and "farthest off: 9 sixteenths" in one for one in said)
    assert any("1 of 2 sections in a chain misses" in one and "90 %" in one for one in said)
    assert [one.partition(", ")[2].split()[0] for one in said[2:]] == ["1"]  # two of the seeds share their motifs


def test_the_table_of_a_mood_tells_before_from_after(found: Survey) -> None:
    """Means and ends of both, with the sections that miss of each."""
    rows = {row[0]: row[1:] for row in tables.figures(found).rows}
    assert rows["silence of the lead inside its phrases"] == (
        "10 to 40 %",
        "2.0 (2 to 2)",
        "3",
        "20.0 (20 to 20)",
        "0",
        "20.0 (20 to 20)",
        "0",
    )
    assert rows["longest semitone between two voices"][3:5] == ("5.0 (1 to 9)", "2")
    assert rows["intervals over a sixth"][0] == "not bounded"
    assert rows["intervals over a sixth"][2] == ""


def test_sections_with_the_same_motifs_are_found_out(found: Survey) -> None:
    """Seeds of their own share nothing here; the two of the chain have all their motifs and their title in common."""
    rows = {row[0]: row[1:] for row in tables.seeds([found]).rows}
    assert rows["Made <up>, two seeds"] == ("3", "0.0%", "0%", "0", "0", "3 of 3")
    assert rows["Made <up>, in a chain"] == ("1", "100.0%", "100%", "1", "1", "1 of 2")


def test_distances_stand_beside_those_of_the_halves(found: Survey) -> None:
    """A lead that is a half of the corpus is as near as the halves are; what was drawn in training is itself."""
    rows = {row[0]: row[1:] for row in tables.distances([found]).rows}
    assert float(rows["Made <up>: leads of 3 sections"][0]) < 0.02
    assert rows["plain samples of the model, as for Made <up>"][1] == "0.000"
    assert float(rows["one half of the 2438 tunes in 4/4 to the other"][0]) < 0.03


def test_page_and_document_say_the_same(found: Survey, read: Callable[[str], Any]) -> None:
    """Both are whole, have every figure and every miss, and the title is escaped."""
    page, document = survey_page.page([found]), survey_page.markdown([found])
    texts = " ".join(read(page).texts)
    for name in found.bounds:
        title = tables.wording.title(name)
        assert title in texts
        assert title in document
    for said in tables.sentences(found):
        assert said in texts
        assert said in document
    assert "<up>" not in page
    assert "2 of 3 miss" in texts


def test_a_histogram_shades_its_bounds_and_counts_all(read: Callable[[str], Any]) -> None:
    """What lies outside the scale is counted at its end; the shade goes from bound to bound."""
    drawn = survey_page.histogram([0.0, 9.0], [5.0, 5.0], (2.5, float("inf")), (0.0, 10.0))
    assert '<rect x="37.5" width="112.5"' in drawn
    assert read(drawn).elements == ["svg", "rect", "path", "path", "path"]


def test_a_survey_keeps_its_open_bounds(found: Survey) -> None:
    """What is kept on disk is what was found, infinite ends too."""
    assert Survey.model_validate_json(found.model_dump_json()) == found


def test_a_real_section_is_measured(short_day: Playlist) -> None:
    """A chain begins with the section that its seed gives; what is out of bounds is what the section says of itself."""
    one = survey.single(short_day, 5)
    chain = survey.chain(short_day, 1, seed=5)
    assert chain == (one,)
    assert set(one.aired) == set(one.written)
    assert one.written["model_share"] == pytest.approx(1.0)
    made: Survey = survey.survey(short_day, [one], chain)
    for name, (low, high) in made.bounds.items():
        inside: bool = low <= one.aired[name] <= high
        assert inside or name in (*one.missed_aired, "leaps_turned")
    assert isinstance(made.singles[0], Finding)
