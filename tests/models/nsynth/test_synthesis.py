"""A synthesis that is killed goes on where it was; what is kept is whole, its own, and not for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from full_disk import full_disk
from latentfm.errors import ModelError
from latentfm.models.nsynth import Keep
from latentfm.models.nsynth.synthesis import Synthesis
from latentfm.ops.clock import HandClock
from tiny_nsynth import FACTS, tiny

CODES: Any = np.random.default_rng(5).standard_normal((3, 4, FACTS.bottleneck)).astype(np.float32)
LENGTH = 4 * FACTS.hop


def synthesis(seed: int = 0, temperature: float = 1.0, codes: Any = CODES) -> Synthesis:
    """Begin a synthesis of three notes."""
    rngs = [np.random.default_rng([seed, row]) for row in range(len(codes))]
    return Synthesis(FACTS, tiny().steps, codes, rngs, temperature)


def finished(one: Synthesis) -> Any:
    """Return what it becomes."""
    while not one.done:
        one.advance()
    return one.audio()


class TickingClock(HandClock):
    """A clock by which each look at it takes ten seconds."""

    def monotonic(self) -> float:
        """Return the time, and let ten seconds go by."""
        self.now += 10
        return self.now


@pytest.mark.parametrize("blocks", [1, 4, 7, 16])
def test_a_resumed_synthesis_is_the_one_that_was_never_interrupted(blocks: int, tmp_path: Path) -> None:
    """Rings, samples and generators go on from any block: the first, one at a code's end, the last but none."""
    whole = finished(synthesis())
    first = synthesis()
    for _ in range(blocks):
        first.advance()
    first.save(tmp_path / "kept.npz")
    second = synthesis()
    assert second.restore(tmp_path / "kept.npz")
    assert second.position == blocks * FACTS.ahead
    np.testing.assert_array_equal(finished(second), whole)


def test_what_is_done_is_kept_without_its_rings(tmp_path: Path) -> None:
    """And found again, without a step."""
    done = synthesis()
    whole = finished(done)
    done.save(tmp_path / "kept.npz")
    again = synthesis()
    assert again.restore(tmp_path / "kept.npz")
    assert again.done
    np.testing.assert_array_equal(again.audio(), whole)
    assert (tmp_path / "kept.npz").stat().st_size < whole.size + 4000


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"temperature": 0.9}, {"codes": CODES + np.float32(0.1)}, {"codes": CODES[:2]}]
)
def test_another_synthesis_is_not_gone_on_with(other: dict[str, Any], tmp_path: Path) -> None:
    """Another seed, temperature or code would give a note that nobody asked for."""
    one = synthesis()
    one.advance()
    one.save(tmp_path / "kept.npz")
    with pytest.raises(ModelError, match=r"kept\.npz keeps another synthesis"):
        synthesis(**other).restore(tmp_path / "kept.npz")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_damaged_file_costs_what_was_made_and_no_more(share: float, tmp_path: Path) -> None:
    """It is told, and begun again."""
    path, one = tmp_path / "kept.npz", synthesis()
    one.advance()
    one.save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    again = synthesis()
    with capture_logs() as logs:
        assert not again.restore(path)
    assert [line["event"] for line in logs] == ["synthesis_damaged"]
    np.testing.assert_array_equal(finished(again), finished(synthesis()))


def test_a_file_that_was_changed_is_damaged(tmp_path: Path) -> None:
    """Bits that fell over are found by their checksum."""
    path, one = tmp_path / "kept.npz", synthesis()
    one.advance()
    one.save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with capture_logs():
        assert not synthesis().restore(path)


def test_nothing_is_there_to_go_on_from(tmp_path: Path) -> None:
    """As at the first start."""
    assert not synthesis().restore(tmp_path / "kept.npz")


