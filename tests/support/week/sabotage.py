"""Faults built into the station on purpose: each must be found by the witness, or that sees nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from latentfm import steering
from latentfm.audio.crossfade import Gains
from latentfm.audio.pcm import Pcm
from latentfm.bank import Bank
from latentfm.broadcast import timeline
from latentfm.broadcast.fallback import Fallback
from latentfm.doorkeeper import Doorkeeper
from latentfm.history.store import Store
from latentfm.programme import Programme, Slot, slot_at
from week.events import HOUR, Later, StudioFails


def _cut(leaving: Pcm, entering: Pcm, *_: object) -> Pcm:
    """Go over to the next take all at once."""
    return np.concatenate((leaving[: len(leaving) // 2], entering[len(leaving) // 2 :]))


def _silent_seams(leaving: Pcm, entering: Pcm, gains: Gains, at: int) -> Pcm:
    """Fade out, wait, and only then fade in."""
    fade_out, fade_in = (gain[at : at + len(leaving)] for gain in gains)
    gap = 2.0 * np.maximum(np.abs(fade_out**2 - fade_in**2) - np.float32(0.5), 0.0)
    mixed: Pcm = np.where((fade_out > fade_in)[:, np.newaxis], leaving, entering) * gap[:, np.newaxis]
    return mixed


def _clear_out(bank: Bank, keep: object = ()) -> int:
    """Remove every take, whatever is to be kept."""
    return sum(bank._remove(take.info.id) for take in bank.takes())


def _late(plan: Programme, seam: float) -> Slot:
    """Go by a clock that is five minutes slow."""
    return Slot(slot_at(plan, seam - 300.0).playlist)


class Sabotage(NamedTuple):
    """What is put in the place of something, and the seed and the events of a week in which that shows."""

    owner: Any
    name: str
    value: object
    seed: int = 3
    events: tuple[Later, ...] = ()


SABOTAGES: dict[str, Sabotage] = {
    "a step of": Sabotage(timeline, "crossfade", _cut),
    "silence in the mix": Sabotage(timeline, "crossfade", _silent_seams),
    "takes in the bank": Sabotage(Bank, "trim", lambda *_, **__: 0),
    "was removed while committed": Sabotage(Bank, "trim", _clear_out),
    "still falling back": Sabotage(Fallback, "holds", lambda *_: True),
    "nothing is fresh": Sabotage(Fallback, "follow", lambda *_: None, 3, (Later(0.0, StudioFails(HOUR, "fails")),)),
    "is on": Sabotage(steering, "slot_at", _late),
    "heard while closed": Sabotage(Doorkeeper, "_look", lambda *_: None, 12),
    "overlap": Sabotage(Store, "end_airing", lambda *_: None),
}
"""What each is found out by."""
