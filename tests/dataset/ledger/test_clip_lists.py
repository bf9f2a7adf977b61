"""Failed and done clips read from the ledger: pages, filters, what was tried, the program that answers."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.programs import python_program
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger import clip_lists
from kinetics_tui.dataset.ledger.clip_lists import (
    read_done,
    read_done_classes,
    read_history,
    read_labels,
    read_names,
    read_page,
)
from kinetics_tui.dataset.ledger.database import Database, connect
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.clip_queries import (
    ClassesQuery,
    ClipHistory,
    DonePage,
    DoneQuery,
    FailedPage,
    FailedQuery,
    HistoryQuery,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.options import LayoutName, Options, Selection

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
    monkeypatch.setattr(clip_lists, "MOST_ATTEMPTS", 1)
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
    command, environment = python_program("kinetics_tui.dataset.ledger.clip_lists", str(dataset))
    return subprocess.run(command, env=environment, input=told, capture_output=True, timeout=60)


def test_the_program_answers_one_query_in_a_line(database: Database, tmp_path: Path) -> None:
    done = ask(tmp_path / "set", msgspec.json.encode(FailedQuery(text="ärger video00005", around=0)))
    page = msgspec.json.decode(done.stdout, type=FailedPage)
    assert (page.total, ids(page)) == (1, [50])
    assert done.stdout.count(b"\n") == 1


def test_the_program_says_in_a_sentence_why_it_cannot_answer(tmp_path: Path) -> None:
    done = ask(tmp_path / "nothing", msgspec.json.encode(FailedQuery()))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"There is no folder" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_nonsense_is_no_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Said:
        buffer = io.BytesIO(b"{}")

    monkeypatch.setattr("sys.stdin", Said())
    assert clip_lists.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


# -- clips that are done -----------------------------------------------------------------------------

MADE = MadeFile(
    output_bytes=1000,
    duration_s=10.0,
    width_px=340,
    height_px=256,
    fps=24.0,
    sound=True,
    short=False,
    exact=True,
    source_itags="134+140",
    made_with="kinetics-tui 0",
)
LAYOUT = LayoutName.ACTIVITYNET


@pytest.fixture
def done(tmp_path: Path) -> Iterator[Database]:
    """Of 60 clips 50 are done, the later ones later; every fifth is of val, and every tenth lay there."""
    clips = [
        Clip(f"video{n:06}", float(n), n + 10.0, "train" if n % 5 else "val", LABELS[n % 3])
        for n in range(1, 61)
    ]
    with Ledger.create(
        tmp_path / "done", title="t", release="", selection=Selection(), options=Options(), clips=clips
    ) as ledger:
        for clip_id in range(1, 51):
            spent = Spent(wire_bytes=0 if clip_id % 10 == 0 else 99)
            ledger.record(
                Attempt(
                    clip_id=clip_id,
                    at=float(clip_id),
                    network="10.0.0.1",
                    outcome=Outcome.DONE,
                    made=MADE,
                    spent=spent,
                )
            )
    with closing(connect(tmp_path / "done", read_only=True)) as database:
        yield database


def done_ids(page: DonePage) -> list[int]:
    return [row.id for row in page.rows]


def test_done_clips_begin_with_the_newest_and_tell_their_files(done: Database) -> None:
    page = read_done(done, DoneQuery(around=2))
    assert (page.total, page.first, done_ids(page)) == (50, 0, [50, 49, 48])
    row = page.rows[1]
    assert row.clip == Clip("video000049", 49.0, 59.0, "train", "Playing Chess")
    assert row.path == str(clip_path(LAYOUT, row.clip))
    assert (row.at, row.made, row.network) == (49.0, MADE, "10.0.0.1")
    assert page.rows[0].network == ""


@pytest.mark.parametrize("place", [0, 3, 24, 25, 26, 47, 49, 400])
@pytest.mark.parametrize("narrowed", [{}, {"split": "train"}, {"text": "video"}, {"label": "Playing Chess"}])
def test_every_part_of_the_list_of_done_clips_is_that_of_the_whole(
    done: Database, place: int, narrowed: dict[str, str]
) -> None:
    whole = done_ids(read_done(done, DoneQuery(around=500, **narrowed)))  # type: ignore[arg-type]
    part = read_done(done, DoneQuery(place=place, around=2, **narrowed))  # type: ignore[arg-type]
    assert part.total == len(whole)
    assert done_ids(part) == whole[part.first : part.first + len(part.rows)]
    at = min(place, len(whole) - 1)
    assert part.first == max(0, at - 2)
    anchored = read_done(done, DoneQuery(anchor=whole[at], place=3, around=2, **narrowed))
    assert (anchored.first, done_ids(anchored)) == (part.first, done_ids(part))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (DoneQuery(split="val"), list(range(50, 0, -5))),
        (DoneQuery(split="val", label=""), [50, 35, 20, 5]),
        (DoneQuery(text="CHESS video000049"), [49]),
        (DoneQuery(text="00000 abs"), [9, 6, 3]),
        (DoneQuery(split="nowhere"), []),
        (DoneQuery(label="nothing"), []),
    ],
)
def test_filters_narrow_the_done_clips(done: Database, query: DoneQuery, wanted: list[int]) -> None:
    page = read_done(done, query)
    assert (done_ids(page), page.total) == (wanted, len(wanted))


def test_a_clip_made_twice_is_listed_once_as_it_is_now(done: Database, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "done") as ledger:
        ledger.record(
            Attempt(
                clip_id=3,
                at=99.0,
                network="10.0.0.2",
                outcome=Outcome.DONE,
                made=MADE,
                spent=Spent(wire_bytes=1),
            )
        )
    page = read_done(done, DoneQuery(around=100))
    assert done_ids(page)[:2] == [3, 50]
    assert (page.total, done_ids(page).count(3), page.rows[0].network) == (50, 1, "10.0.0.2")


def test_done_clips_that_are_no_longer_selected_are_left_out(done: Database, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "done") as ledger:
        ledger.set_selection(Selection(), [Clip("video000002", 2.0, 12.0, "train", "")])
    assert done_ids(read_done(done, DoneQuery())) == [2]


def test_done_clips_are_counted_by_class(done: Database) -> None:
    assert read_done_classes(done) == {"": 17, "Playing Chess": 17, "abseiling": 16}


def test_the_program_answers_queries_for_done_clips(done: Database, tmp_path: Path) -> None:
    asked = ask(tmp_path / "done", msgspec.json.encode(DoneQuery(around=0, split="val")))
    assert done_ids(msgspec.json.decode(asked.stdout, type=DonePage)) == [50]
    asked = ask(tmp_path / "done", msgspec.json.encode(ClassesQuery()))
    assert sum(msgspec.json.decode(asked.stdout, type=dict[str, int]).values()) == 50
