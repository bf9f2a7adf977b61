"""The list of networks: a row for each, and a cursor that stays with its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from kinetics_tui.base.words import DAY_S, age_text, countdown_text, duration_text, pace_text
from kinetics_tui.model.network import NetworkState, NetworkStatus
from kinetics_tui.tui.parts.canvas import ListPanel
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
_NAME_ENOUGH = 44
"""A name may have more cells, but no column is given up for them."""
_GAP = 2
_STATE_TONES = {
    NetworkStatus.OPEN: Tone.GOOD,
    NetworkStatus.COOLING: Tone.WARN,
    NetworkStatus.PROBING: Tone.WARN,
    NetworkStatus.RAMPING: Tone.WARN,
    NetworkStatus.OFFLINE: Tone.BAD,
    NetworkStatus.HELD: Tone.BAD,
}


_TITLES = {"way": "way", "left": "left", "clips": "clips", "throttle": "last throttle", "learned": "learned"}
_GIVEN_UP_FIRST = ("way", "learned")
_GIVEN_UP_LAST = {"clips": 20, "throttle": 16, "left": 12, "state": 6}
"""The columns that a narrow list leaves out, one after the other: the last ones where names get fewer cells
than this."""
_NUMBERS = ("left", "clips", "learned")


def network_columns(networks: Sequence[NetworkState], width: int) -> dict[str, int]:
    """Widths of the columns of a list ``width`` cells wide, by name; 0 leaves a column out.

    Those that do not fit beside the names are given up, and those in which no network has anything to say.
    """
    longest = max((cell_len(label_of(info)) for info in networks), default=0)
    widths = {
        "way": max((len(way_words(info)) for info in networks), default=0),
        "state": 8,
        "left": 9 if any(info.waits_until is not None for info in networks) else 0,
        "clips": max([len("clips"), *(len(f"{info.clips:,}") for info in networks)]),
        "throttle": 18,
        "learned": 7 if any(info.learned_per_hour is not None for info in networks) else 0,
    }
    # Figures are worth more than the ends of long names.
    enough = min(_NAME_ENOUGH, longest)
    for given_up, wanted in (*((column, enough) for column in _GIVEN_UP_FIRST), *_GIVEN_UP_LAST.items()):
        name = _room_for_names(widths, width)
        if name >= min(enough, wanted):
            break
        widths[given_up] = 0
    name = _room_for_names(widths, width)
    return {"name": max(0, min(longest, name)), **widths}


def _room_for_names(widths: dict[str, int], width: int) -> int:
    return width - _MARKS - sum(_GAP + column for column in widths.values() if column)


def network_line(info: NetworkState, columns: Mapping[str, int], now: float, *, cursor: bool) -> Line:
    """One row: ``›`` is the cursor, ``*`` the network in use."""
    tone = Tone.PLAIN if info.present or info.in_use else Tone.DIM
    line = Line(f"{'›' if cursor else ' '}{'*' if info.in_use else ' '} ", Tone.STRONG)
    line.cell(
        label_of(info), columns["name"], Tone.STRONG if cursor else Tone.ACCENT if info.in_use else tone
    )
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
        if width := columns[name]:
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


class NetworksPanel(ListPanel):
    """A row for each network; the cursor stays with its network, wherever that goes."""

    heading = "Networks"

    def __init__(self, at: str = "") -> None:
        super().__init__()
        self._cursor = at
        self._index = 0

    # -- the cursor -----------------------------------------------------------------------------------

    @property
    def highlighted(self) -> NetworkState | None:
        """The network at the cursor."""
        networks = self._networks
        return networks[self.place] if networks else None

    @property
    def _networks(self) -> list[NetworkState]:
        return [] if self.moment is None else known_networks(self.moment.state)

    @property
    def count(self) -> int:
        return len(self._networks)

    @property
    def place(self) -> int:
        """Where the network of the cursor stands now; where it is gone, what took its place."""
        names = [info.name for info in self._networks]
        return (
            names.index(self._cursor) if self._cursor in names else max(0, min(len(names) - 1, self._index))
        )

    def put_cursor(self, place: int) -> None:
        self._index, self._cursor = place, self._networks[place].name

    # -- painting -------------------------------------------------------------------------------------

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        networks = self._networks
        if not networks:
            return [Line("no network is known yet", Tone.DIM)]
        # Before the first key the cursor follows its network too, wherever that goes.
        at = self.place
        self.put_cursor(at)
        columns = network_columns(networks, width)
        return [
            network_line(networks[place], columns, moment.seen_at, cursor=place == at)
            for place in self.rows_in_view(height)
        ]

    def figures(self, moment: Moment) -> str:
        count = len(known_networks(moment.state))
        end = self._first + self._body_room
        return f"{self._first + 1}-{end} of {count:,}" if count > self._body_room else f"{count or ''}"

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        columns = network_columns(known_networks(moment.state), width)
        headings, x = [], _MARKS + columns.pop("name")
        for name, column in columns.items():
            x += _GAP + column if column else 0
            title = _TITLES.get(name)
            if column and title is not None:
                headings.append((x - len(title) if name in _NUMBERS else x - column, title))
        return headings
