"""The list of networks: a row for each, and a cursor that stays with its network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.message import Message

from kinetics_tui.base.words import DAY_S, age_text, countdown_text, duration_text, pace_text
from kinetics_tui.model.network import NetworkState, NetworkStatus
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone
from kinetics_tui.tui.parts.network_words import (
    known_networks,
    label_of,
    last_signal,
    left_s,
    signal_word,
    state_word,
    way_words,
)
from kinetics_tui.tui.parts.view_state import Moment

_MARKS = 3
_NAME_MOST = 44
_GAP = 2
_STATE_TONES = {
    NetworkStatus.OPEN: Tone.GOOD,
    NetworkStatus.COOLING: Tone.WARN,
    NetworkStatus.PROBING: Tone.WARN,
    NetworkStatus.RAMPING: Tone.WARN,
    NetworkStatus.OFFLINE: Tone.BAD,
}


class Columns(NamedTuple):
    """Widths of the columns, in cells; 0 leaves a column out."""

    name: int
    way: int
    state: int
    left: int
    clips: int
    throttle: int
    learned: int


_TITLES = {"way": "way", "left": "left", "clips": "clips", "throttle": "last throttle", "learned": "learned"}
_GIVEN_UP_FIRST = ("way", "learned")
_GIVEN_UP_LAST = {"clips": 20, "throttle": 16, "left": 12, "state": 6}
"""The columns that a narrow list leaves out, one after the other: the last ones where names get fewer cells
than this."""
_NUMBERS = ("left", "clips", "learned")


def network_columns(networks: Sequence[NetworkState], width: int) -> Columns:
    """Columns for a list ``width`` cells wide; those that do not fit beside the names are given up.

    A column in which no network has anything to say is left out.
    """
    longest = max((cell_len(label_of(info)) for info in networks), default=0)
    widths = {
        "way": max((len(way_words(info)) for info in networks), default=0),
        "state": 8,
        "left": 9 if any(info.status is NetworkStatus.COOLING for info in networks) else 0,
        "clips": max([len("clips"), *(len(f"{info.clips:,}") for info in networks)]),
        "throttle": 18,
        "learned": 7 if any(info.learned_per_hour is not None for info in networks) else 0,
    }
    longest = min(_NAME_MOST, longest)
    # Figures are worth more than the ends of long names.
    for given_up, wanted in (*((column, longest) for column in _GIVEN_UP_FIRST), *_GIVEN_UP_LAST.items()):
        name = _room_for_names(widths, width)
        if name >= min(longest, wanted):
            break
        widths[given_up] = 0
    name = _room_for_names(widths, width)
    return Columns(name=max(0, min(longest, name)), **widths)


def _room_for_names(widths: dict[str, int], width: int) -> int:
    return width - _MARKS - sum(_GAP + column for column in widths.values() if column)


def network_line(info: NetworkState, columns: Columns, now: float, *, cursor: bool) -> Line:
    """One row: ``›`` is the cursor, ``*`` the network in use."""
    tone = Tone.PLAIN if info.present or info.in_use else Tone.DIM
    line = Line(f"{'›' if cursor else ' '}{'*' if info.in_use else ' '} ", Tone.STRONG)
    line.cell(label_of(info), columns.name, Tone.STRONG if cursor else Tone.ACCENT if info.in_use else tone)
    word = state_word(info)
    cells = {
        "way": (way_words(info), tone),
        "state": (word, _STATE_TONES[info.status] if word == info.status.value.upper() else Tone.DIM),
        "left": (left_text(info, now), Tone.STRONG if tone is Tone.PLAIN else tone),
        "clips": (f"{info.clips:,}", tone),
        "throttle": (throttle_text(info, now), tone),
        "learned": ("" if info.learned_per_hour is None else pace_text(info.learned_per_hour), tone),
    }
    for name, (text, cell_tone) in cells.items():
        width = getattr(columns, name)
        if width:
            line.add(" " * _GAP).cell(text, width, cell_tone, right=name in _NUMBERS)
    return line


def left_text(info: NetworkState, now: float) -> str:
    """The rest of a cooldown, to the second on its last day; ``over`` where only a probe is due."""
    left = left_s(info, now)
    if left is None:
        return ""
    if not left:
        return "over"
    return countdown_text(left) if left < DAY_S else duration_text(left)


def throttle_text(info: NetworkState, now: float) -> str:
    """The last throttle: the signal and how long ago."""
    if info.last_throttle_at is None:
        return "never"
    signal = last_signal(info)
    word = f"{signal_word(signal)} " if signal is not None else ""
    return f"{word}{age_text(now - info.last_throttle_at)} ago"


class NetworksPanel(Panel):
    """Rows that the cursor moves over; more than there is room for scroll under it."""

    heading = "Networks"

    class Moved(Message):
        """The cursor is at another network."""

    def __init__(self) -> None:
        super().__init__()
        self._cursor: str | None = None
        self._index = 0
        self._first = 0

    # -- the cursor -----------------------------------------------------------------------------------

    @property
    def highlighted(self) -> NetworkState | None:
        """The network at the cursor."""
        networks = self._networks
        return networks[self._place(networks)] if networks else None

    @property
    def _networks(self) -> list[NetworkState]:
        return [] if self.moment is None else known_networks(self.moment.state)

    def _place(self, networks: Sequence[NetworkState]) -> int:
        """Where the network of the cursor stands now; where it is gone, what took its place."""
        for index, info in enumerate(networks):
            if info.name == self._cursor:
                return index
        return max(0, min(len(networks) - 1, self._index))

    def move(self, lines: int) -> None:
        """Move the cursor, stopping at the first and last network."""
        networks = self._networks
        if networks:
            self._index = max(0, min(len(networks) - 1, self._place(networks) + lines))
            self._cursor = networks[self._index].name
            self.repaint()
            self.post_message(self.Moved())

    @property
    def first_line(self) -> int:
        return self._first

    # -- painting -------------------------------------------------------------------------------------

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        networks = known_networks(moment.state)
        if not networks:
            return [Line("no network is known yet", Tone.DIM)]
        at = self._place(networks)
        # Before the first key the cursor follows its network too, wherever that goes.
        self._index, self._cursor = at, networks[at].name
        self._first = max(0, min(len(networks) - height, max(at - height + 1, min(at, self._first))))
        columns = network_columns(networks, width)
        seen = range(self._first, self._first + height)
        return [
            network_line(info, columns, moment.seen_at, cursor=index == at) if index in seen else Line()
            for index, info in enumerate(networks)
        ]

    def figures(self, moment: Moment) -> str:
        count = len(known_networks(moment.state))
        end = self._first + self._body_room
        return f"{self._first + 1}-{end} of {count:,}" if count > self._body_room else f"{count or ''}"

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        columns = network_columns(known_networks(moment.state), width)
        x = _MARKS + columns.name
        headings = []
        for name in Columns._fields[1:]:
            column = getattr(columns, name)
            if not column:
                continue
            x += _GAP + column
            title = _TITLES.get(name)
            if title is not None:
                headings.append((x - len(title) if name in _NUMBERS else x - column, title))
        return headings

    # -- mouse ----------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        event.stop()
        event.prevent_default()
        line = self.body_line_at(event.y)
        if line is not None:
            self.move(line - self._place(self._networks))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-1)
