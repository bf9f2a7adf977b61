"""Fuzz targets: what engine, views and workers say to each other."""

from __future__ import annotations

import contextlib
import functools
import io
import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import msgspec

from kinetics_tui.base.safe_text import lines_for_terminal
from kinetics_tui.cli.commands.networks import networks_text
from kinetics_tui.cli.follow import json_lines, text_lines
from kinetics_tui.cli.status import status_json, summary_text
from kinetics_tui.engine.client.ask import NONSENSE
from kinetics_tui.engine.workers.messages import FromWorker
from kinetics_tui.engine.workers.pool import Pool, Slot
from kinetics_tui.model.commands import Reply
from kinetics_tui.model.events import AnyEvent
from kinetics_tui.model.options import Options
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.networks.details import detail_lines
from kinetics_tui.tui.networks.list import network_columns, network_line
from kinetics_tui.tui.parts.bars import header_line
from kinetics_tui.tui.parts.lines import Line
from kinetics_tui.tui.parts.view_state import Moment, headline, window_title
from kinetics_tui.tui.run.countdown import cooling_lines, pace_lines
from kinetics_tui.tui.run.failures import failure_lines
from kinetics_tui.tui.run.splits import counts_and_end, overall_lines, split_columns, split_line
from kinetics_tui.tui.run.stage import log_lines
from kinetics_tui.tui.run.throttle import throttle_lines
from kinetics_tui.tui.run.workers import worker_lines
from kinetics_tui.tui.terminal.terminal import farewell
from tests.torture.hostile import Dice, lines_of, message_maker

NOW = 1_700_000_000.0

_event = message_maker(AnyEvent)
_from_worker = message_maker(FromWorker)
_decoder: msgspec.json.Decoder[AnyEvent | Reply] = msgspec.json.Decoder(AnyEvent | Reply)


def _told(dice: Dice, state: RunState) -> Iterator[AnyEvent]:
    """Some events of a lying engine, folded in; what a view would take for a lost engine is left out."""
    for line in lines_of(dice, _event, 12):
        with contextlib.suppress(*NONSENSE):
            message = _decoder.decode(line)
            if not isinstance(message, Reply):
                state.apply(message)
                yield message


def apply_events(dice: Dice, folder: Path) -> None:
    """A lying engine and the views without a screen: what they print is harmless, and JSON is JSON."""
    state, lines, objects = RunState(), io.StringIO(), io.StringIO()
    write_lines, write_objects = text_lines(lines), json_lines(objects)
    for event in _told(dice, state):
        write_lines(state, event)
        write_objects(state, event)
    for printed in (
        lines.getvalue(),
        lines_for_terminal(summary_text(state)),
        lines_for_terminal(networks_text(state, NOW)),
    ):
        assert all(line.isprintable() for line in printed.split("\n")), printed
    said = objects.getvalue()
    assert said.isascii(), said
    for line in said.splitlines():
        assert line.isprintable(), line
        json.loads(line)
    assert json.dumps(status_json(state)).isprintable()
    # What a view is told can be told on: as the engine does to the next one.
    again = RunState()
    again.apply_all(state.as_events())


def paint_run(dice: Dice, folder: Path) -> None:
    """A lying engine and the panels of the app: they are painted, and what they paint is harmless."""
    state = RunState()
    for _ in _told(dice, state):
        pass
    now = dice.choice((NOW, 0.0, 1e12, state.at))
    width, height = dice.choice(((80, 24), (120, 40), (20, 5), (1, 1)))
    moment = Moment(state, now, dice.random() < 0.8, UTC)
    assert headline(moment).words.isprintable()
    assert window_title(moment).isprintable()
    farewell(moment)
    painted: list[Line] = [
        header_line(moment, width),
        counts_and_end(moment, width),
        *overall_lines(moment),
        *cooling_lines(moment, width, height),
        *failure_lines(moment, width, height),
        *pace_lines(moment, width),
        *throttle_lines(moment, width, height),
        *worker_lines(moment, {}, width, height),
    ]
    painted += [line for entry in state.log for line in log_lines(entry, UTC, width)]
    columns = split_columns(state, width)
    painted += [split_line(split, columns, cursor=False) for split in state.splits.values()]
    networks = list(state.networks.values())
    if networks:
        listed = network_columns(networks, width)
        painted += [network_line(info, listed, now, cursor=False) for info in networks]
        painted += [line for info in networks for line in detail_lines(info, moment, width, height)]
    for line in painted:
        assert line.text.isprintable(), line.text
        assert all(text.isprintable() for text, _ in line.spans(width)), line.text


@functools.cache
def _pool() -> Pool:
    """A pool that no process was started in."""
    return Pool(
        dataset=Path("/nowhere"),
        scratch=Path("/nowhere"),
        options=lambda: Options(),
        on_message=lambda _slot, message: _heard.append(message),
        on_started=lambda _slot: None,
        on_gone=lambda _slot, _death: None,
    )


_heard: list[FromWorker] = []
_SMALL = 1 << 53


def hear_worker(dice: Dice, folder: Path) -> None:
    """A mad worker: its lines are messages with figures that the ledger can hold, or it is killed."""
    _heard.clear()
    slot = Slot(1, _pool())
    stream = b"\n".join(lines_of(dice, _from_worker, 6)) + dice.choice((b"", b"\n"))
    while stream:
        size = dice.choice((1, 7, 1000, 100_000))
        slot.data_received(stream[:size])
        stream = stream[size:]
    for message in _heard:
        fields = msgspec.to_builtins(message)
        for name, value in {**fields, **fields.get("made", {}), **fields.get("spent", {})}.items():
            if isinstance(value, int):
                assert abs(value) <= _SMALL, (name, value)
    assert slot.dying or not slot._garbled
