"""What the listener has heard already: fingerprints of motifs, found again quickly among hundreds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from latentfm.music.melody import VARIED_SHARE


class Memory:
    """Fingerprints by the onset-and-interval pairs that they hold."""

    def __init__(self, fingerprints: Iterable[str] = ()) -> None:
        self._sizes: list[int] = []
        self._places: dict[str, list[int]] = {}
        for fingerprint in fingerprints:
            self.add(fingerprint)

    def add(self, fingerprint: str) -> None:
        """Remember a motif."""
        pairs = fingerprint.split()
        for pair in pairs:
            self._places.setdefault(pair, []).append(len(self._sizes))
        self._sizes.append(len(pairs))

    def knows(self, fingerprint: str) -> bool:
        """Say whether a motif, or one it is a variation of, is remembered: as ``melody.alike``, for all at once."""
        pairs = fingerprint.split()
        shared = Counter(place for pair in pairs for place in self._places.get(pair, ()))
        return any(count / max(len(pairs), self._sizes[place]) >= VARIED_SHARE for place, count in shared.items())
