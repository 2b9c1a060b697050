"""Where a section comes from and how it measures, as JSON values for its take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from latentfm.brief import Brief
from latentfm.compose import attempts, continuity, recall
from latentfm.compose.attempts import Attempt
from latentfm.compose.engine import Players
from latentfm.compose.lead import OLD
from latentfm.compose.outline import Outline
from latentfm.compose.percussion import Drums
from latentfm.compose.polyphony import Voices
from latentfm.music import figures
from latentfm.music.figures import Figures
from latentfm.music.form import FormPlan
from latentfm.music.keys import key_name
from latentfm.music.note import Note
from latentfm.playlist import Role


def measure(
    brief: Brief,
    outline: Outline,
    attempt: Attempt,
    voices: Mapping[Role, Sequence[Note]],
    under: Sequence[Note] = (),
) -> Figures:
    """Compute the figures of a section with these voices, of which a model may have written those under the lead."""
    lead = attempts.material(brief, outline, attempt.draft, attempt.chords, ())
    return figures.measure(replace(lead, voices=voices, under=under))


def provenance(
    brief: Brief,
    players: Players,
    outline: Outline,
    attempt: Attempt,
    voices: Mapping[Role, Sequence[Note]],
    drums: Drums,
    under: Voices | None = None,
) -> dict[str, Any]:
    """Return where a section comes from: seed, latent points, chords, form, checksums, figures before and after."""
    draft = attempt.draft
    drawn = under.written if under else ()
    models: dict[Role, Sequence[Note]] = {"lead": draft.notes}
    if under is not None:
        models |= {"bass": drawn} if under.inner is None else {"pad": drawn, "bass": ()}
    written = measure(brief, outline, attempt, {**voices, **models}, drawn)
    aired = measure(brief, outline, attempt, voices, drawn)
    back = attempt.back
    plan, places = outline.form, attempt.walk
    return {
        "seed": brief.seed,
        "attempt": brief.attempt,
        "playlist": brief.playlist.name,
        "models": dict(players.checksums),
        "key": key_name(outline.key),
        "relation": outline.move.relation,
        "modulation": _modulation(brief, outline),
        "metre": outline.metre.name,
        "qpm": outline.qpm,
        "attempts": attempt.number,
        "anchor": places.end.source,
        "theme": draft.theme,
        "notes_per_bar_sought": round(places.notes_per_bar, 2),
        "walk": [list(places.at(point)) for point in range(plan.points)],
        "recalled": None if back is None else list(back.point),
        "returned": None if back is None else recall.report(back, draft.motifs[OLD], outline.key, outline.metre),
        "chords": [chord.symbol for chord in attempt.chords],
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
        "sources": _sources(plan),
        "drum_bars_continued": list(drums.continued),
        "motifs": list(draft.fingerprints),
        "figures": {"models": asdict(written), "aired": asdict(aired)},
        "missed": list(figures.missed(aired, attempts.bounds(brief.playlist))),
    }


def _modulation(brief: Brief, outline: Outline) -> dict[str, str] | None:
    """Say how the key is reached from that of the section before, None where there was none."""
    if brief.carry is None:
        return None
    return {
        "from": key_name(brief.carry.key),
        "to": key_name(outline.key),
        "relation": outline.move.relation,
        "pivot": continuity.pivot(brief, outline.key).symbol,
    }


def _sources(plan: FormPlan) -> dict[str, float]:
    """Return which share of the lead's bars is by motifs of the walk, older ones, the RNN's answers and its own way."""
    bars: dict[str, int] = {}
    for unit in plan.units:
        bars[unit.source] = bars.get(unit.source, 0) + unit.bars
    return {source: round(count / sum(bars.values()), 3) for source, count in sorted(bars.items())}
