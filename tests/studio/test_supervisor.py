"""The supervisor and real child processes, each of which goes wrong in its own way."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from latentfm.brief import Brief
from latentfm.errors import StudioError
from latentfm.studio import ChildStudio
from latentfm.studio.identity import take_id
from latentfm.studio.patience import Limits

FaultyStudio = Callable[..., ChildStudio]


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Return once the condition holds; fail the test if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Return whether a process runs, stopped or not; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_a_brief_becomes_the_take_ordered(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """The future holds the take of this brief, made in another process, whatever libraries print there."""
    take = faulty_studio().submit(brief).result(30)
    assert take.id == take_id(brief)
    assert take.provenance["pid"] != os.getpid()


def test_the_studio_is_what_the_kernel_kills_first(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """When memory runs out, the child goes before the station does: its own value is raised, the station's is not."""
    pid = faulty_studio().submit(brief).result(30).provenance["pid"]
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "500\n"
    assert int(Path("/proc/self/oom_score_adj").read_text()) < 500


@pytest.mark.parametrize("fault", ["die", "exit", "hang", "stop", "garbage", "flood"])
def test_a_child_that_breaks_is_replaced_and_the_brief_tried_again(
    faulty_studio: FaultyStudio, brief: Brief, fault: str
) -> None:
    """However a child breaks, the next one makes the same brief unchanged, and the broken one is gone."""
    studio = faulty_studio(f"none {fault}")
    first = studio.submit(brief).result(30).provenance["pid"]
    with capture_logs() as events:
        take = studio.submit(brief).result(30)
    assert take.attempt == 0
    assert take.provenance["pid"] != first
    assert not alive(first)
    assert [event["event"] for event in events if event["log_level"] == "warning"] == ["brief_failed"]
    assert "studio_recovered" in [event["event"] for event in events]


@pytest.mark.parametrize("fault", ["error", "gate"])
def test_a_brief_that_fails_twice_gets_a_derived_seed(faulty_studio: FaultyStudio, brief: Brief, fault: str) -> None:
    """First the same brief once more, then attempt 1, then 2; the child that only says no is kept."""
    studio = faulty_studio(f"none {fault} {fault} {fault}")
    kept = studio.submit(brief).result(30).provenance["pid"]
    take = studio.submit(brief).result(30)
    assert take.attempt == 2
    assert take.seed == brief.seed
    assert take.provenance["pid"] == kept


