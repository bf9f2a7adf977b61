"""``python -m kinetics_tui`` and the ``kinetics-tui`` command."""

from __future__ import annotations

import gc
import locale
import os
import sys

COLLECT_AFTER_OBJECTS = 50_000
"""New objects that the garbage collector waits for. With Python's own 700 it looks through all that is
being loaded time and again: a tenth of a second before the first paint."""


PRINTED_IN = "PYTHONIOENCODING"
BEGUN_AGAIN = "_KINETICS_TUI_BEGUN_AGAIN"


def main() -> None:
    """Run the command line; ends the process with the exit code of the command."""
    _name_files_in_utf_8()
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 20, 20)
    from kinetics_tui.base.output import guard_streams
    from kinetics_tui.cli import run_command

    guard_streams()
    sys.exit(run_command(sys.argv[1:]))


def _name_files_in_utf_8() -> None:
    """Begin again where Python would name files by a locale of few characters; printed text stays in it.

    A dataset's files have the same names in every locale so, and every class has a name there.
    """
    if sys.getfilesystemencoding() == "utf-8":
        # Only this program's own output: what it starts talks to it in UTF-8.
        if os.environ.pop(BEGUN_AGAIN, None):
            os.environ.pop(PRINTED_IN, None)
    elif BEGUN_AGAIN not in os.environ:
        printed_in = os.environ.get(PRINTED_IN) or locale.getencoding()
        environment = {**os.environ, "PYTHONUTF8": "1", PRINTED_IN: printed_in, BEGUN_AGAIN: "1"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 -- ourselves


if __name__ == "__main__":
    main()
