"""The set-up screen: choose what to get, see what that comes to, start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Footer, Input, Static

from kinetics_tui.annotations.releases import Release
from kinetics_tui.model.options import Options, Selection, Trim
from kinetics_tui.tui.draft import Field, Pace, draft_of, missing_file, problems
from kinetics_tui.tui.estimate import ClipTable, published_table, with_counted
from kinetics_tui.tui.loading import (
    FolderSeen,
    Loaded,
    Loading,
    LoadProgress,
    NotLoaded,
    NotSelected,
    Selected,
)
from kinetics_tui.tui.plan import Folder, Library, Plan, Source
from kinetics_tui.tui.screens.setup_help import SetupHelpScreen
from kinetics_tui.tui.text import clean, counted
from kinetics_tui.tui.widgets.choice import Choice
from kinetics_tui.tui.widgets.class_tree import ClassTree
from kinetics_tui.tui.widgets.consequences import Consequences, ConsequencesPanel, consequences
from kinetics_tui.tui.widgets.sections import FILES, ClassesSection, ClipsSection, OptionsSection
from kinetics_tui.tui.widgets.tick_list import TickList
from kinetics_tui.tui.wording import on_screen

WIDE_COLUMNS, WIDE_ROWS = 108, 30
"""From this size on everything is in view at once; below it, one section at a time."""

TYPING_S = 0.4
"""How long a path must stand still before it is looked at."""

SECTIONS = {"clips": "1 Clips", "classes": "2 Classes", "options": "3 Folder and options"}
SECTION_OF = {
    Field.FOLDER: "options",
    Field.WORKERS: "options",
    Field.PACE: "options",
    Field.CLASSES: "classes",
    Field.PER_CLASS: "classes",
    Field.SEED: "classes",
}
"""The section of each field; those not named are about clips."""

FIRST_IN = {"clips": "#release", "classes": "#tree", "options": "#folder"}
FOCUS_FOR = {Field.CLASSES: "#tree", Field.PACE: "#pace-number"}
"""Where the focus goes for a section and for a field, where it is not the field's own name."""

FIELD_OF_ENTRY = {
    "files": "files",
    "per-class": "per_class",
    "seed": "seed",
    "folder": "folder",
    "workers": "workers",
    "pace-number": "pace_number",
}
"""The field of the draft that each entry fills."""

HELP = """\
Choose what to get on the left and in the middle; the right side says what that comes to before
anything is fetched or written. **ctrl+s** starts.

- **tab**, **shift+tab** go from field to field; arrows choose; **space** ticks.
- **/** searches the classes: every word must occur in the class or its category. **enter** goes to what
  was found, **escape** shows all classes again.
- In the tree **space** ticks a class or a whole category, **enter** opens a category, **a** ticks and **n**
  unticks all classes that are shown (search, then n or a, to work on a part). `[-]` marks a category of
  which some classes are ticked. A class that stands in two categories is ticked in both.
- **N per class** takes that many clips of each class, drawn with the seed: the same seed draws the same.
- Numbers with "about" or `~` come from published counts, until the annotations are fetched; *Start* fetches
  them if need be. Without a connection, choose *annotation files* and give a file that you have
  (several paths with blanks between them; quote a path that has blanks itself).
- **Pace** is how many videos an hour are asked for. YouTube lets a guest have about 300, an account 2,000.
- On a small terminal **1**, **2**, **3** show the sections one at a time.
- **escape** leaves; nothing is changed.
"""


