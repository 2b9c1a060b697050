"""Fetch a published checkpoint: with resume, and with its checksum pinned on first use.

A download that was cut off stays as ``<file>.part`` and is gone on with, provided that the server says by an ETag or
a date that its file is still the same one. A server that knows no ranges, or whose file has changed, sends all of it
anew. The SHA-256 of the first download that proved good is recorded, and what is fetched later must have it.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from latentfm import __version__
from latentfm.errors import ModelError, reason
from latentfm.models.playable import file_sha256

Progress = Callable[[int, int | None], object]  # bytes that are here, and bytes in all where the server says
_TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 1 << 17
_PINS = "checksums.json"
_FETCHING = ".fetching"


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched, and whether one of that name was before: its checksum is the same then."""

    name: str
    path: Path
    url: str
    sha256: str
    known: bool


def fetch(
    name: str, url: str, folder: Path, progress: Progress = lambda _have, _total: None, *, suffix: str | None = None
) -> Fetched:
    """Fetch a file, going on from where an earlier try ended.

    Args:
        name: what its checksum is recorded under.
        url: an http or https address.
        folder: the user's models; the file goes into a hidden folder in it, and stays there until it is `discard`-ed.
        progress: told how much is here.
        suffix: what the file's name ends in, where the address does not say it.

    Raises:
        ModelError: the server can't be reached or does not send it, the disk is full, or what came is not what was
            fetched before. What was there stays.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ModelError(f"{url} is no address that can be fetched: expected http:// or https://")
    place = folder / _FETCHING
    with _locked(place):
        file = place / f"{name}{Path(parts.path).suffix if suffix is None else suffix}"
        if not file.exists():
            _download(url, file, progress)
        sha256 = file_sha256(file)
        pin = _read_pins(folder / _PINS).get(name)
        if pin is not None and pin["sha256"] != sha256:
            size = file.stat().st_size
            file.unlink()
            raise ModelError(
                f"what {url} sends is not what was fetched as {name!r} on {pin['fetched']}:\n"
                f"  SHA-256 {sha256}, {size} bytes; before: {pin['sha256']}, {pin['bytes']} bytes.\n"
                f"It was thrown away. If you trust the new file, remove {name!r} from {folder / _PINS} and fetch again."
            )
    return Fetched(name, file, url, sha256, pin is not None)


def record(fetched: Fetched, folder: Path) -> None:
    """Record the checksum of a file that proved to be what it was fetched for, unless one is recorded.

    Raises:
        ModelError: it can't be written, or the recorded ones can't be read.
    """
    pins = _read_pins(folder / _PINS)
    size, today = fetched.path.stat().st_size, datetime.now(UTC).date().isoformat()
    pins.setdefault(fetched.name, {"url": fetched.url, "sha256": fetched.sha256, "bytes": size, "fetched": today})
    _write(folder / _PINS, json.dumps(pins, indent=1, sort_keys=True) + "\n")


def discard(fetched: Fetched) -> None:
    """Remove a fetched file that is of no use any more, and its folder if nothing else is in it."""
    fetched.path.unlink(missing_ok=True)
    place = fetched.path.parent
    if {path.name for path in place.iterdir()} <= {"lock"}:
        shutil.rmtree(place)


def _read_pins(path: Path) -> dict[str, dict[str, Any]]:
    try:
        pins: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        if all({"sha256", "bytes", "fetched"} <= set(pin) for pin in pins.values()):
            return pins
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as fault:
        raise ModelError(f"the recorded checksums in {path} can't be read: {fault}") from fault
    raise ModelError(f"the recorded checksums in {path} are damaged; correct or remove the file")


@dataclass(frozen=True)
class _Source:
    """What a partial download is of: the address, and by what the server knows its file."""

    url: str
    etag: str = ""
    modified: str = ""

    @property
    def validator(self) -> str:
        """What a range may be asked for with; a weak ETag does not promise the same bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    @classmethod
    def of(cls, url: str, headers: Mapping[str, str]) -> _Source:
        return cls(url, headers.get("ETag", ""), headers.get("Last-Modified", ""))


