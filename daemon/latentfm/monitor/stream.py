"""A listener's connection: HTTP, with titles if the server has any."""

from __future__ import annotations

import contextlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Generator
from http.client import HTTPResponse
from urllib.parse import urlsplit

from latentfm.errors import MonitorError
from latentfm.monitor.icy import Splitter

TIMEOUT = 10.0  # seconds without a byte, after which a listener hears nothing any more
_CHUNK = 16_384  # bytes
_TYPES = {"audio/mpeg", "audio/mp3", "application/octet-stream"}


def check_url(url: str) -> None:
    """Raise MonitorError where this is no address of a stream."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise MonitorError(f"{url}: expected a stream's address, such as http://localhost:8010/stream.mp3")


def open_stream(url: str, timeout: float = TIMEOUT) -> HTTPResponse:
    """Connect as a player does.

    Raises:
        MonitorError: it can't be reached, is refused, or is no MP3; the message says which.
    """
    check_url(url)
    request = urllib.request.Request(url, headers={"Icy-MetaData": "1", "User-Agent": "latentfm-monitor"})  # noqa: S310
    try:
        answer: HTTPResponse = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310 - HTTP, as was checked
    except urllib.error.HTTPError as error:
        error.close()
        raise MonitorError(f"the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise MonitorError(f"no connection: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise MonitorError(f"no connection: {str(error) or type(error).__name__}") from error
    kind = answer.headers.get_content_type()
    if kind not in _TYPES:
        answer.close()
        raise MonitorError(f"this is {kind}; only MP3 can be listened to")
    return answer


def pieces(answer: HTTPResponse) -> Generator[tuple[bytes, list[str]], None, None]:
    """Yield audio and titles as they come, until the reader stops.

    Raises:
        MonitorError: the connection is lost, or gives nothing.
    """
    interval = answer.headers.get("icy-metaint", "")
    splitter = Splitter(int(interval) if interval.isdigit() and int(interval) > 0 else None)
    with contextlib.closing(answer):
        while True:
            try:
                data = answer.read1(_CHUNK)
            except TimeoutError as error:
                raise MonitorError("the connection stands, and gives nothing") from error
            except (OSError, http.client.HTTPException) as error:
                raise MonitorError(f"the connection was lost: {str(error) or type(error).__name__}") from error
            if not data:
                raise MonitorError("the server ended the stream")
            yield splitter.push(data)
