"""What the screens that stand on the run screen have in common: they steer the run through it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import ClassVar

from textual.binding import Binding

from kinetics_tui.model.commands import AnyCommand
from kinetics_tui.tui.moment import REFRESH_HZ
from kinetics_tui.tui.screens.help import HelpScreen, KeyHelp, Words
from kinetics_tui.tui.screens.live import LiveScreen
from kinetics_tui.tui.screens.network_actions import NetworkActions
from kinetics_tui.tui.screens.palette import STEERS, Steering
from kinetics_tui.tui.screens.run_keys import key_text


class OnRunScreen(LiveScreen):
    """Stands on ``run``, which sends what is asked for here: a reply may come after this is closed."""

    OWN_KEYS: ClassVar[Sequence[Binding]]
    """Every key of the screen, in the order of its help."""
    OWN_WORDS: ClassVar[Words]
    OFFERED: ClassVar[Sequence[str]] = ("back", "help")
    """Actions that the palette offers by the names of their keys."""

    def __init__(
        self,
        run: Steering,
        *,
        now: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        refresh_hz: float = REFRESH_HZ,
    ) -> None:
        super().__init__(run.link, now=now, zone=zone, refresh_hz=refresh_hz)
        self._run = run

    @property
    def networks(self) -> NetworkActions:
        return self._run.networks

    def send(self, command: AnyCommand, *, refused: Callable[[str], None] | None = None) -> None:
        """Ask the engine for something."""
        self._run.send(command, refused=refused)

    def action_help(self) -> None:
        if self.is_active:
            keys = [KeyHelp(key_text(key), key.description, key.tooltip) for key in self.OWN_KEYS]
            self.app.push_screen(HelpScreen(keys, self.OWN_WORDS))

    def action_back(self) -> None:
        if self.is_active:
            self.dismiss()

    # -- what can be done -----------------------------------------------------------------------------

    def offered_bindings(self) -> list[Binding]:
        """Keys that make sense in the palette now, and those of the run screen that do here."""
        runs = [key for key in self._run.offered_bindings() if key.action.partition("(")[0] in STEERS]
        return [*self.own_bindings(), *runs]

    def own_bindings(self) -> list[Binding]:
        """Keys of this screen's own that make sense in the palette now."""
        return [key for key in self.OWN_KEYS if key.action in self.OFFERED]

    async def act(self, action: str) -> None:
        if action.partition("(")[0] in STEERS:
            await self._run.act(action)
        else:
            await super().act(action)
