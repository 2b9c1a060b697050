"""The facts of a GANSynth, from its checkpoint and from what its training says.

Sources: ``get_stage_info`` in magenta/models/gansynth/lib/train_util.py; ``compute_progress`` in networks.py;
``_get_nfft_nhop`` and ``_get_padding`` in specgrams_helper.py.
"""

from __future__ import annotations

from latentfm.errors import ModelError
from latentfm.models.gansynth import GanSynthFacts
from latentfm.training.checkpoints.files import Variables
from latentfm.training.checkpoints.stages import EXPERIMENT, Experiment, Flags
from latentfm.training.networks.gan_variables import bias, kernel

_HOPS = 4


def gansynth_facts(variables: Variables, step: int, experiment: Experiment) -> GanSynthFacts:
    """Return a GANSynth's facts.

    Args:
        variables: the generator's.
        step: how many sounds it had seen in training.
        experiment: what its training says.

    Raises:
        ModelError: these are not the variables of a GANSynth, or they contradict what its training says.
    """
    shapes = {name: tuple(value.shape) for name, value in variables.items()}
    filters: list[int] = []
    while (shape := shapes.get(bias(len(filters) + 1, "conv0"))) is not None:
        filters.append(shape[-1])
    first = shapes.get(kernel(1, "conv0"))
    flags = experiment.flags
    if not filters or first is None or len(first) != 4:  # noqa: PLR2004 - frames, bins, inputs, filters
        raise ModelError(f"these are not the variables of a GANSynth: {kernel(1, 'conv0')} is not among them")
    if len(filters) > flags.num_resolutions:
        raise ModelError(f"it has {len(filters)} blocks, and {EXPERIMENT} speaks of {flags.num_resolutions}")
    if first[2] <= flags.latent_vector_size:
        raise ModelError(
            f"{kernel(1, 'conv0')} has {first[2]} inputs: that leaves no pitches beside a latent space of "
            f"{flags.latent_vector_size} dimensions"
        )
    facts = GanSynthFacts(
        z_size=flags.latent_vector_size,
        lowest_pitch=flags.train_min_pitch,
        pitches=first[2] - flags.latent_vector_size,
        start=(first[0], first[1]),
        filters=tuple(filters),
        resolutions=flags.num_resolutions,
        progress=progress(step, len(filters), flags),
        magnitude=experiment.magnitude,
        frequency=experiment.frequency,
        sample_rate=flags.sample_rate,
        samples=flags.audio_length,
    )
    _check(facts)
    return facts


def progress(step: int, blocks: int, flags: Flags) -> float:
    """Return how far a training had come: ``blocks - 1`` once its last block has come in."""
    if not flags.train_progressive:
        return blocks - 1.0
    stable, transition = flags.stable_stage_num_images, flags.transition_stage_num_images
    seen = min(step, blocks * stable + (blocks - 1) * transition - 1)
    whole, rest = divmod(seen, stable + transition)
    return whole + max(0.0, (rest - stable) / transition)


def _check(facts: GanSynthFacts) -> None:
    """Check that spectrograms become as many samples as asked for, and that normalisers fit them."""
    if facts.bins & (facts.bins - 1) or facts.bins < _HOPS:
        raise ModelError(f"its spectrograms have {facts.bins} bins, which is no power of two")
    reach = 2 * facts.bins // _HOPS * (facts.frames - 1) + 2 * facts.bins
    if reach < facts.samples:
        raise ModelError(f"its spectrograms reach over {reach} samples, and {EXPERIMENT} speaks of {facts.samples}")
    for normaliser in (facts.magnitude, facts.frequency):
        if len(normaliser.scale) not in (1, facts.bins) or 0.0 in normaliser.scale:
            raise ModelError(f"its normaliser has {len(normaliser.scale)} scales for {facts.bins} bins, or one of 0")
