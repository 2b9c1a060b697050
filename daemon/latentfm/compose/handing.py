"""What a section hands on to the next one: where it ended, how it sounded last, and what was heard lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from latentfm.brief import Brief, Carry, Idea, LatentPoint, TailNote
from latentfm.compose import recall
from latentfm.compose.attempts import Attempt
from latentfm.compose.outline import Outline
from latentfm.music.form import FormPlan
from latentfm.music.metre import Metre
from latentfm.music.note import Note, between
from latentfm.playlist import Role

_TAIL_BARS: Final = 2
_MOTIFS: Final = 8  # sections of which a motif is remembered
_FINGERPRINTS: Final = 300  # an hour's: some 40 sections of seven motifs and answers
_TITLES: Final = 64
_DIGITS: Final = 3  # of a remembered point: its drafts are drawn a quarter around it anyway


def tails(voices: Mapping[Role, Sequence[Note]], form: FormPlan, metre: Metre) -> dict[Role, tuple[TailNote, ...]]:
    """Return the last two bars of each voice before it leaves; onsets count from the start of those bars."""
    kept: dict[Role, tuple[TailNote, ...]] = {}
    bar = metre.steps_per_bar
    for role in sorted(voices):
        end = min(max((note.end for note in voices[role]), default=0), form.body[1] * bar)
        start = (-(-end // bar) - _TAIL_BARS) * bar
        inside = between(sorted(voices[role]), max(start, 0), max(end, 1))
        if inside:
            kept[role] = tuple(
                TailNote(onset=note.onset - start, length=note.length, pitch=note.pitch, velocity=note.velocity)
                for note in inside
            )
    return kept


def hand_on(
    brief: Brief,
    *,
    outline: Outline,
    attempt: Attempt,
    drums: LatentPoint | None,
    voices: Mapping[Role, Sequence[Note]],
    title: str,
) -> Carry:
    """Return what the next brief needs to know of this section."""
    before = brief.carry
    motifs = (*(before.motifs if before else ()), *_idea(brief, outline, attempt, title))
    heard = (*(before.fingerprints if before else ()), *attempt.draft.fingerprints)
    return Carry(
        section=(before.section if before else 0) + 1,
        key=outline.key,
        qpm=outline.qpm,
        latent=attempt.walk.at(outline.form.points - 1),
        drums_latent=drums if drums is not None else (before.drums_latent if before else None),
        motifs=motifs[-_MOTIFS:],
        tails=tails(voices, outline.form, outline.metre),
        fingerprints=tuple(dict.fromkeys(reversed(heard)))[:_FINGERPRINTS][::-1],
        titles=(*(before.titles if before else ()), title)[-_TITLES:],
    )


def _idea(brief: Brief, outline: Outline, attempt: Attempt, title: str) -> tuple[Idea, ...]:
    """Return the motif that the section is remembered by: its most heard one, but for that which the next begins at."""
    last = outline.form.points - 1
    heard = Counter(unit.point for unit in outline.form.units if unit.source == "motif")
    if not heard:
        return ()
    point = max(sorted(heard), key=lambda point: (point != last, heard[point]))
    notes = attempt.draft.motifs[point].notes
    stretch = brief.playlist.form.motif_stretch
    bars = outline.form.units[0].bars
    return (
        Idea(
            latent=tuple(round(value, _DIGITS) for value in attempt.walk.at(point)),
            space=brief.models.get(brief.playlist.walks_in, ""),
            tune=recall.tune(notes, stretch),
            metre=outline.metre.name,
            steps=bars * outline.metre.steps_per_bar // stretch,
            stretch=stretch,
            pitch=recall.mean_pitch(notes),
            mode=outline.key.mode,
            section=brief.carry.section if brief.carry else 0,
            title=title,
        ),
    )
