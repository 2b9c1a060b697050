"""``latentfm continue`` and ``interpolate`` with each kind of model, small ones that Magenta drew."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from latentfm import midi_file
from latentfm.noteseq import NoteSequence

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "parity" / "fixtures"
TUNE = (60, 62, 64, 65, 67, 65, 64, 62)
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, call: Callable[..., tuple[int, str, str]], tmp_path: Path) -> Run:
    """Return a function that calls ``latentfm`` where the fixtures are models; it returns status and what was said."""
    folders = [*(FIXTURES / "event_rnn").iterdir(), FIXTURES / "music_vae" / "playables"]
    monkeypatch.setenv("LATENTFM_MODELS", os.pathsep.join(map(str, folders)))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)

    def calling(*arguments: str) -> tuple[int, str]:
        status, out, err = call(*arguments)
        return status, out if status == 0 else err

    return calling


def save(name: str, notes: NoteSequence, *more: NoteSequence) -> str:
    """Write parts as one MIDI file, and return its name."""
    for part in more:
        notes.notes.extend(part.notes)
    midi_file.write(notes, Path(name))
    return name


def part(
    bars: int, pitches: tuple[int, ...] = TUNE, *, program: int = 0, drums: bool = False, beats: int = 4
) -> NoteSequence:
    """Return bars of quarters at 120 a minute."""
    sequence = NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=120.0)
    sequence.time_signatures.add(numerator=beats, denominator=4)
    instrument = 9 if drums else program
    for beat in range(bars * beats):
        pitch = pitches[beat % len(pitches)]
        note = sequence.notes.add(pitch=pitch, velocity=80, start_time=beat / 2, end_time=beat / 2 + 0.5)
        note.program, note.is_drum, note.instrument = program, drums, instrument
    return sequence


def heard(name: str, begin: float, end: float) -> list[tuple[float, int]]:
    """Return onset and pitch of a file's notes between two times, in seconds."""
    notes = midi_file.read(Path(name)).notes
    found = [(round(note.start_time, 3), note.pitch) for note in notes]
    return sorted(one for one in found if begin <= one[0] < end)


@pytest.mark.parametrize(
    ("model", "drums", "options"),
    [
        ("mono_rnn", False, ()),
        ("basic_improv", False, ("--chords", "C Am F G7")),
        ("one_drum", True, ()),
        ("drum_kit", True, ()),
        ("polyphony", False, ()),
    ],
)
def test_each_kind_of_rnn_goes_on(run: Run, model: str, drums: bool, options: tuple[str, ...]) -> None:
    """Candidates differ, begin as the primer and fill the bars behind it, which are in its metre; a seed repeats."""
    pitches = (36, 38) if drums else TUNE
    other = part(2, (36,), drums=True) if not drums else part(2)  # what the model does not play is left out
    primer = save("primer.mid", part(2, pitches, drums=drums, beats=3), other)
    line = ("continue", primer, "--model", f"parity-{model}", "--bars", "4", "--candidates", "2", *options)
    assert run(*line, "--out", "deep/a.mid")[0] == 0
    status, said = run(*line, "--out", "b.mid")
    assert status == 0
    lines = (rf"b{number}\.mid: 4 bars more, log-likelihood -\d+\.\d nats\n" for number in ("", "-2"))
    assert re.fullmatch("".join(lines), said)
    assert Path("b.mid").read_bytes() == Path("deep/a.mid").read_bytes()
    assert Path("b-2.mid").read_bytes() == Path("deep/a-2.mid").read_bytes() != Path("b.mid").read_bytes()
    assert heard("b.mid", 0, 3) == [(beat / 2, pitches[beat % len(pitches)]) for beat in range(6)]
    assert heard("b.mid", 3, 9)
    assert heard("b.mid", 9, 99) == []
    assert {note.is_drum for note in midi_file.read(Path("b.mid")).notes} == {drums}
    assert midi_file.read(Path("b.mid")).time_signatures[0].numerator == 3


def test_what_a_model_of_eighths_adds_lies_on_eighths(run: Run) -> None:
    """A model of another grid plays at the primer's speed."""
    primer = save("primer.mid", part(2, (36,), drums=True))
    assert run("continue", primer, "--model", "parity-one_drum", "--bars", "8", "--out", "o.mid")[0] == 0
    added = heard("o.mid", 4, 99)
    assert {onset % 0.25 for onset, _ in added} == {0.0}
    assert 12 < max(onset for onset, _ in added) < 20


def test_a_primer_that_ends_inside_a_bar_is_gone_on_with_there(run: Run) -> None:
    """The rest of its bar is played too, and then the bars."""
    primer = part(2)
    del primer.notes[6:]
    assert run("continue", save("p.mid", primer), "--model", "parity-mono_rnn", "--bars", "1", "--out", "o.mid")[0] == 0
    assert 3 <= heard("o.mid", 3, 99)[0][0] < 4
    assert max(note.end_time for note in midi_file.read(Path("o.mid")).notes) <= 6


