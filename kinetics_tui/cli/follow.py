"""The run without a screen: a line an event with totals now and then, or JSON lines.

On a terminal a bar stands below the lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, Self, TextIO

import msgspec

from kinetics_tui.base.errors import EngineDiedError, EngineError, EngineSilentError
from kinetics_tui.base.safe_text import for_terminal, json_line
from kinetics_tui.base.words import (
    MINUTE_S,
    age_text,
    clock_text,
    countdown_text,
    counted,
    rate_text,
    span_text,
)
from kinetics_tui.cli.command_line import tell
from kinetics_tui.cli.status import summary_text
from kinetics_tui.dataset.folder import log_path
from kinetics_tui.engine.client.ask import read_state, silence
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.model import events
from kinetics_tui.model.commands import Stop
from kinetics_tui.model.events import ENDED, AnyEvent, EngineStatus
from kinetics_tui.model.reasons import Why, reason_text
from kinetics_tui.model.state import RunState, forecast

LOST_AFTER_S = 10.0
"""A view without a screen waits this long for a lost engine before it says so and ends."""

POLL_S = 0.2
BAR_EVERY_S = 1.0
BAR_CELLS = 24
"""A longer bar says no more, and costs more on a slow line."""
UNCHANGED_TIMES = 10

QUIET = (events.ClipProgress, events.WorkerIdle, events.LogReplayed, events.DiskMeasured)
"""Events that come many times a clip, or repeat what was said: not for the lines of a log."""


def line_text(line: events.LogLine) -> str:
    """One line of the log as plain text, safe for any terminal."""
    words = (clock_text(line.at), f"{line.word:<9}", line.subject, line.detail)
    return for_terminal("  ".join(part for part in words if part))


def json_lines(out: TextIO) -> Callable[[RunState, AnyEvent], None]:
    """A view that writes each event as one line of JSON, or as several where scripts know it as such."""
    last: dict[str, Any] = {}

    def write(state: RunState, event: AnyEvent) -> None:
        nonlocal last
        lines: list[Any] = [events.flat(event)]
        if isinstance(event, events.StatusChanged):
            lines = [{**msgspec.to_builtins(event), "reason": reason_text(event.reason)}]
        elif isinstance(event, events.NetworkChanged):
            lines = list(_network_lines(state, event))
            if lines and lines[-1]["event"] == CHANGED:
                before, last = last, lines[-1]
                if {**before, "at": event.at} == last:
                    lines.pop()
        elif isinstance(event, QUIET):
            return
        out.write("".join(json_line(line) + "\n" for line in lines))
        out.flush()

    return write


CHANGED = "network-changed"
PAST = ("in_use", "present", "given_as", "sessions", "clips", "throttles")
"""Fields that a line leaves out: they say nothing of how the network in use stands, and change often."""


def _network_lines(state: RunState, event: events.NetworkChanged) -> Iterator[dict[str, Any]]:
    """A changed network as scripts know it: a line for the turn of events, and one for the network in use."""
    network, news = msgspec.to_builtins(event.network), event.news
    head = {"at": event.at, "name": network["name"], "label": network["label"]}
    if news is events.NetworkNews.LEFT:
        now = state.network
        left = {"at": event.at, "name": now.name, "label": now.label, "before": network["label"]}
        yield {"event": "network-switched", **left}
    elif news in (events.NetworkNews.THROTTLED, events.NetworkNews.PROBE_REFUSED):
        more = {name: network[name] for name in ("signal", "step", "until")}
        probe = news is events.NetworkNews.PROBE_REFUSED
        yield {"event": "network-throttled", **head, **more, "probe": probe}
    if event.network.in_use:
        standing = {name: value for name, value in network.items() if name not in PAST}
        yield {"event": CHANGED, "at": event.at, **standing}


def _ahead_text(seconds: float) -> str:
    """A length of time to come, no closer than the estimate is."""
    return age_text(seconds) if seconds < MINUTE_S else span_text(seconds)


def totals_text(state: RunState, now: float) -> str:
    """The run in one line: its state with the reason, its counts, and how fast it goes while it does."""
    text = summary_text(state)
    if state.status is EngineStatus.RUNNING:
        ahead = forecast(state, now)
        more = f"about {_ahead_text(ahead.seconds)} more" if ahead else ""
        if state.archives.turn:
            # Their rates are said already, and the clips come as their archives do.
            whose = " of archives, then YouTube" if ahead and ahead.of_archives else ""
            return f"{text} {more.capitalize()}{whose}." if more else text
        more = f", {more}" if more else ""
        text += f" {state.clips_per_minute(now):.1f} clips a minute{more}."
    return text


def text_lines(out: Output) -> Callable[[RunState, AnyEvent], None]:
    """A view that writes each new line of the log."""
    written = -1

    def write(state: RunState, event: AnyEvent) -> None:
        nonlocal written
        if isinstance(event, events.LogReplayed) or written < 0:
            # The replay brings the count up to date; what went before was said to somebody else.
            written = -1
            if isinstance(event, events.LogReplayed):
                written = state.log_count
                out.write(f"{for_terminal(f'{state.title}, {summary_text(state)}')}\n")
                out.flush()
            return
        fresh = min(state.log_count - written, len(state.log))
        for line in list(state.log)[len(state.log) - fresh :]:
            out.write(line_text(line) + "\n")
        written = state.log_count
        if fresh:
            out.flush()

    return write


async def tell_silence(client: EngineClient) -> None:
    """Say when the engine does not answer, and when it does again, until cancelled."""
    silent = False
    while True:
        await asyncio.sleep(POLL_S)
        since = client.silent_since
        if silent == (since is not None):
            continue
        silent, words = since is not None, "The engine answers again."
        if silent:
            words = reason_text(await asyncio.to_thread(silence, client.dataset))
        tell(f"{clock_text(time.time())}  {words}")


class Output(Protocol):
    """Where lines are written."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Bar:
    """How far the run is, on the last line of a terminal; lines written by ``write`` stand above it."""

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = BarColumn()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            self._bar,
            TextColumn("{task.fields[counts]}", markup=False),
            console=Console(file=out, highlight=False, markup=False, soft_wrap=True),
            auto_refresh=False,
            transient=True,
        )
        self._task = self._progress.add_task("", counts="", visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def write(self, text: str, /) -> None:
        self._progress.console.print(text, end="")

    def flush(self) -> None:
        """Nothing waits to be written."""

    async def follow(self, client: EngineClient) -> None:
        """Keep it up to date until cancelled."""
        while True:
            if client.connected:
                self.show(client.state, time.time(), silent=client.silent_since is not None)
            await asyncio.sleep(BAR_EVERY_S)

    def show(self, state: RunState, now: float, *, silent: bool = False) -> None:
        """Paint how far the run is; ``silent``: as far as is known, since the engine does not answer."""
        words = (EngineStatus.SILENT if silent else state.status).value
        if not silent and state.status is EngineStatus.COOLING and state.why.at is not None:
            words += f" {countdown_text(state.why.at - now)}"
        counts = f"{state.done:,}/{state.total:,} done, {state.failed:,} failed"
        if (archives := state.archives).turn and not silent:
            words = f"{words}, archives {archives.passed:,}/{archives.total:,}"
            counts = f"{state.done:,}/{state.total:,} done, {rate_text(archives.bytes_per_s)}"
        if ahead := forecast(state, now):
            counts += f", {_ahead_text(ahead.seconds)}{' of archives' * ahead.of_archives} left"
        room = self._progress.console.width - len(words) - len(counts) - 3
        self._bar.bar_width = max(1, min(BAR_CELLS, room))
        self._progress.update(
            self._task,
            description=words,
            completed=state.done + state.failed,
            total=state.total,
            counts=counts,
            visible=True,
        )
        self._progress.refresh()


async def tell_totals(client: EngineClient, out: Output, every_s: float) -> None:
    """Write a line of totals so often, until cancelled; where nothing changes, every tenth time."""
    said, at = "", -math.inf
    while True:
        await asyncio.sleep(every_s)
        now = time.time()
        text = totals_text(client.state, now)
        answers = client.connected and client.silent_since is None
        if answers and (text != said or now - at > UNCHANGED_TIMES * every_s):
            out.write(line_text(events.LogLine(now, "so far", detail=text)) + "\n")
            out.flush()
            said, at = text, now


async def follow(
    client: EngineClient,
    *,
    as_json: bool,
    owner: bool,
    out: TextIO | None = None,
    progress_s: float | None = None,
) -> RunState:
    """Print the run until it ends, with a line of totals every ``progress_s`` seconds, if any.

    JSON lines stay by themselves: totals go to standard error there. SIGINT and SIGTERM stop the run cleanly
    where this view is its ``owner``, else they end the view, as a hang-up always does. Raises
    ``EngineDiedError`` where the engine is gone with clips left, and ``EngineSilentError`` where it is to
    stop and does not answer.
    """
    out = out or sys.stdout
    with contextlib.ExitStack() as stack:
        lines: Output = out
        beside: list[Coroutine[Any, Any, None]] = [tell_silence(client)]
        if not as_json and out.isatty() and os.environ.get("TERM", "dumb") != "dumb":
            if not owner:  # the terminal is left as it was found
                signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
            lines = bar = stack.enter_context(Bar(out))
            beside.append(bar.follow(client))
        if progress_s is not None:
            beside.append(tell_totals(client, sys.stderr if as_json else lines, progress_s))
        write = json_lines(out) if as_json else text_lines(lines)
        tasks = [asyncio.ensure_future(work) for work in (_follow(client, write, owner=owner), *beside)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            state = next(task for task in tasks if task in done).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert state is not None, "what goes on beside ends by an error alone"
    if not as_json:
        out.write(for_terminal(summary_text(state)) + "\n")
    return state


async def _follow(
    client: EngineClient, write: Callable[[RunState, AnyEvent], None], *, owner: bool
) -> RunState:
    loop = asyncio.get_running_loop()
    stops: set[asyncio.Task[object]] = set()
    following, unanswered = asyncio.current_task(), False

    async def ask_to_stop() -> None:
        nonlocal unanswered
        if not (await client.send(Stop())).ok and client.silent_since is not None and following is not None:
            unanswered = True
            following.cancel()

    def stop() -> None:
        task: asyncio.Task[object] = asyncio.create_task(ask_to_stop())
        stops.add(task)
        task.add_done_callback(stops.discard)

    for number in (signal.SIGINT, signal.SIGTERM) if owner else ():
        loop.add_signal_handler(number, stop)
    lost_at = time.monotonic()
    try:
        while time.monotonic() - lost_at < LOST_AFTER_S:
            async for event in client.events():
                write(client.state, event)
                if client.state.status in ENDED:
                    return client.state
                lost_at = time.monotonic()
            await asyncio.sleep(0.5)
    except asyncio.CancelledError:
        if not unanswered:
            raise
        raise EngineSilentError(f"{reason_text(silence(client.dataset))} It was not stopped.") from None
    state = await asyncio.to_thread(read_state, client.dataset)
    if state.left:
        raise EngineDiedError(
            f"The engine died with {counted(state.left, 'clip')} left: see {log_path(client.dataset)}, "
            "then run again."
        )
    return state


def wait_until_paused(dataset: Path) -> str:
    """Wait until no worker holds a clip any more; the sentence that tells of it.

    Raises ``EngineError`` where the engine goes away meanwhile.
    """
    while True:
        state = read_state(dataset)
        if not state.pid:
            raise EngineError(f"No engine runs on {dataset} any more: continue with kinetics-tui run.")
        if state.status is EngineStatus.SILENT:
            raise EngineSilentError(f"The engine was asked to pause. {state.reason}")
        if state.why.why is Why.OTHER_VERSION:
            return f"The engine was asked to pause. {state.reason}"
        if state.status is not EngineStatus.PAUSING:
            return f"{state.status.value.capitalize()}. {state.reason}".strip()
        time.sleep(POLL_S)
