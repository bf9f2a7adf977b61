"""A small set in the 2019 form whose figures are reckoned by hand, and a report with something of everything.

The last rows of the ten downloaded videos took, in seconds::

    download  2  4  4  5  5  6  6  7  8  100    sum 147
    trim      1  1  1  1  2  2  2  2  9    1    sum  22
    total     3  5  5  6  7  8  8  9 17  101    sum 169

Quartiles of download are 4.25 and 6.75: the fences 0.5 and 10.5 leave 100 out. Those of trim over the other
nine are 1 and 2: the fences -0.5 and 3.5 leave 9 out.
"""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.report.figures import (
    Count,
    Doing,
    Histogram,
    Hour,
    Progress,
    Report,
    Seconds,
    Session,
    Spread,
    Stretch,
    Throttle,
    Timing,
    Traffic,
)

HEADER = (
    "video_id,label,status,download_duration,ffmpeg_duration,total_duration,average_duration,elapsed,"
    "iteration,skipped_iteration,queue_id,pid"
)
TIMES = ((2, 1), (4, 1), (4, 1), (5, 1), (5, 2), (6, 2), (6, 2), (7, 2), (8, 9), (100, 1))
FAILED = (
    "fail0000001,yoga,ERROR: unable to download video data: HTTP Error 404: Not Found",
    "fail0000001,yoga,ERROR: unable to download video data: HTTP Error 404: Not Found",
    'fail0000002,yoga,"ERROR: This video is not available, by a claim of copyright."',
    "fail0000003,archery,ERROR: This video is unavailable.",
    "fail0000004,archery,ERROR: Something odd, with a comma",
    "done0000001,archery,ERROR: This video is unavailable.",
)


def stats_rows() -> list[str]:
    """Two sessions: four rows, then seven, one of which takes the place of another."""
    rows = ["done0000010,yoga,failed,3,3,6,6,10,1,0,0,1"]
    for number, (download, trim) in enumerate(TIMES, start=1):
        label = "yoga" if number > 7 else "archery"
        session, place = (0, number + 1) if number <= 3 else (1, number - 3)
        rows.append(
            f"done{number:07},{label},success,{download},{trim},{download + trim},0,"
            f"{10 * place + 5 * session},{place},0,1,1"
        )
    return rows


def write(folder: Path) -> tuple[Path, Path]:
    """Write both files into a folder."""
    stats, failed = folder / "stats.csv", folder / "failed.csv"
    stats.write_text("\n".join([HEADER, *stats_rows()]) + "\n")
    failed.write_text("\n".join(FAILED) + "\n")
    return stats, failed


NOW = 1_756_130_531.0
HOUR_S = 3600.0
HOSTILE = "</td><script>alert(1)</script>\x1b[2J\u202e\"'&"


def full_report(label: str = "archery") -> Report:
    """A report of half a day's run."""
    began = NOW - 10 * HOUR_S
    began -= began % HOUR_S
    seconds = Seconds(
        clips=900,
        resolve=Spread(1.0, 0.9, 2.0, 4.0),
        download=Spread(5.0, 4.0, 12.0, 300.0),
        fetch=Spread(6.0, 4.9, 14.0, 301.0),
        trim=Spread(2.0, 1.5, 4.0, 20.0),
        total=Spread(8.25, 6.5, 18.0, 305.5),
    )
    return Report(
        title="Kinetics-400",
        source="/data/my kinetics",
        at=NOW,
        running=True,
        whole=Progress("", "", 2000, 900, 100),
        splits=(Progress("train", "", 1500, 700, 80), Progress("val", "", 500, 200, 20)),
        classes=(
            Progress("train", label, 800, 300, 60),
            Progress("train", "yoga", 700, 400, 20),
            Progress("val", label, 250, 100, 15),
            Progress("val", "yoga", 250, 100, 5),
        ),
        failures=(Count("Video not available", 75), Count("private", 25)),
        retried=(Count("timeout", 12),),
        timing=Timing(
            in_full=seconds,
            fenced=seconds,
            fetch_longer=885,
            histogram=Histogram(5.0, (200, 500, 150), 50),
            sequential_s=8250.0,
            fenced_sequential_s=8250.0,
            in_hand_s=8000.0,
            taken_s=4000.0,
        ),
        sessions=(
            Session(clips=600, took_s=HOUR_S, why="throttled: bot check", network="wlan0", began_at=began),
            Session(clips=0, took_s=1.0, why="offline", network="wlan0", began_at=began + 2 * HOUR_S),
            Session(clips=300, took_s=400.0, why="paused", network="phone", began_at=began + 9 * HOUR_S),
        ),
        throttles=(
            Throttle(
                network="wlan0",
                at=began + HOUR_S,
                signal="bot check",
                step=1,
                clips=600,
                ended_at=began + 2 * HOUR_S,
                passed=True,
            ),
        ),
        stretches=(
            Stretch(Doing.WORKING, began, began + HOUR_S),
            Stretch(Doing.COOLING, began + HOUR_S, began + 2 * HOUR_S),
            Stretch(Doing.OFFLINE, began + 2 * HOUR_S, began + 8 * HOUR_S),
        ),
        traffic=Traffic(1_300_000_000, 1_200_000_000, 1_000_000_000, 402_000_000_000),
        hours=(Hour(began, 600, 50, 1), Hour(began + 9 * HOUR_S, 300, 50, 1)),
        notes=("A note about the source.",),
    )
