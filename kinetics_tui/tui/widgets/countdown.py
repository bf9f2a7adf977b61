"""A network that cools down: the time left, large, and what can be done about it."""

from __future__ import annotations

from kinetics_tui.model.options import HOUR_S
from kinetics_tui.model.state import NetworkState
from kinetics_tui.tui.blocks import big_text, big_text_height, big_text_width
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import countdown_text, paragraph, step_text, until_text

_LARGEST_SCALE = 3
_INDENT = 1


def longer_wait_s(network: NetworkState) -> float:
    """What one "wait longer" adds: the step that the network is on, once more."""
    steps = network.steps_s
    return steps[min(network.step, len(steps)) - 1] if steps and network.step > 0 else HOUR_S


def cooling_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """A cooldown in ``height`` lines: in two of them everything that matters, in seven the big digits."""
    network = moment.state.network
    left_s = 0.0 if network.until is None else max(0.0, network.until - moment.now)
    left = countdown_text(left_s)
    signal = network.signal.value if network.signal is not None else ""
    when = f"until {until_text(network.until, moment.now, moment.zone)}" if network.until is not None else ""
    step = _step(network)
    state = "COOLING DOWN" + (", paused" if moment.paused else "")
    if height < 5:
        first = Line(left, Tone.STRONG).add("  ").add(state, Tone.WARN)
        first.add("".join(f"  {part}" for part in (when, step) if part))
        second = Line(f"{signal}  " if signal else "").add(_choices(network), Tone.DIM)
        return [first.right(network.label, width, Tone.DIM), second][:height]

    first = Line(state, Tone.WARN)
    if signal:
        first.add(f"   {signal}")
    lines = [first.right(network.label, width, Tone.DIM)]
    scale = _scale(left, width - 2 * _INDENT, height - 2)
    digits = big_text(left, scale)
    below = height - 1 - len(digits)
    x = _INDENT + big_text_width(left, scale)
    if (repeats := _step(network, repeats=True)) and x + 3 + len(repeats) <= width:
        step = repeats
    notes = [Line(text, Tone.STRONG) for text in (when, step) if text]
    beside = x + 3 + max((note.width for note in notes), default=0) <= width
    if beside and step and len(digits) > len(notes):
        notes.append(Line(f"then {step_text(_next_wait_s(network))}", Tone.DIM))
    if below >= 2:
        lines.append(Line())
        below -= 1
    for row, glyphs in enumerate(digits):
        line = Line(" " * _INDENT).add(glyphs, Tone.BAR)
        index = row - (len(digits) - len(notes))
        if beside and index >= 0:
            line.to(x + 3).append(notes[index])
        lines.append(line)
    after = [] if beside else [Line("  ".join(note.text for note in notes), Tone.STRONG)]
    after.append(Line(_choices(network), Tone.DIM))
    if network.signal is not None and below >= len(after) + 2:
        advice = paragraph(network.signal.advice, width)
        if len(advice) + len(after) + 1 <= below:
            after = [*map(Line, advice), *after]
    if below > len(after):
        lines.append(Line())
    return [*lines, *after][:height]


def _step(network: NetworkState, *, repeats: bool = False) -> str:
    """Which wait of how many this is; ``repeats``: also whether it is the last one over again."""
    steps = len(network.steps_s)
    if network.step <= 0 or not steps:
        return ""
    again = " (repeats)" if repeats and network.step > steps else ""
    return f"step {min(network.step, steps)} of {steps}{again}"


def _next_wait_s(network: NetworkState) -> float:
    """How long the next cooldown is if the probe is refused again; the last step repeats."""
    return network.steps_s[min(network.step, len(network.steps_s) - 1)]


def _choices(network: NetworkState) -> str:
    longer = step_text(longer_wait_s(network))
    return f"p probe now · e {longer} longer · or switch networks"


def _scale(text: str, width: int, height: int) -> int:
    for scale in range(_LARGEST_SCALE, 1, -1):
        if big_text_width(text, scale) <= width and big_text_height(scale) + 2 <= height:
            return scale
    return 1
