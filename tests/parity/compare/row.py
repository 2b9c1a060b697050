"""A row of the parity table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure of one configuration beside Magenta's: ``value`` is good up to ``bound``."""

    configuration: str
    figure: str
    value: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the value lies within its bound; what is no number does not."""
        return self.value <= self.bound
