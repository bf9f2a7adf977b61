"""Failed clips read from the ledger: pages, filters, what was tried, and the program that answers."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.programs import python_program
from kinetics_tui.dataset.ledger import failed_clips as failed
from kinetics_tui.dataset.ledger.database import Database, connect
from kinetics_tui.dataset.ledger.failed_clips import read_history, read_labels, read_names, read_page
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failed_clips import ClipHistory, FailedPage, FailedQuery, HistoryQuery
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options, Selection

LABELS = ("abseiling", "Playing Chess", "")


def make_failures(dataset: Path, count: int, *, failed_ones: int) -> None:
    """A ledger of ``count`` clips, the first of which failed one after the other."""
    clips = [Clip(f"video{n:06}", float(n), n + 10.0, "train", LABELS[n % 3]) for n in range(1, count + 1)]
    with Ledger.create(
        dataset, title="t", release="", selection=Selection(), options=Options(), clips=clips
    ) as ledger:
        for clip_id in range(1, failed_ones + 1):
            category = Category.TIMEOUT if clip_id % 4 == 0 else Category.PRIVATE
            if category is Category.TIMEOUT:
                ledger.record(
                    Attempt(
                        clip_id=clip_id,
                        at=clip_id - 0.5,
                        network="10.0.0.1",
                        outcome=Outcome.RETRY,
                        category=category,
                        message="not yet",
                    )
                )
            ledger.record(
                Attempt(
                    clip_id=clip_id,
                    at=float(clip_id),
                    network="10.0.0.1",
                    outcome=Outcome.FAILED,
                    category=category,
                    message=f"Said ÄRGER {clip_id}",
                )
            )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Of 60 clips 50 failed, every fourth by a time-out."""
    make_failures(tmp_path / "set", 60, failed_ones=50)
    with closing(connect(tmp_path / "set", read_only=True)) as database:
        yield database


def ids(page: FailedPage) -> list[int]:
    return [row.id for row in page.rows]


def test_a_page_begins_with_what_failed_last_and_counts_all(database: Database) -> None:
    page = read_page(database, FailedQuery(around=2))
    assert (page.total, page.first, ids(page)) == (50, 0, [50, 49, 48])
    row = page.rows[2]
    assert (row.clip.name, row.category, row.attempts) == ("video000048_000048_000058", Category.TIMEOUT, 2)
    assert (row.at, row.message) == (48.0, "Said ÄRGER 48")
    assert page.by_category == {Category.TIMEOUT: 12, Category.PRIVATE: 38}
    assert page.by_label == {"abseiling": 16, "Playing Chess": 17, "": 17}


def test_a_page_stands_around_its_anchor_else_around_its_place(database: Database) -> None:
    page = read_page(database, FailedQuery(anchor=30, place=3, around=1))
    assert (page.first, ids(page)) == (19, [31, 30, 29])
    gone = read_page(database, FailedQuery(anchor=55, place=3, around=1))
    assert (gone.first, ids(gone)) == (2, [48, 47, 46])
    end = read_page(database, FailedQuery(place=9999, around=1))
    assert (end.first, ids(end)) == (48, [2, 1])


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (FailedQuery(category=Category.TIMEOUT), list(range(48, 0, -4))),
        (FailedQuery(label="abseiling", category=Category.TIMEOUT), [48, 36, 24, 12]),
        (FailedQuery(label=""), list(range(50, 0, -3))),
        (FailedQuery(text="ärger video000012"), [12]),
        (FailedQuery(text="CHESS timeout"), [40, 28, 16, 4]),
        (FailedQuery(text="video000007_"), [7]),
        (FailedQuery(text="nowhere"), []),
    ],
)
def test_filters_narrow_each_other(database: Database, query: FailedQuery, wanted: list[int]) -> None:
    page = read_page(database, query)
    assert (ids(page), page.total) == (wanted, len(wanted))
    assert sum(page.by_category.values()) == 50


def test_the_history_of_a_clip_has_all_attempts_the_last_one_first(database: Database) -> None:
    history = read_history(database, HistoryQuery(clip_id=8))
    assert [(attempt.outcome, attempt.message) for attempt in history.attempts] == [
        ("failed", "Said ÄRGER 8"),
        ("retry", "not yet"),
    ]
    assert history.attempts[0].network == "10.0.0.1"
    assert read_history(database, HistoryQuery(clip_id=60)) == ClipHistory(attempts=())


def test_a_long_history_is_cut_and_the_rest_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed, "MOST_ATTEMPTS", 1)
    history = read_history(database, HistoryQuery(clip_id=8))
    assert (len(history.attempts), history.earlier) == (1, 1)


def test_names_and_classes_are_read(database: Database) -> None:
    assert read_labels(database) == ["", "Playing Chess", "abseiling"]
    names = read_names(database)
    assert (len(names), names[8]) == (50, "video000008_000008_000018")


def test_clips_that_are_no_longer_selected_are_left_out(tmp_path: Path) -> None:
    make_failures(tmp_path / "set", 6, failed_ones=6)
    with Ledger.open(tmp_path / "set") as ledger:
        ledger.set_selection(Selection(), [Clip("video000002", 2.0, 12.0, "train", "")])
    with closing(connect(tmp_path / "set", read_only=True)) as database:
        assert ids(read_page(database, FailedQuery())) == [2]


def ask(dataset: Path, told: bytes) -> subprocess.CompletedProcess[bytes]:
    command, environment = python_program("kinetics_tui.dataset.ledger.failed_clips", str(dataset))
    return subprocess.run(command, env=environment, input=told, capture_output=True, timeout=60)


def test_the_program_answers_one_query_in_a_line(database: Database, tmp_path: Path) -> None:
    done = ask(tmp_path / "set", msgspec.json.encode(FailedQuery(text="ärger video00005", around=0)))
    page = msgspec.json.decode(done.stdout, type=FailedPage)
    assert (page.total, ids(page)) == (1, [50])
    assert done.stdout.count(b"\n") == 1


def test_the_program_says_in_a_sentence_why_it_cannot_answer(tmp_path: Path) -> None:
    done = ask(tmp_path / "nothing", msgspec.json.encode(FailedQuery()))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"holds no ledger" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_nonsense_is_no_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Said:
        buffer = io.BytesIO(b"{}")

    monkeypatch.setattr("sys.stdin", Said())
    assert failed.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
