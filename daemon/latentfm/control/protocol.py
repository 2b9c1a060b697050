"""What goes over the control socket and in the body of a POST: one line of JSON each way.

A request is ``{"verb": "mood", "name": "night"}``; an answer has ``"ok"`` and either what was asked for or ``"error"``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from latentfm.errors import ControlError, LatentFMError

FILE: Final = "control.sock"
LONGEST: Final = 4096
"""Bytes of a request, the line's end included."""

Answer = dict[str, Any]
Verb = Literal["status", "skip", "pause", "resume", "mood"]

_log = structlog.get_logger()


class Request(BaseModel):
    """Something asked of the station; ``name`` is the playlist of ``mood``, or ``auto``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    verb: Verb
    name: str | None = Field(default=None, max_length=100)


def parse(line: bytes) -> Request:
    """Return the request of a line; raise ControlError, with what was expected, for anything else."""
    try:
        request = Request.model_validate_json(line)
    except (ValidationError, RecursionError) as error:
        raise ControlError(
            'expected one line of JSON such as {"verb": "skip"}; verbs: status, skip, pause, resume, '
            'mood with "name", a playlist or "auto"'
        ) from error
    if (request.verb == "mood") != (request.name is not None):
        raise ControlError('"mood" needs a "name", a playlist or "auto"; the other verbs take none')
    return request


def answer_to(line: bytes, do: Callable[[Request], Answer]) -> Answer:
    """Return the answer to a line, whatever it holds. Never raises."""
    try:
        if len(line) > LONGEST:
            raise ControlError(f"a request has at most {LONGEST} bytes")
        return {"ok": True, **do(parse(line))}
    except LatentFMError as error:
        return {"ok": False, "error": str(error)}
    except Exception:  # noqa: BLE001 - whatever a verb trips over, the station plays on and the caller is told
        _log.exception("control_fault", request=line[:200].decode(errors="replace"))
        return {"ok": False, "error": "the station could not do that; its log says why"}


def encode(answer: Mapping[str, Any]) -> bytes:
    """Return a request or an answer as a line."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def socket_folder(state: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return where a station's socket lies: systemd's runtime folder, else the state folder."""
    folder = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(folder) if folder else state


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """Give an address for the socket at a path of any length: the kernel takes 107 bytes.

    Raises:
        OSError: its folder is not there.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
