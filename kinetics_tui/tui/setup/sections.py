"""The three sections of the set-up form; each shows its part and leaves deciding to the screen."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from kinetics_tui.base.words import bytes_text, count_text, counted
from kinetics_tui.model.options import PACES, Trim, budget_text
from kinetics_tui.tui.parts.controls import Choice, Entry, FormRow, PathSuggester, SearchEntry, TickList
from kinetics_tui.tui.setup.class_tree import ClassTree
from kinetics_tui.tui.setup.draft import ORDERS, OTHER_PACE, Field, class_groups
from kinetics_tui.tui.setup.estimate import Tally
from kinetics_tui.tui.setup.form import Form
from kinetics_tui.tui.setup.more import MORE, MoreOptions, field_id

FILES = "files"
"""The choice of annotation files instead of a release."""

HEIGHTS_PX = (144, 240, 360, 480, 720, 1080, 1440, 2160)

SECTIONS = {"clips": "1 Clips", "classes": "2 Classes", "options": "3 Folder and options"}
"""Ids and titles, where one shows at a time."""
TO_MEND = "! to mend"
"""Behind the title of a section in which something keeps the run from starting."""

SECTION_OF: dict[str, str] = {
    Field.FOLDER: "options",
    Field.SOURCE: "options",
    Field.WORKERS: "options",
    Field.PACE: "options",
    Field.CLASSES: "classes",
    Field.PER_CLASS: "classes",
    Field.SEED: "classes",
    **dict.fromkeys(MORE, "options"),
}
"""The section of each field; those not named are about clips."""

FIRST_IN = {"clips": "#release", "classes": "#tree", "options": "#folder"}
FOCUS_FOR: dict[str, str] = {
    Field.CLASSES: "#tree",
    Field.PACE: "#pace-number",
    Field.SOURCE: f"#{field_id('archives')}",
    **{name: f"#{field_id(name)}" for name in MORE},
}
"""Where the focus goes for a section, and for a field that is not the name of its widget."""


class Section(VerticalScroll, can_focus=False):
    """A framed part of the form."""

    def __init__(self, form: Form, *, id: str) -> None:
        super().__init__(id=id)
        self._form = form

    def row(self, field: Field) -> FormRow:
        """The row that a field's problem is said beside."""
        return self.query_one(f"#{field.value}-row", FormRow)


class ClipsSection(Section):
    """Release or files, and the splits."""

    def compose(self) -> ComposeResult:
        draft = self._form.draft
        options = [
            (release.name, f"{release.title:17} {sum(release.splits.values()):>7,}")
            for release in self._form.releases.values()
        ]
        options.append((FILES, "annotation files ..."))
        release = Choice(options, draft.release or FILES, vertical=True, id="release")
        yield FormRow("Release", release, id="release-row")
        yield Button("Fetch annotations", id="fetch", compact=True)
        files = Entry(
            draft.files,
            placeholder="path of a .csv, .json, .tar.gz",
            suggester=PathSuggester(only_folders=False),
            id="files",
        )
        yield FormRow("Files", files, id="files-row")
        yield FormRow("Splits", TickList("known once they are read", id="splits"), id="splits-row")

    def show(self, problems: Mapping[str, str], *, progress: str, error: str) -> None:
        """``progress`` says how far the annotations are, ``error`` why they could not be had."""
        form, draft, table = self._form, self._form.draft, self._form.table
        status = progress or form.status()
        can_fetch = form.can_be_read and not progress and form.annotations is None
        self.row(Field.RELEASE).say(status if draft.release else "", error if draft.release else "")
        self.query_one("#fetch", Button).display = bool(draft.release) and can_fetch
        files = self.row(Field.FILES)
        files.display = not draft.release or bool(error)
        if draft.release:
            files.say("Or give files that you have here.")
        else:
            files.say(status, problems.get(Field.FILES, ""))
        numbers = {
            split: count_text(count, exact=table.is_exact([split])) for split, count in table.splits.items()
        }
        self.query_one(TickList).show(numbers, frozenset(draft.chosen_splits(table)))
        self.row(Field.SPLITS).say("", problems.get(Field.SPLITS, ""))


