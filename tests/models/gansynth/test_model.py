"""GANSynth's engine: notes of points and pitches (a small network that Magenta's numbers are known of)."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from latentfm.errors import ModelError
from latentfm.models import catalogue, latent
from latentfm.models.gansynth import CONFIGURATIONS, GANSynth
from latentfm.models.published import find_published

PLAYABLES = Path(__file__).parents[2] / "parity" / "fixtures" / "gansynth" / "playables"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> GANSynth:
    """Return a small model, found by its name."""
    monkeypatch.setenv("LATENTFM_MODELS", str(PLAYABLES))
    return catalogue.load_gansynth("grown")


def test_notes_together_are_the_notes_alone(model: GANSynth) -> None:
    """Each note depends on its own point and pitch only, bit for bit, with one thread and with two."""
    z = model.draw(3, np.random.default_rng(0))
    pitches = [24, 60, 84]
    together = model.synthesize(z, pitches)
    alone = np.concatenate([model.synthesize(z[[row]], [pitch]) for row, pitch in enumerate(pitches)])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, catalogue.load_gansynth("grown", threads=2).synthesize(z, pitches))
    assert together.shape == (3, model.facts.samples)
    assert np.isfinite(together).all()
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_sound_is_what_the_spectrogram_says(model: GANSynth) -> None:
    """Synthesis is the spectrogram, and then its sound."""
    z = model.draw(2, np.random.default_rng(1))
    spectrogram = model.spectrogram(z, [40, 41])
    assert spectrogram.shape == (2, model.facts.frames, model.facts.bins, 2)
    np.testing.assert_array_equal(model.sound(spectrogram), model.synthesize(z, [40, 41]))


def test_the_same_seed_draws_the_same_points(model: GANSynth) -> None:
    """A point is a function of the generator that it is drawn from; others are others."""
    z = model.draw(2, np.random.default_rng(7))
    np.testing.assert_array_equal(z, model.draw(2, np.random.default_rng(7)))
    assert z.dtype == np.float32
    assert np.abs(z - model.draw(2, np.random.default_rng(8))).max() > 0.1


def test_a_path_of_points_goes_from_sound_to_sound(model: GANSynth) -> None:
    """Small steps of the point are small ones of the spectrogram, and lengths stay between those of the ends."""
    ends = model.draw(2, np.random.default_rng(3))
    path = latent.interpolate(ends[0], ends[1], 33)
    lengths = np.linalg.norm(path, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(lengths[0], lengths[-1], 33), rtol=1e-5)
    made = model.spectrogram(path, [60] * 33)
    whole = np.abs(made[-1] - made[0]).mean()
    assert np.abs(np.diff(made, axis=0)).mean(axis=(1, 2, 3)).max() < whole / 4


@pytest.mark.parametrize("pitch", [23, 85, -1])
def test_a_pitch_that_it_does_not_know_is_refused(pitch: int, model: GANSynth) -> None:
    """There is no label of it, and another's would be another note."""
    z = model.draw(2, np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"knows the pitches 24 to 84, not {pitch}"):
        model.synthesize(z, [60, pitch])


def test_points_of_another_size_are_refused(model: GANSynth) -> None:
    """So are more points than pitches."""
    with pytest.raises(ValueError, match=r"1 pitches want points \[1, 16\], not \(1, 256\)"):
        model.spectrogram(np.zeros((1, 256), np.float32), [60])
    with pytest.raises(ValueError, match=r"1 pitches want points \[1, 16\], not \(2, 16\)"):
        model.synthesize(model.draw(2, np.random.default_rng(0)), [60])


def test_models_of_other_kinds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of another kind of model is told, also a GANSynth's where another is asked for; so is a damaged file."""
    for file in PLAYABLES.iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="'attention_rnn' is of the kind event_rnn, not gansynth"):
        catalogue.load_gansynth("attention_rnn")
    with pytest.raises(ModelError, match="'grown' is of the kind gansynth, not music_vae"):
        catalogue.load_vae("grown")
    with pytest.raises(ModelError, match="latentfm models fetch gansynth-acoustic_only"):
        catalogue.load_gansynth("gansynth-acoustic_only")
    (tmp_path / "grown.tflite").write_bytes(b"?")
    catalogue._gansynth.cache_clear()
    with pytest.raises(ModelError, match="is damaged or of another edition"):
        catalogue.load_gansynth("grown")


def test_the_published_models_sizes() -> None:
    """128 frames of 1024 bins, pitches 24 to 84, the last block alone: 7 311 246 parameters."""
    facts = CONFIGURATIONS["mel_prog_hires"].facts
    assert (facts.frames, facts.bins, facts.lowest_pitch, facts.highest_pitch) == (128, 1024, 24, 84)
    assert [facts.share(block) for block in range(1, facts.blocks + 1)] == [0, 0, 0, 0, 0, 0, 1]
    inputs, parameters = facts.z_size + facts.pitches, 0
    size = facts.start[0] * facts.start[1]
    for filters in facts.filters:
        parameters += size * inputs * filters + 9 * filters * filters + 2 * filters + 2 * filters + 2
        inputs, size = filters, 9
    assert parameters == find_published("gansynth-all_instruments").parameters
    half = facts.model_copy(update={"progress": 2.25})
    assert [half.share(block) for block in range(1, 5)] == [0, 0, 0.75, 0.25]
