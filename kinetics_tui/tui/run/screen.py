"""The run screen: four panels and a log of a run, and the keys that steer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.binding import Binding
from textual.widget import Widget

from kinetics_tui.base.errors import EngineDiedError, EngineError, UserError
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
from kinetics_tui.model.events import NoticeKind
from kinetics_tui.model.options import WORKERS
from kinetics_tui.tui.clips.screen import ClipsScreen
from kinetics_tui.tui.failures.screen import FailuresScreen
from kinetics_tui.tui.hosts.screen import HostsScreen
from kinetics_tui.tui.networks.actions import NetworkActions
from kinetics_tui.tui.networks.screen import NetworksScreen
from kinetics_tui.tui.parts.bars import Hint
from kinetics_tui.tui.parts.dialogs import Answer, ConfirmScreen
from kinetics_tui.tui.parts.network_words import longer_text, longer_wait_s, probe_text
from kinetics_tui.tui.parts.run_screen_base import LiveScreen
from kinetics_tui.tui.parts.view_state import STOPPING, Link, Looking, Moment, window_title
from kinetics_tui.tui.report.screen import ReportScreen
from kinetics_tui.tui.run.keys import KEYS, hints
from kinetics_tui.tui.run.splits import SplitsPanel
from kinetics_tui.tui.run.stage import Stage
from kinetics_tui.tui.run.throttle import command_shown
from kinetics_tui.tui.run.undo import UNDO_S, Undo, undo_of, undone_text
from kinetics_tui.tui.terminal.terminal import farewell

STOP, DETACH = "stop", "detach"
STARTING = "starting"
"""The group of the worker that starts an engine."""
_STEERING = ("pause_or_resume", "pause_now", "workers", "switch_split", "probe_now", "wait_longer")
"""What an engine is told that stays."""
_BAD_NEWS = (NoticeKind.THROTTLED, NoticeKind.PROBE_FAILED, NoticeKind.DISK_FULL, NoticeKind.HELD)


class RunScreen(LiveScreen):
    """Shows one run and steers it; stays below other screens for as long as the app looks at the run.

    ``on_title`` is told the words for the terminal's title, ``on_notice`` each turn of the run worth a
    call that is newer than ``since`` (seconds since the epoch; None: than this screen).
    """

    TITLE = "Run"
    OWN_KEYS = KEYS

    def __init__(
        self,
        link: Link,
        looking: Looking,
        *,
        on_title: Callable[[str], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
        since: float | None = None,
    ) -> None:
        super().__init__(link, looking)
        self.networks = NetworkActions(self)
        self._on_title = on_title
        self._on_notice = on_notice
        self._noticed_at = looking.now() if since is None else since
        self._stage = Stage()
        self._workers_asked: int | None = None
        self._stop_asked = False
        self._undo: Undo | None = None

    # -- looking at the run -----------------------------------------------------------------------------

    def body_widgets(self) -> Iterable[Widget]:
        return (self._stage,)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        return hints(moment, full=self._stage.full is not None)

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        return (*super().pressing(moment), tuple(split.enabled for split in moment.state.splits.values()))

    def tick(self, *, urgent: bool = False, below: bool = False) -> None:
        moment = self.moment
        if self._stop_asked and (moment.ended or not moment.connected):
            # The engine may be gone before it can say so.
            self._leave()
        if self._on_title is not None:
            self._on_title(window_title(moment))
        self._call(moment)
        super().tick(urgent=urgent, below=below)

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        self._stage.show(moment, *self.size, spare=self.notice_rows, urgent=urgent)
        if self._workers_asked == moment.state.options.workers:
            self._workers_asked = None

    def _call(self, moment: Moment) -> None:
        """Call people for the last turn of the run, once; what was before they looked is no news."""
        notice = moment.state.notice
        if notice is None or notice.at <= self._noticed_at:
            return
        self._noticed_at = notice.at
        self.notice(notice.text, bad=notice.kind in _BAD_NEWS)
        if self._on_notice is not None:
            self._on_notice(f"{moment.state.title or 'Kinetics'}: {notice.text}")

    # -- sending commands -------------------------------------------------------------------------------

    def send(
        self, command: AnyCommand, *, refused: Callable[[str], None] | None = None, said: str = ""
    ) -> None:
        """Ask the engine for something, and show in one line what it says to it.

        ``refused`` is told why it is not done, instead; ``said`` is shown where it is and nothing is said.
        """
        last = self._undo if self.can_undo else None
        # Offered at once: the key for it may come before the engine has answered.
        self._undo = undo_of(command, self.link.state, self.looking.now(), last)
        self.run_worker(self._send(command, self._undo, refused, said), group="commands")

    async def _send(
        self,
        command: AnyCommand,
        undo: Undo | None,
        refused: Callable[[str], None] | None = None,
        said: str = "",
    ) -> None:
        try:
            reply = await self.link.send(command)
        except EngineError as error:
            ok, message = False, str(error)
        else:
            ok, message = reply.ok, reply.message
        if not ok:
            self._workers_asked = None
            self._stop_asked = self._stop_asked and not isinstance(command, Stop)
            message = message or "The engine refused this."
            self._undo = None if self._undo is undo else self._undo
        if refused is not None and not ok:
            refused(message)
        elif ok and undo is not None and self._undo is undo:
            self.notice(f"{message or said or undo.said} z undoes it.", bad=False)
        elif message or said:
            self.notice(message or said, bad=not ok)
        else:
            # The engine told what became of it before it answered: a key is not to wait for the timer.
            self.tick()

    async def _start(self) -> None:
        try:
            await self.link.start()
        except (UserError, EngineDiedError) as error:
            self.notice(str(error), bad=True)

    @property
    def can_undo(self) -> bool:
        undo = self._undo
        return undo is not None and undo.until - UNDO_S <= self.looking.now() < undo.until

    def action_undo(self) -> None:
        if self._undo is None or not self.can_undo:
            self.notice(f"There is nothing to undo: that can be done for {UNDO_S:.0f} s.", bad=True)
            return
        back, self._undo = self._undo.back, None
        said = undone_text(back, self.link.state)
        self.run_worker(self._send(back, None, said=said), group="commands")

    def notice(self, text: str, *, bad: bool) -> None:
        """Say something above the keys for a few seconds, whichever screen of the run is seen."""
        for screen in self.app.screen_stack:
            if isinstance(screen, LiveScreen):
                screen.say(text, bad=bad)

    # -- actions ----------------------------------------------------------------------------------------

    def _why_not(self, action: str) -> str:
        """Why a key does nothing now; empty where it does something."""
        moment = self.moment
        if action in ("page", "to_end", "back") and self._stage.full is None:
            return "No panel is shown in full: 1 to 5 open one." + " q leaves." * (action == "back")
        if action == "pause_or_resume" and moment.can_go_on:
            return ""
        if action in _STEERING and moment.stopping:
            return f"{STOPPING} q leaves."
        if action in ("pause_now", "workers") and moment.ended and moment.can_go_on:
            return "The run has stopped: space continues it, q leaves."
        if action in ("pause_or_resume", "pause_now", "workers") and moment.ended:
            return "The run has ended: there is nothing to steer. f retries failed clips, q leaves."
        if action == "switch_split" and not moment.state.splits:
            return "No split is known yet."
        if action in ("probe_now", "wait_longer") and not (moment.cooling or moment.refused):
            nothing = "Nothing to probe" if action == "probe_now" else "Nothing to wait for"
            return f"{nothing}: the network is not cooling down."
        if action == "copy_command" and not command_shown(moment):
            return "There is no command to copy. Among the failed clips (f), y copies a clip's address."
        return ""

    def _does(self, action: str) -> bool:
        """True if a key does something now; if not, why is said."""
        why = self._why_not(action)
        if why:
            self.notice(why, bad=True)
        return not why

    def action_pause_or_resume(self) -> None:
        if self.moment.can_go_on:
            if not any(worker.group == STARTING for worker in self.workers):
                self.notice("Starting the engine ...", bad=False)
                self.run_worker(self._start(), group=STARTING)
        elif self._does("pause_or_resume"):
            self.send(Resume() if self.moment.paused or self.moment.looks_again else Pause())

    def action_pause_now(self) -> None:
        if self._does("pause_now"):
            self.send(Pause(now=True))

    def action_workers(self, more: int) -> None:
        if not self._does("workers"):
            return
        # Keys may come faster than the engine tells of the change.
        wanted = (self._workers_asked or self.link.state.options.workers) + more
        if WORKERS[0] <= wanted <= WORKERS[1]:
            self._workers_asked = wanted
            self.send(SetWorkers(workers=wanted))
        else:
            self.notice(f"A run has {WORKERS[0]} to {WORKERS[1]} workers.", bad=True)

    def action_probe_now(self) -> None:
        network = self.link.state.network
        if not self._does("probe_now"):
            return
        if self.moment.refused or not network.steps_s:
            self.send(ProbeNow())
            return
        self.ask_first("Probe now?", probe_text(network), Answer("p", "probe now", "yes"), ProbeNow())

    def action_wait_longer(self) -> None:
        network, moment = self.link.state.network, self.moment
        if not self._does("wait_longer"):
            return
        longer_s = longer_wait_s(network)
        if moment.refused or network.until is None:
            self.send(WaitLonger(seconds=longer_s))
            return
        text = longer_text(network, network.until, moment.now, moment.zone)
        self.ask_first("Wait longer?", text, Answer("e", "wait longer", "yes"), WaitLonger(seconds=longer_s))

    def action_copy_command(self) -> None:
        if self._does("copy_command"):
            self.copy(command_shown(self.moment))

    def action_switch_split(self) -> None:
        split = self._stage.splits_panel.highlighted
        if self._does("switch_split") and split is not None:
            self.send(SwitchSplit(split=split.name, enabled=not split.enabled))

    def on_splits_panel_switched(self, message: SplitsPanel.Switched) -> None:
        self.send(SwitchSplit(split=message.split, enabled=message.enabled))

    def action_move(self, rows: int) -> None:
        self._stage.move(rows)

    def action_page(self, pages: int) -> None:
        if self._does("page") and self._stage.full is not None:
            self._stage.full.move_page(pages)

    def action_to_end(self, end: bool) -> None:
        if self._does("to_end") and self._stage.full is not None:
            self._stage.full.move_to_end(end=end)

    def action_open(self, name: str) -> None:
        self._stage.open(name)
        self.tick(urgent=True)

    def on_stage_changed(self) -> None:
        self.tick(urgent=True)

    def action_back(self) -> None:
        if self._does("back"):
            self._stage.full = None
            self.tick(urgent=True)

    def action_networks(self) -> None:
        self.open_networks()

    def open_networks(self) -> None:
        """Show the network screen, where nothing else is in front."""
        if self.is_active:
            self.app.push_screen(NetworksScreen(self))

    def action_hosts(self) -> None:
        if self.is_active:
            self.app.push_screen(HostsScreen(self))

    def action_report(self) -> None:
        if self.is_active:
            self.app.push_screen(ReportScreen(self))

    def action_failures(self) -> None:
        if self.is_active:
            self.app.push_screen(FailuresScreen(self))

    def action_clips(self) -> None:
        if self.is_active:
            self.app.push_screen(ClipsScreen(self))

    def action_detach(self) -> None:
        self._leave()

    def action_ask_to_leave(self) -> None:
        moment = self.moment
        if moment.ended or moment.lost or moment.stopping:
            self._leave()
            return
        if not self.is_active:
            return  # asked already, by a key that came in one go with this one
        answers = [
            Answer("s", "stop the run, put clips in hand back", STOP),
            Answer("d", "detach: leave the app, the run continues", DETACH),
            Answer("g", "go back, change nothing", ""),
        ]
        ask = ConfirmScreen(
            "Stop the run?", "A stopped run can be continued later.", answers, on_ctrl_c=DETACH
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
        return [key for key in self.own_bindings() if key.key != "ctrl+c" and self._allowed(key)]

    def _allowed(self, binding: Binding) -> bool:
        action = binding.action.partition("(")[0]
        gone = action == "detach" and (self.moment.ended or self.moment.stopping)
        return not (gone or (action == "undo" and not self.can_undo) or self._why_not(action))
