"""Several networks in use: a line each in the throttle panel, the ones that can send first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from kinetics_tui.base.safe_text import ELLIPSIS
from kinetics_tui.base.words import countdown_text, counted, pace_text, until_text
from kinetics_tui.model.network import NetworkState, NetworkStatus
from kinetics_tui.tui.parts.lines import Line, Tone, fit
from kinetics_tui.tui.parts.network_words import label_of
from kinetics_tui.tui.parts.view_state import Moment

_STATUS_CELLS = 9
_LEAST_LABEL_CELLS = 8
_GAP = 2
_UNTIL = " until "


def network_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """A line for each network in use in at most ``height`` lines, the last one the sum of their paces."""
    networks = moment.state.in_use
    shown = networks if len(networks) <= height else networks[: max(1, height - 1)]
    rows = [(network, _rate_or_wait(moment, network), _remark(network)) for network in shown]
    middle = max(len(text) for _, text, _ in rows)
    last = max(len(text) for _, _, text in rows)
    label = max(cell_len(label_of(network)) for network, _, _ in rows)
    room = width - _STATUS_CELLS - _GAP
    if min(label, _LEAST_LABEL_CELLS) + middle + last + 2 * _GAP > room:
        last = 0
    room = min(label + _GAP + middle, room - (last + _GAP if last else 0))
    lines = []
    told = []
    for network, text, _ in rows:
        if cell_len(label_of(network)) + _GAP + len(text) > room:
            # The name tells more than the time of day that the countdown leads to.
            text = text.partition(_UNTIL)[0]
        told.append((label_of(network), max(_LEAST_LABEL_CELLS, room - _GAP - len(text)), text))
    names = _cut([(name, cells) for name, cells, _ in told])
    for (network, _, remark), name, (_, _, text) in zip(rows, names, told, strict=True):
        line = Line(fit(network.status.value.upper(), _STATUS_CELLS), _tone(network))
        line.add(" " * _GAP + name)
        line.add(" " * _GAP + text)
        if last:
            line.add(" " * _GAP + remark, Tone.DIM)
        lines.append(line)
    if len(shown) < len(networks):
        lines.append(Line(f"+{counted(len(networks) - len(shown), 'more network')}", Tone.DIM))
    lines.append(_sum_line(moment))
    return lines[:height]


def _cut(labels: Sequence[tuple[str, int]]) -> list[str]:
    """Labels, each in so many cells: their ends where their beginnings are the same."""
    cut = [fit(label, cells) for label, cells in labels]
    if len({text.rstrip() for text in cut}) == len({label for label, _ in labels}):
        return cut
    return [
        fit(label if cell_len(label) <= cells else ELLIPSIS + label[1 - cells :], cells)
        for label, cells in labels
    ]


def _tone(network: NetworkState) -> Tone:
    match network.status:
        case NetworkStatus.OPEN:
            return Tone.GOOD
        case NetworkStatus.OFFLINE | NetworkStatus.HELD:
            return Tone.BAD
        case _:
            return Tone.WARN


def _rate_or_wait(moment: Moment, network: NetworkState) -> str:
    if network.waits_until is not None:
        until = until_text(network.waits_until, moment.now, moment.zone)
        return f"{countdown_text(network.waits_until - moment.now)}{_UNTIL}{until}"
    if not network.able:
        return "one clip goes first" if network.status is NetworkStatus.PROBING else ""
    allowed = "" if network.allowed_per_hour is None else f" of {network.allowed_per_hour:,.0f}"
    return f"{_per_hour(moment, network):,.0f}/h{allowed}"


def _per_hour(moment: Moment, network: NetworkState) -> float:
    rates = moment.state.rates_by_network.get(network.name)
    return 0.0 if rates is None else 60 * rates.clips_per_minute(moment.seen_at)


def _remark(network: NetworkState) -> str:
    if network.status is NetworkStatus.COOLING and network.steps_s:
        return f"step {min(network.step, len(network.steps_s))} of {len(network.steps_s)}"
    if network.status is NetworkStatus.RAMPING and network.workers_allowed is not None:
        return f"up to {counted(network.workers_allowed, 'worker')}"
    if network.last_throttle_at is None:
        return f"{network.clips:,} so far"
    return f"{network.clips_since_throttle:,} since"


def _sum_line(moment: Moment) -> Line:
    rate = sum(_per_hour(moment, network) for network in moment.state.in_use)
    allowed = moment.allowed_per_hour
    limit = "no limit" if allowed is None else f"allowed {pace_text(allowed)}"
    return Line(f"in all {rate:,.0f}/h now, {limit}")
