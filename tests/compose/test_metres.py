"""Sections in 3/4 and 6/8, with the models and moods that ship."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import note_seq
import numpy as np
import pytest

from latentfm import midi_file
from latentfm.brief import Brief
from latentfm.compose import Section, compose, compose_with, engine, recall
from latentfm.errors import MidiError, ModelError
from latentfm.models.event_rnn import Continuation, Event, EventRNN
from latentfm.music import keys, metre
from latentfm.music.metre import FOUR_FOUR, THREE_FOUR
from latentfm.playlist import Models, Playlist

PLAYLISTS = Path(__file__).resolve().parents[2] / "playlists"


def load(name: str) -> Playlist:
    """Return a mood that ships, with fewer candidates than it draws on air."""
    text = (PLAYLISTS / f"{name}.toml").read_text("utf-8")
    mood = Playlist.model_validate({"name": name, **tomllib.loads(text)})
    return mood.model_copy(update={"melody": mood.melody.model_copy(update={"candidates": 32})})


@pytest.fixture(scope="module", params=["waltz", "jig"])
def section(request: pytest.FixtureRequest, day: Playlist) -> Section:
    """A section of each mood in another metre, after one of the day."""
    before = compose(Brief(seed=1, playlist=day))
    third = {"section": 2, "latent": (), "drums_latent": None}  # as the planner hands it on to another model's walk
    carry = before.carry.model_copy(update=third)
    return compose(Brief(seed=3, playlist=load(request.param), carry=carry))


def root(symbol: str) -> str:
    """Return the root of a chord symbol."""
    found = re.match("[A-G][#b]?", symbol)
    assert found
    return found[0]


def onsets(section: Section, role: str) -> list[float]:
    """Return where a voice's notes begin, in steps of the grid."""
    (instrument,) = [info.instrument for info in section.sequence.instrument_infos if info.name == role]
    return [note.start_time * section.qpm / 60 * 4 for note in section.sequence.notes if note.instrument == instrument]


def test_all_of_it_is_in_the_metre(section: Section) -> None:
    """Signature, bar lines, chords and the places of a seam are those of the metre."""
    beats = metre.METRES[section.provenance["metre"]]
    (signature,) = section.sequence.time_signatures
    assert (signature.numerator, signature.denominator) == (beats.numerator, beats.denominator)
    bar = beats.bar_seconds(section.qpm)
    assert section.form.bar_seconds == pytest.approx(bar)
    assert section.seconds == pytest.approx(section.form.bars * bar)
    chords = [one.time for one in section.sequence.text_annotations]
    for at in (section.head_seconds, *section.out_seconds, *chords):
        assert at / bar == pytest.approx(round(at / bar), abs=1e-6)
    assert section.provenance["missed"] == []


def test_the_bass_has_the_first_beat(section: Section) -> None:
    """In each bar in which the bass plays it begins on one."""
    beats = metre.METRES[section.provenance["metre"]]
    steps = [round(onset) for onset in onsets(section, "bass")]
    bars = {beats.bar(step) for step in steps}
    assert {bar * beats.steps_per_bar for bar in bars} <= set(steps)
    assert len(bars) > section.form.bars / 2


def test_a_mood_in_another_metre_goes_on_from_the_last(section: Section, day: Playlist) -> None:
    """Its key is near the last one's and its titles are remembered; its walk begins anew and is handed on."""
    before = compose(Brief(seed=1, playlist=day))
    assert keys.relation(before.key, section.key) != "far"
    assert section.carry.titles == (before.title, section.title)
    assert section.carry.latent
    assert section.carry.section == 3


def test_a_motif_comes_back_in_another_metre(section: Section, day: Playlist) -> None:
    """A motif of the day is heard again: its tune bar by bar, in fewer sixteenths."""
    back, (idea,) = section.provenance["returned"], compose(Brief(seed=1, playlist=day)).carry.motifs
    assert back["title"] == idea.title
    assert "metre" in back["changed"]
    assert (back["was"]["metre"], back["is"]["metre"]) == ("4/4", section.provenance["metre"])
    assert section.provenance["sources"]["old"] > 0
    assert len(section.provenance["recalled"]) == len(section.carry.latent)


