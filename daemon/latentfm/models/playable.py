"""Playables: one LiteRT file whose signatures are a model's steps, and a JSON beside it that says what it is."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from latentfm.errors import ModelError

Array = NDArray[Any]
Representation = Literal["melody", "drums"]


class Facts(BaseModel):
    """A frozen table of a playable's JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Steps:
    """The steps of a playable, called by name with arrays by name."""

    def __init__(self, path: Path, sha256: str) -> None:
        """Load a LiteRT file, whose SHA-256 its card states.

        Raises:
            ModelError: the file is missing, damaged or not the one that the card was written for.
        """
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only who plays models loads LiteRT

        if not path.is_file():
            raise ModelError(f"the playable {path} is missing; import the model again")
        if file_sha256(path) != sha256:
            raise ModelError(f"{path} is damaged or of another edition: its SHA-256 is not the one in its JSON")
        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=1)
            self._runners = {name: self._interpreter.get_signature_runner(name) for name in self._signatures()}
        except (ValueError, RuntimeError) as fault:
            raise ModelError(f"LiteRT can't load {path}: {fault}") from fault
        self._greeted = False

    def _signatures(self) -> list[str]:
        return list(self._interpreter.get_signature_list())

    def __call__(self, step: str, **inputs: Array) -> dict[str, Array]:
        """Run one step; inputs and outputs are arrays by name, the batch first."""
        with contextlib.nullcontext() if self._greeted else _muted():
            outputs: dict[str, Array] = self._runners[step](**inputs)
        self._greeted = True
        return outputs


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Keep stderr from LiteRT, which greets there on its first step and can't be asked not to; faults it raises."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def draw(
    logits: NDArray[np.float32], temperature: float, uniforms: NDArray[np.float64]
) -> tuple[Array, NDArray[np.float64]]:
    """Draw a class for each row by inverse CDF, and say how likely it was.

    Args:
        logits: ``[n, classes]``.
        temperature: divides the logits; at 0 the likeliest class is taken.
        uniforms: one number of [0, 1) for each row.

    Returns:
        Classes int ``[n]``, and the log-likelihood of each at temperature 1, ``[n]``.
    """
    wide = logits.astype(np.float64)
    plain = _log_softmax(wide)
    if temperature == 0:
        classes = wide.argmax(axis=1)
    else:
        cumulative = np.cumsum(np.exp(_log_softmax(wide / temperature)), axis=1)
        classes = (cumulative <= (uniforms * cumulative[:, -1])[:, None]).sum(axis=1)
        classes = np.minimum(classes, logits.shape[1] - 1)
    return classes, plain[np.arange(len(classes)), classes]


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
