"""A lost ledger made again: from what can be read of the old one, from annotations, from names of files.

Clips told by the paths of their files alone, and layouts by what lies where.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from kinetics_tui.annotations.row_rules import UnusableRowError, checked_clip
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.words import are, counted
from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.dataset.layout import SUFFIX, Naming, clip_path
from kinetics_tui.dataset.ledger.database import new_database, write_meta
from kinetics_tui.dataset.ledger.intake import Intake
from kinetics_tui.engine.client.prepare import CUSTOM_TITLE
from kinetics_tui.model.clip import ALL, TEST, TRAIN, VAL, Clip
from kinetics_tui.model.options import LayoutName, Options, Selection
from kinetics_tui.upkeep.check.inventory import Inventory
from kinetics_tui.upkeep.check.ledger_health import newest_aside, put_aside
from kinetics_tui.upkeep.check.salvage import Salvaged, salvage

SAMPLE = 5000
"""So many files are enough to tell a layout by."""
_SPLITS = {TRAIN: TRAIN, VAL: VAL, TEST: TEST, ALL: ALL, "valid": VAL}
_MARK = "~"
_TIME = r"(\d{6}(?:\.\d{3})?)"
_TIMED = re.compile(rf"([A-Za-z0-9_-]{{11}})_{_TIME}_{_TIME}(~[0-9a-f]{{12}})?\.mp4")
_ID_ALONE = re.compile(r"[A-Za-z0-9_-]{11}\.mp4")


def clips_of_paths(paths: Iterable[str], layout: LayoutName, *, marked: bool) -> Iterator[Clip]:
    """The clips whose files lie at these paths, where the path says all of it.

    ``marked``: those whose file has a mark in its name, or else those without one.
    """
    some = (path for path in paths if (_MARK in PurePosixPath(path).name) is marked)
    return (clip for path in some if (clip := clip_of_path(path, layout)) is not None)


def clip_of_path(path: str, layout: LayoutName) -> Clip | None:
    """The clip whose file a layout puts at this path, None where the path does not tell.

    A layout that changes a label on its way into a path leaves that changed: it is all there is.
    """
    parts = PurePosixPath(path).parts
    named = _TIMED.fullmatch(parts[-1])
    if named is None or len(parts) not in (2, 3) or parts[0] not in _SPLITS:
        return None
    label = parts[1] if len(parts) == 3 else ""
    youtube_id, start, end, mark = named.groups()
    try:
        clip = checked_clip(youtube_id, float(start), float(end), _SPLITS[parts[0]], label)
    except UnusableRowError:
        return None
    naming = Naming.MARKED if mark else Naming.TIMED
    return clip if str(clip_path(layout, clip, naming)) == path else None


def layout_of_names(paths: Iterable[str]) -> LayoutName | None:
    """The layout that names alone tell of; None where they carry no times, so that they name no clip."""
    sample = [PurePosixPath(path) for path in itertools.islice(paths, SAMPLE) if path.endswith(SUFFIX)]
    timed = [path for path in sample if _TIMED.fullmatch(path.name)]
    if not timed:
        return None if any(_ID_ALONE.fullmatch(path.name) for path in sample) else LayoutName.ACTIVITYNET
    labels = {path.parts[1] for path in timed if len(path.parts) == 3}
    underscored = any("_" in label for label in labels) and not any(" " in label for label in labels)
    return LayoutName.TORCHVISION if underscored else LayoutName.ACTIVITYNET


def layout_of_clips(paths: Iterable[str], clips: Iterable[Clip], usual: LayoutName) -> LayoutName:
    """The layout by which most of these files are where one of the clips belongs; ``usual`` where none is."""
    sample = set(itertools.islice((path for path in paths if path.endswith(SUFFIX)), SAMPLE))
    ids = {PurePosixPath(path).name[:11] for path in sample}
    hits = dict.fromkeys(sorted(LayoutName, key=lambda layout: layout is not usual), 0)
    for clip in clips:
        if clip.youtube_id in ids:
            for layout in hits:
                hits[layout] += str(clip_path(layout, clip)) in sample
    return max(hits, key=lambda layout: hits[layout])


Tell = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True):
    """The clips that a rebuilt ledger is to hold, as annotations name them."""

    title: str
    selection: Selection
    clips: Sequence[Clip]


def rebuild(
    dataset: Path, wanted: Wanted | None, options: Options, tell: Tell, *, into: Path | None = None
) -> None:
    """Make the ledger again, with every clip as it stood, or else pending; the caller holds the lock.

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
                tell(f"{counted(named, 'clip')} {are(named)} known by the names of their files alone.")


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
    tell(f"{counted(clips, 'clip')} and {counted(attempts, 'attempt')} could be read from {source.name}.")
    if "options" not in salvaged.meta:
        tell("The options could not be read; those of the settings hold again.")
    if {"way", "ways in use", "ways"} & set(salvaged.lost) or "options" not in salvaged.meta:
        tell("The network in use could not be read: choose it with kinetics-tui switch before you run.")


def has_traces(dataset: Path) -> bool:
    """True if a folder without a ledger was a dataset once."""
    return state_folder(dataset).is_dir()
