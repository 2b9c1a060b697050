"""What Icecast's HTTP looks like on the wire: a PUT that never ends, and titles beside it.

Icecast 2.4 takes a source by PUT and answers an ``Expect: 100-continue`` with 100 or 200 once the source is let in.
Titles of MP3 mounts go to ``/admin/metadata?mode=updinfo``.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from latentfm.broadcast.connection import RefusedError
from latentfm.broadcast.secret import Secret
from latentfm.errors import OutputError

TIMEOUT = 10.0  # seconds for a connect, an answer, or for a chunk to be taken
_SEND_BUFFER = 65_536  # bytes: small, so that a server that stalls is noticed in seconds
_LONGEST_ANSWER = 16_384  # bytes of an answer's head
_PORTS = {"http": 80, "https": 443}
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 401, 403, 404, 409
_LET_IN = (100, 200)
_HEAD_END = b"\r\n\r\n"
_MOMENT = 1.0  # seconds for the rest of a refusal
_LONGEST_REASON = 200  # characters
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_STATUS_LINE = re.compile(rb"^(?:HTTP/\d\.\d|ICY) (\d{3}) ?([^\r\n]*)")


class BusyError(RefusedError):
    """User and password are right, and another source is on the mount."""


@dataclass(frozen=True, slots=True)
class Target:
    """An Icecast mount.

    ``password`` is called at each connect, so a password that was corrected is taken up.
    """

    url: str
    password: Callable[[], Secret]
    user: str = "source"
    name: str = "Latent FM"
    description: str = ""
    genre: str = "generative"
    public: bool = False
    ca_file: Path | None = None  # a certificate to trust besides those of the system
    host: str = field(init=False)
    port: int = field(init=False)
    mount: str = field(init=False)
    tls: bool = field(init=False)

    def __post_init__(self) -> None:
        """Take the URL apart; raise OutputError if it is none of a mount."""
        parts = urlsplit(self.url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        sound = parts.scheme in _PORTS and parts.hostname and len(parts.path) > 1 and port != -1
        if not sound or parts.username or parts.password or re.search(r"[\x00-\x20\x7f]", self.url):
            raise OutputError("an Icecast url looks like http://host:8000/mount.mp3, with no user or password in it")
        object.__setattr__(self, "host", parts.hostname)
        object.__setattr__(self, "port", port or _PORTS[parts.scheme])
        object.__setattr__(self, "mount", parts.path)
        object.__setattr__(self, "tls", parts.scheme == "https")

    def authorization(self) -> str:
        """Return the value of the header that lets the source in; it holds the password."""
        pair = f"{self.user}:{self.password().reveal()}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")

    def context(self) -> ssl.SSLContext:
        """Return what a TLS connection is checked with."""
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        return context


def open_source(target: Target, content_type: str, kbits: int, timeout: float = TIMEOUT) -> socket.socket:
    """Connect to the server and return a socket that takes the stream.

    Raises RefusedError if the server says no, OutputError or OSError if it can't be reached or makes no sense.
    """
    authorization = target.authorization()
    plain = socket.create_connection((target.host, target.port), timeout)
    try:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock = target.context().wrap_socket(plain, server_hostname=target.host) if target.tls else plain
    except BaseException:
        plain.close()
        raise
    try:
        sock.settimeout(timeout)
        sock.sendall(_head(target, authorization, content_type, kbits))
        check_answer(_read_answer(sock))
        sock.settimeout(timeout)
    except BaseException:
        sock.close()
        raise
    return sock


def probe(target: Target, content_type: str, kbits: int, timeout: float = TIMEOUT) -> bool:
    """Try whether a source would be let in, and leave; return False if the mount has one already, which stays.

    Icecast looks at the password first and then at the mount, and never lets a second source take one over. Where the
    mount is free it exists for a moment, without a byte.

    Raises RefusedError if the server says no, OutputError or OSError if it can't be reached or makes no sense.
    """
    try:
        open_source(target, content_type, kbits, timeout).close()
    except BusyError:
        return False
    return True


def check_answer(answer: bytes) -> None:
    """Return if an answer lets the source in; raise RefusedError saying what to do, or OutputError."""
    match = _STATUS_LINE.match(answer)
    if match is None:
        raise OutputError("what answers there is no Icecast server")
    status = int(match[1])
    reason = (_said(answer) or match[2].decode("latin-1")).strip()
    if status == _UNAUTHORIZED:
        raise RefusedError("the server refuses user or password (401): correct `user` or `password_file`")
    if status == _CONFLICT or (status == _FORBIDDEN and "in use" in reason.lower()):  # Icecast 2.5, and up to 2.4
        raise BusyError(f"the server refuses the mount ({status} {reason}): another source is on it")
    if status == _NOT_FOUND:
        raise RefusedError("the server knows no such mount (404): correct `url`; it may not be Icecast that answers")
    if status == _FORBIDDEN:
        raise RefusedError(
            f"the server refuses the mount (403 {reason}): it may have no room for one more source, or not allow "
            "this mount or format"
        )
    if status not in _LET_IN:
        raise OutputError(f"the server answers {status} {reason}")


def spoken(sock: socket.socket) -> bytes | None:
    """Return what the server said meanwhile, without waiting; None if it closed the connection."""
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        return sock.recv(_LONGEST_ANSWER) or None
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return b""
    finally:
        sock.settimeout(timeout)


def send_title(target: Target, title: str, timeout: float = TIMEOUT) -> None:
    """Tell the server the title of what is heard; raise OutputError or OSError if it does not take it."""
    query = urlencode({"mode": "updinfo", "mount": target.mount, "song": title, "charset": "UTF-8"})
    connection: http.client.HTTPConnection
    if target.tls:
        context = target.context()
        connection = http.client.HTTPSConnection(target.host, target.port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=timeout)
    try:
        headers = {"Authorization": target.authorization(), "User-Agent": "latentfm"}
        connection.request("GET", f"/admin/metadata?{query}", headers=headers)
        response = connection.getresponse()
        response.read(_LONGEST_ANSWER)
        if response.status != http.client.OK:
            raise OutputError(f"the server does not take a title: {response.status} {response.reason}")
    except http.client.HTTPException as error:
        raise OutputError(f"the server does not take a title: {type(error).__name__}") from error
    finally:
        connection.close()


def _head(target: Target, authorization: str, content_type: str, kbits: int) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    fields = {
        "Host": f"{host}:{target.port}",
        "Authorization": authorization,
        "User-Agent": "latentfm",
        "Content-Type": content_type,
        "Ice-Name": target.name,
        "Ice-Description": target.description,
        "Ice-Genre": target.genre,
        "Ice-Public": "1" if target.public else "0",
        "Ice-Bitrate": str(kbits),
        "Ice-Audio-Info": f"ice-samplerate=48000;ice-bitrate={kbits};ice-channels=2",
        "Expect": "100-continue",
    }
    lines = [f"PUT {target.mount} HTTP/1.1"]
    lines += [f"{name}: {_CONTROL.sub(' ', value)}" for name, value in fields.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _said(answer: bytes) -> str:
    """Return what Icecast says below the head of a refusal, in plain text: it has the reason, the status line not."""
    words = answer.partition(_HEAD_END)[2].decode("latin-1").strip()
    return _CONTROL.sub(" ", words[:_LONGEST_REASON]) if not words.startswith("<") else ""


def _read_answer(sock: socket.socket) -> bytes:
    """Return the head of an answer; of one that lets nobody in, all of it, as far as it comes within a moment."""
    answer = b""
    with contextlib.suppress(TimeoutError):
        while not _whole(answer) and len(answer) <= _LONGEST_ANSWER:
            more = sock.recv(4096)
            if not more:
                break
            answer += more
            if _HEAD_END in answer:
                sock.settimeout(_MOMENT)
    if not answer:
        raise OutputError("the server gave no answer")
    return answer


def _whole(answer: bytes) -> bool:
    """Return whether nothing more is to be read of an answer: where the head lets a source in, the rest is its own."""
    match = _STATUS_LINE.match(answer)
    return _HEAD_END in answer and (match is None or int(match[1]) in _LET_IN)
