"""Examples: what is taken from pieces for a configuration, and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import ModelError, TrainingError
from latentfm.models.event_rnn.configurations import CONFIGURATIONS as RNNS
from latentfm.models.event_rnn.polyphony import END, START
from latentfm.models.events import OFF
from latentfm.models.music_vae.configurations import CONFIGURATIONS as VAES
from latentfm.noteseq import NoteSequence
from latentfm.training.configurations import configuration, steps_of
from latentfm.training.data import examples
from latentfm.training.data.examples import Options
from latentfm.training.data.take import Taken, take

Piece = Callable[..., NoteSequence]


def taken(sequence: NoteSequence, model: str, **options: Any) -> Taken:
    """Take what a configuration wants from a piece."""
    wanted = examples.wanted({**RNNS, **VAES}[model], Options(**options))
    return take((wanted, sequence.SerializeToString()))


def test_a_melody_rnn_learns_in_its_key_and_range(piece: Piece) -> None:
    """Melodies are moved into C and into the configuration's range; a range of transpositions makes more of them."""
    low = taken(piece("low", shift=-21), "basic_rnn")
    assert {int(event) % 12 for event in low.events[0] if event >= 0} <= {0, 2, 4, 5, 7, 9, 11}
    assert all(48 <= event < 84 for event in low.events[0] if event >= 0)
    assert len(taken(piece("mono"), "mono_rnn", transpose=(-1, 1)).events) == 3


def test_only_the_metre_and_the_instrument_that_were_asked_for(piece: Piece) -> None:
    """What is in another metre or of another program is counted and left out."""
    waltz = piece("waltz", metre=(3, 4), program=40)
    assert taken(waltz, "attention_rnn").counts["sequences_in_another_metre"] == 1
    assert len(taken(waltz, "attention_rnn", metre="3/4", programs=frozenset({40})).events) == 1
    assert taken(waltz, "attention_rnn", metre="6/8").events == []
    other = taken(waltz, "attention_rnn", metre="3/4", programs=frozenset({0}))
    assert other.counts["pieces_without_the_instrument"] == 1
    windows = taken(waltz, "cat-mel_2bar_small", metre="3/4", programs=frozenset({40})).events
    assert {window.shape for window in windows} == {(24,)}
    assert all((window > OFF).sum() == 6 for window in windows)


def test_too_short_and_too_plain_melodies_are_counted(piece: Piece) -> None:
    """Magenta's counters say why a melody was discarded, and its bounds may be changed."""
    assert taken(piece("short", bars=3), "basic_rnn").counts["melodies_discarded_too_short"] == 1
    assert taken(piece("long", bars=12), "basic_rnn").counts["melody_lengths_in_bars_10_to_19"] == 1
    assert len(taken(piece("short", bars=3), "basic_rnn", min_bars=2).events) == 1
    plain = piece("plain")
    for note in plain.notes:
        note.pitch = 60
    assert taken(plain, "basic_rnn").counts["melodies_discarded_too_few_pitches"] == 1


def test_drums_voices_and_lead_sheets(piece: Piece) -> None:
    """Each family takes its own: drums as bits, voices between start and end, melodies with chords in all keys."""
    drums = piece("drums", is_drum=True)
    for note in drums.notes:
        note.pitch = 36
    assert set(taken(drums, "drum_kit").events[0].tolist()) == {0, 1}
    assert len(taken(drums, "one_drum").events[0]) < len(taken(drums, "drum_kit").events[0])  # in eighths
    voices = taken(piece("voices"), "polyphony").events
    assert len(voices) == 9
    assert (voices[0][0], voices[0][-1]) == (START, END)
    sheet = piece("sheet")
    assert taken(sheet, "chord_pitches_improv").counts["empty_chord_progressions"] == 1
    chord = NoteSequence.TextAnnotation.CHORD_SYMBOL
    sheet.text_annotations.add(time=0, text="Am", annotation_type=chord)
    found = taken(sheet, "chord_pitches_improv")
    assert len(found.events) == 12
    assert len({symbols[0] for symbols in found.chords}) == 12
    assert [len(symbols) for symbols in found.chords] == [len(events) for events in found.events]


