"""The facts of a GANSynth, from its checkpoint and from what its training says.

Sources: ``get_stage_info`` in magenta/models/gansynth/lib/train_util.py; ``compute_progress`` in networks.py;
``_get_nfft_nhop`` and ``_get_padding`` in specgrams_helper.py.
"""

from __future__ import annotations

from latentfm.errors import ModelError
from latentfm.models.gansynth import GanSynthFacts
from latentfm.models.gansynth.spectral import HOPS
from latentfm.training.checkpoints.read import Checkpoint
from latentfm.training.checkpoints.stages import EXPERIMENT, Flags
from latentfm.training.networks.gan_variables import bias, kernel


def gansynth_facts(checkpoint: Checkpoint) -> GanSynthFacts:
    """Return the facts of the GANSynth that a checkpoint is of.

    Raises:
        ModelError: these are not the variables of one, or they contradict what its training says.
    """
    source, experiment = checkpoint.source, checkpoint.experiment
    shapes = {name: tuple(value.shape) for name, value in checkpoint.variables.items()}
    filters: list[int] = []
    while (shape := shapes.get(bias(len(filters) + 1, "conv0"))) is not None:
        filters.append(shape[-1])
    opening = kernel(1, "conv0")
    first = shapes.get(opening, ())
    if experiment is None or not filters or len(first) != 4:  # noqa: PLR2004 - frames, bins, inputs, filters
        raise ModelError(f"{source} is no checkpoint of a GANSynth: {opening} is missing, or no kernel")
    flags = experiment.flags
    if len(filters) > flags.num_resolutions:
        raise ModelError(f"{source} has {len(filters)} blocks, and {EXPERIMENT} speaks of {flags.num_resolutions}")
    if first[2] <= flags.latent_vector_size:
        raise ModelError(
            f"{source}: {opening} has {first[2]} inputs, which leaves no pitches beside a latent space of "
            f"{flags.latent_vector_size} dimensions"
        )
    facts = GanSynthFacts(
        z_size=flags.latent_vector_size,
        lowest_pitch=flags.train_min_pitch,
        pitches=first[2] - flags.latent_vector_size,
        start=(first[0], first[1]),
        filters=tuple(filters),
        resolutions=flags.num_resolutions,
        progress=progress(checkpoint.step, len(filters), flags),
        magnitude=experiment.magnitude,
        frequency=experiment.frequency,
        sample_rate=flags.sample_rate,
        samples=flags.audio_length,
    )
    if fault := _fault(facts):
        raise ModelError(f"{source}: {fault}")
    return facts


def progress(step: int, blocks: int, flags: Flags) -> float:
    """Return how far a training had come: ``blocks - 1`` once its last block has come in."""
    if not flags.train_progressive:
        return blocks - 1.0
    stable, transition = flags.stable_stage_num_images, flags.transition_stage_num_images
    seen = min(step, blocks * stable + (blocks - 1) * transition - 1)
    whole, rest = divmod(seen, stable + transition)
    return whole + max(0.0, (rest - stable) / transition)


def _fault(facts: GanSynthFacts) -> str | None:
    """Say why spectrograms can't become as many samples as asked for, or what of them is normalised in vain."""
    if facts.bins & (facts.bins - 1) or facts.bins < HOPS:
        return f"its spectrograms have {facts.bins} bins, which is no power of two"
    reach = 2 * facts.bins // HOPS * (facts.frames - 1) + 2 * facts.bins
    if reach < facts.samples:
        return f"its spectrograms reach over {reach} samples, and {EXPERIMENT} speaks of {facts.samples}"
    for normaliser in (facts.magnitude, facts.frequency):
        if len(normaliser.scale) not in (1, facts.bins) or 0.0 in normaliser.scale:
            return f"its normaliser has {len(normaliser.scale)} scales for {facts.bins} bins, or one of 0"
    return None
