"""Times as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time

from latentfm.errors import HistoryError

_OF_TODAY = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?")


def parse(text: str, now: float) -> float:
    """Return a time in seconds since 1970.

    Args:
        text: ISO 8601, with an offset or in the local time zone, or ``HH:MM``, ``HH:MM:SS`` of today.
        now: what time it is, in seconds since 1970.

    Raises:
        HistoryError: it is no time.
    """
    text = text.strip()
    try:
        if _OF_TODAY.fullmatch(text):
            at = time.fromisoformat(text if text[2] == ":" else f"0{text}")
            return datetime.combine(datetime.fromtimestamp(now, UTC).astimezone().date(), at).timestamp()
        return datetime.fromisoformat(text).timestamp()  # one without an offset counts as local
    except (ValueError, OverflowError, OSError) as error:
        raise HistoryError(
            f"'{text}' is no time: expected one such as 21:30, 21:30:15, 2027-05-01T21:30:15 or "
            f"2027-05-01T21:30:15+02:00"
        ) from error
