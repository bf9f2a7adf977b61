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
from kinetics_tui.tui.widgets.canvas import Canvas
from kinetics_tui.tui.widgets.countdown import longer_wait_s
from kinetics_tui.tui.widgets.header import Clock, HeaderLine
from kinetics_tui.tui.widgets.key_bar import Hint, KeyBar
from kinetics_tui.tui.widgets.splits import SplitsPanel
from kinetics_tui.tui.widgets.stage import Stage

REFRESH_HZ = 4.0
REFRESH_HZ_MOST = 5.0
WORKERS_MOST = 64

STOP, DETACH = "stop", "detach"


def _key(key: str, action: str, name: str, tooltip: str, *, shown_as: str | None = None) -> Binding:
    return Binding(
        key, action, name, key_display=shown_as, tooltip=tooltip, id=f"run.{name.replace(' ', '-')}"
    )


class RunScreen(Screen[None]):
    """Shows one run through its link.

    A timer looks at the run at most ``REFRESH_HZ_MOST`` times a second; the link folds events in
    meanwhile, however many there are.
    """

    TITLE = "Run"
    COMMANDS = {RunCommands}  # noqa: RUF012 - Textual's own declaration
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        _key(
            "space",
            "pause_or_resume",
            "pause or resume",
            "Finish the clips in hand and wait; again to go on.",
        ),
        _key("P", "pause_now", "pause now", "Put the clips in hand back at once and wait."),
        _key("plus,equals_sign", "workers(1)", "more workers", "One worker more, up to 64.", shown_as="+"),
        _key("minus", "workers(-1)", "fewer workers", "One worker fewer, down to 1.", shown_as="-"),
        _key("p", "probe_now", "probe now", "Do not wait for the end of the cooldown: send one clip."),
        _key("e", "wait_longer", "wait longer", "Make the cooldown longer by the step that it is on."),
        _key(
            "up", "move(-1)", "up", "Move to the split above, or scroll a panel in full view.", shown_as="↑"
        ),
        _key(
            "down",
            "move(1)",
            "down",
            "Move to the split below, or scroll a panel in full view.",
            shown_as="↓",
        ),
        _key("pageup", "page(-1)", "page up", "Scroll a panel in full view by a page."),
        _key("pagedown", "page(1)", "page down", "Scroll a panel in full view by a page."),
        _key("home", "to_end(False)", "to the start", "Scroll a panel in full view to its start."),
        _key("end", "to_end(True)", "to the end", "Scroll a panel in full view to its end."),
        _key("x,enter", "switch_split", "switch split", "Switch the split at the cursor on or off."),
        _key("1", "open('splits')", "splits in full", "The splits panel alone; again to go back."),
        _key("2", "open('workers')", "workers in full", "The workers panel alone; again to go back."),
        _key("3", "open('failures')", "failures in full", "Every failure category with advice."),
        _key("4", "open('throttle')", "throttle in full", "The throttle panel alone; again to go back."),
        _key("5", "open('log')", "log in full", "The last lines of the log; arrow keys scroll."),
        _key("escape", "back", "back", "Back to all panels.", shown_as="esc"),
        _key("d", "detach", "detach", "Leave the app; the run goes on without it."),
        _key("q,ctrl+c", "ask_to_leave", "stop", "Stop the run, or only leave it: asks first."),
        _key("question_mark", "help", "help", "What the keys do and what the words mean.", shown_as="?"),
    ]

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

    # -- looking at the run -----------------------------------------------------------------------------

    @property
    def moment(self) -> Moment:
        return Moment(self.link.state, self._now(), self.link.connected, self._zone)

    def tick(self, *, urgent: bool = False) -> None:
        """Show the run as it stands, if anything about it can have changed."""
        moment = self.moment
        seen = (self.link.version, self.link.connected, int(moment.now))
        if seen == self._seen and not urgent:
            return
        self._seen = seen
        pressing = _pressing(moment)
        urgent = urgent or pressing != self._pressing
        if urgent:
            self._pressing = pressing
            self._keys.set_hints(*self._hints(moment))
        bars: tuple[Canvas, ...] = (self._header, self._clock, self._keys)
        for canvas in bars:
            canvas.show(moment, urgent=urgent)
        self._stage.show(moment, *self.size, urgent=urgent)
        if self._on_title is not None:
            self._on_title(window_title(moment))
        if self._workers_asked == moment.state.worker_target:
            self._workers_asked = None
        stopped = moment.ended or (not moment.connected and moment.state.status is EngineStatus.STOPPING)
        if self._stop_asked and stopped:
            self._leave()

    def _hints(self, moment: Moment) -> tuple[list[Hint], list[Hint]]:
        right = [Hint("?", "help", "help"), Hint("^p", "palette", "app.command_palette")]
        hints = []
        if self._stage.full is not None:
            hints += [Hint("esc", "back", "back"), Hint("↑↓", "move", "move(1)")]
        if moment.ended or moment.lost:
            return [*hints, Hint("q", "leave", "ask_to_leave"), Hint("1-5", "panels", "open('log')")], right
        if moment.cooling:
            hints += [Hint("p", "probe now", "probe_now"), Hint("e", "wait longer", "wait_longer")]
        hints.append(Hint("space", "resume" if moment.paused else "pause", "pause_or_resume"))
        hints += [
            Hint("P", "pause now", "pause_now"),
            Hint("+ -", "workers", "workers(1)"),
            Hint("d", "detach", "detach"),
            Hint("q", "stop", "ask_to_leave"),
            Hint("x", "split on/off", "switch_split"),
            Hint("1-5", "panels", "open('log')"),
        ]
        return hints, right

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
        if action in ("probe_now", "wait_longer"):
            return moment.cooling
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
        self.send(ProbeNow())

    def action_wait_longer(self) -> None:
        self.send(WaitLonger(seconds=longer_wait_s(self.link.state.network)))

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
        self.app.push_screen(
            HelpScreen(KeyHelp(self._key_text(b), b.description, b.tooltip) for b in self._bindings_shown())
        )

    def action_detach(self) -> None:
        self._leave()

    def action_ask_to_leave(self) -> None:
        moment = self.moment
        if moment.ended or moment.lost:
            self._leave()
            return
        answers = [
            Answer("s", "stop the run: clips in hand are put back, the engine ends", STOP),
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
        parting = farewell(self.moment)
        self.app.exit(parting, return_code=parting.code)

    # -- what can be done ---------------------------------------------------------------------------------

    def offered_bindings(self) -> list[Binding]:
        """Keys that make sense in the palette now."""
        moves = ("move", "page", "to_end")
        return [b for b in self._bindings_shown() if not b.action.startswith(moves) and self._allowed(b)]

    def _allowed(self, binding: Binding) -> bool:
        return bool(self.check_action(binding.action.partition("(")[0], ()))

    def _bindings_shown(self) -> list[Binding]:
        return [binding for binding in self.BINDINGS if isinstance(binding, Binding)]

    def _key_text(self, binding: Binding) -> str:
        return binding.key_display or " ".join(binding.key.split(","))


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
