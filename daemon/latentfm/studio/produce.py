"""A brief becomes a take: compose, render, master, gate, publish. A function of the brief, bit for bit."""

from __future__ import annotations

import hashlib
import io
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import latentfm
from latentfm import bank
from latentfm.audio import gate
from latentfm.audio.fingerprint import fingerprint
from latentfm.audio.pcm import Pcm, seconds_to_frames
from latentfm.brief import Brief
from latentfm.compose import Section, compose
from latentfm.errors import BankError, MidiError, SoundFontError
from latentfm.noteseq import midi_io
from latentfm.render import soundfonts
from latentfm.render.master import MasterReport, master
from latentfm.render.render import render
from latentfm.studio.identity import take_id
from latentfm.take import Seam, TakeInfo

_LIBRARIES = ("ai-edge-litert", "note-seq", "numpy", "pyfluidsynth", "pyloudnorm", "soundfile")


def produce(brief: Brief, folder: Path) -> TakeInfo:
    """Make the take of a brief, publish it in ``folder`` and return its description.

    A brief whose take lies there already returns that one: the child may have ended between publishing and saying so.

    Raises:
        ModelError, SoundFontError, MidiError: what the brief names is missing, or is not what its checksum says.
        ComposeError, RenderError: no section or no audio came of the brief.
        GateError: what came of it must not air.
        BankError: it can't be written.
    """
    try:
        return bank.read_take(folder / take_id(brief)).info
    except BankError:
        pass  # the ordinary case: it is not made yet; a damaged one is named when publishing
    check_sources(brief)
    section = compose(brief)
    audio, info = finish(brief, section)
    bank.write_take(folder, info, audio, midi_bytes(section))
    return info


def finish(brief: Brief, section: Section) -> tuple[Pcm, TakeInfo]:
    """Render and master a section, pass it through the gate, and return its audio and its description."""
    playlist = brief.playlist
    target = brief.loudness + playlist.mix.loudness_offset
    audio, report = master(render(section.sequence, playlist), target)
    gate.check(
        audio,
        frames=len(audio),
        lufs=target - report.shortfall,
        max_silence=playlist.mix.max_silence,
        recent=brief.heard,
    )
    info = TakeInfo(
        id=take_id(brief),
        title=section.title,
        playlist=playlist.name,
        seed=brief.seed,
        attempt=brief.attempt,
        key=section.key,
        qpm=section.qpm,
        frames=len(audio),
        lufs=report.lufs,
        true_peak=report.true_peak,
        max_silence=playlist.mix.max_silence,
        seam=seam(section, len(audio)),
        carry=section.carry,
        provenance=_provenance(brief, section, report, audio),
    )
    return audio, info


def check_sources(brief: Brief) -> None:
    """Check that SoundFonts and anchors are those that the brief was written for; models are checked by composing.

    Raises:
        SoundFontError, MidiError: one is missing or has changed.
    """
    for name, wanted in brief.sounds.items():
        if soundfonts.checksum(soundfonts.find(name)) != wanted:
            raise SoundFontError(f"the SoundFont {name!r} has changed since the brief was written")
    for path, wanted in brief.anchors.items():
        try:
            found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        except OSError as error:
            raise MidiError(f"the anchor {path} can't be read: {error.strerror}") from error
        if found != wanted:
            raise MidiError(f"the anchor {path} has changed since the brief was written")


def midi_bytes(section: Section) -> bytes:
    """Return a section as a standard MIDI file; the same section gives the same bytes."""
    file = io.BytesIO()
    midi_io.note_sequence_to_pretty_midi(section.sequence).write(file)
    return file.getvalue()


def seam(section: Section, frames: int) -> Seam:
    """Return where a take of ``frames`` frames may be joined to its neighbours."""
    outs = sorted({out for out in map(seconds_to_frames, section.out_seconds) if out < frames})
    return Seam(head=min(seconds_to_frames(section.head_seconds), frames), outs=tuple(outs) or (frames,))


def _provenance(brief: Brief, section: Section, report: MasterReport, audio: Pcm) -> dict[str, Any]:
    """Return all that would be needed to make the take again, and the figures it was judged by."""
    return {
        **section.provenance,
        "brief": brief.model_dump(mode="json"),
        "sounds": brief.sounds,
        "master": asdict(report),
        "fingerprint": fingerprint(audio),
        "latentfm": latentfm.__version__,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "machine": platform.machine(),
    }