def test_examples_are_written_whole_and_read_back(piece: Piece, tmp_path: Path) -> None:
    """Windows that are held out are not learnt from, and what was there stays where nothing comes of the pieces."""
    pieces = [piece(f"piece {name}", bars=6 + at).SerializeToString() for at, name in enumerate("abcdefgh")]
    out = tmp_path / "examples"
    facts = examples.make(pieces, {"sha256": "0"}, out, "cat-mel_2bar_small", Options())
    again, sides = examples.load(out)
    assert again == json.loads(json.dumps(facts))
    known = {window.tobytes() for window in sides["eval"].windows()}
    assert not any(window.tobytes() in known for window in sides["training"].windows())
    assert sides["training"].windows().dtype == np.int16
    with pytest.raises(TrainingError, match=r"too few.*sequences in another metre: 8"):
        examples.make(pieces, {}, out, "cat-mel_2bar_small", Options(metre="3/4"))
    assert examples.load(out)[0] == again
    (out / "eval.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(TrainingError, match=r"eval\.npz can't be read"):
        examples.load(out)


def test_chords_are_guessed_from_all_instruments(piece: Piece) -> None:
    """Also where only one of them is learnt from; a piece without it is left out at once."""
    alone = piece("tune", program=40)
    played = NoteSequence.FromString(alone.SerializeToString())
    for bar in range(8):
        for pitch in ((53, 56, 60), (49, 53, 56))[bar % 2]:  # F minor, D flat major
            played.notes.add(pitch=pitch, velocity=80, start_time=2 * bar, end_time=2 * bar + 2, instrument=1)
    found = [
        {tuple(symbols) for symbols in taken(one, "basic_improv", programs=frozenset({40}), infer_chords=True).chords}
        for one in (alone, played)
    ]
    assert [len(symbols) for symbols in found] == [12, 12]
    assert found[0] != found[1]
    assert any(symbols[0] == "Fm" and symbols[16].startswith("C#") for symbols in found[1])
    missing = taken(alone, "basic_improv", programs=frozenset({0}), infer_chords=True)
    assert missing.counts == {"pieces_without_the_instrument": 1}


def test_pieces_that_fail_are_named_with_the_reason(piece: Piece, tmp_path: Path) -> None:
    """In what is written down, and where too few are left."""
    pieces = [piece(f"piece {name}", bars=8 + at).SerializeToString() for at, name in enumerate("abcd")]
    bad = piece("bad")
    bad.notes[0].end_time = float("inf")
    failing = [bad.SerializeToString(), b"\xff"]
    facts = examples.make([*pieces, *failing], {}, tmp_path / "out", "basic_rnn", Options(eval_share=0.4))
    assert facts["counts"]["all"]["pieces_that_failed"] == 2
    first = facts["failed"]["first"]
    assert first[0] == "bad.mid: OverflowError: cannot convert float infinity to integer"
    assert first[1].startswith("piece 6: DecodeError: ")
    with pytest.raises(
        TrainingError, match=r"0 pieces of 2 .*2 pieces failed, such as bad\.mid: Over.*; piece 2: Decode"
    ):
        examples.make(failing, {}, tmp_path / "none", "basic_rnn", Options())


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("cat-mel_2bar_small", {"metre": "any"}, "name it with --metre"),
        ("cat-mel_2bar_small", {"min_bars": 3}, "for event RNNs"),
        ("cat-mel_2bar_small", {"transpose": (0, 1)}, "latentfm train"),
        ("basic_improv", {"transpose": (0, 1)}, "all twelve keys anyway"),
    ],
)
def test_options_that_do_not_fit_are_refused(model: str, options: dict[str, Any], words: str) -> None:
    """The error says what to do."""
    with pytest.raises(TrainingError, match=words):
        examples.wanted(configuration(model), Options(**options))


def test_what_is_no_metre_is_refused() -> None:
    """The error shows how a metre is written; every metre of whole sixteenths is one."""
    with pytest.raises(ModelError, match="no metre such as"):
        examples.wanted(configuration("cat-mel_2bar_small"), Options(metre="3"))
    assert [steps_of(metre) for metre in ("4/4", "2/2", "3/4", "6/8", "9/8")] == [16, 16, 12, 12, 18]
