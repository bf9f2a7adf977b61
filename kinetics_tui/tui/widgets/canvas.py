"""A widget that paints lines of toned text, and repaints only what is no longer the same."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from kinetics_tui.tui.lines import Line, Span, Tone, changed_width
from kinetics_tui.tui.moment import Moment


class Canvas(Widget, can_focus=False):
    """Paints what ``compose_lines`` makes of the moment it was last shown.

    Over a slow line every byte counts: a timer may show it a new moment as often as it likes, and
    only lines that came out differently are painted, from their left end to the last difference.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"canvas--{tone}" for tone in Tone}

    every_tick = False
    """Whether it is composed at every tick, or once a second (and at once when ``urgent``)."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._moment: Moment | None = None
        self._painted: list[tuple[Span, ...]] = []
        self._strips: list[Strip] = []
        self._composed_size = (-1, -1)
        self._styles_by_tone: dict[Tone, Style] = {}

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        """The lines to be seen, at most ``height`` of them; each is cut or padded to ``width``."""
        raise NotImplementedError

    @property
    def moment(self) -> Moment | None:
        """The moment on screen."""
        return self._moment

    def show(self, moment: Moment, *, urgent: bool = False) -> None:
        """Paint ``moment``; a canvas not meant for every tick waits for the next whole second."""
        before = self._moment
        if before is not None and not (urgent or self.every_tick) and int(before.now) == int(moment.now):
            return
        self._moment = moment
        self.repaint()

    def repaint(self) -> None:
        """Compose again, and mark what has changed for painting."""
        width, height = self.size
        if self._composed_size != (width, height) or not self._strips:
            self._compose_all()
            self.refresh()
            return
        regions = []
        for y, (old, new) in enumerate(zip(self._painted, self._spans(width, height), strict=True)):
            if old != new:
                self._painted[y] = new
                self._strips[y] = self._strip(new, width)
                regions.append(Region(0, y, changed_width(old, new, width), 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        if self._composed_size != tuple(self.size):
            self._compose_all()
        if 0 <= y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_by_tone.clear()
        # Strips carry the styles that they were made with.
        self._composed_size = (-1, -1)

    def _compose_all(self) -> None:
        width, height = self.size
        self._painted = self._spans(width, height)
        self._strips = [self._strip(spans, width) for spans in self._painted]
        self._composed_size = (width, height)

    def _spans(self, width: int, height: int) -> list[tuple[Span, ...]]:
        if self._moment is None or width <= 0 or height <= 0:
            lines: list[Line] = []
        else:
            lines = self.compose_lines(self._moment, width, height)[:height]
        spans = [line.spans(width) for line in lines]
        return spans + [Line().spans(width)] * (height - len(spans))

    def _strip(self, spans: tuple[Span, ...], width: int) -> Strip:
        # Each change of style costs some 25 bytes on the line; tones that look alike share a run.
        runs: list[tuple[str, Style]] = []
        for text, tone in spans:
            style = self._style(tone)
            if runs and runs[-1][1] == style:
                text = runs.pop()[0] + text
            runs.append((text, style))
        return Strip([Segment(text, style) for text, style in runs], width)

    def _style(self, tone: Tone) -> Style:
        style = self._styles_by_tone.get(tone)
        if style is None:
            style = self.get_component_rich_style(f"canvas--{tone}")
            self._styles_by_tone[tone] = style
        return style
