"""Asking a station that runs on this machine."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latentfm.control.protocol import FILE, Answer, encode, short_address, socket_folder
from latentfm.errors import ControlError

SERVICE = Path("/run/latentfm")
"""Where the service that ``make install`` puts in place has its socket."""

TIMEOUT = 10.0  # seconds
_LONGEST_ANSWER = 1 << 20


def ask(
    state: Path, request: Mapping[str, Any], *, environ: Mapping[str, str] = os.environ, timeout: float = TIMEOUT
) -> Answer:
    """Ask the station that runs on a state folder, else the one that runs as a service; return what it answers.

    Raises:
        ControlError: no station runs here, it does not answer, or it can't do what was asked.
    """
    paths = [folder / FILE for folder in dict.fromkeys((socket_folder(state, environ), state, SERVICE))]
    connected = _connect(paths, timeout)
    try:
        with connected:
            connected.sendall(encode(request))
            connected.shutdown(socket.SHUT_WR)
            text = b""
            while len(text) < _LONGEST_ANSWER and (came := connected.recv(65_536)):
                text += came
        answer: Answer = json.loads(text)
    except (OSError, ValueError) as error:
        raise ControlError(f"the station does not answer: {error}; its log may say why") from error
    if not answer.pop("ok", False):
        raise ControlError(str(answer.get("error", "the station gave no reason")))
    return answer


def _connect(paths: Sequence[Path], timeout: float) -> socket.socket:
    """Return a connection to the first socket that has a station behind it."""
    for path in paths:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(timeout)
        try:
            with short_address(path) as address:
                client.connect(address)
        except PermissionError as error:
            client.close()
            raise ControlError(f"{path} belongs to another user: ask as that one, or as root") from error
        except OSError:
            client.close()
            continue
        return client
    looked = ", ".join(str(path) for path in paths)
    raise ControlError(f"no station runs here (looked at {looked}); start one with: latentfm run")
