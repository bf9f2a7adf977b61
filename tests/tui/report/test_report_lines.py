"""The report as lines of a terminal: readable without colour, at any width, nothing raw."""

from __future__ import annotations

from datetime import UTC

import msgspec
import pytest

from kinetics_tui.report.figures import Count, Doing, Hour, Progress, Report, Session, Stretch
from kinetics_tui.tui.parts.lines import Line
from kinetics_tui.tui.report.lines import report_lines
from kinetics_tui.tui.report.tables import SIGNS, Row, band, table_lines
from tests.report.made_up import HOSTILE, NOW, full_report


def texts(report: Report, width: int = 80) -> list[str]:
    return [line.text.rstrip() for line in report_lines(report, width, UTC)]


def section(report: Report, heading: str, width: int = 80) -> list[str]:
    """The lines below a heading."""
    lines = texts(report, width)
    start = next(at for at, line in enumerate(lines) if line.startswith(f"── {heading} ─"))
    rest = lines[start + 1 :]
    end = next((at for at, line in enumerate(rest) if line.startswith("── ")), len(rest) + 1)
    return rest[: end - 1]


def test_it_opens_with_what_it_is_of_and_when_and_the_sum_of_it() -> None:
    assert texts(full_report())[:4] == [
        "Kinetics-400                                                    2025-08-25 14:02",
        "/data/my kinetics",
        "900 of 2,000 clips done, 100 failed, 1,000 left; 10.0 % of those settled failed.",
        "A note about the source.",
    ]


def test_splits_have_counts_and_a_bar_of_what_is_done() -> None:
    assert section(full_report(), "Splits") == [
        "           clips  done  failed  of settled   left",
        "train      1,500   700      80      10.3 %    720  █████████████▌",
        "val          500   200      20       9.1 %    280  ███████████▋",
        "all of it  2,000   900     100      10.0 %  1,000  █████████████",
    ]


def test_classes_are_summed_over_splits_those_that_lost_most_first() -> None:
    assert section(full_report(), "Classes") == [
        "all       done  failed  of settled",
        "archery    400      75      15.8 %  ████████████████████████████████████████████",
        "yoga       500      25       4.8 %  █████████████▎",
    ]


def test_of_many_classes_both_ends_are_shown_and_those_not_tried_yet_are_not() -> None:
    classes = [Progress("train", f"class {n:03}", 100, 99 - n, n) for n in range(50)]
    classes.append(Progress("train", "not tried", 100, 0, 0))
    lines = section(msgspec.structs.replace(full_report(), classes=tuple(classes)), "Classes")
    names = [line.split("  ")[0] for line in lines if line]
    assert names[:3] == ["failed most", "class 049", "class 048"]
    assert names[11:] == ["failed least", *(f"class 00{n}" for n in (4, 3, 2, 1, 0))]


def test_failures_are_ranked_and_those_tried_again_told_apart() -> None:
    assert section(full_report(), "Why clips failed") == [
        "                     clips  of failed",
        "Video not available     75     75.0 %  ██████████████████████████████▊",
        "private                 25     25.0 %  ██████████▎",
        "tried again later: 12 timeout",
    ]


def test_seconds_are_told_in_full_and_inside_the_fences() -> None:
    lines = section(full_report(), "Seconds a clip")
    assert lines[:6] == [
        "seconds             mean  median    p95     max",
        "resolve             1.00    0.90   2.00    4.00",
        "download            5.00    4.00  12.00  300.00",
        "resolve + download  6.00    4.90  14.00  301.00",
        "trim                2.00    1.50   4.00   20.00",
        "total               8.25    6.50  18.00  305.50",
    ]
    assert lines[6] == "inside the interquartile fences: 900 of 900"
    assert lines[-1] == "Getting a clip takes longer than trimming it for 98.33 % of fetched clips."


def test_on_a_wide_terminal_both_tables_stand_side_by_side() -> None:
    lines = section(full_report(), "Seconds a clip", 120)
    assert lines[0].split("  ")[0] == "all of them"
    assert "inside the interquartile fences" in lines[0]
    assert lines[2].count("resolve") == 2
    assert len(lines) == 8


def test_a_histogram_has_a_row_a_bin_and_one_for_what_is_beyond() -> None:
    assert section(full_report(), "How long a clip took") == [
        "seconds   clips",
        "0 to 5      200  ███████████████████▎",
        "5 to 10     500  ████████████████████████████████████████████████",
        "10 to 15    150  ██████████████▍",
        "beyond       50  ████▊",
    ]


def test_where_the_time_went_is_told_by_signs_as_well() -> None:
    lines = section(full_report(), "Where the time went")
    assert [line[:30].split("  ")[0] for line in lines[1:4]] == ["█ working", "▒ cooling down", "x offline"]
    assert lines[4] == "█" * 10 + "▒" * 10 + "x" * 60
    assert lines[5].startswith("2025-08-25 04:00")
    assert lines[5].endswith("2025-08-25 12:00")


