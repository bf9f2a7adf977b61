"""The throttle panel: what the network is good for, or else what the run waits for and what to do."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.base.words import (
    SOON_S,
    age_text,
    are,
    clock_text,
    counted,
    duration_text,
    step_text,
    until_text,
)
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.reasons import Why
from kinetics_tui.model.run import CHART_MINUTES
from kinetics_tui.tui.parts.blocks import chart, rates_a_minute
from kinetics_tui.tui.parts.canvas import HEAVY, ROUND, Frame, Panel
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.view_state import Moment
from kinetics_tui.tui.run.countdown import cooling_lines, pace_lines
from kinetics_tui.tui.run.networks_in_use import network_lines

_STEPS_SHOWN = 3
_CHART_ROWS_MOST = 6
_CHART_LEAST = 3
"""Rows of a chart with its heading and marks."""
_BRIEF_HEADING = "last 2 h  "
_BRIEF_CHART_LEAST = 12
_MARK = "▲"


def throttle_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """The panel's body: the most pressing thing first."""
    standing = _standing(moment)
    first = moment.lost or moment.ended or moment.switching
    if standing is not None and (first or not moment.cooling):
        return _standing_lines(standing, moment, width, height)
    if moment.cooling:
        return cooling_lines(moment, width, height)
    if moment.reads_archives:
        return _unasked_lines(moment, width, height)
    if len(moment.state.in_use) > 1:
        lines = network_lines(moment, width, height)
        return [*lines, *_chart_lines(moment, width, height - len(lines))]
    return _open_lines(moment, width, height)


_CAUSE_CHARS = 60
"""The most of YouTube's own words that are shown: what to do about them has to fit below."""


def since_text(moment: Moment) -> str:
    """The clips that the network gave since it was last throttled."""
    network = moment.state.network
    clips = counted(network.clips_since_throttle, "clip")
    if network.last_throttle_at is None:
        return f"{clips}, no throttle so far"
    ago_s = moment.now - network.last_throttle_at
    # A line that changes with every second costs more than it says.
    ago = age_text(ago_s) if ago_s < SOON_S else duration_text(ago_s)
    return f"{clips} since the throttle {ago} ago"


class Standing(NamedTuple):
    """The reason that holds the run up.

    A word and its tone, what it means and what to do, and a command for that.
    """

    word: str
    tone: Tone
    text: str
    command: str = ""


def command_shown(moment: Moment) -> str:
    """The command that the panel tells to type; empty where there is none."""
    standing = _standing(moment)
    return "" if standing is None else standing.command


def _standing(moment: Moment) -> Standing | None:
    """The reason that holds the run up, where it is something else than the throttle.

    What the engine says of it takes the place of the first sentence, or is left out where the panel
    says the same with figures of its own.
    """
    state = moment.state
    if moment.silent:
        who = f" (pid {state.pid})" if state.pid else ""
        text = (
            f"The engine{who} is there and does not answer: it was stopped, or waits for its disk. "
            "Nothing is lost, and all goes on by itself when it answers. To see why:"
        )
        return Standing("ENGINE NOT ANSWERING", Tone.BAD, text, moment.command("status"))
    if moment.lost:
        seen = clock_text(moment.seen_at, moment.zone)
        text = f"Last seen {seen}; the app keeps trying. If it is gone, press space to continue, or type:"
        return Standing("ENGINE NOT ANSWERING", Tone.BAD, text, moment.command("run"))
    command = ""
    match state.status:
        case EngineStatus.DONE:
            return Standing("EVERY CLIP IS SETTLED", Tone.GOOD, _done_text(moment))
        case EngineStatus.STOPPED:
            text = f"{counted(state.left, 'clip')} {are(state.left)} left. Press space to continue, or type:"
            command = moment.command("run")
        case EngineStatus.STOPPING:
            text = moment.reason or "Clips in hand are put back, then the engine ends."
        case EngineStatus.PAUSED if not any(split.enabled for split in state.splits.values()):
            text = f"{moment.reason or 'Every split is switched off.'} The key x does so at the cursor."
        case EngineStatus.PAUSED:
            text = (
                f"{moment.reason or 'It is safe to switch networks.'} Nothing is sent until you press space; "
                "n switches networks. A new network starts open, the old one keeps its cooldown."
            )
        case EngineStatus.PAUSING:
            text = (
                f"{counted(state.in_hand, 'clip')} still in hand. Wait before you switch networks, or press "
                "P to put them back at once."
            )
        case EngineStatus.SWITCHING:
            one = state.in_hand == 1
            finish = (
                f"{counted(state.in_hand, 'clip')} in hand finish{'es' if one else ''} by the old network"
            )
            text = moment.reason or f"{finish}, then one clip goes first."
        case EngineStatus.OFFLINE:
            why = moment.reason or "No way to YouTube; the run goes on by itself when the line is back."
            text = f"{why} Check the line, the proxy, the name server, or press n for another network."
        case EngineStatus.DISK_FULL:
            text = f"{moment.reason or 'Make room on the disk.'} Press space to look again now."
        case EngineStatus.HELD if moment.refused:
            return _refused(moment)
        case EngineStatus.HELD:
            text = f"{moment.reason or 'The machine keeps the run up.'} Press space to look again now."
        case _:
            return None
    bad = state.status in (EngineStatus.OFFLINE, EngineStatus.DISK_FULL, EngineStatus.HELD)
    return Standing(state.status.value.upper(), Tone.BAD if bad else Tone.WARN, text, command)


