"""All that is known of one network: what it is good for, what it has done, and each of its throttles."""

from __future__ import annotations

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import countdown_text, counted, duration_text, pace_text, until_text, when_text
from kinetics_tui.model.network import NetworkState, NetworkStatus, PastThrottle
from kinetics_tui.tui.parts.blocks import fine_bar
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone, flow, paragraph
from kinetics_tui.tui.parts.network_words import NOT_HERE, label_of, left_s, state_word
from kinetics_tui.tui.parts.view_state import Moment

_GAP = 2
_BAR_LEAST, _BAR_MOST = 6, 24
_TITLES = ("throttled", "after clips", "signal", "steps", "took")
_CLIPS, _NUMBERS = 1, (1, 3)
"""Which columns of these are set to the right, and which one has a bar."""
_MEANINGS = {
    NetworkStatus.OPEN: "nothing speaks against it.",
    NetworkStatus.PROBING: "one clip goes first.",
    NetworkStatus.RAMPING: "workers come back a few at a time.",
    NetworkStatus.OFFLINE: "no way to YouTube.",
    NetworkStatus.HELD: "YouTube refuses every video to this yt-dlp.",
}


def detail_lines(info: NetworkState, moment: Moment, width: int, height: int) -> list[Line]:
    """One network in ``height`` lines: how it stands, what it did, then its throttles, the last one first."""
    about = [*_standing_lines(info, moment, width), *_record_lines(info, width)]
    if height >= len(about) + 4:
        about.append(Line())
    room = height - len(about)
    if not info.throttles:
        return [*about, Line("no throttle so far", Tone.DIM)][:height]
    return [*about, *_throttle_lines(info, moment, width, room)][:height]


def _standing_lines(info: NetworkState, moment: Moment, width: int) -> list[Line]:
    """The kind of network, and its standing now."""
    words = [info.kind.value, info.family.value, "in use" if info.in_use else ""]
    if info.name not in info.label:
        words.append(f"known as {for_screen(info.name)}")
    what = ", ".join(word for word in words if word)
    label = Line(label_of(info), Tone.STRONG)
    if label.width + 3 + len(what) <= width:
        lines = [label.add(f"   {what}", Tone.DIM)]
    else:
        lines = [label, Line(what, Tone.DIM)]
    cooling = info.status is NetworkStatus.COOLING
    meaning = _cooling_text(info, moment) if cooling else _MEANINGS[info.status]
    word = state_word(info)
    if word == NOT_HERE:
        here = "this machine cannot use it now."
        meaning = f"{here} COOLING: {meaning}" if cooling else here
    tone = Tone.WARN if cooling else Tone.PLAIN
    lines += [Line(row, tone) for row in paragraph(f"{word}: {meaning}", width)]
    if info.also:
        same = f"The same network, as you named it: {for_screen(', '.join(info.also))}. One limit, one pace."
        lines += map(Line, paragraph(same, width))
    return lines


def _cooling_text(info: NetworkState, moment: Moment) -> str:
    left = left_s(info, moment.seen_at)
    signal = f"{info.signal.value}. " if info.signal is not None else ""
    if left is None or info.until is None:
        return f"{signal}Nothing is sent."
    if not left:
        return f"{signal}The cooldown is over; one clip goes first."
    until = until_text(info.until, moment.now, moment.zone)
    step = f", step {info.step}" if info.step else ""
    return f"{signal}Nothing is sent until {until} ({countdown_text(left)} left{step})."


def _record_lines(info: NetworkState, width: int) -> list[Line]:
    """Sessions, clips and the pace it bears, in as many lines as they take."""
    facts = [counted(info.sessions, "session"), counted(info.clips, "clip")]
    if info.last_throttle_at is not None:
        facts.append(f"{info.clips_since_throttle:,} since the last throttle")
    if info.learned_per_hour is not None:
        facts.append(f"learned pace {pace_text(info.learned_per_hour)}")
    if info.requests_per_clip:
        facts.append(f"{info.requests_per_clip:.1f} requests a clip")
    return flow(facts, "   ", width)


def _throttle_lines(info: NetworkState, moment: Moment, width: int, height: int) -> list[Line]:
    """A table of its throttles; bars compare the clips before each. Those that do not fit are counted."""
    throttles = list(reversed(info.throttles))
    most = max(throttle.clips for throttle in throttles)
    rows = [_cells(throttle, moment) for throttle in throttles]
    widths = [max(len(title), *(len(row[at]) for row in rows)) for at, title in enumerate(_TITLES)]
    room = width - sum(widths) - _GAP * len(widths)
    bar_width = min(_BAR_MOST, room) if len(rows) > 1 and room >= _BAR_LEAST and most else 0
    lines = [_row(_TITLES, widths, "", bar_width, Tone.DIM)]
    for throttle, row in zip(throttles, rows, strict=True):
        bar = fine_bar(throttle.clips / most, bar_width) if bar_width else ""
        lines.append(_row(row, widths, bar, bar_width, Tone.PLAIN))
    if len(lines) <= height:
        return lines
    shown = max(1, height - 1)
    return [*lines[:shown], Line(f"{len(lines) - shown} earlier", Tone.DIM)]


def _cells(throttle: PastThrottle, moment: Moment) -> tuple[str, ...]:
    took = "not over yet" if throttle.took_s is None else duration_text(throttle.took_s)
    return (
        when_text(throttle.at, moment.now, moment.zone),
        f"{throttle.clips:,}" + (f" {throttle.asked}" if throttle.asked else ""),
        throttle.signal.value,
        f"{throttle.steps}",
        took,
    )


def _row(cells: tuple[str, ...], widths: list[int], bar: str, bar_width: int, tone: Tone) -> Line:
    line = Line()
    for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        line.add(" " * _GAP if at else "").cell(cell, width, tone, right=at in _NUMBERS)
        if at == _CLIPS and bar_width:
            line.add(" " * _GAP).cell(bar, bar_width, Tone.BAR)
    return line


class NetworkDetailsPanel(Panel):
    """The network that the list has its cursor at."""

    heading = "Details"

    def __init__(self) -> None:
        super().__init__()
        self.info: NetworkState | None = None
        """The network to show."""

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        return [] if self.info is None else detail_lines(self.info, moment, width, height)
