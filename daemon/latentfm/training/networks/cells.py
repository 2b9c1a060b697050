"""What Magenta's networks are made of, in TensorFlow 2: the same variables, the same arithmetic.

Weights are a plain mapping from Magenta's variable names to `tf.Variable`, so a checkpoint is saved and loaded
by name. Source of the cells: magenta/contrib/rnn.py (LSTMBlockCell), TensorFlow's BasicLSTMCell.

Matrix products may run in bfloat16 (several times faster where the processor has AMX); variables, states
and sums stay float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

Tensor = Any  # TensorFlow ships no complete types
LstmState = tuple[Tensor, Tensor]  # c, h, each [batch, units]


class Weights(Mapping[str, Any]):
    """Variables by their names in a checkpoint."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._variables = {name: tf.Variable(_initial(name, shape, rng), name=name) for name, shape in shapes.items()}

    def __getitem__(self, name: str) -> Tensor:
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def parameters(self) -> int:
        """Return how many numbers there are in all."""
        return sum(int(np.prod(variable.shape)) for variable in self.values())


def _initial(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Draw as Magenta does: biases 0, latent projections tiny, everything else Glorot-uniform."""
    if name.endswith(("bias", "biases")):
        return np.zeros(shape, np.float32)
    if any(part in name for part in ("encoder/mu/", "encoder/sigma/", "initial_state/")):
        return rng.normal(0.0, 0.001, shape).astype(np.float32)
    fan_in, fan_out = (shape[-2], shape[-1]) if len(shape) > 1 else (shape[0], shape[0])
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def matmul(x: Tensor, w: Tensor, dtype: Any = tf.float32) -> Tensor:
    """Multiply in ``dtype``, return float32."""
    if dtype == tf.float32:
        return tf.matmul(x, w)
    return tf.cast(tf.matmul(tf.cast(x, dtype), tf.cast(w, dtype)), tf.float32)


def over_time(sequence: Tensor, w: Tensor, dtype: Any = tf.float32) -> Tensor:
    """Multiply ``[steps, batch, depth]`` by ``w`` in one product; the number of steps is static."""
    flat = matmul(tf.reshape(sequence, [-1, sequence.shape[-1]]), w, dtype)
    return tf.reshape(flat, [sequence.shape[0], -1, w.shape[-1]])


def lstm_gates(gates: Tensor, c: Tensor) -> LstmState:
    """Apply an LSTM's gates, in the order input, new input, forget, output; the forget bias of 1 is added here."""
    i, j, f, o = tf.split(gates, 4, axis=-1)
    c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
    return c, tf.tanh(c) * tf.sigmoid(o)


def lstm_layer(gates_in: Tensor, recurrent: Tensor, c0: Tensor, h0: Tensor, dtype: Any = tf.float32) -> Tensor:
    """Run an LSTM over whole sequences whose inputs are known beforehand.

    Backward it collects the gates' gradients and multiplies once for all steps; TensorFlow's own gradient of an
    unrolled loop adds up one product for each step, and took more than twice the time.

    Args:
        gates_in: inputs times kernel plus bias, ``[steps, batch, 4 * units]``.
        recurrent: the kernel's part for h, ``[units, 4 * units]``.
        c0: first state, ``[batch, units]``.
        h0: first output, ``[batch, units]``.
        dtype: of the matrix products.

    Returns:
        Outputs ``[steps, batch, units]``.
    """
    steps = gates_in.shape[0]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def run(gates_in: Tensor, recurrent: Tensor, c0: Tensor, h0: Tensor) -> Any:
        w = tf.cast(recurrent, dtype)
        c, h, kept = c0, h0, []
        for gates in tf.unstack(gates_in, num=steps):
            i, j, f, o = tf.split(gates + tf.cast(tf.matmul(tf.cast(h, dtype), w), tf.float32), 4, axis=-1)
            i, j, f, o = tf.sigmoid(i), tf.tanh(j), tf.sigmoid(f + 1.0), tf.sigmoid(o)
            c_before, h_before = c, h
            c = c * f + i * j
            tanh_c = tf.tanh(c)
            h = tanh_c * o
            kept.append((i, j, f, o, c_before, h_before, tanh_c))

        def grad(upstream: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            dc, back, collected = tf.zeros_like(c0), tf.zeros_like(h0), []
            for dh_out, (i, j, f, o, c_before, _, tanh_c) in zip(
                reversed(tf.unstack(upstream, num=steps)), reversed(kept), strict=True
            ):
                dh = dh_out + back
                dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
                parts = (
                    dc * j * i * (1.0 - i),
                    dc * i * (1.0 - j * j),
                    dc * c_before * f * (1.0 - f),
                    dh * tanh_c * o * (1.0 - o),
                )
                gates = tf.concat(parts, axis=-1)
                back = tf.cast(tf.matmul(tf.cast(gates, dtype), w, transpose_b=True), tf.float32)
                dc = dc * f
                collected.append(gates)
            all_gates = tf.stack(collected[::-1])
            outputs_before = tf.concat([step[5] for step in kept], axis=0)
            flat = tf.reshape(all_gates, [-1, all_gates.shape[-1]])
            d_recurrent = tf.cast(
                tf.matmul(tf.cast(outputs_before, dtype), tf.cast(flat, dtype), transpose_a=True), tf.float32
            )
            return all_gates, d_recurrent, dc, back

        outputs = [step[5] for step in kept[1:]] + [h]
        return tf.stack(outputs), grad

    return run(gates_in, recurrent, c0, h0)