def test_it_is_kept_and_told_every_so_many_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen blocks of ten seconds: a line a minute, a file every half minute and one at the end."""
    saved: list[int] = []
    real = Synthesis.save

    def save(self: Synthesis, path: Path) -> None:
        saved.append(self.position)
        real(self, path)

    monkeypatch.setattr(Synthesis, "save", save)
    rngs = [np.random.default_rng([0, row]) for row in range(3)]
    with capture_logs() as logs:
        made = tiny(TickingClock()).synthesize(CODES, rngs, 1.0, Keep(tmp_path / "new", every=30))
    np.testing.assert_array_equal(made, finished(synthesis()))
    assert saved[-1] == LENGTH
    assert len(saved) >= 5
    told = [line for line in logs if line["event"] == "synthesis_progress"]
    assert len(told) >= 2
    assert told[0]["of"] == LENGTH
    assert told[0]["notes"] == 3
    assert 0 < told[0]["samples"] < told[1]["samples"] < LENGTH
    assert told[0]["seconds_left"] > told[1]["seconds_left"] > 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"{synthesis().identity[:32]}.synthesis.npz"]


def test_a_full_disk_does_not_stop_it(tmp_path: Path) -> None:
    """What can't be kept is made all the same, and the file that was there stays."""
    one = synthesis()
    one.advance()
    path = tmp_path / f"{one.identity[:32]}.synthesis.npz"
    one.save(path)
    before = path.read_bytes()
    rngs = [np.random.default_rng([0, row]) for row in range(3)]
    with full_disk(100), capture_logs() as logs:
        made = tiny(TickingClock()).synthesize(CODES, rngs, 1.0, Keep(tmp_path, every=30))
    np.testing.assert_array_equal(made, finished(synthesis()))
    assert "synthesis_not_kept" in {line["event"] for line in logs}
    assert path.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == [path.name]


def test_what_nobody_came_back_for_is_removed(tmp_path: Path) -> None:
    """A week later; what is younger or another program's stays."""
    old, young, other = (tmp_path / name for name in ("a.synthesis.npz", "b.synthesis.npz", "a.npz"))
    for path in (old, young, other):
        path.write_bytes(b"")
    for path in (old, other):
        os.utime(path, (time.time() - 8 * 86400,) * 2)
    tiny().synthesize(CODES[:1, :1], [np.random.default_rng(0)], 1.0, Keep(tmp_path))
    assert not old.exists()
    assert young.exists()
    assert other.exists()


_KILLED = """
import sys
from pathlib import Path
import numpy as np
from tiny_nsynth import FACTS, tiny
from latentfm.models.nsynth import Keep
codes = np.random.default_rng(7).standard_normal((2, 400, FACTS.bottleneck)).astype(np.float32)
rngs = [np.random.default_rng([0, row]) for row in range(2)]
made = tiny().synthesize(codes, rngs, 1.0, Keep(Path(sys.argv[1]), every=0.05))
sys.stdout.buffer.write(made.tobytes())
"""


def test_a_process_that_was_killed_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL in the middle: the next process starts from what was kept, and makes the very same notes."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))

    def command(folder: Path) -> list[str]:
        return [sys.executable, "-c", _KILLED, str(folder)]

    with subprocess.Popen(command(tmp_path / "a"), stdout=subprocess.PIPE) as first:
        deadline = time.monotonic() + 60
        while not list((tmp_path / "a").glob("*.synthesis.npz")):
            assert time.monotonic() < deadline
            assert first.poll() is None
            time.sleep(0.01)
        first.kill()
    (kept,) = (tmp_path / "a").glob("*.synthesis.npz")
    with np.load(kept) as arrays:
        assert 0 < arrays["labels"].shape[1] < 400 * FACTS.hop
    resumed, whole = (
        subprocess.run(command(tmp_path / name), check=True, stdout=subprocess.PIPE).stdout for name in ("a", "b")
    )
    sound = 2 * 400 * FACTS.hop * 4  # the log goes to the same place
    assert resumed[-sound:] == whole[-sound:]
    assert b"synthesis_resumed" in resumed
    assert b"synthesis_resumed" not in whole
