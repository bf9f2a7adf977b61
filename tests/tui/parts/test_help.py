"""The help in the app: from the keys of any screen to the topics, and back by escape."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from textual.widgets import Markdown, OptionList

from kinetics_tui.base.topics import find_topic, topic_names
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.parts.help import TopicScreen, TopicsScreen
from kinetics_tui.tui.setup.ports import Plan
from kinetics_tui.tui.setup.screen import SetupScreen
from tests.tui.run_stand import Stand, stand
from tests.tui.setup_fakes import WRITTEN, FakeLibrary

SMALL, WIDE = (80, 24), (120, 40)
PATIENCE_S = 30.0
LAST_WORDS = "kinetics-tui switch --help"
"""Of the topic about networks."""


async def open_topic(run: Stand, name: str) -> None:
    """From the list of topics."""
    topics = run.app.screen.query_one(OptionList)
    topics.highlighted = topics.get_option_index(name)
    await run.press("enter")
    await run.pilot.pause()


@pytest.mark.parametrize(
    ("opens", "size"),
    [("", WIDE), ("", SMALL), ("n", SMALL), ("f", SMALL), ("r", SMALL)],
    ids=["run-wide", "run", "networks", "failures", "report"],
)
async def test_the_topics_open_from_the_help_of_every_screen_and_escape_leads_back(
    opens: str, size: tuple[int, int]
) -> None:
    async with stand(size=size) as run:
        if opens:
            await run.press(opens)
        below = run.shown
        await run.press("question_mark")
        assert "t: help topics" in run.text
        await run.press("t")
        for name in topic_names():
            topic = find_topic(name)
            assert any(name in row and topic.summary in row for row in run.rows), name
        assert "escape goes back" in run.text
        await open_topic(run, "networks")
        assert "Networks and throttling" in run.text
        assert "escape goes back" in run.text
        shown = []
        for _ in range(3):
            await run.press("escape")
            shown.append(run.shown)
        assert shown == ["TopicsScreen", "HelpScreen", below]


async def test_the_topics_open_from_the_help_of_the_set_up_screen() -> None:
    def setup(plan: Plan | None) -> SetupScreen:
        return SetupScreen(
            Path("/data/kinetics"), Options(), Selection(), library=FakeLibrary(), written=WRITTEN
        )

    app = KineticsApp(None, setup=setup, start=AsyncMock())
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f1", "t")
        await pilot.pause()
        assert isinstance(app.screen, TopicsScreen)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert isinstance(app.screen, SetupScreen)


async def test_a_topic_scrolls_by_the_keys_to_its_end() -> None:
    async with stand(size=SMALL) as run:
        await run.press("question_mark", "t")
        await open_topic(run, "networks")
        assert LAST_WORDS not in run.text
        async with asyncio.timeout(PATIENCE_S):  # Textual lays a long text out little by little
            while LAST_WORDS not in run.text:
                await run.press("end")


async def test_the_list_remembers_which_topic_was_read() -> None:
    async with stand() as run:
        await run.press("question_mark", "t")
        await open_topic(run, "files")
        await run.press("escape")
        topics = run.app.screen.query_one(OptionList)
        assert topics.highlighted_option is not None
        assert topics.highlighted_option.id == "files"


async def test_a_link_leads_to_the_topic_that_it_names_and_no_further() -> None:
    async with stand() as run:
        await run.press("question_mark", "t")
        await open_topic(run, "networks")
        page = run.app.screen.query_one(Markdown)
        for href in ("https://example.org", "../README.md", "nowhere.md"):
            page.post_message(Markdown.LinkClicked(page, href))
            await run.pilot.pause()
            assert "Networks and throttling" in run.text
        page.post_message(Markdown.LinkClicked(page, "settings.md"))
        await run.pilot.pause()
        await run.pilot.pause()
        assert isinstance(run.app.screen, TopicScreen)
        assert "Options, settings file, names" in run.text


async def test_the_topics_open_once_however_fast_the_keys_come() -> None:
    async with stand() as run:
        await run.press("question_mark")
        await run.burst("t", "t")
        assert run.shown == "TopicsScreen"
        await run.press("escape")
        assert run.shown == "HelpScreen"


async def test_the_palette_opens_the_topics_too() -> None:
    async with stand() as run:
        commands = {command.title: command for command in run.app.get_system_commands(run.app.screen)}
        commands["Help topics"].callback()
        await run.pilot.pause()
        assert run.shown == "TopicsScreen"


def test_the_app_starts_without_a_parser_of_markdown() -> None:
    code = (
        "import sys; import kinetics_tui.tui.app, kinetics_tui.tui.run.screen, kinetics_tui.tui.setup.screen;"
        "print(sorted({'markdown_it', 'textual.widgets._markdown', 'rich.markdown'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
