"""The form and all that is known about it; the set-up screen shows nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kinetics_tui.annotations.read import Annotations
from kinetics_tui.annotations.releases import Release
from kinetics_tui.base.words import counted
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.tui.setup.consequences import Consequences, consequences
from kinetics_tui.tui.setup.draft import Field, draft_of, missing_file, problems
from kinetics_tui.tui.setup.estimate import ClipTable, published_table, with_counted
from kinetics_tui.tui.setup.loading import Loaded
from kinetics_tui.tui.setup.more import Written, find_networks, read_texts, texts_of
from kinetics_tui.tui.setup.ports import Folder, Library, Plan, Source


def on_screen(sentence: str) -> str:
    """An error that was worded for the command line, as short as a form needs it.

    Of addresses only the hosts are left, each reason once; the way out is the field below, not an option.
    """
    sentence = re.sub(r"https?://([^/\s;:]+)/[^\s;]*?(?=[:;,\s]|$)", r"\1", sentence)
    reasons = re.search(r"\(([^()]*;[^()]*)\)", sentence)
    if reasons is not None:
        each = dict.fromkeys(part.strip() for part in reasons[1].split(";"))
        sentence = sentence.replace(reasons[1], "; ".join(each))
    return sentence.replace(" with --annotations FILE", " below")


class Form:
    """A draft with the counts, the folder and the annotations that belong to it."""

    def __init__(
        self,
        dataset: Path,
        options: Options,
        selection: Selection,
        library: Library,
        written: Written,
        networks: Sequence[str] = (),
    ) -> None:
        self._library = library
        self.written = written
        self._given = options
        self.releases: dict[str, Release] = {release.name: release for release in library.releases()}
        if not selection.release and not selection.annotations:
            selection = msgspec.structs.replace(selection, release=next(iter(self.releases), ""))
        more = texts_of(options, selection, written, networks)
        self.draft = draft_of(dataset, options, selection, self._named_classes(selection), more)
        self._first_draft = self.draft
        self.table = ClipTable()
        self.labels: tuple[str, ...] = ()
        self._read: Loaded | None = None
        self._folder: Folder | None = None
        self._networks: tuple[tuple[str, ...], int, dict[str, str]] | None = None
        self._recount()

    def _named_classes(self, selection: Selection) -> frozenset[str] | None:
        """The classes that a selection asks for by name or by category, None for all."""
        if not selection.classes and not selection.categories:
            return None
        known = self._library.categories(selection.release)
        by_category = (label for name in selection.categories for label in known.get(name, ()))
        return frozenset((*selection.classes, *by_category))

    @property
    def filled(self) -> bool:
        """True if something was filled in that was not there at first."""
        return self.draft != self._first_draft

    # -- filling in -----------------------------------------------------------------------------

    def change(self, **fields: object) -> bool:
        """Fill in fields of the draft; tells whether that makes another draft of it."""
        before = self.draft
        self.draft = msgspec.structs.replace(before, **fields)
        if (before.release, before.files) != (self.draft.release, self.draft.files):
            self._recount()
        return self.draft != before

    def take_annotations(self, read: Loaded) -> None:
        """Count by what was read from now on. Splits that it does not have can no longer be chosen."""
        self._read = read
        self._recount()
        if self.draft.splits is not None and not self.draft.chosen_splits(self.table):
            self.change(splits=None)

    def take_folder(self, folder: Folder) -> None:
        """Remember what was found out about a folder."""
        self._folder = folder

    def _recount(self) -> None:
        """Put the tables together again: the release or the files are others, or have been read."""
        read = self._read
        counted_table = read.table if read is not None and self._is_ours(read.source) else ClipTable()
        if self.release is None:
            self.table = counted_table
            self.labels = tuple(sorted(counted_table.labels() - {""}, key=str.casefold))
            return
        names = self._library.classes(self.release.name)
        self.table = with_counted(published_table(self.release.splits, names), counted_table)
        self.labels = (*names, *sorted(counted_table.labels() - {"", *names}))

    # -- what is known --------------------------------------------------------------------------

    @property
    def release(self) -> Release | None:
        return self.releases.get(self.draft.release)

    @property
    def source(self) -> Source:
        """Where the annotations of the draft come from."""
        return self.draft.source(self.table)

    @property
    def can_be_read(self) -> bool:
        """True if there is something to fetch or a file to read."""
        return bool(self.source.splits) if self.draft.release else not missing_file(self.draft)

    @property
    def annotations(self) -> Annotations | None:
        """The annotations that were read, where they hold all that the draft asks for."""
        read, source = self._read, self.source
        if (
            read is None
            or not self._is_ours(read.source)
            or not set(source.splits) <= set(read.source.splits)
        ):
            return None
        return read.annotations

    def _is_ours(self, source: Source) -> bool:
        """True if annotations from ``source`` are about the release or the files of the draft."""
        if self.draft.release:
            return source.release == self.draft.release
        return not source.release and source.files == self.draft.file_paths

    @property
    def seen_folder(self) -> Folder | None:
        """All that is known of the draft's folder, None until it was looked at."""
        folder = self._folder
        return folder if folder is not None and folder.path == self.draft.folder_path else None

    @property
    def folder(self) -> Folder:
        return self.seen_folder or Folder(self.draft.folder_path)

    def categories(self) -> dict[str, tuple[str, ...]]:
        """The categories of the release, or of the one that the files' classes are those of."""
        if self.draft.release:
            return self._library.categories(self.draft.release)
        labels = set(self.labels)
        alike = (name for name in self.releases if labels and labels <= set(self._library.classes(name)))
        return self._library.categories(next(alike, ""))

    def status(self) -> str:
        """The state of the annotations, in a sentence or two."""
        annotations = self.annotations
        if annotations is None:
            return "Published counts." if self.draft.release else ""
        words = [f"{counted(len(annotations.clips), 'clip')} read.", *annotations.readings[:1]]
        for rows, fate in ((annotations.bad_rows, "unusable"), (annotations.duplicate_rows, "double")):
            if rows:
                first = rows[0]
                place = f"{Path(first.file).name} line {first.line}" if first.line else Path(first.file).name
                words.append(f"{counted(len(rows), 'row')} {fate}: {place}, {first.why}.")
        return " ".join(words)

    # -- what it comes to -----------------------------------------------------------------------

    def judge(self) -> tuple[Consequences, dict[str, str]]:
        """The consequences of Start, and why fields make it impossible: by ``Field`` or name of an option."""
        options, wrong = self._options()
        networks, no_network = self._find_networks()
        said = consequences(self.draft, self.table, self.folder, self.release, options, networks)
        found = problems(self.draft, self.table, self.labels, self.folder, said.needed_bytes)
        if self.folder.has_ledger:
            return said, {**found, **no_network}
        if said.no_archives:
            found[Field.SOURCE] = said.no_archives
        return said, {**found, **wrong, **no_network}

    def _options(self) -> tuple[Options, dict[str, str]]:
        """The options of the run, and what cannot be read of those under "More"."""
        more, wrong = read_texts(self.draft.more, self.written)
        return msgspec.structs.replace(self.draft.options(self._given), **more), wrong

    def _find_networks(self) -> tuple[int, dict[str, str]]:
        """As ``find_networks``; the machine is asked once for each change of the names."""
        names = self.draft.network_names
        if self._networks is None or self._networks[0] != names:
            self._networks = (names, *find_networks(names, self.written))
        return self._networks[1:]

    def selection(self) -> Selection:
        return self.draft.selection(self.table)

    def plan(self, clips: tuple[Clip, ...] | None) -> Plan:
        """The end of the form."""
        return Plan(
            self.draft.folder_path, self.selection(), self._options()[0], clips, self.draft.network_names
        )
