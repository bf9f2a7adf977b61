"""The terminal app: a set-up screen where there is no run yet, then the run screen."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.widgets import Static

from kinetics_tui.base.errors import EngineDiedError, UserError
from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.model.options import PictureKind
from kinetics_tui.tui.parts.dialogs import Palette
from kinetics_tui.tui.parts.line_speed import LineSpeed
from kinetics_tui.tui.parts.view_state import REFRESH_HZ, Link, Looking
from kinetics_tui.tui.setup.ports import Plan
from kinetics_tui.tui.terminal import clipboard
from kinetics_tui.tui.terminal.painting import LineApp
from kinetics_tui.tui.terminal.terminal import (
    KINETICS_ANSI,
    KINETICS_DARK,
    Farewell,
    TerminalCalls,
    TerminalTitle,
    check_terminal,
    colour_depth,
    picture_colours,
    picture_kind,
    theme_name,
    write_error_terminal,
)

if TYPE_CHECKING:
    from kinetics_tui.tui.run.screen import RunScreen


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LEAVE_WITHIN_S = 8.0
"""A signal, or the loss of the terminal, ends the app within so long, whatever it still waits for."""
FAREWELL_WITHIN_S = 2.0
"""A terminal that does not take the parting line in this time goes without."""


class KineticsApp(LineApp[Farewell]):
    """Shows ``link``'s run; without one, asks ``setup`` for a plan and ``start`` for the link to it.

    What ``start`` tells by the function that it is handed, from any thread, is shown meanwhile.

    ``setup`` makes a screen whose result is a plan, or None to leave; it is handed the plan whose start
    failed, for the form to be filled in with, or None the first time. ``now`` (seconds since the
    epoch) and ``zone`` (None: local) are the clock; ``refresh_hz`` is how often the screen looks at
    the run. At the turns of the run that are worth a call ``bell`` rings the terminal's bell, and
    ``desktop`` has the terminal show a notice.
    """

    TITLE = "Kinetics"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "leave", show=False, priority=True, id="app.leave"),
    ]

    def __init__(
        self,
        link: Link | None,
        *,
        setup: Callable[[Plan | None], Screen[Plan | None]] | None = None,
        start: Callable[[Plan, Callable[[str], None]], Awaitable[Link]] | None = None,
        now: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        refresh_hz: float = REFRESH_HZ,
        theme: str | None = None,
        pictures: PictureKind = PictureKind.AUTO,
        bell: bool = False,
        desktop: bool = False,
    ) -> None:
        # Textual picks its way of leaving colours out here, before our theme is known; with the wrong one
        # the terminal's own colours would come out as black on black.
        line = LineSpeed(1 / refresh_hz)
        super().__init__(line, ansi_color=True if "NO_COLOR" in os.environ else None)
        self._link = link
        self._setup = setup
        self._start = start
        self._looking = Looking(
            line,
            now,
            zone,
            colours=picture_colours(os.environ),
            pictures=picture_kind(os.environ, pictures),
            write=self._write_terminal,
        )
        self._run_screen: RunScreen | None = None
        self._since = 0.0
        self._title_bar: TerminalTitle | None = None
        self._leaving: threading.Timer | None = None
        self._calls = TerminalCalls(
            self._write_terminal, bell=bell, desktop=desktop, in_tmux="TMUX" in os.environ
        )
        self.animation_level = "none"
        self.register_theme(KINETICS_DARK)
        self.register_theme(KINETICS_ANSI)
        self.theme = theme or theme_name(os.environ)
        if "NO_COLOR" not in os.environ and colour_depth(os.environ) == "truecolor":
            # The themes live in 256 colours; naming them by number halves the bytes of each style.
            self.console = Console(
                color_system="256",
                file=self.console.file,
                force_terminal=True,
                highlight=False,
                legacy_windows=False,
            )

    def compose(self) -> ComposeResult:
        yield Static("Starting the engine ...", id="waiting", markup=False)

    def on_mount(self) -> None:
        self._since = self._looking.now()
        if not self.is_headless:
            self._title_bar = TerminalTitle(self._write_terminal)
            loop = asyncio.get_running_loop()
            for number in _SIGNALS:
                loop.add_signal_handler(number, self._leave_on_signal, number)
        if self._link is not None:
            self._show_run(self._link)
        else:
            self._show_setup()

    def on_unmount(self) -> None:
        if self._title_bar is not None:
            self._title_bar.restore()

    async def action_quit(self) -> None:
        if self._run_screen is None:
            self.exit()
        else:
            self._run_screen.action_detach()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield SystemCommand("Help topics", "Networks, failures, settings and more.", self.action_topics)
        yield SystemCommand("Theme", "Change the colours.", self.action_change_theme)
        if self._run_screen is None:
            yield SystemCommand("Leave", "Leave the app, start nothing.", self.action_quit)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def action_topics(self) -> None:
        from kinetics_tui.tui.parts.help import TopicScreen, TopicsScreen  # few ask for help

        if not isinstance(self.screen, TopicsScreen | TopicScreen):
            self.push_screen(TopicsScreen())

    def search_themes(self) -> None:
        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by way of the terminal, through tmux too; many terminals ask or refuse, and none answers."""
        self._clipboard = text  # Textual's own, which its fields paste from
        self.run_worker(clipboard.copy(text, self._write_terminal), group="clipboard")

    # -- from set-up to run -------------------------------------------------------------------------------

    def _show_setup(self, plan: Plan | None = None) -> None:
        if self._setup is None:
            raise ValueError("without a link the app needs a set-up screen")
        self.push_screen(self._setup(plan), self._planned)

    def _planned(self, plan: Plan | None) -> None:
        if plan is None:
            self.exit()
        else:
            self.run_worker(self._start_run(plan))

    async def _start_run(self, plan: Plan) -> None:
        if self._start is None:
            raise ValueError("a plan needs something to start it")
        loop, waiting = asyncio.get_running_loop(), self.screen_stack[0].query_one("#waiting", Static)

        def tell(text: str) -> None:
            loop.call_soon_threadsafe(waiting.update, for_screen(text))

        try:
            link = await self._start(plan, tell)
        except (UserError, EngineDiedError) as error:
            self.notify(str(error), severity="error", timeout=20, markup=False)
            self._show_setup(plan)
        else:
            self._show_run(link)

    def _show_run(self, link: Link) -> None:
        from kinetics_tui.tui.run.screen import RunScreen  # whoever sets up need not wait for it to load

        self.run_worker(link.follow(), group="link")
        self._run_screen = RunScreen(
            link,
            self._looking,
            on_title=None if self._title_bar is None else self._title_bar.set,
            on_notice=None if self.is_headless else self._calls.call,
            since=self._since,
        )
        self.push_screen(self._run_screen)

    # -- terminal -------------------------------------------------------------------------------------------

    def _write_terminal(self, text: str) -> None:
        # Textual has no public way to write an escape sequence of one's own.
        if self._driver is not None:
            self._driver.write(text)

    def line_lost(self) -> None:
        self._leave_on_signal(signal.SIGHUP)

    def _leave_on_signal(self, number: int) -> None:
        if self._leaving is None and not self.is_headless:
            self._leaving = threading.Timer(LEAVE_WITHIN_S, os._exit, (128 + number,))
            self._leaving.daemon = True
            self._leaving.start()
        self.exit(return_code=128 + number)

    async def run_action(self, *args: Any, **named: Any) -> bool:
        """Do nothing for keys that were typed after the one that left: they were meant for the shell."""
        return False if self._exit else await super().run_action(*args, **named)

    def has_left(self) -> None:
        """Note that the app has ended by itself."""
        if self._leaving is not None:
            self._leaving.cancel()


def run_app(app: KineticsApp, *, mouse: bool = True) -> int:
    """Run the app on the terminal, say how to come back, and return the exit code.

    Raises UserError where there is no terminal that can carry it.
    """
    check_terminal()
    parting = app.run(mouse=mouse)
    app.has_left()
    if parting is not None:
        line = threading.Thread(target=write_error_terminal, args=(parting.line + "\n",), daemon=True)
        line.start()
        line.join(FAREWELL_WITHIN_S)
    return app.return_code or 0
