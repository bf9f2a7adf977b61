"""What is to be made of a dataset's clips, kept with its options for the next run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.engine.address import WriterLock
from kinetics_tui.model.errors import DatasetError, SettingsError
from kinetics_tui.model.extras import FRAMES_FOLDER, Extras


def keep_extras(dataset: Path, given: Mapping[str, object]) -> Extras:
    """Keep these fields of ``Extras`` with the dataset, the others as they are; returns all that is wanted.

    Raises EngineError while an engine runs, DatasetError where frames of another kind are there already,
    SettingsError where nothing would be made; nothing is changed then.
    """
    # Looked at first without the lock: a folder that is no dataset is left as it is.
    Ledger.open(dataset, read_only=True).close()
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        options = ledger.options
        before = options.extras
        extras = msgspec.structs.replace(before, **given)
        if not extras.any and not before.any:
            raise SettingsError("Say what is to be made of the clips: --frames FPS, --sound wav, or both.")
        frames = dataset / FRAMES_FOLDER
        if extras.frames_fps is not None and frames.is_dir() and _other_frames(before, extras):
            raise DatasetError(f"{frames} holds other frames: move it away, then ask for these.")
        ledger.set_options(msgspec.structs.replace(options, extras=extras))
    return extras


def _other_frames(before: Extras, now: Extras) -> bool:
    return before.frames_fps is not None and (before.frames_fps, before.frames_short_side_px) != (
        now.frames_fps,
        now.frames_short_side_px,
    )
