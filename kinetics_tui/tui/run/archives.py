"""Archives at work, in the place of the workers' rows: a bar each, and what became of the files in them."""

from __future__ import annotations

from rich.cells import cell_len

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import countdown_text, counted, rate_text
from kinetics_tui.model.events import ArchivesChanged, ArchiveState
from kinetics_tui.tui.parts.blocks import bar
from kinetics_tui.tui.parts.lines import Line, Tone, fit
from kinetics_tui.tui.parts.view_state import Moment

_USUAL = 3
"""Room is kept for so many, that panels do not move as one ends and another begins."""
_NAME_MOST = 32
_NAME_LEAST = 8
_BARS = (20, 10, 6, 0)
_PERCENT, _RATE, _CLIPS_LEAST, _TIME = 5, 9, 5, 8
_GAP = 2


def archive_rows(archives: ArchivesChanged) -> int:
    """The lines that they want: one each, and what became of the files in them."""
    return max(_USUAL, len(archives.reading)) + 1


def archive_lines(moment: Moment, width: int, height: int) -> list[Line]:
    """The archives on their way in at most ``height`` lines, then what became of the files in them."""
    state = moment.state
    reading = state.archives.reading
    stands = state.status.value if state.idle else ""
    shown = reading if len(reading) < height else reading[: max(0, height - 2)]
    lines = _table(shown, stands, width)
    if not reading and height > 1:
        lines.append(Line(stands or "the next archive is looked for", Tone.DIM))
    more = len(reading) - len(shown)
    if more and height > 1:
        words = f"+{more} more" if shown else f"{counted(more, 'archive')} {stands or 'on their way'}"
        rate = "" if stands or shown else f"  {rate_text(state.archives.bytes_per_s)}"
        lines.append(Line(words, Tone.STRONG).add(rate))
    tally = state.archives_tally
    if height == 1 and reading:
        tally = f"{counted(len(reading), 'archive')} {stands or 'on their way'} · {tally}"
    return [*lines, Line(tally)]


def _table(reading: tuple[ArchiveState, ...], stands: str, width: int) -> list[Line]:
    """A line each: name, bar, percent, rate, clips, and the time left or why it waits.

    Where room is short the bar gives way, then the rate, then the name.
    """
    if not reading:
        return []
    names = [for_screen(one.name) for one in reading]
    clips = [_clips_text(one) for one in reading]
    clips_width = max(_CLIPS_LEAST, *map(len, clips))
    name_width = min(_NAME_MOST, max(map(cell_len, names)))
    fixed = _PERCENT + _GAP + _RATE + _GAP + clips_width + _GAP + _TIME
    if name_width + _GAP + _BARS[1] + _GAP + fixed > width:
        # The folder that an archive lies in says less than its own name.
        own = [name.rpartition("/")[2] for name in names]
        names = own if len(set(own)) == len(own) else names
        name_width = min(_NAME_MOST, max(map(cell_len, names)))
    longest = max(cell_len(stands or one.waits) for one in reading)
    tail = max(fixed, _PERCENT + _GAP + clips_width + _GAP + longest)
    bar_width = next((cells for cells in _BARS if name_width + _GAP + cells + _GAP + tail <= width), 0)
    if not bar_width and width >= _NAME_LEAST + _GAP + _BARS[-2] + _GAP + fixed:
        bar_width = _BARS[-2]
    taken = fixed + (bar_width + _GAP) * bool(bar_width) + _GAP
    rate = width >= taken + _NAME_LEAST
    name_width = max(_NAME_LEAST, min(name_width, width - taken + (0 if rate else _RATE + _GAP)))
    lines = []
    for one, name, found in zip(reading, names, clips, strict=True):
        line = Line(fit(name, name_width))
        size, got = one.size_bytes or 0, min(one.got_bytes, one.size_bytes or 0)
        if bar_width:
            line.add("  ").add(bar(got / size if size else 0.0, bar_width), Tone.BAR)
        line.cell(f"{100 * got // size} %" if size else "?", _GAP + _PERCENT, right=True)
        why = stands or one.waits
        if rate and not why:  # the reason gets the room
            line.cell(rate_text(one.bytes_per_s), _GAP + _RATE, right=True)
        line.cell(found, _GAP + clips_width, right=True).add("  ")
        lines.append(line.add(why, Tone.WARN) if why else line.cell(_left_text(one), _TIME, right=True))
    return lines


def _clips_text(one: ArchiveState) -> str:
    """Clips found of those wanted that are in it: ``598/981``, ``171/~990`` if that is a guess, ``12/?``."""
    wanted = "?" if one.wanted is None else f"{'' if one.known else '~'}{one.wanted:,}"
    return f"{one.found:,}/{wanted}"


def _left_text(one: ArchiveState) -> str:
    """The time until all of it is here; then, that what has come is still gone through."""
    if one.size_bytes is None:
        return "?"
    left_bytes = max(0, one.size_bytes - one.got_bytes)
    if not left_bytes:
        return "here"
    return countdown_text(left_bytes / one.bytes_per_s) if one.bytes_per_s else ""
