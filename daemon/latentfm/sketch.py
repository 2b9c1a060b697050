"""Music made by hand on the command line: sections into a folder, a melody continued, a walk between two."""

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
from latentfm.models import catalogue, latent
from latentfm.orders import next_brief
from latentfm.playlist import Playlist
from latentfm.studio import produce
from latentfm.take import TakeInfo

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


def continue_melody(
    primer: Path, *, model: str, bars: int, chords: Sequence[str], temperature: float, seed: int, out: Path
) -> float:
    """Write a primer and ``bars`` bars that an event RNN adds; return the log-likelihood of those, in nats.

    ``chords`` are for a model that follows them: one a bar from the primer's first on, again and again.

    Raises:
        MidiError: the primer can't be read, or holds nothing that the model plays; or ``out`` can't be written.
        ModelError: there is no such RNN, or it wants other chords than it is given, or none.
    """
    rnn = catalogue.load_rnn(model)
    qpm, metre = midi_in.qpm_of(midi_file.read(primer)), midi_in.metre_of(primer)
    rng = np.random.default_rng(seed)
    steps = bars * metre.steps_per_bar
    if rnn.representation == "drums":
        drums = midi_in.drum_events(primer, metre)
        (continuation,) = rnn.continue_primer(drums, steps, rng, temperature, 1)
        added = [event for event in continuation.events if isinstance(event, frozenset)]
        sequence = midi_in.drums_sequence([*drums, *added], qpm, metre)
    else:
        melody = midi_in.melody_events(primer, metre)
        if chords and not rnn.follows_chords:
            raise ModelError(f"the model {model!r} follows no chords; leave them out")
        each = metre.steps_per_bar
        symbols = [chords[step // each % len(chords)] for step in range(len(melody) + steps)] if chords else []
        (continuation,) = rnn.continue_primer(melody, steps, rng, temperature, 1, symbols)
        notes = [event for event in continuation.events if isinstance(event, int)]
        sequence = midi_in.melody_sequence([*melody, *notes], qpm, metre)
    midi_in.write(sequence, _parent_made(out))
    return continuation.log_likelihood


def interpolate_melodies(
    first: Path, second: Path, *, model: str, steps: int, temperature: float, seed: int, out: Path
) -> None:
    """Write what lies at ``steps`` points of the spherical path between the beginnings of two files.

    Raises:
        MidiError: a file can't be read, or its first bars hold nothing that the model knows; or ``out`` can't be
            written.
        ModelError: there is no such MusicVAE.
    """
    vae = catalogue.load_vae(model)
    windows = midi_in.drum_windows if vae.representation == "drums" else midi_in.melody_windows
    metre = midi_in.metre_of(first)
    if vae.steps % metre.steps_per_bar:
        raise MidiError(
            f"{first}: is in {metre.name}; the model {model!r} knows windows of {vae.steps} sixteenths: no whole bars"
        )
    ends, _ = vae.encode(np.concatenate([windows(path, vae.steps, metre)[:1] for path in (first, second)]))
    points = latent.interpolate(ends[0], ends[1], steps)
    decoded = vae.decode(points, np.random.default_rng(seed), temperature)
    qpm = midi_in.qpm_of(midi_file.read(first))
    midi_in.write(midi_in.labels_sequence(decoded.labels, vae.representation, qpm, metre), _parent_made(out))


def _replace(folder: Path) -> Path:
    """Clear the place of a take that an earlier call made."""
    if folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise BankError(f"{folder}: can't be replaced: {error.strerror}") from error
    return folder


def _parent_made(out: Path) -> Path:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MidiError(f"{out}: can't be written: {error.strerror}") from error
    return out