class SetupScreen(Screen[Plan | None]):
    """Ends with the plan, or with None when the user leaves; it changes nothing itself."""

    CSS_PATH = "../setup.tcss"
    HELP = HELP
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", tooltip="Fetch what is missing and start the run"),
        Binding("slash,ctrl+f", "search", "Search", tooltip="Search the classes"),
        Binding("1", "section('clips')", "Clips", show=False),
        Binding("2", "section('classes')", "Classes", show=False),
        Binding("3", "section('options')", "Folder and options", show=False),
        Binding("question_mark,f1", "show_help", "Help", tooltip="What the fields and keys do"),
        Binding("escape", "leave", "Leave", tooltip="Leave; nothing is changed"),
    ]

    def __init__(self, dataset: Path, options: Options, selection: Selection, *, library: Library) -> None:
        super().__init__()
        self._given = options
        self._library = library
        self._loading = Loading(self, library)
        self._releases: dict[str, Release] = {release.name: release for release in library.releases()}
        if not selection.release and not selection.annotations:
            selection = msgspec.structs.replace(selection, release=next(iter(self._releases), ""))
        self._draft = draft_of(dataset, options, selection, self._named_classes(selection))
        self._loaded: Loaded | None = None
        self._wanted: Source | None = None
        self._progress = ""
        self._error = ""
        self._starting = False
        self._selecting = False
        self._folder = Folder(Path())
        self._table = ClipTable()
        self._labels: tuple[str, ...] = ()
        self._found: dict[Field, str] = {}
        self._typing: dict[str, Timer] = {}

    def _named_classes(self, selection: Selection) -> frozenset[str] | None:
        """The classes that a selection asks for by name or by category, None for all."""
        if not selection.classes and not selection.categories:
            return None
        known = self._library.categories(selection.release)
        by_category = (label for name in selection.categories for label in known.get(name, ()))
        return frozenset((*selection.classes, *by_category))

    # -- what is on screen ----------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield Static("Kinetics TUI  set-up: nothing is fetched or written before Start", id="title")
        yield Choice(list(SECTIONS.items()), "clips", id="sections")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield ClipsSection(self._draft, list(self._releases.values()), id="clips")
                yield OptionsSection(self._draft, id="options")
            yield ClassesSection(self._draft, id="classes")
            yield ConsequencesPanel(id="consequences")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#clips").border_title = "Clips"
        self.query_one("#options").border_title = "Folder and options"
        self.query_one("#consequences").border_title = "What this comes to"
        self.query_one("#release").focus()
        self._recount()
        self._loading.look_at(self._draft.folder_path)
        self._load_if_at_hand()
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= WIDE_COLUMNS and event.size.height >= WIDE_ROWS
        self.set_class(not wide, "-narrow")
        self._show()

    @property
    def is_narrow(self) -> bool:
        """Whether one section shows at a time."""
        return self.has_class("-narrow")

    def _release(self) -> Release | None:
        return self._releases.get(self._draft.release)

    def _recount(self) -> None:
        """Lay out anew what the clips are counted from: the release or the files have changed."""
        release = self._release()
        loaded = self._loaded if self._loaded is not None and self._is_ours(self._loaded.source) else None
        counted_table = loaded.table if loaded is not None else ClipTable()
        if release is None:
            self._table = counted_table
            self._labels = tuple(sorted(self._table.labels() - {""}, key=str.casefold))
            return
        names = self._library.classes(release.name)
        self._table = with_counted(published_table(release.splits, names), counted_table)
        self._labels = (*names, *sorted(counted_table.labels() - {"", *names}))

    def _is_ours(self, source: Source) -> bool:
        """Whether annotations from ``source`` are about the release or files in the form."""
        if self._draft.release:
            return source.release == self._draft.release
        return not source.release and source.files == self._draft.file_paths

    def _covers(self, source: Source) -> bool:
        """Whether what was loaded holds all that ``source`` asks for."""
        loaded = self._loaded.source if self._loaded is not None else None
        return loaded is not None and self._is_ours(loaded) and set(source.splits) <= set(loaded.splits)

    def _categories(self) -> dict[str, tuple[str, ...]]:
        """The categories of the release, or of the one that the files' classes are those of."""
        if self._draft.release:
            return self._library.categories(self._draft.release)
        labels = set(self._labels)
        alike = (name for name in self._releases if labels and labels <= set(self._library.classes(name)))
        return self._library.categories(next(alike, ""))

    def _show(self) -> None:
        """Bring every part of the screen up to the draft; parts that stay as they are paint nothing."""
        if not self.is_mounted:
            return
        draft = self._draft
        folder = self._folder if self._folder.path == draft.folder_path else Folder(draft.folder_path)
        said = consequences(draft, self._table, folder, self._release())
        self._found = problems(draft, self._table, folder, said.needed_bytes)
        if not draft.release and self._error:
            self._found.setdefault(Field.FILES, self._error)
        self.query_one(ClipsSection).show(
            draft,
            self._table,
            self._found,
            status=self._progress or self._account(),
            error=self._error,
            can_fetch=self._can_fetch(),
        )
        self.query_one(ClassesSection).show(draft, self._table, self._labels, self._categories(), self._found)
        self.query_one(OptionsSection).show(draft, folder, self._found)
        self._show_sections()
        self._show_start(said)

    def _show_sections(self) -> None:
        chooser = self.query_one("#sections", Choice)
        troubled = {SECTION_OF.get(field, "clips") for field in self._found}
        for name, title in SECTIONS.items():
            chooser.set_text(name, f"{title} !" if name in troubled else title)
            self.query_one(f"#{name}").set_class(name != chooser.value, "-behind")
        self.query_one("#left").set_class(chooser.value == "classes", "-behind")

    def _show_start(self, said: Consequences) -> None:
        panel = self.query_one(ConsequencesPanel)
        panel.show(said, narrow=self.is_narrow)
        if self._found:
            panel.show_start(f"! {clean(next(iter(self._found.values())))}", ready=False)
        elif self._selecting:
            panel.show_start("Selecting the clips ...", ready=False)
        elif self._starting:
            panel.show_start(f"Starts when the annotations are here: {self._progress}", ready=False)
        else:
            panel.show_start("", ready=True)

    def _account(self) -> str:
        """How the annotations stand, in a sentence."""
        loaded = self._loaded
        if loaded is None or not self._covers(self._draft.source(self._table)):
            return "Published counts." if self._draft.release else ""
        annotations = loaded.annotations
        words = [f"{counted(len(annotations.clips), 'clip')} read."]
        for rows, fate in ((annotations.bad_rows, "unusable"), (annotations.duplicate_rows, "double")):
            if rows:
                first = rows[0]
                place = f"{Path(first.file).name} line {first.line}" if first.line else Path(first.file).name
                words.append(f"{counted(len(rows), 'row')} {fate}: {place}, {first.why}.")
        return " ".join(words)

    # -- annotations and folder -----------------------------------------------------------------

    def _can_fetch(self) -> bool:
        draft = self._draft
        source = draft.source(self._table)
        return bool(draft.release and source.splits and not self._progress and not self._covers(source))

    def _load(self, *, only_at_hand: bool = False) -> None:
        source = self._draft.source(self._table)
        if self._covers(source) or (not self._draft.release and missing_file(self._draft)):
            return
        if source == self._wanted and self._progress:
            return
        self._wanted = source
        if not only_at_hand:
            self._progress = "fetching ..." if source.release else "reading ..."
            self._error = ""
        self._loading.load(source, only_at_hand=only_at_hand)

    def _load_if_at_hand(self) -> None:
        """Read what needs no network: files, and releases fetched before."""
        if self._draft.source(self._table).splits or not self._draft.release:
            self._load(only_at_hand=bool(self._draft.release))

    def on_load_progress(self, message: LoadProgress) -> None:
        if message.source == self._wanted:
            self._progress = message.text
            self._show()

    def on_loaded(self, message: Loaded) -> None:
        if message.source != self._wanted:
            return
        self._loaded = message
        self._wanted = None
        self._progress = ""
        self._error = ""
        self._recount()
        if self._draft.splits is not None and not self._draft.chosen_splits(self._table):
            self._change(splits=None)
        self._go_on()

    def on_not_loaded(self, message: NotLoaded) -> None:
        if message.source != self._wanted:
            return
        self._wanted = None
        self._progress = ""
        if message.sentence:
            self._error = on_screen(message.sentence)
            self._starting = False
        self._go_on()

    def on_folder_seen(self, message: FolderSeen) -> None:
        self._folder = message.folder
        self._go_on()

    # -- the fields -----------------------------------------------------------------------------

    def _change(self, **fields: object) -> None:
        """Fill in fields of the draft; whoever changes the form does not mean to start just yet."""
        changed = msgspec.structs.replace(self._draft, **fields)
        if changed != self._draft:
            self._draft = changed
            self._starting = False
        self._show()

    def _change_source(self, release: str) -> None:
        """Another release, or files: splits and classes start over."""
        if release == self._draft.release:
            return
        self._wanted = None
        self._progress = self._error = ""
        self._draft = msgspec.structs.replace(self._draft, release=release, splits=None, classes=None)
        self._starting = False
        self._recount()
        self._load_if_at_hand()
        self._show()

    @on(Choice.Changed, "#release")
    def _release_chosen(self, event: Choice.Changed) -> None:
        self._change_source("" if event.value == FILES else event.value)

    @on(Choice.Changed, "#sections")
    def _section_chosen(self) -> None:
        self._show()

    @on(Choice.Changed, "#height")
    def _height_chosen(self, event: Choice.Changed) -> None:
        self._change(height_px=int(event.value))

    @on(Choice.Changed, "#pace")
    def _pace_chosen(self, event: Choice.Changed) -> None:
        self._change(pace=Pace(event.value))

    @on(Choice.Changed, "#sound")
    def _sound_chosen(self, event: Choice.Changed) -> None:
        self._change(sound=event.value == "on")

    @on(Choice.Changed, "#trim")
    def _trim_chosen(self, event: Choice.Changed) -> None:
        self._change(trim=Trim(event.value))

    @on(TickList.Changed)
    def _splits_ticked(self, event: TickList.Changed) -> None:
        self._change(splits=event.ticked)
        self._load_if_at_hand()
        self._show()

    @on(ClassTree.Changed)
    def _classes_ticked(self, event: ClassTree.Changed) -> None:
        self._change(classes=None if event.ticked.issuperset(self._labels) else event.ticked)

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
        entry = event.input.id or ""
        if entry not in FIELD_OF_ENTRY or getattr(self._draft, FIELD_OF_ENTRY[entry]) == event.value:
            return
        if entry == "files":
            self.query_one("#release", Choice).value = FILES
            self._change_source("")
        self._change(**{FIELD_OF_ENTRY[entry]: event.value})
        if entry == "folder":
            self._when_typed(entry, self._folder_typed)
        elif entry == "files":
            self._error = ""
            self._recount()
            self._show()
            self._when_typed(entry, self._files_typed)

    def _when_typed(self, entry: str, action: Callable[[], None]) -> None:
        if entry in self._typing:
            self._typing[entry].stop()
        self._typing[entry] = self.set_timer(TYPING_S, action)

    def _folder_typed(self) -> None:
        self._loading.look_at(self._draft.folder_path)

    def _files_typed(self) -> None:
        self._load()
        self._show()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.input.id in FIELD_OF_ENTRY:
            self.focus_next()

    @on(Button.Pressed, "#fetch")
    def _fetch_pressed(self) -> None:
        self._load()
        self._show()

    # -- start and leave ------------------------------------------------------------------------

    @on(Button.Pressed, "#start")
    def _start_pressed(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Start, or go to what stands in the way."""
        if self._found:
            self.app.bell()
            self._go_to(next(iter(self._found)))
        elif not self._starting:
            self._starting = True
            self._go_on()

    def _go_to(self, field: Field) -> None:
        self.query_one("#sections", Choice).value = SECTION_OF.get(field, "clips")
        self.call_after_refresh(self._focus, FOCUS_FOR.get(field, f"#{field.value}"))

    def _focus(self, selector: str) -> None:
        self.query_one(selector).focus()

    def _go_on(self) -> None:
        """Take the next step to the start, if the user wants one: folder, annotations, selection, end."""
        self._show()
        draft = self._draft
        if self._found:
            self._starting = False
        if not self._starting or self._selecting:
            return
        if self._folder.path != draft.folder_path:
            self._loading.look_at(draft.folder_path)
        elif self._folder.has_ledger:
            self._end(None)
        elif self._loaded is None or not self._covers(draft.source(self._table)):
            self._load()
        else:
            self._selecting = True
            self._loading.select(draft, self._loaded.annotations, draft.selection(self._table))
        self._show()

    def on_selected(self, message: Selected) -> None:
        self._selecting = False
        if self._starting and message.draft == self._draft:
            self._end(message)
        else:
            self._go_on()

    def on_not_selected(self, message: NotSelected) -> None:
        self._selecting = self._starting = False
        self._show()
        self.query_one(ConsequencesPanel).show_start(f"! {clean(message.sentence)}", ready=True)

    def _end(self, selected: Selected | None) -> None:
        draft = self._draft
        plan = Plan(
            dataset=draft.folder_path,
            selection=draft.selection(self._table),
            options=draft.options(self._given),
            clips=selected.clips if selected is not None else None,
        )
        self.dismiss(plan)

    def action_show_help(self) -> None:
        self.app.push_screen(SetupHelpScreen(HELP))

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_search(self) -> None:
        """To the search, whatever section shows."""
        self.query_one("#sections", Choice).value = "classes"
        self.call_after_refresh(self._focus, "#search")

    def action_section(self, name: str) -> None:
        """Show a section (they all show on a large terminal) and go to its first field."""
        self.query_one("#sections", Choice).value = name
        self.call_after_refresh(self._focus, FIRST_IN[name])