def _refused(moment: Moment) -> Standing:
    why = moment.state.why
    since, until = (
        "an unknown time" if at is None else until_text(at, moment.now, moment.zone)
        for at in (why.at, why.until)
    )
    text = (
        f"Since {since} every video: {why.label[:_CAUSE_CHARS]}. Most likely YouTube changed something; "
        f"nothing has failed. Next look {until}, at once with another yt-dlp or by space. Update:"
    )
    return Standing(f"HELD  YouTube refuses yt-dlp {why.version}", Tone.BAD, text, why.text)


def _done_text(moment: Moment) -> str:
    failures = "see what failed and retry it (f), " if moment.state.failed else ""
    ahead = f"{failures}read the report (r) or stats.csv in the dataset folder, or leave (q)"
    return f"{moment.state.tally}. Next: {ahead}."


def _standing_lines(standing: Standing, moment: Moment, width: int, height: int) -> list[Line]:
    network = moment.state.network
    text = standing.text
    until = network.until or 0.0
    if network.status is NetworkStatus.COOLING and until > moment.now:
        text = f"The network cools down until {until_text(until, moment.now, moment.zone)}. {text}"
    # A command stands in lines of its own, cut anywhere: it has to be copied as it is, blanks and all.
    command = standing.command
    typed = [Line(command[at : at + width], Tone.STRONG) for at in range(0, len(command), max(1, width))]
    body = [*map(Line, _sentences(text, width, height - 1 - len(typed), to_command=bool(command))), *typed]
    several = len(moment.state.in_use)
    label = counted(several, "network") if several > 1 else network.label
    lines = [Line(standing.word, standing.tone).right(label, width, Tone.DIM)]
    lines += [Line(), *body] if len(body) + 2 <= height else body
    if height - len(lines) >= 4:
        lines += [Line(), *_chart_lines(moment, width, height - len(lines) - 1)]
    return lines[:height]


def _sentences(text: str, width: int, height: int, *, to_command: bool) -> list[str]:
    """As many whole sentences as ``height`` lines hold; ``to_command``: the last one leads to one below."""
    sentences = text.removesuffix(".").split(". ")
    stop = "" if to_command else "."
    while len(lines := paragraph(". ".join(sentences) + stop, width)) > height and len(sentences) > 1:
        del sentences[-2 if to_command else -1]
    return lines


def _open_lines(moment: Moment, width: int, height: int) -> list[Line]:
    network = moment.state.network
    tone = Tone.GOOD if network.status is NetworkStatus.OPEN else Tone.WARN
    first = Line(network.status.value.upper(), tone)
    if network.status is NetworkStatus.RAMPING and network.workers_allowed is not None:
        first.add(f"   up to {counted(network.workers_allowed, 'worker')} for now")
    # A run can probe a network that was open so far: too many clips have failed.
    asks = moment.state.why.why in (Why.SUSPICIOUS, Why.ASKING)
    suspicion = moment.reason if asks and moment.state.status is EngineStatus.PROBING else ""
    if network.status is NetworkStatus.PROBING and not suspicion:
        first.add("   one clip goes first")
    if height < 4:
        first.add(f"   {suspicion or since_text(moment)}")
        return [first.right(network.label, width, Tone.DIM), _pace_and_rates(moment, width)][:height]
    lines = [first.right(network.label, width, Tone.DIM)]
    lines += [Line(line, Tone.WARN) for line in paragraph(suspicion, width)]
    facts = [Line(since_text(moment)), *pace_lines(moment, width)]
    ahead = _next_lines(moment)
    # Marks below the chart take a row more; what happened is worth more than what may.
    if height - len(lines) - len(facts) - len(ahead) >= _CHART_LEAST or not moment.state.throttled_at:
        facts += ahead
    spare = height - len(lines) - len(facts)
    if spare >= 8:
        lines.append(Line())
    lines += facts
    room = height - len(lines)
    if room >= 6:
        lines.append(Line())
        room -= 1
    return [*lines, *_chart_lines(moment, width, room)][:height]


