"""GANSynth as an engine of timbres (a small network that Magenta's numbers are known of)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentfm.errors import TimbreError
from latentfm.noteseq import NoteSequence
from latentfm.timbre.engine import Engine
from latentfm.timbre.gansynth import GanSynthEngine, load
from latentfm.timbre.mixing import spherical
from latentfm.timbre.piece import play

PLAYABLES = Path(__file__).parents[1] / "parity" / "fixtures" / "gansynth" / "playables"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> GanSynthEngine:
    """Return an engine with a small model."""
    monkeypatch.setenv("LATENTFM_MODELS", str(PLAYABLES))
    return load("grown")


def test_it_is_an_engine(engine: GanSynthEngine) -> None:
    """It has a name, a rate, and makes what was drawn into sound."""
    as_engine: Engine = engine
    assert (as_engine.name, as_engine.sample_rate) == ("gansynth", 16_000)
    drawn = engine.draw(1)
    assert (drawn.engine, drawn.codes.shape, drawn.rate) == ("gansynth", (1, 16), 0.0)
    (note,) = as_engine.synthesize([drawn], [60.0])
    assert note.dtype == np.float32
    assert note.shape == (2000,)
    assert as_engine.synthesize([], []) == []


def test_the_same_seed_is_the_same_sound(engine: GanSynthEngine) -> None:
    """Samples are a function of the latent's seed and the pitch, together or alone; synthesis itself draws nothing."""
    drawn = [engine.draw(seed) for seed in (1, 2, 1)]
    first, second, again = engine.synthesize(drawn, [50.0, 50.0, 50.0], seed=3)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(second, engine.synthesize([engine.draw(2)], [50.0], seed=4)[0])
    assert np.abs(first - second).max() > 0.01


def test_no_sound_is_taken_in(engine: GanSynthEngine) -> None:
    """There is no encoder, and the error says what to do."""
    with pytest.raises(TimbreError, match=r"can't take any in: draw instruments .* or blend sounds with another"):
        engine.encode(np.zeros(16_000, np.float32), 60.0)


@pytest.mark.parametrize("pitch", [23.9, 84.1, 0.0, float("nan")])
def test_pitches_out_of_range_are_refused(pitch: float, engine: GanSynthEngine) -> None:
    """The error says the range."""
    with pytest.raises(TimbreError, match="from 24 to 84, not"):
        engine.synthesize([engine.draw(1)], [pitch])


def test_a_pitch_between_semitones_is_played_faster(engine: GanSynthEngine) -> None:
    """30 cents more are the nearest semitone's note at 1.0175 times its speed, and as much shorter."""
    drawn = engine.draw(1)
    plain, higher = (engine.synthesize([drawn], [pitch])[0] for pitch in (60.0, 60.3))
    ratio = 2.0 ** (0.3 / 12)
    assert len(higher) == pytest.approx(len(plain) / ratio, abs=1)
    # The spectrum moves up by the ratio: compared where a wave of the note is stretched back by hand.
    at = np.arange(100, len(higher) - 100)
    low = np.convolve(plain, np.ones(9) / 9, "same")  # what changes slowly can be read off between samples
    moved = np.convolve(higher, np.ones(9) / 9, "same")
    expected = np.interp(at * ratio, np.arange(len(low)), low)
    assert np.corrcoef(moved[at], expected)[0, 1] > 0.95
    assert np.corrcoef(moved[at], low[at])[0, 1] < 0.5


def test_latents_of_others_are_refused(engine: GanSynthEngine) -> None:
    """Another engine's, another model's, what is no number, and a pitch too few."""
    drawn = engine.draw(1)
    with pytest.raises(TimbreError, match="of the engine nsynth can't be synthesized by gansynth"):
        engine.synthesize([replace(drawn, engine="nsynth")], [60.0])
    with pytest.raises(TimbreError, match=r"shape \(1, 256\) are no point of this model, which is \[1, 16\]"):
        engine.synthesize([replace(drawn, codes=np.zeros((1, 256), np.float32))], [60.0])
    with pytest.raises(TimbreError, match="no numbers somewhere"):
        engine.synthesize([replace(drawn, codes=np.full((1, 16), np.nan, np.float32))], [60.0])
    with pytest.raises(TimbreError, match="2 latents and 1 pitches"):
        engine.synthesize([drawn, drawn], [60.0])


def test_a_piece_walks_on_arcs_from_instrument_to_instrument(engine: GanSynthEngine) -> None:
    """Its first note is the first one's, its last the last one's, and one in the middle half way on the arc."""
    sequence = NoteSequence()
    for number in range(3):
        sequence.notes.add(pitch=50, velocity=127, start_time=0.5 * number, end_time=0.5 * number + 0.1)
    sound = play(sequence.notes, ["1", "2"], engine)
    drawn = engine.draw(1, 50.0), engine.draw(2, 50.0)
    wanted = engine.synthesize([drawn[0], spherical(*drawn, 0.5), drawn[1]], [50.0] * 3)
    for number, note in enumerate(wanted):
        begin = round(0.5 * number * engine.sample_rate)
        heard = sound[begin : begin + 1600] / np.abs(sound[begin : begin + 1600]).max()
        np.testing.assert_allclose(heard, note[:1600] / np.abs(note[:1600]).max(), atol=1e-4)
