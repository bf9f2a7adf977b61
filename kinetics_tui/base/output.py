"""Standard output and standard error as people have them: full, closed, or of few characters."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from typing import TextIO

LOOKALIKE = "kinetics-tui-lookalike"
"""The name, to Python's codecs, of putting what looks alike in the place of what cannot be shown."""
_LOOKALIKES = str.maketrans("…·•›‹–—−‘’“”→←↑↓▲▼░▒▁▂▃×✓✗", "...><---''\"\"><^v^v.+...xvx")


class OutputError(Exception):
    """Standard output takes nothing more; ``cause`` is the system's word for it."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause.strerror or str(cause))
        self.left = isinstance(cause, BrokenPipeError)
        """Whoever read it has left."""


def lookalike(text: str) -> str:
    """``text`` in ASCII, each character in as many cells as it had."""
    return "".join(map(_lookalike, text))


def _lookalike(character: str) -> str:
    if character.isascii():
        return character
    known = character.translate(_LOOKALIKES)
    if known.isascii():
        return known
    if "\u2500" <= character <= "\u257f":  # lines of boxes
        name = unicodedata.name(character)
        return "+" if " AND " in name else "|" if any(w in name for w in ("VERTICAL", "UP", "DOWN")) else "-"
    if "\u2580" <= character <= "\u259f" or "\u2800" <= character <= "\u28ff":  # bars and charts
        return "#"
    cells = _cells(character)
    letters = "".join(filter(str.isascii, unicodedata.normalize("NFKD", character)))
    return letters if len(letters) == cells else "?" * cells


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return lookalike(error.object[error.start : error.end]), error.end


codecs.register_error(LOOKALIKE, _replace)


class Output(io.TextIOWrapper):
    """Writes where ``stream`` does; what cannot be shown is replaced. Raises ``OutputError``."""

    def __init__(self, stream: TextIO) -> None:
        # click takes a stream for misconfigured that says ASCII, and writes UTF-8 past it.
        self._ascii = codecs.lookup(stream.encoding).name == "ascii"
        encoding = "utf-8" if self._ascii else stream.encoding
        lines = bool(stream.line_buffering)
        super().__init__(stream.buffer, encoding=encoding, errors=LOOKALIKE, line_buffering=lines)
        self._stream = stream  # which would close what both write to

    def write(self, text: str) -> int:
        try:
            # click finds out whether a stream is one of text by writing bytes.
            super().write(lookalike(text) if self._ascii and isinstance(text, str) else text)
        except OSError as error:
            self.failed(error)
        return len(text)

    def take_data(self) -> None:
        """Write what other programs read: in UTF-8 whatever the locale, and nothing of it replaced."""
        self._ascii = False
        self.reconfigure(encoding="utf-8", errors="replace")

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self.failed(error)

    def failed(self, error: OSError) -> None:
        raise OutputError(error) from error


class _Talk(Output):
    """Words beside the answer: where they cannot be written, nobody is there to miss them."""

    def failed(self, error: OSError) -> None:  # noqa: ARG002 -- the reason of others
        _let_go(2)


def _let_go(descriptor: int) -> None:
    """Have what is still to be written there go nowhere, at the program's end too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def let_go_of_output() -> None:
    """Write no more to standard output."""
    _let_go(1)


def guard_streams() -> None:
    """Have all that is printed from now on go through ``Output``; the app has the lookalikes too."""
    for name, kind in (("stdout", Output), ("stderr", _Talk)):
        stream = getattr(sys, name)
        if stream is None:  # it was closed: other files must not come in its place
            stream = open(os.devnull, "w")  # noqa: SIM115, PTH123 -- kept open to the end
        setattr(sys, name, kind(stream))
    if isinstance(sys.__stderr__, io.TextIOWrapper):  # what Textual paints on
        sys.__stderr__.reconfigure(errors=LOOKALIKE)
