"""Examples: runs, windows, augmentation and the split."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import mido
import numpy as np
import pytest

from latentfm.errors import TrainingError
from latentfm.models.events import OFF, labels_to_notes
from latentfm.training.corpora import wad
from latentfm.training.corpora.abc import read_tunes
from latentfm.training.corpora.melodies import COMMON, JIG, WALTZ, half_time, rest_at_end, runs, windows
from latentfm.training.corpora.shipped import PARTS, DrumData, MelodyData, Windows, is_held_out

REEL = "X:1\nT:Reel\nM:4/4\nL:1/8\nK:G\nGABc dedB | c2ec B2dB | A2 | GABc dedB | c2ec BGAB | G8 |\n"


def test_a_short_bar_breaks_a_run() -> None:
    """Pick-ups and misprints never shift what follows off the bar line."""
    found = runs(read_tunes(REEL, "reel.abc")[0][0])
    assert [len(run.labels) for run in found] == [32, 48]
    assert [note.pitch for note in labels_to_notes(found[0].labels)[:4]] == [67, 69, 71, 72]


def test_two_bars_of_two_four_make_one() -> None:
    """2/4 tunes in sixteenths have windows of four bars."""
    text = "X:1\nT:Polka\nM:2/4\nL:1/16\nK:C\nC2D2E2F2|G4G4|A2B2c2d2|e8|\n"
    found = runs(read_tunes(text, "polka.abc")[0][0])
    assert [len(run.labels) for run in found] == [32]
    assert windows(found).shape == (1, 32)


def test_half_time_keeps_pitches_and_doubles_lengths() -> None:
    """A bar becomes two."""
    labels = runs(read_tunes(REEL, "reel.abc")[0][0])[0].labels[:16]
    fast, slow = labels_to_notes(labels), labels_to_notes(half_time(labels))
    assert [(2 * note.onset, 2 * note.length, note.pitch) for note in fast] == [
        (n.onset, n.length, n.pitch) for n in slow
    ]


def test_a_phrase_that_breathes_ends_in_silence() -> None:
    """Its last sixteenths are a rest, and what comes before stays."""
    labels = runs(read_tunes(REEL, "reel.abc")[0][0])[0].labels
    breathing = rest_at_end(labels, 32, np.random.default_rng(0))
    last = labels_to_notes(breathing)[-1]
    assert 26 <= last.onset + last.length <= 30
    assert (breathing[:26] == labels[:26]).all()


def test_versions_of_one_tune_lie_on_one_side() -> None:
    """The split asks for the words of the title, not for their order, their case or the kind of tune."""
    for title in ("The Wind that Shakes the Barley", "Drowsy Maggie", "Miss McLeod's"):
        assert is_held_out(title) == is_held_out(f"{title.upper()} Reel")
    share = np.mean(
        [
            is_held_out(f"tune number {'abcdefghij'[n % 10]} {chr(97 + n // 10 % 26)}{chr(97 + n // 260)}")
            for n in range(2000)
        ]
    )
    assert 0.04 < share < 0.13


def test_batches_are_drawn_from_their_seed_alone() -> None:
    """The same generator state draws the same batch, in range and with rests among it."""
    plain = np.tile(np.array([41, 0, 43, 0, 45, 0, 46, 0], dtype=np.int16), (3, 4))
    data = MelodyData(COMMON, Windows(plain, plain), (Windows(plain, plain),) * 2, plain)
    batch = data.draw(np.random.default_rng(1), 64)
    np.testing.assert_array_equal(batch, data.draw(np.random.default_rng(1), 64))
    assert batch.shape == (64, 32)
    assert (batch == OFF).any()
    assert len(np.unique(batch[:, 0])) > 4


def test_each_metre_has_its_own_bars() -> None:
    """A jig's bars are twelve sixteenths, two of 3/8 make one, and a waltz is none of them."""
    jig = "X:1\nT:Jig\nM:6/8\nL:1/8\nK:D\nDEF ABc|d2A BAF|\n"
    tune = read_tunes(jig, "jig.abc")[0][0]
    assert windows(runs(tune, JIG), JIG).shape == (1, 24)
    assert runs(tune, WALTZ) == runs(tune, COMMON) == []
    halves = read_tunes(jig.replace("6/8", "3/8").replace(" ", "|"), "jig.abc")[0][0]
    np.testing.assert_array_equal(windows(runs(halves, JIG), JIG), windows(runs(tune, JIG), JIG))
    waltz = read_tunes("X:1\nT:Waltz\nM:3/4\nL:1/8\nK:G\nG4B2|d4B2|\n", "waltz.abc")[0][0]
    assert [(note.onset, note.length) for note in labels_to_notes(windows(runs(waltz, WALTZ), WALTZ)[0])] == [
        (0, 8),
        (8, 4),
        (12, 8),
        (20, 4),
    ]


