"""How drafts are read, scored and repaired."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.brief import Key
from latentfm.compose import candidates, density, motifs, percussion, recall, repair, titles
from latentfm.compose.candidates import Batch
from latentfm.compose.memory import Memory
from latentfm.compose.motifs import Choice, Frame, Joins
from latentfm.models import catalogue
from latentfm.models.events import MelodyNote, labels_to_notes, notes_to_labels
from latentfm.music import melody
from latentfm.music.chords import triad
from latentfm.music.metre import FOUR_FOUR
from latentfm.music.note import Note
from latentfm.playlist import Playlist

C_MAJOR = Key(tonic=0, mode="major")


def batch(*tunes: list[tuple[int, int, int]], stretch: int = 1, steps: int = 32) -> Batch:
    """Read tunes, as (onset, length, pitch), as a batch of drafts."""
    labels = np.stack([notes_to_labels([MelodyNote(*note) for note in tune], 32) for tune in tunes])
    return candidates.read(labels, np.zeros(len(tunes)), stretch=stretch, steps=steps, metre=FOUR_FOUR)


def scale(*pitches: int, length: int = 4) -> list[tuple[int, int, int]]:
    """Return a tune of notes of one length."""
    return [(index * length, length, pitch) for index, pitch in enumerate(pitches)]


@given(st.lists(st.integers(0, 89), min_size=32, max_size=32))
def test_drafts_are_read_as_the_models_mean_them(labels: list[int]) -> None:
    """A batch gives the notes that the model's own reading of its labels gives."""
    read = candidates.read(np.array([labels]), np.zeros(1), stretch=1, steps=32, metre=FOUR_FOUR)
    wanted = [(note.onset, note.length, note.pitch) for note in labels_to_notes(labels)]
    assert [(note.onset, note.length, note.pitch) for note in read.notes(0)] == wanted


def test_quarter_time_reads_one_bar_of_two() -> None:
    """In quarter time a window gives two drafts of a bar each, four times as long."""
    drafts = batch(scale(60, 62, 64, 65, 67, 69, 71, 72), stretch=4, steps=16)
    assert len(drafts) == 2
    assert [note.pitch for note in drafts.notes(1)] == [67, 69, 71, 72]
    assert [note.onset for note in drafts.notes(1)] == [0, 16, 32, 48]


def test_likeness_agrees_with_the_notes() -> None:
    """The vectorised likeness of drafts is that of their notes."""
    tunes = [scale(60, 62, 64, 65), scale(60, 62, 64, 67), scale(65, 67, 69, 70), [(0, 8, 60), (8, 8, 55)]]
    drafts = batch(*tunes)
    found = candidates.likeness(drafts, 0)
    wanted = [melody.likeness(drafts.notes(0), drafts.notes(row)) for row in range(4)]
    assert found == pytest.approx(wanted)


def test_faults_cost() -> None:
    """A singable tune scores above one that leaps, one that is stuck, one too busy, and an empty one."""
    good = [*scale(60, 62, 64, 65, 67, 65), (24, 4, 64)]
    leaping = [*scale(48, 72, 48, 72, 48, 72), (24, 4, 48)]
    stuck = [*scale(60, 60, 60, 60, 60, 60), (24, 4, 60)]
    busy = scale(*([60, 62] * 16), length=1)
    scores = candidates.fitness(batch(good, leaping, stuck, busy, [(0, 4, 60)]), (2, 6), (0.1, 0.4))
    assert scores.argmax() == 0
    assert scores[4] < scores[1:4].min()


def test_the_frame_is_fitted_to_the_motif() -> None:
    """A tune in E flat is brought to C by transposition, not by moving its notes, and lands on its chords."""
    drafts = batch(scale(63, 67, 70, 67, 68, 72, 75, 72))
    frame = Frame.of(C_MAJOR, 16, 60, 84, 72.0)
    scored = motifs.pool(drafts, np.zeros(1), frame)
    tonic, subdominant = (frame.place(triad(C_MAJOR, degree)) for degree in (0, 3))
    chosen = motifs.refine(scored, [[tonic, subdominant]], Joins())
    assert [note.pitch % 12 for note in chosen.notes] == [0, 4, 7, 4, 5, 9, 0, 9]
    assert melody.fingerprint(chosen.notes) == melody.fingerprint(drafts.notes(0))


def test_a_variation_is_near_and_different() -> None:
    """A varied return is another draft that shares most of the motif; without one it is the motif itself."""
    tune = scale(60, 64, 67, 64, 65, 62, 59, 60)
    drafts = batch(tune, scale(60, 64, 67, 64, 65, 62, 64, 60), scale(72, 60, 71, 60, 70, 60, 69, 60))
    frame = Frame.of(C_MAJOR, 16, 55, 79, 63.0)
    scored = motifs.pool(drafts, np.zeros(3), frame)
    places = [frame.place(triad(C_MAJOR, 0)), frame.place(triad(C_MAJOR, 4))]
    original = motifs.motif(scored, Choice(0, 0))
    assert motifs.variant(scored, original, places, Joins(), varied=True).choice.draft == 1
    assert motifs.variant(scored, original, places, Joins(), varied=False).choice.draft == 0
    alone = motifs.pool(batch(tune), np.zeros(1), frame)
    assert motifs.variant(alone, original, places, Joins(), varied=True) == original


GROUND = repair.Ground(C_MAJOR, FOUR_FOUR, [triad(C_MAJOR, 0)] * 4)


