"""What the run screen costs beside bars of ``rich.progress`` and ``tqdm``, and how soon it answers a key.

The app is the real command, ``attach``, on a terminal of its own, and so are the rivals. All are fed by a
``played_engine`` in a process of its own over its socket.
"""

from __future__ import annotations

import contextlib
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import psutil

from kinetics_tui.base.programs import python_program
from kinetics_tui.engine.process.address import READY
from kinetics_tui.tui.parts.view_state import REFRESH_HZ
from tests.bench.figures import Figure, Figures, ratios, side_by_side, spread
from tests.bench.played_engine import CLIP_S, KINETICS_400, Standing
from tests.terminal_child import ROOT, TerminalChild

COLUMNS, ROWS = 120, 40
WORKERS = 16
EVENTS_PER_S = 1000
SETTLED_S = 2.0
"""Start and first paint are not counted."""
START_MOST_S = 60.0
"""A slow line takes its time for the first picture."""
WATCHED_S = 10.0
RUNS = 3
CORE_MOST, CORE_MOST_64 = 3.0, 5.0
KB_MOST, KB_MOST_STANDING = 8.0, 0.3
ANSWER_MOST_S = 0.1
MEASURE = "rich"
"""The rival that the app has to stay below."""
KEY_ROUNDS = 8
LONE_ESC, TOLD_ESC = "esc", "esc by Kitty's protocol"
"""The byte alone, after which a program waits for the rest of a sequence, and one that nothing can follow."""
KEYS: Sequence[tuple[str, bytes, bytes]] = (
    ("↓", b"\x1b[B", "›".encode()),
    ("↑", b"\x1b[A", "›".encode()),
    ("+", b"+", b" 16 of 17 "),
    ("-", b"-", b" 16  1"),
    ("?", b"?", b"escape closes"),
    (LONE_ESC, b"\x1b", b"Failures"),
    ("5", b"5", b"Log"),
    (LONE_ESC, b"\x1b", b"Failures"),
    ("n", b"n", b"Details"),
    (TOLD_ESC, b"\x1b[27u", b"Failures"),
    ("space", b" ", b"PAUSING"),
    ("space", b" ", b"RUNNING"),
)
"""Keys in the order they are pressed in: name, what the terminal sends, and what only the answer paints."""


SLOW_BYTES_PER_S = (960, 2_400, 12_000)
SLOW_COLUMNS, SLOW_ROWS, SLOW_WORKERS = 80, 24, 4
SLOW_MOST_S = 3.0
SLOW_WATCHED_S = 20.0
_CLOCK = re.compile(rb"  (\d\d):(\d\d):(\d\d)")


class Case(NamedTuple):
    """Something on the terminal: ``rival`` or, where that is empty, the app; ``clips``: of how many.

    The line carries ``bytes_per_s`` (None: as many as come).
    """

    rival: str = ""
    theme: str = "dark"
    workers: int = WORKERS
    standing: Standing | None = None
    clips: int = KINETICS_400
    columns: int = COLUMNS
    rows: int = ROWS
    bytes_per_s: float | None = None


class Slowness(NamedTuple):
    """Seconds: how far the clock on the screen was behind at most, and until keys were answered."""

    behind_s: float
    help_s: float
    leave_s: float


class Cost(NamedTuple):
    """What was spent while it was watched."""

    core_percent: float
    kb_per_s: float


CASES: Mapping[str, Case] = {
    "ours": Case(),
    "rich": Case(rival="rich"),
    "tqdm": Case(rival="tqdm"),
    "ansi": Case(theme="ansi"),
    "64": Case(workers=64),
    "paused": Case(standing=Standing.PAUSED),
    "cooling": Case(standing=Standing.COOLING),
}


