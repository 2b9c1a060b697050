"""The last step of a training: the newest checkpoint becomes a playable with its card and figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from latentfm.models.card import Card
from latentfm.models.event_rnn import RnnFacts
from latentfm.models.music_vae import VaeFacts
from latentfm.models.playable import Steps
from latentfm.models.spectral import SpectralFacts
from latentfm.training.editions.cards import model_card
from latentfm.training.fit.checkpoints import Checkpoints
from latentfm.training.fit.loop import Schedule
from latentfm.training.networks.cells import Weights
from latentfm.training.playables.write import write_playable

log = structlog.get_logger()

FOLK = (
    "O'Neill's Music of Ireland (1850), Ryan's Mammoth Collection, Aird's Airs, American fife and Northumbrian tunes: "
    "public-domain tunes as ABC files in music21's corpus (package music21, BSD-3)"
)
CHORALES = (
    "Bach's chorales in music21's corpus (package music21, BSD-3; the music is in the public domain, most of the "
    "encodings are © Margaret Greentree and are there by her permission)"
)
OWN_DRUMS = "the drum patterns in `daemon/latentfm/training/corpora/patterns`, written for this project (Apache-2.0)"
FLUID = "FluidR3_GM by Frank Wen (Debian package fluid-soundfont-gm, MIT)"
FREEDOOM = "Freedoom's music (Debian package freedoom, BSD-3), at most three tenths of what is drawn"


@dataclass(frozen=True)
class Edition:
    """Everything that a playable's card says besides what is measured of the file itself."""

    name: str
    description: str
    config: str
    metre: str
    sources: tuple[str, ...]
    data: str
    schedule: Schedule
    seed: int
    facts: VaeFacts | RnnFacts | SpectralFacts


def publish(
    edition: Edition,
    weights: Weights,
    signatures: Callable[[], dict[str, Any]],
    measure: Callable[[Steps], dict[str, float]],
    folders: tuple[Path, Path, Path],
) -> Card:
    """Convert, measure and describe.

    Args:
        edition: what is known beforehand.
        weights: the network's, set from the checkpoint here.
        signatures: makes the network's steps, from the weights as they are then.
        measure: takes the steps of the playable, returns its figures.
        folders: where the checkpoint lies, where the playable goes, where the model card goes.
    """
    checkpoint, target, docs = folders
    steps = Checkpoints(checkpoint, weights).restore()
    provenance: dict[str, Any] = {
        "sources": list(edition.sources),
        "data": edition.data,
        "steps": steps,
        "scheduled_steps": edition.schedule.steps,
        "batch_size": edition.schedule.batch_size,
        "seed": edition.seed,
    }
    card = Card(
        name=edition.name,
        description=edition.description,
        config=edition.config,
        metre=edition.metre,
        licence="Apache-2.0",
        model=edition.facts,
        parameters=weights.parameters(),
        sha256="",
        provenance=provenance,
    )
    card = write_playable(signatures(), weights, card, target, precision="float16")
    path = target / f"{card.name}.tflite"
    figures = {name: round(value, 4) for name, value in measure(Steps(path, card.sha256)).items()}
    card = card.model_copy(update={"provenance": {**provenance, "figures": figures}})
    (target / f"{card.name}.json").write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    docs.mkdir(parents=True, exist_ok=True)
    (docs / f"{card.name}.md").write_text(model_card(card, path.stat().st_size), encoding="utf-8")
    log.info("playable_published", model=card.name, step=steps, bytes=path.stat().st_size, **figures)
    return card
