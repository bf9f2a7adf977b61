"""The set-up screen: choose what to get, see what that comes to, start."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Footer, Input, Static

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.model.options import Options, Selection, Trim
from kinetics_tui.tui.parts.bars import key_name
from kinetics_tui.tui.parts.controls import Choice, TickList
from kinetics_tui.tui.parts.dialogs import Answer, ConfirmScreen, DismissedOnce
from kinetics_tui.tui.setup.class_tree import ClassTree
from kinetics_tui.tui.setup.consequences import Consequences, ConsequencesPanel
from kinetics_tui.tui.setup.draft import Draft, Field
from kinetics_tui.tui.setup.form import Form, on_screen
from kinetics_tui.tui.setup.help import setup_help
from kinetics_tui.tui.setup.loading import (
    FolderSeen,
    Loaded,
    Loading,
    LoadProgress,
    NotLoaded,
    NotSelected,
    Selected,
)
from kinetics_tui.tui.setup.more import MORE, MoreOptions, Written, field_id
from kinetics_tui.tui.setup.ports import Library, Plan, Source
from kinetics_tui.tui.setup.sections import (
    FILES,
    FIRST_IN,
    FOCUS_FOR,
    SECTION_OF,
    SECTIONS,
    TO_MEND,
    ClassesSection,
    ClipsSection,
    OptionsSection,
)

WIDE_COLUMNS, WIDE_ROWS = 108, 30
"""From this size on everything is in view at once; below it, one section at a time."""

TYPING_S = 0.4
"""Seconds that a path must stand still before it is looked at."""

LEAVE = "leave"

_TYPED_FIELDS = ("files", "per_class", "seed", "folder", "workers", "pace_number")
DRAFT_FIELDS = {field.replace("_", "-"): field for field in _TYPED_FIELDS}
"""The field of the draft that each entry fills, by the id of the entry."""
MORE_FIELDS = {field_id(name): name for name in MORE}
"""The option that each field under "More" is for, by the id of the field."""
UNDONE_MOST = 20
"""So many changes can be taken back, one after the other."""


CHOSEN_FIELDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "source": ("sources", str),
    "height": ("height_px", int),
    "pace": ("pace", str),
    "sound": ("sound", lambda value: value == "on"),
    "trim": ("trim", Trim),
}
"""The field of the draft that each choice fills and how its value is read, by the id of the choice."""


class SetupScreen(DismissedOnce, Screen[Plan | None]):
    """Ends with the plan, or with None when the user leaves; it changes nothing itself."""

    CSS_PATH = "setup.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", tooltip="Fetch the annotations if need be, and start the run"),
        Binding("slash", "search", "Search", tooltip="Search the classes and categories"),
        Binding("ctrl+f", "search_from_entry", "Search", tooltip="Search the classes and categories"),
        Binding("z", "undo", "Undo", tooltip="Take back a change of release, splits or classes"),
        Binding("1", "section('clips')", "Clips", show=False),
        Binding("2", "section('classes')", "Classes", show=False),
        Binding("3", "section('options')", "Folder and options", show=False),
        Binding("question_mark,f1", "show_help", "Help", tooltip="What the fields and keys do"),
        Binding("escape", "leave", "Leave", tooltip="Leave; nothing is changed"),
        Binding("ctrl+c", "leave", "Leave", show=False),
    ]

    def __init__(
        self,
        dataset: Path,
        options: Options,
        selection: Selection,
        *,
        library: Library,
        written: Written,
        networks: Sequence[str] = (),
        filled: bool = False,
    ) -> None:
        """``dataset``, ``options``, ``selection`` and ``networks`` are what the form is filled in with.

        ``filled``: the user has done so already.
        """
        super().__init__()
        self._filled = filled
        self._form = Form(dataset, options, selection, library, written, networks)
        self._loading = Loading(self, library)
        self._wanted: Source | None = None
        self._progress = ""
        self._error = ""
        self._found: dict[str, str] = {}
        self._starting = False
        self._selecting = False
        self._typing: dict[str, Timer] = {}
        self._before: deque[Draft] = deque(maxlen=UNDONE_MOST)
        """The form before each change that can be taken back."""

    # -- what is on screen ----------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield Static("Kinetics TUI  set-up: nothing is fetched or written before Start", id="title")
        yield Choice(list(SECTIONS.items()), "clips", id="sections")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield ClipsSection(self._form, id="clips")
                yield OptionsSection(self._form, id="options")
            yield ClassesSection(self._form, id="classes")
            yield ConsequencesPanel(id="consequences")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#clips").border_title = "Clips"
        self.query_one("#options").border_title = "Folder and options"
        self.query_one("#consequences").border_title = "What this comes to"
        self.query_one("#release").focus()
        self._loading.look_at(self._form.draft.folder_path)
        self._load_if_at_hand()
        self._show()

    def on_screen_resume(self) -> None:
        # What came to an end under the help waited for it.
        self._go_on()

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= WIDE_COLUMNS and event.size.height >= WIDE_ROWS
        self.set_class(not wide, "-narrow")
        self._show()

    @on(Choice.Changed, "#sections")
    def _show(self) -> None:
        """Bring every part of the screen up to the form; parts that stay as they are paint nothing."""
        if not self.is_mounted:
            return
        form = self._form
        said, self._found = form.judge()
        if not form.draft.release and self._error:
            self._found.setdefault(Field.FILES, self._error)
        self.query_one(ClipsSection).show(self._found, progress=self._progress, error=self._error)
        self.query_one(ClassesSection).show(self._found)
        self.query_one(OptionsSection).show(self._found)
        self._show_sections()
        self._show_start(said)

    def _show_sections(self) -> None:
        chooser = self.query_one("#sections", Choice)
        troubled = {SECTION_OF.get(field, "clips") for field in self._found}
        for name, title in SECTIONS.items():
            chooser.set_text(name, f"{title} {TO_MEND}" if name in troubled else title)
            self.query_one(f"#{name}").set_class(name != chooser.value, "-behind")
        self.query_one("#left").set_class(chooser.value == "classes", "-behind")

    def _show_start(self, said: Consequences) -> None:
        panel = self.query_one(ConsequencesPanel)
        panel.show(said, narrow=self.has_class("-narrow"))
        if self._found:
            panel.show_start(f"! {for_screen(next(iter(self._found.values())))}", ready=False)
        elif self._selecting:
            panel.show_start("Selecting the clips ...", ready=False)
        elif self._starting:
            panel.show_start(f"Starts when the annotations are here: {self._progress}", ready=False)
        else:
            panel.show_start("", ready=True)

    # -- annotations and folder -----------------------------------------------------------------

    def _load(self, *, only_at_hand: bool = False) -> None:
        source = self._form.source
        under_way = source == self._wanted and self._progress
        if self._form.annotations is not None or not self._form.can_be_read or under_way:
            return
        self._wanted = source
        if not only_at_hand:
            self._progress = "fetching ..." if source.release else "reading ..."
            self._error = ""
        self._loading.load(source, only_at_hand=only_at_hand)

    def _load_if_at_hand(self) -> None:
        """Read what needs no network: files, and releases fetched before."""
        # Whoever ticks a split while a fetch is under way wants that fetched as well.
        self._load(only_at_hand=bool(self._form.draft.release) and not self._progress)

    def _forget_load(self) -> None:
        """Forget the load under way; its result is not wanted any more."""
        self._wanted = None
        self._progress = self._error = ""

    def on_load_progress(self, message: LoadProgress) -> None:
        if message.source == self._wanted:
            self._progress = message.text
            self._show()

    def on_loaded(self, message: Loaded) -> None:
        if message.source == self._wanted:
            self._forget_load()
            self._form.take_annotations(message)
            self._go_on()

    def on_not_loaded(self, message: NotLoaded) -> None:
        if message.source == self._wanted:
            self._forget_load()
            if message.sentence:
                self._error = on_screen(message.sentence)
                self._starting = False
            self._go_on()

    def on_folder_seen(self, message: FolderSeen) -> None:
        self._form.take_folder(message.folder)
        self._go_on()

    # -- the fields -----------------------------------------------------------------------------

    def _change(self, **fields: object) -> None:
        """Fill in the form; whoever changes it does not mean to start just yet."""
        before = self._form.draft
        if self._form.change(**fields):
            self._starting = False
            if "splits" in fields or "classes" in fields:
                self._before.append(before)
                self.refresh_bindings()
        self._show()

    def action_undo(self) -> None:
        """Choose release, splits and classes as before the last change of them."""
        before, now = self._before.pop(), self._form.draft
        self._form.change(release=before.release, splits=before.splits, classes=before.classes)
        self._starting = False
        if before.release != now.release:
            self._forget_load()
            self.query_one("#release", Choice).value = before.release or FILES
        self._load_if_at_hand()
        self.refresh_bindings()
        self._show()

    def _change_source(self, release: str) -> None:
        """Another release, or files: splits and classes start over."""
        if release != self._form.draft.release:
            self._forget_load()
            self._change(release=release, splits=None, classes=None)
            self._load_if_at_hand()
            self._show()

    @on(Choice.Changed, "#release")
    def _release_chosen(self, event: Choice.Changed) -> None:
        self._change_source("" if event.value == FILES else event.value)

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        if event.control.id in CHOSEN_FIELDS:
            field, read = CHOSEN_FIELDS[event.control.id]
            self._change(**{field: read(event.value)})
        elif event.control.id in MORE_FIELDS:
            self._change_more(MORE_FIELDS[event.control.id], event.value)

    def _change_more(self, name: str, text: str) -> None:
        self._change(more={**self._form.draft.more, name: text})

    @on(TickList.Changed)
    def _splits_ticked(self, event: TickList.Changed) -> None:
        self._change(splits=event.value)
        self._load_if_at_hand()
        self._show()

    @on(ClassTree.Changed)
    def _classes_ticked(self, event: ClassTree.Changed) -> None:
        ticked = event.value.intersection(self._form.labels)
        self._change(classes=None if len(ticked) == len(self._form.labels) else ticked)

    @on(ClassTree.FilterCleared)
    def _filter_cleared(self) -> None:
        self.query_one("#search", Input).value = ""

    @on(Input.Changed, "#search")
    def _search_typed(self, event: Input.Changed) -> None:
        self.query_one(ClassTree).set_filter(event.value)

    @on(Input.Submitted, "#search")
    def _search_done(self) -> None:
        self.query_one(ClassTree).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.input.id in MORE_FIELDS:
            self._change_more(MORE_FIELDS[event.input.id], event.value)
            return
        field = DRAFT_FIELDS.get(event.input.id or "")
        if field is None or getattr(self._form.draft, field) == event.value:
            return
        if field == "files":
            self.query_one("#release", Choice).value = FILES
            self._change_source("")
            self._forget_load()
            self._when_still(field, self._load_and_show)
        elif field == "folder":
            self._when_still(field, lambda: self._loading.look_at(self._form.draft.folder_path))
        self._change(**{field: event.value})

    def _when_still(self, field: str, action: Callable[[], None]) -> None:
        if field in self._typing:
            self._typing[field].stop()
        self._typing[field] = self.set_timer(TYPING_S, action)

    @on(Button.Pressed, "#fetch")
    def _load_and_show(self) -> None:
        self._load()
        self._show()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.input.id in DRAFT_FIELDS or event.input.id in MORE_FIELDS:
            self.focus_next()

    # -- start and leave ------------------------------------------------------------------------

    @on(Button.Pressed, "#start")
    def action_start(self) -> None:
        """Start, or go to what stands in the way."""
        if self._found:
            self.app.bell()
            field = next(iter(self._found))
            if field in MORE or field == Field.SOURCE:
                self.query_one(MoreOptions).open(open=True)
            self._go_to(SECTION_OF.get(field, "clips"), FOCUS_FOR.get(field, f"#{field}"))
        elif not self._starting:
            self._starting = True
            self._go_on()

    def _go_on(self) -> None:
        """Take the next step to the start, if the user wants one: folder, annotations, selection, end."""
        self._show()
        if self._found:
            self._starting = False
        if not self._starting or self._selecting:
            return
        form = self._form
        if form.seen_folder is None:
            self._loading.look_at(form.draft.folder_path)
        elif form.folder.has_ledger:
            self.dismiss(form.plan(None))
        elif form.annotations is None:
            self._load()
        else:
            self._selecting = True
            self._loading.select(form.draft, form.annotations, form.selection())
        self._show()

    def on_selected(self, message: Selected) -> None:
        self._selecting = False
        if self._starting and message.draft == self._form.draft:
            self.dismiss(self._form.plan(message.clips))
        else:
            self._go_on()

    def on_not_selected(self, message: NotSelected) -> None:
        self._selecting = self._starting = False
        self._show()
        self.query_one(ConsequencesPanel).show_start(f"! {for_screen(message.sentence)}", ready=True)

    def action_leave(self) -> None:
        """Leave; what was filled in is not lost by one key."""
        if not (self._filled or self._form.filled):
            self.dismiss(None)
        elif self.is_active:
            answers = [Answer("l", "leave", LEAVE), Answer("g", "go back to filling in", "")]
            ask = ConfirmScreen(
                "Leave the set-up?", "What is filled in is not kept.", answers, on_ctrl_c=LEAVE
            )
            self.app.push_screen(ask, self._answered)

    def _answered(self, answer: str | None) -> None:
        if answer == LEAVE:
            self.dismiss(None)

    # -- going about ----------------------------------------------------------------------------

    def _go_to(self, section: str, selector: str) -> None:
        """Show a section (on a large terminal they all show) and put the focus on a part of it."""
        self.query_one("#sections", Choice).value = section
        self.call_after_refresh(lambda: self.query_one(selector).focus())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash searches except in a text field, where it is one; ctrl+f stands in for it there."""
        if action in ("search", "search_from_entry"):
            return isinstance(self.focused, Input) is (action == "search_from_entry")
        if action == "undo":
            return bool(self._before) and not isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    def action_search(self) -> None:
        self._go_to("classes", "#search")

    def action_search_from_entry(self) -> None:
        self.action_search()

    def action_section(self, name: str) -> None:
        self._go_to(name, FIRST_IN[name])

    def on_key(self, event: events.Key) -> None:
        """A key that does nothing where the focus is: say where keys are explained."""
        if event.key not in self.active_bindings and not isinstance(self.focused, Input):
            why = "No change of the selection is left to take back." if event.key == "z" else ""
            self.app.clear_notifications()  # of a whole word typed here, one is enough
            self.notify(
                why or f"The key {key_name(event)} does nothing in this field; ? explains the keys.",
                timeout=4,
                markup=False,
            )

    def action_show_help(self) -> None:
        if self.is_active:
            self.app.push_screen(setup_help(self._form.written, sections=self.has_class("-narrow")))
