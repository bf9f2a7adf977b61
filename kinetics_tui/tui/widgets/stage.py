"""The room between header and keys: five panels, arranged to fit, or one of them in full."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from kinetics_tui.tui.arrangement import BARS, Arrangement, Demand, arrange
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.widgets.failures import FailuresPanel
from kinetics_tui.tui.widgets.log import LogPanel
from kinetics_tui.tui.widgets.panel import Panel
from kinetics_tui.tui.widgets.splits import SplitsPanel
from kinetics_tui.tui.widgets.throttle import ThrottlePanel
from kinetics_tui.tui.widgets.workers import WorkersPanel


class Stage(Container):
    """Holds the panels and shows them a moment; the size of the screen is handed in with it."""

    class Changed(Message):
        """Another panel was opened, or closed, with the mouse."""

    def __init__(self) -> None:
        super().__init__(id="panels")
        self.splits_panel, self.workers_panel, self.throttle_panel = (
            SplitsPanel(),
            WorkersPanel(),
            ThrottlePanel(),
        )
        self.failures_panel, self.log_panel = FailuresPanel(), LogPanel()
        self.panels: tuple[Panel, ...] = (
            self.splits_panel,
            self.workers_panel,
            self.failures_panel,
            self.throttle_panel,
            self.log_panel,
        )
        self.full: Panel | None = None
        """The panel that has the stage for itself."""
        self._arranged: object = None

    def compose(self) -> ComposeResult:
        with Container(classes="pair"):
            yield self.splits_panel
            yield self.throttle_panel
        with Container(classes="pair"):
            yield self.workers_panel
            yield self.failures_panel
        yield self.log_panel

    def show(self, moment: Moment, width: int, height: int, *, urgent: bool) -> None:
        """Show a moment on a screen of ``width`` by ``height`` cells."""
        urgent = self._arrange(moment, width, height) or urgent
        for panel in self.panels:
            if panel.display:
                panel.show(moment, urgent=urgent)

    def open(self, name: str) -> None:
        """Give one panel the stage, or take it back if it has it; seen at the next ``show``."""
        panel = next(panel for panel in self.panels if panel.id == name)
        self.full = None if panel is self.full else panel

    def move(self, rows: int) -> None:
        """Scroll the panel in full view, or else move the cursor over the splits."""
        if self.full is None or self.full is self.splits_panel:
            self.splits_panel.move_cursor(rows)
        else:
            self.full.move(rows)

    def _arrange(self, moment: Moment, width: int, height: int) -> bool:
        """Give the panels their places; returns whether any of them changed."""
        state = moment.state
        workers = max(len(state.workers), state.worker_target)
        demand = Demand(len(state.splits), workers, moment.cooling, moment.held, moment.switching)
        arranged = (width, height, demand, self.full)
        if arranged == self._arranged:
            return False
        self._arranged = arranged
        arrangement = arrange(width, height, demand)
        with self.app.batch_update():
            self.set_class(not arrangement.wide, "-stacked")
            for panel in self.panels:
                self._place(panel, arrangement, height)
            for pair in self.query(".pair"):
                pair.display = any(child.display for child in pair.children)
        self.throttle_panel.set_class(moment.cooling, "-cooling")
        return True

    def _place(self, panel: Panel, arrangement: Arrangement, height: int) -> None:
        if self.full is None:
            rows = arrangement.rows(panel.heading.lower())
        else:
            rows = max(1, height - BARS) if panel is self.full else 0
        in_left_column = (
            self.full is None and arrangement.wide and panel in (self.splits_panel, self.workers_panel)
        )
        panel.flat = not arrangement.wide
        panel.display = rows > 0
        panel.styles.height = rows
        panel.styles.width = f"{arrangement.left_percent}%" if in_left_column else "1fr"
        if panel.full != (panel is self.full):
            panel.set_full(full=panel is self.full)

    def on_panel_opened(self, event: Panel.Opened) -> None:
        event.stop()
        self.open(event.panel.heading.lower())
        self.post_message(self.Changed())
