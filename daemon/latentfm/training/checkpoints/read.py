"""Read checkpoints as Magenta publishes them: `.mag` bundles, archives, and TensorFlow's own files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from latentfm.errors import ModelError
from latentfm.training.checkpoints.archives import check_archive, is_archive, unpack
from latentfm.training.checkpoints.bundles import attention_length, read_bundle
from latentfm.training.checkpoints.description import FILE, Description, read_description
from latentfm.training.checkpoints.files import BEST, Variables, find_prefix, read_files
from latentfm.training.checkpoints.names import generation
from latentfm.training.checkpoints.scratch import scratch, writing
from latentfm.training.checkpoints.sizes import first_layer
from latentfm.training.checkpoints.stages import (
    BESIDE,
    CONFIG,
    Experiment,
    is_generator,
    read_experiment,
    training_of,
)

BUNDLE = ".mag"
ARCHIVES = (".tar", ".gz", ".tgz", ".zip")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read.

    ``variables`` are by the names that they have in the file. ``config`` and ``attn_length`` are what the file itself
    says, or None; ``described`` is what a training of ours left beside it, ``experiment`` what one of a GANSynth did.
    """

    source: Path
    variables: Variables
    generation: str
    step: int = 0
    config: str | None = None
    attn_length: int | None = None
    text: str = ""
    described: Description | None = None
    experiment: Experiment | None = None


def read_variables(path: Path) -> Variables:
    """Read a checkpoint's variables; see `read_checkpoint`."""
    return read_checkpoint(path).variables


def check_whole(path: Path) -> None:
    """Check that a file is a bundle or an archive with a checkpoint, of whatever model; TensorFlow is not needed.

    Raises:
        ModelError: it is neither, or damaged.
    """
    if path.suffix == BUNDLE:
        read_bundle(path)
    elif is_archive(path):
        check_archive(path)
    else:
        raise ModelError(f"{path} is damaged, or no archive at all")


def read_checkpoint(path: Path, wanted: str | None = None, room: Path | None = None) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: a ``.mag`` bundle, a tar (compressed or not) or zip with a checkpoint, a folder with one, or a
            checkpoint's prefix or any of its files.
        wanted: which checkpoint to take from an archive that has several.
        room: the folder to unpack in for the moment; without it, the system's.

    Raises:
        ModelError: there is no checkpoint, or it is damaged; the message names the file.
        UnwrittenModelError: it can't be unpacked.
    """
    if not path.exists() and path.suffix in (BUNDLE, *ARCHIVES):
        raise ModelError(f"there is no file {path}")
    try:
        if path.suffix == BUNDLE:
            return _from_bundle(path, room)
        if is_archive(path):
            return _from_archive(path, wanted, room)
        if path.suffix in ARCHIVES:
            raise ModelError(f"{path} is damaged, or no archive at all")
        prefix = find_prefix(path)
        variables, step = read_files(prefix)
        described = read_description(prefix.parent.parent if prefix.parent.name == BEST else prefix.parent)
        experiment = _experiment(variables, training_of(prefix.parent))
    except ModelError as fault:
        text = str(fault)
        raise fault if str(path) in text else type(fault)(f"{path}: {text}") from fault
    except OSError as fault:
        raise ModelError(f"{path} can't be read: {fault.strerror or fault}") from fault
    return _checkpoint(path, variables, step, described, experiment)


def _checkpoint(
    path: Path, variables: Variables, step: int, described: Description | None, experiment: Experiment | None
) -> Checkpoint:
    config, attention = (described.config, described.attn_length) if described else (None, None)
    if experiment is not None:
        config = CONFIG
    return Checkpoint(path, variables, generation(variables), step, config, attention, "", described, experiment)


def _experiment(variables: Variables, training: Path) -> Experiment | None:
    return read_experiment(training) if is_generator(variables) else None


def _from_bundle(path: Path, room: Path | None) -> Checkpoint:
    bundle = read_bundle(path)
    with scratch(room) as folder:
        file = folder / "model.ckpt"
        with writing(folder):
            file.write_bytes(bundle.checkpoint)
        variables, step = read_files(file)
    units = first_layer(variables)
    length = attention_length(bundle.graph, units) if units else None
    return Checkpoint(
        path, variables, generation(variables), step, bundle.generator or None, length, bundle.description
    )


def _from_archive(path: Path, wanted: str | None, room: Path | None) -> Checkpoint:
    with scratch(room) as folder:
        prefix = unpack(path, folder, wanted, beside=(FILE, *BESIDE))
        variables, step = read_files(prefix)
        return _checkpoint(path, variables, step, read_description(folder), _experiment(variables, folder))
