"""Playables: one LiteRT file whose signatures are a model's steps, and a JSON beside it that says what it is."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from latentfm.errors import ModelError

Array = NDArray[Any]
Representation = Literal["melody", "drums", "polyphony"]


class Facts(BaseModel):
    """A frozen table of a playable's JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, sha256: str) -> None:
    """Check that a LiteRT file is the one that its card was written for.

    Raises:
        ModelError: it is missing, damaged or another one.
    """
    if not path.is_file():
        raise ModelError(f"the playable {path} is missing; import the model again")
    if file_sha256(path) != sha256:
        raise ModelError(f"{path} is damaged or of another edition: its SHA-256 is not the one in its JSON")


class Steps:
    """The steps of a playable, called by name with arrays by name."""

    def __init__(self, path: Path, sha256: str, threads: int = 1) -> None:
        """Load a LiteRT file, whose SHA-256 its card states.

        Args:
            path: the file.
            sha256: its checksum.
            threads: of LiteRT's products; the numbers are the same with any number of them.

        Raises:
            ModelError: the file is missing, damaged or not the one that the card was written for.
        """
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only who plays models loads LiteRT

        verify(path, sha256)
        self.sha256 = sha256
        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
            names = self._interpreter.get_signature_list()
            runners = {name: self._interpreter.get_signature_runner(name) for name in names}
        except (ValueError, RuntimeError) as fault:
            raise ModelError(f"LiteRT can't load {path}: {fault}") from fault
        self._steps: dict[str, Callable[..., dict[str, Array]]] = {
            name: _Step(runner) if hasattr(runner, "_interpreter_wrapper") else runner
            for name, runner in runners.items()
        }
        self._greeted = False

    def __call__(self, step: str, **inputs: Array) -> dict[str, Array]:
        """Run one step; inputs and outputs are arrays by name, the batch first."""
        with contextlib.nullcontext() if self._greeted else muted():
            outputs = self._steps[step](**inputs)
        self._greeted = True
        return outputs


class _Step:
    """A step: tensors are looked up once, and prepared only when a shape changes.

    LiteRT's own runner, which this goes round as there is no public way to, prepares them for each call: for small
    networks that took as long as the step.
    """

    def __init__(self, runner: Any) -> None:
        self._wrapper, self._graph = runner._interpreter_wrapper, runner._subgraph_index  # noqa: SLF001
        self._inputs = {name: detail["index"] for name, detail in runner.get_input_details().items()}
        self._outputs = {name: detail["index"] for name, detail in runner.get_output_details().items()}
        self._shapes: dict[str, tuple[int, ...]] = {}

    def __call__(self, **inputs: Array) -> dict[str, Array]:
        wrapper, graph = self._wrapper, self._graph
        shapes = {name: array.shape for name, array in inputs.items()}
        if shapes != self._shapes:
            self._shapes = {}  # until all of them are prepared
            for name, shape in shapes.items():
                wrapper.ResizeInputTensor(self._inputs[name], np.array(shape, np.int32), False, graph)
            wrapper.AllocateTensors(graph)
            self._shapes = shapes
        for name, array in inputs.items():
            wrapper.SetTensor(self._inputs[name], array, graph)
        wrapper.Invoke(graph)
        return {name: wrapper.GetTensor(index, graph) for name, index in self._outputs.items()}


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Keep stderr from libraries that greet there and can't be asked not to; faults they raise."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def choose(logits: NDArray[np.float32], temperature: float, uniforms: NDArray[np.float64]) -> Array:
    """Draw a class for each row by inverse CDF.

    Args:
        logits: ``[n, classes]``.
        temperature: divides the logits; at 0 the likeliest class is taken.
        uniforms: one number of [0, 1) for each row.

    Returns:
        Classes int ``[n]``.
    """
    if temperature == 0:
        likeliest: Array = logits.argmax(axis=1)
        return likeliest
    cumulative = _below_top(logits)
    if temperature != 1:
        cumulative /= temperature
    np.exp(cumulative, out=cumulative)
    np.add.accumulate(cumulative, axis=1, out=cumulative)
    wanted = uniforms * cumulative[:, -1]
    if len(wanted) == 1:  # this way a step of one continuation takes a tenth less time
        classes = cumulative[0].searchsorted(wanted, "right")
    else:
        classes = (cumulative <= wanted[:, None]).sum(axis=1)
    within: Array = np.minimum(classes, logits.shape[1] - 1)
    return within


def log_probabilities(logits: NDArray[np.float32], classes: Array) -> NDArray[np.float64]:
    """Return how likely a class of each row is at temperature 1: the log of its probability, ``[n]``."""
    wide = _below_top(logits)
    likely: NDArray[np.float64] = wide[np.arange(len(wide)), classes] - np.log(np.exp(wide).sum(axis=1))
    return likely


def draw(
    logits: NDArray[np.float32], temperature: float, uniforms: NDArray[np.float64]
) -> tuple[Array, NDArray[np.float64]]:
    """Draw as `choose` does, and say how likely each class was, as `log_probabilities` does."""
    classes = choose(logits, temperature, uniforms)
    return classes, log_probabilities(logits, classes)


def _below_top(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each row less its largest number, which keeps exponentials finite."""
    return np.subtract(logits, np.maximum.reduce(logits, axis=1, keepdims=True), dtype=np.float64)
