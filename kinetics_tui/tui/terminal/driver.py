"""The way to the terminal: Textual's driver, for lines that are slow, stand still or are lost.

Textual's own waits for ever in a write to a terminal that takes nothing, does not end where the terminal is
gone (Textualize/textual, pull request 6690), and leaves before the terminal's last answers have come. What
is here does nothing else and can go when Textual has mended that.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import select
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys

from kinetics_tui.base.output import LOOKALIKE
from kinetics_tui.tui.parts.line_speed import LineSpeed

QUESTION, ANSWER = "\x1b[5n", "\x1b[0n"
"""What every terminal is asked (device status) and what it answers once it has shown all before it."""
LAST_QUESTION, LAST_ANSWER = "\x1b[6n", re.compile(rb"\x1b\[\d+;\d+R")
"""Where the cursor stands: asked for when leaving, so that no other answer is taken for this one."""
MOUSE_MODES = (1000, 1002, 1006)
"""Clicks, wheel and drags: every motion of the mouse would be typed at us over the line."""
PIXELS_MODE = 1016
LEAVE = (
    "\x18\x1b[?2026l"  # whatever stood half written ends here
    + "".join(f"\x1b[?{mode}l" for mode in (*MOUSE_MODES, PIXELS_MODE, 2004, 2048, 1004))
    + "\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""Every mode off, in one piece, for a terminal that has taken nothing for long."""
LAST_ANSWERS_S = 0.7
"""When leaving, a terminal of which it is not known yet whether it answers has so long to do so."""
LAST_ANSWERS_MOST_S = 3.0
"""The same of one that answers."""
PIECE_BYTES = 1024
LITTLE_BYTES = 256
"""So much unwritten does not count: the thread that writes may be on its way."""
_LOOK_EVERY_S = 0.1


class OnLine(Protocol):
    """What the driver needs of its app."""

    line: LineSpeed

    def line_lost(self) -> None:
        """Leave: there is no terminal any more."""

    def paint_rest(self) -> None:
        """Paint what there was no room for."""


