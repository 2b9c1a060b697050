"""Which of Magenta's configurations a checkpoint is of, and the facts that its playable's card needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from latentfm.errors import ModelError
from latentfm.models.card import ImportedFacts
from latentfm.models.event_rnn import RnnFacts
from latentfm.models.event_rnn.configurations import RnnConfiguration
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.gansynth import GanSynthConfiguration, GanSynthFacts
from latentfm.models.music_vae import VaeFacts
from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.models.nsynth import NSynthConfiguration, NSynthFacts
from latentfm.training.checkpoints.files import Variables
from latentfm.training.checkpoints.gansynth import gansynth_facts
from latentfm.training.checkpoints.names import canonical
from latentfm.training.checkpoints.read import Checkpoint
from latentfm.training.checkpoints.sizes import (
    RnnSizes,
    Shape,
    VaeSizes,
    nsynth_sizes,
    rnn_sizes,
    shapes_of,
    vae_sizes,
)
from latentfm.training.configurations import ANY_METRE, IMPORTABLE, Importable, importable, steps_of
from latentfm.training.networks import gan_variables, nsynth_variables, vae_variables
from latentfm.training.networks.rnn_network import RnnShape


@dataclass(frozen=True)
class Match:
    """A configuration and the facts of a model of it."""

    config: str
    facts: ImportedFacts


def identify(checkpoint: Checkpoint, config: str | None = None, metre: str | None = None) -> Match:
    """Return what a checkpoint is of.

    Args:
        checkpoint: what was read.
        config: Magenta's name of its configuration; without it, what the file says or its variables tell.
        metre: of what it learnt; a checkpoint does not say. What was trained here does.

    Raises:
        ModelError: it is of no configuration that can be played, of another one than named, or several fit.
    """
    own = checkpoint.config
    if own is not None and config is not None and own != config:
        raise ModelError(f"{checkpoint.source} is of the configuration {own}, as it says itself, not {config}")
    steps = _steps_per_bar(checkpoint, metre)
    if (name := config or own) is not None:
        return Match(name, facts_of(importable(name), checkpoint, steps))
    return _guess(checkpoint, steps)


def facts_of(config: Importable, checkpoint: Checkpoint, steps_per_bar: int = 16) -> ImportedFacts:
    """Return the facts of a model of a configuration with the sizes that a checkpoint has.

    Raises:
        ModelError: the checkpoint is of another kind of network.
    """
    if isinstance(config, RnnConfiguration):
        return _rnn_facts(config, rnn_sizes(checkpoint.variables), checkpoint.attn_length)
    if isinstance(config, NSynthConfiguration):
        return config.facts(**asdict(nsynth_sizes(checkpoint.variables)))
    if isinstance(config, GanSynthConfiguration):
        return gansynth_facts(checkpoint)
    return _vae_facts(config, vae_sizes(checkpoint.variables), steps_per_bar)


def network_shapes(facts: ImportedFacts) -> dict[str, Shape]:
    """Return the shape of every variable of a network, by its name."""
    if isinstance(facts, VaeFacts):
        return vae_variables.variable_shapes(facts)
    if isinstance(facts, NSynthFacts):
        return nsynth_variables.variable_shapes(facts)
    if isinstance(facts, GanSynthFacts):
        return gan_variables.variable_shapes(facts)
    return rnn_shape(facts).shapes()


def rnn_shape(facts: RnnFacts) -> RnnShape:
    """Return the sizes of an event RNN's network."""
    encoding = encoding_of(facts)
    return RnnShape(encoding.input_size, encoding.num_classes, facts.layer_sizes, facts.attn_length)


def _steps_per_bar(checkpoint: Checkpoint, metre: str | None) -> int:
    if metre is not None and metre != ANY_METRE:
        return steps_of(metre)
    return checkpoint.described.steps_per_bar if checkpoint.described else 16


def _guess(checkpoint: Checkpoint, steps_per_bar: int) -> Match:
    """Return the configuration whose network has these variables; of several, the one with Magenta's own sizes.

    Failing that, those count that have as many layers as Magenta gives them. What then differs only in how Magenta
    trains it is the same to us.
    """
    fitting = _fitting(checkpoint, steps_per_bar)
    if not fitting:
        raise ModelError(f"{checkpoint.source} is of no configuration that Latent FM plays: {_seen(checkpoint)}")
    usual = {match.config: _usual(match.config, checkpoint, steps_per_bar) for match in fitting}
    same = [match for match in fitting if match.facts == usual[match.config]]
    alike = [match for match in fitting if _layers(match.facts) == _layers(usual[match.config])]
    left = same or alike or fitting
    if all(match.facts == left[0].facts for match in left):
        return left[0]
    names = ", ".join(match.config for match in left)
    raise ModelError(f"{checkpoint.source} may be of several configurations: {names}; say which one with --config")


def _layers(facts: ImportedFacts) -> tuple[int, ...]:
    if isinstance(facts, VaeFacts):
        return len(facts.encoder_sizes), len(facts.state_sizes)
    if isinstance(facts, NSynthFacts):
        return facts.encoder_layers, facts.layers
    if isinstance(facts, GanSynthFacts):
        return (facts.blocks,)
    return (len(facts.layer_sizes),)


def _fitting(checkpoint: Checkpoint, steps_per_bar: int) -> list[Match]:
    have = shapes_of(checkpoint.variables)
    matches = []
    for config in IMPORTABLE.values():
        try:
            facts = facts_of(config, checkpoint, steps_per_bar)
        except ModelError:
            continue
        if {canonical(name): shape for name, shape in network_shapes(facts).items()} == have:
            matches.append(Match(config.name, facts))
    return matches


def _usual(name: str, checkpoint: Checkpoint, steps_per_bar: int) -> ImportedFacts:
    """Return the facts of a configuration with the sizes that Magenta gives it."""
    config = importable(name)
    if isinstance(config, VaeConfiguration):
        return config.facts(steps_per_bar=steps_per_bar)
    if isinstance(config, NSynthConfiguration):
        return config.facts()
    if isinstance(config, GanSynthConfiguration):
        return config.facts
    usual = config.hyperparameters
    return config.facts(usual.rnn_layer_sizes, checkpoint.attn_length or usual.attn_length)


def _rnn_facts(config: RnnConfiguration, sizes: RnnSizes, attn_length: int | None) -> RnnFacts:
    length = (attn_length or config.hyperparameters.attn_length or 1) if sizes.attends else 0
    return config.facts(sizes.layer_sizes, length)


def _vae_facts(config: VaeConfiguration, sizes: VaeSizes, steps_per_bar: int) -> VaeFacts:
    return config.facts(sizes.z_size, sizes.encoder_sizes, sizes.decoder_sizes, steps_per_bar)


def _seen(checkpoint: Checkpoint) -> str:
    """Say what kind of network a checkpoint seems to be of."""
    variables: Variables = checkpoint.variables
    try:
        rnn = rnn_sizes(variables)
    except ModelError:
        pass
    else:
        return f"an event RNN of {rnn.input_size} inputs and {rnn.classes} classes"
    try:
        vae = vae_sizes(variables)
    except ModelError:
        some = ", ".join(sorted(variables)[:3])
        return f"its {len(variables)} variables are of another network ({some}, …)" if some else "it has no variables"
    return f"a MusicVAE of {vae.input_depth} inputs and {sum(vae.output_depths)} outputs"
