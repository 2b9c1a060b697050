"""Whether each Icecast would let the station in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from latentfm.broadcast.connection import RefusedError
from latentfm.broadcast.encoders import find_format
from latentfm.broadcast.icecast_wire import Target, probe
from latentfm.broadcast.secret import read_secret
from latentfm.config import Config
from latentfm.doctor.finding import Finding
from latentfm.errors import OutputError
from latentfm.outputs_config import IcecastOutput

_TIMEOUT = 10.0  # seconds
_NAME = "icecast"


def look_at_icecast(config: Config) -> Iterator[Finding]:
    """Yield how each Icecast answers to the configured user and password."""
    mounts = [output for output in config.outputs if isinstance(output, IcecastOutput)]
    yield from map(_look, mounts)
    if not mounts:
        yield Finding(check=_NAME, state="ok", text="no output goes to one")


def _look(output: IcecastOutput) -> Finding:
    try:
        target = Target(output.url, partial(read_secret, output.password_file), output.user, name="latentfm doctor")
        free = probe(target, find_format(output.format).content_type, output.bitrate, _TIMEOUT)
    except RefusedError as error:
        return _failed(output, str(error), "")
    except OutputError as error:
        return _failed(output, str(error), "look at `url` and `password_file` of this output")
    except OSError as error:
        remedy = "start the server, or correct `url`; the station goes on trying, and its other outputs go on"
        return _failed(output, f"can't be reached: {error}", remedy)
    if free:
        return Finding(check=_NAME, state="ok", text=f"{output.url}: lets {output.user!r} in")
    text = f"{output.url}: knows {output.user!r}; a source is on the mount, which the station may be itself"
    return Finding(check=_NAME, state="ok", text=text)


def _failed(output: IcecastOutput, text: str, remedy: str) -> Finding:
    return Finding(check=_NAME, state="failed", text=f"{output.url}: {text}", remedy=remedy)
