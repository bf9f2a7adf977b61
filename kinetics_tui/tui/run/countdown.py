"""A network that cools down: the time left, large, what can be done about it, and the pace in figures."""

from __future__ import annotations

from kinetics_tui.base.words import countdown_text, pace_text, step_text, until_text
from kinetics_tui.model.network import NetworkState
from kinetics_tui.model.options import named_pace_text
from kinetics_tui.tui.parts.blocks import big_text, big_text_height, big_text_width
from kinetics_tui.tui.parts.lines import Line, Tone, flow, paragraph
from kinetics_tui.tui.parts.network_words import longer_wait_s
from kinetics_tui.tui.parts.view_state import Moment


def pace_parts(moment: Moment, *, brief: bool = False) -> list[str]:
    """The rate of the moment (none while nothing is fetched), the pace in force, the learned one.

    ``brief``: without the budget of requests that the pace comes from.
    """
    state = moment.state
    allowed, learned = moment.allowed_per_hour, state.network.learned_per_hour
    idle = moment.lost or state.idle
    parts = [] if idle else [f"pace {state.clips_per_minute(moment.now) * 60:,.0f}/h now"]
    limit = (
        pace_text(None)
        if allowed is None
        else f"allowed {named_pace_text(allowed, None if brief else moment.budget_per_hour)}"
    )
    parts.append(f"pace: {limit}" if idle else limit)
    if learned is not None:
        parts.append(f"learned {pace_text(learned)} here")
    return parts


def pace_lines(moment: Moment, width: int) -> list[Line]:
    """The same in lines of ``width`` cells, broken between the parts where one line is too short."""
    whole, brief = pace_parts(moment), pace_parts(moment, brief=True)
    for parts in (whole, [part.replace(" now", "") for part in whole], brief):
        if len(", ".join(parts)) <= width:
            return flow(parts, ", ", width)
    if width >= len(", ".join(brief).replace(" now", "")):
        brief = [part.replace(" now", "") for part in brief]
    return flow(brief, ", ", width)


_LARGEST_SCALE = 3
_INDENT = 1


def cooling_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """A cooldown in ``height`` lines: in two of them everything that matters, in seven the big digits."""
    network = moment.state.network
    left_s = 0.0 if network.until is None else max(0.0, network.until - moment.now)
    left = countdown_text(left_s)
    signal = network.signal.value if network.signal is not None else ""
    when = f"until {until_text(network.until, moment.now, moment.zone)}" if network.until is not None else ""
    state = "COOLING DOWN" + (", paused" if moment.paused else "")
    if height < 5:
        first = Line(left, Tone.STRONG).add("  ").add(state, Tone.WARN)
        if when:
            first.add(f"  {when}")
        for step in _steps(network):
            if first.width + 2 + len(step) <= width:
                first.add(f"  {step}")
                break
        second = Line(f"{signal}  " if signal else "")
        second.add(_choices(network, width - second.width), Tone.DIM)
        return [first.right(network.label, width, Tone.DIM), second][:height]

    first = Line(state, Tone.WARN)
    if signal:
        first.add(f"   {signal}")
    lines = [first.right(network.label, width, Tone.DIM)]
    scale = _scale(left, width - 2 * _INDENT, height - 2)
    digits = big_text(left, scale)
    below = height - 1 - len(digits)
    x = _INDENT + big_text_width(left, scale)
    notes = _notes(when, network, width - x - 3, len(digits))
    beside = bool(notes)
    if below >= 2:
        lines.append(Line())
        below -= 1
    for row, glyphs in enumerate(digits):
        # The indent shares a run of style with frame and digits: they are painted again every second.
        line = Line(" " * _INDENT + glyphs, Tone.BAR)
        index = row - (len(digits) - len(notes))
        if beside and index >= 0:
            line.to(x + 3).append(notes[index])
        lines.append(line)
    after = [] if beside else [Line("  ".join([when, *_steps(network)[-1:]]).strip(), Tone.STRONG)]
    after.append(Line(_choices(network, width), Tone.DIM))
    paces = pace_lines(moment, width)
    if below >= len(paces) + len(after) + 1:
        after = [*paces, *after]
    if network.signal is not None and below >= len(after) + 2:
        advice = paragraph(network.signal.advice, width)
        if len(advice) + len(after) + 1 <= below:
            after = [*map(Line, advice), *after]
    if below > len(after):
        lines.append(Line())
    return [*lines, *after][:height]


def _notes(when: str, network: NetworkState, width: int, height: int) -> list[Line]:
    """The lines beside the digits: when it ends, which step this is, how long it and the next one are.

    Empty where there is no room for that.
    """
    steps = [step for step in _steps(network)[1:] if len(step) <= width]
    notes = [Line(text, Tone.STRONG) for text in (when, *steps[:1]) if text]
    if max((note.width for note in notes), default=0) > width or (network.step and not steps):
        return []
    if steps and len(notes) < height:
        notes.append(Line(f"then {step_text(_next_wait_s(network))}", Tone.DIM))
    return notes


def _steps(network: NetworkState) -> list[str]:
    """Which wait of how many this is, how long it and the next one are; the longest wording first."""
    steps = network.steps_s
    if network.step <= 0 or not steps:
        return []
    at = f"step {min(network.step, len(steps))} of {len(steps)}"
    length = step_text(steps[min(network.step, len(steps)) - 1])
    again = ", repeats" if network.step > len(steps) else ""
    return [
        f"{at} ({length}), then {step_text(_next_wait_s(network))}",
        f"{at} ({length}{again})",
        f"{at} ({length})",
        at,
    ]


def _next_wait_s(network: NetworkState) -> float:
    """The seconds of the next cooldown if the probe is refused again; the last step repeats."""
    return network.steps_s[min(network.step, len(network.steps_s) - 1)]


def _choices(network: NetworkState, width: int) -> str:
    """The keys for what can be done now, in as many words as there is room for."""
    longer = step_text(longer_wait_s(network))
    long = f"p probe now · n switch network · e {longer} longer"
    return long if len(long) <= width else f"p probe · n switch · e {longer}"


def _scale(text: str, width: int, height: int) -> int:
    for scale in range(_LARGEST_SCALE, 1, -1):
        if big_text_width(text, scale) <= width and big_text_height(scale) + 2 <= height:
            return scale
    return 1
