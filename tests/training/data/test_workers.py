"""Work in processes of its own: what is bad costs only itself."""

from __future__ import annotations

from latentfm.training.data import workers

SLEEP = "__import__('time').sleep(60)"
LEAVE = "__import__('os')._exit(3)"


def test_a_job_that_hangs_eats_or_dies_costs_only_itself() -> None:
    """Each outcome is in its place, with the reason, and the jobs after it are done."""
    jobs = ["1 + 1", SLEEP, "len(bytearray(2**31))", LEAVE, "1 / 0", "2 + 2"]
    done = list(workers.run(eval, jobs, workers.Limits(seconds=1, megabytes=300), processes=2))
    assert [one.result for one in done] == [2, None, None, None, None, 4]
    assert done[1].fault == "took more than 1 s"
    assert done[2].fault == "needs more than 300 MiB of memory"
    assert done[3].fault == "its reader ended with status 3"
    assert done[4].fault == "ZeroDivisionError: division by zero"
