"""Make a dataset ready for its engine: the ledger made, or brought up to what is asked now.

The only writing of a ledger outside an engine, under the same lock.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from kinetics_tui.annotations.read import Annotations, BadRow
from kinetics_tui.annotations.releases import CUSTOM, find_release, release_of
from kinetics_tui.annotations.selection import select
from kinetics_tui.base.errors import AnnotationError, DatasetError, SettingsError
from kinetics_tui.base.words import are, counted
from kinetics_tui.dataset.folder import has_ledger, make_state_folder, state_folder
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import OF_ARCHIVES
from kinetics_tui.model.options import Options, Selection, Source

BAD_ROWS_SHOWN = 5
CUSTOM_TITLE = "Custom dataset"
BAD_ROWS_FILE = "bad-rows.csv"


def title_of(selection: Selection) -> str:
    """The name of a run on a selection where nobody calls it anything."""
    release = release_of(selection.release)
    return release.title if release else CUSTOM_TITLE


FindArchives = Callable[[Selection, Options, Sequence[Clip]], Sequence[ArchiveRow]]
"""Finds the archives that may hold clips of a selection. Raises UserError."""


def _reads(options: Options) -> bool:
    return Source.ARCHIVES in options.sources


def create(
    dataset: Path,
    selection: Selection,
    options: Options,
    clips: Sequence[Clip],
    title: str = "",
    archives: Sequence[ArchiveRow] = (),
) -> None:
    """Make the ledger of a new dataset; ``title`` is what the run is called on screen.

    Raises ``DatasetError`` where the folder cannot be used, ``SettingsError`` where yt-dlp does not
    know its options; nothing is changed then.
    """
    check_options(options)
    make_state_folder(dataset)
    with WriterLock(dataset):
        ledger = Ledger.create(
            dataset,
            title=title or title_of(selection),
            release=selection.release,
            selection=selection,
            options=options,
            clips=clips,
        )
        with ledger:
            ledger.set_archives(archives)


def prepare(
    dataset: Path,
    *,
    selection: Mapping[str, object],
    options: Options,
    given: Mapping[str, object],
    load: Callable[[Selection], Annotations],
    tell: Callable[[str], None],
    find_archives: FindArchives | None = None,
    title: str = "",
) -> None:
    """Make the dataset ready for what the user asked on the command line.

    ``selection`` and ``given`` hold the fields of ``Selection`` and ``Options`` that were given now;
    ``options`` is what a new dataset gets, from settings and flags together. A dataset that exists
    keeps its own options and selection where nothing else is given. ``load`` reads the annotations
    of a selection, ``tell`` prints a line, ``find_archives`` finds those of the dataset's clips where they
    are a source. Raises ``UserError``; nothing is changed then.
    """
    if named := str(selection.get("release") or ""):
        # Also beside annotations of one's own: their title, classes and exports are those of the release.
        known = named if named == CUSTOM else find_release(named).name
        selection = {**selection, "release": known}
    if not has_ledger(dataset):
        asked = Selection(**selection)  # type: ignore[arg-type]  # the command line types its flags
        if not asked.release and not asked.annotations:
            raise DatasetError(
                f"{dataset} is not a dataset yet: say which with --release kinetics-400 "
                "or --annotations FILE."
            )
        check_options(options)
        annotations = load(asked)
        clips = select(annotations, asked)
        _tell_readings(annotations, tell)
        tell(f"{counted(len(clips), 'clip')} selected of {len(annotations.clips):,} annotated.")
        archives = find_archives(asked, options, clips) if find_archives and _reads(options) else ()
        create(dataset, asked, options, clips, title, archives)
        _name_dropped_rows(dataset, annotations, tell)
        return
    if given:
        check_options(options)
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        kept = msgspec.structs.replace(ledger.options, **given)
        if kept.layout is not ledger.options.layout:
            raise DatasetError(
                f"{dataset} is laid out as {ledger.options.layout}: choose another folder for {kept.layout}."
            )
        asked = msgspec.structs.replace(ledger.selection, **selection)
        if selection:
            annotations = load(asked)
            clips = select(annotations, asked)
            _tell_readings(annotations, tell)
        found: Sequence[ArchiveRow] | None = None
        if find_archives and _reads(kept) and (selection or given or not ledger.archives()):
            if not selection:
                clips = [account.clip for account in ledger.accounts() if account.selected]
            found = find_archives(asked, kept, clips)
        # Whatever can fail has done so before anything is changed.
        if selection:
            added = ledger.set_selection(asked, clips)
            many = f"{counted(len(clips), 'clip')} {are(len(clips))} selected now"
            tell(f"{many}, {added:,} of them new to this dataset.")
            _name_dropped_rows(dataset, annotations, tell)
        if found is not None:
            ledger.set_archives(found)
        if Source.YOUTUBE in kept.sources and Source.YOUTUBE not in ledger.options.sources:
            ledger.retry_failed(OF_ARCHIVES, copies=False)  # YouTube was never asked for them
        if given:
            ledger.set_options(kept)
        if "yt_dlp" in given:
            ledger.set_ways_in_use(
                ()
            )  # what is said now of proxy and source address holds, not an earlier switch


def check_options(options: Options) -> None:
    """Raise ``SettingsError`` where yt-dlp cannot use its options, or not from where the engine runs.

    Also where hosts are to be let in, and what that takes is not installed; ``EngineError`` where nothing can
    listen for them.
    """
    from kinetics_tui.media.youtube.yt_dlp_options import (  # they bring yt-dlp with them
        check_args,
        parse_args,
    )

    if options.listen:
        from kinetics_tui.engine.wire.certificates import need_cryptography  # few runs have hosts
        from kinetics_tui.engine.wire.connect_file import parse_listen
        from kinetics_tui.engine.wire.listener import check_can_listen

        need_cryptography()
        check_can_listen(*parse_listen(options.listen))
    check_args(options.yt_dlp)
    cookies = parse_args(options.yt_dlp).get("cookiefile")
    if cookies and not Path(cookies).expanduser().is_absolute():
        raise SettingsError(
            f"--yt-dlp --cookies {cookies}: give the full path, since the engine runs in another folder."
        )


def _tell_readings(annotations: Annotations, tell: Callable[[str], None]) -> None:
    for reading in annotations.readings:
        tell(reading)


def _name_dropped_rows(dataset: Path, annotations: Annotations, tell: Callable[[str], None]) -> None:
    dropped = [*annotations.bad_rows, *annotations.duplicate_rows]
    if not dropped:
        return
    where = state_folder(dataset) / BAD_ROWS_FILE
    write_bad_rows(where, dropped)
    tell(
        f"{counted(len(annotations.bad_rows), 'row')} cannot be used and {len(annotations.duplicate_rows):,} "
        f"repeat a clip; all are listed in {where}, the first:"
    )
    for row in dropped[:BAD_ROWS_SHOWN]:
        tell(f"  {row.file}, line {row.line}: {row.why}")


def write_bad_rows(path: Path, rows: Sequence[BadRow]) -> None:
    """Write rows that were left out, as CSV: file, line, why."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "line", "why"])
            writer.writerows((row.file, row.line, row.why) for row in rows)
    except OSError as error:
        raise AnnotationError(
            f"The list of unusable rows cannot be written to {path}: {error.strerror}."
        ) from error
