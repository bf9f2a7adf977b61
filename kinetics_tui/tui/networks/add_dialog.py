"""A small dialog that asks for a network to list."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.model.commands import AddNetwork
from kinetics_tui.model.network import NetworkKind, Way, check_name, parse_way
from kinetics_tui.tui.parts.controls import Entry, FormRow
from kinetics_tui.tui.parts.dialogs import DismissedOnce

_Read = TypeVar("_Read")

TYPING_S = 0.6
"""Seconds that an entry must stand still before its faults are named."""

_KINDS = {
    NetworkKind.DEFAULT_ROUTE: "The default route",
    NetworkKind.INTERFACE: "An interface",
    NetworkKind.SOURCE_ADDRESS: "A source address",
    NetworkKind.PROXY: "A proxy",
}


class AddNetworkScreen(DismissedOnce, ModalScreen[AddNetwork | None]):
    """Returns what was typed, or None. ``typed`` fills it in, ``problem`` says what was wrong with it.

    A proxy is shown as it is typed, password and all, here and nowhere else.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "close", id="add-network.close", tooltip="Add nothing."),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "field before", show=False),
    ]

    def __init__(self, typed: AddNetwork | None = None, problem: str = "") -> None:
        super().__init__()
        self._problem = problem
        self._way = Entry(
            typed.way if typed else "", placeholder="wlan0, 192.168.1.23, socks5://host:port", id="way"
        )
        self._given_as = Entry(typed.given_as if typed else "", placeholder="may be empty", id="given-as")
        self._way_row = FormRow("Network", self._way, id="way-row")
        self._given_as_row = FormRow("Name", self._given_as, id="given-as-row")
        self._still: Timer | None = None
        self._seen = self._values

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(Text("Add a network"), classes="dialog-title")
            text = "An interface, an address of this machine, or the URL of a proxy; and what to call it."
            yield Static(Text(text), classes="dialog-text")
            yield self._given_as_row
            yield self._way_row
            yield Static(Text("enter adds it · tab to the other field · escape closes", "dim"), id="add-keys")

    def on_mount(self) -> None:
        self._way_row.say("", self._problem)
        (self._way if self._problem else self._given_as).focus()

    # -- what was typed -------------------------------------------------------------------------------

    @property
    def _values(self) -> tuple[str, str]:
        return self._way.value, self._given_as.value

    @on(Input.Changed)
    def _typed(self) -> None:
        if self._values == self._seen:
            return  # filled in, not typed
        self._seen = self._values
        self._judge(hasty=True)
        if self._still is not None:
            self._still.stop()
        self._still = self.set_timer(TYPING_S, self._judge)

    def _judge(self, *, hasty: bool = False) -> tuple[Way, str] | None:
        """Say beside the fields what they mean or what is wrong; ``hasty``: say nothing bad yet."""
        way, problem = _read(parse_way, self._way.value)
        if problem and hasty:
            problem = ""
        self._way_row.say(
            _meaning(way) if way is not None else "", problem if self._way.value.strip() else ""
        )
        name, name_problem = _read(check_name, self._given_as.value)
        self._given_as_row.say("", "" if hasty else name_problem)
        return None if way is None or name is None else (way, name)

    @on(Input.Submitted)
    def _entered(self) -> None:
        if not self._way.value.strip():
            if self._way.has_focus:
                self._way_row.say("", "Give an interface, an address of this machine, or the URL of a proxy.")
            self._way.focus()
            return
        read = self._judge()
        if read is not None:
            self.dismiss(AddNetwork(way=self._way.value.strip(), given_as=read[1]))


def _read(read: Callable[[str], _Read], text: str) -> tuple[_Read | None, str]:
    """What was typed as ``read`` has it, or None and what is wrong with it."""
    try:
        return read(text), ""
    except SettingsError as error:
        return None, str(error)


def _meaning(way: Way) -> str:
    family = f" ({way.family})" if way.family else ""
    said = f"{_KINDS[way.kind]}{family}."
    if way.kind is NetworkKind.PROXY and "@" in way.target:
        said += f" Listed as {way.public}, its user and password stay out of sight."
    return said
