"""Variable names of all generations, brought to those of today.

The same variable was called differently as TensorFlow went on (here the first layer's LSTM):

- up to 0.12: ``RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix`` and ``Linear/Bias``; the fuller cell's were
  ``LSTMCell/W_0`` and ``LSTMCell/B``;
- 1.0 and 1.1: ``rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights`` and ``biases``;
- from 1.2 on: ``rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel`` and ``bias``.

All these cells keep the gates in one order and add the forget bias when running, so the name of the cell itself
does not matter. Sources: TensorFlow's ``rnn_cell`` modules of 0.11, 1.0 and 1.2, and
tensorflow/contrib/rnn/python/tools/checkpoint_convert.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GENERATOR = "Generator/"  # the scope of a GANSynth's

_RENAMED = tuple(
    (re.compile(old), new)
    for old, new in (
        (r"(^|/)RNN/", r"\1rnn/"),
        (r"MultiRNNCell/Cell(\d+)/", r"multi_rnn_cell/cell_\1/"),
        (r"AttentionCellWrapper/", "attention_cell_wrapper/"),
        (r"AttnOutputProjection/", "attn_output_projection/"),
        (r"(^|/)Attention/", r"\1attention/"),
        (r"/AttnW$", "/attn_w"),
        (r"/AttnV$", "/attn_v"),
        (r"/(BasicLSTMCell|LSTMCell|LSTMBlockCell|basic_lstm_cell|lstm_block_cell)/", "/lstm_cell/"),
        (r"/Linear/Matrix$|/W_0$|/weights$", "/kernel"),
        (r"/Linear/Bias$|/B$|/biases$", "/bias"),
    )
)
_OLDEST = re.compile(r"/(Linear/Matrix|Linear/Bias|W_0|B)$")
_MIDDLE = re.compile(r"(?<!^fully_connected)/(weights|biases)$")  # the last layer was called so throughout
_AVERAGE = "/ExponentialMovingAverage"
_TRAINING = re.compile(
    r"(^|/)(Adam|Adam_\d+|Momentum|RMSProp|RMSProp_\d+|ExponentialMovingAverage|beta[12]_power|global_step|loss)$"
)


def canonical(name: str) -> str:
    """Return what a variable is called here, whichever TensorFlow wrote it."""
    for old, new in _RENAMED:
        name = old.sub(new, name)
    return name


def of_training(name: str) -> bool:
    """Say whether a variable serves training alone: an optimizer's slot, a counter, a moving average."""
    return _TRAINING.search(name) is not None


def playing(names: Iterable[str]) -> dict[str, str]:
    """Return the variables that a model plays with: by the names that they have here, those that they have in the file.

    A GANSynth generates with the moving averages of its generator's variables, as Magenta's does; its discriminator is
    left out, as is what serves training alone.
    """
    known = list(names)
    averages = [name for name in known if name.startswith(GENERATOR) and name.endswith(_AVERAGE)]
    return {name.removesuffix(_AVERAGE): name for name in averages} or {
        name: name for name in known if not of_training(name)
    }


def generation(names: Iterable[str]) -> str:
    """Return which TensorFlow's names these are, for a card."""
    known = list(names)
    if any(_OLDEST.search(name) for name in known):
        return "W_0 and B or Linear/Matrix (TensorFlow before 1.0)"
    if any(name.endswith("/W") for name in known):
        return "W and biases (NSynth's own)"
    if any(_MIDDLE.search(name) for name in known):
        return "weights and biases (TensorFlow 1.0 and 1.1)"
    return "kernel and bias (TensorFlow from 1.2 on)"
