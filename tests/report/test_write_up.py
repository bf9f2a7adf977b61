"""The write-up's figures from files in its form, by its method, on a set reckoned by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.base.errors import ReportError
from kinetics_tui.report.figures import Count, Progress, Report, Spread
from kinetics_tui.report.write_up import MOST_GROUPS, OTHERS, group_of, report_write_up
from tests.report.made_up import HEADER, stats_rows, write

ROW = "aaaaaaaaaaa,yoga,success,4,1,5,5,5,1,0,1,1"


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return report_write_up(*write(tmp_path), 0.0)


def of(folder: Path, stats: str | bytes = f"{HEADER}\n{ROW}\n", failed: str | bytes = "") -> Report:
    for name, text in (("stats.csv", stats), ("failed.csv", failed)):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return report_write_up(folder / "stats.csv", folder / "failed.csv", 0.0)


def figures(spread: Spread) -> list[float]:
    """Mean, median, p95 and maximum."""
    return [spread.mean_s, spread.median_s, spread.p95_s, spread.max_s]


# -- the method -----------------------------------------------------------------------------------


def test_ids_are_downloaded_as_their_last_row_says_and_failed_where_they_are_not_on_disk(
    report: Report,
) -> None:
    assert report.whole == Progress("", "", 14, 10, 4)
    assert report.classes == (Progress("all", "archery", 9, 7, 2), Progress("all", "yoga", 5, 3, 2))
    assert report.notes == ("11 rows of stats.csv are of 10 videos: the last of each counts.",)


def test_failures_are_distinct_texts_in_the_first_group_that_matches(report: Report) -> None:
    assert report.failures == (
        Count("Copyright", 1),
        Count("HTTP Error 404", 1),
        Count("Something odd, with a comma", 1),
        Count("Video not available", 1),
    )


def test_seconds_in_full(report: Report) -> None:
    assert report.timing is not None
    full = report.timing.in_full
    assert full.clips == 10
    assert figures(full.fetch) == pytest.approx([14.7, 5.5, 58.6, 100.0])
    assert figures(full.trim) == pytest.approx([2.2, 1.5, 5.85, 9.0])
    assert figures(full.total) == pytest.approx([16.9, 7.5, 63.2, 101.0])
    assert (full.resolve, full.download) == (None, None)


def test_seconds_inside_the_fences(report: Report) -> None:
    assert report.timing is not None
    fenced = report.timing.fenced
    assert fenced.clips == 8
    assert figures(fenced.fetch) == pytest.approx([4.875, 5.0, 6.65, 7.0])
    assert figures(fenced.trim) == pytest.approx([1.5, 1.5, 2.0, 2.0])
    assert figures(fenced.total) == pytest.approx([6.375, 6.5, 8.65, 9.0])


def test_what_dominates_and_how_long_it_takes_one_after_the_other(report: Report) -> None:
    assert report.timing is not None
    assert report.timing.fetch_longer == 9
    # As the write-up reckoned its 176.1 and 80.7 days: the mean times downloaded and failed clips.
    assert report.timing.sequential_s == pytest.approx(16.9 * 14)
    assert report.timing.fenced_sequential_s == pytest.approx(6.375 * 14)


def test_sessions_begin_where_iterations_count_anew(report: Report) -> None:
    # The row that another one took the place of had failed.
    assert [(session.clips, session.took_s) for session in report.sessions] == [(3, 40.0), (7, 75.0)]
    assert report.timing is not None
    assert report.timing.taken_s == 115.0


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("ERROR: HTTP Error 404, taken down for copyright", "HTTP Error 404"),
        ("no longer available, a copyright claim", "Copyright"),
        ("who has blocked this video available elsewhere", "Video not available"),
        ("HTTP Error 503: Service Unavailable", "HTTP Error 503"),
        ("Content Warning: removed by the user", "Content warning"),
        ("This video has been removed by the user", "Removed by user"),
        ("This video has been removed for violating YouTube's", "Violating YouTube's terms"),
        ("Unable to download webpage: duplicate", "Miscellaneous"),
        ("'NoneType' object has no attribute 'group'", "Miscellaneous"),
        ("[Errno -2] Name or service not known", "Miscellaneous"),
        ("This video is a duplicate of another", "Duplicate"),
        ("[youtube] ERROR:  Odd\n words ", "Odd words"),
        ("odd words", "odd words"),
        ("ERROR:", "Miscellaneous"),
    ],
)
def test_texts_are_grouped_as_the_write_up_grouped_them(text: str, group: str) -> None:
    assert group_of(text) == group


def test_two_texts_of_one_clip_are_two_texts_of_one_failed_clip(tmp_path: Path) -> None:
    report = of(tmp_path, failed="bbbbbbbbbbb,yoga,is unavailable\nbbbbbbbbbbb,yoga,HTTP Error 503\n")
    assert report.whole.failed == 1
    assert sum(count.clips for count in report.failures) == 2
    assert report.notes == ("2 distinct failure texts are of 1 clip; texts are counted.",)


# -- shapes of the files --------------------------------------------------------------------------


def test_a_file_without_header_has_the_columns_in_their_order(tmp_path: Path) -> None:
    assert of(tmp_path, "\n".join(stats_rows()) + "\n").whole.done == 10


def test_a_file_without_status_is_of_downloaded_clips(tmp_path: Path) -> None:
    stats = "video_id,download_duration,ffmpeg_duration,total_duration\naaaaaaaaaaa,4,1,5\n"
    report = of(tmp_path, stats)
    assert (report.whole.done, report.sessions, report.timing is not None) == (1, (), True)
    assert report.timing is not None
    assert report.timing.taken_s is None


def test_completed_and_exists_are_the_write_ups_words_for_clips_on_disk(tmp_path: Path) -> None:
    stats = [
        HEADER,
        "aaaaaaaaaaa,yoga,Completed,4,1,5,5,5,1,0,1,1",
        "bbbbbbbbbbb,yoga,Exists,,,,,6,2,0,1,1",
        "aaaaaaaaaaa,yoga,Exists,0,0,0,5,7,3,0,1,1",
    ]
    report = of(tmp_path, "\n".join(stats) + "\n")
    assert report.whole.done == 2
    assert report.notes == ("3 rows of stats.csv are of 2 videos: the last of each counts.",)
    assert report.timing is not None
    assert (report.timing.in_full.clips, report.timing.in_full.total.mean_s) == (1, 5.0)
    assert [session.clips for session in report.sessions] == [1]


def test_records_of_a_folder_where_everything_lay_already_tell_of_no_download(tmp_path: Path) -> None:
    report = of(tmp_path, f"{HEADER}\naaaaaaaaaaa,yoga,Exists,,,,,6,1,0,1,1\n")
    assert (report.whole.done, report.sessions, report.timing) == (1, (), None)


def test_a_byte_order_mark_windows_line_ends_and_a_header_of_failures_are_taken(tmp_path: Path) -> None:
    stats = b"\xef\xbb\xbf" + f"{HEADER}\r\n{ROW}\r\n".encode()
    report = of(tmp_path, stats, "video_id,label,error\nbbbbbbbbbbb,yoga,is unavailable\n")
    assert (report.whole.done, report.whole.failed) == (1, 1)


def test_times_may_be_missing_where_a_row_failed(tmp_path: Path) -> None:
    report = of(tmp_path, f"{HEADER}\n{ROW}\nbbbbbbbbbbb,yoga,failed,,,,,,2,0,1,1\n")
    assert report.timing is not None
    assert report.timing.in_full.clips == 1


def test_nothing_may_have_failed(tmp_path: Path) -> None:
    assert of(tmp_path, failed="").failures == ()


# -- files that anyone may have written -----------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("../../../etc,yoga,success,4,1,5,5,5,1,0,1,1", "is not a YouTube id"),
        ("bbbbbbbbbbb,yoga,maybe,4,1,5,5,5,1,0,1,1", "neither success nor failed"),
        ("bbbbbbbbbbb,yoga,success,nan,1,5,5,5,1,0,1,1", "download_duration 'nan' is not a number"),
        ("bbbbbbbbbbb,yoga,success,4,-1,5,5,5,1,0,1,1", "ffmpeg_duration '-1' is not a number"),
        ("bbbbbbbbbbb,yoga,success,4,1,1e300,5,5,1,0,1,1", "total_duration '1e300' is not a number"),
        ("bbbbbbbbbbb,yoga,success,4,1", "total_duration '' is not a number"),
        ("bbbbbbbbbbb,yo\x1bga,success,4,1,5,5,5,1,0,1,1", "control characters"),
        (f"bbbbbbbbbbb,{'y' * 300},success,4,1,5,5,5,1,0,1,1", "300 characters"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_line_and_left_out(
    row: str, why: str, tmp_path: Path
) -> None:
    report = of(tmp_path, f"{HEADER}\n{ROW}\n{row}\n")
    assert report.whole.done == 1
    (note,) = report.notes
    assert note.startswith(f"1 row of {tmp_path / 'stats.csv'} could not be used (line 3: ")
    assert why in note
    assert note.isprintable()


@pytest.mark.parametrize(
    ("stats", "why"),
    [
        ("", "holds no row; give a CSV file with the columns video_id,label"),
        (f"{HEADER}\n", "holds no row"),
        ("no,records\nat,all\n", "line 1: the header lacks video_id and download_duration"),
        (f"{HEADER}\nno\nno\n", "line 2: 'no' is not a YouTube id, and no other row is usable either"),
        (f'{HEADER}\n{ROW}\n"' + "open,quote\n" * 20_000, "such as after a quote left open; give a CSV"),
        (f"{HEADER}\n{'a' * 70_000}\n", "line 2: a line of more than 65,536 bytes"),
        (f"{HEADER}\n{',' * 100}\n{'a,' * 100}\n", "line 2: 101 cells in a row"),
        (f"{HEADER}\n{ROW}\n".encode() + b"\xff\xfe\n", "line 3 is not UTF-8; save the file as UTF-8"),
        (b"\x1f\x8b\0\0\n", "line 1: not text"),
    ],
)
def test_a_file_that_is_something_else_is_refused_with_its_line(
    stats: str | bytes, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ReportError) as raised:
        of(tmp_path, stats)
    assert str(raised.value).startswith(str(tmp_path / "stats.csv"))
    assert why in str(raised.value)


def test_a_folder_a_missing_file_and_something_unusable_in_place_of_failures_are_refused(
    tmp_path: Path,
) -> None:
    stats, failed = write(tmp_path)
    with pytest.raises(ReportError, match="is not a plain file"):
        report_write_up(tmp_path, failed, 0.0)
    with pytest.raises(ReportError, match="does not exist"):
        report_write_up(stats, tmp_path / "none", 0.0)
    with pytest.raises(ReportError, match=r"line 1: .* is no row of video_id,label,error, and no other"):
        of(tmp_path, failed="one,two\n")


def test_texts_without_end_become_one_group(tmp_path: Path) -> None:
    failed = "".join(f"fail{n:07},yoga,ERROR: odd {n}\n" for n in range(MOST_GROUPS + 30))
    report = of(tmp_path, failed=failed)
    assert len(report.failures) == MOST_GROUPS + 1
    assert report.failures[-1] == Count(OTHERS, 30)
