"""The clips screen on a dataset of real clips: what it lists and shows, its keys, and files that fail."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.errors import EngineError
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.model.clip_queries import DoneClip, DonePage, DoneQuery
from kinetics_tui.model.events import RunOpened, SplitCounts
from kinetics_tui.model.options import LayoutName
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.clips import reading
from kinetics_tui.tui.clips.panels import clip_lines
from kinetics_tui.tui.clips.screen import KEYS, WORDS, ClipsScreen
from kinetics_tui.tui.parts.view_state import Moment
from tests.clip_figures import file_of
from tests.tui.failures.test_failures_screen import choices, cursor, press, settle
from tests.tui.run_fakes import opened
from tests.tui.run_stand import Stand, resize, stand
from tests.upkeep.conftest import DONE, dataset, finished

__all__ = ["dataset", "finished"]  # fixtures

SMALL = (80, 24)
BLOCKS = re.compile("[▀▄█]{3}")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the cursor to stand still."""
    monkeypatch.setattr(reading, "STANDS_S", 0.0)


def counts(done: int = 5) -> RunOpened:
    first = opened()[0]
    assert isinstance(first, RunOpened)
    splits = [SplitCounts("train", 3, done=done - 3), SplitCounts("val", 2, done=2)]
    return msgspec.structs.replace(first, splits=(*splits, SplitCounts("test", 1, done=1)))


@asynccontextmanager
async def clips(dataset: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Stand]:
    """The screen, opened from the run screen."""
    async with stand(counts(), size=size) as run:
        run.link.dataset = dataset
        await press(run, "c")
        yield run


def pictured(run: Stand) -> list[str]:
    """The rows with pictures in them."""
    return [row for row in run.rows if BLOCKS.search(row)]


@pytest.mark.parametrize("size", [SMALL, (120, 40)])
async def test_c_shows_the_clips_that_are_done_the_newest_first_with_pictures(
    dataset: Path, size: tuple[int, int]
) -> None:
    async with clips(dataset, size) as run:
        assert run.shown == "ClipsScreen"
        assert "Clips  5, at 1" in run.text
        assert "air drumming" in cursor(run)
        assert f"{DONE[4].name}" in run.text
        assert "(the source ends early)" in run.text
        assert len(pictured(run)) >= 6
        first = pictured(run)
        await press(run, "down")
        assert "2.0 s" in run.text
        assert len(pictured(run)) >= 6
        assert pictured(run) != first
        await press(run, "escape")
        assert run.shown == "RunScreen"


async def test_nothing_is_read_before_it_is_opened_and_one_clip_at_a_time_after(dataset: Path) -> None:
    async with stand(counts()) as run:
        run.link.dataset = dataset
        await settle(run)
        assert run.link.pictured == []
        await press(run, "c")
        newest = str(clip_path(LayoutName.ACTIVITYNET, DONE[4]))
        assert [query.path for query in run.link.pictured] == [newest]
        await press(run, "down", "up", "down")
        assert len(run.link.pictured) == 2  # those seen before are kept


async def test_who_pages_through_pays_for_no_pictures(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "STANDS_S", 0.3)
    async with clips(dataset) as run:
        before = len(run.link.pictured)
        await run.press("down", "down", "down")
        await settle(run)
        assert len(run.link.pictured) - before <= 2


