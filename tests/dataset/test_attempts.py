"""The clips done last, as the ledger remembers its attempts."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.dataset.ledger import Attempt, Ledger, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category

MakeAttempt = Callable[..., Attempt]


def test_the_videos_done_last_come_newest_first_each_once(
    make_ledger: Callable[..., Ledger], clips: list[Clip], attempt: MakeAttempt
) -> None:
    with make_ledger([*clips, Clip("ccccccccccc", 20, 30, "val", "archery")]) as ledger:
        assert ledger.newest_done() == []
        for clip_id, at in ((3, 1000.0), (1, 1001.0), (2, 1002.0), (6, 1003.0)):
            ledger.record(attempt(clip_id, Outcome.DONE, at=at, wire_bytes=1))
        ledger.record(attempt(4, Outcome.FAILED, Category.PRIVATE, at=1004.0, wire_bytes=1))
        assert ledger.newest_done() == ["ccccccccccc"]
        assert ledger.newest_done(2) == ["ccccccccccc", "bbbbbbbbbbb"]
        assert ledger.newest_done(9) == ["ccccccccccc", "bbbbbbbbbbb", "aaaaaaaaaaa"]
        assert ledger.newest_done(0) == []


def test_clips_that_lay_on_the_disk_do_not_count_as_fetched(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.DONE, wire_bytes=1, at=1000.0))
    ledger.record(attempt(2, Outcome.DONE, wire_bytes=0, at=1001.0))
    assert ledger.newest_done() == ["aaaaaaaaaaa"]
