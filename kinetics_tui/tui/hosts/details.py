"""All that is known of one host: how it stands, what it did, and each of its networks."""

from __future__ import annotations

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import counted, pace_text
from kinetics_tui.model.network import HostState, HostStatus
from kinetics_tui.tui.hosts.list import (
    STATUS_TONES,
    network_word,
    networks_of,
    per_minute,
    results_text,
    standing,
    word_text,
    workers_text,
)
from kinetics_tui.tui.networks.list import left_text
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone, flow, paragraph
from kinetics_tui.tui.parts.network_words import label_of
from kinetics_tui.tui.parts.view_state import Moment

_GAP = 2
_TITLES = ("network", "state", "left", "clips", "pace")
_NUMBERS = (2, 3, 4)
_MEANINGS = {
    HostStatus.HERE: "its workers get clips.",
    HostStatus.REFUSED: "it asked to take part and may not.",
    HostStatus.LEFT: "it said good-bye, and may come back.",
    HostStatus.REMOVED: "you removed it, and none of its name is let in.",
}
_AWAY = "nothing is heard of it. Its clips go back after a while; it may come back at any time."
_BEFORE = "it took part before, and has not called since the engine began."
_NO_ENGINE = "no engine runs that it could call."


def host_lines(host: HostState, moment: Moment, width: int, height: int) -> list[Line]:
    """One host in ``height`` lines: how it stands, what it did, its last word, then its networks."""
    lines = [*_standing_lines(host, moment, width), *_record_lines(host, moment, width)]
    if said := word_text(host, moment.seen_at):
        lines += [Line(row) for row in paragraph(for_screen(said), width)]
    networks = _network_lines(host, moment, width)
    if height >= len(lines) + len(networks) + 1:
        lines.append(Line())
    return [*lines, *networks][:height]


def _standing_lines(host: HostState, moment: Moment, width: int) -> list[Line]:
    line = Line(host.name, Tone.STRONG)
    if host.address:
        line.add(f"   calls from {host.address}", Tone.DIM)
    status = standing(host, moment)
    if status is HostStatus.AWAY:
        meaning = _NO_ENGINE if status is not host.status else _AWAY if host.last_word else _BEFORE
    else:
        meaning = _MEANINGS[status]
    rows = paragraph(f"{status.value.upper()}: {meaning}", width)
    return [line, *(Line(row, STATUS_TONES[status]) for row in rows)]


def _record_lines(host: HostState, moment: Moment, width: int) -> list[Line]:
    facts = []
    if standing(host, moment) is HostStatus.HERE:
        facts.append(f"{workers_text(host)} workers ready")
    if not host.status.shut_out:
        facts.append(f"{counted(host.clips, 'clip')} since the engine began")
    if (rate := per_minute(host, moment)) is not None:
        facts.append(f"{rate:.1f} clips/min")
    if results_text(host):
        facts.append(
            "clips in place: it sees the dataset folder" if host.in_place else "clips come over the line"
        )
    if host.version:
        facts.append(f"version {for_screen(host.version)}")
        facts.append(f"yt-dlp {for_screen(host.yt_dlp)}")
    return flow(facts, "   ", width)


def _network_lines(host: HostState, moment: Moment, width: int) -> list[Line]:
    """A table of its networks."""
    networks = networks_of(host, moment.state)
    if not networks:
        return [Line("no network of it is known", Tone.DIM)] * (not host.status.shut_out)
    rows = [_TITLES]
    for network in networks:
        pace = "" if network.allowed_per_hour is None else pace_text(network.allowed_per_hour)
        clips = f"{network.clips:,}"
        rows.append(
            (label_of(network), network_word(network), left_text(network, moment.seen_at), clips, pace)
        )
    widths = [max(len(row[at]) for row in rows) for at in range(len(_TITLES))]
    widths = [cells if any(row[at] for row in rows[1:]) else 0 for at, cells in enumerate(widths)]
    others = sum(cells + _GAP for cells in widths[1:] if cells)
    widths[0] = max(8, min(widths[0], width - others))
    lines = []
    for number, row in enumerate(rows):
        line = Line()
        for at, (cell, cells) in enumerate(zip(row, widths, strict=True)):
            if cells:
                tone = Tone.DIM if not number else Tone.PLAIN
                line.add(" " * _GAP if at else "").cell(cell, cells, tone, right=at in _NUMBERS)
        lines.append(line)
    return lines


class HostDetailsPanel(Panel):
    """The host that the list has its cursor at."""

    heading = "Details"

    def __init__(self) -> None:
        super().__init__()
        self.host: HostState | None = None
        """The host to show."""

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        return [] if self.host is None else host_lines(self.host, moment, width, height)
