"""``stats.csv`` and ``failed.csv``: the ledger as the 2019 Kinetics-700 write-up kept its records.

``python -m kinetics_tui.dataset.stats_csv DATASET`` writes them as a program of its own: a large ledger
takes seconds of a processor.

``stats.csv`` has a header and one row for every attempt that settled its clip, oldest first. A clip
that was made pending again by hand may so have several; the write-up's rule is that the last wins.

================== ===========================================================================
video_id, label    of the clip, as in the annotations
status             ``success`` or ``failed``
download_duration  seconds to resolve the video and fetch the bytes of the clip
ffmpeg_duration    seconds to trim and verify (the write-up trimmed with ffmpeg, we with its libraries)
total_duration     seconds in a worker's hand
average_duration   mean of total_duration over this row and all above it
elapsed            seconds from the start of the first attempt to the end of this one; of a clock that was
                   set back meanwhile that step is left out
iteration          number of the row, from 1
skipped_iteration  clips that lay on disk already when the row's session began, of several at once the first
queue_id, pid      worker slot and process
archive            that the clip comes from, empty for YouTube; the write-up has no such column
================== ===========================================================================

``failed.csv`` has no header and a row for every selected clip that stands as failed: video_id, label
and error, the message of its last failure.

Labels and messages come from elsewhere: control and format characters are left out. Nothing is put in
front of a leading ``-`` or ``=``, since ids begin with ``-``: read the columns as text in a spreadsheet.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kinetics_tui.base.errors import UserError
from kinetics_tui.base.safe_text import for_table
from kinetics_tui.base.whole_file import whole_text
from kinetics_tui.dataset.folder import FAILED_FILE, STATS_FILE, state_folder
from kinetics_tui.dataset.ledger.database import plain_errors
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Outcome

STATS_COLUMNS = (
    "video_id",
    "label",
    "status",
    "download_duration",
    "ffmpeg_duration",
    "total_duration",
    "average_duration",
    "elapsed",
    "iteration",
    "skipped_iteration",
    "queue_id",
    "pid",
    "archive",
)


def write_records(dataset: Path) -> tuple[Path, Path]:
    """Write both files into the dataset folder, each whole or not at all, and return their paths.

    Works beside a running engine, and in constant memory. Raises DatasetError.
    """
    stats, failed = dataset / STATS_FILE, dataset / FAILED_FILE
    with Ledger.open(dataset, read_only=True) as ledger:
        _write(stats, _stats_rows(ledger))
        _write(failed, _failed_rows(ledger))
    return stats, failed


def _stats_rows(ledger: Ledger) -> Iterator[Sequence[object]]:
    yield STATS_COLUMNS
    ended_at = elapsed_s = total_s = 0.0
    done = skipped = 0
    sittings, sitting = ledger.sittings(), -1
    for iteration, settled in enumerate(ledger.settled(), start=1):
        attempt, spent = settled.attempt, settled.attempt.spent
        if iteration == 1:
            ended_at = attempt.at - spent.total_s
        elapsed_s += max(0.0, attempt.at - ended_at)
        ended_at = attempt.at
        found = sittings.get(settled.session or 0)
        if found is not None and found != sitting:  # without one: in hand as the last one ended
            sitting, skipped = found, done
        total_s += spent.total_s
        done += attempt.outcome is Outcome.DONE
        yield (
            for_table(settled.clip.youtube_id),
            for_table(settled.clip.label),
            "success" if attempt.outcome is Outcome.DONE else "failed",
            round(spent.resolve_s + spent.download_s, 3),
            round(spent.trim_s, 3),
            round(spent.total_s, 3),
            round(total_s / iteration, 3),
            round(elapsed_s, 3),
            iteration,
            skipped,
            attempt.slot,
            attempt.pid,
            for_table(attempt.made.archive) if attempt.made else "",
        )


def _failed_rows(ledger: Ledger) -> Iterator[Sequence[object]]:
    for clip, category, message in ledger.failures():
        yield for_table(clip.youtube_id), for_table(clip.label), for_table(message) or category.value


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with plain_errors(path), whole_text(path, folder=state_folder(path.parent)) as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a dataset's records; the exit code is 1, with a sentence on stderr, where that fails."""
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.dataset.stats_csv")
    parser.add_argument("dataset", type=Path, help="the dataset folder")
    try:
        write_records(parser.parse_args(arguments).dataset)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
