"""Figures of made-up clips, for tests that care for few of them."""

from __future__ import annotations

from typing import Any

import msgspec

from kinetics_tui.model.events import ClipDone
from kinetics_tui.model.made import MadeFile, Spent

_NOTHING = MadeFile(
    output_bytes=0, duration_s=0, width_px=0, height_px=0, fps=0, sound=False, short=False, exact=True
)


def file_of(**figures: Any) -> MadeFile:
    """A file with these figures, and zeros for the rest."""
    return msgspec.structs.replace(_NOTHING, **figures)


def nested(fields: dict[str, Any], *, made: bool) -> dict[str, Any]:
    """Fields of an attempt with figures among them, as it takes them; ``made``: a file came of it."""
    of_file, of_time = (
        {name: fields[name] for name in kind.__struct_fields__ if name in fields}
        for kind in (MadeFile, Spent)
    )
    own = {name: value for name, value in fields.items() if name not in {**of_file, **of_time}}
    return {**own, "made": file_of(**of_file) if made else None, "spent": Spent(**of_time)}


def clip_done(**fields: Any) -> ClipDone:
    """A clip that is done, with figures among its fields."""
    return ClipDone(**nested(fields, made=True))