def test_a_primer_is_harmonised_where_it_is_injected(run: Run) -> None:
    """It sounds again in what the model plays; without the option it does not."""
    primer = save("primer.mid", part(2))
    again = {(4 + beat / 2, pitch) for beat, pitch in enumerate(TUNE)}
    for flag, sounds in (("--inject-primer", True), ("--no-inject-primer", False)):
        line = ("continue", primer, "--model", "parity-polyphony", "--bars", "4", "--no-condition-on-primer", flag)
        assert run(*line, "--out", "o.mid")[0] == 0
        assert (again <= set(heard("o.mid", 4, 8))) == sounds


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("parity-basic_improv", (), "follows chords; give it some"),
        ("parity-basic_improv", ("--chords", "C Ham"), "Ham"),
        ("parity-mono_rnn", ("--chords", "C"), "follows no chords"),
        ("parity-polyphony", ("--chords", "C"), "follows no chords"),
        ("parity-mono_rnn", ("--inject-primer",), "PolyphonyRNN only"),
        ("parity-drum_kit", (), "holds no drums"),
        ("hier-mel_16bar", (), "not event_rnn"),
    ],
)
def test_what_a_model_can_not_do_is_told(run: Run, model: str, options: tuple[str, ...], words: str) -> None:
    """Each has an error of its own, and nothing is written."""
    status, said = run("continue", save("p.mid", part(2)), "--model", model, "--out", "o.mid", *options)
    assert status == 1
    assert words in said
    assert not Path("o.mid").exists()


def test_primers_that_no_model_goes_on_from_are_told(run: Run) -> None:
    """A tempo that changes, and a bar that is no whole number of a model's steps."""
    slower = part(2)
    slower.tempos.add(qpm=60.0, time=2.0)
    status, said = run("continue", save("p.mid", slower), "--model", "parity-mono_rnn", "--out", "o.mid")
    assert (status, "one tempo and one metre" in said) == (1, True)
    odd = part(2, (36,), drums=True)
    odd.time_signatures[0].numerator, odd.time_signatures[0].denominator = 3, 16
    status, said = run("continue", save("p.mid", odd), "--model", "parity-one_drum", "--out", "o.mid")
    assert (status, "a bar of 3/16 is no whole number" in said) == (1, True)


def test_a_trio_is_walked_through(run: Run) -> None:
    """Three points of sixteen bars each, of three parts; one file alone is what its end of the walk is."""
    names = [
        save(name, part(16, tune), part(16, bass, program=33), part(16, (36, 38), drums=True))
        for name, tune, bass in (("a.mid", TUNE, (36, 43)), ("b.mid", (72, 71, 69, 67), (40, 45)))
    ]
    model = ("--model", "hierdec-trio_16bar", "--temperature", "0.05")
    assert run("interpolate", *names, *model, "--steps", "3", "--out", "walk.mid") == (0, "walk.mid: 3 points\n")
    assert run("interpolate", names[0], *model, "--out", "again.mid") == (0, "again.mid: 1 point\n")
    walk = midi_file.read(Path("walk.mid"))
    assert {(note.program, note.is_drum) for note in walk.notes} == {(0, False), (33, False), (0, True)}
    assert 64 < max(note.end_time for note in walk.notes) <= 96
    assert heard("again.mid", 0, 99)
    assert heard("again.mid", 32, 99) == []
    status, said = run("interpolate", save("c.mid", part(16)), *model, "--out", "o.mid")
    assert (status, "c.mid: has no 16 bars in a row of a melody" in said) == (1, True)


def test_a_melody_of_any_program_is_walked_from_its_first_window(run: Run) -> None:
    """What comes behind the first two bars, or on another instrument, changes nothing; too little is told."""
    flute = save("flute.mid", part(2, program=73), part(2, (48,), program=80))
    longer = save("longer.mid", part(6, (*TUNE, 72, 74, 76, 77), program=73))
    for name, out in ((flute, "x.mid"), (longer, "y.mid")):
        assert run("interpolate", name, "--model", "cat-mel_2bar_small", "--out", out)[0] == 0
    assert Path("x.mid").read_bytes() == Path("y.mid").read_bytes()
    for short, words in ((part(1), "has no 2 bars in a row of a melody"), (part(4, beats=3), "is in 3/4")):
        status, said = run("interpolate", save("s.mid", short), "--model", "cat-mel_2bar_small", "--out", "o.mid")
        assert (status, words in said) == (1, True)


def test_the_guides_example_of_an_attribute_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes the tune moved along what one file has and another lacks."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "magenta-models.md").read_text("utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for other in examples:  # those of models that have to be fetched as well
        compile(other, "docs/magenta-models.md", "exec")
    (example,) = (one for one in examples if "attribute" in one)
    for name, pitches in (("busy", (60, 72, 64, 76)), ("calm", (60,)), ("tune", TUNE)):
        save(f"{name}.mid", part(4, pitches))
    exec(example, {})  # noqa: S102
    assert heard("busier.mid", 0, 99)
