"""The terminal under the app: its colours, title, bell and notices, and the line left on it at the end."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from rich.console import Console
from textual.theme import BUILTIN_THEMES, Theme

from kinetics_tui.base.errors import UserError
from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.options import PictureKind
from kinetics_tui.tui.parts.view_state import Colours, Moment

KINETICS_DARK = Theme(
    name="kinetics-dark",
    # Colours of the 256-colour palette: they cost half the bytes of free ones on the line.
    primary="#5fafff",
    secondary="#5fd7af",
    accent="#ffd75f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    success="#87d787",
    warning="#ffaf5f",
    error="#ff8787",
    dark=True,
    variables={
        "rule": "#585858",
        "dim": "#949494",
        "strong": "#ffffff",
        "splits": "#5fafff",
        "workers": "#5fd7af",
        "failures": "#ff8787",
        "throttle": "#ffd75f",
        "log": "#afafd7",
        "splits-rule": "#5f87d7",
        "workers-rule": "#5faf87",
        "failures-rule": "#d75f5f",
        "throttle-rule": "#d7af5f",
        "log-rule": "#8787af",
        "on-badge": "#121212",
        "badge": "#949494",
    },
)
"""Dark, with a colour for each panel."""

_ANSI = BUILTIN_THEMES["ansi-dark"]
_ANSI_PANELS = {
    "splits": "ansi_blue",
    "workers": "ansi_cyan",
    "failures": "ansi_red",
    "throttle": "ansi_yellow",
    "log": "ansi_magenta",
}
KINETICS_ANSI = replace(
    _ANSI,
    name="kinetics-ansi",
    variables={
        **_ANSI.variables,
        "rule": "ansi_default",
        "dim": "ansi_default",
        "strong": "ansi_default",
        **_ANSI_PANELS,
        **{f"{panel}-rule": colour for panel, colour in _ANSI_PANELS.items()},
        "on-badge": "ansi_black",
        "badge": "ansi_white",
    },
)
"""The terminal's own sixteen colours, and its own ground: dark or light as the user has it."""


def theme_name(environ: Mapping[str, str]) -> str:
    """The theme for a terminal: its own colours where it has sixteen, or is to show none."""
    if "NO_COLOR" in environ or colour_depth(environ) == "standard":
        return KINETICS_ANSI.name
    return KINETICS_DARK.name


def colour_depth(environ: Mapping[str, str]) -> str:
    """``standard`` (16 colours), ``256`` or ``truecolor``, by what the environment says."""
    without = {name: value for name, value in environ.items() if name != "NO_COLOR"}
    console = Console(force_terminal=True, legacy_windows=False, _environ=without)
    return console.color_system or "standard"


def picture_colours(environ: Mapping[str, str]) -> Colours:
    """The colours that pictures are shown in."""
    if "NO_COLOR" in environ:
        return Colours.NONE
    return Colours.SIXTEEN if colour_depth(environ) == "standard" else Colours.MANY


_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
_KITTY_PROGRAMS = ("WezTerm", "ghostty")
_SIXEL_TERMS = ("foot", "foot-extra", "mlterm", "contour")


def picture_kind(environ: Mapping[str, str], wanted: PictureKind) -> PictureKind:
    """The way to show pictures. A terminal is known by its name alone: to ask it would cost a round trip."""
    if wanted is not PictureKind.AUTO:
        return wanted
    term = environ.get("TERM", "")
    if "NO_COLOR" in environ or "TMUX" in environ or "STY" in environ:
        return PictureKind.BLOCKS
    if term in _KITTY_TERMS or environ.get("TERM_PROGRAM") in _KITTY_PROGRAMS:
        return PictureKind.KITTY
    return PictureKind.SIXEL if term in _SIXEL_TERMS else PictureKind.BLOCKS


def cell_size_px() -> tuple[int, int] | None:
    """The size of a character cell, None where the terminal does not tell."""
    try:
        answer = fcntl.ioctl(2, termios.TIOCGWINSZ, b"\0" * 8)
    except OSError:
        return None
    rows, columns, width_px, height_px = struct.unpack("HHHH", answer)
    if not (rows and columns) or width_px < columns or height_px < rows:
        return None
    return width_px // columns, height_px // rows


