"""Sizes of a network from the shapes of its variables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from latentfm.errors import ModelError
from latentfm.training.checkpoints.files import Variables
from latentfm.training.checkpoints.names import canonical

Shape = tuple[int, ...]
_RNN = "rnn/multi_rnn_cell/cell_"
_ATTENTION = f"{_RNN}0/attention_cell_wrapper"
_CORE = "core_decoder/"


@dataclass(frozen=True)
class RnnSizes:
    """Sizes of an event RNN; over how many steps it attends is not among its variables."""

    input_size: int
    classes: int
    layer_sizes: Shape
    attends: bool


@dataclass(frozen=True)
class VaeSizes:
    """Sizes of a MusicVAE, and whether bars have an encoder, a conductor and decoders of their own."""

    input_depth: int
    output_depths: Shape
    z_size: int
    encoder_sizes: Shape
    decoder_sizes: Shape
    bars_encoded: bool
    bars_conducted: bool
    split: bool


@dataclass(frozen=True)
class NSynthSizes:
    """Sizes of an NSynth autoencoder; how its dilations repeat is not among its variables."""

    layers: int
    width: int
    skip_width: int
    encoder_layers: int
    encoder_width: int
    bottleneck: int


def shapes_of(variables: Variables) -> dict[str, Shape]:
    """Return the shapes of variables by today's names."""
    return {canonical(name): tuple(value.shape) for name, value in variables.items()}


def first_layer(variables: Variables) -> int:
    """Return the size of an event RNN's first layer where that attends, 0 otherwise."""
    shapes = shapes_of(variables)
    return shapes.get(f"{_ATTENTION}/attention/attn_v", (0,))[0]


def rnn_sizes(variables: Variables) -> RnnSizes:
    """Return the sizes of an event RNN.

    Raises:
        ModelError: these are not the variables of one.
    """
    shapes = shapes_of(variables)
    attends = f"{_ATTENTION}/attention/attn_v" in shapes
    layers: list[int] = []
    for layer in count():
        cell = _ATTENTION if attends and not layer else f"{_RNN}{layer}"
        kernel = shapes.get(f"{cell}/lstm_cell/kernel")
        if kernel is None:
            break
        layers.append(kernel[1] // 4)
    if not layers:
        raise ModelError(f"these are not the variables of an event RNN: no {_RNN}0 is among them")
    first = f"{_ATTENTION}/kernel" if attends else f"{_RNN}0/lstm_cell/kernel"
    depth = _needed(shapes, first)[0] - layers[0]
    return RnnSizes(depth, _needed(shapes, "fully_connected/kernel")[1], tuple(layers), attends)


def vae_sizes(variables: Variables) -> VaeSizes:
    """Return the sizes of a MusicVAE.

    Raises:
        ModelError: these are not the variables of one.
    """
    shapes = shapes_of(variables)
    z_size = _needed(shapes, "encoder/mu/kernel")[1]
    encoded = any(name.startswith("encoder/hierarchical_level_0/") for name in shapes)
    encoder = "encoder/hierarchical_level_0/" if encoded else "encoder/"
    encoders = _layers(shapes, f"{encoder}cell_{{}}/bidirectional_rnn/fw/multi_rnn_cell/cell_0/lstm_cell/kernel")
    first = _needed(shapes, f"{encoder}cell_0/bidirectional_rnn/fw/multi_rnn_cell/cell_0/lstm_cell/kernel")
    conducted = any(name.startswith(_CORE) for name in shapes)
    split = any(name.startswith(f"{_CORE}core_decoder_0/") for name in shapes)
    core = _CORE if conducted else ""
    parts = [f"{core}core_decoder_{part}/" for part in range(_parts(shapes))] if split else [core]
    outputs = tuple(_needed(shapes, f"{part}decoder/output_projection/kernel")[1] for part in parts)
    decoders = _layers(shapes, f"{parts[0]}decoder/multi_rnn_cell/cell_{{}}/lstm_cell/kernel")
    return VaeSizes(first[0] - encoders[0], outputs, z_size, encoders, decoders, encoded, conducted, split)


def nsynth_sizes(variables: Variables) -> NSynthSizes:
    """Return the sizes of an NSynth autoencoder.

    Raises:
        ModelError: these are not the variables of one.
    """
    shapes = shapes_of(variables)
    encoder, codes, skip = (_needed(shapes, f"{name}/W") for name in ("ae_startconv", "ae_bottleneck", "skip_start"))
    layers, encoder_layers = (_numbered(shapes, f"{part}dilatedconv_{{}}/W") for part in ("", "ae_"))
    return NSynthSizes(layers, skip[-2], skip[-1], encoder_layers, encoder[-1], codes[-1])


def _numbered(shapes: dict[str, Shape], name: str) -> int:
    """Return how many there are of a variable that is numbered from 1 on."""
    return next(number for number in count() if name.format(number + 1) not in shapes)


def _parts(shapes: dict[str, Shape]) -> int:
    start = f"{_CORE}core_decoder_"
    return len({name.removeprefix(start).split("/")[0] for name in shapes if name.startswith(start)})


def _layers(shapes: dict[str, Shape], name: str) -> Shape:
    sizes: list[int] = []
    while (kernel := shapes.get(name.format(len(sizes)))) is not None:
        sizes.append(kernel[1] // 4)
    return tuple(sizes)


def _needed(shapes: dict[str, Shape], name: str) -> Shape:
    if name not in shapes:
        raise ModelError(f"the checkpoint has no variable {name}, which every such model has")
    return shapes[name]