async def test_the_pictures_kept_are_bounded(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    async with clips(dataset) as run:
        await press(run, "down")
        await press(run, "up")
        assert len(run.link.pictured) == 3
        assert pictured(run)


async def test_an_open_clip_has_the_whole_screen_and_tells_where_its_file_is(dataset: Path) -> None:
    async with clips(dataset) as run:
        few = len(pictured(run))
        await press(run, "enter")
        assert len(pictured(run)) > few
        assert str(clip_path(LayoutName.ACTIVITYNET, DONE[4])) in run.text
        assert "https://www.youtube.com/watch?v=eeeeeeeeeee&t=58s" in run.text
        await press(run, "enter")
        assert len(pictured(run)) == few


def test_a_clip_out_of_an_archive_names_it_in_place_of_formats_and_network() -> None:
    made = file_of(duration_s=10.0, archive="train/part_3\x1b.tar.gz", source_itags="134")
    row = DoneClip(id=1, clip=DONE[0], path="x.mp4", at=0.0, made=made, network="phone")
    text = " ".join(line.text for line in clip_lines(row, Moment(RunState(), 10.0), 200, full=False))
    assert "from train/part_3?.tar.gz" in text
    assert "phone" not in text
    assert "itags" not in text


async def test_a_missing_file_says_so_and_is_looked_for_again(dataset: Path) -> None:
    path = dataset / clip_path(LayoutName.ACTIVITYNET, DONE[4])
    path.rename(path.with_suffix(".away"))
    async with clips(dataset) as run:
        assert "The file is not there" in run.text
        assert not pictured(run)
        path.with_suffix(".away").rename(path)
        await press(run, "a")
        assert pictured(run)


async def test_a_damaged_file_says_so(dataset: Path) -> None:
    path = dataset / clip_path(LayoutName.ACTIVITYNET, DONE[4])
    path.write_bytes(path.read_bytes()[:2000])
    async with clips(dataset) as run:
        assert "The file is damaged" in run.text


async def test_a_file_that_never_answers_holds_nothing_up(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network disk that is dead: the program that reads it stands still, the view does not."""
    module = dataset / "hangs.py"
    module.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr("kinetics_tui.engine.client.client.STILLS", "hangs")
    monkeypatch.setenv("PYTHONPATH", f"{dataset}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    async with stand(counts()) as run:
        run.link.dataset = dataset
        await run.press("c")
        while "reading the clip" not in run.text:
            await run.pilot.pause(0.01)
        await run.press("down")
        assert "Clips  5, at 2" in run.text
        monkeypatch.setattr("kinetics_tui.engine.client.client.PICTURES_WITHIN_S", 0.2)
        await press(run, "down")
        assert "The file was not read within" in run.text
        await run.press("escape")
        assert run.shown == "RunScreen"


async def test_filters_narrow_the_list_and_say_so(dataset: Path) -> None:
    async with clips(dataset) as run:
        await press(run, "s")
        assert choices(run) == ["any", "2 train", "2 val", "1 test"]
        await press(run, *"val", "enter")
        assert "Clips  2 of 5, at 1" in run.text
        assert "only  split val" in run.text
        await press(run, "l")
        assert choices(run)[0] == "any"
        await press(run, *"arch", "enter")
        assert "Clips  1 of 5, at 1" in run.text
        assert "split val   class archery" in run.text
        await press(run, "x")
        assert "Clips  5, at 1" in run.text
        await press(run, "slash", *"cccc", "enter")
        assert "Clips  1 of 5" in run.text
        await press(run, "x", "slash", *"nothing", "enter")
        assert "none of the clips is like that" in run.text
        assert not pictured(run)


async def test_new_clips_come_in_above_and_the_cursor_stays_with_its_own(dataset: Path) -> None:
    async with clips(dataset) as run:
        asked = len(run.link.done_queries)
        await run.fold(counts(6))
        await settle(run)
        assert len(run.link.done_queries) == asked
        run.clock.now += 60
        await run.tick()
        await settle(run)
        assert len(run.link.done_queries) == asked + 1


async def test_address_and_path_are_copied(dataset: Path) -> None:
    async with clips(dataset) as run:
        await press(run, "y")
        assert run.app.clipboard == "https://www.youtube.com/watch?v=eeeeeeeeeee&t=58s"
        assert "Copied" in run.said
        await press(run, "Y")
        assert run.app.clipboard == f"/data/my kinetics/{clip_path(LayoutName.ACTIVITYNET, DONE[4])}"


async def test_p_switches_the_pictures_off_and_then_nothing_is_read(dataset: Path) -> None:
    async with clips(dataset) as run:
        await press(run, "p")
        assert not pictured(run)
        assert "pictures are off" in run.text
        before = len(run.link.pictured)
        await press(run, "down")
        assert len(run.link.pictured) == before
        await press(run, "p")
        assert pictured(run)


async def test_a_dataset_without_a_done_clip_says_so(tmp_path: Path) -> None:
    async with stand() as run:
        await press(run, "c")
        assert "no clip is done yet" in run.text
        await press(run, "enter", "y", "Y", "down", "end")
        assert run.shown == "ClipsScreen"


async def test_a_ledger_that_cannot_be_read_is_told_in_words(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand(counts()) as run:

        async def unreadable(_query: DoneQuery) -> DonePage:
            raise EngineError("The ledger could not be read.")

        monkeypatch.setattr(run.link, "done_clips", unreadable)
        await press(run, "c")
        assert "The ledger could not be read." in run.text


async def test_the_help_tells_every_key_and_word(dataset: Path) -> None:
    async with clips(dataset, (120, 60)) as run:
        await press(run, "question_mark")
        for key in KEYS:
            assert key.description in run.text
        for word, _ in WORDS:
            assert word in run.text


async def test_the_palette_offers_what_can_be_done_to_the_clip(dataset: Path) -> None:
    async with clips(dataset) as run:
        await press(run, "ctrl+p", *"copy path", "enter")
        assert run.app.clipboard.endswith(".mp4")
        assert isinstance(run.app.screen, ClipsScreen)


async def test_it_takes_every_size(dataset: Path) -> None:
    async with clips(dataset, (1, 1)) as run:
        for keys in ([], ["down"], ["enter"], ["escape"], ["slash", "a", "enter"], ["l"], ["escape"]):
            await press(run, *keys)
            for size in [(1, 1), (2, 2), (7, 4), (20, 6), (40, 10), (99, 50), (120, 40), (200, 60)]:
                await resize(run.pilot, *size)
                strips = run.app.screen._compositor.render_strips()
                assert [strip.cell_length for strip in strips] == [size[0]] * size[1]
