"""The variables of a MusicVAE: their names and shapes as Magenta's checkpoints have them.

Source: the scopes in magenta/models/music_vae/lstm_models.py, as Magenta 2.1.4 builds them.
"""

from __future__ import annotations

from latentfm.models.music_vae import VaeFacts

Shapes = dict[str, tuple[int, ...]]
CONDUCTOR = "decoder/hierarchical_level_0"


def variable_shapes(facts: VaeFacts) -> Shapes:
    """Return the shape of every variable by its name."""
    shapes = _encoder(facts)
    width = 2 * facts.encoder_sizes[-1]
    for head in ("mu", "sigma"):
        shapes |= _dense(f"encoder/{head}", width, facts.z_size)
    if not facts.decoder_levels:
        return shapes | _decoder("decoder", facts.output_depth, facts.z_size, facts.state_sizes)
    shapes |= _dense(f"{CONDUCTOR}/initial_state", facts.z_size, 2 * sum(facts.state_sizes))
    shapes |= _cells(CONDUCTOR, 1, facts.state_sizes)  # its input is one zero
    for scope, depth in zip(core_scopes(facts), core_depths(facts), strict=True):
        shapes |= _decoder(scope, sum(depth), facts.state_sizes[-1], facts.state_sizes)
    return shapes


def encoder_scopes(facts: VaeFacts) -> tuple[str, ...]:
    """Return the scope of each level of the encoder."""
    if not facts.encoder_levels:
        return ("encoder",)
    return tuple(f"encoder/hierarchical_level_{level}" for level in range(len(facts.encoder_levels)))


def core_scopes(facts: VaeFacts) -> tuple[str, ...]:
    """Return the scope of each decoder of labels: one, or one for each output."""
    if not facts.decoder_levels:
        return ("decoder",)
    if not facts.split:
        return ("core_decoder/decoder",)
    return tuple(f"core_decoder/core_decoder_{part}/decoder" for part in range(len(facts.output_depths)))


def core_depths(facts: VaeFacts) -> tuple[tuple[int, ...], ...]:
    """Return the classes of the labels that each decoder draws."""
    return tuple((depth,) for depth in facts.output_depths) if facts.split else (facts.output_depths,)


def encoder_cell(scope: str, layer: int, way: str) -> str:
    """Return the name of an encoder's cell; ``way`` is ``fw`` or ``bw``."""
    return f"{scope}/cell_{layer}/bidirectional_rnn/{way}/multi_rnn_cell/cell_0/lstm_cell"


def _encoder(facts: VaeFacts) -> Shapes:
    shapes: Shapes = {}
    below = facts.input_depth
    for scope in encoder_scopes(facts):
        for layer, units in enumerate(facts.encoder_sizes):
            for way in ("fw", "bw"):
                shapes |= _cell(encoder_cell(scope, layer, way), below, units)
            below = 2 * units
    return shapes


def _decoder(scope: str, depth: int, z_size: int, sizes: tuple[int, ...]) -> Shapes:
    shapes = _dense(f"{scope}/z_to_initial_state", z_size, 2 * sum(sizes))
    shapes |= _cells(f"{scope}/multi_rnn_cell", depth + z_size, sizes)
    return shapes | _dense(f"{scope}/output_projection", sizes[-1], depth)


def _cells(scope: str, below: int, sizes: tuple[int, ...]) -> Shapes:
    shapes: Shapes = {}
    for layer, units in enumerate(sizes):
        shapes |= _cell(f"{scope}/cell_{layer}/lstm_cell", below, units)
        below = units
    return shapes


def _cell(name: str, below: int, units: int) -> Shapes:
    return {f"{name}/kernel": (below + units, 4 * units), f"{name}/bias": (4 * units,)}


def _dense(name: str, below: int, units: int) -> Shapes:
    return {f"{name}/kernel": (below, units), f"{name}/bias": (units,)}