def test_a_tune_goes_into_another_metre() -> None:
    """Notes keep their bar and order, on eighths; of those that come to lie together one stays, and the contour too."""
    tune = "0 4+2 6+2 8+1 16-1 24-2 30+5"
    assert recall.in_metre(tune, 32, FOUR_FOUR, THREE_FOUR) == ("0 4+2 6+3 12-1 18-2 22+5", 24)
    assert recall.in_metre(tune, 32, FOUR_FOUR, FOUR_FOUR) == (tune, 32)
    assert recall.in_metre("0 4+2 8-1 12+2", 24, THREE_FOUR, FOUR_FOUR) == ("0 6+2 10-1 16+2", 32)


def test_models_of_another_metre_are_refused(day: Playlist) -> None:
    """A model whose windows are no whole bars of the mood's metre is an error that names it."""
    waltz = day.model_copy(update={"tempo": day.tempo.model_copy(update={"metre": "3/4", "swing": 0.5})})
    with pytest.raises(ModelError, match=r"melody_2bar' knows 4/4, not 3/4"):
        compose(Brief(seed=1, playlist=waltz))


def test_a_theme_has_to_be_in_the_metre(tmp_path: Path) -> None:
    """A waltz visits a theme in 3/4, and refuses one in 4/4."""
    playlist = load("waltz")
    tune = [event for pitch in (72, 71, 69, 67, 69, 71, 72, 74, 72, 71, 69, 67) for event in (pitch, -2, -2, -2)]
    path = tmp_path / "theme.mid"
    sequence = note_seq.Melody(tune).to_sequence()
    sequence.time_signatures.add(numerator=3, denominator=4)
    midi_file.write(sequence, path)
    section = compose(Brief(seed=2, playlist=playlist, anchors={str(path): "0" * 64}))
    assert section.provenance["anchor"] == "theme.mid"
    sequence.time_signatures[0].numerator = 4
    midi_file.write(sequence, path)
    with pytest.raises(MidiError, match="is in 4/4; here 3/4 is needed"):
        compose(Brief(seed=2, playlist=playlist, anchors={str(path): "0" * 64}))


class _Listening(EventRNN):
    """An RNN that follows chords and keeps what it is given."""

    def __init__(self, rnn: EventRNN) -> None:
        self._rnn = rnn
        self.given: list[tuple[int, int, list[str]]] = []

    representation = "melody"
    follows_chords = True

    def continue_primer(
        self,
        primer: Sequence[Event],
        steps: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        candidates: int = 1,
        chords: Sequence[str] = (),
    ) -> list[Continuation]:
        """Go on as a model would that follows no chords."""
        self.given.append((len(primer), steps, list(chords)))
        return self._rnn.continue_primer(primer, steps, rng, temperature, candidates)


def test_an_answering_model_hears_the_chords(day: Playlist) -> None:
    """A model that follows chords is given one for each step of call and answer: the section's, in their order."""
    players = engine.load(day)
    assert players.melody_rnn is not None
    listening = _Listening(players.melody_rnn)
    section = compose_with(Brief(seed=5, playlist=day), replace(players, melody_rnn=listening))
    assert listening.given
    roots = [root(symbol) for symbol in section.provenance["chords"]]
    for primer, steps, chords in listening.given[-1:]:
        assert len(chords) == primer + steps
        heard = [root(symbol) for symbol in chords[::16]]
        assert any(roots[bar : bar + len(heard)] == heard for bar in range(len(roots)))


def test_improv_answers_in_four_four_too(day: Playlist) -> None:
    """The model that follows chords can answer in any mood."""
    mood = day.model_copy(update={"models": Models.model_validate({**day.models.model_dump(), "melody_rnn": "improv"})})
    section = compose(Brief(seed=1, playlist=mood))
    assert section.provenance["sources"]["answer"] > 0
    assert "improv" in section.provenance["models"]
