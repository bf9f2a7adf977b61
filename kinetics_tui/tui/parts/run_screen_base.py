"""The base of screens on a run: top line, keys, and a timer that looks at the run.

Those that stand on the run screen steer the run through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from kinetics_tui.model.commands import AnyCommand
from kinetics_tui.tui.parts.bars import Clock, HeaderLine, Hint, KeyBar, NoticeLine, key_name
from kinetics_tui.tui.parts.canvas import Canvas, Panel, is_wide
from kinetics_tui.tui.parts.dialogs import Answer, ConfirmScreen
from kinetics_tui.tui.parts.help import WORDS, HelpScreen, Words
from kinetics_tui.tui.parts.palette import STEERS, NetworkSteering, RunCommands, Steering
from kinetics_tui.tui.parts.view_state import Link, Looking, Moment

UNDO = Hint("z", "undo", "undo")
ALWAYS = (Hint("?", "help", "help"), Hint("^p", "palette", "app.command_palette"))
"""The hints at the right end of the bottom line."""


class LiveScreen(Screen[None]):
    """Shows a run through its link; the body is up to the screens made of this one.

    A timer looks at the run as often as the user wants and the line can carry; the link folds events in
    meanwhile, however many there are.
    """

    COMMANDS = {RunCommands}  # noqa: RUF012 - Textual's own declaration
    AUTO_FOCUS: ClassVar[str | None] = None

    OWN_KEYS: ClassVar[Sequence[Binding]]
    """Every key of the screen, in the order of its help; they are its bindings."""
    OWN_WORDS: ClassVar[Words] = WORDS

    def __init_subclass__(cls) -> None:
        if "OWN_KEYS" in vars(cls):
            cls.BINDINGS = list(cls.OWN_KEYS)
        super().__init_subclass__()

    def __init__(self, link: Link, looking: Looking) -> None:
        super().__init__()
        self.link = link
        self.looking = looking
        self._header, self._clock = HeaderLine(), Clock()
        self._notice, self._keys = NoticeLine(), KeyBar()
        self.notice_rows = 0
        """The rows at the end of the body that a notice has for some seconds."""
        self._seen: object = None
        self._pressing: object = None

    # -- what a screen adds -----------------------------------------------------------------------------

    def body_widgets(self) -> Iterable[Widget]:
        """The widgets between the top line and the keys."""
        raise NotImplementedError

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        """Show a moment there."""
        raise NotImplementedError

    def hints(self, moment: Moment) -> Sequence[Hint]:
        """The keys that matter now, the most needed first."""
        raise NotImplementedError

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        """The values whose change is shown at once, not at the next second."""
        state, network = moment.state, moment.state.network
        return (
            state.status,
            state.why,
            state.archives.turn,
            moment.connected,
            moment.silent_since,
            network.name,
            network.label,
            network.status,
            network.until,
            network.allowed_per_hour,
            state.options,
            self.can_undo,
        )

    # -- looking at the run -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Horizontal(id="top-line"):
            yield self._header
            yield self._clock
        yield from self.body_widgets()
        with Vertical(id="bottom-lines"):
            yield self._notice
            yield self._keys

    def on_mount(self) -> None:
        self.tick()
        self.set_interval(self.looking.line.base_s, self._look)

    def on_resize(self) -> None:
        # Under a dialog too: what is seen around it has to fit the terminal.
        self.tick(urgent=True, below=True)

    def on_screen_resume(self) -> None:
        self.tick(urgent=True)

    @property
    def moment(self) -> Moment:
        link, looking, line = self.link, self.looking, self.looking.line
        every_s = line.every_s if line.slow else 0.0
        return Moment(
            link.state, looking.now(), link.connected, looking.zone, link.silent_since, every_s=every_s
        )

    def _look(self) -> None:
        """Look at the run where it is time to; what presses is shown at once, if the line carries it."""
        line = self.looking.line
        if not self.is_active:
            return
        if line.due():
            line.looked()
            self.tick()
        elif not line.slow and self.pressing(self.moment) != self._pressing:
            self.tick()

    def tick(self, *, urgent: bool = False, below: bool = False) -> None:
        """Show the run as it stands, if anything about it can have changed; ``below``: under a screen too."""
        if not (self.is_active or below):
            # Under another screen this one stands still: Textual would repaint all of both.
            return
        moment = self.moment
        seen = (self.link.version, self.link.connected, int(moment.now))
        if seen == self._seen and not urgent:
            return
        self._seen = seen
        pressing = self.pressing(moment)
        urgent = self._place_notice(moment) or urgent or pressing != self._pressing
        if urgent:
            self._pressing = pressing
            self.show_keys(moment)
        bars: tuple[Canvas, ...] = (self._header, self._clock, self._notice, self._keys)
        for canvas in bars:
            canvas.show(moment, urgent=urgent)
        self.show_body(moment, urgent=urgent)

    def show_keys(self, moment: Moment) -> None:
        """Offer the keys that matter now."""
        self._keys.set_hints([*[UNDO] * self.can_undo, *self.hints(moment)], ALWAYS)

    def _place_notice(self, moment: Moment) -> bool:
        """Give the notice its rows; returns whether they are others now."""
        width, height = self.size
        rows = min(self._notice.rows(moment, width), height // 3)
        if rows == self.notice_rows:
            return False
        self.notice_rows = rows
        self._notice.display = rows > 0
        self._notice.styles.height = rows
        return True

    @property
    def asks(self) -> bool:
        """True if a dialog is open: keys that come in one go all reach the screen that had none."""
        return self.app.screen.is_modal

    def send(
        self, command: AnyCommand, *, refused: Callable[[str], None] | None = None, said: str = ""
    ) -> None:
        """Ask the engine for something; ``refused`` is told why not, else that is shown, or ``said``."""
        raise NotImplementedError

    def ask_first(
        self, title: str, text: str, answer: Answer, command: AnyCommand, *, said: str = ""
    ) -> None:
        """Ask before a command that cannot be taken back; nothing where a question stands already.

        ``said`` is shown where it is done and nothing is said.
        """

        def answered(value: str | None) -> None:
            if value:
                self.send(command, said=said)

        if not self.asks:
            answers = [answer, Answer("g", "go back, change nothing", "")]
            self.app.push_screen(ConfirmScreen(title, text, answers), answered)

    @property
    def can_undo(self) -> bool:
        """True if the last command can be taken back."""
        raise NotImplementedError

    def notice(self, text: str, *, bad: bool) -> None:
        """Say something above the keys for a few seconds."""
        self.say(text, bad=bad)

    def say(self, text: str, *, bad: bool) -> None:
        """Say something above the keys for a few seconds, on this screen."""
        self._notice.say(text, self.looking.now(), bad=bad)
        self.tick(urgent=True)

    def copy(self, text: str, remark: str = "") -> None:
        """Copy to the clipboard of the terminal, and say so; ``remark`` is said of it, too."""
        self.app.copy_to_clipboard(text)
        self.notice(f"Copied, if this terminal lets programs copy: {text}{remark}", bad=False)

    def on_key(self, event: events.Key) -> None:
        """A key that nothing is bound to: say where they stand."""
        if event.key not in self.active_bindings:
            self.say(f"The key {key_name(event)} does nothing here; ? lists the keys.", bad=True)

    def action_help(self) -> None:
        if self.is_active:
            self.app.push_screen(HelpScreen(self.OWN_KEYS, self.OWN_WORDS))

    def own_bindings(self) -> list[Binding]:
        """Keys of this screen's own that make sense in the palette now: all but those that move about."""
        return [key for key in self.OWN_KEYS if not key.action.startswith(("move", "page", "to_end"))]

    async def act(self, action: str) -> None:
        """Do what a key does."""
        await self.run_action(action)


