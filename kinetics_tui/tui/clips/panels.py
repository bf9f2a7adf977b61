"""The list of clips that are done, and the one at the cursor with its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import bytes_text, when_text
from kinetics_tui.model.clip_queries import DoneClip, Pictures, PicturesQuery
from kinetics_tui.model.options import PictureKind
from kinetics_tui.tui.clips.graphics import Overlay, Placed
from kinetics_tui.tui.clips.pictures import GAP, Grid, grid, strip
from kinetics_tui.tui.clips.reading import DoneView, PictureReading
from kinetics_tui.tui.lists.screen import LABEL_CUT, PagedPanel, fit_columns
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone, flow, paragraph
from kinetics_tui.tui.parts.view_state import Looking, Moment

USUAL_SHAPE, HIGHEST_SHAPE = 16 / 9, 4 / 3
_MOST = {"label": 34, "clip": 34}
_GIVEN_UP = ("size", "length", "when", "split", "clip")


class DonePanel(PagedPanel[DoneClip]):
    """The clips that are done."""

    heading = "Clips"
    _view: DoneView

    def widths(self, rows: Sequence[DoneClip], moment: Moment, width: int) -> dict[str, int]:
        found = [self.cells(row, moment) for row in rows]
        wanted = dict.fromkeys(("when", "split", "label", "clip", "length", "size"), 0)
        for name in wanted:
            wanted[name] = max((cell_len(for_screen(cells[name][0])) for cells in found), default=0)
            wanted[name] = min(_MOST.get(name, width), max(wanted[name], len(self.titles().get(name, name))))
        return fit_columns(
            wanted,
            width,
            _GIVEN_UP,
            cut="clip",
            gives=("label", LABEL_CUT),
            grows="label",
            never="label",
        )

    def cells(self, row: DoneClip, moment: Moment) -> dict[str, tuple[str, Tone]]:
        return {
            "when": (when_text(row.at, moment.now, moment.zone), Tone.DIM),
            "split": (row.clip.split, Tone.PLAIN),
            "label": (row.clip.label, Tone.PLAIN),
            "clip": (row.clip.name, Tone.PLAIN),
            "length": (f"{row.made.duration_s:.1f} s", Tone.DIM),
            "size": (bytes_text(row.made.output_bytes), Tone.DIM),
        }

    def titles(self) -> Mapping[str, str]:
        return {"when": "done", "label": "class"}

    def nothing(self) -> str:
        filtered = self._view.filter != self._view.every
        return "none of the clips is like that" if filtered else "no clip is done yet"

    def of_all(self) -> int:
        if self._view.filter == self._view.every:
            return self._view.total
        return max(self._view.of_all, self._view.total)


def clip_lines(row: DoneClip, moment: Moment, width: int, *, full: bool) -> list[Line]:
    """The facts of a clip: name and class, then its file, and in ``full`` where that is."""
    clip, made = row.clip, row.made
    name = Line(clip.label or clip.name, Tone.STRONG).add(f"   {clip.split}", Tone.DIM)
    if clip.label and name.width + 3 + len(clip.name) <= width:
        name.add(f"   {clip.name}")
    if made.archive:
        sources = [f"from {made.archive}"]
    else:
        sources = [f"from itags {made.source_itags}"] * bool(made.source_itags)
        sources.append(f"by {row.network}" if row.network else "was on the disk already")
    facts = [
        f"{made.duration_s:.1f} s" + (" (the source ends early)" if made.short else ""),
        bytes_text(made.output_bytes),
        f"{made.width_px}x{made.height_px} at {made.fps:g} fps, {'with' if made.sound else 'no'} sound",
        *sources,
        when_text(row.at, moment.now, moment.zone),
    ]
    lines = [name, *flow([for_screen(fact) for fact in facts if fact], "   ", width)]
    if not full:
        return lines[:2]
    return [
        *lines,
        *(Line(text, Tone.DIM) for text in paragraph(row.path, width)),
        Line(clip.address, Tone.DIM),
    ]


class DonePicturesPanel(Panel):
    """The clip at the cursor: what it is, and pictures of it as large as there is room."""

    heading = "Clip"

    def __init__(self, reading: PictureReading, looking: Looking) -> None:
        super().__init__()
        kind = looking.pictures
        self.row: DoneClip | None = None
        self.pictures_on = kind is not PictureKind.NONE
        self._kind = PictureKind.BLOCKS if kind is PictureKind.NONE else kind
        self._reading = reading
        self._colours, self._line = looking.colours, looking.line
        self._drawn: tuple[object, list[Line]] = (None, [])
        self._laid: tuple[int, Grid, Pictures] | None = None

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        self._laid = None
        if self.row is None:
            return []
        lines = clip_lines(self.row, moment, width, full=self.full)
        room = height - len(lines)
        if room < 2:
            return lines
        return [*lines, *self._pictures(self.row, width, room, len(lines))]

    def _pictures(self, row: DoneClip, width: int, height: int, below: int) -> list[Line]:
        if not self.pictures_on:
            return [Line("pictures are off; p shows them", Tone.DIM)]
        made = row.made
        shape = made.width_px / made.height_px if made.width_px and made.height_px else USUAL_SHAPE
        shown = grid(width, height, shape)
        if shown is None:
            return [Line("no room for pictures; enter gives them all of the screen", Tone.DIM)]
        if self._line.slow:
            # Half blocks are painted line by line, as the line carries them. It stays at that: a line may be
            # slow because of the pictures.
            self._kind = PictureKind.BLOCKS
        cell_px = Overlay.cell_px(self._kind)
        kind = self._kind if cell_px else PictureKind.BLOCKS
        across_px, down_px = cell_px or (1, 2)
        query = PicturesQuery(
            path=row.path,
            count=shown.number,
            width_px=shown.columns * across_px,
            height_px=shown.rows * down_px,
            kind=kind,
        )
        pictures = self._reading.of(row, query)
        if pictures is None:
            return [Line("reading the clip ...", Tone.DIM)]
        problem = [Line(text, Tone.BAD) for text in paragraph(pictures.problem, width)]
        if kind is not PictureKind.BLOCKS:
            if pictures.pictures:
                self._laid = below + len(problem), shown, pictures
            return [*problem, *[Line()] * (height - len(problem))]
        if self._drawn[0] != (pictures, shown):
            self._drawn = ((pictures, shown), strip(pictures, shown, self._colours))
        return [*problem, *self._drawn[1]]

    @property
    def laid_over(self) -> Placed | None:
        """The pictures that belong over the blank lines, as they are on the screen."""
        if self._laid is None or not self.display or self.first_line:
            return None
        line, shown, pictures = self._laid
        corner, height = self.region.offset, self.size.height
        left, top = (1 if self.flat else 2), (0 if self.flat and height < 2 else 1)
        if top + line + shown.down * (shown.rows + GAP) - GAP > height:
            return None
        return corner.x + left, corner.y + top + line, shown, pictures


def worth_rows(width: int) -> int:
    """The lines of a clip's facts and of three pictures side by side, in a terminal so wide."""
    return 2 + max(6, min(20, int(width / 3 / HIGHEST_SHAPE / 2)))
