"""What a report reads out of a section: degrees, the plane of the walk, loudness over time, the lead on its grid."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.audio import loudness
from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.brief import Key
from latentfm.music.melody import fingerprint
from latentfm.music.note import Note
from latentfm.playlist import MetreName, Playlist
from latentfm.report import corpus, harmony, sound, walk, wording
from latentfm.report.piece import Piece


@pytest.mark.parametrize(
    ("symbol", "tonic", "mode", "roman", "function"),
    [
        ("Am7", 7, "major", "ii", "S"),
        ("D", 7, "major", "V", "D"),
        ("F", 7, "mixolydian", "♭VII", "D"),
        ("Bb", 0, "minor_pentatonic", "♭VII", "D"),
        ("F#m", 6, "dorian", "i", "T"),
        ("D", 0, "lydian", "II", "S"),
        ("Ebadd9", 3, "major", "I", "T"),
        ("Bdim", 0, "major", "vii°", ""),
    ],
)
def test_a_chord_is_read_as_its_degree_and_function(
    symbol: str, tonic: int, mode: str, roman: str, function: str
) -> None:
    """Small numerals for minor, flats against the major scale, the function that the grammar gives the degree."""
    key = Key.model_validate({"tonic": tonic, "mode": mode})
    assert harmony.roman(symbol, key) == roman
    assert harmony.function(symbol, key) == function


def test_a_chord_that_goes_on_is_read_once() -> None:
    """Bars of one chord in a row are one reading."""
    read = harmony.readings(["C", "C", "F", "C"], Key(tonic=0, mode="major"))
    assert [(chord.bar, chord.bars, chord.roman) for chord in read] == [(0, 2, "I"), (2, 1, "IV"), (3, 1, "I")]


def test_two_components_keep_distances_of_points_on_a_plane() -> None:
    """Points on a plane in a space of many dimensions keep their distances, and all of their spread is seen."""
    rng = np.random.default_rng(0)
    across = np.linalg.qr(rng.normal(size=(64, 2)))[0]
    flat = rng.normal(size=(5, 2))
    points = flat @ across.T
    plane = walk.plane_of(points)
    found = plane.project(points)
    assert np.linalg.norm(found[0] - found[3]) == pytest.approx(np.linalg.norm(flat[0] - flat[3]))
    assert plane.share == pytest.approx(1.0)


def test_points_on_a_line_have_no_second_component() -> None:
    """Two points are a line: what is seen of them is its length."""
    points = np.array([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]])
    found = walk.plane_of(points).project(points)
    assert np.ptp(found[:, 0]) == pytest.approx(5.0)
    assert np.ptp(found[:, 1]) == pytest.approx(0.0)


def test_a_stride_is_measured_by_the_distance_of_two_random_tunes() -> None:
    """Draws of the prior are a stride of one apart, near enough; standing still is none."""
    rng = np.random.default_rng(3)
    apart = walk.strides(rng.standard_normal((400, 128)))
    assert np.mean(apart) == pytest.approx(1.0, abs=0.02)
    assert walk.strides(np.ones((2, 8))) == [0.0]


def test_loudness_over_time_agrees_with_the_whole() -> None:
    """A steady noise has its integrated loudness at every moment; a quieter second half shows where it begins."""
    rng = np.random.default_rng(0)
    pcm = (0.1 * rng.standard_normal((12 * SAMPLE_RATE, 2))).astype(np.float32)
    whole = loudness.integrated(pcm)
    assert np.abs(loudness.short_term(pcm)[5:] - whole).max() < 0.3
    pcm[6 * SAMPLE_RATE :] *= 0.1
    momentary, short = loudness.momentary(pcm), loudness.short_term(pcm)
    assert momentary[50] - momentary[70] == pytest.approx(20.0, abs=1.0)
    assert len(momentary) == 117
    assert len(short) == 91
    assert short[60] == pytest.approx(whole - 20.0, abs=0.5)


def test_a_spectrogram_shows_a_tone_where_it_is() -> None:
    """The loudest row of a tone of 440 Hz is the row of 440 Hz, from 0 dB down."""
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    tone = np.repeat(np.sin(2 * np.pi * 440 * time)[:, None], 2, axis=1).astype(np.float32)
    picture = sound.spectrum(tone)
    row = int(picture[:, picture.shape[1] // 2].argmax())
    assert 40 * 400 ** ((row + 0.5) / len(picture)) == pytest.approx(440, rel=0.05)
    assert picture.max() == pytest.approx(0.0, abs=0.1)


def test_the_lead_is_read_back_from_its_swing(piece: Piece, short_day: Playlist) -> None:
    """What was swung and played by hands stands on the grid again: its motifs are those that were noted."""
    lead = corpus.lead_of(piece.section, short_day)
    form = piece.section.form
    first = form.units[0]
    start, end = first.bar * 16, (first.bar + first.bars) * 16
    heard = fingerprint([Note(note.onset - start, 1, note.pitch) for note in lead if start <= note.onset < end])
    noted = set(piece.facts["motifs"][0].split())
    assert len(noted & set(heard.split())) / len(noted) > 0.7


@pytest.mark.parametrize(("metre", "intervals"), [("4/4", 200_000), ("3/4", 19_000), ("6/8", 90_000)])
def test_histograms_of_the_corpus_are_whole(metre: MetreName, intervals: int) -> None:
    """The tunes of each metre are the sum of their halves, which are closer to each other than to anything else."""
    known = corpus.load(metre)
    assert known.halves[0] + known.halves[1] == known.corpus
    assert known.corpus.distance(known.corpus) == (0.0, 0.0)
    apart = known.halves[0].distance(known.halves[1])
    assert max(apart) < 0.06
    scale = corpus.counts([Note(4 * step, 4, 60 + step) for step in range(40)])
    assert min(scale.distance(known.corpus)) > 0.3
    assert sum(known.corpus.intervals) > intervals


def test_values_are_written_with_their_units() -> None:
    """Shares in percent, counts in what is counted, one of them without a plural."""
    assert wording.amount("in_mode", 0.953) == "95 %"
    assert wording.amount("lead_stuck", 1.0) == "1 bar"
    assert wording.amount("lead_stuck", 1.25) == "1.2 bars"
    assert wording.bound("rest_share", 0.1, 0.4) == "10 to 40 %"
    assert wording.bound("widest_range", float("-inf"), 19) == "at most 19 semitones"
    assert wording.bound("empty_bars", float("-inf"), 0) == "none"
    assert wording.bound("model_share", 0.75, float("inf")) == "at least 75 %"
    assert wording.amount("a_new_one", 0.5) == "0.500"
