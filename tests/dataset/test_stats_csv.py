"""stats.csv and failed.csv."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.programs import python_program
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.dataset.stats_csv import STATS_COLUMNS, write_records
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category

MakeAttempt = Callable[..., Attempt]


def read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_stats_have_the_write_ups_columns_and_a_row_for_each_settled_attempt(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt
) -> None:
    first = ledger.open_session("wlan0", 990.0, 1)
    times = {"resolve_s": 1.0, "download_s": 2.5, "trim_s": 0.5, "total_s": 4.0, "slot": 3, "pid": 99}
    ledger.record(attempt(1, Outcome.DONE, **times))
    ledger.record(attempt(2, Outcome.RETRY, Category.TIMEOUT, retry_at=0.0))
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE, at=1010.0, total_s=1.0))
    ledger.close_session(first, 1990.0, "switched networks")
    ledger.open_session("phone", 2000.0, 1)
    ledger.record(
        attempt(3, Outcome.DONE, at=2010.0, total_s=4.0, network="phone", archive="train/part\n_3.tar.gz")
    )
    ledger.flush()
    stats, _ = write_records(dataset)
    header, *rows = read_rows(stats)
    assert tuple(header) == STATS_COLUMNS
    assert rows == [
        ["aaaaaaaaaaa", "abseiling", "success", "3.5", "0.5", "4.0", "4.0", "4.0", "1", "0", "3", "99", ""],
        ["bbbbbbbbbbb", "archery", "failed", "0.0", "0.0", "1.0", "2.5", "14.0", "2", "0", "0", "0", ""],
        [
            *("ccccccccccc", "archery", "success", "0.0", "0.0", "4.0", "3.0", "1014.0", "3", "1", "0", "0"),
            "train/part _3.tar.gz",
        ],
    ]


def test_rows_of_networks_in_use_at_once_are_of_one_sitting(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt
) -> None:
    at_home = ledger.open_session("wlan0", 0.0, 1)
    ledger.record(attempt(1, Outcome.DONE, at=10.0, network="wlan0"))
    by_phone = ledger.open_session("phone", 20.0, 1)
    ledger.record(attempt(2, Outcome.DONE, at=30.0, network="phone"))
    ledger.record(attempt(3, Outcome.DONE, at=40.0, network="wlan0"))
    for session in (at_home, by_phone):
        ledger.close_session(session, 100.0, "paused")
    ledger.open_session("wlan0", 200.0, 1)
    ledger.record(attempt(1, Outcome.DONE, at=210.0, network="wlan0"))
    ledger.flush()
    assert ledger.totals().elapsed_s == 100.0 + 10.0
    _, *rows = read_rows(write_records(dataset)[0])
    assert [row[STATS_COLUMNS.index("skipped_iteration")] for row in rows] == ["0", "0", "0", "3"]


def test_failed_lists_what_stands_as_failed_with_its_last_message(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, message="Private video"))
    ledger.record(attempt(2, Outcome.FAILED, Category.TIMEOUT, message="stood still"))
    ledger.retry_failed([Category.TIMEOUT])
    ledger.record(attempt(2, Outcome.FAILED, Category.COPYRIGHT, message='claim by "X", Inc.'))
    ledger.record(attempt(3, Outcome.FAILED, Category.PRIVATE))
    ledger.retry_failed([])
    ledger.record(attempt(4, Outcome.FAILED, Category.TIMEOUT, message="gone"))
    ledger.retry_failed([Category.TIMEOUT])
    _, failed = write_records(dataset)
    assert read_rows(failed) == [
        ["aaaaaaaaaaa", "abseiling", "Private video"],
        ["bbbbbbbbbbb", "archery", 'claim by "X", Inc.'],
        ["ccccccccccc", "archery", "private"],
    ]


def test_records_carry_nothing_that_a_terminal_or_reader_would_obey(
    make_ledger: Callable[..., Ledger], dataset: Path, attempt: MakeAttempt
) -> None:
    with make_ledger([Clip("-bbbbbbbbbb", 0, 10, "val", 'a\x1b[31m,"b"\u202e\r\n=1+1')]) as ledger:
        ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, message="one\ntwo\0\x9b"))
    _, failed = write_records(dataset)
    assert read_rows(failed) == [["-bbbbbbbbbb", 'a[31m,"b" =1+1', "one two"]]
    assert len(failed.read_text().splitlines()) == 1


def test_records_replace_the_old_ones_only_when_they_are_whole(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats, _ = write_records(dataset)
    before = stats.read_text()
    ledger.record(attempt(1, Outcome.DONE))
    ledger.flush()

    def broken(ledger: Ledger) -> object:
        yield from ()
        raise DatasetError("The disk is gone.")

    monkeypatch.setattr(Ledger, "settled", broken)
    with pytest.raises(DatasetError, match="gone"):
        write_records(dataset)
    assert stats.read_text() == before
    monkeypatch.undo()
    write_records(dataset)
    assert len(read_rows(stats)) == 2
    assert sorted(path.name for path in dataset.iterdir()) == [".kinetics-tui", "failed.csv", "stats.csv"]


def test_records_of_a_folder_without_a_ledger_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no ledger"):
        write_records(tmp_path)
    assert list(tmp_path.iterdir()) == []


def write_by_program(dataset: Path) -> subprocess.CompletedProcess[str]:
    command, environment = python_program("kinetics_tui.dataset.stats_csv", str(dataset))
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_records_can_be_written_by_a_program_of_its_own(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, message="Private video"))
    ledger.flush()
    done = write_by_program(dataset)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(read_rows(dataset / "stats.csv")) == 2
    assert read_rows(dataset / "failed.csv") == [["aaaaaaaaaaa", "abseiling", "Private video"]]


def test_that_program_says_in_one_sentence_why_it_failed(tmp_path: Path) -> None:
    done = write_by_program(tmp_path / "none")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "There is no folder" in done.stderr
