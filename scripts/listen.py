"""Listen to a running station in real time: `make listen`. Writes what was heard to docs/listening.md.

A station with an empty bank and a real Icecast start on loopback. ffmpeg records the built-in stream, another client
reads its ICY titles, and the Icecast is stopped for a while and started again. Needs what `make test` installs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from onair import MOUNT, free_port, mount_title, read_titles, start_icecast, write_password

WARM_UP = 45.0  # seconds that the studio gets to make its first takes before the recording
OUTAGE = 20.0  # seconds that the Icecast is away
SILENCE_DB, SILENCE_SECONDS = -50, 0.5
TARGET, TOLERANCE = -16.0, 4.0  # LUFS, LU
SEAMS = 2  # that a recording must span


@dataclass
class Heard:
    """What listeners noticed."""

    titles: list[tuple[float, str]] = field(default_factory=list)  # when, in seconds since 1970, title
    mount: list[str] = field(default_factory=list)


def judge(recording: Path) -> tuple[list[float], list[str]]:
    """Return the loudness of each half-minute in LUFS, and ffmpeg's silences."""
    import soundfile

    from latentfm.audio.loudness import integrated

    pcm, rate = soundfile.read(recording, dtype="float32", always_2d=True)
    part = 30 * rate
    levels = [integrated(pcm[start : start + part]) for start in range(0, len(pcm) - part + 1, part)]
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(recording), "-f", "null", "-"]
    command[5:5] = ["-af", f"silencedetect=noise={SILENCE_DB}dB:d={SILENCE_SECONDS}"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    silences = re.findall(r"silence_start: ([\d.]+)", log)
    return levels, silences


def main() -> int:
    """Listen, judge and report; return 1 where something was heard that should not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--report", type=Path, default=Path("docs/listening.md"))
    parser.add_argument("--keep", type=Path, help="keep the recording here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        icecast_folder, state = folder / "icecast", folder / "state"
        icecast_folder.mkdir()
        folder.chmod(0o755)
        web, cast = free_port(), free_port()
        mount = f"http://127.0.0.1:{cast}/{MOUNT}"
        outputs = f'[{{ type = "icecast", url = "{mount}", password_file = "{write_password(folder)}" }}]'
        environ = os.environ | {
            "LATENTFM_WEB__PORT": str(web),
            "LATENTFM_PROGRAMME__ENTRIES": "[]",  # whatever the hour: day, whose loudness is known
            "LATENTFM_STATION__STATE_DIR": str(state),
            "LATENTFM_OUTPUTS": outputs,
        }
        icecast = start_icecast(icecast_folder, cast)
        log = folder / "station.log"
        with log.open("wb") as stderr:
            station = subprocess.Popen([sys.executable, "-m", "latentfm", "run"], env=environ, stderr=stderr)
        try:
            failed = listen(options, folder, (web, cast), icecast)
        finally:
            station.send_signal(signal.SIGTERM)
            station.wait(10)
        print(log.read_text("utf-8"), file=sys.stderr)
    return failed


def listen(options: argparse.Namespace, folder: Path, ports: tuple[int, int], icecast: subprocess.Popen[bytes]) -> int:
    """Record, disturb and judge."""
    web, cast = ports
    url = f"http://127.0.0.1:{web}/stream.mp3"
    time.sleep(WARM_UP)
    heard, stop, began = Heard(), threading.Event(), time.time()
    titles = threading.Thread(target=read_titles, args=(url, heard.titles, stop), daemon=True)
    titles.start()
    recording = folder / "heard.flac"
    seconds = options.minutes * 60
    recorder = subprocess.Popen(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-i", url, "-t", str(seconds), str(recording)]
    )
    away = seconds * 0.4
    time.sleep(away)
    heard.mount.append(f"before: {mount_title(cast)}")
    icecast.terminate()
    icecast.wait(10)
    time.sleep(OUTAGE)
    heard.mount.append(f"while stopped: {mount_title(cast)}")
    icecast = start_icecast(folder / "icecast", cast)
    back = time.monotonic()
    while mount_title(cast).startswith("(") and time.monotonic() < back + 120:
        time.sleep(0.5)
    heard.mount.append(f"{time.monotonic() - back:.1f} s after the restart: {mount_title(cast)}")
    recorder.wait(seconds + 60)
    stop.set()
    with urllib.request.urlopen(f"http://127.0.0.1:{web}/status.json", timeout=5) as answer:
        status = json.load(answer)
    heard.mount.append(f"at the end: {mount_title(cast)}; on air: {status['now']['title']}")
    icecast.terminate()
    levels, silences = judge(recording)
    if options.keep:
        shutil.copy(recording, options.keep)
    heard.titles = [(at - began, title) for at, title in heard.titles]
    report(options.report, options.minutes, heard, levels, silences)
    return int(
        bool(silences) or max(abs(level - TARGET) for level in levels) > TOLERANCE or len(heard.titles) < SEAMS + 1
    )


def report(path: Path, minutes: float, heard: Heard, levels: list[float], silences: list[str]) -> None:
    """Write what was heard."""
    titles = "; ".join(f"{at:.0f} s *{title}*" for at, title in heard.titles)
    text = f"""# What a listener hears

Written by `make listen`: ffmpeg recorded {minutes:g} minutes of `/stream.mp3` of a station that had started
{WARM_UP:g} s before with an empty bank; its Icecast was stopped for {OUTAGE:g} s meanwhile.

- Silences over {SILENCE_SECONDS} s below {SILENCE_DB} dB: {", ".join(silences) or "none"}
- Integrated loudness of each half-minute, LUFS (target {TARGET:g}): {", ".join(f"{level:.1f}" for level in levels)}
- Titles, by seconds from the start: {titles}
- The Icecast mount: {"; ".join(heard.mount)}
"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
