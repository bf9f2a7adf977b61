"""``python -m kinetics_tui`` and the ``kinetics-tui`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; ends the process with the exit code of the command."""
    from kinetics_tui.cli import (
        run_command,  # not for the children that multiprocessing starts from this module
    )

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
