"""The studio's child as the simulation has it: how long takes take and what becomes of them is drawn from a seed."""

from __future__ import annotations

import io
import math
import os
import statistics
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile as sf

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.bank import AUDIO, TakeReader, read_take, write_take
from latentfm.brief import Brief
from latentfm.broadcast import deck
from latentfm.broadcast.library import SHIPPED_AUDIO
from latentfm.errors import BankError
from latentfm.ops.clock import Clock
from latentfm.station import SHIPPED
from latentfm.studio.identity import section_number, take_id
from latentfm.studio.patience import DOUBLINGS, SHOWN, Limits
from latentfm.studio.protocol import Failed, Made, Order, ProtocolError
from latentfm.take import TakeInfo
from plain_takes import CROSSFADE, describe
from week import SOUND
from week.turns import Turns

Outage = Literal["hangs", "dies", "rejects", "fails", "garbles"]
Spoiling = Literal["short", "silent", "loud", "nothing", "gap"]

LEVELS = (0.10, 0.16, 0.22, 0.28)
"""Of takes, by turns: where one follows another without a crossfade it shows as a step."""

STEP = deck.STEP if SOUND else 5 * SAMPLE_RATE
"""Frames that a deck decodes at a time."""

MIDI = b"MThd\0\0\0\6"
_TOTAL = slice(21, 26)  # bytes of a FLAC file that hold the number of its frames, in their last 36 bits
_GAP = 0.4  # seconds of silence that every mood allows


class Workshop:
    """What all children of the studio have in common.

    Attributes:
        making: the least and the most seconds that a take takes.
        outage: what becomes of orders for now, None where they are made.
        spoiling: how the next takes are to turn out damaged.
        made: the takes that were published, in order.
        took: seconds that the last of them took.
        trouble: is told of a time for which nothing comes.
    """

    def __init__(self, clock: Clock, seed: int, trouble: Callable[[str, float], None]) -> None:
        self.trouble = trouble
        self.making = (10.0, 40.0)
        self.outage: Outage | None = None
        self.spoiling: deque[Spoiling] = deque()
        self.made: list[TakeInfo] = []
        self.ordered: list[Brief] = []
        self.took: deque[float] = deque(maxlen=SHOWN)
        self._clock = clock
        self._rng = np.random.default_rng(seed)

    def seconds(self) -> float:
        """Return how long the next take takes."""
        return float(self._rng.uniform(*self.making))

    @property
    def longest_hang(self) -> float:
        """Return how long the supervisor may wait for a take at most: what each of a few time-outs doubles."""
        return statistics.median(self.took) * Limits().factor * 2.0**DOUBLINGS if self.took else math.inf

    def publish(self, order: Order) -> Made | Failed:
        """Make the take that was ordered, or what an outage leaves of it."""
        brief = order.brief
        self.ordered.append(brief)
        if self.outage == "rejects":
            return Failed(error="GateError", reason="silent for 1.2 s", rejection="silence")
        if self.outage == "fails":
            return Failed(error="ComposeError", reason="no candidate was left")
        section = section_number(brief)
        info, audio = self._material(brief, section)
        facts = {"brief": brief.model_dump(mode="json"), "fingerprint": "00"}
        carry = info.carry.model_copy(update={"latent": (float(section + 1),)})  # shows where an order goes on from
        info = info.model_copy(update={"provenance": facts, "carry": carry})
        try:
            folder = write_take(Path(order.folder), info, audio, MIDI)
        except BankError as error:
            return Failed(error="BankError", reason=str(error))
        if self.spoiling:
            self._spoil(folder / AUDIO, audio, self.spoiling.popleft())
        now = round(self._clock.time() * 1e9)
        os.utime(folder, ns=(now, now))
        self.made.append(info)
        return Made(take=info, cpu_seconds=1.0, peak_mb=300.0)

    def _material(self, brief: Brief, section: int) -> tuple[TakeInfo, Pcm]:
        """Return a level for as long as was asked for; or a take that ships, under the name of the one ordered."""
        if SOUND:
            folder = self._rng.choice(sorted(SHIPPED.glob(f"{brief.playlist.name}-*")))
            info = read_take(folder, SHIPPED_AUDIO[0]).info
            with TakeReader(folder / SHIPPED_AUDIO[0]) as reader:
                carry = info.carry.model_copy(update={"section": section + 1})
                return info.model_copy(update={"id": take_id(brief), "carry": carry}), reader.read(reader.frames)
        low, high = brief.seconds or brief.playlist.form.seconds
        info = describe(take_id(brief), brief.playlist.name, float(self._rng.uniform(low, high)), section + 1)
        return info, np.full((info.frames, 2), LEVELS[section % len(LEVELS)], dtype=np.float32)

    def _spoil(self, path: Path, audio: Pcm, how: Spoiling) -> None:
        """Damage a take as cards do: its description and the head of its file say that all is well."""
        at = int(len(audio) * self._rng.uniform(0.2, 0.8)) // STEP * STEP  # decks judge loudness by steps
        spoilt = audio.copy()
        if how == "short":
            spoilt = spoilt[:at]
        elif how == "nothing":
            spoilt = spoilt[:0]
        elif how == "silent":
            spoilt[at:] = 0.0
        elif how == "loud":
            spoilt[at:] = 0.999
        else:
            ramp = np.linspace(1.0, 0.0, SAMPLE_RATE, dtype=np.float32)[:, np.newaxis]
            rest = at + round(_GAP * SAMPLE_RATE)
            spoilt[at - SAMPLE_RATE : at] *= ramp
            spoilt[at:rest] = 0.0
            spoilt[rest : rest + SAMPLE_RATE] *= ramp[::-1]
        encoded = io.BytesIO()
        sf.write(encoded, spoilt, SAMPLE_RATE, format="FLAC", subtype="PCM_24")
        head = bytearray(encoded.getvalue())
        total = int.from_bytes(head[_TOTAL], "big") >> 36 << 36 | len(audio)
        head[_TOTAL] = total.to_bytes(5, "big")
        path.write_bytes(head)