class ClassesSection(Vertical):
    """Search, the tree of classes, and how many clips of each."""

    def __init__(self, form: Form, *, id: str) -> None:
        super().__init__(id=id)
        self._form = form
        self._laid: tuple[object, ...] = ()
        self._groups: dict[str, tuple[str, ...]] = {}
        self._numbers: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        with Horizontal(id="search-row"):
            yield Static("Search", classes="form--name")
            yield SearchEntry(placeholder="/ to search", id="search")
        yield ClassTree(id="tree")
        yield FormRow("", id="classes-row")
        per_class = Entry(self._form.draft.per_class, placeholder="all", id="per-class")
        seed = Entry(self._form.draft.seed, placeholder="0", id="seed")
        yield FormRow("N per class", per_class, Static("  seed "), seed, id="per-class-row")

    def show(self, problems: Mapping[str, str]) -> None:
        draft, table, labels = self._form.draft, self._form.table, self._form.labels
        splits = draft.chosen_splits(table)
        if self._laid != (table, splits, labels):
            self._laid = (table, splits, labels)
            self._groups = class_groups(labels, self._form.categories())
            exact = table.is_exact(splits)
            counts = table.by_label(splits)
            self._numbers = {
                label: f"{'' if exact else '~'}{counts.get(label, Tally()).clips:,.0f}" for label in labels
            }
        ticked = frozenset(labels) if draft.classes is None else draft.classes
        self.query_one(ClassTree).show(self._groups, ticked, self._numbers)
        title = f"{len(ticked.intersection(labels)):,} of {counted(len(labels), 'class')}"
        if title != self.border_title:
            self.border_title = title
        self.query_one("#classes-row", FormRow).say("", problems.get(Field.CLASSES, ""))
        numbers = problems.get(Field.PER_CLASS) or problems.get(Field.SEED) or ""
        self.query_one("#per-class-row", FormRow).say("", numbers)


class OptionsSection(Section):
    """Where the clips go, and how they are fetched and cut."""

    def compose(self) -> ComposeResult:
        draft = self._form.draft
        folder = Entry(
            draft.folder, placeholder="~/kinetics", suggester=PathSuggester(only_folders=True), id="folder"
        )
        yield FormRow("Folder", folder, id="folder-row")
        sources = [(order, order.replace(",", ", ")) for order in ORDERS]
        yield FormRow("Source", Choice(sources, draft.sources, id="source"), id="source-row")
        heights = sorted({*HEIGHTS_PX, draft.height_px})
        height = Choice([(str(px), str(px)) for px in heights], str(draft.height_px), id="height")
        yield FormRow("Tier", height, id="height-row")
        yield FormRow("Workers", Entry(draft.workers, id="workers"), id="workers-row")
        paces = [*((name, name) for name in PACES), (OTHER_PACE, "other")]
        yield FormRow("Pace", Choice(paces, draft.pace, id="pace"), id="pace-choice-row")
        number = Entry(draft.pace_number, placeholder="clips an hour", id="pace-number")
        yield FormRow("", Static("", classes="form--name"), number, id="pace-row")
        sound = Choice([("on", "on"), ("off", "off")], "on" if draft.sound else "off", id="sound")
        yield FormRow("Sound", sound, id="sound-row")
        trims = [(trim.value, trim.value) for trim in Trim]
        yield FormRow("Trim", Choice(trims, draft.trim.value, id="trim"), id="trim-row")
        yield MoreOptions(draft.more, self._form.written)

    def show(self, problems: Mapping[str, str]) -> None:
        draft, folder = self._form.draft, self._form.folder
        found = "A dataset is here already." if folder.has_ledger else ""
        free = f"{bytes_text(folder.free_bytes)} free." if folder.free_bytes is not None else ""
        self.row(Field.FOLDER).say(f"{free} {found}".strip(), problems.get(Field.FOLDER, ""))
        both = "The second gets what the first has not." if "," in draft.sources else ""
        self.row(Field.SOURCE).say(both, problems.get(Field.SOURCE, ""))
        self.row(Field.WORKERS).say("", problems.get(Field.WORKERS, ""))
        self.row(Field.PACE).display = draft.pace == OTHER_PACE
        self.row(Field.PACE).say("", problems.get(Field.PACE, ""))
        preset = PACES.get(draft.pace)
        self.query_one("#pace-choice-row", FormRow).say(f"{budget_text(preset)}." if preset else "")
        inexact = "Starts at the keyframe before: quick, inexact."
        self.query_one("#trim-row", FormRow).say(inexact if draft.trim is Trim.COPY else "")
        self.query_one(MoreOptions).show(problems)