class Writer:
    """Writes to the terminal in a thread of its own: nobody else ever waits for the terminal.

    ``on_lost`` is called, in that thread, when the terminal turns out to be gone, ``on_written`` when it has
    taken everything after it was ``busy``.
    """

    def __init__(
        self, descriptor: int, encoding: str, on_lost: Callable[[], None], on_written: Callable[[], None]
    ) -> None:
        self.lost = False
        self._on_written = on_written
        self._asked_about = False
        self._descriptor = descriptor
        self._encoding = encoding
        self._on_lost = on_lost
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._in_hand = 0
        self._closed = False
        threading.Thread(target=self._run, name="terminal-output", daemon=True).start()

    @property
    def unwritten(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return len(self._waiting) + self._in_hand

    def write(self, text: str) -> int:
        """Have ``text`` written, and return its bytes; what its encoding lacks is replaced."""
        data = text.encode(self._encoding, LOOKALIKE)
        with self._changed:
            if not self.lost:
                self._waiting += data
                self._changed.notify_all()
        return len(data)

    def busy(self) -> bool:
        """True if the terminal does not take what it was given; ``on_written`` is called once it has."""
        with self._changed:
            self._asked_about = self.unwritten > LITTLE_BYTES
            return self._asked_about

    def wait_written(self, within_s: float) -> bool:
        """Wait until the terminal has taken everything; False if it has not in time, or is gone."""
        with self._changed:
            self._changed.wait_for(lambda: self.lost or not self.unwritten, within_s)
            return not (self.lost or self.unwritten)

    def discard(self) -> None:
        """Forget what is unwritten, but for the piece in hand."""
        with self._changed:
            self._waiting.clear()

    def give_up(self) -> None:
        """Write nothing any more: the terminal is gone."""
        with self._changed:
            self.lost = True
            self._waiting.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread once it has written everything, which it may never have."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed or self.lost)
                if not self._waiting:
                    return
                piece = bytes(self._waiting[:PIECE_BYTES])
                del self._waiting[:PIECE_BYTES]
                self._in_hand = len(piece)
            try:
                self._write(piece)
            except OSError:
                self._on_lost()
            with self._changed:
                self._in_hand = 0
                tell = self._asked_about and not self._waiting
                self._asked_about = self._asked_about and not tell
                self._changed.notify_all()
            if tell:
                self._on_written()

    def _write(self, piece: bytes) -> None:
        while piece:
            try:
                piece = piece[os.write(self._descriptor, piece) :]
            except BlockingIOError:  # somebody else with this terminal had it so
                select.select([], [self._descriptor], [], _LOOK_EVERY_S)


class Parser(XTermParser):
    """Reads keys, and tells of answers to ``QUESTION`` instead of taking them for keys."""

    def __init__(self, debug: bool, on_answer: Callable[[], None]) -> None:
        self._on_answer = on_answer
        super().__init__(debug)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == ANSWER:
            self._on_answer()
            return iter((events.Key(Keys.Ignore, sequence),))
        return super()._sequence_to_key_events(sequence, alt)


class TerminalDriver(LinuxDriver):
    """Textual's driver on a terminal that need not read, answer, or be there any more."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._on_line = cast(OnLine, app)
        self._line = self._on_line.line
        self._writer: Writer | None = None

    # -- writing ------------------------------------------------------------------------------------------

    def write(self, data: str) -> None:
        if self._writer is not None:
            self._line.wrote(self._writer.write(data))

    def room(self) -> int:
        """How many bytes may be painted now."""
        if self._writer is None or self._writer.busy():
            return 0
        return self._line.room()

    def ask(self) -> None:
        """Ask the terminal for a sign of life, if there is something that it has not shown yet."""
        if self._writer is not None and self._line.ask():
            self._writer.write(QUESTION)

    def _answered(self) -> None:
        self._line.answered()
        self.ask()
        self._on_line.paint_rest()

    def _soon(self, call: Callable[[], None]) -> None:
        """Have the app's own thread do something."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the app has left
            self._loop.call_soon_threadsafe(call)

    def start_application_mode(self) -> None:
        stream = sys.__stderr__
        assert stream is not None
        self._writer = Writer(
            stream.fileno(), stream.encoding, self._lose, lambda: self._soon(self._on_line.paint_rest)
        )
        self._line.restart()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.ask()

    def close(self) -> None:
        super().close()
        if self._writer is not None:
            self._writer.wait_written(LAST_ANSWERS_S)
            self._writer.close()
            self._writer = None

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write("".join(f"\x1b[?{mode}h" for mode in MOUSE_MODES))

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("".join(f"\x1b[?{mode}l" for mode in (*MOUSE_MODES, PIXELS_MODE)))

    # -- reading ------------------------------------------------------------------------------------------

    def run_input_thread(self) -> None:
        parser = Parser(self._debug, lambda: self._soon(self._answered))
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            data = self._read(_LOOK_EVERY_S)
            if data == b"":
                self._lose()
                return
            if data and (text := decode(data)):
                for message in parser.feed(text):
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def _read(self, within_s: float) -> bytes | None:
        """What the terminal sends: None if nothing comes in time, nothing if it is gone."""
        if not select.select([self.fileno], [], [], max(0.0, within_s))[0]:
            return None
        try:
            return os.read(self.fileno, 4096)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _lose(self) -> None:
        """Have the app leave; called in any thread, as often as anything notices."""
        if self._writer is not None:
            self._writer.give_up()
        self._soon(self._on_line.line_lost)

    # -- leaving ------------------------------------------------------------------------------------------

    def stop_application_mode(self) -> None:
        # The shell gets the terminal once nothing more comes from it that was meant for us.
        attributes, self.attrs_before = self.attrs_before, None
        super().stop_application_mode()
        self._take_last_answers()
        if attributes is not None:
            with contextlib.suppress(termios.error):
                termios.tcflush(self.fileno, termios.TCIFLUSH)
                termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)

    def _take_last_answers(self) -> None:
        if self._writer is None:
            return
        self._writer.write(LAST_QUESTION)
        if not self._writer.wait_written(LAST_ANSWERS_S):
            self._leave_standing()
            return
        # One that answers is waited for: it may be late for once, as on a machine that has much to do.
        wait_s = LAST_ANSWERS_MOST_S if self._line.answers else 0.0 if self._line.mute else LAST_ANSWERS_S
        end = time.monotonic() + wait_s
        taken = b""
        while (left_s := end - time.monotonic()) > 0 and not LAST_ANSWER.search(taken):
            data = self._read(left_s)
            if data == b"":
                return
            taken += data or b""

    def _leave_standing(self) -> None:
        """Leave a terminal that takes nothing: what it has not shown yet is dropped for what it must know."""
        assert self._writer is not None
        self._writer.discard()
        with contextlib.suppress(termios.error, OSError):
            termios.tcflush(2, termios.TCOFLUSH)
        self._writer.write(LEAVE)
