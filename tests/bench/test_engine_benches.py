"""What the benches of the engine, of reading and of the start make of their measurements."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.options import Options
from tests.bench import engine, growth, reading, start
from tests.bench.annotations import write_csv, write_json
from tests.bench.chart import LEFT_PX, PLOT_PX, TOP_PX, draw, places
from tests.bench.engine import EngineRun, run_engine
from tests.bench.engine_alone import Took
from tests.bench.figures import Figures, Point, Series, spread
from tests.bench.ledgers import make_ledger, settle
from tests.bench.memory import peak_bytes
from tests.bench.reading_alone import Took as Read
from tests.bench.reading_alone import read
from tests.bench.rows import made_clips


def run_of(clips: int, *, per_s: float, cpu_ms: float = 0.1, memory_mb: float = 70.0) -> EngineRun:
    took = Took(clips, clips / per_s, clips * cpu_ms / 1000, round(memory_mb * 1e6))
    return EngineRun(took, ledger_bytes=clips * 230)


def met(figures: Figures) -> list[bool]:
    return [figure.met for figure in figures.figures]


def test_made_rows_are_the_same_for_a_seed_and_name_every_video_once() -> None:
    clips = list(made_clips(2000, seed=3))
    assert clips == list(made_clips(2000, seed=3))
    assert clips != list(made_clips(2000, seed=4))
    assert len({clip.youtube_id for clip in clips}) == 2000
    assert len({clip.label for clip in clips}) > 600
    assert [clip.split for clip in clips].count("val") == pytest.approx(2000 * 0.053, abs=2)


def test_files_of_both_shapes_hold_all_rows_and_the_json_is_as_wide_as_the_published_one(
    tmp_path: Path,
) -> None:
    clips = list(made_clips(500, seed=1))
    for path in (write_csv(tmp_path / "k.csv", 500, 1), write_json(tmp_path / "k.json", 500, 1)):
        found = read_annotations([path])
        assert found.clips == clips
        assert found.bad_rows == found.duplicate_rows == []
    assert (tmp_path / "k.json").stat().st_size / 500 == pytest.approx(304, rel=0.02)


def test_each_way_of_reading_counts_the_same_rows(tmp_path: Path) -> None:
    csv, json = write_csv(tmp_path / "k.csv", 300, 1), write_json(tmp_path / "k.json", 300, 1)
    found = [read("ours", csv), read("csv", csv), read("ours", json), read("json", json)]
    assert [took.rows for took in found] == [300] * 4
    assert all(0 < took.peak_bytes <= peak_bytes() for took in found)


def test_a_settled_ledger_has_clips_done_and_failed_and_the_rest_pending(tmp_path: Path) -> None:
    settle(make_ledger(tmp_path, 100, 1, Options()), 80)
    with Ledger.open(tmp_path) as ledger:
        counts = ledger.split_counts()
        assert (sum(split.done for split in counts), sum(split.failed for split in counts)) == (78, 2)
        assert sum(split.left for split in counts) == 20
        assert [history.clips for history in ledger.network_histories().values()] == [78]


def test_a_run_of_the_engine_alone_takes_every_clip_through() -> None:
    run = run_engine(300, 2, seed=1)
    assert run.took.clips == 300
    assert run.took.cpu_s > 0
    assert run.clips_per_s == 300 / run.took.wall_s
    assert run.ledger_bytes > 300 * 100


def test_the_engine_is_held_to_its_rate_and_its_memory() -> None:
    good, slow = run_of(650_000, per_s=2500), run_of(650_000, per_s=1900, cpu_ms=0.6, memory_mb=260)
    assert all(met(engine.summed_up([good] * 3, good)))
    assert met(engine.summed_up([slow] * 3, slow)) == [False, False, False, False, True]


def test_growth_is_flat_where_the_largest_run_is_about_as_good_as_the_smallest() -> None:
    small, worst = run_of(1000, per_s=3000), run_of(650_000, per_s=2000, cpu_ms=0.2, memory_mb=200)
    flat = growth.curves({1000: [small], 650_000: [run_of(650_000, per_s=3000)]})
    worse = growth.curves({1000: [small], 650_000: [worst]})
    screen = {1000: spread([2.0]), 650_000: spread([2.9])}
    busier = {1000: spread([2.0]), 650_000: spread([3.1])}
    assert all(met(growth.summed_up({"clips": {**flat, growth.SCREEN: screen}, "workers": flat})))
    found = growth.summed_up({"clips": {**worse, growth.SCREEN: busier}, "workers": flat})
    assert met(found) == [False] * 4 + [True] * 3
    assert [figure.ratio and figure.ratio.median for figure in found.figures[:2]] == pytest.approx([1.5, 2])
    assert [series.axis for series in found.series] == ["clips"] * 4 + ["workers"] * 3
    assert [point.size for point in found.series[0].points] == [1000, 650_000]


def test_readings_are_held_to_their_bars_and_laid_beside_the_standard_library() -> None:
    ours, theirs = [Read(9, 2.0, 2.0, 500 << 20)], [Read(9, 5.0, 5.0, 900 << 20)]
    screen = [Read(9, 2.0, 2.0, 500 << 20, after_s=0.4)]
    wall, memory, after = reading.read_figures("json", 200.0, ours, theirs, screen)
    assert (wall.met, memory.met, after.met) == (True, True, True)
    assert wall.ratio == spread([2.5])
    assert not reading.read_figures("csv", 25.0, ours, theirs, screen)[0].met


def test_waits_are_held_to_their_bars() -> None:
    found = start.summed_up([0.2, 0.25, 0.4], [0.6, 0.8, 0.9], [0.5, 0.5, 0.5])
    assert [figure.met for figure in found.figures] == [True, False]


def test_a_chart_has_a_panel_a_series_with_sizes_on_a_logarithmic_axis() -> None:
    points = tuple(Point(size, spread([value])) for size, value in ((1, 50.0), (10, 100.0), (100, 0.0)))
    series = Series(what="a < b", axis="clips", points=points, form=".0f")
    assert places(series) == [
        (LEFT_PX, pytest.approx(TOP_PX + 0.6 * PLOT_PX[1])),
        (LEFT_PX + PLOT_PX[0] / 2, pytest.approx(TOP_PX + 0.2 * PLOT_PX[1])),
        (LEFT_PX + PLOT_PX[0], TOP_PX + PLOT_PX[1]),
    ]
    chart = draw([series, series])
    assert chart.count("<polyline") == 2
    assert "a &lt; b" in chart
