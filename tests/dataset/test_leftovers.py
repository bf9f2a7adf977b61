"""Which files nobody makes any more."""

from __future__ import annotations

import os
import time
from pathlib import Path

from kinetics_tui.dataset.folder import STALE_S, leftovers, make_state_folder, sweep


def test_without_the_lock_only_what_nobody_touched_for_an_hour_is_nobodys(tmp_path: Path) -> None:
    state = make_state_folder(tmp_path)
    fresh, stale, kept = state / "ledger-a.new", state / "ledger-b.new", state / "ledger.sqlite3"
    for path in (fresh, stale, kept):
        path.touch()
    os.utime(stale, (0, time.time() - STALE_S - 1))
    assert list(leftovers(tmp_path, STALE_S)) == [stale]
    sweep(tmp_path, STALE_S)
    assert sorted(state.iterdir()) == [fresh, kept]
    sweep(tmp_path)
    assert list(state.iterdir()) == [kept]
