"""A long run holds at its end what it held at its beginning: nothing leaks."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.dataset.folder import scratch_path
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.options import Options, Selection, Trim
from tests.torture.leaks import Held, Sample, engine_that_renews, growth, watch
from tests.torture.small_videos import shrink
from tests.waiting import has_ended, until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

MIB = 1 << 20
WORKERS = 2
NEVER = 1 << 30
MAY_WARM_BYTES = 2 * MIB
FIELDS = Held.__struct_fields__

Value = Callable[[Sample], int]


def run_to_its_end(
    dataset: Path, serve: Serve, sources: Path, *, clips: int, renew_after: int, within_s: float
) -> list[Sample]:
    """Have so many clips made by copying; what was held meanwhile."""
    demo, youtube = serve(clips)
    shrink(demo, sources)
    options = Options(workers=WORKERS, pace_per_hour=None, trim=Trim.COPY, yt_dlp=youtube.yt_dlp_args())
    create(dataset, Selection(), options, demo.clips)
    with engine_that_renews(dataset, renew_after) as engine:
        samples = asyncio.run(watch(dataset, engine, within_s))
        below = engine.children(recursive=True)
    until(lambda: all(map(has_ended, below)))
    assert not scratch_path(dataset).exists()
    assert len(list(dataset.glob("*/*/*.mp4"))) == clips - 1  # one begins after its video ends
    return samples


def settled_from(samples: list[Sample], from_clip: int) -> list[Sample]:
    """The samples from this clip on, with every worker of the pool in them; they hold more than twice it."""
    settled = [sample for sample in samples if sample.clips >= from_clip and len(sample.workers) == WORKERS]
    assert settled[-1].clips - settled[0].clips > from_clip, "the run was too short to say"
    assert len({frozenset(sample.workers) for sample in settled}) == 1, "no worker is renewed"
    return settled


def holders(settled: list[Sample]) -> list[str | int]:
    """Whose figures there are: the engine, and each worker by its pid."""
    return ["engine", *settled[0].workers]


def check_nothing_stays(settled: list[Sample]) -> None:
    """Neither engine nor workers have more open at the end, and no more processes or files are about."""
    for holder in holders(settled):
        told = figures(settled, holder)
        print(told)  # noqa: T201 -- what a report is made of
        for field in ("fds", "threads"):
            # What is open while a clip is made comes and goes; what leaks, stays.
            early, late = by_half(settled, of(holder, field))
            assert late <= early + 1, told
    assert max(sample.processes for sample in settled) == WORKERS + 2  # forkserver, resource tracker
    assert max(sample.scratch for sample in settled) <= 4 * WORKERS


def check_slopes(settled: list[Sample], *, engine_mib: float, worker_mib: float) -> None:
    """These bound what the memory of the engine and of each worker may grow by in 1,000 clips of the run."""
    for holder in holders(settled):
        mib = engine_mib if holder == "engine" else worker_mib
        for field in ("uss_bytes", "rss_bytes"):
            assert growth(settled, of(holder, field)) < mib * MIB, figures(settled, holder)


def of(holder: str | int, field: str) -> Value:
    """Reads one figure out of a sample: of the engine, or of a worker by its pid."""

    def read(sample: Sample) -> int:
        held = sample.engine if isinstance(holder, str) else sample.workers[holder]
        value: int = getattr(held, field)
        return value

    return read


def figures(samples: list[Sample], holder: str | int) -> str:
    """One line about what a process held from the first sample to the last."""
    parts = []
    for field in FIELDS:
        value = of(holder, field)
        slope = growth(samples, value)
        parts.append(
            f"{field} {value(samples[0]):,} to {value(samples[-1]):,} ({slope:+,.1f} in 1,000 clips)"
        )
    return f"{holder}, clips {samples[0].clips} to {samples[-1].clips}: {', '.join(parts)}"


def by_half(
    samples: list[Sample], value: Value, middle: Callable[[list[int]], float] = min
) -> tuple[float, float]:
    """The smallest value, or another one of many, in the first and in the second half of the samples."""
    half = len(samples) // 2
    return middle([*map(value, samples[:half])]), middle([*map(value, samples[half:])])


def test_workers_that_are_renewed_leave_nothing(tmp_path: Path, serve: Serve, demo_sources: Path) -> None:
    samples = run_to_its_end(tmp_path / "set", serve, demo_sources, clips=48, renew_after=3, within_s=120)
    settled = [sample for sample in samples if sample.clips >= 8]
    assert len({pid for sample in settled for pid in sample.workers}) > WORKERS
    print(figures(settled, "engine"))  # noqa: T201
    # Moments with a worker too few or too many are rarer than those without; a descriptor for each of the
    # sixteen workers would make eight of one half more than of the other.
    early, late = by_half(settled, of("engine", "fds"), statistics.median)
    assert late <= early + 3
    assert max(sample.processes for sample in settled) <= 2 * WORKERS + 2


@pytest.mark.torture
def test_a_long_run_holds_no_more_and_more(tmp_path: Path, serve: Serve, demo_sources: Path) -> None:
    samples = run_to_its_end(
        tmp_path / "set", serve, demo_sources, clips=2000, renew_after=NEVER, within_s=900
    )
    settled = settled_from(samples, 200)
    check_nothing_stays(settled)
    # Pages that a worker's C library has free but keeps grow by some kilobytes a clip (malloc_trim would
    # return them, its renewal does). The media of every clip kept in memory would be 200 MiB.
    check_slopes(settled, engine_mib=2, worker_mib=16)


def test_a_run_holds_no_more_and_more(tmp_path: Path, serve: Serve, demo_sources: Path) -> None:
    samples = run_to_its_end(
        tmp_path / "set", serve, demo_sources, clips=100, renew_after=NEVER, within_s=120
    )
    settled = settled_from(samples, 30)
    check_nothing_stays(settled)
    for holder in holders(settled):
        # So few clips still warm caches up; the media of each kept in memory would be ten times as much.
        early, late = by_half(settled, of(holder, "uss_bytes"))
        assert late - early < MAY_WARM_BYTES, figures(settled, holder)
