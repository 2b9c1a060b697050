"""NSynth's WaveNet autoencoder: a note to codes in time, and codes to a note.

Engel et al., "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders" (arXiv:1704.01279); sources:
magenta/models/nsynth/wavenet/h512_bo16.py and fastgen.py. The pitch is in the codes: a decoder is told nothing else.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from latentfm.errors import ModelError
from latentfm.models.nsynth.decoder import Codes, Decoder
from latentfm.models.nsynth.facts import CLASSES, NSynthFacts
from latentfm.models.nsynth.mu_law import SILENCE, Audio, compress
from latentfm.models.nsynth.synthesis import Synthesis
from latentfm.models.playable import Steps
from latentfm.ops.clock import Clock, SystemClock

log = structlog.get_logger()
_TELL_EVERY: Final = 60.0  # seconds
_KEPT: Final = ".synthesis.npz"
_LEFT_BEHIND: Final = 7 * 24 * 3600  # seconds, after which nobody comes back for it
_AUDIO_AXES: Final = 2
_CODES_AXES: Final = 3


@dataclass(frozen=True)
class Keep:
    """Where syntheses are kept so that they can be gone on with after a kill.

    Attributes:
        folder: where each has a file, named after what it is of: 12.6 MB a note of the published network, and 16 kB a
            second of sound once it is done. What nobody touched for a week is removed.
        every: seconds from one writing to the next.
    """

    folder: Path
    every: float = 300.0


class NSynth:
    """An NSynth autoencoder that plays."""

    def __init__(self, facts: NSynthFacts, steps: Steps, clock: Clock | None = None) -> None:
        """Take a model.

        Args:
            facts: of its card.
            steps: its playable.
            clock: by which it keeps and tells; the machine's own without it.
        """
        self._facts, self._steps, self._clock = facts, steps, clock or SystemClock()

    @property
    def facts(self) -> NSynthFacts:
        """What its card says of it."""
        return self._facts

    @property
    def steps(self) -> Steps:
        """Its playable."""
        return self._steps

    def encode(self, audio: Audio) -> Codes:
        """Return the codes of notes, float32 ``[n, time, bottleneck]``: one for each ``hop`` samples.

        Args:
            audio: ``[n, samples]`` at the model's rate, full scale at 1.0; what is left behind the last whole hop is
                not looked at. Memory grows by some 40 MB for each second of the longest.

        Raises:
            ValueError: it has another shape, is shorter than a hop, or is no number somewhere.
        """
        hop = self._facts.hop
        if audio.ndim != _AUDIO_AXES or audio.shape[1] < hop:
            raise ValueError(f"notes of {hop} samples or more are needed, not an array of shape {audio.shape}")
        if not np.isfinite(audio).all():
            raise ValueError("the audio is no number somewhere")
        whole = compress(audio[:, : audio.shape[1] // hop * hop])
        codes = [self._steps("encode", samples=note[None])["codes"] for note in whole]
        return np.concatenate(codes) if codes else np.empty((0, whole.shape[1] // hop, self._facts.bottleneck), "f4")

    def logits(self, codes: Codes, labels: NDArray[Any]) -> NDArray[np.float32]:
        """Return what the decoder says of each sample, given the true samples before it.

        Args:
            codes: ``[n, time, bottleneck]``.
            labels: int ``[n, samples]``, 0 to 255; no more of them than ``time * hop``.

        Returns:
            Logits ``[n, samples, 256]``.

        Raises:
            ValueError: codes or labels have another shape.
        """
        codes = self._checked(codes)
        if (
            labels.ndim != _AUDIO_AXES
            or len(labels) != len(codes)
            or labels.shape[1] > codes.shape[1] * self._facts.hop
        ):
            raise ValueError(f"labels of shape {labels.shape} do not go with codes of shape {codes.shape}")
        decoder = Decoder(self._facts, self._steps, codes)
        collected = np.empty((*labels.shape, CLASSES), np.float32)
        before = np.full(len(labels), SILENCE)
        for position in range(labels.shape[1]):
            collected[:, position] = decoder.next(before)
            before = labels[:, position]
        return collected

    def synthesize(
        self, codes: Codes, rngs: Sequence[np.random.Generator], temperature: float = 1.0, keep: Keep | None = None
    ) -> Audio:
        """Draw notes, all of them as one batch; it is logged now and then how far they are.

        Args:
            codes: ``[n, time, bottleneck]``; after shorter notes anything may stand, as nothing looks ahead.
            rngs: a generator for each note, as `default_rng` makes them.
            temperature: divides the logits; at 0 the likeliest sample is taken.
            keep: where it is kept and gone on with: the same model, codes, generators and temperature find what was
                made of them before, be it all or a part. That something can't be written is logged; it is made all
                the same.

        Returns:
            Audio float32 ``[n, time * hop]`` at the model's rate, full scale at 1.0.

        Raises:
            ValueError: codes have another shape, or there are more or fewer generators than notes.
            ModelError: what is kept can't be read.
        """
        codes = self._checked(codes)
        if len(rngs) != len(codes):
            raise ValueError(f"{len(rngs)} generators for {len(codes)} notes")
        synthesis = Synthesis(self._facts, self._steps, codes, rngs, temperature)
        path = None if keep is None else _place(keep.folder, synthesis)
        if path is not None and synthesis.restore(path):
            log.info("synthesis_resumed", notes=len(codes), samples=synthesis.position, of=synthesis.length)
        if not synthesis.done:
            self._finish(synthesis, len(codes), path, keep.every if keep else math.inf)
        return synthesis.audio()

    def _finish(self, synthesis: Synthesis, notes: int, path: Path | None, every: float) -> None:
        """Draw until all is there."""
        clock, first = self._clock, synthesis.position
        began = kept = told = clock.monotonic()
        while not synthesis.done:
            synthesis.advance()
            now = clock.monotonic()
            if path is not None and now - kept >= every:
                _save(synthesis, path)
                kept = clock.monotonic()
            if now - told >= _TELL_EVERY:
                told, rate = now, (synthesis.position - first) / (now - began)
                log.info(
                    "synthesis_progress",
                    notes=notes,
                    samples=synthesis.position,
                    of=synthesis.length,
                    samples_a_second=round(rate, 1),
                    seconds_left=round((synthesis.length - synthesis.position) / rate),
                )
        if path is not None:
            _save(synthesis, path)

    def _checked(self, codes: Codes) -> Codes:
        """Return codes as the decoder takes them."""
        if codes.ndim != _CODES_AXES or not len(codes) or codes.shape[2] != self._facts.bottleneck:
            raise ValueError(f"codes [n, time, {self._facts.bottleneck}] are needed, not an array of {codes.shape}")
        if not np.isfinite(codes).all():
            raise ValueError("the codes are no numbers somewhere")
        return codes.astype(np.float32, copy=False)


def _place(folder: Path, synthesis: Synthesis) -> Path:
    """Return the file of a synthesis; what was left behind in its folder long ago is removed."""
    for path in folder.glob(f"*{_KEPT}*"):
        with contextlib.suppress(OSError):  # another process may be at it too
            if time.time() - path.stat().st_mtime > _LEFT_BEHIND:
                path.unlink()
    return folder / f"{synthesis.identity[:32]}{_KEPT}"


def _save(synthesis: Synthesis, path: Path) -> None:
    """Keep a synthesis; where that fails it goes on all the same."""
    try:
        synthesis.save(path)
    except ModelError as fault:
        log.warning("synthesis_not_kept", reason=str(fault), hint="a kill now would cost all that was made since")
