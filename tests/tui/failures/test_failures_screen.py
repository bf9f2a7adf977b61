"""The failures screen: every key, what it shows, what it asks, and the command that goes to the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Static

from kinetics_tui.base.errors import EngineError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.clip_queries import FailedClip, FailedPage, FailedQuery
from kinetics_tui.model.commands import Pause, Reply, Retry
from kinetics_tui.model.events import ClipFailed, ClipsRetried
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.failures.list import failed_columns
from kinetics_tui.tui.failures.screen import KEYS, WORDS
from kinetics_tui.tui.parts.view_state import Moment
from tests.tui.run_fakes import NOW
from tests.tui.run_stand import Stand, resize, stand

SMALL = (80, 24)
LABELS = ("abseiling", "playing chess", "zumba")
CATEGORIES = (Category.PRIVATE, Category.TIMEOUT, Category.VIDEO_NOT_AVAILABLE)
MORE = (
    Category.COPYRIGHT,
    Category.FORBIDDEN,
    Category.GEO_BLOCKED,
    Category.DUPLICATE,
    Category.HTTP_404,
)


def record(ledger: Ledger, clip_id: int, category: Category, message: str = "", at: float = NOW) -> None:
    for outcome in (*([Outcome.RETRY] if category is Category.TIMEOUT else []), Outcome.FAILED):
        ledger.record(
            Attempt(
                clip_id=clip_id,
                at=at - 3600 + clip_id,
                network="192.168.1.23",
                outcome=outcome,
                category=category,
                message=message or f"It said number {clip_id}",
                spent=Spent(total_s=1.5),
            )
        )
    ledger.flush()


def ledger_of(dataset: Path, count: int) -> Ledger:
    clips = [Clip(f"video{n:06}", n * 1.0, n + 10.0, "train", LABELS[n % 3]) for n in range(1, count + 1)]
    return Ledger.create(
        dataset, title="t", release="", selection=Selection(), options=Options(), clips=clips
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of 60 clips, of which 12 failed: clip 12 was the last one."""
    with ledger_of(tmp_path / "set", 60) as ledger:
        for clip_id in range(1, 13):
            record(ledger, clip_id, CATEGORIES[clip_id % 3])
        yield ledger


@asynccontextmanager
async def failures(dataset: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Stand]:
    """The screen, opened from the run screen."""
    async with stand(size=size) as run:
        run.link.dataset = dataset
        await run.press("f")
        await settle(run)
        yield run


async def settle(run: Stand) -> None:
    """Wait for what the screen reads."""
    async with asyncio.timeout(20):
        while any(worker.group != "link" and not worker.is_finished for worker in run.app.workers):
            await run.pilot.pause(0.01)
    await run.pilot.pause()


async def press(run: Stand, *keys: str) -> list[object]:
    commands: list[object] = list(await run.press(*keys))
    await settle(run)
    return commands


def cursor(run: Stand) -> str:
    """The row of the cursor."""
    return next((row for row in run.rows if row.lstrip("│ ").startswith("› ")), "").strip("│ ")


def dialog(run: Stand) -> str:
    return str(run.app.screen.query_one(".dialog-title", Static).content)


def choices(run: Stand) -> list[str]:
    options = run.app.screen.query_one(OptionList)
    return [" ".join(str(option.prompt).split()) for option in options.options]