class OnRunScreen(LiveScreen):
    """Stands on ``run``, which sends what is asked for here: a reply may come after this is closed."""

    def __init__(self, run: Steering) -> None:
        super().__init__(run.link, run.looking)
        self._run = run
        self._placed: object = None

    @property
    def networks(self) -> NetworkSteering:
        return self._run.networks

    def send(
        self, command: AnyCommand, *, refused: Callable[[str], None] | None = None, said: str = ""
    ) -> None:
        """Ask the engine for something."""
        self._run.send(command, refused=refused, said=said)

    @property
    def can_undo(self) -> bool:
        return self._run.can_undo

    def action_undo(self) -> None:
        self._run.action_undo()

    def action_back(self) -> None:
        if self.is_active:
            self.dismiss()

    # -- what is in it --------------------------------------------------------------------------------

    @property
    def moved(self) -> Panel:
        """The panel that the keys move a cursor in, or scroll."""
        raise NotImplementedError

    def action_move(self, rows: int) -> None:
        self.moved.move(rows)

    def action_page(self, pages: int) -> None:
        self.moved.move_page(pages)

    def action_to_end(self, end: bool) -> None:
        self.moved.move_to_end(end=end)

    def place(self, *heights: tuple[Widget, int]) -> bool:
        """Give each part its rows, none hides it; panels have frames if there is room. Tells of changes."""
        boxed = is_wide(*self.size)
        if (heights, boxed) == self._placed:
            return False
        self._placed = (heights, boxed)
        with self.app.batch_update():
            for widget, rows in heights:
                widget.display = rows > 0
                widget.styles.height = rows
                if isinstance(widget, Panel):
                    widget.flat = not boxed
        return True

    # -- what can be done -----------------------------------------------------------------------------

    def offered_bindings(self) -> list[Binding]:
        """Keys that make sense in the palette now, and those of the run screen that do here."""
        runs = [key for key in self._run.offered_bindings() if key.action.partition("(")[0] in STEERS]
        return [*self.own_bindings(), *runs]

    async def act(self, action: str) -> None:
        if action.partition("(")[0] in STEERS:
            await self._run.act(action)
        else:
            await super().act(action)