def screen(seed: int) -> Figures:
    """The costs, all cases in turn, then the keys."""
    costs = side_by_side(RUNS, {name: partial(cost, case) for name, case in CASES.items()})
    keys = key_times_s(seed)
    told = ", ".join(f"{name} {1000 * spread(times_s).median:.0f}" for name, times_s in keys.items())
    lone = {LONE_ESC: keys.pop(LONE_ESC)}
    return Figures(
        figures=(
            *beside("rich", costs["ours"], costs["rich"]),
            *beside("tqdm", costs["ours"], costs["tqdm"]),
            *alone("16 workers, ansi theme", costs["ansi"], CORE_MOST, KB_MOST),
            *alone("64 workers", costs["64"], CORE_MOST_64, None),
            *alone("paused", costs["paused"], None, KB_MOST_STANDING),
            Figure(
                what="cooling down, kB/s",
                ours=spread(each.kb_per_s for each in costs["cooling"]),
                bar="",
                met=True,
            ),
            answered("a key is answered on screen, ms", keys),
            answered("a lone esc is answered on screen, ms", lone),
            *chain.from_iterable(slow_line(rate) for rate in SLOW_BYTES_PER_S),
        ),
        notes=(
            f"{EVENTS_PER_S:,} events/s of {WORKERS} workers (64 where it says so), {CLIP_S:.0f} s a clip, "
            f"on a terminal of {COLUMNS}x{ROWS} at {REFRESH_HZ:.0f} Hz; each of {RUNS} runs watched for "
            f"{WATCHED_S:.0f} s; processor time is that of the process on the terminal.",
            f"Slow lines: {SLOW_WORKERS} workers at {SLOW_COLUMNS}x{SLOW_ROWS}, the clock watched for "
            f"{SLOW_WATCHED_S:.0f} s; up to one second of it is that it shows none smaller.",
            "The rivals show a bar, a phase and a clip a worker, the app all of its panels.",
            f"Median ms by key, pressed while the events come: {told}.",
        ),
    )


def beside(rival: str, ours: Sequence[Cost], theirs: Sequence[Cost]) -> Iterator[Figure]:
    """What 16 workers cost beside what their bars cost a rival."""
    for what, key, most in (("% of a core", 0, CORE_MOST), ("kB/s", 1, KB_MOST)):
        mine, their = ([costs[key] for costs in each] for each in (ours, theirs))
        better = ratios(their, mine)
        yield Figure(
            what=f"16 workers, {what}",
            ours=spread(mine),
            bar=f"<= {most:g}, below {rival}" if rival == MEASURE else "",
            met=rival != MEASURE or (spread(mine).median <= most and better.median > 1),
            rival=rival,
            theirs=spread(their),
            ratio=better,
        )


def alone(
    what: str, costs: Sequence[Cost], core_most: float | None, kb_most: float | None
) -> Iterator[Figure]:
    """What a case costs beside its bars, where it has any."""
    for unit, key, most in (("% of a core", 0, core_most), ("kB/s", 1, kb_most)):
        if most is not None:
            ours = spread(each[key] for each in costs)
            yield Figure(what=f"{what}, {unit}", ours=ours, bar=f"<= {most:g}", met=ours.median <= most)


def answered(what: str, keys: Mapping[str, Sequence[float]]) -> Figure:
    """How long keys took, in seconds by the key's name: not one of them may take longer than the bar."""
    times_ms = spread(1000 * time_s for times_s in keys.values() for time_s in times_s)
    most_ms = 1000 * ANSWER_MOST_S
    return Figure(what=what, ours=times_ms, bar=f"<= {most_ms:.0f}", met=times_ms.high <= most_ms, form=".0f")


def slow_line(bytes_per_s: int) -> Iterator[Figure]:
    """What a line of a speed lets see, and how long keys take on it."""
    found = [slowness(bytes_per_s) for _ in range(RUNS)]
    for what, key in (("the clock is behind at most", 0), ("? is answered", 1), ("d has left", 2)):
        ours = spread(each[key] for each in found)
        yield Figure(
            what=f"line of {bytes_per_s:,} bytes/s: {what}, s",
            ours=ours,
            bar=f"<= {SLOW_MOST_S:g}",
            met=ours.median <= SLOW_MOST_S,
        )