def test_joined_bars_meet_in_one_register() -> None:
    """A second bar from another tune comes within half an octave of the first one's middle."""
    low, high = (np.full((1, 24), 0, np.int16) for _ in range(2))
    low[0, ::2], high[0, ::2] = 30, 54
    plain = np.concatenate([low, high])
    both = Windows(plain, plain)
    data = MelodyData(WALTZ, both, (both, both), plain, slow_share=0.0, rest_share=0.0, joined_share=1.0)
    batch = data.draw(np.random.default_rng(1), 64)
    assert (abs(batch[:, 0] - batch[:, 12]) <= 6).all()
    assert len({int(row[0]) // 12 for row in batch}) > 1


def test_what_is_held_out_is_drawn_in_two_halves() -> None:
    """The first rows are of one half of the tunes, the others of the other: so the halves can be compared."""
    low, high = (np.full((4, 32), pitch, np.int16) for pitch in (30, 60))
    data = MelodyData(COMMON, Windows(low, low), (Windows(low, low), Windows(high, high)), low, rest_share=0.0)
    drawn = data.draw_unseen(np.random.default_rng(1), 64)
    assert drawn[:32].max() < 40 < drawn[32:].min()


def test_parts_of_one_window_sound_with_those_of_others() -> None:
    """In mixed windows each part of the kit plays what it plays in one of the windows, whole."""
    own = np.zeros((2, 24), np.int16)
    own[0], own[1] = 0b000010101, 0b100100010  # kick, tom and hat; snare, another tom and ride
    data = DrumData(own, own[:0], own, (own, own), mixed_share=1.0)
    batch = data.draw(np.random.default_rng(1), 256)
    assert (batch == batch[:, :1]).all()
    for part in PARTS:
        assert {int(value) for value in np.unique(batch & part)} == {int(value) & part for value in own[:, 0]}
    assert len(np.unique(batch)) > 8
    unmixed = DrumData(own, own[:0], own, (own, own), mixed_share=0.0).draw_unseen(np.random.default_rng(1), 64)
    assert {int(value) for value in np.unique(unmixed)} == {int(value) for value in own[:, 0]}


def drum_midi(numerator: int = 4) -> bytes:
    """Write a bar of kick and hat, and a note of another channel."""
    song = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    song.tracks.append(track)
    track.append(mido.MetaMessage("time_signature", numerator=numerator, denominator=4))
    track.append(mido.Message("note_on", channel=0, note=60, velocity=90))
    track.append(mido.Message("note_on", channel=9, note=36, velocity=90))
    track.append(mido.Message("note_on", channel=9, note=42, velocity=90))
    track.append(mido.Message("note_on", channel=9, note=42, velocity=90, time=48))
    file = io.BytesIO()
    song.save(file=file)
    return file.getvalue()


def write_wad(path: Path, lumps: dict[str, bytes]) -> None:
    """Write a WAD: header, lumps, directory."""
    body, entries = b"", b""
    for name, content in lumps.items():
        entries += struct.pack("<ii8s", 12 + len(body), len(content), name.encode())
        body += content
    path.write_bytes(struct.pack("<4sii", b"IWAD", len(lumps), 12 + len(body)) + body + entries)


def test_drums_come_out_of_a_wad(tmp_path: Path) -> None:
    """MIDI lumps are found by their header, and their drum channel is read on the grid."""
    write_wad(tmp_path / "a.wad", {"D_E1M1": drum_midi(), "TITLEPIC": b"picture"})
    lumps = wad.midi_lumps(tmp_path / "a.wad")
    assert list(lumps) == ["D_E1M1"]
    assert list(wad.drum_track(lumps["D_E1M1"])) == [5, 0, 4] + [0] * 13
    assert len(wad.drum_track(drum_midi(3))) == 0


def test_what_is_no_wad_is_refused(tmp_path: Path) -> None:
    """The error says how the file begins."""
    (tmp_path / "a.wad").write_bytes(b"PK\x03\x04 and more of it")
    with pytest.raises(TrainingError, match="not a WAD"):
        wad.midi_lumps(tmp_path / "a.wad")
