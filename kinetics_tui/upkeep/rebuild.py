"""A lost ledger made anew: from what can be read of the old one, from annotations, from names of files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from kinetics_tui.dataset.database import new_database
from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.dataset.intake import Intake
from kinetics_tui.dataset.meta import write_meta
from kinetics_tui.dataset.salvage import Salvaged, salvage
from kinetics_tui.engine.prepare import CUSTOM_TITLE
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.errors import DatasetError
from kinetics_tui.model.options import LayoutName, Options, Selection
from kinetics_tui.upkeep.condition import newest_aside, put_aside
from kinetics_tui.upkeep.inventory import Inventory
from kinetics_tui.upkeep.names import clips_of_paths, layout_of_clips, layout_of_names

Tell = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True):
    """The clips that a rebuilt ledger is to hold, as annotations name them."""

    title: str
    selection: Selection
    clips: Sequence[Clip]


def rebuild(
    dataset: Path, wanted: Wanted | None, options: Options, tell: Tell, *, into: Path | None = None
) -> None:
    """Make the ledger anew, with every clip as it stood, or else pending; the caller holds the lock.

    The old file is kept beside it under another name. ``options`` are for what cannot be read of it. With
    ``into`` it is made in that folder, and nothing is changed in the dataset.
    Raises DatasetError where nothing says which clips there are.
    """
    with Inventory(dataset) as inventory:
        inventory.list_files()
        moved = put_aside(dataset) if into is None else None
        if moved is not None:
            tell(f"The damaged ledger is kept as {moved}.")
        source = moved or newest_aside(dataset)
        with new_database(into or dataset) as connection:
            salvaged = salvage(source, connection) if source else Salvaged()
            _tell_salvaged(salvaged, source, tell)
            options = _options(inventory, wanted, salvaged, options)
            _write_meta(connection, wanted, salvaged, options)
            intake = Intake(connection, options.layout)
            if wanted is not None:
                intake.select(wanted.clips)
            else:
                # Of names that differ in capitals alone, those with a mark came later.
                named = sum(
                    intake.add(clips_of_paths(inventory.files(), options.layout, marked=marked))
                    for marked in (False, True)
                )
                tell(f"{named:,} clips are known by the names of their files alone.")


def require_source(dataset: Path, wanted: Wanted | None) -> None:
    """Raise DatasetError where nothing says which clips a lost ledger held: then nothing is changed."""
    if wanted is not None or newest_aside(dataset) is not None:
        return
    with Inventory(dataset) as inventory:
        inventory.list_files()
        layout = layout_of_names(inventory.files())
        if layout is not None and any(clips_of_paths(inventory.files(), layout, marked=False)):
            return
    raise DatasetError(
        f"{dataset} has no ledger, and no file in it names a whole clip: say which clips it holds with "
        "--annotations FILE or --release R."
    )


def _options(inventory: Inventory, wanted: Wanted | None, salvaged: Salvaged, options: Options) -> Options:
    if "options" in salvaged.meta:
        kept: Options = salvaged.meta["options"]
        return kept
    layout: LayoutName | None
    if wanted is not None:
        layout = layout_of_clips(inventory.files(), wanted.clips, options.layout)
    else:
        layout = layout_of_names(inventory.files())
    return msgspec.structs.replace(options, layout=layout or options.layout)


def _write_meta(
    connection: sqlite3.Connection, wanted: Wanted | None, salvaged: Salvaged, options: Options
) -> None:
    selection = wanted.selection if wanted else Selection()
    values: dict[str, object] = {
        "title": wanted.title if wanted else CUSTOM_TITLE,
        "release": selection.release,
        "selection": selection,
        "options": options,
    }
    for key, value in values.items():
        if wanted is not None or key not in salvaged.meta:
            write_meta(connection, key, value)


def _tell_salvaged(salvaged: Salvaged, source: Path | None, tell: Tell) -> None:
    if source is None:
        return
    clips, attempts = salvaged.rows.get("clips", 0), salvaged.rows.get("attempts", 0)
    tell(f"{clips:,} clips and {attempts:,} attempts could be read from {source.name}.")
    if "options" not in salvaged.meta:
        tell("The options could not be read; those of the settings hold again.")
    if {"way", "ways"} & set(salvaged.lost) or "options" not in salvaged.meta:
        tell("The network in use could not be read: choose it with kinetics-tui switch before you run.")


def has_traces(dataset: Path) -> bool:
    """Whether a folder without a ledger was a dataset once."""
    return state_folder(dataset).is_dir()
