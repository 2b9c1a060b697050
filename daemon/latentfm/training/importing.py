"""Checkpoints become playables that a playlist can name."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
import tensorflow as tf

from latentfm import errors
from latentfm.errors import ModelError, UnwrittenModelError
from latentfm.models import memory
from latentfm.models.card import ANY_METRE, Card, ImportedFacts
from latentfm.models.catalogue import Entry
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.folders import SHIPPED, ships
from latentfm.models.gansynth import GanSynthFacts
from latentfm.models.music_vae import VaeFacts
from latentfm.models.nsynth import NSynthFacts
from latentfm.models.playable import file_sha256
from latentfm.training.checkpoints.files import words
from latentfm.training.checkpoints.load import load_into
from latentfm.training.checkpoints.read import Checkpoint, read_checkpoint
from latentfm.training.checkpoints.recognise import Match, identify, network_shapes, rnn_shape
from latentfm.training.checkpoints.scratch import IMPORTING, sweep
from latentfm.training.checkpoints.stages import training_of
from latentfm.training.configurations import importable
from latentfm.training.networks.cells import Weights
from latentfm.training.networks.nsynth_network import NSynthNetwork
from latentfm.training.networks.rnn_network import RnnNetwork
from latentfm.training.networks.vae_network import VaeNetwork
from latentfm.training.playables.gansynth import gansynth_signatures
from latentfm.training.playables.nsynth import nsynth_signatures
from latentfm.training.playables.precision import Precision
from latentfm.training.playables.rnn import rnn_signatures
from latentfm.training.playables.vae import vae_signatures
from latentfm.training.playables.write import write_playable

log = structlog.get_logger()
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ENDINGS = re.compile(r"(\.(mag|tar|gz|tgz|zip|index|meta|data-\d+-of-\d+|ckpt(-\d+)?))+$")


@dataclass(frozen=True)
class Wish:
    """How a checkpoint is to be imported; what is None is found out."""

    name: str | None = None
    config: str | None = None
    metre: str | None = None
    wanted: str | None = None  # which checkpoint of an archive
    precision: Precision = "float32"
    replace: bool = False
    description: str | None = None
    url: str | None = None  # where the file was fetched from


def import_checkpoint(path: Path, folder: Path, wish: Wish = Wish()) -> Entry:
    """Make a playable of a checkpoint and put it into a folder of models.

    Args:
        path: see `read_checkpoint`.
        folder: where the playable goes, and what is needed for the moment; it is made if need be.
        wish: how.

    Raises:
        ModelError: it is no checkpoint, or not of what was said; it does not fit; the name is taken.
        UnwrittenModelError: the disk is full, say. What was in the folder stays as it was in either case.
    """
    sweep(folder)
    checkpoint = read_checkpoint(path, wish.wanted, folder)
    name = _name(checkpoint, wish)
    check_name(name, folder, replace=wish.replace)
    match = identify(checkpoint, wish.config, wish.metre)
    weights, signatures = _network(match, checkpoint)
    card = _card(name, checkpoint, match, wish)
    del checkpoint  # its variables are in the weights now, and the converter takes all the memory there is
    _warn_of_memory(name, weights.parameters())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=IMPORTING, dir=folder) as temporary:
            card = write_playable(signatures, weights, card, Path(temporary), precision=wish.precision)
            for suffix in (".tflite", ".json"):
                file = Path(temporary) / f"{name}{suffix}"
                file.chmod(0o644)  # a service reads it that is another user
                file.replace(folder / file.name)
    except (OSError, tf.errors.OpError) as fault:
        raise UnwrittenModelError(
            f"{name} can't be written to {folder}: {reason(fault)}; what was there stays"
        ) from fault
    log.info("model_imported", model=name, config=match.config, source=str(path), parameters=card.parameters)
    return Entry(card, folder / f"{name}.tflite")


def _signatures(facts: ImportedFacts, weights: Weights) -> dict[str, Any]:
    """Return the signatures of a network of given facts."""
    if isinstance(facts, VaeFacts):
        return vae_signatures(VaeNetwork(facts, weights))
    if isinstance(facts, NSynthFacts):
        return nsynth_signatures(NSynthNetwork(facts, weights))
    if isinstance(facts, GanSynthFacts):
        return gansynth_signatures(facts, weights)
    return rnn_signatures(RnnNetwork(rnn_shape(facts), weights), encoding_of(facts).most_active)


def _warn_of_memory(name: str, parameters: int) -> None:
    """Log before a machine is driven out of memory, which would end this without a word."""
    need, free = memory.needed_to_import(parameters), memory.available()
    if free is not None and need > free:
        log.warning(
            "memory_short", model=name, needed_mb=need // 10**6, free_mb=free // 10**6, hint="import it elsewhere"
        )


def reason(fault: Exception) -> str:
    """Say in a few words why something could not be written."""
    if isinstance(fault, OSError):
        return errors.reason(fault)
    return words(fault)


def _network(match: Match, checkpoint: Checkpoint) -> tuple[Weights, dict[str, Any]]:
    weights = Weights(network_shapes(match.facts))
    load_into(weights, checkpoint.variables, f"{checkpoint.source} ({match.config})")
    return weights, _signatures(match.facts, weights)


def _name(checkpoint: Checkpoint, wish: Wish) -> str:
    """Return the playable's name: as wished, as described, else the file's or the folder's."""
    own = checkpoint.described.name if checkpoint.described else ""
    path = training_of(checkpoint.source.absolute())
    stem = _ENDINGS.sub("", path.name)
    return wish.name or own or (training_of(path.parent).name if stem in ("model", "") and not path.is_dir() else stem)


def check_name(name: str, folder: Path, *, replace: bool) -> None:
    """Check that a playable in a folder may have a name.

    Raises:
        ModelError: it has other characters than names have, is that of a model that ships, or is taken.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(f"a model can't be called {name!r}: give it a --name of letters, digits, '.', '_' and '-'")
    if ships(name) and folder != SHIPPED:
        raise ModelError(
            f"a model that ships is called {name!r}, and playlists count on it: give this one another --name"
        )
    if (folder / f"{name}.json").exists() and not replace:
        raise ModelError(f"{folder} has a model called {name!r}: give this one another --name, or say --replace")


def _card(name: str, checkpoint: Checkpoint, match: Match, wish: Wish) -> Card:
    described, source = checkpoint.described, checkpoint.source
    provenance: dict[str, Any] = dict(described.provenance) if described else {}
    provenance["imported"] = {
        "file": source.name,
        "sha256": file_sha256(source) if source.is_file() else None,
        "url": wish.url,
        "date": datetime.now(UTC).date().isoformat(),
        "names": checkpoint.generation,
        "precision": wish.precision,
        "variables": {own: list(value.shape) for own, value in sorted(checkpoint.variables.items())},
    }
    text = wish.description or (described.description if described else "") or importable(match.config).description
    return Card(
        name=name,
        description=text,
        config=match.config,
        metre=wish.metre or (described.metre if described else _usual_metre(match.facts)),
        licence=described.licence if described else "unstated",
        model=match.facts,
        parameters=0,
        sha256="",
        provenance=provenance,
    )


def _usual_metre(facts: ImportedFacts) -> str:
    return ANY_METRE if isinstance(facts, NSynthFacts | GanSynthFacts) else "4/4"
