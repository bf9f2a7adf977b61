"""Frames and sound of clips as a command: what is asked for, as the ledger keeps it."""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.commands import flags
from kinetics_tui.engine.extras import keep_extras
from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.extras import Extras, SoundFormat
from kinetics_tui.values import choice, number, or_none, whole

FASTEST_FPS = 120.0
_READERS = {
    "frames_fps": ("--frames", or_none(number(0.01, FASTEST_FPS), None)),
    "frames_short_side_px": ("--short-side", or_none(whole(16, 4320), None)),
    "sound": ("--sound", or_none(choice(SoundFormat), None)),
}


def want_extras(dataset: Path, *, frames: str | None, short_side: str | None, sound: str | None) -> Extras:
    """Have these made from now on, ``none`` for nothing more of a kind; returns all that is wanted.

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
    return keep_extras(dataset, given)
