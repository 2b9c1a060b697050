"""The name of a take follows from its brief, so the same order twice is the same take."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentfm.brief import Brief

_HASH_DIGITS = 10
_NAME = re.compile(rf".+-(\d{{6,}})-s\d+-a\d+-[0-9a-f]{{{_HASH_DIGITS}}}")


def section_number(brief: Brief) -> int:
    """Return how many sections of the station came before this brief's."""
    return brief.carry.section if brief.carry else 0


def take_id(brief: Brief) -> str:
    """Return a name such as ``day-000012-s42-a0-1f2e3d4c5b``; the last part is a hash of all that the brief says."""
    digest = hashlib.sha256(brief.model_dump_json().encode()).hexdigest()[:_HASH_DIGITS]
    return f"{brief.playlist.name}-{section_number(brief):06d}-s{brief.seed}-a{brief.attempt}-{digest}"


def named_section(name: str) -> int | None:
    """Return how many sections came before that of the take with a name that ``take_id`` gave, None for another."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None
