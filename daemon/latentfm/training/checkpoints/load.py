"""From a checkpoint's variables into a network's weights, by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import ModelError
from latentfm.training.checkpoints.files import Variables
from latentfm.training.checkpoints.names import canonical
from latentfm.training.networks.cells import Weights


def load_into(weights: Weights, variables: Variables, source: str) -> None:
    """Set a network's weights from a checkpoint's variables, whichever TensorFlow named them.

    Raises:
        ModelError: a variable is missing, of another shape, or one that the network does not have; the message names
            every one, with both shapes.
    """
    stored = {canonical(name): (name, value) for name, value in variables.items()}
    faults = []
    found: dict[str, NDArray[np.float32]] = {}
    for name, variable in weights.items():
        shape = tuple(variable.shape)
        own, value = stored.pop(canonical(name), (name, None))
        if value is None:
            faults.append(f"{name}: not in the checkpoint, {shape} in the network")
        elif value.shape != shape:
            faults.append(f"{own}: {value.shape} in the checkpoint, {shape} in the network")
        else:
            found[name] = value
    faults += [f"{own}: {value.shape} in the checkpoint, not in the network" for own, value in stored.values()]
    if faults:
        raise ModelError(f"{source} does not fit this model:\n  " + "\n  ".join(faults))
    for name, value in found.items():
        weights[name].assign(value)
