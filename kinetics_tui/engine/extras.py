"""What is to be made of a dataset's clips, kept with its options for the next run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.engine.address import WriterLock
from kinetics_tui.model.errors import DatasetError
from kinetics_tui.model.extras import FRAMES_FOLDER, Extras


def keep_extras(dataset: Path, extras: Extras) -> None:
    """Have these made of a dataset's clips from the next run on.

    Raises EngineError while an engine runs, DatasetError as ``next_extras`` does; nothing is changed then.
    """
    # Looked at first without the lock: a folder that is no dataset is left as it is.
    Ledger.open(dataset, read_only=True).close()
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        options = ledger.options
        extras = next_extras(dataset, options.extras, extras)
        ledger.set_options(msgspec.structs.replace(options, extras=extras))


def next_extras(dataset: Path, before: Extras, wanted: Extras, *, making: bool = False) -> Extras:
    """What is to be kept of those that are wanted now, with the frames that were wanted last.

    Raises DatasetError where frames of another kind are there already, or being made (``making``).
    """
    last = before.frames or before.frames_before
    frames = dataset / FRAMES_FOLDER
    if wanted.frames not in (None, last) and (making or frames.is_dir()):
        raise DatasetError(f"{frames} holds other frames: move it away, then ask for these.")
    return msgspec.structs.replace(wanted, frames_before=wanted.frames or last)
