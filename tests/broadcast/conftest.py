"""Synthetic takes, a clock that is set by hand, a stage that plays them, and a real Icecast."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.bank import Bank
from latentfm.brief import Carry, Key
from latentfm.broadcast.block import Playing
from latentfm.broadcast.deck import Deck
from latentfm.broadcast.director import Director
from latentfm.broadcast.library import Library, Shipped
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.timeline import BLOCK, Timeline
from latentfm.broadcast.tone_bed import Beds
from latentfm.ops.clock import HandClock
from latentfm.programme import Slot
from latentfm.take import Seam, TakeInfo

MIDI = b"MThd\0\0\0\6"


def make_info(
    take_id: str, frames: int, *, playlist: str = "day", seam: Seam | None = None, tonic: int = 0, section: int = 1
) -> TakeInfo:
    """Return the description of a take; by default it may be left in its last five seconds."""
    key = Key(tonic=tonic, mode="major")
    return TakeInfo(
        id=take_id,
        title=take_id.title(),
        playlist=playlist,
        seed=1,
        attempt=0,
        key=key,
        qpm=96.0,
        frames=frames,
        lufs=-16.0,
        true_peak=-1.0,
        max_silence=0.5,
        seam=seam or Seam(head=5 * SAMPLE_RATE, outs=(frames - 5 * SAMPLE_RATE,)),
        carry=Carry(section=section, key=key, qpm=96.0, latent=(0.0,)),
        provenance={},
    )


def make_noise(seconds: float, *, level: float = 0.1, seed: int = 1) -> Pcm:
    """Return noise of an RMS of ``level``, cut off at full scale."""
    noise = np.random.default_rng(seed).standard_normal((round(seconds * SAMPLE_RATE), 2)) * level
    return np.clip(noise, -1.0, 1.0).astype(np.float32)


@dataclass
class Stage:
    """A timeline and its director on a clock of their own, with no threads."""

    bank: Bank
    shipped: Shipped = field(default_factory=Shipped)
    mood: str = "day"
    crossfade: float = 8.0
    block: int = BLOCK
    stalled: set[str] = field(default_factory=set)  # takes whose disk does not answer

    def __post_init__(self) -> None:
        self.clock = HandClock()
        self.notices = Notices()
        self.decks: list[Deck] = []
        self.beds = Beds("Interlude", lambda: self.mood)
        self.library = Library(
            self.bank, lambda _: Slot(self.mood), shipped=self.shipped, crossfade_seconds=lambda _: self.crossfade
        )
        self.timeline = Timeline(self.beds, self.notices, block=self.block)
        self.director = Director(
            self.timeline, self.library, self.beds, self.notices, self.clock, start_deck=self.decks.append
        )

    def look(self) -> None:
        """Let the director look once, and every deck decode what it can."""
        self.director.step()
        for deck in list(self.decks):
            while deck.playing.take_id not in self.stalled and deck.fill():
                pass
            if deck._closed:
                self.decks.remove(deck)

    def play(self, seconds: float, *, looking: bool = True) -> tuple[Pcm, list[Playing]]:
        """Return the audio of the next seconds, and what was announced with each block of it."""
        if self.timeline.on_air is None:
            self.look()
            self.look()
        parts, playing = [], []
        for _ in range(round(seconds * SAMPLE_RATE / self.block)):
            if looking:
                self.look()
            block = self.timeline.next_block()
            assert len(block.pcm) == self.block
            parts.append(block.pcm)
            playing.append(block.playing)
            self.clock.sleep(self.block / SAMPLE_RATE)
        return np.concatenate(parts), playing


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """Return an empty bank."""
    return Bank(tmp_path / "bank", tmp_path / "state")


@pytest.fixture
def publish(bank: Bank) -> Callable[..., Pcm]:
    """Return a function that publishes noise as a take and returns its audio as a reader gives it back."""

    def put(take_id: str, seconds: float = 20.0, *, level: float = 0.1, seed: int = 1, **info: object) -> Pcm:
        audio = make_noise(seconds, level=level, seed=seed)
        take = bank.publish(make_info(take_id, len(audio), **info), audio, MIDI)
        time.sleep(0.002)  # so that the order of publication shows in the folders' times
        with bank.open(take) as reader:
            return reader.read(len(audio))

    return put


@pytest.fixture
def stage(bank: Bank) -> Stage:
    """Return a stage on the bank."""
    return Stage(bank)


@pytest.fixture
def make_stage(bank: Bank) -> Callable[..., Stage]:
    """Return a function that makes a stage on the bank."""
    return lambda **settings: Stage(bank, **settings)


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

    def status(self) -> str:
        """Return the server's own status document."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status-json.xsl", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def wait_until(condition: Callable[[], object], seconds: float, message: str) -> None:
    """Wait until a condition holds; fail with ``message`` if it does not within ``seconds``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(message)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Return a function that waits until a condition holds."""
    return wait_until


@pytest.fixture
def icecast(
    tmp_path_factory: pytest.TempPathFactory, program: Callable[..., str], free_port: Callable[[], int]
) -> Iterator[Icecast]:
    """Return a real Icecast that is not started yet."""
    folder = tmp_path_factory.mktemp("icecast")
    for parent in (folder, *folder.parents):
        if parent.owner() != pwd.getpwuid(os.geteuid()).pw_name or parent == Path("/tmp"):  # noqa: S108 - not written
            break
        parent.chmod(parent.stat().st_mode | 0o011)  # the server runs as nobody and must get there
    server = Icecast(folder, program("icecast2", "icecast"), free_port(), free_port())
    yield server
    server.kill()


@pytest.fixture
def noise() -> Callable[..., Pcm]:
    """Return the function that makes noise."""
    return make_noise


@pytest.fixture
def info() -> Callable[..., TakeInfo]:
    """Return the function that makes a take's description."""
    return make_info


@pytest.fixture
def clock() -> HandClock:
    """Return a clock that stands still until somebody sleeps."""
    return HandClock()
