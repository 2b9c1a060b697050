"""A real Icecast for a test, on loopback, and waiting for what it does."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from waiting import wait_until


class Icecast:
    """A real Icecast on loopback, with its configuration in a folder of its own."""

    def __init__(self, folder: Path, binary: str, port: int, tls_port: int | None = None) -> None:
        self.folder, self.binary, self.port, self.tls_port = folder, binary, port, tls_port
        self.password = "hack me not"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the mount's address."""
        return f"http://127.0.0.1:{self.port}/latentfm.mp3"

    def start(self, certificate: Path | None = None) -> None:
        """Start it and wait until it answers."""
        account = pwd.getpwnam("nobody")
        as_root = os.geteuid() == 0
        local = "<bind-address>127.0.0.1</bind-address>"
        tls = f"<listen-socket><port>{self.tls_port}</port>{local}<ssl>1</ssl></listen-socket>"
        owner = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>" if as_root else ""
        config = self.folder / "icecast.xml"
        config.write_text(
            f"""<icecast>
            <limits><clients>20</clients><sources>3</sources><source-timeout>10</source-timeout></limits>
            <authentication><source-password>{self.password}</source-password>
            <admin-user>admin</admin-user><admin-password>admin</admin-password></authentication>
            <hostname>localhost</hostname><location>here</location><admin>nobody@localhost</admin>
            <listen-socket><port>{self.port}</port>{local}</listen-socket>
            {tls if certificate else ""}
            <fileserve>0</fileserve>
            <paths><basedir>/usr/share/icecast2</basedir><logdir>{self.folder}</logdir>
            <webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot>
            {f"<ssl-certificate>{certificate}</ssl-certificate>" if certificate else ""}</paths>
            <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>
            <security><chroot>0</chroot>{owner}</security></icecast>"""
        )
        if as_root:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
        self._process = subprocess.Popen(
            [self.binary, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, 10, f"Icecast did not start; see {self.folder}/error.log")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Kill it, if it runs; its own way out takes two seconds."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Stop it from running without closing anything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def mount(self) -> dict[str, Any]:
        """Return what the server says of its one mount, nothing while there is none."""
        try:
            source: dict[str, Any] = json.loads(self.status(), strict=False)["icestats"]["source"]
        except (OSError, json.JSONDecodeError, KeyError, TypeError):  # busy, or without a source: then it is no JSON
            return {}
        return source

    def status(self) -> str:
        """Return the server's own status document."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status-json.xsl", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def let_in(folder: Path) -> None:
    """Let the server, which runs as nobody, get to its folder."""
    for parent in (folder, *folder.parents):
        if parent.owner() != pwd.getpwuid(os.geteuid()).pw_name or parent == Path("/tmp"):  # noqa: S108 - not written
            break
        parent.chmod(parent.stat().st_mode | 0o011)


@contextlib.contextmanager
def source(ffmpeg: str, server: Icecast, audio: str) -> Iterator[subprocess.Popen[bytes]]:
    """Let ffmpeg send ``audio``, a filter graph without inputs, to the server's mount as MP3 at 48 kHz.

    Args:
        ffmpeg: the program.
        server: where it goes; it must run.
        audio: such as ``sine=frequency=440:sample_rate=48000``.
    """
    address = f"icecast://source:{quote(server.password)}@127.0.0.1:{server.port}/latentfm.mp3"
    encode = ["-ac", "2", "-ar", "48000", "-c:a", "libmp3lame", "-b:a", "192k", "-content_type", "audio/mpeg"]
    command = [ffmpeg, "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", audio, *encode, "-f", "mp3", address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()
