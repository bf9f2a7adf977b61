"""Frames and sound of clips as a command: what is asked for, as the ledger keeps it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kinetics_tui.commands import flags
from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.engine.asking import ask, is_running
from kinetics_tui.engine.extras import keep_extras
from kinetics_tui.model.commands import WantExtras
from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.extras import FASTEST_FPS, LARGEST_PX, SLOWEST_FPS, SMALLEST_PX, Extras, SoundFormat
from kinetics_tui.values import choice, number, or_none, whole

_READERS = {
    "frames_fps": ("--frames", or_none(number(SLOWEST_FPS, FASTEST_FPS), None)),
    "frames_short_side_px": ("--short-side", or_none(whole(SMALLEST_PX, LARGEST_PX), None)),
    "sound": ("--sound", or_none(choice(SoundFormat), None)),
}


def want_extras(dataset: Path, *, frames: str | None, short_side: str | None, sound: str | None) -> None:
    """Have these made from now on, ``none`` for nothing more of a kind; a run that is under way is told.

    Raises UserError, and nothing is changed then.
    """
    asked = flags.given(frames_fps=frames, frames_short_side_px=short_side, sound=sound)
    given: dict[str, object] = {}
    for name, value in asked.items():
        flag, read = _READERS[name]
        try:
            given[name] = read(value)
        except SettingsError as error:
            raise SettingsError(f"{flag}: {error}") from None
    extras = _with(dataset, given)
    if is_running(dataset):
        ask(dataset, WantExtras(extras=extras))
    else:
        keep_extras(dataset, extras)


def _with(dataset: Path, given: dict[str, object]) -> Extras:
    """What the dataset has made of its clips, with these changes."""
    with Ledger.open(dataset, read_only=True) as ledger:
        before = ledger.options.extras
    extras = msgspec.structs.replace(before, **given)
    if not extras.any and not before.any:
        raise SettingsError("Say what is to be made of the clips: --frames FPS, --sound wav, or both.")
    return extras
