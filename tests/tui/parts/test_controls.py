"""The widgets of the set-up form by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.message import Message

from kinetics_tui.tui.parts.controls import Choice, Entry, PathSuggester, TickList
from kinetics_tui.tui.setup.class_tree import ClassTree, Row
from tests.tui.setup_fakes import CATEGORIES, CLASSES

ALL = frozenset(CLASSES)
NUMBERS = {label: str(number) for number, label in enumerate(CLASSES)}


class Stage(App[None]):
    """Holds one widget, and the messages that it sent."""

    def __init__(self, widget: Choice | TickList | ClassTree) -> None:
        super().__init__()
        self.widget = widget
        self.messages: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.widget.focus()

    def on_choice_changed(self, message: Choice.Changed) -> None:
        self.messages.append(message)

    def on_tick_list_changed(self, message: TickList.Changed) -> None:
        self.messages.append(message)

    def on_class_tree_changed(self, message: ClassTree.Changed) -> None:
        self.messages.append(message)

    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


def tree_lines(tree: ClassTree) -> list[str]:
    return [tree.render_line(y).text.rstrip() for y in range(tree.size.height)]


async def test_a_choice_shows_its_value_without_colour_and_goes_round() -> None:
    choice = Choice([("a", "one"), ("b", "two"), ("c", "three")], "b")
    app = Stage(choice)
    async with app.run_test(size=(30, 5)) as pilot:
        assert app.lines()[0] == " one [two] three"
        await pilot.press("right")
        assert app.lines()[0] == " one  two [three]"
        await pilot.press("down")
        assert choice.value == "a"
        await pilot.press("left", "home", "up", "end")
        assert choice.value == "c"
        assert [m.value for m in app.messages if isinstance(m, Choice.Changed)] == ["c", "a", "c", "a", "c"]


async def test_a_choice_wraps_where_the_line_is_short() -> None:
    choice = Choice([("a", "guest 300/h"), ("b", "account 2,000/h"), ("c", "other")], "a")
    app = Stage(choice)
    async with app.run_test(size=(18, 5)) as pilot:
        await pilot.pause()
        assert app.lines()[:3] == ["[guest 300/h]", " account 2,000/h", " other"]


async def test_ticks_are_set_by_keys() -> None:
    ticks = TickList("nothing yet")
    app = Stage(ticks)
    async with app.run_test(size=(20, 5)) as pilot:
        assert app.lines()[0] == "nothing yet"
        await pilot.press("space", "down")
        assert app.messages == []
        ticks.show({"train": "100", "val": "7"}, frozenset({"train"}))
        await pilot.pause()
        assert app.lines()[:2] == ["[x] train        100", "[ ] val            7"]
        await pilot.press("down", "space", "down", "enter")
        await pilot.pause()
        assert app.lines()[:2] == ["[ ] train        100", "[x] val            7"]
        assert [m.value for m in app.messages if isinstance(m, TickList.Changed)] == [
            {"train", "val"},
            {"val"},
        ]


async def test_the_tree_opens_and_ticks_in_all_groups_at_once() -> None:
    tree = ClassTree()
    app = Stage(tree)
    async with app.run_test(size=(30, 8)) as pilot:
        tree.show(CATEGORIES, ALL, NUMBERS)
        assert tree_lines(tree)[:3] == [
            "▸ [x] body motions         2/2",
            "▸ [x] music                2/2",
            "▸ [x] sports               2/2",
        ]
        await pilot.press("enter", "down", "space")
        assert tree_lines(tree)[:4] == [
            "▾ [-] body motions         1/2",
            "    [ ] air drumming         0",
            "    [x] yoga                 4",
            "▸ [-] music                1/2",
        ]
        await pilot.press("left")
        assert tree.cursor_row == Row("body motions")
        assert len(tree.rows) == 3
        await pilot.press("space")
        assert tree.ticked == ALL, "a group that is ticked in part is ticked whole first"
        await pilot.press("space")
        assert tree.ticked == ALL - {"air drumming", "yoga"}
        assert len(app.messages) == 3


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["end"], Row("sports")),
        (["end", "home"], Row("body motions")),
        (["down", "right", "down"], Row("music", "air drumming")),
        (["j", "j", "k"], Row("music")),
        (["right", "pagedown"], Row("body motions", "yoga")),
        (["end", "pageup"], Row("body motions")),
        (["up"], Row("body motions")),
    ],
)
async def test_the_cursor_moves(keys: list[str], row: Row) -> None:
    tree = ClassTree()
    async with Stage(tree).run_test(size=(30, 3)) as pilot:
        tree.show(CATEGORIES, ALL, NUMBERS)
        await pilot.press(*keys)
        assert tree.cursor_row == row
        y = tree.rows.index(row) - round(tree.scroll_offset.y)
        assert 0 <= y < 3, "the cursor is in view"


async def test_a_filter_keeps_the_cursor_on_its_class() -> None:
    tree = ClassTree()
    async with Stage(tree).run_test(size=(30, 8)) as pilot:
        tree.show(CATEGORIES, ALL, NUMBERS)
        tree.set_filter("drums")
        await pilot.press("end")
        assert tree.cursor_row == Row("music", "playing drums")
        tree.set_filter("")
        assert tree.cursor_row == Row("music")
        tree.set_filter("motions yog")
        assert [row.label for row in tree.rows] == [None, "yoga"]
        tree.set_filter("nothing like it")
        assert tree_lines(tree)[0] == "No class matches."
        await pilot.press("space", "enter", "left", "right", "end", "a", "n")
        assert tree.ticked == ALL


async def test_an_empty_tree_says_why() -> None:
    tree = ClassTree()
    async with Stage(tree).run_test(size=(60, 3)):
        assert tree_lines(tree)[0].startswith("The classes show once")


async def test_paths_are_completed_from_their_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data.csv").touch()
    (tmp_path / "x\x1b[31m").touch()
    files, folders = PathSuggester(only_folders=False), PathSuggester(only_folders=True)
    assert await files.get_suggestion(f"{tmp_path}/data.") == f"{tmp_path}/data.csv"
    assert await folders.get_suggestion(f"{tmp_path}/da") == f"{tmp_path}/data/"
    assert await files.get_suggestion(f"{tmp_path}/x") is None
    assert await files.get_suggestion(f"{tmp_path}/") is None
    assert await files.get_suggestion("/no/such/folder") is None
    assert await files.get_suggestion("~nobody-of-that-name/x") is None


async def test_the_right_arrow_takes_a_completion(tmp_path: Path) -> None:
    (tmp_path / "kinetics").mkdir()
    app = Stage(Choice([], ""))
    async with app.run_test() as pilot:
        entry = Entry(f"{tmp_path}/ki", suggester=PathSuggester(only_folders=True))
        await app.mount(entry)
        entry.focus()
        await pilot.press("end", "n")
        await pilot.pause()
        await pilot.press("right")
        assert entry.value == f"{tmp_path}/kinetics/"
