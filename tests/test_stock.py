"""What lies ready, and how seldom the disk is asked."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from latentfm.bank import Bank, Quota
from latentfm.config import BankConfig
from latentfm.ops.clock import HandClock
from latentfm.stock import Stock, Stocktaker, quota_of
from plain_takes import plain

SECONDS = 3


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """Return a bank with one take that has aired and one that has not."""
    bank = Bank(tmp_path / "bank", tmp_path)
    for name in ("old", "new"):
        bank.publish(plain(name, SECONDS * 48_000), np.full((SECONDS * 48_000, 2), 0.1, dtype=np.float32), b"MThd")
    bank.aired.mark("old")
    return bank


def test_it_counts_seconds_and_room(bank: Bank, tmp_path: Path) -> None:
    """What ships is playable and never fresh; room is that of the disk the state folder is on."""
    stock = Stocktaker(bank, [plain("shipped", SECONDS * 48_000)], HandClock()).look()
    assert (stock.playable, stock.fresh) == (9.0, 3.0)
    assert stock.disk_free == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.2)


def test_the_disk_is_asked_every_two_seconds(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred who ask cost one look."""
    clock, looks = HandClock(), []
    takes = bank.takes
    monkeypatch.setattr(bank, "takes", lambda: looks.append(1) or takes())
    stock = Stocktaker(bank, [], clock)
    for _ in range(100):
        stock.look()
    assert len(looks) == 1
    clock.sleep(2.1)
    stock.look()
    assert len(looks) == 2


def test_a_state_folder_that_is_gone_leaves_the_figures(bank: Bank, tmp_path: Path) -> None:
    """Takes that can't be listed count as they did; what ships counts in any case."""
    clock = HandClock()
    stock = Stocktaker(bank, [plain("shipped", SECONDS * 48_000)], clock)
    assert stock.look().fresh == 3.0
    shutil.rmtree(bank.root)
    bank.root.write_text("in the way")
    with capture_logs() as logs:
        for _ in range(3):
            clock.sleep(3)
            assert stock.look().playable == 9.0
    assert [entry["event"] for entry in logs] == ["bank_unreadable"]


def test_a_disk_that_hangs_holds_up_one_who_asks(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else gets what was found before, at once."""
    hang, reached = threading.Event(), threading.Event()

    def hung() -> Any:
        reached.set()
        hang.wait(20)
        return ()

    stock = Stocktaker(bank, [plain("shipped", SECONDS * 48_000)], clock := HandClock())
    before = stock.look()
    clock.sleep(3)
    monkeypatch.setattr(bank, "takes", hung)
    first = threading.Thread(target=stock.look)
    first.start()
    assert reached.wait(5)
    assert stock.look() == before
    hang.set()
    first.join(5)
    assert stock.look() == Stock(3.0, 0.0, stock.look().disk_free)


def test_the_configuration_says_what_the_bank_may_hold() -> None:
    """Gigabytes are 10^9 bytes, as on a card's label; the defaults are the bank's own."""
    assert quota_of(BankConfig()) == Quota()
    quota = quota_of(BankConfig(max_gb=2.5, keep_days=0, min_free_gb=0.25))
    assert (quota.max_bytes, quota.keep_days, quota.min_free) == (2_500_000_000, 0, 250_000_000)
