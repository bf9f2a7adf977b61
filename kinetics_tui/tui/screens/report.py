"""The report screen: what became of the dataset so far, added up when it is opened and when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from kinetics_tui.model.errors import ReportError
from kinetics_tui.report.program import make_report
from kinetics_tui.tui.arrangement import BARS, WIDE_COLUMNS, WIDE_ROWS
from kinetics_tui.tui.moment import REFRESH_HZ, Moment
from kinetics_tui.tui.screens.networks import NetworksScreen
from kinetics_tui.tui.screens.on_run import OnRunScreen
from kinetics_tui.tui.screens.palette import Steering
from kinetics_tui.tui.screens.report_keys import HINTS, KEYS, WORDS
from kinetics_tui.tui.widgets.key_bar import Hint
from kinetics_tui.tui.widgets.report_panel import ReportPanel


class ReportScreen(OnRunScreen):
    """The figures are of the moment when they were added up, which is told."""

    TITLE = "Report"
    BINDINGS: ClassVar[list[BindingType]] = list(KEYS)
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS
    OFFERED = ("make", "back", "help")

    def __init__(
        self,
        run: Steering,
        *,
        now: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        refresh_hz: float = REFRESH_HZ,
    ) -> None:
        super().__init__(run, now=now, zone=zone, refresh_hz=refresh_hz)
        self._panel = ReportPanel()

    def open_networks(self) -> None:
        """Show the network screen, where nothing else is in front."""
        if self.is_active:
            self.app.push_screen(
                NetworksScreen(self._run, now=self._now, zone=self._zone, refresh_hz=self._refresh_hz)
            )

    # -- looking at the report ----------------------------------------------------------------------------

    def body_widgets(self) -> Iterable[Widget]:
        return (self._panel,)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        return HINTS

    def on_mount(self) -> None:
        super().on_mount()
        self.action_make()

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        width, height = self.size
        self._panel.flat = width < WIDE_COLUMNS or height < WIDE_ROWS
        self._panel.styles.height = max(0, height - BARS)
        self._panel.show(moment, urgent=urgent)

    # -- making it ----------------------------------------------------------------------------------------

    def action_make(self) -> None:
        if not self._panel.making:
            self._panel.making = True
            self.run_worker(self._make(), group="report")
            self.tick(urgent=True)

    async def _make(self) -> None:
        try:
            self._panel.report = await make_report(Path(self.link.state.dataset))
            self._panel.problem = ""
        except ReportError as error:
            self._panel.problem = str(error)
        finally:
            self._panel.making = False
        self.tick(urgent=True)

    # -- actions ------------------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        self._panel.move(rows)

    def action_page(self, pages: int) -> None:
        self._panel.move_page(pages)

    def action_to_end(self, end: bool) -> None:
        self._panel.move_to_end(end=end)
