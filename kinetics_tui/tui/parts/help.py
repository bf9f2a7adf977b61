"""The help of a screen: what its keys do and what its words mean; and from there the help topics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from kinetics_tui.base.topics import GROUPS, Topic, find_topic, topic_names, topic_text
from kinetics_tui.tui.parts.bars import key_text
from kinetics_tui.tui.parts.dialogs import DismissedOnce
from kinetics_tui.tui.parts.lines import fit

if TYPE_CHECKING:
    from textual.widgets import Markdown

_GAP = 2
_NAME_CELLS = 17

TOPICS_KEY = Binding(
    "t", "app.topics", "topics", id="help.topics", tooltip="Networks, failures, settings ..."
)
"""For every help of a screen."""


Words = Sequence[tuple[str, str]]
"""Words of a screen and what they mean."""

WORDS: Words = (
    ("RUNNING", "Workers fetch and trim clips."),
    ("PAUSING", "No new clips are handed out; those in hand are finished."),
    ("PAUSED", "Nothing is sent. The moment to switch networks."),
    ("COOLING DOWN", "YouTube throttles this network: nothing is sent until the countdown ends."),
    ("PROBING", "One clip goes first after a cooldown; if it comes through, the others follow."),
    ("SWITCHING", "Clips in hand finish by the old network, then one clip goes first by the new one."),
    ("OFFLINE", "No way to YouTube; the run goes on by itself when the line is back."),
    ("DISK FULL", "No room for clips: make some, then press space."),
    ("HELD", "Something has to be mended first; the throttle panel says what. Then press space."),
    ("STOPPING", "Clips in hand are put back, then the engine ends."),
    ("DONE", "Every clip is on disk or settled as failed."),
    ("lab2·3", "The third worker on the host lab2; h shows all hosts."),
    ("lab2 AWAY", "Nothing is heard of that host: its clips go back after a while, and it may come back."),
    ("DISCONNECTED", "The engine does not answer; the app keeps trying."),
)


MOUSE: Words = (
    ("click", "A key in the bottom line, a title, a row: does what its key does."),
    ("shift drag", "Selects text for the terminal to copy; on a Mac it is option and drag."),
)


class HelpText(Widget):
    """Keys and words in two columns.

    A table of Rich's is laid out three times over before it is seen, and the key that opens the help would
    be felt to wait.
    """

    def __init__(self, keys: Sequence[Binding], words: Words) -> None:
        super().__init__(id="help-text")
        self._rows = [
            (key_text(key), Text.assemble((key.description, "bold"), f"  {key.tooltip}")) for key in keys
        ]
        self._rows += [("", Text()), ("Mouse", Text()), *((how, Text(what)) for how, what in MOUSE)]
        self._rows += [("", Text()), ("Words", Text())]
        self._rows += [(word, Text(meaning)) for word, meaning in words]
        self._laid: tuple[int, Text] = (-1, Text())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._text(width).split())

    def render(self) -> Text:
        return self._text(self.content_size.width)

    def _text(self, width: int) -> Text:
        """All rows, what stands at the right wrapped to as much of ``width`` cells as is left for it."""
        if self._laid[0] != width:
            column = max(cell_len(left) for left, _ in self._rows) + _GAP
            text = Text("\n", no_wrap=True).join(
                Text(fit(left if not index else "", column), "bold").append_text(line)
                for left, right in self._rows
                for index, line in enumerate(right.wrap(self.app.console, max(1, width - column)) or [Text()])
            )
            self._laid = (width, text)
        return self._laid[1]


class HelpScreen(DismissedOnce, ModalScreen[None]):
    """Keys and words; scrolls where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,question_mark,q,ctrl+c",
            "dismiss(None)",
            "close",
            id="help.close",
            tooltip="Back to the run.",
        ),
        TOPICS_KEY,
    ]

    def __init__(self, keys: Sequence[Binding], words: Words = WORDS) -> None:
        super().__init__()
        self._keys = keys
        self._words = words

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text("Keys"), classes="dialog-title")
            with VerticalScroll():
                yield HelpText(self._keys, self._words)
            yield Static(Text("escape closes · t: help topics · ↑↓ scroll · ctrl+p: every command", "dim"))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


class TopicsScreen(DismissedOnce, ModalScreen[None]):
    """The help topics to pick from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "dismiss(None)", "back", id="topics.back", tooltip="Back to the help."),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text("Help topics"), classes="dialog-title")
            yield OptionList(*_options())
            yield Static(Text("enter opens · escape goes back · in a shell: kinetics-tui help TOPIC", "dim"))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.is_active:
            self.app.push_screen(TopicScreen(find_topic(event.option.id or "")))


def _options() -> Iterable[Option]:
    for group, names in GROUPS.items():
        yield Option(Text(group, "bold"), disabled=True)
        for topic in map(find_topic, names):
            yield Option(
                Text.assemble((fit(f" {topic.name}", _NAME_CELLS), "bold"), topic.summary), id=topic.name
            )


class TopicScreen(DismissedOnce, ModalScreen[None]):
    """One topic; a link in it leads to another one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "dismiss(None)", "back", id="topic.back", tooltip="Back to the topics."),
    ]

    def __init__(self, topic: Topic) -> None:
        super().__init__()
        self._topic = topic

    def compose(self) -> ComposeResult:
        from textual.widgets import Markdown  # its parser takes long to load, and few ask for help

        with Vertical(classes="dialog"):
            with VerticalScroll():
                yield Markdown(topic_text(self._topic.name), open_links=False)
            yield Static(Text("escape goes back · ↑↓ PgUp PgDn scroll", "dim"))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        name = event.href.removesuffix(".md")
        if self.is_active and name in topic_names():
            self.app.push_screen(TopicScreen(find_topic(name)))