def test_a_brief_that_never_works_ends_with_the_reason(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """After the last try the future fails, and the next brief is made as if nothing had been."""
    studio = faulty_studio("error error error gate")
    with pytest.raises(StudioError, match=r"4 tries.*silence of 3\.0 s"):
        studio.submit(brief).result(30)
    assert studio.submit(brief).result(30).attempt == 0


def test_an_episode_of_one_failure_is_one_line(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """The same failure over and over is logged once, with one more line when it is over."""
    studio = faulty_studio("die die die", tries=5)
    with capture_logs() as events:
        studio.submit(brief).result(30)
    shown = [event for event in events if event["log_level"] in ("info", "warning")]
    assert [event["event"] for event in shown] == ["brief_failed", "studio_recovered", "take_published"]
    assert "signal 9" in shown[0]["reason"]
    assert "cannot go on" in shown[0]["reason"]
    assert shown[1]["failures"] == 3


def test_a_child_over_its_memory_is_replaced(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """An allocation beyond the limit fails in the child alone, which is then renewed."""
    studio = faulty_studio("none memory", memory_mb=512)
    first = studio.submit(brief).result(30).provenance["pid"]
    with capture_logs() as events:
        take = studio.submit(brief).result(30)
    assert take.provenance["pid"] != first
    assert [event["error"] for event in events if event["event"] == "brief_failed"] == ["MemoryError"]


def test_a_child_is_renewed_after_a_number_of_takes(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """Between takes, and not oftener than asked for."""
    studio = faulty_studio(renew_after=2)
    pids = [studio.submit(brief).result(30).provenance["pid"] for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    wait_for(lambda: not alive(pids[0]))


def test_the_child_steps_back(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """It is niced, limited, runs one thread per library and ignores Ctrl-C."""
    studio = faulty_studio(memory_mb=700, niceness=7)
    before = studio.submit(brief).result(30).provenance["pid"]
    assert os.getpriority(os.PRIO_PROCESS, before) == os.nice(0) + 7
    assert resource.prlimit(before, resource.RLIMIT_DATA)[0] == 700 * 2**20
    environment = Path(f"/proc/{before}/environ").read_bytes().split(b"\0")
    assert {b"OMP_NUM_THREADS=1", b"OPENBLAS_NUM_THREADS=1"} < set(environment)
    os.kill(before, signal.SIGINT)
    assert studio.submit(brief).result(30).provenance["pid"] == before


def test_a_child_killed_from_outside_while_idle_is_replaced(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """A child that is gone when the next brief comes costs that brief one try."""
    studio = faulty_studio()
    pid = studio.submit(brief).result(30).provenance["pid"]
    os.kill(pid, signal.SIGKILL)
    assert studio.submit(brief).result(30).provenance["pid"] != pid


@pytest.mark.parametrize("fault", ["hang", "stop"])
def test_closing_does_not_wait_for_a_hung_child(faulty_studio: FaultyStudio, brief: Brief, fault: str) -> None:
    """Closing kills it; what was in flight fails and what waited is cancelled."""
    studio = faulty_studio(f"none {fault}", first=300.0, least=300.0)
    pid = studio.submit(brief).result(30).provenance["pid"]
    hung, waiting = studio.submit(brief), studio.submit(brief)
    wait_for(hung.running)
    began = time.monotonic()
    studio.close()
    assert time.monotonic() - began < 2
    with pytest.raises(StudioError, match="closed"):
        hung.result(1)
    with pytest.raises(CancelledError):
        waiting.result(1)
    assert not alive(pid)
    with pytest.raises(StudioError, match="closed"):
        studio.submit(brief)


@pytest.mark.parametrize("word", ["none", "hang", "stop"])
def test_no_child_outlives_a_station_that_was_killed(tmp_path: Path, brief: Brief, word: str) -> None:
    """Killed with -9, a station leaves no child behind, idle, busy or stopped."""
    plan = tmp_path / "plan"
    plan.write_text(word)
    script = Path(__file__).with_name("fault_child.py")
    code = (
        "import sys, time; from pathlib import Path; from latentfm.brief import Brief\n"
        "from latentfm.studio import ChildStudio\n"
        f"studio = ChildStudio(Path('.'), command=(sys.executable, {str(script)!r}, {str(plan)!r}))\n"
        "studio.submit(Brief.model_validate_json(sys.stdin.readline()))\n"
        "while not studio.pid: time.sleep(0.01)\n"
        "print(studio.pid, flush=True); time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as station:
        assert station.stdin
        assert station.stdout
        station.stdin.write(brief.model_dump_json() + "\n")
        station.stdin.flush()
        child = int(station.stdout.readline())
        wait_for(lambda: plan.read_text() == "")  # the order has reached it
        station.kill()
    wait_for(lambda: not alive(child), seconds=5)


def test_what_a_killed_child_left_is_cleared_before_the_next_starts(tmp_path: Path, brief: Brief) -> None:
    """Preparing happens before each start, and with no child around that could still be writing."""
    plan = tmp_path / "plan"
    plan.write_text("die")
    script = Path(__file__).with_name("fault_child.py")
    seen: list[int | None] = []
    studio = ChildStudio(
        tmp_path, command=(sys.executable, str(script), str(plan)), prepare=lambda: seen.append(studio.pid)
    )
    try:
        studio.submit(brief).result(30)
        studio.submit(brief).result(30)
    finally:
        studio.close()
    assert seen == [None, None]


def test_a_command_that_cannot_be_started_is_a_failed_brief(tmp_path: Path, brief: Brief) -> None:
    """A missing interpreter fails the brief, with the reason, instead of killing the supervisor's thread."""
    studio = ChildStudio(tmp_path, command=(str(tmp_path / "no-such-python"),), limits=Limits(tries=2, wait_most=0.1))
    try:
        with pytest.raises(StudioError, match="no-such-python"):
            studio.submit(brief).result(30)
        with pytest.raises(StudioError):
            studio.submit(brief).result(30)
    finally:
        studio.close()
