"""``python -m kinetics_tui`` and the ``kinetics-tui`` command."""

from __future__ import annotations

import gc
import sys

COLLECT_AFTER_OBJECTS = 50_000
"""New objects that the garbage collector waits for. With Python's own 700 it looks through all that is
being loaded time and again: a tenth of a second before the first paint."""


def main() -> None:
    """Run the command line; ends the process with the exit code of the command."""
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 20, 20)
    from kinetics_tui.cli import run_command

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
