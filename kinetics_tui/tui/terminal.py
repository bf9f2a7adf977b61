"""The terminal under the app: whether it can carry it, and its title."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Callable, Mapping

from kinetics_tui.model.errors import UserError
from kinetics_tui.tui.text import clean

_SAVE_TITLE = "\x1b[22;2t"
_RESTORE_TITLE = "\x1b[23;2t"
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
