"""The options that have no field of their own on the set-up form, under "More": a field for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.options import Option, Options, Outlets, Selection, options_in
from kinetics_tui.tui.parts.controls import Choice, Entry, FormRow

_HAVE_FIELDS = ("workers", "height", "trim", "audio", "pace", "source")
LIMIT, NETWORKS = "limit", "networks"
MORE = {
    LIMIT: options_in(Selection)[LIMIT],
    NETWORKS: options_in(Outlets)[NETWORKS],
    **{
        name: option
        for name, option in options_in(Options).items()
        if option.opt.help and name not in _HAVE_FIELDS
    },
}
"""What has a flag, and no field elsewhere on the form."""
_NOTES = {
    "yt_dlp": " Cookies of an account: --cookies and the full path of their file.",
    NETWORKS: " Here: with commas between them.",
}
_EXAMPLES = {
    "yt_dlp": "such as --cookies /home/me/cookies.txt",
    NETWORKS: "such as default, phone",
    "archives": "those of the release",
}
_YES, _NO = "true", "false"
_NOTHING = "none"


class Written(NamedTuple):
    """Options as people write them: read (raises SettingsError), written, and explained.

    ``networks`` gives the labels of the networks that names mean (raises SettingsError).
    """

    read: Callable[[Option, object], object]
    text: Callable[[Option, object], str]
    help: Callable[[Option], str]
    networks: Callable[[Sequence[str]], Sequence[str]]


def texts_of(
    options: Options, selection: Selection, written: Written, networks: Sequence[str] = ()
) -> dict[str, str]:
    """The fields under "More" filled in from options, the limit of a selection, and names of networks.

    Where the default is nothing its field is empty, to be typed in.
    """

    def text(name: str, option: Option) -> str:
        if name == NETWORKS:
            return ", ".join(networks)
        value = getattr(selection if name == LIMIT else options, option.field)
        return "" if value == option.default in (None, ()) else written.text(option, value)

    return {name: text(name, option) for name, option in MORE.items()}


def read_texts(texts: Mapping[str, str], written: Written) -> tuple[dict[str, Any], dict[str, str]]:
    """The options of a run that the fields stand for, and why those that cannot be read are impossible.

    A field left empty stands for the default.
    """
    options: dict[str, Any] = {}
    found: dict[str, str] = {}
    for name, option in MORE.items():
        text = texts.get(name, "").strip()
        if name == NETWORKS:
            continue  # they are looked for on this machine: ``find_networks``
        try:
            options[option.field] = written.read(option, text) if text else option.default
        except SettingsError as error:
            found[name] = f"{title(option)}: {error}"
    options.pop(LIMIT, None)  # of the selection, which the draft makes
    return options, found


def find_networks(names: Sequence[str], written: Written) -> tuple[int, dict[str, str]]:
    """The number of networks that a run goes out by, and why there are none of these names.

    Those that YouTube sees at one address are one.
    """
    try:
        return len(written.networks(names)) or 1, {}
    except SettingsError as error:
        return 1, {NETWORKS: f"{title(MORE[NETWORKS])}: {error}"}


def title(option: Option) -> str:
    """The name beside its field: that of its flag."""
    return option.flag.removeprefix("--").capitalize()


def explained(name: str, written: Written) -> str:
    """An option in a sentence or two."""
    return written.help(MORE[name]) + _NOTES.get(name, "")


def field_id(name: str) -> str:
    """The id of the field of an option."""
    return f"more-{name}"


class MoreOptions(Vertical):
    """A button, and the fields that it unfolds; the one with the focus is explained below it."""

    DEFAULT_CSS = """
    MoreOptions { height: auto; }
    MoreOptions > FormRow { display: none; }
    MoreOptions.-open > FormRow { display: block; }
    """

    def __init__(self, texts: Mapping[str, str], written: Written) -> None:
        super().__init__(id="more")
        self._written = written
        defaults = texts_of(Options(), Selection(), written)
        self._button = Button("", id="unfold", compact=True)
        self._rows = {
            name: FormRow(
                title(option),
                _field(name, option, texts[name], defaults[name]),
                id=f"{field_id(name)}-row",
            )
            for name, option in MORE.items()
        }
        self._problems: Mapping[str, str] = {}
        self.open(open=any(texts[name] != defaults[name] for name in MORE))

    def compose(self) -> ComposeResult:
        yield self._button
        if self.has_class("-open"):
            yield from self._rows.values()

    def on_mount(self) -> None:
        if not self.has_class("-open"):
            self.call_after_refresh(self._mount_rows)  # nobody sees them yet: what is seen is painted first

    async def _mount_rows(self) -> None:
        if self.is_attached:
            await self.mount_all(self._rows.values())
            self.show(self._problems)

    def open(self, *, open: bool) -> None:
        """Unfold the fields, or fold them away."""
        self.set_class(open, "-open")
        self._button.label = "Less" if open else "More ..."

    def show(self, problems: Mapping[str, str]) -> None:
        """Say what is wrong with a field; what the one with the focus means; of the others, nothing."""
        self._problems = problems
        for name, row in self._rows.items():
            if not row.is_mounted:
                continue
            note = explained(name, self._written) if row.has_focus_within else ""
            row.say(note, problems.get(name, ""))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.open(open=not self.has_class("-open"))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.call_after_refresh(self._explain)

    def _explain(self) -> None:
        self.show(self._problems)
        for row in self._rows.values():
            if row.has_focus_within:
                # With what is said below it, once that is laid out.
                self.call_after_refresh(row.scroll_visible, animate=False)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self.call_after_refresh(self.show, self._problems)


def _field(name: str, option: Option, text: str, default: str) -> Widget:
    if isinstance(option.kind, type) and issubclass(option.kind, StrEnum):
        return Choice([(value, value) for value in option.kind], text, id=field_id(name))
    if option.kind is bool:
        return Choice([(_NO, "no"), (_YES, "yes")], text, id=field_id(name))
    return Entry(text, placeholder=_EXAMPLES.get(name, default or _NOTHING), id=field_id(name))
