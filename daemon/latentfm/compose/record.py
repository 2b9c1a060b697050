"""Where a section comes from and how it measures, as JSON values for its take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from latentfm.brief import Brief
from latentfm.compose import walk
from latentfm.compose.engine import Players
from latentfm.compose.lead import Draft
from latentfm.compose.outline import Outline
from latentfm.compose.percussion import Drums
from latentfm.music import figures
from latentfm.music.chords import Chord
from latentfm.music.figures import Bounds, Figures, Material
from latentfm.music.keys import key_name
from latentfm.music.note import Note
from latentfm.playlist import Playlist, Role

_STUCK_BARS: Final = 2.0


def bounds(playlist: Playlist) -> Bounds:
    """Return what a playlist asks of the figures."""
    calm = playlist.form.motif_stretch > 1
    return Bounds(playlist.melody.notes_per_bar, playlist.melody.rest_share, _STUCK_BARS * (2 if calm else 1))


def measure(
    brief: Brief, outline: Outline, draft: Draft, chords: Sequence[Chord], voices: Mapping[Role, Sequence[Note]]
) -> Figures:
    """Compute the figures of a section with these voices."""
    return figures.measure(
        Material(
            key=outline.key,
            bars=outline.form.bars,
            voices=voices,
            chords=chords,
            model=draft.notes,
            spans=outline.spans,
            idea_bars=brief.playlist.form.motif_stretch,
            motifs=draft.fingerprints,
            heard=brief.carry.fingerprints if brief.carry else (),
        )
    )


def provenance(
    brief: Brief,
    players: Players,
    outline: Outline,
    draft: Draft,
    chords: Sequence[Chord],
    voices: Mapping[Role, Sequence[Note]],
    drums: Drums,
) -> dict[str, Any]:
    """Return where a section comes from: seed, latent points, chords, form, checksums, figures before and after."""
    written = measure(brief, outline, draft, chords, {**voices, "lead": draft.notes})
    aired = measure(brief, outline, draft, chords, voices)
    plan, places = outline.form, outline.walk
    return {
        "seed": brief.seed,
        "attempt": brief.attempt,
        "playlist": brief.playlist.name,
        "models": dict(players.checksums),
        "key": key_name(outline.key),
        "relation": outline.relation,
        "qpm": outline.qpm,
        "anchor": places.anchor,
        "walk": [list(places.at(point)) for point in range(plan.points)],
        "recalled": None if places.old is None else list(walk.plain(places.old)),
        "chords": [chord.symbol for chord in chords],
        "form": {
            "bars": plan.bars,
            "intro": plan.intro,
            "outro": plan.outro,
            "bar_seconds": plan.bar_seconds,
            "units": [
                {"bar": unit.bar, "bars": unit.bars, "part": unit.part, "source": unit.source, "motif": letter}
                for unit, letter in zip(plan.units, draft.letters, strict=True)
            ],
        },
        "drum_bars_continued": list(drums.continued),
        "motifs": list(draft.fingerprints),
        "figures": {"models": asdict(written), "aired": asdict(aired)},
        "missed": list(figures.missed(aired, bounds(brief.playlist))),
    }
