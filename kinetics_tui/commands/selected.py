"""The clips of a selection, where there is no dataset whose network to go by."""

from __future__ import annotations

from kinetics_tui.commands.command_line import tell
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Selection
from kinetics_tui.settings import Settings, default_cache_dir


def selected_clips(selection: Selection, settings: Settings) -> list[Clip]:
    """Read, or fetch by the network of the settings, the annotations, and pick the clips out of them.

    Raises ``UserError`` where they cannot be had or none is left.
    """
    from kinetics_tui.annotations.obtain import obtain_annotations
    from kinetics_tui.annotations.selection import select
    from kinetics_tui.media.opener import network_opener

    opener = network_opener(settings.options.yt_dlp, None) if not selection.annotations else None
    return select(obtain_annotations(selection, default_cache_dir(), tell, opener), selection)