def _unasked_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """Networks while it is the archives' turn: they have nothing to do."""
    state, network = moment.state, moment.state.network
    first = Line("YOUTUBE IS NOT ASKED", Tone.DIM).right(state.label, width, Tone.DIM)
    then = "YouTube is asked for the rest after them" if state.archives.then_youtube else ""
    facts = ["clips are taken out of archives", *[then] * bool(then)]
    if network.until is not None and network.until > moment.now:
        facts.append(f"{network.label} cools down until {until_text(network.until, moment.now, moment.zone)}")
    if height < 4:
        lines = [first, Line(then or facts[0])][:height]
        room = width - lines[-1].width - 3 - len(_BRIEF_HEADING)
        if len(lines) > 1 and room >= _BRIEF_CHART_LEAST:
            lines[-1].add(f"   {_BRIEF_HEADING}", Tone.DIM).add(chart(_rates(moment, room), 1)[0], Tone.BAR)
        return lines
    lines = [first, *(Line(row) for fact in facts for row in paragraph(fact, width))]
    if height - len(lines) >= 6:
        lines.append(Line())
    return [*lines, *_chart_lines(moment, width, height - len(lines))][:height]


def _next_lines(moment: Moment) -> list[Line]:
    steps = moment.state.network.steps_s
    if not steps:
        return []
    first, *later = [step_text(step) for step in steps[:_STEPS_SHOWN]]
    text = f"if it throttles: wait {first}" + (f", then {', '.join(later)}" if later else "")
    return [Line(text + (" ..." if len(steps) > _STEPS_SHOWN else ""), Tone.DIM)]


def _pace_and_rates(moment: Moment, width: int) -> Line:
    """One line: the pace in figures, and the chart of the rate in what is left of it."""
    pace = pace_lines(moment, width)[0]
    room = width - pace.width - 3 - len(_BRIEF_HEADING)
    if room < _BRIEF_CHART_LEAST:
        return pace
    return pace.add(f"   {_BRIEF_HEADING}", Tone.DIM).add(chart(_rates(moment, room), 1)[0], Tone.BAR)


def _rates(moment: Moment, width: int) -> list[float | None]:
    state = moment.state
    now = moment.seen_at
    return rates_a_minute(
        state.done_by_minute, now, CHART_MINUTES, width, state.started_at, state.measured_until(now)
    )


def _chart_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """The rate of the last two hours: its heading, then as many rows as there is room for."""
    values = _rates(moment, width)
    if height < 2 or not values:
        return []
    top = max((value for value in values if value), default=0.0)
    # A column is a mean over all of its time, the rate of the moment one over work alone.
    text = f"clips/min over 2 h, waits included, tallest {top:,.1f}"
    heading = Line(text if len(text) <= width else text.replace(" over 2 h", ""), Tone.DIM)
    mark = _throttle_marks(moment, width, len(values)) if height >= _CHART_LEAST else None
    marks = [] if mark is None else [mark]
    rows = chart(values, min(_CHART_ROWS_MOST, height - 1 - len(marks)))
    return [heading, *(Line(row, Tone.BAR) for row in rows), *marks]


def _throttle_marks(moment: Moment, width: int, columns: int) -> Line | None:
    """A mark below the chart at each throttle, and the word for it where there is room."""
    ages_min = [(moment.seen_at - at) / 60 for at in moment.state.throttled_at]
    places = {
        columns - 1 - int(age * columns / CHART_MINUTES) for age in ages_min if 0 <= age < CHART_MINUTES
    }
    if not places:
        return None
    marks = "".join(_MARK if x in places else " " for x in range(max(places) + 1))
    word = "throttled"
    if len(marks) + 1 + len(word) <= width:
        text = f"{marks} {word}"
    else:
        # The first gap that is wide enough, with a blank on both sides.
        gap = marks.find(" " * (len(word) + 2))
        before = len(marks) - len(marks.lstrip())
        at = before - len(word) - 1 if before > len(word) else gap + 1 if gap >= 0 else -1
        text = marks if at < 0 else marks[:at] + word + marks[at + len(word) :]
    return Line(text, Tone.DIM)


class ThrottlePanel(Panel):
    """The network's state; a heavy frame while it cools down."""

    number = 4
    heading = "Throttle"

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        return throttle_lines(moment, width, height)

    def frame(self, moment: Moment) -> Frame:
        return HEAVY if moment.cooling else ROUND
