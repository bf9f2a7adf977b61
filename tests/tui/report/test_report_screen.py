"""The report screen: opened by a key, made by a program of its own, dated, scrolled, made again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.errors import ReportError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import Pause
from kinetics_tui.model.events import RunOpened
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.report.figures import Progress, Report
from kinetics_tui.tui.parts.palette import RunCommands
from kinetics_tui.tui.report.screen import KEYS, WORDS
from tests.report.made_up import full_report
from tests.tui.run_fakes import NOW, opened
from tests.tui.run_stand import Stand, stand

SMALL, LARGE = (80, 24), (120, 40)


class Maker:
    """Stands in for the program that makes reports: it makes one when it is let."""

    def __init__(self) -> None:
        self.report = msgspec.structs.replace(full_report(), at=NOW - 65)
        self.problem = ""
        self.asked: list[Path] = []
        self.let = asyncio.Event()
        self.let.set()

    async def __call__(self, dataset: Path) -> Report:
        self.asked.append(dataset)
        await self.let.wait()
        if self.problem:
            raise ReportError(self.problem)
        return self.report


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    made = Maker()
    monkeypatch.setattr("kinetics_tui.tui.report.screen.make_report", made)
    return made


async def settled(run: Stand) -> None:
    for _ in range(3):
        await run.pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_r_shows_the_report_of_the_runs_dataset_and_how_old_it_is(
    maker: Maker, size: tuple[int, int]
) -> None:
    async with stand(size=size) as run:
        await run.press("r")
        await settled(run)
        assert run.shown == "ReportScreen"
        assert maker.asked == [Path("/data/my kinetics")]
        assert "Report  1 min old" in run.text
        assert "900 of 2,000 clips done, 100 failed, 1,000 left;" in run.text
        assert " RUNNING " in run.rows[0]
        assert "r make again" in run.rows[-1]
        assert max(len(row) for row in run.rows) <= size[0]


async def test_while_it_is_made_the_run_goes_on_and_that_is_told(maker: Maker) -> None:
    async with stand() as run:
        maker.let.clear()
        await run.press("r")
        assert "Report  being made" in run.text
        assert "Adding it up." in run.text
        run.clock.now += 1
        await run.tick()
        assert "14:02:12" in run.rows[0]
        maker.let.set()
        await settled(run)
        assert "900 of 2,000 clips done" in run.text


async def test_r_again_makes_it_again_once_at_a_time(maker: Maker) -> None:
    async with stand() as run:
        await run.press("r")
        await settled(run)
        maker.let.clear()
        maker.report = msgspec.structs.replace(maker.report, at=NOW, whole=Progress("", "", 2000, 950, 100))
        await run.press("r", "r", "r")
        assert len(maker.asked) == 2
        assert "900 of 2,000 clips done" in run.text
        assert "being made" in run.text
        maker.let.set()
        await settled(run)
        assert "950 of 2,000 clips done" in run.text
        assert "Report  0 s old" in run.text


async def test_a_report_that_cannot_be_made_says_why_and_keeps_the_last_one(maker: Maker) -> None:
    async with stand() as run:
        maker.problem = "The ledger \x1b[2J is damaged."
        await run.press("r")
        await settled(run)
        assert "The ledger ?[2J is damaged." in run.text
        maker.problem = ""
        await run.press("r")
        await settled(run)
        assert "damaged" not in run.text
        maker.problem = "The disk is gone."
        await run.press("r")
        await settled(run)
        assert "The disk is gone." in run.text
        assert "900 of 2,000 clips done" in run.text


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_it_scrolls_by_lines_pages_and_to_its_ends(maker: Maker, size: tuple[int, int]) -> None:
    async with stand(size=size) as run:
        await run.press("r")
        await settled(run)
        assert "Kinetics-400  " in run.rows[2]
        await run.press("down")
        assert "/data/my kinetics" in run.rows[2]
        await run.press("pagedown")
        assert "/data/my kinetics" not in run.text
        await run.press("end")
        assert "at most 600 an hour" in run.text
        assert " of " in (run.rows[1] if size == SMALL else run.rows[-2])
        await run.press("home")
        assert "Kinetics-400  " in run.rows[2]


@pytest.mark.parametrize("key", ["escape", "q", "ctrl+c"])
async def test_it_closes_by_several_keys_and_does_no_harm(maker: Maker, key: str) -> None:
    async with stand() as run:
        before = run.text
        await run.press("r")
        assert await run.press(key) == []
        assert run.shown == "RunScreen"
        assert run.text == before
        assert not run.left


async def test_it_may_be_closed_while_it_is_made(maker: Maker) -> None:
    async with stand() as run:
        maker.let.clear()
        await run.burst("r", "escape", "escape", "r")
        maker.let.set()
        await settled(run)
        assert run.shown in ("RunScreen", "ReportScreen")


async def test_help_names_every_key_and_word(maker: Maker) -> None:
    async with stand(size=LARGE) as run:
        await run.press("r", "question_mark")
        assert run.shown == "HelpScreen"
        for key in KEYS:
            assert key.description in run.text
        for word, _ in WORDS:
            assert word in run.text


async def test_the_palette_offers_what_can_be_done_here(maker: Maker) -> None:
    async with stand() as run:
        await run.press("r")
        await settled(run)
        provider = RunCommands(run.app.screen)
        offered = {offer.name: offer.run for offer in provider._offers()}
        assert {"Make it again", "Back", "Pause or resume", "Pace: unlimited"} <= set(offered)
        await run.app.screen.act("pause_or_resume")  # type: ignore[attr-defined]  # it steers a run
        await settled(run)
        assert run.link.commands == [Pause()]
        offered["Network: check phone socks5://127.0.0.1:1080"]()
        await settled(run)
        assert run.shown == "NetworksScreen"
        await run.press("escape")
        assert run.shown == "ReportScreen"


async def test_the_run_screen_offers_it_by_key_and_palette(maker: Maker) -> None:
    async with stand(size=LARGE) as run:
        assert "r report" in run.rows[-1]
        assert "report" in [binding.description for binding in run.screen.offered_bindings()]


async def test_a_real_program_makes_it_of_a_real_ledger(tmp_path: Path) -> None:
    Ledger.create(
        tmp_path,
        title="Kinetics-400",
        release="",
        selection=Selection(),
        options=Options(),
        clips=[Clip("aaaaaaaaaaa", 0, 10, "val", "yoga")],
    ).close()
    first = opened()[0]
    assert isinstance(first, RunOpened)
    async with stand(msgspec.structs.replace(first, dataset=str(tmp_path))) as run:
        await run.press("r")
        shown: Callable[[], bool] = lambda: "0 of 1 clip done, 0 failed, 1 left." in run.text  # noqa: E731
        for _ in range(600):
            if shown():
                break
            await asyncio.sleep(0.05)
        assert shown()
