"""The log of a training, and what follows from it."""

from __future__ import annotations

from pathlib import Path

from latentfm.training.fit import diary


def test_a_training_that_goes_on_forgets_what_it_will_do_again(tmp_path: Path) -> None:
    """Lines behind the checkpoint, and one that a kill cut short, are gone."""
    log = diary.Diary(tmp_path, 0)
    log.losses([(step, {"loss": 1.0 / step}) for step in range(1, 7)])
    assert log.evaluation(6, {"loss": 0.5})
    with (tmp_path / diary.LOG).open("a") as file:
        file.write('{"step": 7, "lo')
    again = diary.Diary(tmp_path, 4)
    again.losses([(5, {"loss": 0.2})])
    assert [line["step"] for line in diary.read(tmp_path)] == [1, 2, 3, 4, 5]
    assert again.evaluations == []


def test_patience_counts_from_the_best(tmp_path: Path) -> None:
    """An equal loss is no better one, and a loss that is no number is the worst."""
    log = diary.Diary(tmp_path, 0)
    assert [log.evaluation(step, {"loss": loss}) for step, loss in ((1, 3.0), (2, 2.0), (3, 2.0))] == [
        True,
        True,
        False,
    ]
    assert log.since_best() == 1
    assert not log.evaluation(4, {"loss": float("nan")})
    assert log.since_best() == 2
    assert diary.Diary(tmp_path, 4).since_best() == 2


def test_a_loss_that_is_no_number_is_never_the_best(tmp_path: Path) -> None:
    """The next one that is a number is better."""
    log = diary.Diary(tmp_path, 0)
    assert [log.evaluation(step, {"loss": loss}) for step, loss in ((1, float("nan")), (2, 1.0), (3, 0.5))] == [
        False,
        True,
        True,
    ]
    assert log.since_best() == 0
