"""The report of a ledger whose figures are known."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.errors import DatasetError, ReportError
from kinetics_tui.base.programs import python_program
from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.dataset.stats_csv import write_records
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.report.digest import refusals_text
from kinetics_tui.report.figures import Count, Doing, Hour, NetworkWork, Progress, Report, Sources
from kinetics_tui.report.gather import DIED, GOES_ON, gather
from kinetics_tui.report.program import make_report
from kinetics_tui.report.write_up import report_write_up
from kinetics_tui.tui.report.lines import network_lines, source_lines
from tests.clip_figures import file_of
from tests.report.made_up import TIMES

START = 1_000_000_800.0
"""The start of an hour."""
HOUR_S = 3600.0
WLAN, PHONE = "192.168.1.23", "socks5://127.0.0.1:1080"


def clips() -> list[Clip]:
    """Twelve of train, three of val."""
    train = [Clip(f"train{n:06}", n, n + 10, "train", "yoga" if n % 2 else "archery") for n in range(12)]
    return [*train, *(Clip(f"val{n:08}", n, n + 10, "val", "archery") for n in range(3))]


def made(clip_id: int, at: float, network: str = WLAN, **fields: float) -> Attempt:
    """An attempt that made a clip, with the times of one row of the set made up for the write-up."""
    download, trim = TIMES[clip_id - 1]
    times = {
        "resolve_s": download / 4,
        "download_s": download * 3 / 4,
        "trim_s": float(trim),
        "total_s": float(download + trim),
        "wire_bytes": 1000,
        **fields,
    }
    return Attempt(
        clip_id=clip_id,
        at=at,
        network=network,
        outcome=Outcome.DONE,
        made=file_of(output_bytes=800),
        spent=Spent(**times),  # type: ignore[arg-type]  # all of them are numbers
    )


def missed(clip_id: int, at: float, outcome: Outcome, category: Category) -> Attempt:
    return Attempt(
        clip_id=clip_id,
        at=at,
        network=WLAN,
        outcome=outcome,
        category=category,
        message="ERROR: This video is unavailable.",
        spent=Spent(total_s=1.0, wire_bytes=10),
        retry_at=at,
    )


def fill(ledger: Ledger) -> None:
    """Two sessions of an hour and half an hour, a throttle of a quarter of an hour between them."""
    session = ledger.open_session(WLAN, START, 77)
    for clip_id in range(1, 7):
        ledger.record(made(clip_id, START + clip_id))
    ledger.record(missed(11, START + 20, Outcome.RETRY, Category.TIMEOUT))
    ledger.record(missed(11, START + 30, Outcome.FAILED, Category.PRIVATE))
    ledger.throttled(WLAN, START + HOUR_S, Category.BOT_CHECK, 1, 6)
    ledger.close_session(session, START + HOUR_S, "throttled: bot check")
    session = ledger.open_session(PHONE, START + HOUR_S + 900, 77)
    ledger.throttle_ended(WLAN, START + HOUR_S + 960)
    for clip_id in range(7, 11):
        ledger.record(made(clip_id, START + HOUR_S + 900 + clip_id, PHONE))
    ledger.record(missed(13, START + 2 * HOUR_S, Outcome.FAILED, Category.VIDEO_NOT_AVAILABLE))
    ledger.close_session(session, START + HOUR_S + 2700, "stopped")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "kinetics"


@pytest.fixture
def ledger(dataset: Path) -> Iterator[Ledger]:
    with Ledger.create(
        dataset,
        title="Kinetics-400",
        release="kinetics-400",
        selection=Selection(),
        options=Options(),
        clips=clips(),
    ) as ledger:
        yield ledger


@pytest.fixture
def report(dataset: Path, ledger: Ledger) -> Report:
    fill(ledger)
    ledger.flush()
    return gather(dataset, START + 5 * HOUR_S)


def test_clips_are_counted_by_split_and_by_class(report: Report) -> None:
    assert report.whole == Progress("", "", 15, 10, 2)
    assert report.splits == (Progress("train", "", 12, 10, 1), Progress("val", "", 3, 0, 1))
    assert report.classes == (
        Progress("train", "archery", 6, 5, 1),
        Progress("train", "yoga", 6, 5, 0),
        Progress("val", "archery", 3, 0, 1),
    )
    assert (report.title, report.running) == ("Kinetics-400", False)


def test_failures_are_counted_by_category_and_those_tried_again_apart(report: Report) -> None:
    assert report.failures == (Count("private", 1), Count("Video not available", 1))
    assert report.retried == (Count("timeout", 1),)


def test_seconds_are_those_that_the_set_was_made_with(report: Report) -> None:
    timing = report.timing
    assert timing is not None
    assert timing.in_full.clips == 10
    assert timing.in_full.fetch.mean_s == pytest.approx(14.7)
    assert timing.in_full.fetch.median_s == pytest.approx(5.5)
    assert timing.in_full.fetch.p95_s == pytest.approx(58.6)
    assert timing.in_full.resolve is not None
    assert timing.in_full.resolve.max_s == pytest.approx(25.0)
    assert timing.in_full.download is not None
    assert timing.in_full.download.mean_s == pytest.approx(11.025)
    assert timing.fenced.clips == 8
    assert timing.fenced.total.mean_s == pytest.approx(6.375)
    assert timing.fetch_longer == 9
    # Two failed and one was tried again, for a second each; twelve clips are settled.
    assert timing.in_hand_s == pytest.approx(169 + 3)
    assert timing.sequential_s == pytest.approx(16.9 * 12)
    assert timing.taken_s == pytest.approx(HOUR_S + 1800)


def test_sessions_tell_of_clips_network_and_end(report: Report) -> None:
    first, second = report.sessions
    assert (first.clips, first.took_s, first.why) == (6, HOUR_S, "throttled: bot check")
    assert (first.network, first.began_at) == (WLAN, START)
    assert (second.clips, second.took_s, second.why, second.network) == (4, 1800.0, "stopped", PHONE)


def test_throttles_tell_of_their_clips_and_how_long_they_lasted(report: Report) -> None:
    (throttle,) = report.throttles
    assert (throttle.network, throttle.signal, throttle.step, throttle.clips) == (WLAN, "bot check", 1, 6)
    assert throttle.ended_at == START + HOUR_S + 960
    assert throttle.passed


def test_a_refusal_that_is_not_over_is_not_said_to_have_taken_no_time(dataset: Path, ledger: Ledger) -> None:
    ledger.throttled(WLAN, START, Category.BOT_CHECK, 1, 6)
    assert refusals_text(gather(dataset)) == "YouTube refused once, and that is not over yet."
    ledger.throttle_ended(WLAN, START + 60)
    ledger.throttled(WLAN, START + 90, Category.BOT_CHECK, 1, 6)
    assert refusals_text(gather(dataset)) == (
        "YouTube refused 2 times; it took 1 min in all until each was over, without what is not over yet."
    )


def test_time_is_told_apart(report: Report) -> None:
    assert [(stretch.doing, stretch.took_s) for stretch in report.stretches] == [
        (Doing.WORKING, HOUR_S),
        (Doing.COOLING, 900.0),
        (Doing.WORKING, 1800.0),
    ]


def test_bytes_and_hours_add_up(report: Report) -> None:
    assert report.traffic is not None
    assert (report.traffic.wire_bytes, report.traffic.done_wire_bytes) == (10_030, 10_000)
    assert report.traffic.stored_bytes == 8_000
    assert report.traffic.free_bytes
    assert report.hours == (
        Hour(START, 6, 1, 6_020),
        Hour(START + HOUR_S, 4, 0, 4_000),
        Hour(START + 2 * HOUR_S, 0, 1, 10),
    )


def test_records_written_from_the_ledger_tell_the_same(report: Report, dataset: Path) -> None:
    again = report_write_up(*write_records(dataset), START)
    assert (again.whole.done, again.whole.failed) == (10, 2)
    assert report.timing is not None
    assert again.timing is not None
    assert again.timing.in_full == msgspec.structs.replace(report.timing.in_full, resolve=None, download=None)
    assert again.timing.fenced.clips == report.timing.fenced.clips
    assert again.timing.fetch_longer == report.timing.fetch_longer
    assert [session.clips for session in again.sessions] == [6, 4]


def test_a_clip_done_again_counts_once_with_its_last_times(dataset: Path, ledger: Ledger) -> None:
    ledger.record(made(1, START, total_s=500.0))
    ledger.record(made(1, START + 60))
    ledger.flush()
    timing = gather(dataset).timing
    assert timing is not None
    assert (timing.in_full.clips, timing.in_full.total.max_s) == (1, 3.0)


def test_clips_that_lay_on_the_disk_already_took_no_time_and_belong_to_no_session(
    dataset: Path, ledger: Ledger
) -> None:
    ledger.open_session(WLAN, START, 77)
    ledger.record(
        Attempt(clip_id=1, at=START + 1, network=WLAN, outcome=Outcome.DONE, made=file_of(output_bytes=800))
    )
    ledger.flush()
    report = gather(dataset)
    assert report.whole.done == 1
    assert report.timing is None
    assert report.sessions[0].clips == 0
    assert report.hours[0].done == 0


def test_a_session_that_is_open_reaches_to_now_or_to_its_last_attempt(
    dataset: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.open_session(WLAN, START, 77)
    ledger.record(made(1, START + 100))
    ledger.flush()
    died = gather(dataset, START + 500)
    assert (died.sessions[0].took_s, died.sessions[0].why) == (100.0, DIED)
    monkeypatch.setattr("kinetics_tui.report.gather.is_running", lambda dataset: True)
    alive = gather(dataset, START + 500)
    assert (alive.sessions[0].took_s, alive.sessions[0].why) == (500.0, GOES_ON)
    assert alive.running


def test_nothing_follows_the_last_session_once_every_clip_is_settled(
    dataset: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinetics_tui.report.gather.is_running", lambda dataset: True)
    session = ledger.open_session(WLAN, START, 77)
    ledger.record(made(1, START + 100))
    ledger.close_session(session, START + 100, "paused")
    ledger.flush()
    assert [stretch.doing for stretch in gather(dataset, START + 500).stretches] == [
        Doing.WORKING,
        Doing.PAUSED,
    ]
    for clip_id in range(2, 16):
        ledger.record(missed(clip_id, START + 90, Outcome.FAILED, Category.PRIVATE))
    ledger.flush()
    assert [stretch.doing for stretch in gather(dataset, START + 500).stretches] == [Doing.WORKING]


def test_a_new_ledger_has_a_report(dataset: Path, ledger: Ledger) -> None:
    report = gather(dataset)
    assert report.whole == Progress("", "", 15, 0, 0)
    assert (report.timing, report.hours, report.stretches, report.failures) == (None, (), (), ())


def test_it_is_made_while_the_ledger_is_written_and_changes_nothing(dataset: Path, ledger: Ledger) -> None:
    fill(ledger)
    ledger.flush()
    before = ledger_path(dataset).read_bytes()
    with ledger._changing() as connection:
        connection.execute("UPDATE clips SET status = 'done'")
        assert gather(dataset).whole.done == 10
    assert gather(dataset).whole.done == 15
    ledger.close()
    assert len(ledger_path(dataset).read_bytes()) >= len(before)


def test_odd_values_of_somebody_elses_ledger_do_no_harm(dataset: Path, ledger: Ledger) -> None:
    fill(ledger)
    with ledger._changing() as connection:
        connection.execute("UPDATE attempts SET total_s = 'abc', wire_bytes = 1e300 WHERE clip_id = 1")
        connection.execute("UPDATE attempts SET trim_s = 1e300, at = -1e300 WHERE clip_id = 2")
    report = gather(dataset)
    assert report.timing is not None
    assert report.timing.in_full.trim.max_s == 1e9
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


# -- as a program of its own ----------------------------------------------------------------------


async def test_a_program_of_its_own_makes_the_same_report(dataset: Path, report: Report) -> None:
    made_there = await make_report(dataset)
    assert msgspec.structs.replace(made_there, at=report.at, traffic=report.traffic) == report


async def test_its_sentence_about_a_missing_ledger_comes_through(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="There is no folder"):
        await make_report(tmp_path / "nowhere")
    with pytest.raises(DatasetError):
        gather(tmp_path / "nowhere")


def test_the_program_ends_with_1_and_one_line(tmp_path: Path) -> None:
    command, environment = python_program("kinetics_tui.report.program", str(tmp_path))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_networks_in_use_at_once_have_each_its_own_figures(ledger: Ledger, dataset: Path) -> None:
    one = ledger.open_session(WLAN, START, 77)
    other = ledger.open_session(PHONE, START + 600, 77)
    for clip_id in (1, 2, 3):
        ledger.record(made(clip_id, START + 600 + clip_id))
    ledger.record(made(4, START + 650))  # its file went, and it was fetched again
    ledger.record(made(4, START + 700, PHONE))
    ledger.record(missed(11, START + 720, Outcome.FAILED, Category.TIMEOUT))  # retried
    ledger.record(missed(11, START + 730, Outcome.FAILED, Category.PRIVATE))
    ledger.throttled(PHONE, START + 1500, Category.BOT_CHECK, 1, 1)
    ledger.close_session(other, START + 1500, "throttled: bot check")
    ledger.close_session(one, START + HOUR_S, "stopped")
    report = gather(dataset, START + HOUR_S)
    assert report.networks == (
        NetworkWork(network=WLAN, clips=3, failed=1, wire_bytes=4020, took_s=HOUR_S, throttles=0),
        NetworkWork(network=PHONE, clips=1, failed=0, wire_bytes=1000, took_s=900.0, throttles=1),
    )
    assert [one.clips_per_hour for one in report.networks] == [3.0, 4.0]
    assert [line.text.split() for line in network_lines(report, 80)][1:] == [
        [WLAN, "3", "3", "1", "4.0", "kB", "1", "h", "00", "min", "0"],
        [PHONE, "1", "4", "0", "1.0", "kB", "15", "min", "1"],
    ]
    assert network_lines(msgspec.structs.replace(report, networks=report.networks[:1]), 80) == []


def test_clips_are_counted_by_where_their_last_file_comes_from(ledger: Ledger, dataset: Path) -> None:
    ledger.set_archives([ArchiveRow(address="https://e/1", name="train/part_1.tar.gz")])
    ledger.settle_archive(1, passed=True, wire_bytes=5000, why="")
    for clip_id, archive in ((1, "train/part_1.tar.gz"), (2, "train/part_1.tar.gz"), (3, "new.tgz")):
        copied = made(clip_id, START + clip_id, network="", wire_bytes=0)
        file = msgspec.structs.replace(copied.made, archive=archive)  # type: ignore[type-var]
        ledger.record(msgspec.structs.replace(copied, made=file))
    ledger.record(made(3, START + 10))  # once more, by YouTube
    ledger.record(made(4, START + 11))
    ledger.record(made(5, START + 12, wire_bytes=0))  # was there
    ledger.flush()
    report = gather(dataset, START + HOUR_S)
    assert report.sources == Sources(
        youtube=2,
        archives=2,
        here=1,
        by_archive=(Count("train/part_1.tar.gz", 2),),
        archive_bytes=5000,
    )
    assert [hour.done for hour in report.hours] == [5]
    assert [one.network for one in report.networks] == [WLAN]
    said = source_lines(report, 110)[0].text.strip()
    assert said == "Of the clips that are done 2 from YouTube, 2 from 1 archive, 1 were on the disk before."
