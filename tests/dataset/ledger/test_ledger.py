"""What the ledger hands out, counts and remembers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import ledger_path, state_folder
from kinetics_tui.dataset.ledger.database import LedgerFull, NoLedger
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, NetworkRow, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import SplitCounts
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkKind, NetworkStatus
from kinetics_tui.model.options import LayoutName, Options, Selection

MakeLedger = Callable[..., Ledger]
MakeAttempt = Callable[..., Attempt]


def pending_ids(ledger: Ledger, *splits: str) -> list[int]:
    return [row.id for split in splits for row in ledger.next_pending(split, 0, 100)]


def names(ledger: Ledger) -> dict[str, str]:
    rows = [row for split in ("train", "val", "test") for row in ledger.next_pending(split, 0, 100)]
    return {row.clip.youtube_id: row.path for row in rows}


# -- its life ---------------------------------------------------------------------------------------------


def test_a_ledger_keeps_what_it_was_made_with(ledger: Ledger, dataset: Path) -> None:
    ledger.close()
    with Ledger.open(dataset) as again:
        assert (again.title, again.release) == ("Kinetics-400", "kinetics-400")
        assert again.selection == Selection(release="kinetics-400")
        assert again.options == Options(workers=3)


def test_the_ledger_is_for_the_user_alone(ledger: Ledger, dataset: Path) -> None:
    assert ledger_path(dataset).stat().st_mode & 0o777 == 0o600
    assert state_folder(dataset).stat().st_mode & 0o777 == 0o700
    for beside in state_folder(dataset).iterdir():
        assert beside.stat().st_mode & 0o077 == 0, beside


def test_a_second_ledger_is_refused_and_the_first_stays(
    ledger: Ledger, make_ledger: MakeLedger, dataset: Path
) -> None:
    with pytest.raises(DatasetError, match="holds a ledger already"):
        make_ledger([])
    assert len(pending_ids(ledger, "val")) == 3


def test_a_ledger_that_breaks_off_in_the_making_leaves_nothing(
    make_ledger: MakeLedger, clips: list[Clip], dataset: Path
) -> None:
    def broken() -> Iterator[Clip]:
        yield clips[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_ledger(broken())
    assert list(state_folder(dataset).iterdir()) == []
    with pytest.raises(NoLedger, match="holds no ledger"):
        Ledger.open(dataset)


def test_a_folder_that_cannot_be_made_is_an_error_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for dataset in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DatasetError, match="choose another"):
            Ledger.create(dataset, title="", release="", selection=Selection(), options=Options(), clips=[])


@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_no_ledger_of_ours_is_refused(dataset: Path, read_only: bool) -> None:
    path = ledger_path(dataset)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"Once upon a time there was no database here." * 100)
    with pytest.raises(DatasetError, match="damaged or no ledger"):
        Ledger.open(dataset, read_only=read_only)
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE other (id)").connection.close()
    with pytest.raises(DatasetError, match="not written by this program"):
        Ledger.open(dataset, read_only=read_only)


def test_a_newer_ledger_is_refused(ledger: Ledger, dataset: Path) -> None:
    ledger.close()
    connection = sqlite3.connect(ledger_path(dataset))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DatasetError, match="newer version"):
        Ledger.open(dataset)


def test_a_truncated_ledger_is_called_damaged(make_ledger: MakeLedger, dataset: Path) -> None:
    make_ledger(Clip(f"{n:011}", 0, 10, "val", "x") for n in range(2000)).close()
    path = ledger_path(dataset)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DatasetError, match="is damaged"):
        Ledger.open(dataset).split_counts()


def test_options_that_cannot_be_read_are_called_damaged(ledger: Ledger, dataset: Path) -> None:
    ledger.close()
    with sqlite3.connect(ledger_path(dataset)) as connection:
        connection.execute("UPDATE meta SET value = '{\"workers\": \"many\"}' WHERE key = 'options'")
    connection.close()
    with pytest.raises(DatasetError, match="options cannot be read"):
        Ledger.open(dataset)


def test_readers_see_what_is_flushed_while_the_writer_goes_on(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt
) -> None:
    with Ledger.open(dataset, read_only=True) as reader:
        ledger.record(attempt(1, Outcome.DONE))
        assert sum(split.done for split in reader.split_counts()) == 0
        ledger.flush()
        assert sum(split.done for split in reader.split_counts()) == 1
        with pytest.raises(DatasetError, match="cannot be written"):
            reader.set_split_enabled("val", False)


def test_a_full_disk_keeps_the_buffer_for_later(ledger: Ledger, attempt: MakeAttempt) -> None:
    connection = ledger._db.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(200):
        ledger.record(attempt(1, Outcome.RETRY, Category.TIMEOUT, message="x" * 400, retry_at=5.0))
    with pytest.raises(LedgerFull, match="The disk is full"):
        ledger.flush()
    with pytest.raises(LedgerFull):
        ledger.flush()
    connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    ledger.flush()
    assert ledger.totals().attempts == 200
    assert ledger.due_retries(10.0, 10)[0].attempts == 200


def test_a_ledger_that_another_process_holds_is_said_to_be_in_use(
    ledger: Ledger, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger._db.connection.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(ledger_path(dataset), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatasetError, match="in use by another process"):
        ledger.set_split_enabled("val", False)
    other.close()


# -- handing out ------------------------------------------------------------------------------------------


def test_pending_clips_come_by_split_in_their_order_a_page_at_a_time(
    ledger: Ledger, clips: list[Clip]
) -> None:
    first = ledger.next_pending("val", 0, 2)
    rest = ledger.next_pending("val", first[-1].id, 2)
    assert [row.clip for row in first + rest] == [clips[0], clips[1], clips[4]]
    assert first[0].path == "val/abseiling/aaaaaaaaaaa_000000_000010.mp4"
    assert rest[0].path == "val/archery/eeeeeeeeeee_000001.500_000011.500.mp4"
    assert ledger.next_pending("no such split", 0, 2) == []


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.FAILED, Outcome.RETRY])
def test_a_clip_with_an_outcome_is_not_handed_out_even_before_a_flush(
    ledger: Ledger, attempt: MakeAttempt, outcome: Outcome
) -> None:
    ledger.record(attempt(1, outcome, None if outcome is Outcome.DONE else Category.TIMEOUT, retry_at=5e9))
    assert pending_ids(ledger, "val") == [2, 5]


def test_a_returned_clip_stays_pending_and_leaves_no_trace(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.RETURNED, wire_bytes=5))
    assert pending_ids(ledger, "val") == [1, 2, 5]
    assert ledger.totals().attempts == 0
    assert ledger.next_pending("val", 0, 1)[0].attempts == 0


def test_a_returned_clip_with_a_reason_is_remembered(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.RETURNED, Category.SESSION_LIMIT))
    ledger.record(attempt(1, Outcome.RETURNED, crashed=True))
    assert ledger.totals().attempts == 2
    row = ledger.next_pending("val", 0, 1)[0]
    assert (row.attempts, row.crashes) == (0, 1)


def test_a_waiting_clip_comes_back_when_its_time_has_come(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(2, Outcome.RETRY, Category.TIMEOUT, retry_at=1300.0))
    ledger.record(attempt(1, Outcome.RETRY, Category.TIMEOUT, retry_at=1200.0))
    assert ledger.next_retry_at() == 1200.0
    assert ledger.due_retries(1199.0, 10) == []
    assert [row.id for row in ledger.due_retries(1300.0, 10)] == [1, 2]
    assert [row.id for row in ledger.due_retries(1300.0, 1)] == [1]
    assert ledger.due_retries(1300.0, 1)[0].attempts == 1
    ledger.record(attempt(1, Outcome.DONE))
    assert [row.id for row in ledger.due_retries(1300.0, 10)] == [2]
    assert ledger.retried_counts() == {Category.TIMEOUT: 2}


def test_clips_of_a_split_that_is_off_do_not_wait(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.RETRY, Category.TIMEOUT, retry_at=1200.0))
    ledger.set_split_enabled("val", False)
    assert (ledger.next_retry_at(), ledger.due_retries(9e9, 9)) == (None, [])
    assert [split.enabled for split in ledger.split_counts()] == [True, False, True]
    ledger.set_split_enabled("val", True)
    assert ledger.next_retry_at() == 1200.0


def test_failures_can_be_made_pending_again_by_category(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, crashed=True))
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE))
    ledger.record(attempt(3, Outcome.FAILED, Category.PRIVATE))
    ledger.record(attempt(4, Outcome.FAILED, Category.COPYRIGHT))
    assert ledger.failure_counts() == {Category.PRIVATE: 3, Category.COPYRIGHT: 1}
    retried = ledger.retry_failed([Category.PRIVATE, Category.DUPLICATE])
    assert retried == {("val", Category.PRIVATE): 2, ("train", Category.PRIVATE): 1}
    assert ledger.failure_counts() == {Category.COPYRIGHT: 1}
    assert pending_ids(ledger, "val", "train") == [1, 2, 5, 3]
    row = ledger.next_pending("val", 0, 1)[0]
    assert (row.attempts, row.crashes) == (0, 0)


# -- counting ---------------------------------------------------------------------------------------------


def test_splits_are_counted_in_their_order(
    make_ledger: MakeLedger, clips: list[Clip], attempt: MakeAttempt
) -> None:
    more = [Clip("zzzzzzzzzzz", 1, 2, "extra", "x"), Clip("yyyyyyyyyyy", 1, 2, "all", "x")]
    with make_ledger(more + clips) as ledger:
        ledger.record(attempt(3, Outcome.DONE))
        ledger.record(attempt(4, Outcome.FAILED, Category.PRIVATE))
        ledger.record(attempt(7, Outcome.RETRY, Category.TIMEOUT, retry_at=5.0))
        assert ledger.split_counts() == [
            SplitCounts("train", 1),
            SplitCounts("val", 3, done=1, failed=1),
            SplitCounts("test", 1),
            SplitCounts("all", 1),
            SplitCounts("extra", 1),
        ]


def test_totals_add_up(ledger: Ledger, attempt: MakeAttempt) -> None:
    assert ledger.totals().attempts == 0
    session = ledger.open_session("wlan0", 900.0, 77)
    ledger.record(attempt(1, Outcome.DONE, output_bytes=100, wire_bytes=150))
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE, wire_bytes=7, at=1010.0))
    ledger.close_session(session, 1100.0, "stopped")
    totals = ledger.totals()
    assert (totals.output_bytes, totals.wire_bytes, totals.attempts) == (100, 157, 2)
    assert (totals.first_at, totals.last_at, totals.elapsed_s) == (1000.0, 1010.0, 200.0)


def test_a_session_that_nobody_closed_ends_with_its_last_attempt(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt
) -> None:
    ledger.open_session("wlan0", 900.0, 77)
    ledger.record(attempt(1, Outcome.DONE, at=950.0))
    ledger.close()
    with Ledger.open(dataset) as again:
        assert again.totals().elapsed_s == 50.0
        again.open_session("wlan0", 5000.0, 78)
        again.record(attempt(2, Outcome.DONE, at=5001.0))
        assert again.totals().elapsed_s == 51.0


def test_done_clips_are_counted_by_minute(ledger: Ledger, attempt: MakeAttempt) -> None:
    for clip_id, at in ((1, 59.0), (2, 60.0), (3, 119.9), (4, 240.0)):
        ledger.record(attempt(clip_id, Outcome.DONE, at=at))
    ledger.record(attempt(5, Outcome.FAILED, Category.PRIVATE, at=240.0))
    assert ledger.done_by_minute(60.0) == {1: 2, 4: 1}


# -- selection --------------------------------------------------------------------------------------------


def test_the_same_clip_twice_is_one(make_ledger: MakeLedger, clips: list[Clip]) -> None:
    with make_ledger([*clips, clips[0], msgspec.structs.replace(clips[1], label="other")]) as ledger:
        assert sum(split.total for split in ledger.split_counts()) == len(clips)
        assert ledger.next_pending("val", 1, 1)[0].clip == clips[1]


def test_a_new_selection_keeps_the_history_of_what_it_leaves_out(
    ledger: Ledger, clips: list[Clip], attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.DONE, output_bytes=10))
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE))
    new = Clip("nnnnnnnnnnn", 1, 11, "train", "zumba")
    assert ledger.set_selection(Selection(classes=("zumba",)), [clips[2], new]) == 1
    assert ledger.selection == Selection(classes=("zumba",))
    assert ledger.split_counts() == [SplitCounts("train", 2)]
    assert ledger.failure_counts() == {}
    assert ledger.totals().output_bytes == 0
    assert pending_ids(ledger, "train", "val", "test") == [3, 6]
    assert ledger.retry_failed([Category.PRIVATE]) == {}

    assert ledger.set_selection(Selection(), [*clips, new]) == 0
    assert ledger.split_counts()[1] == SplitCounts("val", 3, done=1, failed=1)
    assert ledger.failure_counts() == {Category.PRIVATE: 1}


def test_a_clip_follows_its_annotations_until_it_is_done(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.DONE))
    moved = [Clip("aaaaaaaaaaa", 0, 10, "test", "x"), Clip("ddddddddddd", 9, 19, "train", "zumba")]
    assert ledger.set_selection(Selection(), moved) == 0
    assert ledger.split_counts() == [SplitCounts("train", 1), SplitCounts("val", 1, done=1)]
    assert ledger.next_pending("train", 0, 9)[0].path == "train/zumba/ddddddddddd_000009_000019.mp4"


def test_another_layout_is_refused(ledger: Ledger) -> None:
    ledger.set_options(Options(workers=9))
    assert ledger.options.workers == 9
    with pytest.raises(DatasetError, match="laid out as activitynet"):
        ledger.set_options(Options(layout=LayoutName.SHOWMAX))


def test_showmax_names_carry_times_only_where_a_video_has_a_second_clip(make_ledger: MakeLedger) -> None:
    one = Clip("aaaaaaaaaaa", 0, 10, "train", "tai chi")
    clips = [
        one,
        msgspec.structs.replace(one, time_start=20, time_end=30),
        msgspec.structs.replace(one, time_start=40, time_end=50, label="tai_chi"),
        msgspec.structs.replace(one, time_start=60, time_end=70, split="val"),
        msgspec.structs.replace(one, time_start=80, time_end=90, label="yoga"),
    ]
    with make_ledger(clips, LayoutName.SHOWMAX) as ledger:
        rows = ledger.next_pending("train", 0, 9) + ledger.next_pending("val", 0, 9)
        assert [row.path for row in rows] == [
            "train/tai_chi/aaaaaaaaaaa.mp4",
            "train/tai_chi/aaaaaaaaaaa_000020_000030.mp4",
            "train/tai_chi/aaaaaaaaaaa_000040_000050.mp4",
            "train/yoga/aaaaaaaaaaa.mp4",
            "valid/tai_chi/aaaaaaaaaaa.mp4",
        ]
        ledger.set_selection(Selection(), [*clips[1:], msgspec.structs.replace(one, label="yoga")])
        paths = [row.path for row in ledger.next_pending("train", 0, 9)]
        assert "train/yoga/aaaaaaaaaaa_000000_000010.mp4" in paths
        assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("time", [float("nan"), float("inf"), 1e300, -1e12])
def test_an_impossible_time_is_an_error_in_one_sentence(make_ledger: MakeLedger, time: float) -> None:
    with pytest.raises(DatasetError, match="impossible time"):
        make_ledger([Clip("aaaaaaaaaaa", time, 10)])


def test_texts_that_are_no_texts_do_no_harm(make_ledger: MakeLedger, attempt: MakeAttempt) -> None:
    with make_ledger([Clip("a\ud800\0", 1, 2, "v\udcff'", "';--\udcff")]) as ledger:
        (row,) = ledger.next_pending(ledger.split_counts()[0].name, 0, 9)
        ledger.record(attempt(row.id, Outcome.FAILED, Category.PRIVATE, message="\udcff" + "x" * 9000))
        ((_, _, message),) = ledger.failures()
        assert message.startswith("?x")
        assert len(message) <= 500


# -- networks ---------------------------------------------------------------------------------------------


def test_a_cooldown_is_on_disk_at_once(ledger: Ledger, dataset: Path) -> None:
    row = NetworkRow(
        "192.168.1.23",
        "wlan0 192.168.1.23",
        NetworkKind.INTERFACE,
        Family.IPV4,
        NetworkStatus.COOLING,
        Category.SESSION_LIMIT,
        until=5000.0,
        step=2,
        clips_since_throttle=7,
        last_throttle_at=1400.0,
    )
    ledger.save_networks(row)
    with Ledger.open(dataset, read_only=True) as reader:
        assert reader.networks() == {row.name: row}
    row.status, row.until, row.signal = NetworkStatus.OPEN, None, None
    ledger.save_networks(row)
    assert ledger.networks() == {row.name: row}


def test_the_last_network_is_that_of_the_newest_session(ledger: Ledger) -> None:
    assert ledger.last_network() is None
    ledger.save_networks(NetworkRow("wlan0"))
    ledger.save_networks(NetworkRow("phone", "the phone", status=NetworkStatus.COOLING, until=5000.0))
    assert ledger.last_network() == ledger.networks()["phone"]
    ledger.open_session("phone", 5000.0, 1)
    session = ledger.open_session("wlan0", 900.0, 1)
    assert ledger.last_network() == NetworkRow("wlan0")
    ledger.close_session(session, 901.0, "stopped")
    ledger.save_networks(NetworkRow("cafe"))
    assert ledger.last_network() == NetworkRow("wlan0")


def test_attempts_keep_their_session_also_those_in_hand_as_it_ended(
    ledger: Ledger, attempt: MakeAttempt
) -> None:
    first = ledger.open_session("wlan0", 900.0, 1)
    ledger.record(attempt(1, Outcome.DONE, sound=True, fps=29.97))
    ledger.close_session(first, 1000.0, "throttled")
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE, message="Private video"))
    second = ledger.open_session("phone", 1100.0, 1)
    ledger.record(attempt(3, Outcome.DONE, network="phone"))
    settled = list(ledger.settled())
    assert [entry.session for entry in settled] == [first, first, second]
    assert settled[0].attempt == attempt(1, Outcome.DONE, sound=True, fps=29.97)
    assert settled[1].attempt.message == "Private video"
    assert [entry.attempt.network for entry in settled] == ["wlan0", "wlan0", "phone"]


def test_what_is_counted_on_the_way_is_what_is_there(
    ledger: Ledger, clips: list[Clip], dataset: Path, attempt: MakeAttempt
) -> None:
    def check() -> None:
        counted = {
            (name, status): (number, size)
            for name, status, number, size in ledger._flushed().read(
                "SELECT name, status, clips, output_bytes FROM tallies"
                " JOIN splits ON splits.id = split_id WHERE clips > 0"
            )
        }
        with contextlib.closing(sqlite3.connect(ledger_path(dataset))) as reader:
            there = {
                (name, status): (number, size)
                for name, status, number, size in reader.execute(
                    "SELECT name, status, count(*), sum(output_bytes) FROM clips"
                    " JOIN splits ON splits.id = split_id WHERE selected = 1 GROUP BY 1, 2"
                )
            }
        assert counted == there

    check()
    ledger.record(attempt(1, Outcome.DONE, output_bytes=100))
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE))
    ledger.record(attempt(3, Outcome.RETRY, Category.TIMEOUT, retry_at=5.0))
    check()
    ledger.retry_failed([Category.PRIVATE])
    ledger.record(attempt(3, Outcome.DONE, output_bytes=7))
    check()
    ledger.set_selection(Selection(), clips[1:3])
    check()
    new = Clip("fffffffffff", 1, 11, "extra", "archery")
    ledger.set_selection(Selection(), [*clips, new])
    ledger.record(attempt(6, Outcome.FAILED, Category.COPYRIGHT))
    ledger.reopen([6])
    check()
