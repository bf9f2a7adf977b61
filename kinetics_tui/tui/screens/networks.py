"""The network screen: every network of a run, what is known of it, and the switch to another one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from kinetics_tui.tui.arrangement import arrange_networks
from kinetics_tui.tui.known_networks import known_networks
from kinetics_tui.tui.moment import REFRESH_HZ, Moment
from kinetics_tui.tui.screens.live import ALWAYS
from kinetics_tui.tui.screens.network_keys import KEYS, WORDS, hints
from kinetics_tui.tui.screens.on_run import OnRunScreen
from kinetics_tui.tui.screens.palette import Steering
from kinetics_tui.tui.widgets.check_line import CheckLine, check_lines
from kinetics_tui.tui.widgets.key_bar import Hint
from kinetics_tui.tui.widgets.network_details import NetworkDetailsPanel
from kinetics_tui.tui.widgets.network_list import NetworksPanel


class NetworksScreen(OnRunScreen):
    """The list, what came of a check, and the details of the network at the cursor."""

    TITLE = "Networks"
    BINDINGS: ClassVar[list[BindingType]] = list(KEYS)
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS
    # What is done to networks the palette offers by their names, not by the cursor.
    OFFERED = ("back", "help")

    def __init__(
        self,
        run: Steering,
        *,
        now: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        refresh_hz: float = REFRESH_HZ,
    ) -> None:
        super().__init__(run, now=now, zone=zone, refresh_hz=refresh_hz)
        self._list, self._check, self._details = NetworksPanel(), CheckLine(), NetworkDetailsPanel()
        self._arranged: object = None

    def open_networks(self) -> None:
        """This is the network screen."""

    # -- looking at the networks ------------------------------------------------------------------------

    def body_widgets(self) -> Iterable[Widget]:
        return (self._list, self._check, self._details)

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        listed = tuple(
            (info.name, info.status, info.until, info.in_use, info.present, info.given_as)
            for info in moment.state.networks.values()
        )
        return (*super().pressing(moment), listed, moment.state.checked, self.networks.checking)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        return hints(self._list.highlighted)

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        self._check.checking = self.networks.checking
        urgent = self._arrange(moment) or urgent
        self._list.show(moment, urgent=urgent)
        highlighted = self._list.highlighted
        self._details.name_shown = None if highlighted is None else highlighted.name
        for canvas in (self._check, self._details):
            canvas.show(moment, urgent=urgent)
        if urgent:
            # What the keys do depends on the cursor, which may have come to another network.
            self._keys.set_hints(hints(highlighted), ALWAYS)

    def _arrange(self, moment: Moment) -> bool:
        """Give the parts their places; returns whether any of them changed."""
        said = len(check_lines(moment, self._check.checking, self.size.width))
        rooms = arrange_networks(*self.size, len(known_networks(moment.state)), said)
        if rooms == self._arranged:
            return False
        self._arranged = rooms
        heights = ((self._list, rooms.networks), (self._check, rooms.said), (self._details, rooms.details))
        with self.app.batch_update():
            for widget, rows in heights:
                widget.display = rows > 0
                widget.styles.height = rows
            self._list.flat = self._details.flat = not rooms.boxed
        return True

    def on_networks_panel_moved(self) -> None:
        self.tick(urgent=True)

    # -- actions ----------------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        self._list.move(rows)

    def action_page(self, pages: int) -> None:
        self._list.move_page(pages)

    def action_to_end(self, end: bool) -> None:
        self._list.move_to_end(end=end)

    def action_switch(self) -> None:
        self._with_highlighted(self.networks.switch)

    def action_check(self) -> None:
        self._with_highlighted(self.networks.check)
        self.tick(urgent=True)

    def action_add(self) -> None:
        self.networks.add()

    def action_forget(self) -> None:
        self._with_highlighted(self.networks.forget)

    def _with_highlighted(self, act: Callable[[str], None]) -> None:
        info = self._list.highlighted
        if info is not None:
            act(info.name)