def test_only_clashes_on_strong_beats_move() -> None:
    """A held fourth on the first beat moves by a step; passing notes and chord tones stay."""
    line = [Note(0, 8, 65), Note(8, 4, 64), Note(12, 4, 65), Note(16, 8, 67), Note(24, 8, 60)]
    settled = repair.settle(line, GROUND)
    assert settled[1:] == tuple(line[1:])
    assert settled[0].onset == 0
    assert settled[0].pitch == 64


def test_notes_are_brought_into_the_mode() -> None:
    """A chromatic note goes to its neighbour; the others stay."""
    assert [note.pitch for note in repair.into_mode([Note(0, 4, 61), Note(4, 4, 64)], C_MAJOR)] == [60, 64]


def test_leaps_are_tamed_by_a_step() -> None:
    """A seventh shrinks to a sixth where the mode allows; a tenth that goes on is turned back."""
    assert [note.pitch for note in repair.tame([Note(1, 1, 60), Note(2, 1, 71), Note(3, 1, 72)], GROUND)][:2] == [
        60,
        69,
    ]
    tamed = repair.tame([Note(1, 1, 60), Note(2, 1, 77), Note(3, 1, 74), Note(4, 1, 72)], GROUND)
    assert [note.pitch for note in tamed] == [60, 77, 76, 72]


def test_a_changed_ending_is_a_chord_tone() -> None:
    """The change that the plan asks for moves the last note to another tone of the chord, and nothing else."""
    tune = (Note(0, 4, 64), Note(4, 4, 62), Note(8, 8, 60))
    changed = repair.new_ending(tune, GROUND)
    assert changed[:2] == tune[:2]
    assert changed[2].pitch != 60
    assert changed[2].pitch % 12 in (0, 4, 7)


@given(st.integers(0, 500), st.sampled_from([2, 4, 8]))
def test_the_lead_breathes(seed: int, length: int) -> None:
    """Phrases without rests get theirs, between the wanted shares, while onsets and pitches stay."""
    rng = np.random.default_rng(seed)
    spans = [(unit * 32, (unit + 1) * 32) for unit in range(4)]
    units = [
        [Note(start + step, length, int(rng.integers(60, 80))) for step in range(0, 32 - 2 * (32 // 16), length)]
        for start, _ in spans
    ]
    aired = repair.breathe(units, spans, FOUR_FOUR, (0.1, 0.4), 2)
    share = melody.rest_share([note for unit in aired for note in unit], spans)
    assert 0.1 <= share <= 0.4
    before = [(note.onset, note.pitch) for unit in units for note in unit]
    after = [(note.onset, note.pitch) for unit in aired for note in unit]
    assert len(set(after) - set(before)) == 0
    assert len(after) >= 0.8 * len(before)


def test_a_groove_with_a_pulse_is_chosen() -> None:
    """A plain beat scores above noise, above toms, and above silence."""
    plain = np.zeros(32, dtype=np.int64)
    plain[::2] |= 0b100
    plain[[0, 8, 16, 24]] |= 0b1
    plain[[4, 12, 20, 28]] |= 0b10
    noise = np.random.default_rng(0).integers(0, 512, 32)
    toms = np.full(32, 0b10000)
    rows = np.stack([plain, noise, toms, np.zeros(32, dtype=np.int64)])
    assert percussion.groove_fitness(rows, np.zeros(4), 10.0, FOUR_FOUR).argmax() == 0


def test_titles_are_many_and_none_is_given_twice(day: Playlist) -> None:
    """Seeds give titles of two words and more; one that was given already is drawn again."""
    drawn = [titles.title(np.random.default_rng(seed), day) for seed in range(300)]
    assert len(set(drawn)) > 280
    assert all(len(title.split()) >= 2 for title in drawn)
    assert titles.title(np.random.default_rng(3), day, drawn) not in drawn


@given(st.lists(st.lists(st.tuples(st.integers(1, 31), st.integers(-9, 9)), max_size=7), min_size=1, max_size=6))
def test_memory_knows_what_is_alike(tunes: list[list[tuple[int, int]]]) -> None:
    """The memory of many motifs says what comparing with each of them says."""
    prints = [" ".join(["0", *(f"{onset}{move:+d}" for onset, move in sorted(dict(tune).items()))]) for tune in tunes]
    for index, one in enumerate(prints):
        others = prints[:index] + prints[index + 1 :]
        assert Memory(others).knows(one) == any(melody.alike(one, other) for other in others)


def test_density_is_a_direction_of_latent_space() -> None:
    """Draws of the prior that are moved to more or fewer notes a bar decode to more or fewer."""
    vae = catalogue.load_vae("melody_2bar")
    rng = np.random.default_rng(5)
    z = rng.standard_normal((64, vae.z_size), dtype=np.float32)
    attribute = density.attribute(vae, FOUR_FOUR)
    found = [
        float((vae.decode(attribute.moved(z, wanted), rng, 0.5).labels >= 2).sum(axis=1).mean() / 2)
        for wanted in (4.0, 6.0, 9.0)
    ]
    assert found == pytest.approx([4.0, 6.0, 9.0], abs=1.5)
    assert found == sorted(found)


@pytest.mark.parametrize(("steps", "stretch"), [(32, 1), (32, 2), (16, 4)])
def test_a_remembered_tune_is_the_tune(steps: int, stretch: int) -> None:
    """A motif that is written down and read again has its onsets and intervals, however slowly it was heard."""
    tune = [Note(2 * stretch, 4 * stretch, 64), Note(6 * stretch, 2 * stretch, 60), Note(12 * stretch, stretch, 71)]
    labels = recall.labels(recall.tune(tune, stretch), steps)[None]
    read = candidates.read(labels, np.zeros(1), stretch=stretch, steps=steps, metre=FOUR_FOUR)
    assert melody.fingerprint(read.notes(0)) == melody.fingerprint(tune)