class SimulatedLink:
    """A child of the studio, in the place of ``studio.link.Link``: it waits by the clock and asks the workshop."""

    def __init__(self, workshop: Workshop, turns: Turns) -> None:
        self.takes = 0
        self._workshop = workshop
        self._turns = turns

    @property
    def pid(self) -> int:
        """Return a process id, which is this process's."""
        return os.getpid()

    def await_hello(self, seconds: float) -> None:
        """Be ready after two seconds, if at all."""
        self._wait(2.0)
        if self._workshop.outage == "dies":
            raise EOFError

    def order(self, order: Order, seconds: float) -> Made | Failed:
        """Have a take made; raise as a child does that hangs, dies or talks nonsense."""
        needed = self._workshop.seconds()
        if self._workshop.outage == "hangs" or needed > seconds:
            self._workshop.trouble("studio", min(seconds, self._workshop.longest_hang))
            self._wait(seconds)
            raise TimeoutError
        self._wait(needed)
        if self._workshop.outage == "dies":
            raise EOFError
        if self._workshop.outage == "garbles":
            raise ProtocolError("nonsense")
        self.takes += 1
        reply = self._workshop.publish(order)
        if isinstance(reply, Made):
            self._workshop.took.append(needed)
        return reply

    def kill(self) -> None:
        """Do nothing: whoever waits here is told by the turns' end."""

    def end(self, grace: float = 0.0) -> str:
        """Return how it ended."""
        return "killed"

    def last_words(self) -> str:
        """Return nothing."""
        return ""

    def _wait(self, seconds: float) -> None:
        self._turns.wait(seconds)
        if self._turns.over:
            raise EOFError


def open_link(workshop: Workshop, turns: Turns) -> Any:
    """Return what stands in for the class ``Link``."""
    return lambda *_: SimulatedLink(workshop, turns)


__all__ = ["CROSSFADE", "LEVELS", "MIDI", "STEP", "SimulatedLink", "Workshop", "open_link"]
