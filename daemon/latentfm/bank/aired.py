"""What has aired, remembered in one small file of the state folder."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import structlog

from latentfm.bank.files import replace_file

_REMEMBERED = 2_000  # at most: twice what a bank may hold. The file is written anew with each airing

log = structlog.get_logger()


class Aired:
    """Which takes have aired, in the order of their last airing; outlives a restart."""

    def __init__(self, path: Path) -> None:
        """Read ``path``; a missing or damaged file means that nothing has aired."""
        self._path = path
        self._lock = threading.Lock()
        self._failing = False
        self._order: dict[str, None] = {}
        try:
            self._order = dict.fromkeys(str(item) for item in json.loads(path.read_bytes())["aired"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("aired_forgotten", path=str(path), reason=str(error))

    def mark(self, take_id: str) -> None:
        """Remember that a take airs now; a disk that can't be written is logged once and costs nothing else."""
        with self._lock:
            self._order.pop(take_id, None)
            self._order[take_id] = None
            while len(self._order) > _REMEMBERED:
                del self._order[next(iter(self._order))]
            document = json.dumps({"aired": list(self._order)}).encode()
            try:
                replace_file(self._path, document)
            except OSError as error:
                if not self._failing:
                    log.warning("aired_unsaved", path=str(self._path), reason=str(error))
                self._failing = True
            else:
                self._failing = False

    def ranks(self) -> dict[str, int]:
        """Return each aired take's place; the lowest aired longest ago."""
        with self._lock:
            return {take_id: place for place, take_id in enumerate(self._order)}

    def __contains__(self, take_id: object) -> bool:
        """Return whether a take has aired."""
        return take_id in self._order
