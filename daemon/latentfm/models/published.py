"""The checkpoints that Magenta has published, to be fetched on the user's command.

They lie on Google's storage under no stated licence: nothing of them ships here, and nothing fetched is to be passed
on. The table beside this module is what Magenta's READMEs offer.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from latentfm.errors import ModelError
from latentfm.models.event_rnn.configurations import CONFIGURATIONS as RNNS
from latentfm.models.folders import ships
from latentfm.models.gansynth.configurations import CONFIGURATIONS as GANSYNTHS
from latentfm.models.music_vae.configurations import CONFIGURATIONS as VAES
from latentfm.models.nsynth.configurations import CONFIGURATIONS as NSYNTHS

LICENCE = "unstated"
_TABLE = Path(__file__).with_name("published.tsv")


@dataclass(frozen=True)
class Published:
    """A published checkpoint: what it is, and where it lies."""

    name: str
    family: str
    config: str
    metre: str
    parameters: int  # 0 where this engine has no such network
    url: str
    description: str

    @property
    def playable(self) -> bool:
        """Whether this engine plays its configuration."""
        return any(self.config in known for known in (RNNS, VAES, NSYNTHS, GANSYNTHS))

    @property
    def local_name(self) -> str:
        """Its name once it is here; that of a model that ships is never taken."""
        return f"{self.name}_magenta" if ships(self.name) else self.name

    @property
    def file(self) -> str:
        """The name of its file."""
        return PurePosixPath(urlsplit(self.url).path).name


@cache
def published() -> tuple[Published, ...]:
    """Return the table."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(
        Published(name, family, config, metre, int(parameters), url, description)
        for name, family, config, metre, parameters, url, description in rows
    )


def find_published(name: str) -> Published:
    """Return the checkpoint of a name, its own or the one that it has here.

    Raises:
        ModelError: Magenta has published none of that name.
    """
    table = {one.local_name: one for one in published()} | {one.name: one for one in published()}
    if name in table:
        return table[name]
    close = difflib.get_close_matches(name, table, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "`latentfm models list` shows them"
    raise ModelError(f"Magenta has published no model called {name!r}; {hint}")
