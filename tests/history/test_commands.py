"""``latentfm history`` and ``latentfm recreate`` on a state folder."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from latentfm import cli
from latentfm.bank import read_take
from latentfm.ops import logs

SECOND = 48_000


@pytest.fixture
def ten_minutes_ago(new_air: Any, tmp_path: Path) -> Iterator[Any]:
    """Return a station that was on the air ten minutes ago, and left its state in ``state``."""
    air = new_air(tmp_path / "state")
    air.clock.wall = time.time() - 600
    air.play(3)
    air.publish("one", 12)
    air.commit("one")
    air.play(15)
    air.write()
    (tmp_path / "config.toml").write_text(f'station.state_dir = "{air.state}"\n')
    yield air
    air.close()


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that calls a command on that state and returns its status, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        config = ("--config", str(tmp_path / "config.toml"))
        monkeypatch.setattr(sys, "argv", ["latentfm", *arguments, *config])
        monkeypatch.setenv("NO_COLOR", "1")
        capsys.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        finally:
            logs.close()
        return (status, *capsys.readouterr())

    return run


def test_history_lists_what_aired(ten_minutes_ago: Any, call: Callable[..., tuple[int, str, str]]) -> None:
    """A line each: when, for how long, what, in which key, and what was a fall back."""
    status, table, _ = call("history")
    assert status == 0
    lines = [line.split() for line in table.splitlines()]
    assert lines[0] == ["when", "for", "title", "mood", "key", "qpm", "from", "take"]
    assert lines[1][2:] == ["0:07", "Interlude", "day", "D", "dorian", "tone", "bed"]
    assert lines[2][2:] == ["0:12", "One", "day", "A", "dorian", "96", "fresh", "one"]
    assert lines[3][-2:] == ["tone", "bed"]


def test_history_narrows_and_writes_json(ten_minutes_ago: Any, call: Callable[..., tuple[int, str, str]]) -> None:
    """Between two times, the last so many, as JSON in UTC."""
    air = ten_minutes_ago
    since = datetime.fromtimestamp(air.clock.wall - 10, UTC).isoformat()
    until = datetime.fromtimestamp(air.clock.wall - 9, UTC).isoformat()
    status, lines, _ = call("history", "--since", since, "--until", until, "--json")
    (one,) = map(json.loads, lines.splitlines())
    assert (status, one["take"], one["origin"], one["key"], one["seed"]) == (0, "one", "fresh", "A dorian", 7)
    assert datetime.fromisoformat(one["began"]).timestamp() == pytest.approx(air.clock.wall - 15, abs=0.2)
    _, lines, _ = call("history", "--last", "2", "--json")
    assert [json.loads(line)["origin"] for line in lines.splitlines()] == ["fresh", "bed"]


def test_history_tells_all_that_is_kept_of_a_take(
    ten_minutes_ago: Any, call: Callable[..., tuple[int, str, str]]
) -> None:
    """The whole description comes back, provenance and latent points included."""
    status, text, _ = call("history", "--take", "one")
    assert status == 0
    kept = json.loads(text)
    (take,) = ten_minutes_ago.bank.takes()
    assert kept == read_take(take.folder).info.model_dump(mode="json")
    assert call("history", "--take", "none")[0] == 1


def test_looking_at_a_history_leaves_nothing_behind(
    ten_minutes_ago: Any, call: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """While no station runs no file is made beside the history, which the station's own user might then not write."""
    ten_minutes_ago.recorder.close()
    before = sorted(path.name for path in ten_minutes_ago.state.iterdir())
    assert call("history")[0] == 0
    assert call("recreate", "--at", "2020-01-01", "--out", str(tmp_path / "a.wav"))[0] == 1
    assert sorted(path.name for path in ten_minutes_ago.state.iterdir()) == before


def test_recreate_writes_what_aired(
    ten_minutes_ago: Any, call: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """The file has the samples from the time asked for, in the middle of a crossfade."""
    air = ten_minutes_ago
    at = datetime.fromtimestamp(air.clock.wall - 13.5, UTC).isoformat()
    out = tmp_path / "new" / "then.wav"
    status, said, warned = call("recreate", "--at", at, "--seconds", "2", "--out", str(out))
    assert (status, warned) == (0, "")
    start = int(said.split("frame ")[1].split()[0])
    assert start == pytest.approx(4.5 * SECOND, abs=50)
    pcm, _ = sf.read(out, dtype="float32")
    assert np.array_equal(pcm, air.tape[start : start + 2 * SECOND])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--at", "never"), "'never' is no time"),
        (("--at", "2999-01-01"), "is in the future"),
        (("--at", "2020-01-01"), "nothing aired at 2020-01-01"),
    ],
)
def test_recreate_says_what_is_wrong(
    ten_minutes_ago: Any,
    call: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    """A line on stderr, status 1, and no file."""
    status, _, said = call("recreate", *arguments, "--out", str(tmp_path / "then.wav"))
    assert status == 1
    assert said.startswith("latentfm: ")
    assert words in said
    assert not (tmp_path / "then.wav").exists()


def test_a_state_folder_without_a_history_is_told(call: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """Where no station ran the message says so."""
    (tmp_path / "config.toml").write_text(f'station.state_dir = "{tmp_path}"\n')
    status, _, said = call("history")
    assert status == 1
    assert "there is no history; the station writes one while it runs" in said
