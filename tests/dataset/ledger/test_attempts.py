"""Attempts as the ledger remembers them: the clips done last, and what they were made from."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.dataset.ledger.attempts import MAX_ORIGIN_CHARS
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
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


def test_what_a_clip_was_made_from_and_with_comes_back(ledger: Ledger, attempt: MakeAttempt) -> None:
    origin = {
        "source_itags": "134+140",
        "source_height_px": 360,
        "source_fps": 29.97,
        "made_with": "x264",
    }
    ledger.record(attempt(1, Outcome.DONE, **origin))
    ledger.record(attempt(2, Outcome.DONE, **origin))
    ledger.record(attempt(3, Outcome.DONE))
    first, second, third = (settled.attempt for settled in ledger.settled())
    assert first == attempt(1, Outcome.DONE, **origin)
    assert [one.made.made_with for one in (second, third) if one.made] == ["x264", ""]


def test_what_a_worker_tells_of_its_origin_is_kept_short(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.DONE, source_itags="1" * 5000, made_with="\ud800" + "x" * 5000))
    (settled,) = ledger.settled()
    assert settled.attempt.made is not None
    assert settled.attempt.made.source_itags == "1" * MAX_ORIGIN_CHARS
    assert settled.attempt.made.made_with == "?" + "x" * (MAX_ORIGIN_CHARS - 1)
