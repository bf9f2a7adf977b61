"""The run screen: four panels and a log of a run, and the keys that steer it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.binding import Binding
from textual.widget import Widget

from kinetics_tui.base.errors import EngineError
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
from kinetics_tui.tui.networks.actions import NetworkActions
from kinetics_tui.tui.networks.screen import NetworksScreen
from kinetics_tui.tui.parts.bars import Hint
from kinetics_tui.tui.parts.dialogs import Answer, ConfirmScreen
from kinetics_tui.tui.parts.run_screen_base import LiveScreen
from kinetics_tui.tui.parts.view_state import Link, Looking, Moment, window_title
from kinetics_tui.tui.report.screen import ReportScreen
from kinetics_tui.tui.run.countdown import longer_wait_s
from kinetics_tui.tui.run.keys import KEYS, hints
from kinetics_tui.tui.run.splits import SplitsPanel
from kinetics_tui.tui.run.stage import Stage
from kinetics_tui.tui.terminal import farewell

STOP, DETACH = "stop", "detach"
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

    # -- looking at the run -----------------------------------------------------------------------------

    def body_widgets(self) -> Iterable[Widget]:
        return (self._stage,)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        return hints(moment, full=self._stage.full is not None)

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        return (*super().pressing(moment), tuple(split.enabled for split in moment.state.splits.values()))

    def tick(self, *, urgent: bool = False) -> None:
        moment = self.moment
        if self._stop_asked and (moment.ended or not moment.connected):
            # The engine may be gone before it can say so.
            self._leave()
        if self._on_title is not None:
            self._on_title(window_title(moment))
        self._call(moment)
        super().tick(urgent=urgent)

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        self._stage.show(moment, *self.size, urgent=urgent)
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

    def send(self, command: AnyCommand, *, refused: Callable[[str], None] | None = None) -> None:
        """Ask the engine for something, and show in one line what it says to it.

        ``refused`` is told why it is not done, instead.
        """
        self.run_worker(self._send(command, refused), group="commands")

    async def _send(self, command: AnyCommand, refused: Callable[[str], None] | None) -> None:
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
        if refused is not None and not ok:
            refused(message)
        elif message:
            self.notice(message, bad=not ok)
        else:
            # The engine told what became of it before it answered: a key is not to wait for the timer.
            self.tick()

    def notice(self, text: str, *, bad: bool) -> None:
        """Show one line at the bottom for a few seconds, whichever screen of the run is seen."""
        for screen in self.app.screen_stack:
            if isinstance(screen, LiveScreen):
                screen.say(text, bad=bad)

    # -- actions ----------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        moment = self.moment
        if action in ("page", "to_end", "back"):
            return self._stage.full is not None
        if action in ("pause_or_resume", "pause_now", "workers", "detach"):
            return not moment.ended
        return True

    def action_pause_or_resume(self) -> None:
        self.send(Resume() if self.moment.paused or self.moment.looks_again else Pause())

    def action_pause_now(self) -> None:
        self.send(Pause(now=True))

    def action_workers(self, more: int) -> None:
        # Keys may come faster than the engine tells of the change.
        wanted = (self._workers_asked or self.link.state.options.workers) + more
        if WORKERS[0] <= wanted <= WORKERS[1]:
            self._workers_asked = wanted
            self.send(SetWorkers(workers=wanted))
        else:
            self.notice(f"A run has {WORKERS[0]} to {WORKERS[1]} workers.", bad=True)

    def action_probe_now(self) -> None:
        if self._cools("Nothing to probe"):
            self.send(ProbeNow())

    def action_copy_command(self) -> None:
        if self.moment.refused:
            self.app.copy_to_clipboard(self.moment.state.why.text)
            self.notice("The command is copied, if this terminal lets programs copy.", bad=False)
        else:
            self.notice("There is no command to copy: the run is not held by YouTube.", bad=True)

    def action_wait_longer(self) -> None:
        if self._cools("Nothing to wait for"):
            self.send(WaitLonger(seconds=longer_wait_s(self.link.state.network)))

    def _cools(self, otherwise: str) -> bool:
        """True if the network cools down or is held; if not, that is said."""
        waits = self.moment.cooling or self.moment.refused
        if not waits:
            self.notice(f"{otherwise}: the network is not cooling down.", bad=True)
        return waits

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

    def action_networks(self) -> None:
        self.open_networks()

    def open_networks(self) -> None:
        """Show the network screen, where nothing else is in front."""
        if self.is_active:
            self.app.push_screen(NetworksScreen(self))

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
        return [key for key in self.own_bindings() if key.key != "ctrl+c" and self._allowed(key)]

    def _allowed(self, binding: Binding) -> bool:
        if binding.action in ("probe_now", "wait_longer"):
            return self.moment.cooling or self.moment.refused
        if binding.action == "copy_command":
            return self.moment.refused
        return bool(self.check_action(binding.action.partition("(")[0], ()))
