"""All of Magenta's configurations by name, and the bars that they are read in."""

from __future__ import annotations

import difflib
from typing import Final

from latentfm.errors import ModelError
from latentfm.models import card
from latentfm.models.event_rnn.configurations import CONFIGURATIONS as RNNS
from latentfm.models.event_rnn.configurations import RnnConfiguration
from latentfm.models.music_vae.configurations import CONFIGURATIONS as VAES
from latentfm.models.music_vae.configurations import VaeConfiguration

Configuration = RnnConfiguration | VaeConfiguration
CONFIGURATIONS: Final[dict[str, Configuration]] = {**RNNS, **VAES}
ANY_METRE: Final = card.ANY_METRE
_STEPS_PER_WHOLE: Final = 16
_DENOMINATORS: Final = ("1", "2", "4", "8", "16")
_LONGEST: Final = 32  # beats of a bar


def configuration(name: str) -> Configuration:
    """Return one of Magenta's configurations.

    Raises:
        ModelError: there is none of that name here.
    """
    if name in CONFIGURATIONS:
        return CONFIGURATIONS[name]
    close = difflib.get_close_matches(name, CONFIGURATIONS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it knows: {', '.join(CONFIGURATIONS)}"
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
