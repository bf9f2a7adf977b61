"""The list of hosts: a row for each, with a cursor that stays with its host; or how to get one in."""

from __future__ import annotations

from collections.abc import Sequence

from kinetics_tui.base.words import age_text, countdown_text
from kinetics_tui.model.network import HostState, HostStatus, NetworkState, NetworkStatus
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.parts.canvas import ListPanel
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.network_words import left_s, state_word
from kinetics_tui.tui.parts.view_state import Moment

CONNECT_FILE = "kinetics.connect"
"""The name that is proposed for a connect file."""
HOST_COMMAND = f"kinetics-tui host --connect {CONNECT_FILE} --name lab2 --workers 8"
NOT_IN_USE = "NOT IN USE"
STATUS_TONES = {
    HostStatus.HERE: Tone.GOOD,
    HostStatus.AWAY: Tone.WARN,
    HostStatus.REFUSED: Tone.BAD,
    HostStatus.LEFT: Tone.DIM,
    HostStatus.REMOVED: Tone.DIM,
}
_MARKS, _GAP = 2, 2
_NAME_MOST = 20
_TITLES = {
    "workers": "workers",
    "clips": "clips",
    "rate": "/min",
    "networks": "networks",
    "results": "clips come",
    "version": "version",
    "address": "address",
    "word": "last word",
}
_NUMBERS = ("clips", "rate")
_GIVEN_UP = ("version", "results", "address", "rate")
"""The columns that a narrow list leaves out, one after the other, until the last words have room."""
_WORD_ENOUGH = 36


def standing(host: HostState, moment: Moment) -> HostStatus:
    """The standing of a host; where no engine runs none is here."""
    gone = (moment.ended and not moment.connected) or moment.lost
    return HostStatus.AWAY if gone and host.status is HostStatus.HERE else host.status


def workers_text(host: HostState) -> str:
    """How many of its workers are up: ``2 of 4``."""
    return f"{host.ready} of {host.workers}" if host.status is HostStatus.HERE else ""


def per_minute(host: HostState, moment: Moment) -> float | None:
    """Its clips a minute; None where they cannot be told from those of others behind one network."""
    state = moment.state
    own = [name for name in host.networks if _is_its_own(name, host, state)]
    if host.status is not HostStatus.HERE or len(own) < len(host.networks):
        return None
    rates = [state.rates_by_network[name] for name in own if name in state.rates_by_network]
    return sum(rate.clips_per_minute(moment.seen_at) for rate in rates)


def _is_its_own(name: str, host: HostState, state: RunState) -> bool:
    shared = any(name in other.networks for other in state.hosts.values() if other.name != host.name)
    network = state.networks.get(name)
    return not shared and network is not None and network.label.startswith(f"{host.name} ")


def networks_of(host: HostState, state: RunState) -> list[NetworkState]:
    """Its networks, as far as the run knows them."""
    return [network for name in host.networks if (network := state.networks.get(name)) is not None]


def network_word(network: NetworkState) -> str:
    """The standing of a host's network in a word or three."""
    idle = network.present and not network.in_use and network.status is NetworkStatus.OPEN
    return NOT_IN_USE if idle else state_word(network)


def networks_cell(host: HostState, moment: Moment) -> tuple[str, Tone]:
    """The standing of its networks in a few words: ``OPEN``, ``COOLING 12:41 +1``.

    Of a host that is not here only what it still waits for when it is back.
    """
    networks = networks_of(host, moment.state)
    if standing(host, moment) is not HostStatus.HERE:
        networks = [network for network in networks if left_s(network, moment.seen_at)]
    if not networks:
        return "", Tone.DIM
    worst = min(networks, key=lambda network: network.able)
    more = f" +{len(networks) - 1}" if len(networks) > 1 else ""
    left = left_s(worst, moment.seen_at)
    word = network_word(worst)
    text = f"{word} {countdown_text(left)}" if left else word
    tone = Tone.GOOD if worst.able else Tone.WARN
    return text + more, tone


def results_text(host: HostState) -> str:
    """How its clips come to the run; empty where that is not known."""
    if not host.version or host.status.shut_out:
        return ""
    return "in place" if host.in_place else "by line"


def word_text(host: HostState, now: float) -> str:
    """Its last word, and how long ago that was said."""
    return f"{age_text(max(0.0, now - host.said_at))} ago: {host.last_word}" if host.last_word else ""


def _cells(host: HostState, moment: Moment) -> dict[str, tuple[str, Tone]]:
    status = standing(host, moment)
    tone = Tone.PLAIN if status is HostStatus.HERE else Tone.DIM
    rate = per_minute(host, moment)
    networks, networks_tone = networks_cell(host, moment)
    return {
        "state": (status.value.upper(), STATUS_TONES[status]),
        "workers": (workers_text(host) if status is HostStatus.HERE else "", tone),
        "clips": (f"{host.clips:,}", tone),
        "rate": ("" if rate is None else f"{rate:.1f}", tone),
        "networks": (networks, networks_tone if status is HostStatus.HERE else Tone.DIM),
        "results": (results_text(host), tone),
        "version": (host.version, tone),
        "address": (host.address, tone),
        "word": (word_text(host, moment.seen_at), tone),
    }


