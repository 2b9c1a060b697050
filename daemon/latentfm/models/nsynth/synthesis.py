"""A synthesis: samples drawn one after the other, kept every now and then and gone on with after a kill.

Magenta's `synthesize` (magenta/models/nsynth/wavenet/fastgen.py) draws from NumPy's global generator, and what it saves
is sound alone: who kills it begins again.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import structlog
from numpy.typing import NDArray

from latentfm.errors import ModelError, reason
from latentfm.models.nsynth.decoder import Codes, Decoder
from latentfm.models.nsynth.facts import NSynthFacts
from latentfm.models.nsynth.mu_law import SILENCE, Audio, expand
from latentfm.models.playable import Steps, choose

log = structlog.get_logger()
_EDITION = 1  # of the file that a synthesis is kept in


class Synthesis:
    """Notes that are being made.

    Attributes:
        position: samples that each note has so far.
        length: samples that each will have.
    """

    def __init__(
        self,
        facts: NSynthFacts,
        steps: Steps,
        codes: Codes,
        rngs: Sequence[np.random.Generator],
        temperature: float = 1.0,
    ) -> None:
        """Begin before the first sample.

        Args:
            facts: of the model.
            steps: its playable.
            codes: ``[n, time, bottleneck]``.
            rngs: what each note is drawn from, as `default_rng` makes them: a generator of its own, so that it does
                not matter what a note is made with.
            temperature: divides the logits; at 0 the likeliest sample is taken.
        """
        self._facts, self._rngs, self._temperature = facts, rngs, temperature
        self._decoder = Decoder(facts, steps, codes)
        self.position = 0
        self.length: int = codes.shape[1] * facts.hop
        self._labels = np.empty((len(codes), self.length), np.uint8)
        told = [steps.sha256, codes.shape, str(codes.dtype), temperature, self._generators()]
        digest = hashlib.sha256(json.dumps(told).encode())
        digest.update(np.ascontiguousarray(codes).data)
        self._identity = f"{_EDITION} {digest.hexdigest()}"

    @property
    def done(self) -> bool:
        """Whether all samples are there."""
        return self.position >= self.length

    @property
    def identity(self) -> str:
        """What model, codes, generators and temperature it is of: the same of all that gives the same samples."""
        return self._identity.split()[1]

    def advance(self) -> None:
        """Draw the next samples of each note: a block of as many as the model looks ahead."""
        count = self._facts.ahead
        uniforms = np.stack([rng.random(count) for rng in self._rngs])
        for place in range(count):
            before = self._labels[:, self.position - 1] if self.position else np.full(len(self._labels), SILENCE)
            logits = self._decoder.next(before)
            self._labels[:, self.position] = choose(logits, self._temperature, uniforms[:, place])
            self.position += 1

    def audio(self) -> Audio:
        """Return the notes so far, float32 ``[n, position]``, full scale at 1.0."""
        return expand(self._labels[:, : self.position])

    def save(self, path: Path) -> None:
        """Keep what it takes to go on, under a temporary name first; of what is done only the samples are kept.

        Raises:
            ModelError: the file can't be written; the one that was there stays.
        """
        rings = self._decoder.rings.buffer
        part = path.with_name(f"{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.savez(
                    file,
                    identity=np.array(self._identity),
                    labels=self._labels[:, : self.position],
                    generators=np.array(self._generators()),
                    rings=rings[:0] if self.done else rings,
                )
                file.flush()
                os.fsync(file.fileno())  # or a power cut may leave a name without its content
            part.replace(path)
        except OSError as fault:
            part.unlink(missing_ok=True)
            raise ModelError(f"a synthesis can't be kept in {path}: {reason(fault)}") from fault

    def restore(self, path: Path) -> bool:
        """Go on from a file of `save`, if there is one, before anything was drawn.

        Returns:
            Whether there was one. One that is damaged is logged, and there is nothing to go on from.

        Raises:
            ModelError: it is of another synthesis, or can't be read.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                kept = {name: arrays[name] for name in ("identity", "labels", "generators", "rings")}
            self._take(path, kept)
        except FileNotFoundError:
            return False
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as fault:
            log.warning("synthesis_damaged", path=str(path), reason=str(fault), hint="it is begun again")
            return False
        except OSError as fault:
            raise ModelError(f"{path} can't be read: {reason(fault)}") from fault
        return True

    def _take(self, path: Path, kept: dict[str, NDArray[Any]]) -> None:
        """Take over what was kept.

        Raises:
            ModelError: it is of another synthesis.
            ValueError: it is damaged.
        """
        if str(kept["identity"]) != self._identity:
            raise ModelError(
                f"{path} keeps another synthesis (of another model, codes, seed, temperature or edition): "
                "remove it, or keep this one elsewhere"
            )
        labels, rings = kept["labels"], kept["rings"]
        states = json.loads(str(kept["generators"]))
        position = labels.shape[1]
        if position % self._facts.ahead or len(labels) != len(self._labels) or position > self.length:
            raise ValueError(f"its labels are of the shape {labels.shape}")
        if position < self.length:
            self._decoder.rings.buffer[:] = rings
            self._decoder.go_on_from(position, labels)
        for rng, state in zip(self._rngs, states, strict=True):
            rng.bit_generator.state = state
        self._labels[:, :position] = labels
        self.position = position

    def _generators(self) -> str:
        """Return the state of each generator as JSON."""
        return json.dumps([cast("Any", rng.bit_generator.state) for rng in self._rngs])
