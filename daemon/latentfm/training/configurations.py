"""Magenta's configurations by name, those that are trained here and those that are imported, and bars."""

from __future__ import annotations

import difflib
from typing import Final

from latentfm.errors import ModelError
from latentfm.models import card
from latentfm.models.event_rnn.configurations import CONFIGURATIONS as RNNS
from latentfm.models.event_rnn.configurations import RnnConfiguration
from latentfm.models.gansynth.configurations import CONFIGURATIONS as GANSYNTHS
from latentfm.models.gansynth.configurations import GanSynthConfiguration
from latentfm.models.music_vae.configurations import CONFIGURATIONS as VAES
from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.models.nsynth.configurations import CONFIGURATIONS as NSYNTHS
from latentfm.models.nsynth.configurations import NSynthConfiguration

Configuration = RnnConfiguration | VaeConfiguration
CONFIGURATIONS: Final[dict[str, Configuration]] = {**RNNS, **VAES}
Importable = Configuration | NSynthConfiguration | GanSynthConfiguration
IMPORTABLE: Final[dict[str, Importable]] = {**CONFIGURATIONS, **NSYNTHS, **GANSYNTHS}
ANY_METRE: Final = card.ANY_METRE
_STEPS_PER_WHOLE: Final = 16
_DENOMINATORS: Final = ("1", "2", "4", "8", "16")
_LONGEST: Final = 32  # beats of a bar


def configuration(name: str) -> Configuration:
    """Return one of Magenta's configurations that are trained here.

    Raises:
        ModelError: there is none of that name here.
    """
    found = importable(name)
    if isinstance(found, NSynthConfiguration | GanSynthConfiguration):
        raise ModelError(f"Latent FM plays {name}, and has no training for it: fetch or import a checkpoint")
    return found


def importable(name: str) -> Importable:
    """Return one of Magenta's configurations.

    Raises:
        ModelError: there is none of that name here.
    """
    if name in IMPORTABLE:
        return IMPORTABLE[name]
    close = difflib.get_close_matches(name, IMPORTABLE, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it knows: {', '.join(IMPORTABLE)}"
    raise ModelError(f"Latent FM can't play the configuration {name!r}; {hint}")


def steps_of(metre: str) -> int:
    """Return the sixteenths in a bar.

    Raises:
        ModelError: it is no metre with such bars.
    """
    numerator, slash, denominator = metre.partition("/")
    if slash and numerator.isdigit() and denominator in _DENOMINATORS and 0 < int(numerator) <= _LONGEST:
        return _STEPS_PER_WHOLE * int(numerator) // int(denominator)
    raise ModelError(f"{metre!r} is no metre such as 4/4, 3/4 or 6/8")