# -- what is seen ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, (120, 40)])
async def test_f_shows_the_clips_that_failed_the_last_one_first(
    ledger: Ledger, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with failures(tmp_path / "set", size) as run:
        assert run.shown == "FailuresScreen"
        assert "Failed  12, at 1" in run.text
        assert "private" in cursor(run)
        assert "video000012_000012_000022" in run.text
        assert "It said number 12" in run.text
        assert Category.PRIVATE.advice in run.text
        await press(run, "down")
        assert "Video not available" in cursor(run)
        assert "It said number 11" in run.text
        await press(run, "end", "down")
        assert "Failed  12, at 12" in run.text
        await press(run, "pageup", "home", "up")
        assert "Failed  12, at 1" in run.text


async def test_it_closes_by_several_keys_and_does_no_harm(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set") as run:
        for key in ("escape", "f", "q", "ctrl+c"):
            assert await press(run, key) == []
            assert run.shown == "RunScreen"
            assert not run.left
            await press(run, "f")


async def test_an_open_clip_shows_every_attempt_with_its_message(ledger: Ledger, tmp_path: Path) -> None:
    ledger.record(
        Attempt(
            clip_id=10,
            at=NOW - 9000,
            network="10.0.0.7",
            outcome=Outcome.RETURNED,
            category=Category.BOT_CHECK,
            message="Confirm you are no robot \x1b[31m",
            spent=Spent(total_s=0.5),
        )
    )
    ledger.flush()
    async with failures(tmp_path / "set", SMALL) as run:
        await press(run, "down", "down", "enter")
        assert "video000010_000010_000020" in run.text
        assert "3 attempts, the last one first" in run.text
        for words in (
            "failed  timeout  1.5 s  by 192.168.1.23",
            "to be tried again  timeout",
            "put back  bot",
        ):
            assert words in run.text
        assert "Confirm you are no robot ?[31m" in run.text
        assert "watch?v=video000010" in run.text
        await press(run, "down", "pagedown", "end", "home")
        assert "video000010" in run.text
        await press(run, "escape")
        assert "Failed  12, at 3" in run.text
        assert run.shown == "FailuresScreen"


async def test_no_failure_and_no_ledger_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand() as run:
        await press(run, "f")
        assert "no clip has failed" in run.text
        assert await press(run, "enter", "r") == []
        assert run.shown == "FailuresScreen"
    async with stand(size=SMALL) as run:

        async def unreadable(query: FailedQuery) -> FailedPage:
            raise EngineError("The ledger is damaged; restore it from a copy.")

        monkeypatch.setattr(run.link, "failed_clips", unreadable)
        await press(run, "f")
        assert "The ledger is damaged; restore it from a copy." in run.text


async def test_labels_from_outside_reach_the_terminal_harmless(tmp_path: Path) -> None:
    clip = Clip("aaaaaaaaaaa", 1.0, 11.0, "train", "evil \x1b]0;title\x07 class")
    with Ledger.create(
        tmp_path / "set", title="t", release="", selection=Selection(), options=Options(), clips=[clip]
    ) as ledger:
        record(ledger, 1, Category.MISCELLANEOUS, "\x1b[2Jgone \u202e backwards")
    async with failures(tmp_path / "set") as run:
        assert "\x1b" not in run.text.replace("\n", "")
        assert "evil ?]0;title? class" in run.text


# -- filters ---------------------------------------------------------------------------------------


async def test_a_category_is_picked_and_taken_off_again(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set", SMALL) as run:
        await press(run, "c")
        assert dialog(run) == "Show which category?"
        assert choices(run) == ["any", "4 private", "4 timeout", "4 Video not available"]
        await press(run, *"time", "enter")
        assert "Failed  4 of 12" in run.text
        assert "category timeout" in run.rows[1]
        await press(run, "c", "enter")
        assert "Failed  12" in run.text


async def test_a_class_is_picked_by_arrow_keys_and_narrows_the_category(
    ledger: Ledger, tmp_path: Path
) -> None:
    async with failures(tmp_path / "set") as run:
        await press(run, "l", "down", "down", "enter")
        assert "class playing chess" in run.rows[1]
        assert "Failed  4 of 12" in run.text
        await press(run, "c", *"priv", "enter")
        assert "Failed  0 of 12" in run.text
        assert "none of the failed clips is like that" in run.text
        await press(run, "x")
        assert "Failed  12" in run.text
        await press(run, "l", "escape")
        assert "Failed  12" in run.text


async def test_text_is_typed_and_finds_messages_names_and_classes(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set", SMALL) as run:
        assert await press(run, "slash", *"number 7") == []
        assert run.app.screen.query_one("#find", Input).has_focus
        assert "Failed  1 of 12" in run.text
        await press(run, "enter")
        assert "text number 7" in run.rows[1]
        assert "video000007" in cursor(run)
        await press(run, "slash", "escape")
        assert "Failed  12" in run.text


async def test_keys_are_keys_again_after_a_dialog_over_a_typed_text(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set") as run:
        await press(run, "slash", "z", "enter", "R", "escape")
        assert await press(run, "r") == [Retry(clip_ids=(11,))]


async def test_the_cursor_stays_with_its_clip_when_the_filter_is_taken_off(
    ledger: Ledger, tmp_path: Path
) -> None:
    async with failures(tmp_path / "set") as run:
        await press(run, "c", *"time", "enter", "down", "x")
        assert "video000007" in cursor(run)
        assert "Failed  12, at 6" in run.text


# -- while the run goes on -------------------------------------------------------------------------


def failed_event(category: Category = Category.PRIVATE) -> ClipFailed:
    clip = Clip("video000020", 20.0, 30.0, "train", "zumba")
    return ClipFailed(at=NOW, slot=1, clip=clip, category=category, message="", settled=True)


async def test_a_clip_that_fails_now_comes_in_above_and_the_cursor_stays(
    ledger: Ledger, tmp_path: Path
) -> None:
    async with failures(tmp_path / "set") as run:
        await press(run, "down")
        assert "video000011" in cursor(run)
        record(ledger, 20, Category.PRIVATE)
        run.clock.now += 60
        await run.fold(failed_event())
        await settle(run)
        await run.tick()
        assert "Failed  13, at 3" in run.text
        assert "video000011" in cursor(run)


async def test_the_ledger_is_not_read_more_often_than_it_brings_news(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set") as run:
        asked = len(run.link.queries)
        for _ in range(5):
            await run.fold(failed_event())
            await settle(run)
        assert len(run.link.queries) == asked
        run.clock.now += 60
        await run.fold(failed_event())
        await settle(run)
        assert len(run.link.queries) == asked + 1


async def test_of_15_000_clips_only_those_near_the_cursor_are_read(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "set", 15_000)
    for clip_id in range(1, 15_001):
        category = Category.PRIVATE
        ledger.record(
            Attempt(clip_id=clip_id, at=NOW, network="n", outcome=Outcome.FAILED, category=category)
        )
    ledger.close()
    async with failures(tmp_path / "set", SMALL) as run:
        assert "Failed  15,000, at 1" in run.text
        await press(run, "end")
        assert "Failed  15,000, at 15,000" in run.text
        assert "video000001" in cursor(run)
        await press(run, *["pageup"] * 14)
        assert "video0002" in cursor(run) or "video0001" in cursor(run)
        assert "…" not in cursor(run)[:4]
        assert len(run.link.queries) <= 12


# -- copying ---------------------------------------------------------------------------------------


async def test_y_copies_the_address_of_the_clip_at_the_cursor_and_capital_y_its_path(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(KineticsApp, "copy_to_clipboard", lambda _app, text: copied.append(text))
    async with failures(tmp_path / "set") as run:
        for keys in (("y", "Y"), ("enter", "y", "Y")):
            await press(run, *keys)
            path = "/data/my kinetics/train/abseiling/video000012_000012_000022.mp4"
            assert copied[-2:] == ["https://www.youtube.com/watch?v=video000012&t=12s", path]
            assert run.said.endswith(f"{path} (no file is there: the clip has failed)")


async def test_keys_for_a_clip_say_that_there_is_none() -> None:
    async with stand() as run:
        await press(run, "f")
        for key in ("enter", "r", "y", "Y"):
            assert await press(run, key) == []
            assert run.said == "! No failed clip is shown here."
        await press(run, "c")
        assert run.said == "! No clip has failed."
        await press(run, "x")
        assert run.said == "! All failed clips are shown already."


# -- retries ---------------------------------------------------------------------------------------


async def test_r_retries_the_clip_at_the_cursor_and_says_so(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set") as run:
        run.link.replies = [Reply(id=0, ok=True, message="The clip is pending again.")]
        assert await press(run, "down", "r") == [Retry(clip_ids=(11,))]
        assert "The clip is pending again." in run.said
        with ledger:
            ledger.retry_failed(clip_ids=[11])
        run.clock.now += 60
        await run.fold(
            ClipsRetried(at=NOW, by_split={"train": 1}, by_category={Category.VIDEO_NOT_AVAILABLE: 1})
        )
        await settle(run)
        await run.tick()
        assert "Failed  11, at 2" in run.text
        assert "video000010" in cursor(run)


async def test_more_of_its_kind_are_asked_for(ledger: Ledger, tmp_path: Path) -> None:
    answers = {
        "t": Retry(categories=(Category.TIMEOUT,)),
        "c": Retry(categories=(Category.PRIVATE,)),
        "l": Retry(labels=("abseiling",)),
        "a": Retry(categories=tuple(Category)),
        "g": None,
        "escape": None,
        "enter": None,
    }
    async with failures(tmp_path / "set") as run:
        for key, command in answers.items():
            await press(run, "R")
            assert dialog(run) == "Retry which clips?"
            assert "t all that may work another time (4 clips)" in choices(run)
            assert await press(run, key) == ([command] if command is not None else [])
            assert run.shown == "FailuresScreen"


async def test_what_two_filters_show_can_be_retried(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set") as run:
        await press(run, "c", *"priv", "enter", "l", *"abs", "enter", "R")
        assert "s those that are shown (4 clips)" in choices(run)
        wanted = Retry(categories=(Category.PRIVATE,), labels=("abseiling",))
        assert await press(run, "s") == [wanted]


async def test_many_clips_are_retried_only_after_a_second_question(tmp_path: Path) -> None:
    with ledger_of(tmp_path / "set", 60) as ledger:
        for clip_id in range(1, 61):
            record(ledger, clip_id, Category.PRIVATE)
    async with failures(tmp_path / "set") as run:
        assert await press(run, "R", "c") == []
        assert dialog(run) == "Retry 60 clips?"
        assert "At 300/h that takes 12 min." in run.text
        assert await press(run, "g") == []
        assert await press(run, "R", "c", "y") == [Retry(categories=(Category.PRIVATE,))]


async def test_keys_that_come_in_one_go_open_one_question(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set") as run:
        assert await run.burst("R", "R", "r") == []
        assert dialog(run) == "Retry which clips?"


# -- help and palette ------------------------------------------------------------------------------


async def test_the_help_tells_every_key_and_word(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set", (120, 60)) as run:
        await press(run, "question_mark")
        for key in KEYS:
            assert key.description in run.text
        for word, _ in WORDS:
            assert word in run.text


async def test_the_run_is_steered_from_the_palette_here_too(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set") as run:
        await press(run, "ctrl+p", *"pause or resume")
        assert await press(run, "enter") == [Pause()]
        assert run.shown == "FailuresScreen"
        await press(run, "ctrl+p", *"show all", "enter")
        assert run.shown == "FailuresScreen"


async def test_it_takes_every_size(ledger: Ledger, tmp_path: Path) -> None:
    async with failures(tmp_path / "set", (1, 1)) as run:
        for keys in ([], ["down"], ["enter"], ["escape"], ["slash", "a", "enter"], ["c"], ["escape"], ["R"]):
            await press(run, *keys)
            for size in [(1, 1), (2, 2), (7, 4), (20, 6), (40, 10), (99, 50), (120, 40), (200, 60)]:
                await resize(run.pilot, *size)
                strips = run.app.screen._compositor.render_strips()
                assert [strip.cell_length for strip in strips] == [size[0]] * size[1]


@pytest.mark.parametrize("width", [48, 58, 78, 98])
@pytest.mark.parametrize("age_s", [60.0, 40 * 86_400.0])
def test_a_long_class_gives_way_to_the_id_of_its_clip(width: int, age_s: float) -> None:
    moment = Moment(RunState(), NOW)
    clip = Clip("0wR5jVB-WPk", 417.0, 427.0, "train", "passing American football (not in game)")
    row = FailedClip(
        id=1, clip=clip, category=Category.VIOLATING_TERMS, attempts=1, at=NOW - age_s, message="gone"
    )
    columns = failed_columns([row], moment, width)
    assert columns["clip"] >= 12
    assert sum(columns.values()) + 2 * sum(map(bool, columns.values())) <= width
