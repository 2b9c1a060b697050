"""What a report is about: a section, the take that came of it, and its audio."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.brief import Brief
from latentfm.compose import Section, bounds
from latentfm.music import figures
from latentfm.music.figures import Bounds, Figures
from latentfm.noteseq import NoteSequence
from latentfm.playlist import Playlist, Role
from latentfm.take import TakeInfo

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """A section and its take; the audio is that of the take, float32 ``[frames, 2]``."""

    section: Section
    info: TakeInfo
    audio: Pcm

    @property
    def facts(self) -> dict[str, Any]:
        """Return the take's provenance."""
        return self.info.provenance

    @property
    def brief(self) -> Brief:
        """Return the brief that the take was made from."""
        return Brief.model_validate(self.facts["brief"])

    @property
    def playlist(self) -> Playlist:
        """Return the mood."""
        return self.brief.playlist

    @property
    def bounds(self) -> Bounds:
        """Return what the mood asks of its figures."""
        return bounds(self.playlist)

    @property
    def seconds(self) -> float:
        """Return the take's length."""
        return len(self.audio) / SAMPLE_RATE

    @property
    def target(self) -> float:
        """Return the integrated loudness that was asked for, in LUFS."""
        return self.brief.loudness + self.playlist.mix.loudness_offset

    def voices(self) -> dict[Role, list[NoteSequence.Note]]:
        """Return the notes of each voice that plays, in seconds, in the order of the playlist."""
        lines = {voice.role: _of(self.section.sequence, index) for index, voice in enumerate(self.playlist.voices)}
        return {role: notes for role, notes in lines.items() if notes}

    def measured(self) -> tuple[Figures, Figures]:
        """Return the figures of what the models wrote, and of what airs."""
        return measured(self.facts)

    def walk(self) -> Points:
        """Return the points of the section's walk, ``[points, z]``."""
        return np.array(self.facts["walk"], dtype=np.float64)

    def older(self) -> Points:
        """Return the motifs of earlier sections that are remembered, ``[n, z]``; there may be none."""
        size, brief = self.walk().shape[1], self.brief
        space = brief.models.get(brief.playlist.walks_in, "")
        known = brief.carry.motifs if brief.carry else ()
        kept = [motif.latent for motif in known if len(motif.latent) == size and motif.space in ("", space)]
        return np.array(kept, dtype=np.float64).reshape(-1, size)

    def recalled(self) -> Points:
        """Return the older motif that comes back here, ``[1, z]``, or nothing, ``[0, z]``."""
        found = self.facts.get("recalled")
        rows = [] if found is None else [found]
        return np.array(rows, dtype=np.float64).reshape(-1, self.walk().shape[1])


def measured(facts: dict[str, Any]) -> tuple[Figures, Figures]:
    """Return the figures in a take's provenance: of what the models wrote, and of what airs."""
    return Figures(**facts["figures"]["models"]), Figures(**facts["figures"]["aired"])


def limits(found: Figures, bounds: Bounds) -> dict[str, tuple[float, float]]:
    """Return the bounds of every figure; of those that nobody checks they are infinite."""
    free = (-np.inf, np.inf)
    checked = figures.limits(found, bounds)
    return {name: checked.get(name, free) for name in asdict(found)}


def _of(sequence: NoteSequence, instrument: int) -> list[NoteSequence.Note]:
    return sorted((note for note in sequence.notes if note.instrument == instrument), key=lambda note: note.start_time)