def host_columns(rows: Sequence[tuple[str, dict[str, tuple[str, Tone]]]], width: int) -> dict[str, int]:
    """Widths of the columns of a list ``width`` cells wide, by name; 0 leaves a column out.

    Those in which no host has anything to say are left out, and those that last words need the room of.
    """
    widths = {"name": min(_NAME_MOST, max(len(name) for name, _ in rows))}
    for column in rows[0][1]:
        said = max(len(cells[column][0]) for _, cells in rows)
        widths[column] = max(len(_TITLES.get(column, "")), said) if said else 0
    word = widths["word"]
    for given_up in ("", *_GIVEN_UP):
        widths[given_up] = 0
        others = sum(cells + _GAP for column, cells in widths.items() if cells and column != "word")
        widths["word"] = max(0, min(word, width - _MARKS - others))
        if widths["word"] >= min(word, _WORD_ENOUGH):
            break
    return {column: cells for column, cells in widths.items() if cells}


def host_line(
    name: str, cells: dict[str, tuple[str, Tone]], columns: dict[str, int], *, cursor: bool
) -> Line:
    """One host in one row."""
    line = Line("› " if cursor else "  ", Tone.STRONG)
    line.cell(name, columns["name"], Tone.STRONG if cursor else Tone.PLAIN)
    for column, (text, tone) in cells.items():
        if width := columns.get(column, 0):
            line.add(" " * _GAP).cell(text, width, tone, right=column in _NUMBERS)
    return line


def empty_lines(moment: Moment, width: int) -> list[Line]:
    """Without any host: how to get one in."""
    lines = [Line("No other machine takes part in this run.", Tone.STRONG), Line()]
    listen = moment.state.options.listen
    commands = [
        ("here", f"{moment.command('hosts')} --connect-file {CONNECT_FILE}"),
        ("there", HOST_COMMAND),
    ]
    if listen:
        text = f"The run listens at {listen} for hosts. What one needs is in a file: take it there as you "
        text += "would take a password. It must have the same versions of this program and of yt-dlp."
    else:
        first = "" if moment.ended and not moment.connected else "It has to be stopped first (q). "
        text = f"The run lets none in yet: it has to listen. {first}ADDRESS is one of this machine that the "
        text += "others can reach. What they need is in a file: take it there as you would take a password."
        commands.insert(0, ("here", f"{moment.command('run')} --listen ADDRESS"))
    lines += map(Line, paragraph(text, width))
    for where, command in commands:
        head = Line(f"{where:<5}  ", Tone.DIM)
        rows = paragraph(command, max(1, width - head.width))
        lines += [Line(), head.add(rows[0], Tone.ACCENT)]
        lines += [Line(" " * 7).add(row, Tone.ACCENT) for row in rows[1:]]
    lines.append(Line())
    keys = "y copies the first command, Y the last. Over ssh in one step: hosts --ssh. On Slurm: hosts "
    keys += "--sbatch. All of it: kinetics-tui help hosts."
    return [*lines, *(Line(row, Tone.DIM) for row in paragraph(keys, width))]


class HostsPanel(ListPanel):
    """A row for each host; the cursor stays with its host, wherever that goes."""

    heading = "Hosts"

    def __init__(self) -> None:
        super().__init__()
        self._cursor: str | None = None
        self._index = 0

    # -- the cursor -----------------------------------------------------------------------------------

    @property
    def highlighted(self) -> HostState | None:
        """The host at the cursor."""
        hosts = self._hosts
        return hosts[self.place] if hosts else None

    @property
    def _hosts(self) -> list[HostState]:
        return [] if self.moment is None else self.moment.state.hosts_listed

    @property
    def count(self) -> int:
        return len(self._hosts)

    @property
    def place(self) -> int:
        names = [host.name for host in self._hosts]
        return (
            names.index(self._cursor) if self._cursor in names else max(0, min(len(names) - 1, self._index))
        )

    def put_cursor(self, place: int) -> None:
        self._index, self._cursor = place, self._hosts[place].name

    # -- painting -------------------------------------------------------------------------------------

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        hosts = self._hosts
        if not hosts:
            return empty_lines(moment, width)
        at = self.place
        self.put_cursor(at)
        rows = [(host.name, _cells(host, moment)) for host in hosts]
        columns = host_columns(rows, width)
        return [host_line(*rows[place], columns, cursor=place == at) for place in self.rows_in_view(height)]

    def figures(self, moment: Moment) -> str:
        state = moment.state
        if not state.hosts:
            return ""
        here = sum(standing(host, moment) is HostStatus.HERE for host in state.hosts.values())
        end = self._first + self._body_room
        seen = f"{self._first + 1}-{end} of " if self.count > self._body_room else ""
        return f"{seen}{self.count}, {here} here"

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        hosts = moment.state.hosts_listed
        if not hosts:
            return []
        columns = host_columns([(host.name, _cells(host, moment)) for host in hosts], width)
        headings, x = [], _MARKS + columns.pop("name")
        for name, column in columns.items():
            x += _GAP + column
            title = _TITLES.get(name)
            if title is not None:
                headings.append((x - len(title) if name in _NUMBERS else x - column, title))
        return headings
