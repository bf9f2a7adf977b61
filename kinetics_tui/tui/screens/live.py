"""What the screens on a run have in common: top line, keys, and a timer that looks at the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from kinetics_tui.tui.link import Link
from kinetics_tui.tui.moment import REFRESH_HZ, Moment
from kinetics_tui.tui.screens.palette import RunCommands
from kinetics_tui.tui.widgets.canvas import Canvas
from kinetics_tui.tui.widgets.header import Clock, HeaderLine
from kinetics_tui.tui.widgets.key_bar import Hint, KeyBar

REFRESH_HZ_MOST = 5.0
ALWAYS = (Hint("?", "help", "help"), Hint("^p", "palette", "app.command_palette"))
"""The hints at the right end of the bottom line."""


class LiveScreen(Screen[None]):
    """Shows a run through its link; the body is up to the screens made of this one.

    A timer looks at the run at most ``REFRESH_HZ_MOST`` times a second; the link folds events in
    meanwhile, however many there are.
    """

    COMMANDS = {RunCommands}  # noqa: RUF012 - Textual's own declaration
    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(
        self,
        link: Link,
        *,
        now: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        refresh_hz: float = REFRESH_HZ,
    ) -> None:
        super().__init__()
        self.link = link
        self._now = now
        self._zone = zone
        self._refresh_hz = refresh_hz
        self._header, self._clock, self._keys = HeaderLine(), Clock(), KeyBar()
        self._seen: object = None
        self._pressing: object = None

    # -- what a screen adds -----------------------------------------------------------------------------

    def body_widgets(self) -> Iterable[Widget]:
        """What stands between the top line and the keys."""
        raise NotImplementedError

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        """Show a moment there."""
        raise NotImplementedError

    def hints(self, moment: Moment) -> Sequence[Hint]:
        """The keys that matter now, the most needed first."""
        raise NotImplementedError

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        """What is shown at once when it changes, not at the next second."""
        state, network = moment.state, moment.state.network
        return (
            state.status,
            state.reason,
            moment.connected,
            network.name,
            network.label,
            network.status,
            network.until,
            network.allowed_per_hour,
            state.worker_target,
            state.pace_per_hour,
        )

    # -- looking at the run -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Horizontal(id="top-line"):
            yield self._header
            yield self._clock
        yield from self.body_widgets()
        yield self._keys

    def on_mount(self) -> None:
        self.tick()
        self.set_interval(1 / min(REFRESH_HZ_MOST, max(0.1, self._refresh_hz)), self.tick)

    def on_resize(self) -> None:
        self.tick(urgent=True)

    def on_screen_resume(self) -> None:
        self.tick(urgent=True)

    @property
    def moment(self) -> Moment:
        return Moment(self.link.state, self._now(), self.link.connected, self._zone)

    def tick(self, *, urgent: bool = False) -> None:
        """Show the run as it stands, if anything about it can have changed."""
        if not self.is_active:
            # Under another screen this one stands still: Textual would repaint all of both.
            return
        moment = self.moment
        seen = (self.link.version, self.link.connected, int(moment.now))
        if seen == self._seen and not urgent:
            return
        self._seen = seen
        pressing = self.pressing(moment)
        urgent = urgent or pressing != self._pressing
        if urgent:
            self._pressing = pressing
            self._keys.set_hints(self.hints(moment), ALWAYS)
        bars: tuple[Canvas, ...] = (self._header, self._clock, self._keys)
        for canvas in bars:
            canvas.show(moment, urgent=urgent)
        self.show_body(moment, urgent=urgent)

    def say(self, text: str, *, bad: bool) -> None:
        """Show one line in place of the keys for a few seconds."""
        self._keys.notify_line(text, self._now(), bad=bad)
        self.tick(urgent=True)

    async def act(self, action: str) -> None:
        """Do what a key does."""
        await self.run_action(action)
