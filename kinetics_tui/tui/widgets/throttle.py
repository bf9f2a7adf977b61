"""The throttle panel: what the network is good for, or else what the run waits for and what to do."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.model.events import EngineStatus, NetworkStatus
from kinetics_tui.model.options import ACCOUNT_PER_HOUR, GUEST_PER_HOUR
from kinetics_tui.model.state import CHART_MINUTES
from kinetics_tui.tui.blocks import chart, rates_a_minute
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import (
    clock_text,
    counted,
    duration_text,
    pace_text,
    paragraph,
    step_text,
    until_text,
)
from kinetics_tui.tui.widgets.countdown import cooling_lines
from kinetics_tui.tui.widgets.panel import HEAVY, ROUND, Frame, Panel

_STEPS_SHOWN = 3
_CHART_ROWS_MOST = 6


def throttle_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """The panel's body: the most pressing thing first."""
    standing = _standing(moment)
    if standing is not None and (moment.lost or moment.ended or not moment.cooling):
        return _standing_lines(standing, moment, width, height)
    if moment.cooling:
        return cooling_lines(moment, width, height)
    return _open_lines(moment, width, height)


def since_text(moment: Moment) -> str:
    """How far the network got since it was last throttled."""
    network = moment.state.network
    clips = counted(network.clips_since_throttle, "clip")
    if network.last_throttle_at is None:
        return f"{clips}, no throttle so far"
    return f"{clips} since the throttle {duration_text(moment.now - network.last_throttle_at)} ago"


class Standing(NamedTuple):
    """What holds the run up: a word and its tone, what it means and what to do, and a command for that."""

    word: str
    tone: Tone
    text: str
    command: str = ""


def _standing(moment: Moment) -> Standing | None:
    """What holds the run up, where it is something else than the throttle.

    What the engine says of it takes the place of the first sentence, or is left out where the panel
    says the same with figures of its own.
    """
    state = moment.state
    if moment.lost:
        seen = clock_text(moment.seen_at, moment.zone)
        text = f"Last seen {seen}; the app keeps trying. If the engine is gone, go on with:"
        return Standing("ENGINE NOT ANSWERING", Tone.BAD, text, moment.command("run"))
    match state.status:
        case EngineStatus.DONE:
            return Standing("EVERY CLIP IS SETTLED", Tone.GOOD, _done_text(moment))
        case EngineStatus.STOPPED:
            are = "is" if state.left == 1 else "are"
            text = f"{counted(state.left, 'clip')} {are} left. Go on with:"
            return Standing("STOPPED", Tone.WARN, text, moment.command("run"))
        case EngineStatus.STOPPING:
            text = state.reason or "Clips in hand are put back, then the engine ends."
            return Standing("STOPPING", Tone.WARN, text)
        case EngineStatus.PAUSED if not any(split.enabled for split in state.splits.values()):
            text = state.reason or "Every split is switched off."
            return Standing("PAUSED", Tone.WARN, f"{text} The key x does so at the cursor.")
        case EngineStatus.PAUSED:
            text = (
                f"{state.reason or 'It is safe to switch networks.'} Nothing is sent until you press space. "
                "A new network starts open, the old one keeps its cooldown."
            )
            return Standing("PAUSED", Tone.WARN, text)
        case EngineStatus.PAUSING:
            text = (
                f"{counted(state.in_hand, 'clip')} still in hand. Wait before you switch networks, or press "
                "P to put them back at once."
            )
            return Standing("PAUSING", Tone.WARN, text)
        case EngineStatus.OFFLINE:
            text = state.reason or "No way to YouTube; the run goes on by itself when the line is back."
            return Standing("OFFLINE", Tone.BAD, f"{text} Check the line, the proxy, the name server.")
        case EngineStatus.DISK_FULL:
            text = f"{state.reason or 'Make room on the disk.'} Press space to look again now."
            return Standing("DISK FULL", Tone.BAD, text)
        case _:
            return None


def _done_text(moment: Moment) -> str:
    counts = f"{counted(moment.done, 'clip')} on disk, {moment.failed:,} failed."
    if moment.switched_off:
        counts += f" {counted(moment.switched_off, 'clip')} left in splits that are off."
    retry = "retry failed clips from the palette (ctrl+p), " if moment.connected and moment.failed else ""
    return f"{counts} Next: {retry}read stats.csv and failed.csv in the dataset folder, or leave (q)."


