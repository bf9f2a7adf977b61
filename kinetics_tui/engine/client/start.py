"""Start the engine of a dataset."""

from __future__ import annotations

import os
import select
import subprocess
from pathlib import Path

from kinetics_tui.base.errors import EngineDiedError, EngineError
from kinetics_tui.base.machine import allow_files
from kinetics_tui.base.programs import python_program
from kinetics_tui.dataset.folder import log_path
from kinetics_tui.engine.process.address import FAILED, READY

START_WITHIN_S = 60.0


def start_engine(dataset: Path) -> None:
    """Start an engine of its own session on a dataset; returns when it serves its socket.

    Raises ``EngineError`` with the engine's own sentence where it cannot run.
    """
    allow_files(workers=0)
    ready, theirs = os.pipe()
    try:
        with log_path(dataset).open("ab") as log:
            command, environment = python_program(
                "kinetics_tui.engine", str(dataset.absolute()), "--ready-fd", str(theirs)
            )
            subprocess.Popen(
                command,
                env=environment,
                cwd="/",  # the engine outlives the user's stay in a folder, and keeps no mount busy
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(theirs,),
            )
    except OSError as error:
        os.close(ready)
        why = error.strerror or error
        raise EngineError(
            f"The engine cannot be started ({why}): end other programs, or raise ulimit -u."
        ) from error
    finally:
        os.close(theirs)
    with os.fdopen(ready, "rb") as pipe:
        if not select.select([pipe], [], [], START_WITHIN_S)[0]:
            raise EngineError(f"The engine does not come up; see {log_path(dataset)}.")
        said = pipe.read().decode("utf-8", "replace").strip()
    if not said or said == FAILED:
        raise EngineDiedError(f"The engine failed as it started; see {log_path(dataset)}.")
    if said != READY:
        raise EngineError(said)