def test_every_sign_of_the_band_is_another_one() -> None:
    assert set(SIGNS) == set(Doing)
    assert len(set(SIGNS.values())) == len(Doing)


def test_a_cell_of_the_band_is_what_took_the_longest_part_of_it() -> None:
    stretches = (
        Stretch(Doing.WORKING, 0.0, 14.0),
        Stretch(Doing.COOLING, 14.0, 16.0),
        Stretch(Doing.PAUSED, 16.0, 40.0),
    )
    report = msgspec.structs.replace(full_report(), stretches=stretches)
    assert band(report, 4) == "██=="


def test_sessions_have_clips_length_and_end_the_newest_first() -> None:
    lines = section(full_report(), "Sessions")
    assert lines[:3] == [
        "began             clips        took                 ended",
        "2025-08-25 13:00    300  6 min 40 s                paused  ██████████▌",
        "2025-08-25 04:00    600  1 h 00 min  throttled: bot check  █████████████████████",
    ]
    assert lines[3:] == [
        "3 sessions in all, 1 without a clip: 1 offline, 1 paused, 1 throttled: bot",
        "check.",
        "YouTube refused once; it took 1 h 00 min in all until each was over.",
    ]
    assert "network" in section(full_report(), "Sessions", 120)[0]


def test_earlier_sessions_are_counted() -> None:
    sessions = tuple(Session(clips=n, took_s=60.0 * n) for n in range(1, 21))
    lines = section(msgspec.structs.replace(full_report(), sessions=sessions, throttles=()), "Sessions")
    assert lines[1].split()[:2] == ["20", "20"]
    assert lines[-1] == "5 earlier sessions with 15 clips"


def test_bytes_on_the_wire_stand_against_those_on_disk() -> None:
    assert section(full_report(), "Bytes") == [
        "1.3 GB over the wire, 1.0 GB on disk.",
        "1.20 bytes were fetched for each that is stored.",
        "100 MB went into attempts that made no clip.",
        "402 GB are free on that disk.",
    ]


def test_clips_an_hour_are_a_chart_of_the_whole_run() -> None:
    lines = section(full_report(), "Clips an hour")
    assert lines[0] == "at most 600 an hour; a column is an hour"
    assert lines[1] == "█"
    assert lines[6] == "█········█"
    assert lines[7] == "2025-08-25 04:00"


def test_one_hour_is_told_without_a_chart() -> None:
    report = msgspec.structs.replace(full_report(), hours=(Hour(NOW, 12, 0, 0),))
    assert section(report, "Clips an hour") == ["12 clips in the one hour so far"]


def test_a_long_run_has_columns_of_several_hours() -> None:
    hours = tuple(Hour(3600.0 * n, 10, 0, 0) for n in range(24 * 90))
    lines = section(msgspec.structs.replace(full_report(), hours=hours), "Clips an hour")
    assert lines[0] == "at most 10 an hour; a column is the mean of 27 hours"
    assert len(lines[1]) == 80


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_whatever_the_labels(width: int) -> None:
    report = msgspec.structs.replace(
        full_report(label="弾き語り" * 30), failures=(Count("e" * 500, 3), Count("x", 1)), source="p" * 500
    )
    floor = 58  # of figures, which never give way
    for line in report_lines(report, width, UTC):
        assert line.width <= max(width, floor), line.text


def test_nothing_from_elsewhere_reaches_the_terminal_raw() -> None:
    report = full_report(label=HOSTILE)
    report = msgspec.structs.replace(
        report, title=HOSTILE, source=HOSTILE, notes=(HOSTILE,), failures=(Count(HOSTILE, 3),)
    )
    for line in texts(report):
        assert line.isprintable() or not line


@pytest.mark.parametrize("at", [-9.3e18, 9.3e18])
def test_hours_that_no_calendar_has_do_no_harm(at: float) -> None:
    hours = tuple(sorted((Hour(0.0, 1, 0, 0), Hour(at, 1, 0, 0)), key=lambda hour: hour.at))
    assert section(msgspec.structs.replace(full_report(), hours=hours), "Clips an hour")


def test_what_the_source_does_not_tell_is_left_out() -> None:
    empty = Report(title="x", source="y", at=NOW, whole=Progress("", "", 0, 0, 0))
    assert [line for line in texts(empty) if line.startswith("── ")] == [
        "── Why clips failed ────────────────────────────────────────────────────────────"
    ]


def test_names_give_way_before_figures_do() -> None:
    lines = table_lines(("name", "figure"), [Row("a very long name indeed", ("123,456,789",), 0.5)], 30)
    assert [line.text for line in lines] == [
        Line().cell("name", 8).add("       figure").text,
        "a very …  123,456,789  ███▌",
    ]
