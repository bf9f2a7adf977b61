"""The terminal under the app: whether it can carry it, its title, its bell and its notices."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Callable, Mapping

from kinetics_tui.model.errors import UserError
from kinetics_tui.tui.text import clean

_SAVE_TITLE = "\x1b[22;2t"
_RESTORE_TITLE = "\x1b[23;2t"
NOTICE_MOST = 200
"""Characters of a desktop notice; terminals cut longer ones where they like."""
_STREAMS = ((0, "standard input"), (1, "standard output"), (2, "standard error"))


def check_terminal(
    environ: Mapping[str, str] | None = None, is_terminal: Callable[[int], bool] = os.isatty
) -> None:
    """Raise UserError where the app cannot be shown: it reads keys from 0 and paints on 2."""
    environ = os.environ if environ is None else environ
    for descriptor, name in _STREAMS:
        if not is_terminal(descriptor):
            raise UserError(f"The app needs a terminal and {name} is none: add --headless to run without it.")
    if environ.get("TERM", "") in ("", "dumb"):
        term = clean(environ.get("TERM", ""))
        raise UserError(
            f"The app cannot paint on a terminal of the kind TERM={term!r}: add --headless to run without it."
        )


class TerminalTitle:
    """The terminal's title (OSC 2), written only when it changes; the one before can be put back."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._text = ""

    def set(self, text: str) -> None:
        """Show ``text`` in the title bar, or the tab, of the terminal."""
        text = clean(text)
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
            notice = f"\x1b]9;{clean(text)[:NOTICE_MOST]}\x07"
            escaped = notice.replace("\x1b", "\x1b\x1b")
            written = f"\x1bPtmux;{escaped}\x1b\\" if self._in_tmux else notice
        if self._bell:
            written += "\a"
        if written:
            self._write(written)


def terminal_answers() -> bool:
    """Whether the terminal that the app paints on is still there."""
    try:
        termios.tcgetattr(2)
    except termios.error:
        return False
    return True


def write_error_terminal(text: str) -> None:
    """Write to the terminal itself, as Textual does: behind ``sys.stderr``'s back."""
    stream = sys.__stderr__
    if stream is not None:
        stream.write(text)
        stream.flush()
