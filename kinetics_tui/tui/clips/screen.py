"""The clips screen: every clip that is done, the newest first, and pictures of the one looked at."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from kinetics_tui.base.errors import UserError
from kinetics_tui.model.clip_queries import DoneClip, DonePage
from kinetics_tui.tui.clips.graphics import Overlay
from kinetics_tui.tui.clips.panels import DonePanel, DonePicturesPanel, worth_rows
from kinetics_tui.tui.clips.reading import DoneView, PictureReading
from kinetics_tui.tui.lists.pages import PageReading
from kinetics_tui.tui.lists.screen import FilterLine, ListScreen, class_choices, class_words
from kinetics_tui.tui.parts.bars import Hint, bind, help_key
from kinetics_tui.tui.parts.dialogs import Choice
from kinetics_tui.tui.parts.palette import Steering
from kinetics_tui.tui.parts.view_state import Moment

PAINTED_S = 0.1
"""Seconds in which what was changed is painted: graphics under text painted later would be lost."""

_key = partial(bind, "clips")

KEYS = (
    _key("up", "move(-1)", "up", "To the clip above.", shown_as="↑"),
    _key("down", "move(1)", "down", "To the clip below.", shown_as="↓"),
    _key("pageup", "page(-1)", "page up", "A page up.", shown_as="PgUp"),
    _key("pagedown", "page(1)", "page down", "A page down.", shown_as="PgDn"),
    _key("home", "to_end(False)", "to the start", "To the clip that was done last."),
    _key("end", "to_end(True)", "to the end", "To the clip that was done first."),
    _key(
        "enter", "open_clip", "open it", "The pictures of this clip as large as the screen; again to go back."
    ),
    _key("s", "pick_split", "split", "Show only clips of one split."),
    _key("l", "pick_class", "class", "Show only clips of one class."),
    _key(
        "slash",
        "find",
        "find",
        "Show only clips in whose video id or class what you type occurs.",
        shown_as="/",
    ),
    _key("x", "show_all", "show all", "Take the filters off."),
    _key("p", "switch_pictures", "pictures", "Pictures off, or on: off, nothing is read and sent for them."),
    _key("a", "again", "read again", "Read list and pictures again."),
    _key("y", "copy_address", "copy address", "Copy the address of the clip at YouTube."),
    _key("Y", "copy_path", "copy path", "Copy the path of the clip's file."),
    _key(
        "escape,c,q,ctrl+c",
        "back",
        "back",
        "From a clip to the list, from there to the run.",
        shown_as="esc c q",
    ),
    help_key("clips"),
)
"""Every key, in the order of the help."""

WORDS = (
    ("done", "Its file was made and verified, or found in its place, in the run or before."),
    (
        "pictures",
        "Decoded on this dataset's machine for the clip at the cursor alone, in a program of its own.",
    ),
    ("itags", "The formats at YouTube that the clip was made from."),
    ("find", "Every word must occur in the video id or the class."),
)
"""The words of the clips screen."""


def hints(*, shown: bool, opened: bool, filtered: bool) -> list[Hint]:
    """The keys that do something now: whether a clip is shown, is open, and whether a filter is on."""
    back = Hint("esc", "back", "back")
    copies = []
    if shown:
        copies = [
            Hint("y", "copy address", "copy_address", "address"),
            Hint("Y", "copy path", "copy_path", "path"),
        ]
    pictures = Hint("p", "pictures", "switch_pictures")
    if opened:
        return [back, *copies, pictures]
    first = [Hint("enter", "open", "open_clip")] if shown else []
    show_all = [Hint("x", "show all", "show_all", "all")] if filtered else []
    filters = [Hint("s", "split", "pick_split"), Hint("l", "class", "pick_class"), Hint("/", "find", "find")]
    return [*first, *filters, *show_all, back, *copies, pictures]


class ClipsScreen(ListScreen[DoneClip]):
    """The list of done clips, narrowed by a filter; the one at the cursor, or opened, with pictures."""

    TITLE = "Clips"
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS
    NEEDS_A_ROW = ("open_clip", "copy_address", "copy_path")
    ROWS = "done clips"
    NO_ROW = "No clip is done yet."

    view: DoneView

    def __init__(self, run: Steering) -> None:
        view = DoneView()
        self._pictures = PictureReading(self, run.link, self.has_news)
        looking = run.looking
        self._clip = DonePicturesPanel(self._pictures, looking)
        self._overlay = Overlay(looking.pictures, looking.write, self._clip.refresh)
        said = FilterLine("all clips that are done, the newest first", self._filters)
        super().__init__(run, view, (said, DonePanel(view), self._clip), "words of a video id or class")
        self._reading: PageReading[DonePage] = PageReading(
            self,
            view,
            read=self._read,
            news=lambda page: page.total,
            now=run.looking.now,
            on_news=self.has_news,
        )

    async def _read(self) -> DonePage:
        self.view.of_all = self.link.state.done
        return await self.link.done_clips(self.view.query())

    def _filters(self) -> list[tuple[str, str | None]]:
        split, label, text = self.view.filter
        return [("split", split), ("class", class_words(label)), ("text", text or None)]

    @property
    def reading(self) -> PageReading[DonePage]:
        return self._reading

    def is_old(self, moment: Moment) -> bool:
        page, done = self.view.page, moment.state.done
        # The engine tells of a clip a moment before its ledger does.
        return page is not None and (self.view.of_all != done or (not self.filtered and page.total != done))

    def row_hints(self, *, shown: bool, opened: bool) -> list[Hint]:
        return hints(shown=shown, opened=opened, filtered=self.filtered)

    def details_lines(self) -> int:
        return worth_rows(self.size.width)

    def show_row(self, row: DoneClip | None, *, opened: bool) -> None:
        self._clip.row = row

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        super().show_body(moment, urgent=urgent)
        if self._clip.laid_over != self._overlay.shown:
            self._overlay.clear()
            self.set_timer(PAINTED_S, self._lay_over)

    def _lay_over(self) -> None:
        wanted = self._clip.laid_over
        if self.is_active and wanted is not None and self._overlay.shown is None:
            self._overlay.show(wanted)

    def on_resize(self) -> None:
        self._overlay.clear()
        super().on_resize()

    def on_screen_suspend(self) -> None:
        self._overlay.clear()

    def on_unmount(self) -> None:
        self._overlay.clear()

    # -- filters ----------------------------------------------------------------------------------------

    def action_pick_split(self) -> None:
        splits = self.link.state.splits.values()
        choices = [Choice(split.name, split.name, f"{split.done:,}") for split in splits]
        self.ask("Show which split?", choices, "split")

    def action_pick_class(self) -> None:
        # Not the coroutine itself: a worker that is cancelled before it begins would leave it unawaited.
        self.run_worker(self._pick_class, group="classes", exclusive=True)  # type: ignore[arg-type]

    async def _pick_class(self) -> None:
        self.notice("Counting the clips of each class ...", bad=False)
        try:
            by_label = await self.link.done_classes()
        except UserError as error:
            self.notice(str(error), bad=True)
        else:
            self.ask("Show which class?", class_choices(by_label), "label")

    # -- the clip ---------------------------------------------------------------------------------------

    def action_switch_pictures(self) -> None:
        self._clip.pictures_on = not self._clip.pictures_on
        self.tick(urgent=True)

    def action_again(self) -> None:
        self._pictures.again()
        self._reading.read()
        self.tick(urgent=True)

    def action_copy_address(self) -> None:
        if (row := self.row_or_notice()) is not None:
            self.copy(row.clip.address)

    def action_copy_path(self) -> None:
        if (row := self.row_or_notice()) is not None:
            self.copy(str(Path(self.link.state.dataset).absolute() / row.path))