_SAVE_TITLE = "\x1b[22;2t"
_RESTORE_TITLE = "\x1b[23;2t"
NOTICE_MOST = 200
"""Characters of a desktop notice; terminals cut longer ones where they like."""
_STREAMS = ((0, "standard input"), (1, "standard output"), (2, "standard error"))


WITHOUT = "add --headless to run without it"


def check_terminal(
    environ: Mapping[str, str] | None = None,
    is_terminal: Callable[[int], bool] = os.isatty,
    *,
    without: str = WITHOUT,
) -> None:
    """Raise UserError where the app cannot be shown: it reads keys from 0 and paints on 2.

    ``without`` is the way to do without it.
    """
    environ = os.environ if environ is None else environ
    for descriptor, name in _STREAMS:
        if not is_terminal(descriptor):
            raise UserError(f"The app needs a terminal, and {name} is not one: {without}.")
    if environ.get("TERM", "") in ("", "dumb"):
        term = for_screen(environ.get("TERM", ""))
        raise UserError(f"The app cannot paint on a terminal of the kind TERM={term!r}: {without}.")


class TerminalTitle:
    """The terminal's title (OSC 2), written only when it changes; the one before can be put back."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._text = ""

    def set(self, text: str) -> None:
        """Show ``text`` in the title bar, or the tab, of the terminal."""
        text = for_screen(text)
        if text != self._text:
            save = "" if self._text else _SAVE_TITLE
            self._text = text
            self._write(f"{save}\x1b]2;{text}\x07")

    def restore(self) -> None:
        """Put back the title that the terminal had; terminals without a title stack keep ours."""
        if self._text:
            self._text = ""
            self._write(_RESTORE_TITLE)


class TerminalCalls:
    """Calls people by the terminal's bell, by a desktop notice (OSC 9), or both.

    Inside tmux a notice is wrapped to be passed through to the terminal outside. As tmux does so only
    where it is told to, the bell, which it always passes on, goes with it.
    """

    def __init__(self, write: Callable[[str], None], *, bell: bool, desktop: bool, in_tmux: bool) -> None:
        self._write = write
        self._bell = bell or (desktop and in_tmux)
        self._desktop = desktop
        self._in_tmux = in_tmux

    def call(self, text: str) -> None:
        """Call for what one plain sentence says."""
        written = ""
        if self._desktop:
            notice = f"\x1b]9;{for_screen(text)[:NOTICE_MOST]}\x07"
            escaped = notice.replace("\x1b", "\x1b\x1b")
            written = f"\x1bPtmux;{escaped}\x1b\\" if self._in_tmux else notice
        if self._bell:
            written += "\a"
        if written:
            self._write(written)


def write_error_terminal(text: str) -> None:
    """Write to the terminal itself, as Textual does: behind ``sys.stderr``'s back."""
    stream = sys.__stderr__
    if stream is not None:
        stream.write(text)
        stream.flush()


EXIT_DONE = 0
EXIT_STOPPED = 3
"""The run was stopped with clips left."""


class Farewell(NamedTuple):
    """One line for the user, and the exit code of the program."""

    line: str
    code: int


def farewell(moment: Moment, *, stopped: bool = False) -> Farewell:
    """The parting line: how the run ended, or how to come back to one that goes on.

    ``stopped``: the user has had it stopped, whether or not the engine could still say so.
    """
    state = moment.state
    if state.status is EngineStatus.DONE:
        return Farewell(f"Done: {state.tally}. Look again with: {moment.command('status')}", EXIT_DONE)
    if moment.silent:
        return Farewell(f"The engine does not answer. See why with: {moment.command('status')}", EXIT_DONE)
    if stopped or state.status in (EngineStatus.STOPPED, EngineStatus.STOPPING):
        code = EXIT_STOPPED if state.left else EXIT_DONE
        return Farewell(f"Stopped: {state.tally}. Continue with: {moment.command('run')}", code)
    if moment.lost:
        return Farewell(f"The engine does not answer. Continue with: {moment.command('run')}", EXIT_DONE)
    return Farewell(f"The run continues. Come back with: {moment.command('attach')}", EXIT_DONE)
