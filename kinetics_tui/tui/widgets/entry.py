"""A line to type into, and a form row: a name, a control and why the choice is impossible."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from kinetics_tui.tui.draft import as_path
from kinetics_tui.tui.text import clean


class PathSuggester(Suggester):
    """Completes the last part of a path from the folder it is in."""

    def __init__(self, *, only_folders: bool) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._only_folders = only_folders

    async def get_suggestion(self, value: str) -> str | None:
        head, tail = os.path.split(value)
        if not tail:
            return None
        try:
            with os.scandir(as_path(head or ".")) as entries:
                names = sorted(
                    entry.name + ("/" if entry.is_dir() else "")
                    for entry in entries
                    if entry.name.startswith(tail) and (entry.is_dir() or not self._only_folders)
                )
        except (OSError, ValueError):
            return None
        if not names or clean(names[0]) != names[0]:
            return None
        return value + names[0][len(tail) :]


class Entry(Input):
    """One line to type into, underlined so that it shows without colour; the cursor does not blink."""

    DEFAULT_CSS = """
    Entry { width: 1fr; text-style: underline; }
    Entry:focus { text-style: underline bold; }
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        suggester: Suggester | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(
            value, placeholder=placeholder, suggester=suggester, id=id, compact=True, select_on_focus=False
        )
        self.cursor_blink = False


class SearchEntry(Entry):
    """The search over the classes: enter and down go to what was found, escape takes it back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "submit", "To the classes", show=False),
        Binding("escape", "take_back", "All classes", tooltip="Empty the search and go to the classes"),
    ]

    async def action_take_back(self) -> None:
        self.value = ""
        await self.action_submit()


class FormRow(Vertical):
    """A name, its control, and below them a line that shows only when there is something to say."""

    DEFAULT_CSS = """
    FormRow { width: 1fr; height: auto; }
    FormRow > Horizontal { height: auto; }
    FormRow .form--name { width: 9; }
    FormRow > .form--note { display: none; height: auto; }
    FormRow > .form--note.-said { display: block; }
    FormRow > .form--note.-problem { color: $text-error; text-style: bold; }
    FormRow > .form--note.-problem:ansi { color: ansi_red; }
    """

    def __init__(self, name: str, *controls: Widget, id: str | None = None) -> None:
        super().__init__(id=id)
        self._name = name
        self._controls = controls
        self._note = Static(classes="form--note", markup=False)
        self._said = ("", "")

    def compose(self) -> ComposeResult:
        with Horizontal():
            if self._name:
                yield Static(self._name, classes="form--name", markup=False)
            yield from self._controls
        yield self._note

    def say(self, note: str, problem: str = "") -> None:
        """Say something about the choice; a problem takes the note's place and begins with a ``!``."""
        if (note, problem) == self._said:
            return
        self._said = (note, problem)
        self._note.set_class(bool(problem), "-problem")
        self._note.set_class(bool(note or problem), "-said")
        self._note.update(f"! {clean(problem)}" if problem else clean(note))
