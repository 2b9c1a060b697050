"""What the scripts that listen to a station share: free ports, a real Icecast, and listeners that note titles."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

PASSWORD = "loopback"  # noqa: S105 - of a server that lives for minutes, on loopback
MOUNT = "latentfm.mp3"


def free_port() -> int:
    """Return a free port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_icecast(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a real Icecast; as root it changes to an unprivileged user, as it asks for."""
    owner = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>" if os.geteuid() == 0 else ""
    web = "/usr/share/icecast2"
    (folder / "icecast.xml").write_text(
        f"<icecast><hostname>localhost</hostname><limits><sources>4</sources></limits><authentication>"
        f"<source-password>{PASSWORD}</source-password><admin-password>{PASSWORD}</admin-password>"
        f"<admin-user>admin</admin-user></authentication><listen-socket><port>{port}</port>"
        f"<bind-address>127.0.0.1</bind-address></listen-socket><paths><logdir>{folder}</logdir><webroot>{web}/web"
        f"</webroot><adminroot>{web}/admin</adminroot></paths><security><chroot>0</chroot>{owner}</security></icecast>",
        encoding="utf-8",
    )
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    program = shutil.which("icecast2") or "/usr/bin/icecast2"
    return subprocess.Popen(
        [program, "-c", str(folder / "icecast.xml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def mount_title(port: int) -> str:
    """Return the title of the mount, or why there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/status-json.xsl", timeout=3) as answer:
            source = json.load(answer)["icestats"].get("source")
    except OSError as fault:
        return f"(server away: {type(fault).__name__})"
    return str(source.get("title", "(no title)")) if source else "(no mount)"


def read_titles(url: str, titles: list[tuple[float, str]], stop: threading.Event) -> None:
    """Read a stream with ICY titles, as a player does, and note when they change, in seconds since 1970.

    Where the stream is not there, or breaks off, it is asked for again each second until ``stop`` is set.
    """
    request = urllib.request.Request(url, headers={"Icy-MetaData": "1"})
    while not stop.is_set():
        with contextlib.suppress(OSError, IndexError), urllib.request.urlopen(request, timeout=30) as stream:
            interval = int(stream.headers["icy-metaint"])
            while not stop.is_set():
                stream.read(interval)
                text = stream.read(16 * stream.read(1)[0]).rstrip(b"\0").decode("utf-8", "replace")
                match = re.search(r"StreamTitle='(.*?)';", text)
                if match and (not titles or titles[-1][1] != match[1]):
                    titles.append((time.time(), match[1]))
        stop.wait(1.0)


def write_password(folder: Path) -> Path:
    """Write the password to a file of its own, as a station wants it, and return its path."""
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    secret.chmod(0o600)
    return secret