def slowness(bytes_per_s: int) -> Slowness:
    """Watch the clock over a slow line, then press keys."""
    case = Case(workers=SLOW_WORKERS, columns=SLOW_COLUMNS, rows=SLOW_ROWS, bytes_per_s=bytes_per_s)
    behind_s = 0.0
    with on_terminal(case) as child:
        end = time.monotonic() + SLOW_WATCHED_S
        while time.monotonic() < end:
            child.read_for(0.1)
            if shown := _CLOCK.findall(child.output):
                hours, minutes, seconds = map(int, shown[-1])
                now = datetime.now()
                of_day_s = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
                behind_s = max(behind_s, (of_day_s - 3600 * hours - 60 * minutes - seconds) % 86_400)
        help_s = key_time_s(child, b"?", b"Keys")
        key_time_s(child, b"\x1b[27u", b"Failures")
        child.read_for(SETTLED_S)
        began = time.monotonic()
        child.type(b"d")
        child.exit_code()
        return Slowness(behind_s, help_s, time.monotonic() - began)


def key_time_s(child: TerminalChild, key: bytes, answer: bytes) -> float:
    """How long after a key its answer was there to be read."""
    child.forget()
    began = time.monotonic()
    child.type(key)
    child.read_until(answer)
    return time.monotonic() - began


def cost(case: Case) -> Cost:
    """Watch a case for ``WATCHED_S`` seconds."""
    with on_terminal(case) as child:
        process = psutil.Process(child.pid)
        before, began = process.cpu_times(), time.monotonic()
        child.read_for(WATCHED_S)
        after, took_s = process.cpu_times(), time.monotonic() - began
    spent_s = after.user + after.system - before.user - before.system
    return Cost(100 * spent_s / took_s, len(child.output) / 1000 / took_s)


def key_times_s(seed: int) -> dict[str, list[float]]:
    """How long after each key its answer was there to be read, by the key's name.

    The keys come at any point of time between two paintings.
    """
    draw = random.Random(seed)
    found: dict[str, list[float]] = {name: [] for name, _, _ in KEYS}
    with on_terminal(Case()) as child:
        child.type(b"\x1b[B")  # off the split whose figures move by themselves
        for _ in range(KEY_ROUNDS):
            for name, key, answer in KEYS:
                child.read_for(draw.uniform(0.3, 0.8))
                found[name].append(key_time_s(child, key, answer))
    return found


@contextlib.contextmanager
def on_terminal(case: Case) -> Iterator[TerminalChild]:
    """A case that has settled, with an engine that plays for it; nothing that it painted so far is kept."""
    with tempfile.TemporaryDirectory(prefix="kt-bench-") as folder, playing(Path(folder), case):
        environ = {"KINETICS_TUI_THEME": case.theme, "XDG_CONFIG_HOME": folder}
        if case.rival:
            module, arguments = "tests.bench.bars", [case.rival, folder, "--workers", str(case.workers)]
        else:
            module, arguments = "kinetics_tui", ["attach", folder]
        child = TerminalChild(
            module,
            arguments,
            columns=case.columns,
            rows=case.rows,
            environ=environ,
            bytes_per_s=case.bytes_per_s,
        )
        try:
            child.read_until(b"%" if case.rival else b"palette", START_MOST_S)
            child.read_for(SETTLED_S)
            child.forget()
            yield child
        finally:
            child.close()


@contextlib.contextmanager
def playing(dataset: Path, case: Case) -> Iterator[None]:
    """A ``played_engine`` that serves."""
    arguments = ["--workers", str(case.workers), "--events-per-s", str(EVENTS_PER_S)]
    arguments += ["--clips", str(case.clips)]
    if case.standing:
        arguments += ["--standing", case.standing]
    command, environ = python_program("tests.bench.played_engine", str(dataset), *arguments)
    with subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE) as engine:
        try:
            assert engine.stdout is not None
            if engine.stdout.readline().decode().strip() != READY:
                raise AssertionError("the played engine does not serve")
            yield
        finally:
            engine.terminate()
