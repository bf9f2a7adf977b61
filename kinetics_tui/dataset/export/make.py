"""An export made: every clip of the selection is handed to the form of the reader, or told as missing.

The readers that a dataset can be exported for. A further one is a form of its own and a line here.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinetics_tui.annotations.releases import find_release, unknown_name
from kinetics_tui.annotations.row_rules import CLIP_COLUMNS, clip_row, write_row
from kinetics_tui.base.errors import DatasetError, SettingsError
from kinetics_tui.base.words import are, counted
from kinetics_tui.dataset.export.clip_files import Link, Placed, Placer, UnreadableError, open_source
from kinetics_tui.dataset.export.exporter import Form, Item, label_map
from kinetics_tui.dataset.export.lists import Mmaction2, Slowfast
from kinetics_tui.dataset.export.remote import RemoteTarget
from kinetics_tui.dataset.export.shards import Webdataset
from kinetics_tui.dataset.export.tables import Csv, Parquet
from kinetics_tui.dataset.export.target import Target
from kinetics_tui.dataset.export.trees import Fiftyone, Torchvision
from kinetics_tui.dataset.folder import STATE_FOLDER
from kinetics_tui.dataset.layout import clip_folder
from kinetics_tui.dataset.ledger.database import Database, connect, read_meta
from kinetics_tui.dataset.ledger.files import Holding, count_selected, read_holdings, selected_labels
from kinetics_tui.model.options import Options

READERS: dict[str, type[Form]] = {
    "torchvision": Torchvision,
    "mmaction2": Mmaction2,
    "slowfast": Slowfast,
    "pytorchvideo": Slowfast,
    "fiftyone": Fiftyone,
    "csv": Csv,
    "parquet": Parquet,
    "webdataset": Webdataset,
}


def form_of(reader: str) -> type[Form]:
    """The form of a reader's export. Raises AnnotationError, with the nearest names, where there is none."""
    try:
        return READERS[reader.strip().casefold()]
    except KeyError:
        raise unknown_name("reader", reader, READERS) from None


MISSING = "missing.csv"


class Exporting(msgspec.Struct, frozen=True, kw_only=True):
    """The export that is asked for.

    ``to`` is a folder, or an address as text; None is a folder beside the dataset. ``link`` None is the
    reader's usual way, ``release`` the one whose numbers the classes get (empty: that of the dataset).
    """

    reader: str
    to: Path | str | None = None
    link: Link | None = None
    release: str = ""


class Exported(msgspec.Struct):
    """The progress of an export, and its outcome.

    Of ``clips`` selected ones ``added`` and ``there`` (from exports before) are in it, ``copied`` of them by
    copies; ``missing`` are not, ``others`` of these because something else is in their place. ``notes`` are
    sentences; ``on_its_way`` says how far a file that is put elsewhere is.
    """

    folder: str
    clips: int = 0
    added: int = 0
    there: int = 0
    copied: int = 0
    missing: int = 0
    others: int = 0
    notes: list[str] = []
    on_its_way: str = ""

    @property
    def looked_at(self) -> int:
        return self.added + self.there + self.missing


def export(
    dataset: Path,
    asked: Exporting,
    tell: Callable[[str], None],
    on_progress: Callable[[Exported], None] = lambda _exported: None,
) -> Exported:
    """Export a dataset, beside an engine if need be. What is there from an export before is left as it is.

    Raises UserError: NoLedger, a reader or release that is not known, a target that cannot be used.
    """
    form_type = form_of(asked.reader)
    reader = asked.reader.strip().casefold()
    if asked.link is not None and not form_type.links:
        raise SettingsError(f"--link is for readers that want a file a clip: {reader} takes none.")
    if isinstance(asked.to, str) and form_type.links:
        raise SettingsError(
            f"{reader} reads a file a clip, of which stores take too many: export --for webdataset there, or "
            f"export for {reader} into a folder and copy that."
        )
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        dataset = dataset.resolve()
        release = find_release(asked.release).name if asked.release else read_meta(database, "release", str)
        labels = label_map(release, selected_labels(database))
        exported = Exported("", clips=count_selected(database))

        def on_way(text: str) -> None:
            exported.on_its_way = text
            on_progress(exported)

        to: Target
        if isinstance(asked.to, str):
            to = RemoteTarget(asked.to, reader, dataset, on_way)
        else:
            to = Target(_folder(dataset, reader, asked.to, database), reader, dataset)
        exported.folder = to.shown
        with to as target, contextlib.ExitStack() as stack:
            placer = Placer(target, asked.link or Link.HARD, tell)
            form = stack.enter_context(form_type(target, placer, labels, release))
            missing = stack.enter_context(target.text(MISSING))
            write_row(missing, (*CLIP_COLUMNS, "why", "message"))
            for holding in read_holdings(database, read_meta(database, "options", Options).layout):
                form.selected(holding.clip)
                number = labels.number(holding.clip.label)
                why = holding.why or _take_in(dataset, holding, number, form, exported)
                if why:
                    exported.missing += 1
                    write_row(missing, (*clip_row(holding.clip), why, holding.message))
                exported.copied = placer.copied
                on_progress(exported)
            exported.notes += form.finish()
        if release and labels.official and len(labels.names) > labels.official:
            more = len(labels.names) - labels.official
            others = f"{counted(more, 'class')} {are(more)} not among those of {release}"
            exported.notes.append(f"{others}; {'it is' if more == 1 else 'they are'} numbered behind them.")
    return exported


def _take_in(dataset: Path, holding: Holding, number: int, form: Form, exported: Exported) -> str:
    """Have a clip exported; why it could not be, in a few words, or nothing."""
    try:
        with open_source(dataset / holding.path) as source:
            placed = form.add(Item(holding, source, number))
    except UnreadableError as error:
        return str(error)
    match placed:
        case Placed.ADDED:
            exported.added += 1
        case Placed.THERE:
            exported.there += 1
        case Placed.OTHER:
            exported.others += 1
            return "something else is in its place in the export"
    return ""


def _folder(dataset: Path, reader: str, to: Path | None, database: Database) -> Path:
    """The folder to export to. Raises DatasetError for one that clips of the dataset may lie in."""
    folder = Path(os.path.abspath(to or dataset.with_name(f"{dataset.name}-{reader}")))  # noqa: PTH100 - it may not be there yet
    real = folder.resolve()
    if dataset.is_relative_to(real):
        raise DatasetError(f"{folder} holds the dataset itself; choose another folder for the export.")
    if real.is_relative_to(dataset):
        layout = read_meta(database, "options", Options).layout
        splits = [name for (name,) in database.read("SELECT name FROM splits")]
        own = {STATE_FOLDER, *(clip_folder(layout, split, "").parts[0] for split in splits)}
        if real.relative_to(dataset).parts[0] in own:
            raise DatasetError(f"{folder} is where the dataset keeps its own; choose another for the export.")
    return folder
