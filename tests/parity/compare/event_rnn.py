"""Our event RNNs beside what Magenta computed with the same checkpoints: see `tests/parity/oracle/event_rnn.py`.

    python tests/parity/compare/event_rnn.py FOLDER

puts a playable beside each checkpoint of a folder, for the tests that run without TensorFlow.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from row import Row  # beside this file

from latentfm.models.card import read_card
from latentfm.models.event_rnn import Event, EventRNN, PolyphonyRNN
from latentfm.models.event_rnn.polyphony import count_steps
from latentfm.models.event_rnn.sequences import Chance, Stretch, continue_sequence, continue_voices
from latentfm.models.playable import Steps
from latentfm.noteseq import NoteSequence

Numbers = Mapping[str, NDArray[Any]]
LOGITS = 1e-4
LIKELIHOOD = 1e-3  # nats, of 64 events together


def rows(folder: Path) -> Iterator[Row]:
    """Import each checkpoint in a folder of the oracle's, and compare what it plays."""
    for numbers in sorted(folder.glob("*/numbers.npz")):
        for checkpoint, form in checkpoints(numbers.parent):
            with tempfile.TemporaryDirectory() as temporary:
                playable = imported(checkpoint, Path(temporary))
                yield from compare(playable, np.load(numbers), f"{numbers.parent.name}, {form}")


def checkpoints(folder: Path) -> list[tuple[Path, str]]:
    """Return the checkpoints of a configuration's folder, and which of Magenta's formats they have."""
    both = [(folder / f"{folder.name}.mag", "bundle"), (folder / "model.ckpt.index", "checkpoint")]
    return [(path, form) for path, form in both if path.is_file()]


def imported(checkpoint: Path, into: Path) -> Path:
    """Import a checkpoint that lies in a folder of its configuration's name."""
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    config = checkpoint.parent.name
    return import_checkpoint(checkpoint, into, Wish(name=f"parity-{config}", config=config)).path


def compare(playable: Path, numbers: Numbers, title: str) -> Iterator[Row]:
    """Compare a playable with Magenta's numbers."""
    card = read_card(playable.with_suffix(".json"))
    assert card.model.kind == "event_rnn"
    steps = Steps(playable, card.sha256)
    if card.model.representation == "polyphony":
        yield from _voices(PolyphonyRNN(card.model, steps), numbers, title)
    else:
        yield from _events(EventRNN(card.model, steps), numbers, title)


def _events(model: EventRNN, numbers: Numbers, title: str) -> Iterator[Row]:
    events, drawn = _read(numbers["events"]), len(numbers["drawn"])
    chords = [str(figure) for figure in numbers["chords"]] if "chords" in numbers else None
    read = events[: len(numbers["logits"])]
    yield _logits(title, model.logits(read, chords), numbers)
    yield _likelihood(title, model.log_likelihood(read, chords), numbers)
    for name, temperature in (("likeliest", 0.0), ("drawn", float(numbers["temperature"]))):
        primer, rng = events[: int(numbers["primer"])], _uniforms(numbers)
        [ours] = model.continue_primer(primer, drawn, rng, temperature, chords=chords)
        yield _different(title, name, ours.events, _read(numbers[name]))
    for name in _requests(numbers):
        chance = Chance(_uniforms(numbers), float(numbers["temperature"]))
        [played] = continue_sequence(model, _sequence(numbers, "given", name), _stretch(numbers, name), chance)
        yield _notes(title, name, played.sequence, numbers)


def _voices(model: PolyphonyRNN, numbers: Numbers, title: str) -> Iterator[Row]:
    events = numbers["events"].tolist()
    read = events[: len(numbers["logits"])]
    yield _logits(title, model.logits(read), numbers)
    yield _likelihood(title, model.log_likelihood(read), numbers)
    primer = events[: int(numbers["primer"])]
    for name, temperature in (("likeliest", 0.0), ("drawn", float(numbers["temperature"]))):
        theirs = numbers[name].tolist()
        whole = count_steps(theirs)  # what comes behind the last end of a step is no part of ours
        [ours] = model.generate(max(1, whole), _uniforms(numbers), temperature, primer=primer)
        behind = ours.events[len(primer) :]
        yield _different(title, name, behind, theirs[: len(behind)])
    for name in _requests(numbers):
        condition, inject = (flag == "1" for flag in name.split(":")[1])
        [played] = continue_voices(
            model,
            _sequence(numbers, "given", name),
            _stretch(numbers, name),
            Chance(_uniforms(numbers), float(numbers["temperature"])),
            condition_on_primer=condition,
            inject_primer_during_generation=inject,
        )
        yield _notes(title, name, played.sequence, numbers)


def _logits(title: str, ours: NDArray[Any], numbers: Numbers) -> Row:
    return Row(title, "logits", float(np.abs(ours - numbers["logits"]).max()), LOGITS)


def _likelihood(title: str, ours: float, numbers: Numbers) -> Row:
    return Row(title, "log-likelihood", abs(ours - float(numbers["log_likelihood"])), LIKELIHOOD)


def _different(title: str, name: str, ours: Sequence[Event], theirs: Sequence[Event]) -> Row:
    differ = sum(a != b for a, b in zip(ours, theirs, strict=True))
    return Row(title, f"events, {name}: that differ", differ, 0)


def _notes(title: str, name: str, played: NoteSequence, numbers: Numbers) -> Row:
    ours, theirs = _listed(played), _listed(_sequence(numbers, "played", name))
    differ = ((ours - theirs) + (theirs - ours)).total()
    return Row(title, f"NoteSequence, {name}: notes and chords that differ", differ, 0)


def _listed(sequence: NoteSequence) -> Counter[tuple[Any, ...]]:
    """Count what is in a sequence, times to the nearest millisecond."""
    listed: Counter[tuple[Any, ...]] = Counter(
        (round(note.start_time, 3), round(note.end_time, 3), note.pitch, note.velocity, note.is_drum)
        for note in sequence.notes
    )
    listed.update((round(mark.time, 3), mark.text) for mark in sequence.text_annotations)
    listed.update([(round(sequence.total_time, 3), sequence.tempos[0].qpm)])
    return listed


def _read(events: NDArray[Any]) -> list[Event]:
    """Read events as the oracle writes them."""
    if events.ndim == 1:
        return [int(event) for event in events]
    return [frozenset(np.flatnonzero(row).tolist()) for row in events]


def _uniforms(numbers: Numbers) -> np.random.Generator:
    return np.random.default_rng(int(numbers["seed"]))


def _requests(numbers: Numbers) -> list[str]:
    return [key.removeprefix("given:") for key in numbers if key.startswith("given:")]


def _sequence(numbers: Numbers, kind: str, name: str) -> NoteSequence:
    return NoteSequence.FromString(numbers[f"{kind}:{name}"].tobytes())


def _stretch(numbers: Numbers, name: str) -> Stretch:
    start, end = numbers[f"stretch:{name}"].tolist()
    return Stretch(end, start)


if __name__ == "__main__":
    for configuration in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        imported(checkpoints(configuration)[0][0], configuration)