def _standing_lines(standing: Standing, moment: Moment, width: int, height: int) -> list[Line]:
    network = moment.state.network
    text = standing.text
    if network.status is NetworkStatus.COOLING and network.until is not None:
        text = f"The network cools down until {until_text(network.until, moment.now, moment.zone)}. {text}"
    body = [Line(line) for line in paragraph(text, width)]
    # A command stands in lines of its own, cut anywhere: it has to be copied as it is, blanks and all.
    command = standing.command
    body += [Line(command[at : at + width], Tone.STRONG) for at in range(0, len(command), max(1, width))]
    lines = [Line(standing.word, standing.tone).right(network.label, width, Tone.DIM)]
    lines += [Line(), *body] if len(body) + 2 <= height else body
    if height - len(lines) >= 4:
        lines += [Line(), *_chart_lines(moment, width, height - len(lines) - 1)]
    return lines[:height]


def _open_lines(moment: Moment, width: int, height: int) -> list[Line]:
    network = moment.state.network
    tone = Tone.GOOD if network.status is NetworkStatus.OPEN else Tone.WARN
    first = Line(network.status.value.upper(), tone)
    if network.status is NetworkStatus.RAMPING and network.workers_allowed is not None:
        first.add(f"   up to {counted(network.workers_allowed, 'worker')} for now")
    if network.status is NetworkStatus.PROBING:
        first.add("   one clip goes first")
    if height < 4:
        first.add(f"   {since_text(moment)}")
        lines = [first.right(network.label, width, Tone.DIM)]
        values = _rates(moment, width - 17)
        lines.append(Line("clips/min, 2 h  ", Tone.DIM).add(chart(values, 1)[0], Tone.BAR))
        return lines[:height]
    lines = [first.right(network.label, width, Tone.DIM)]
    facts = [Line(since_text(moment)), *_next_lines(moment), Line(f"pace {_pace_words(moment)}")]
    spare = height - 1 - len(facts)
    if spare >= 4:
        lines.append(Line())
    lines += facts
    room = height - len(lines)
    if room >= 4:
        lines.append(Line())
        room -= 1
    return [*lines, *_chart_lines(moment, width, room)][:height]


def _next_lines(moment: Moment) -> list[Line]:
    steps = moment.state.network.steps_s
    if not steps:
        return []
    first, *later = [step_text(step) for step in steps[:_STEPS_SHOWN]]
    text = f"if it throttles: wait {first}" + (f", then {', '.join(later)}" if later else "")
    return [Line(text + (" ..." if len(steps) > _STEPS_SHOWN else ""), Tone.DIM)]


def _pace_words(moment: Moment) -> str:
    pace = moment.state.pace_per_hour
    names = {GUEST_PER_HOUR: " (guest)", ACCOUNT_PER_HOUR: " (account)"}
    return pace_text(pace) + (names.get(pace, "") if pace is not None else "")


def _rates(moment: Moment, width: int) -> list[float | None]:
    state = moment.state
    return rates_a_minute(state.done_by_minute, moment.seen_at, CHART_MINUTES, width, state.started_at)


def _chart_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """The rate of the last two hours: its heading, then as many rows as there is room for."""
    values = _rates(moment, width)
    if height < 2 or not values:
        return []
    top = max((value for value in values if value), default=0.0)
    heading = Line(f"clips/min over 2 h, at most {top:,.1f}", Tone.DIM)
    mark = _throttle_mark(moment, len(values)) if height >= 4 else None
    marks = [] if mark is None else [mark]
    rows = chart(values, min(_CHART_ROWS_MOST, height - 1 - len(marks)))
    return [heading, *(Line(row, Tone.BAR) for row in rows), *marks]


def _throttle_mark(moment: Moment, columns: int) -> Line | None:
    at = moment.state.network.last_throttle_at
    if at is None or moment.seen_at - at > CHART_MINUTES * 60:
        return None
    x = columns - 1 - int((moment.seen_at - at) / 60 / CHART_MINUTES * columns)
    text = "throttled"
    if x > columns // 2:
        return Line(" " * max(0, x - len(text) - 1), Tone.PLAIN).add(f"{text} ▲", Tone.DIM)
    return Line(" " * max(0, x)).add(f"▲ {text}", Tone.DIM)


class ThrottlePanel(Panel):
    """The network's state; a heavy frame while it cools down."""

    number = 4
    heading = "Throttle"

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        return throttle_lines(moment, width, height)

    def frame(self, moment: Moment) -> Frame:
        return HEAVY if moment.cooling else ROUND
