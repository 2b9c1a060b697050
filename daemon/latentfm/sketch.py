"""Music made by hand on the command line: sections into a folder, a primer continued, a walk between two windows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from latentfm import bank, midi_file, sources
from latentfm.audio.pcm import Pcm
from latentfm.brief import Carry
from latentfm.compose import Section, compose, midi_in
from latentfm.errors import BankError, MidiError, ModelError
from latentfm.models import catalogue
from latentfm.models.event_rnn import EventRNN, PolyphonyRNN
from latentfm.models.event_rnn.sequences import Chance, bars_more, continue_sequence, continue_voices, with_chords
from latentfm.models.events import Labels
from latentfm.models.music_vae import VaeFacts
from latentfm.models.music_vae.sequences import first_window, written
from latentfm.noteseq import NoteSequence
from latentfm.orders import next_brief
from latentfm.playlist import Playlist
from latentfm.studio import produce
from latentfm.take import TakeInfo
from latentfm.timbre.voicing import voiced

STAGES: Final = ("composing", "rendering", "writing", "drawing")


@dataclass(frozen=True)
class Made:
    """A take that was made by hand: its folder, the section, its description and its audio."""

    folder: Path
    section: Section
    info: TakeInfo
    audio: Pcm


def compose_sections(
    playlist: Playlist, *, seed: int, sections: int, out: Path, loudness: float, tell: Callable[[int, str], None]
) -> Iterator[Made]:
    """Make takes one after the other, each from the carry of the one before, and yield them.

    ``tell`` is called with the section's number, from 0, and one of ``STAGES`` as each begins; drawing is what
    whoever is given a take does with it. A take of the same brief that lies in ``out`` already is made anew.

    Raises:
        LatentFMError: as ``studio.produce.produce`` does.
    """
    playlist = voiced(playlist)
    made_from = sources.sources_of(playlist)
    carry: Carry | None = None
    for number in range(sections):
        brief = next_brief(
            station_seed=seed,
            section=number,
            playlist=playlist,
            loudness=loudness,
            carry=carry,
            sources=made_from,
        )
        tell(number, "composing")
        section = compose(brief)
        tell(number, "rendering")
        audio, info = produce.finish(brief, section)
        tell(number, "writing")
        folder = _replace(out / info.id)
        bank.write_take(out, info, audio, produce.midi_bytes(section))
        tell(number, "drawing")
        carry = info.carry
        yield Made(folder, section, info, audio)


@dataclass(frozen=True)
class Harmonising:
    """How PolyphonyRNN goes on: whether it hears the primer first, and whether it plays voices to it, note by note."""

    condition_on_primer: bool = True
    inject_primer: bool = False


def continue_primer(
    primer: Path,
    *,
    model: str,
    bars: int,
    out: Path,
    chance: Chance,
    chords: Sequence[str] = (),
    harmonising: Harmonising | None = None,
) -> list[tuple[Path, float]]:
    """Write a primer and what an event RNN adds: the rest of its last bar, and ``bars`` bars more.

    Args:
        primer: a MIDI file in one tempo and metre; its drums where the model plays drums, else the rest of it.
        model: a MelodyRNN, DrumsRNN, ImprovRNN or PolyphonyRNN.
        bars: how many to add.
        out: where the first candidate is written; others are ``out`` with "-2", "-3" and so on before its suffix.
        chance: how to draw, and how many candidates.
        chords: for a model that follows them: one a bar from the primer's first on, again and again.
        harmonising: for a PolyphonyRNN.

    Returns:
        The files, and the log-likelihood in nats of what was added in each.

    Raises:
        MidiError: the primer can't be read, or holds nothing that the model plays; or ``out`` can't be written.
        ModelError: there is no such RNN, it wants other chords than it is given, or none, or other settings; or the
            primer changes its tempo or metre.
    """
    rnn = _event_rnn(model)
    if isinstance(rnn, EventRNN) and rnn.follows_chords:
        if not chords:
            raise ModelError(f"the model {model!r} follows chords; give it some, one a bar")
    elif chords:
        raise ModelError(f"the model {model!r} follows no chords; leave them out")
    if harmonising and isinstance(rnn, EventRNN):
        raise ModelError(f"the model {model!r} plays one part: how a primer is harmonised is for PolyphonyRNN only")
    sequence = midi_in.part_of(primer, drums=rnn.representation == "drums")
    stretch = bars_more(sequence, bars, rnn.steps_per_quarter)
    if isinstance(rnn, PolyphonyRNN):
        how = harmonising or Harmonising()
        continued = continue_voices(
            rnn,
            sequence,
            stretch,
            chance,
            condition_on_primer=how.condition_on_primer,
            inject_primer_during_generation=how.inject_primer,
        )
    else:
        if chords:
            sequence = with_chords(sequence, chords, stretch.end, rnn.steps_per_quarter)
        continued = continue_sequence(rnn, sequence, stretch, chance)
    files = [out, *(out.with_stem(f"{out.stem}-{number}") for number in range(2, chance.candidates + 1))]
    for path, one in zip(files, continued, strict=True):
        midi_file.write(one.sequence, path)
    return [(path, one.log_likelihood) for path, one in zip(files, continued, strict=True)]


def _event_rnn(name: str) -> EventRNN | PolyphonyRNN:
    voices = catalogue.find(name, "event_rnn").card.model.representation == "polyphony"
    return catalogue.load_polyphony(name) if voices else catalogue.load_rnn(name)


def interpolate(
    first: Path, second: Path | None, *, model: str, points: int, temperature: float, seed: int, out: Path
) -> int:
    """Write what a MusicVAE decodes at ``points`` points of the spherical path between two files' first windows.

    Of one file alone its window is encoded and decoded again. What is written has the tempo of the first file.

    Returns:
        How many windows were written.

    Raises:
        MidiError: a file can't be read, or no window of it suits the model; or ``out`` can't be written.
        ModelError: there is no such MusicVAE.
    """
    vae, rng = catalogue.load_vae(model), np.random.default_rng(seed)
    heard, window = _heard(first, vae.facts)
    if second is None:
        decoded = vae.reconstruct(window[None], rng, temperature)
    else:
        _, decoded = vae.interpolate(window, _heard(second, vae.facts)[1], points, rng, temperature)
    midi_file.write(written(vae.facts, decoded.labels, heard), out)
    return len(decoded.labels)


def _heard(path: Path, facts: VaeFacts) -> tuple[NoteSequence, Labels]:
    """Read a MIDI file and its first window for a MusicVAE."""
    trio, drums = facts.representation == "trio", facts.representation == "drums"
    sequence = midi_file.read(path) if trio else midi_in.part_of(path, drums=drums)
    try:
        return sequence, first_window(facts, sequence)
    except ModelError as fault:
        raise MidiError(f"{path}: {fault}") from fault


def _replace(folder: Path) -> Path:
    """Clear the place of a take that an earlier call made."""
    if folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise BankError(f"{folder}: can't be replaced: {error.strerror}") from error
    return folder
