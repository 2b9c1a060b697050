"""note-seq without its notebook tools.

Importing the package as a whole loads IPython, bokeh, pandas and librosa: 87 MB and over a second that the
studio of a small box has better uses for. The modules named here are loaded without that; whoever imports
`note_seq` itself, before or after, gets all of it as usual.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import Any

PACKAGE = "note_seq"


@contextmanager
def _bare_package() -> Iterator[None]:
    """Let modules of the package be imported while its ``__init__`` is left out."""
    if PACKAGE in sys.modules:
        yield
        return
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(f"the package {PACKAGE} is not installed: run `make setup`")
    package = ModuleType(PACKAGE)
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[PACKAGE] = package
    try:
        yield
    finally:
        del sys.modules[PACKAGE]


# pretty_midi imports pyfluidsynth, which prints where its library lies when CI is in the environment.
with _bare_package(), redirect_stdout(io.StringIO()):
    from note_seq import constants, midi_io
    from note_seq.protobuf.music_pb2 import NoteSequence

__all__ = ["NoteSequence", "constants", "midi_io", "part"]


def part(name: str) -> Any:
    """Return a module of note-seq by its name, such as ``melodies_lib``, loaded without the notebook tools too."""
    with _bare_package():
        return importlib.import_module(f"{PACKAGE}.{name}")
