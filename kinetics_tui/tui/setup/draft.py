"""The set-up form as plain data: what is filled in, what is wrong with it, what it comes to."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import bytes_text
from kinetics_tui.dataset.folder import as_path
from kinetics_tui.model.options import PACES, SOURCES, WORKERS, Options, PaceLimit, Selection, Trim
from kinetics_tui.tui.setup import estimate
from kinetics_tui.tui.setup.estimate import ClipTable, Tally
from kinetics_tui.tui.setup.ports import Folder, Source

FEWEST_WORKERS, MOST_WORKERS = WORKERS
MOST_DIGITS = 12
DEFAULTS = Options()
ORDERS = {",".join(order): order for order in SOURCES}
"""The orders of sources, as they are typed."""


class Field(StrEnum):
    """The fields that can hold an impossible choice, in the order they stand on screen."""

    RELEASE = "release"
    FILES = "files"
    SPLITS = "splits"
    CLASSES = "classes"
    PER_CLASS = "per-class"
    SEED = "seed"
    FOLDER = "folder"
    SOURCE = "source"
    WORKERS = "workers"
    PACE = "pace"


OTHER_PACE = "other"
"""The name of a pace that is typed, beside those that have names of their own."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The form. Numbers and paths are as typed; ``release`` is empty where files are named instead.

    ``splits`` and ``classes`` None mean all, whatever they turn out to be. ``more`` are the fields under
    "More" by the names of their options.
    """

    release: str
    files: str = ""
    splits: frozenset[str] | None = None
    classes: frozenset[str] | None = None
    per_class: str = ""
    seed: str = str(Selection().seed)
    folder: str = ""
    sources: str = ",".join(DEFAULTS.sources)
    height_px: int = DEFAULTS.height_px
    workers: str = str(DEFAULTS.workers)
    pace: str = "guest"
    pace_number: str = ""
    sound: bool = DEFAULTS.audio
    trim: Trim = DEFAULTS.trim
    more: dict[str, str] = {}

    @property
    def file_paths(self) -> tuple[Path, ...]:
        return split_paths(self.files)

    @property
    def folder_path(self) -> Path:
        return as_path(self.folder)

    @property
    def per_class_count(self) -> int | None:
        return whole_number(self.per_class)

    @property
    def limit_count(self) -> int | None:
        return whole_number(self.more.get("limit", ""))

    @property
    def network_names(self) -> tuple[str, ...]:
        """The names of the networks to go out by, which have commas between them."""
        return tuple(name for part in self.more.get("networks", "").split(",") if (name := part.strip()))

    @property
    def picture_px(self) -> int:
        """The short side of the clips, as far as the form tells it."""
        return min(self.height_px, whole_number(self.more.get("short_side", "")) or self.height_px)

    @property
    def seed_number(self) -> int | None:
        return 0 if self.seed.strip() == "0" else whole_number(self.seed)

    @property
    def pace_per_hour(self) -> PaceLimit:
        """Clips an hour, or a budget; None where it is unlimited or no number yet."""
        return PACES.get(self.pace, whole_number(self.pace_number))

    def chosen_splits(self, table: ClipTable) -> tuple[str, ...]:
        """The chosen splits that there are, in their order."""
        return tuple(split for split in table.cells if self.splits is None or split in self.splits)

    def source(self, table: ClipTable) -> Source:
        """Where the annotations of this draft come from."""
        if self.release:
            return Source(release=self.release, splits=self.chosen_splits(table))
        return Source(files=self.file_paths)

    def amount(self, table: ClipTable) -> Tally:
        """The sums of the selection."""
        return estimate.choose(
            table, self.chosen_splits(table), self.classes, self.per_class_count, self.limit_count
        )

    def selection(self, table: ClipTable) -> Selection:
        """The form as a selection."""
        splits = self.chosen_splits(table)
        return Selection(
            release=self.release,
            annotations=() if self.release else tuple(str(path) for path in self.file_paths),
            splits=() if self.splits is None or len(splits) == len(table.cells) else splits,
            # A class of which the annotations happen to have no clip would be refused as unknown.
            classes=() if self.classes is None else tuple(sorted(self.classes & table.labels())),
            per_class=self.per_class_count,
            seed=self.seed_number or 0,
            limit=self.limit_count,
        )

    def options(self, given: Options) -> Options:
        """``given``, with what the form says in its place."""
        return msgspec.structs.replace(
            given,
            workers=whole_number(self.workers) or given.workers,
            sources=ORDERS[self.sources],
            height_px=self.height_px,
            trim=self.trim,
            audio=self.sound,
            pace_per_hour=self.pace_per_hour,
        )


def draft_of(
    dataset: Path,
    options: Options,
    selection: Selection,
    classes: frozenset[str] | None,
    more: dict[str, str] | None = None,
) -> Draft:
    """The form filled in from what was handed to the screen."""
    pace = next((name for name, number in PACES.items() if number == options.pace_per_hour), OTHER_PACE)
    return Draft(
        release=selection.release,
        files=" ".join(shlex.quote(path) for path in selection.annotations),
        splits=frozenset(selection.splits) or None,
        classes=classes,
        per_class="" if selection.per_class is None else str(selection.per_class),
        seed=str(selection.seed),
        folder=str(dataset),
        sources=",".join(options.sources),
        height_px=options.height_px,
        workers=str(options.workers),
        pace=pace,
        pace_number=f"{options.pace_per_hour:g}" if pace == OTHER_PACE and options.pace_per_hour else "",
        sound=options.audio,
        trim=options.trim,
        more=more or {},
    )


def whole_number(text: str) -> int | None:
    """The positive whole number that a field holds (``2,000`` is one), None where it holds none."""
    digits = text.strip().replace(",", "")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    return int(digits) or None if is_number else None


def split_paths(text: str) -> tuple[Path, ...]:
    """The paths in a field: one path as it stands, or several quoted as in a shell."""
    if not text.strip():
        return ()
    whole = as_path(text)
    if _kind(whole) is not None:
        return (whole,)
    try:
        return tuple(as_path(part) for part in shlex.split(text))
    except ValueError:
        return (whole,)


def _kind(path: Path) -> int | None:
    """The file type at a path, None where there is nothing that could be opened."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except (OSError, ValueError):
        return None


