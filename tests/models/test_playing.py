"""The models that ship, played by LiteRT."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from latentfm.errors import ModelError
from latentfm.models import catalogue, folders
from latentfm.models.card import read_card
from latentfm.models.event_rnn import EventRNN
from latentfm.models.events import MelodyNote, labels_to_notes, notes_to_labels
from latentfm.models.music_vae import MusicVAE
from latentfm.models.playable import Steps, draw

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


@pytest.fixture(scope="module")
def melody_vae() -> MusicVAE:
    """Return the melody VAE that ships."""
    return catalogue.load_vae("melody_2bar")


@pytest.fixture(scope="module")
def melody_rnn() -> EventRNN:
    """Return the MelodyRNN that ships."""
    return catalogue.load_rnn("attention_rnn")


def test_the_same_seed_draws_the_same_windows(melody_vae: MusicVAE) -> None:
    """All randomness comes from the generator that was handed down."""
    first = melody_vae.sample(4, np.random.default_rng(5), 0.8)
    second = melody_vae.sample(4, np.random.default_rng(5), 0.8)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1].labels, second[1].labels)
    assert not np.array_equal(first[1].labels, melody_vae.sample(4, np.random.default_rng(6), 0.8)[1].labels)


def test_a_window_is_near_what_its_code_says(melody_vae: MusicVAE) -> None:
    """A scale that goes through the code comes back with more right steps than always holding would score."""
    window = notes_to_labels([MelodyNote(4 * step, 4, pitch) for step, pitch in enumerate(SCALE)], 32)
    mu, sigma = melody_vae.encode(window[None])
    again = melody_vae.decode(mu, np.random.default_rng(0), 0.0).labels[0]
    assert mu.shape == sigma.shape == (1, melody_vae.z_size)
    assert (again == window).mean() > (window == 0).mean()
    assert len(labels_to_notes(again)) > 2


def test_a_batch_draws_what_single_points_draw(melody_vae: MusicVAE) -> None:
    """At temperature 0 each point of a batch decodes as it does alone."""
    z = np.random.default_rng(7).standard_normal((5, melody_vae.z_size)).astype(np.float32)
    together = melody_vae.decode(z, np.random.default_rng(0), 0.0).labels
    alone = np.concatenate([melody_vae.decode(point[None], np.random.default_rng(0), 0.0).labels for point in z])
    assert (together == alone).mean() > 0.99


def test_windows_of_another_length_are_refused(melody_vae: MusicVAE) -> None:
    """The error names both lengths."""
    with pytest.raises(ValueError, match="32 steps"):
        melody_vae.encode(np.zeros((1, 16), dtype=np.int16))


def test_drum_windows_go_through_their_code() -> None:
    """Drum labels keep to their nine bits."""
    model = catalogue.load_vae("drums_2bar")
    window = np.array([5, 0, 4, 0, 6, 0, 4, 0] * 4, dtype=np.int16)
    mu, _ = model.encode(window[None])
    again = model.decode(mu, np.random.default_rng(0), 0.0).labels
    assert again.min() >= 0
    assert again.max() < 512
    assert (again > 0).any()


def test_a_continuation_goes_on_in_the_primers_range(melody_rnn: EventRNN) -> None:
    """Transposing a primer by an octave transposes what follows, drawn from the same numbers."""
    primer = [60, -2, 62, -2, 64, -2, 65, -2, 67, -2, -2, -2, 64, -2, -2, -2]
    low = melody_rnn.continue_primer(primer, 16, np.random.default_rng(3), 0.8, 3)
    high = melody_rnn.continue_primer([p + 12 if p >= 0 else p for p in primer], 16, np.random.default_rng(3), 0.8, 3)
    assert len(low) == 3
    for below, above in zip(low, high, strict=True):
        assert len(below.events) == 16
        assert [event + 12 if event >= 0 else event for event in below.events] == list(above.events)


def test_the_likelihood_of_a_draw_is_what_the_model_gives_it(melody_rnn: EventRNN) -> None:
    """The likelihood summed while drawing is that of the sequence less that of its primer.

    Not for every draw: an event that repeats an earlier one has two classes, of which the likelihood of a sequence
    asks for one. Most draws are not such.
    """
    primer = [60, -2, 64, -2, 67, -2, 64, -2]
    drawn = melody_rnn.continue_primer(primer, 12, np.random.default_rng(1), 0.8, 16)
    before = melody_rnn.log_likelihood(primer)
    gaps = [abs(part.log_likelihood - melody_rnn.log_likelihood([*primer, *part.events]) + before) for part in drawn]
    assert sum(gap < 1e-3 for gap in gaps) >= 12


def test_drums_are_continued_as_sets_of_pitches() -> None:
    """DrumsRNN takes and gives sets of General MIDI pitches."""
    model = catalogue.load_rnn("drum_kit")
    primer = [frozenset({36, 42}), frozenset(), frozenset({42}), frozenset()] * 4
    drawn = model.continue_primer(primer, 16, np.random.default_rng(2), 0.9, 2)
    assert all(isinstance(event, frozenset) for part in drawn for event in part.events)
    assert drawn[0].log_likelihood < 0


def test_an_empty_primer_is_refused(melody_rnn: EventRNN) -> None:
    """There is nothing to continue."""
    with pytest.raises(ValueError, match="at least one event"):
        melody_rnn.continue_primer([], 8, np.random.default_rng(0))


def test_drawing_follows_the_distribution() -> None:
    """Shares of drawn classes are the softmax's; at temperature 0 only the likeliest comes."""
    logits = np.log(np.array([[0.5, 0.3, 0.2]], dtype=np.float32)).repeat(30_000, axis=0)
    uniforms = np.random.default_rng(0).random(30_000)
    classes, likelihood = draw(logits, 1.0, uniforms)
    np.testing.assert_allclose(np.bincount(classes) / 30_000, [0.5, 0.3, 0.2], atol=0.01)
    np.testing.assert_allclose(np.exp(likelihood[:5]), np.array([0.5, 0.3, 0.2])[classes[:5]], rtol=1e-5)
    assert set(draw(logits, 0.0, uniforms)[0]) == {0}


def test_an_unknown_name_gets_a_suggestion() -> None:
    """The error names the model that was probably meant."""
    with pytest.raises(ModelError, match="did you mean 'melody_2bar'"):
        catalogue.load_vae("melody_2bars")


def test_the_wrong_kind_is_refused() -> None:
    """A VAE does not continue melodies."""
    with pytest.raises(ModelError, match="music_vae, not event_rnn"):
        catalogue.load_rnn("melody_2bar")


def test_a_damaged_playable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not the one its card was written for never reaches LiteRT."""
    for suffix in (".json", ".tflite"):
        shutil.copy(folders.SHIPPED / f"attention_rnn{suffix}", tmp_path)
    file = tmp_path / "attention_rnn.tflite"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        Steps(file, read_card(tmp_path / "attention_rnn.json").sha256)
    (tmp_path / "attention_rnn.json").write_text('{"name": 1}')
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="does not describe a playable"):
        catalogue.entries()


def test_every_model_that_ships_has_its_card() -> None:
    """Names, checksums and model cards belong together."""
    cards = Path(__file__).parents[2] / "docs" / "models"
    for entry in catalogue.entries():
        assert catalogue.checksum(entry.card.name) == entry.card.sha256
        assert entry.card.sha256 in (cards / f"{entry.card.name}.md").read_text()
