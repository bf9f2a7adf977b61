"""The run screen: four panels and a log of a run, and the keys that steer it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen

from kinetics_tui.model.commands import (
    AnyCommand,
    Pause,
    ProbeNow,
    Resume,
    SetWorkers,
    Stop,
    SwitchSplit,
    WaitLonger,
)
from kinetics_tui.model.errors import EngineError
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.tui.farewell import farewell
from kinetics_tui.tui.link import Link
from kinetics_tui.tui.moment import Moment, window_title
from kinetics_tui.tui.screens.confirm import Answer, ConfirmScreen
from kinetics_tui.tui.screens.help import HelpScreen, KeyHelp
from kinetics_tui.tui.screens.palette import RunCommands
from kinetics_tui.tui.screens.run_keys import ALWAYS, KEYS, hints, key_text
from kinetics_tui.tui.widgets.canvas import Canvas
from kinetics_tui.tui.widgets.countdown import longer_wait_s
from kinetics_tui.tui.widgets.header import Clock, HeaderLine
from kinetics_tui.tui.widgets.key_bar import KeyBar
from kinetics_tui.tui.widgets.splits import SplitsPanel
from kinetics_tui.tui.widgets.stage import Stage

REFRESH_HZ = 4.0
REFRESH_HZ_MOST = 5.0
WORKERS_MOST = 64

STOP, DETACH = "stop", "detach"


class RunScreen(Screen[None]):
    """Shows one run through its link.

    A timer looks at the run at most ``REFRESH_HZ_MOST`` times a second; the link folds events in
    meanwhile, however many there are.
    """

    TITLE = "Run"
    COMMANDS = {RunCommands}  # noqa: RUF012 - Textual's own declaration
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = list(KEYS)

    def __init__(
        self,
        link: Link,
        *,
        now: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        refresh_hz: float = REFRESH_HZ,
        on_title: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self.link = link
        self._now = now
        self._zone = zone
        self._refresh_s = 1 / min(REFRESH_HZ_MOST, max(0.1, refresh_hz))
        self._on_title = on_title
        self._header, self._clock, self._keys = HeaderLine(), Clock(), KeyBar()
        self._stage = Stage()
        self._seen: object = None
        self._pressing: object = None
        self._workers_asked: int | None = None
        self._stop_asked = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="top-line"):
            yield self._header
            yield self._clock
        yield self._stage
        yield self._keys

    def on_mount(self) -> None:
        self.tick()
        self.set_interval(self._refresh_s, self.tick)

    def on_resize(self) -> None:
        self.tick(urgent=True)

    def on_screen_resume(self) -> None:
        self.tick(urgent=True)

    # -- looking at the run -----------------------------------------------------------------------------

    @property
    def moment(self) -> Moment:
        return Moment(self.link.state, self._now(), self.link.connected, self._zone)

    def tick(self, *, urgent: bool = False) -> None:
        """Show the run as it stands, if anything about it can have changed."""
        moment = self.moment
        if self._stop_asked and (moment.ended or not moment.connected):
            # The engine may be gone before it can say so.
            self._leave()
        if self._on_title is not None:
            self._on_title(window_title(moment))
        if not self.is_active:
            # Under a dialog the panels stand still: Textual would repaint all of both screens.
            return
        seen = (self.link.version, self.link.connected, int(moment.now))
        if seen == self._seen and not urgent:
            return
        self._seen = seen
        pressing = _pressing(moment)
        urgent = urgent or pressing != self._pressing
        if urgent:
            self._pressing = pressing
            self._keys.set_hints(hints(moment, full=self._stage.full is not None), ALWAYS)
        bars: tuple[Canvas, ...] = (self._header, self._clock, self._keys)
        for canvas in bars:
            canvas.show(moment, urgent=urgent)
        self._stage.show(moment, *self.size, urgent=urgent)
        if self._workers_asked == moment.state.worker_target:
            self._workers_asked = None

    # -- sending commands -------------------------------------------------------------------------------

    def send(self, command: AnyCommand) -> None:
        """Ask the engine for something, and show in one line what it says to it."""
        self.run_worker(self._send(command), group="commands")

    async def act(self, action: str) -> None:
        """Do what a key does."""
        await self.run_action(action)

    async def _send(self, command: AnyCommand) -> None:
        try:
            reply = await self.link.send(command)
        except EngineError as error:
            ok, message = False, str(error)
        else:
            ok, message = reply.ok, reply.message
        if not ok:
            self._workers_asked = None
            self._stop_asked = self._stop_asked and not isinstance(command, Stop)
        if message or not ok:
            self.notice(message or "The engine refused this.", bad=not ok)

    def notice(self, text: str, *, bad: bool) -> None:
        """Show one line at the bottom for a few seconds."""
        self._keys.notify_line(text, self._now(), bad=bad)

    # -- actions ----------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        moment = self.moment
        if action in ("page", "to_end", "back"):
            return self._stage.full is not None
        if action in ("pause_or_resume", "pause_now", "workers", "detach"):
            return not moment.ended
        return True

    def action_pause_or_resume(self) -> None:
        held = self.moment.paused or self.link.state.status is EngineStatus.DISK_FULL
        self.send(Resume() if held else Pause())

    def action_pause_now(self) -> None:
        self.send(Pause(now=True))

    def action_workers(self, more: int) -> None:
        # Keys may come faster than the engine tells of the change.
        wanted = (self._workers_asked or self.link.state.worker_target) + more
        if 1 <= wanted <= WORKERS_MOST:
            self._workers_asked = wanted
            self.send(SetWorkers(workers=wanted))
        else:
            self.notice(f"A run has 1 to {WORKERS_MOST} workers.", bad=True)

    def action_probe_now(self) -> None:
        if self._cools("Nothing to probe"):
            self.send(ProbeNow())

    def action_wait_longer(self) -> None:
        if self._cools("Nothing to wait for"):
            self.send(WaitLonger(seconds=longer_wait_s(self.link.state.network)))

    def _cools(self, otherwise: str) -> bool:
        """Whether the network cools down; if not, that is said."""
        if not self.moment.cooling:
            self.notice(f"{otherwise}: the network is not cooling down.", bad=True)
        return self.moment.cooling

    def action_switch_split(self) -> None:
        self._stage.splits_panel.switch()

    def on_splits_panel_switched(self, message: SplitsPanel.Switched) -> None:
        self.send(SwitchSplit(split=message.split, enabled=message.enabled))

    def action_move(self, rows: int) -> None:
        self._stage.move(rows)

    def action_page(self, pages: int) -> None:
        if self._stage.full is not None:
            self._stage.full.move_page(pages)

    def action_to_end(self, end: bool) -> None:
        if self._stage.full is not None:
            self._stage.full.move_to_end(end=end)

    def action_open(self, name: str) -> None:
        self._stage.open(name)
        self.tick(urgent=True)

    def on_stage_changed(self) -> None:
        self.tick(urgent=True)

    def action_back(self) -> None:
        self._stage.full = None
        self.tick(urgent=True)

    def action_help(self) -> None:
        if self.is_active:
            self.app.push_screen(HelpScreen(KeyHelp(key_text(b), b.description, b.tooltip) for b in KEYS))

    def action_detach(self) -> None:
        self._leave()

    def action_ask_to_leave(self) -> None:
        moment = self.moment
        if moment.ended or moment.lost:
            self._leave()
            return
        if not self.is_active:
            return  # asked already, by a key that came in one go with this one
        answers = [
            Answer("s", "stop the run, put clips in hand back", STOP),
            Answer("d", "detach: leave the app, the run goes on", DETACH),
            Answer("g", "go on", ""),
        ]
        ask = ConfirmScreen(
            "Stop the run?", "A stopped run goes on later where it left off.", answers, on_ctrl_c=DETACH
        )
        self.app.push_screen(ask, self._answered)

    def _answered(self, answer: str | None) -> None:
        if answer == STOP:
            self._stop_asked = True
            self.send(Stop())
        elif answer == DETACH:
            self._leave()

    def _leave(self) -> None:
        parting = farewell(self.moment, stopped=self._stop_asked)
        self.app.exit(parting, return_code=parting.code)

    # -- what can be done ---------------------------------------------------------------------------------

    def offered_bindings(self) -> list[Binding]:
        """Keys that make sense in the palette now."""
        moves = ("move", "page", "to_end")
        keys = [key for key in KEYS if key.key != "ctrl+c" and not key.action.startswith(moves)]
        return [key for key in keys if self._allowed(key)]

    def _allowed(self, binding: Binding) -> bool:
        if binding.action in ("probe_now", "wait_longer"):
            return self.moment.cooling
        return bool(self.check_action(binding.action.partition("(")[0], ()))


def _pressing(moment: Moment) -> object:
    """What is shown at once when it changes, not at the next second."""
    state = moment.state
    return (
        state.status,
        state.reason,
        moment.connected,
        state.network.name,
        state.network.status,
        state.network.until,
        state.worker_target,
        state.pace_per_hour,
        tuple(split.enabled for split in state.splits.values()),
    )
