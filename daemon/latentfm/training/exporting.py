"""What was trained or imported here goes back to Magenta: bundles for event RNNs, tars for MusicVAEs."""

from __future__ import annotations

import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog
import tensorflow as tf

from latentfm.errors import ModelError
from latentfm.models.event_rnn import RnnFacts
from latentfm.models.gansynth import GanSynthFacts
from latentfm.models.music_vae import VaeFacts
from latentfm.models.nsynth import NSynthFacts
from latentfm.training.checkpoints.description import Description, write_description
from latentfm.training.checkpoints.graph import checkpoint_and_graph
from latentfm.training.checkpoints.load import load_into
from latentfm.training.checkpoints.read import Checkpoint, read_checkpoint
from latentfm.training.checkpoints.recognise import Match, identify, network_shapes, rnn_shape
from latentfm.training.configurations import configuration
from latentfm.training.importing import reason
from latentfm.training.networks.cells import Weights

log = structlog.get_logger()


@dataclass(frozen=True)
class Exported:
    """What was written: the configuration, and the sizes that Magenta must be told where it does not read them."""

    path: Path
    config: str
    sizes: dict[str, object]


def export(source: Path, target: Path, config: str | None = None) -> Exported:
    """Write a checkpoint as Magenta keeps it, without what served training alone.

    Args:
        source: a training's folder, or anything else that `read_checkpoint` takes.
        target: a ``.mag`` bundle for an event RNN, a ``.tar`` for a MusicVAE.
        config: Magenta's configuration, where the checkpoint does not tell.

    Raises:
        ModelError: it is no checkpoint, of another kind than the target, or the target can't be written; what was
            there stays.
    """
    checkpoint = read_checkpoint(source)
    match = identify(checkpoint, config)
    if isinstance(match.facts, NSynthFacts | GanSynthFacts):
        raise ModelError(f"{source} is of {match.config}, which is not trained here: it is as Magenta keeps it already")
    ending = ".tar" if isinstance(match.facts, VaeFacts) else ".mag"
    if target.suffix != ending:
        raise ModelError(
            f"{source} is of {match.config}, which Magenta keeps in {ending} files, not in {target.name!r}"
        )
    weights = Weights(network_shapes(match.facts))
    load_into(weights, checkpoint.variables, f"{source} ({match.config})")
    temporary = target.with_name(f".{target.name}.part")
    try:
        if isinstance(match.facts, RnnFacts):
            temporary.write_bytes(_bundle(match.config, match.facts, weights))
        else:
            _write_tar(temporary, match, checkpoint, weights)
        temporary.replace(target)
    except (OSError, tf.errors.OpError) as fault:
        raise ModelError(f"{target} can't be written: {reason(fault)}; what was there stays") from fault
    finally:
        temporary.unlink(missing_ok=True)
    log.info("model_exported", config=match.config, source=str(source), target=str(target), step=checkpoint.step)
    return Exported(target, match.config, _sizes(match.facts))


def _bundle(config: str, facts: RnnFacts, weights: Weights) -> bytes:
    from note_seq.protobuf import generator_pb2  # noqa: PLC0415 - takes long to load

    checkpoint, graph = checkpoint_and_graph(rnn_shape(facts), {name: one.numpy() for name, one in weights.items()})
    bundle = generator_pb2.GeneratorBundle()
    bundle.generator_details.id = config  # Magenta's generator of that name takes no other
    bundle.generator_details.description = configuration(config).description
    sizes = ", ".join(f"{name}={value}" for name, value in _sizes(facts).items())
    bundle.bundle_details.description = f"Written by Latent FM; {sizes}."
    bundle.checkpoint_file.append(checkpoint)
    bundle.metagraph_file = graph
    content: bytes = bundle.SerializeToString()
    return content


def _write_tar(target: Path, match: Match, checkpoint: Checkpoint, weights: Weights) -> None:
    """Write a V2 checkpoint with the counter of steps, which Magenta's graph has too, and our own description."""
    described = checkpoint.described or Description(config=match.config)
    step = tf.Variable(checkpoint.step, dtype=tf.int64)
    with tempfile.TemporaryDirectory(prefix=".exporting-", dir=target.parent) as name:
        folder = Path(name)
        prefix = folder / f"{match.config}.ckpt"
        saver = tf.compat.v1.train.Saver({**weights, "global_step": step})
        saver.save(None, str(prefix), write_meta_graph=False, write_state=False)
        write_description(folder, described.model_copy(update={"config": match.config}))
        with tarfile.open(target, "w") as archive:
            for file in sorted(folder.iterdir()):
                archive.add(file, file.name)


def _sizes(facts: VaeFacts | RnnFacts) -> dict[str, object]:
    """Return a model's sizes under the names of Magenta's hyperparameters."""
    if isinstance(facts, RnnFacts):
        attention = {"attn_length": facts.attn_length} if facts.attn_length else {}
        return {"rnn_layer_sizes": list(facts.layer_sizes), **attention}
    return {
        "z_size": facts.z_size,
        "enc_rnn_size": list(facts.encoder_sizes),
        "dec_rnn_size": list(facts.state_sizes),
        "max_seq_len": facts.steps,
    }