def missing_file(draft: Draft) -> str:
    """Why the annotation files cannot be read yet, empty if they can."""
    paths = draft.file_paths
    if not paths:
        return "Give the path of an annotation file (.csv, .json, .tar.gz)."
    for path in paths:
        kind = _kind(path)
        if kind is None:
            return f"There is no file {path}."
        if kind == stat.S_IFDIR:
            return f"{path} is a folder: name the files in it."
    return ""


def problems(
    draft: Draft, table: ClipTable, labels: tuple[str, ...], folder: Folder, needed_bytes: float
) -> dict[str, str]:
    """Why each impossible choice is impossible, one sentence a field; empty where Start can go."""
    found: dict[str, str] = {}
    if not draft.folder.strip():
        found[Field.FOLDER] = "Give the folder that the clips go to."
    elif folder.problem:
        found[Field.FOLDER] = folder.problem
    if folder.has_ledger:
        return found

    limits = f"{FEWEST_WORKERS} to {MOST_WORKERS}"
    _check_number(found, Field.WORKERS, draft.workers, f"Workers are a number, {limits}.")
    workers = whole_number(draft.workers)
    if workers is not None and workers > MOST_WORKERS:
        found[Field.WORKERS] = f"{workers:,} workers are too many: {limits}."
    if draft.pace == OTHER_PACE:
        _check_number(found, Field.PACE, draft.pace_number, "The pace is a number of clips an hour.")
    if not draft.release and (why := missing_file(draft)):
        found[Field.FILES] = why
    if draft.per_class.strip():
        _check_number(found, Field.PER_CLASS, draft.per_class, "N per class is a number from 1 (empty: all).")
    if draft.seed_number is None:
        found[Field.SEED] = "The seed is a number, 0 or more."
    if not table.cells:
        return found
    if not draft.chosen_splits(table):
        found[Field.SPLITS] = "No split is chosen."
    elif draft.classes is not None and not draft.classes:
        found[Field.CLASSES] = "No class is chosen."
    elif draft.classes is not None and (unknown := draft.classes.difference(labels)):
        found[Field.CLASSES] = f'There is no class "{min(unknown)}": choose among those shown.'
    elif round(draft.amount(table).clips) == 0:
        found[Field.CLASSES] = "The chosen splits have no clip of these classes."
    elif Field.FOLDER not in found and folder.free_bytes is not None and needed_bytes > folder.free_bytes:
        found[Field.FOLDER] = (
            f"The disk is too small: about {bytes_text(needed_bytes)} needed, "
            f"{bytes_text(folder.free_bytes)} free."
        )
    return found


def _check_number(found: dict[str, str], field: Field, text: str, sentence: str) -> None:
    if whole_number(text) is None:
        found[field] = sentence


def class_groups(
    labels: tuple[str, ...], categories: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Classes under headings: by category where they are known, else by first letter."""
    if categories:
        known = set(labels)
        groups = {
            name: tuple(label for label in classes if label in known) for name, classes in categories.items()
        }
        placed = {label for classes in groups.values() for label in classes}
        groups["no category"] = tuple(label for label in labels if label not in placed)
        return {name: classes for name, classes in groups.items() if classes}
    letters: dict[str, list[str]] = {}
    for label in sorted(labels, key=str.casefold):
        letters.setdefault(for_screen(label)[:1].upper() or "?", []).append(label)
    return {letter: tuple(classes) for letter, classes in letters.items()}