def _download(url: str, file: Path, progress: Progress) -> None:
    """Fetch ``file``, under a name that ends in ``.part`` until it is whole."""
    part, noted = file.with_name(f"{file.name}.part"), file.with_name(f"{file.name}.json")
    have = part.stat().st_size if part.exists() else 0
    known = _noted(noted)
    resumes = have > 0 and known is not None and known.url == url and known.validator != ""
    wanted = {"Range": f"bytes={have}-", "If-Range": known.validator} if resumes and known else {}
    with _opened(url, wanted) as response:
        if response.status == http.client.PARTIAL_CONTENT:
            if not known or not _goes_on(response, have, known):
                part.unlink()
                _download(url, file, progress)
                return
            rest = _length(response)
            total = None if rest is None else have + rest
        elif response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and wanted:
            part.unlink()  # it has all of it or too much; which, only another download tells
            _download(url, file, progress)
            return
        else:
            have, total = 0, _length(response)
            part.unlink(missing_ok=True)
            _write(noted, json.dumps(vars(_Source.of(url, response.headers))))
        _receive(response, part, have, total, progress)
    part.replace(file)
    noted.unlink(missing_ok=True)


def _goes_on(response: Any, have: int, known: _Source) -> bool:
    """Say whether what is sent is the rest of what is here."""
    sent = response.headers.get("Content-Range", "")
    etag = response.headers.get("ETag", "")
    return sent.startswith(f"bytes {have}-") and (not etag or not known.etag or etag == known.etag)


def _length(response: Any) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _receive(response: Any, part: Path, have: int, total: int | None, progress: Progress) -> None:
    _check_space(part.parent, (total or 0) - have)
    with _writing(part) as file:
        progress(have, total)
        while chunk := _read(response):
            with _disk(part):
                file.write(chunk)
            have += len(chunk)
            progress(have, total)
        with _disk(part):
            file.flush()
            os.fsync(file.fileno())
    if total is not None and have != total:
        raise ModelError(
            f"the connection to {urlsplit(response.url).hostname} ended after {have} of {total} bytes; "
            "fetch again to go on from there"
        )


def _read(response: Any) -> bytes:
    try:
        chunk: bytes = response.read(_CHUNK)
    except http.client.IncompleteRead as fault:
        return fault.partial
    except (OSError, http.client.HTTPException) as fault:
        host = urlsplit(response.url).hostname
        raise ModelError(f"the connection to {host} broke off: {_reason(fault)}; fetch again to go on") from fault
    return chunk


@contextmanager
def _opened(url: str, wanted: Mapping[str, str]) -> Iterator[Any]:
    agent = {"User-Agent": f"latentfm/{__version__}", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**agent, **wanted})  # noqa: S310 - http(s), checked by `fetch`
    host = urlsplit(url).hostname
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as fault:
        if fault.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not wanted:
            fault.close()
            raise ModelError(f"{host} does not send {url}: {fault.code} {fault.reason}") from fault
        response = fault
    except (OSError, http.client.HTTPException) as fault:
        raise ModelError(
            f"{host} can't be reached: {_reason(fault)}. Is there a network? On another machine, fetch {url} and bring "
            "the file here: latentfm models import FILE"
        ) from fault
    with response:
        yield response


def _reason(fault: Exception) -> str:
    reason = getattr(fault, "reason", fault)
    return getattr(reason, "strerror", None) or str(reason) or type(fault).__name__


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    with _disk(place):
        place.mkdir(parents=True, exist_ok=True)
        file = (place / "lock").open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise ModelError(f"another fetch is going on in {place.parent}; wait for it") from fault
        yield


@contextmanager
def _writing(part: Path) -> Iterator[Any]:
    with _disk(part):
        file = part.open("ab", buffering=0)
    with file:
        yield file


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise ModelError(f"{path} can't be written: {reason(fault)}; what was there stays") from fault


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ModelError(f"{folder} has {free >> 20} MiB free, and {needed >> 20} MiB are to be fetched")


def _noted(path: Path) -> _Source | None:
    try:
        return _Source(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.new")
    with _disk(path):
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
