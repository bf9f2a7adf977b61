"""The workers panel: what each worker does with the clip in its hand, or the archives in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from rich.cells import cell_len

from kinetics_tui.base.safe_text import ELLIPSIS, for_screen
from kinetics_tui.base.words import clock_text, counted, rate_text
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.network import HostStatus
from kinetics_tui.model.run import WorkerState
from kinetics_tui.tui.parts.blocks import bar
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone
from kinetics_tui.tui.parts.view_state import Moment
from kinetics_tui.tui.run.archives import archive_lines

COLUMN_LEAST = 34
"""A column of workers narrower than this tells too little."""
LABEL_CELLS = 32
"""A class gets this many cells beside the name of its clip, and more where it is longer."""
_LABEL_LEAST = 8
"""A class is cut to so many cells for the id of its clip; with fewer it stands without one."""
_SLOT_LEAST, _SLOT_MOST = 2, 14
_SLOT_SHARE = 6
"""Slots with the names of hosts get at most this part of a row's width, and a few cells at least."""
_NAMED_LEAST = 8
_RATE = 10
_GAP = 2
_WAITING = {Phase.IDLE, Phase.PACE, Phase.STARTING}


def slot_texts(workers: Sequence[WorkerState], width: int) -> dict[int, str]:
    """The slots as a column at the left of rows ``width`` cells wide, all equally wide: `` 3``, ``lab2·3``.

    Of a host's name that is too long its beginning stays, or its end where beginnings are the same.
    """
    most = max(_NAMED_LEAST, min(_SLOT_MOST, width // _SLOT_SHARE))
    cells = min(most, max([_SLOT_LEAST, *(len(worker.label) for worker in workers)]))
    places: dict[str, int] = {}
    for worker in workers:
        if worker.host:
            places[worker.host] = max(worker.place, places.get(worker.host, 0))
    room = {name: cells - 1 - len(str(place)) for name, place in places.items()}
    names = {name: _cut(name, room[name]) for name in room}
    if len(set(names.values())) < len(names):
        names = {name: _cut(name, room[name], end=True) for name in room}
    return {
        worker.slot: (f"{names[worker.host]}·{worker.place}" if worker.host else worker.label).rjust(cells)
        for worker in workers
    }


def _cut(name: str, cells: int, *, end: bool = False) -> str:
    """The beginning of a name, or its end, in at most ``cells`` cells."""
    if len(name) <= cells:
        return name
    return ELLIPSIS + name[1 - cells :] if end else name[: cells - 1] + ELLIPSIS


def worker_line(
    worker: WorkerState, now: float, bytes_per_s: float, width: int, *, slot: str = "", away: bool = False
) -> Line:
    """One worker in ``width`` cells; what changes often stands at the left, where repaints are short.

    ``slot`` is its number as ``slot_texts`` has it; ``away``: nothing is heard of its host.
    """
    # Slot, seconds and bar share the tone of the frame beside them: one run of style for all that moves.
    line = Line(f"{slot or worker.label:>{_SLOT_LEAST}} ", Tone.BAR)
    if away:
        line.cell("", 6).add("  away", Tone.WARN)
        return line if worker.clip is None else _add_clip(line, worker.clip, line.width + _GAP, width)
    if worker.phase in _WAITING or worker.clip is None:
        # The column counts what a clip took so far; a wait counts down, in words.
        return line.add(" " * 6, Tone.BAR).add(f"  {_wait_words(worker, now)}", Tone.DIM)
    line.cell(f"{max(0.0, now - worker.since):.0f} s", 5, Tone.BAR, right=True).add(" ", Tone.BAR)
    bar_width = 5 if width < 44 else 6 if width < 70 else 8 if width < 100 else 20
    fraction = min(1.0, max(0.0, worker.fraction))
    if len(slot) <= _SLOT_LEAST or width - len(slot) >= COLUMN_LEAST:
        # Beside the name of a host the percentage tells enough where the column is narrow.
        line.add(f"{bar(fraction, bar_width)} ", Tone.BAR)
    line.add(f"{int(fraction * 100):>3} %", Tone.BAR)
    line.add(f"  {worker.phase.value:<8}")
    column = line.width + _GAP
    if width >= 56:
        column += _RATE
        if worker.phase is Phase.DOWNLOAD and bytes_per_s > 0:
            line.cell(rate_text(bytes_per_s), _RATE, right=True)
    return _add_clip(line, worker.clip, column, width)


def _wait_words(worker: WorkerState, now: float) -> str:
    left_s = worker.until - now if worker.until is not None else 0.0
    if left_s < 0.5:
        return worker.phase.value
    return f"{'pace' if worker.phase is Phase.PACE else worker.phase.value}: next in {left_s:.0f} s"


def _add_clip(line: Line, clip: Clip, column: int, width: int) -> Line:
    """Class and clip from ``column`` on: the clip to its segment, or its id alone, as there is room.

    Where the class needs more it begins further left, if no rate is shown there; then it is cut. Where
    little would be left of it, it stands alone.
    """
    start = line.width + _GAP
    label, whole = clip.label, cell_len(for_screen(clip.label))
    behind = _GAP + len(clip.youtube_id)
    line.to(max(start, min(column, width - (whole + behind if label else len(clip.name)))))
    room = width - line.width
    if not label:
        return line.add(clip.name if len(clip.name) <= room else clip.youtube_id)
    if room - behind < min(whole, _LABEL_LEAST):
        return line.add(label)
    for_name = room - _GAP - len(clip.name)
    name, cells = (clip.name, for_name) if for_name >= whole else (clip.youtube_id, room - behind)
    return line.cell(label, min(cells, max(LABEL_CELLS, whole))).add(f"  {name}", Tone.DIM)


def worker_lines(
    moment: Moment,
    speeds: Mapping[int, float],
    width: int,
    height: int,
    *,
    full: bool = False,
    beside: bool = True,
) -> list[Line]:
    """All workers, in columns ``beside`` each other if they must; what does not fit is counted.

    In ``full`` there are as many lines as it takes. ``speeds`` are bytes a second by slot.
    """
    if moment.lost:
        seen = clock_text(moment.seen_at, moment.zone)
        hand = counted(moment.state.in_hand, "clip")
        lines = [Line(f"engine not answering; last seen {seen}", Tone.WARN)]
        return [*lines, Line(f"{hand} in hand then", Tone.DIM)][: max(1, height)]
    workers = [worker for _, worker in sorted(moment.state.workers.items())]
    if moment.reads_archives:
        # They wait for copies, whatever they waited for before.
        workers = [
            msgspec.structs.replace(one, phase=Phase.IDLE, until=None) if one.phase is Phase.PACE else one
            for one in workers
        ]
    if moment.ended and (not moment.connected or not workers):
        return [Line("no workers", Tone.DIM)]
    if not workers:
        return [Line("no worker yet", Tone.DIM)]
    columns = 1
    while (
        beside and len(workers) > height * columns and (width + _GAP) // (columns + 1) - _GAP >= COLUMN_LEAST
    ):
        columns += 1
    rows = -(-len(workers) // columns) if full else min(height, -(-len(workers) // columns))
    more = len(workers) - rows * columns
    if more > 0:
        # The line that says how many are missing takes the place of a row.
        rows = max(0, rows - 1)
        more = len(workers) - rows * columns
    column_width = (width + _GAP) // columns - _GAP
    slots = slot_texts(workers, column_width)
    away = {name for name, host in moment.state.hosts.items() if host.status is HostStatus.AWAY}
    if not rows:
        busy = sum(worker.clip is not None for worker in workers)
        return [Line(f"{counted(more, 'worker')}, {busy or 'none'} with a clip in hand", Tone.DIM)]
    lines = []
    for row in range(rows):
        line = Line()
        for column, worker in enumerate(workers[row : rows * columns : rows]):
            line.to(column * (column_width + _GAP))
            shown = worker_line(
                worker,
                moment.now,
                speeds.get(worker.slot, 0.0),
                column_width,
                slot=slots[worker.slot],
                away=worker.host in away,
            )
            for text, tone in shown.spans(column_width):
                line.add(text, tone)
        lines.append(line)
    if more > 0:
        busy = sum(worker.clip is not None for worker in workers[rows * columns :])
        lines.append(Line(f"+{more} more", Tone.STRONG).add(f", {busy} with a clip in hand", Tone.DIM))
    return lines


class WorkersPanel(Panel):
    """A row for each worker; while it is their turn one for each archive, in full view the workers below."""

    number = 2
    heading = "Workers"
    every_tick = True

    def __init__(self) -> None:
        super().__init__()
        self._speeds: dict[int, float] = {}
        self._speeds_at = -1

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        # Speeds jump with every report: read once a second they can be read, and cost less to paint.
        if int(moment.now) != self._speeds_at:
            self._speeds_at = int(moment.now)
            self._speeds = {slot: worker.bytes_per_s for slot, worker in moment.state.workers.items()}
        beside = self.full or not self.flat
        if moment.reads_archives:
            lines = archive_lines(moment, width, height)
            if not self.full:
                return lines
            below = max(1, height - len(lines) - 1)
            workers = worker_lines(moment, self._speeds, width, below, full=True, beside=beside)
            return [*lines, Line(), *workers]
        return worker_lines(moment, self._speeds, width, height, full=self.full, beside=beside)

    def title(self, moment: Moment) -> str:
        return "Archives" if moment.reads_archives else self.heading

    def figures(self, moment: Moment) -> str:
        state = moment.state
        if moment.reads_archives:
            return f"{state.archives.passed:,} of {state.archives.total:,} read"
        if moment.lost or moment.ended:
            return ""
        lent = sum(bool(worker.host) for worker in state.workers.values())
        running = len(state.workers) - lent
        wanted = f" of {state.options.workers}" if state.options.workers not in (0, running) else ""
        hosts = len({worker.host for worker in state.workers.values() if worker.host}) or state.hosts_here
        far = f" + {lent} on {counted(hosts, 'host')}" if hosts else ""
        return f"{running}{wanted}{far}  {counted(state.in_hand, 'clip')} in hand"
