"""A composed piece of music, as rendering, the take and the drawing want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentfm.brief import Carry, Key
from latentfm.music.form import FormPlan
from latentfm.noteseq import NoteSequence


@dataclass(frozen=True)
class Section:
    """A section: its notes and where they come from.

    Attributes:
        sequence: all notes in seconds, with tempo, metre, key and chord symbols; a note's ``instrument`` is the
            index of its voice in the playlist.
        title: what the section is called.
        key, qpm: key and tempo, quarter notes a minute.
        form: the plan in bars.
        carry: what the next brief needs.
        provenance: seed, latent points, chords, checksums of the models and figures, as JSON values.
    """

    sequence: NoteSequence
    title: str
    key: Key
    qpm: float
    form: FormPlan
    carry: Carry
    provenance: dict[str, Any]

    @property
    def seconds(self) -> float:
        """Length in seconds, without the tails that ring on."""
        return self.form.seconds

    @property
    def head_seconds(self) -> float:
        """Bar line up to which only pads sound, so that another take may still be fading out."""
        return self.form.intro * self.form.bar_seconds

    @property
    def out_seconds(self) -> tuple[float, ...]:
        """Bar lines near the end at which a crossfade may begin: drums and bass have left."""
        return tuple(bar * self.form.bar_seconds for bar in self.form.outs)
