"""The files of archives in a dataset: those on their way, those that are kept, and the room they may take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from kinetics_tui.dataset.folder import archives_path
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.engine.archives.download import note_of
from kinetics_tui.engine.archives.order import USUAL_BYTES
from kinetics_tui.model.options import Options


class ArchiveFiles:
    """The archives' folder of a dataset."""

    def __init__(self, dataset: Path) -> None:
        self.folder = archives_path(dataset)

    def part(self, archive: ArchiveRow) -> Path:
        """The file into which an archive is fetched."""
        return self.folder / f"{archive.id}.part"

    def kept(self, archive: ArchiveRow) -> Path:
        """Where an archive is that is not fetched now: where it always was, or where it is kept."""
        if not is_remote(archive):
            return Path(archive.address)
        return self.folder / archive.name.replace("/", "-")

    def is_to_be_fetched(self, archive: ArchiveRow) -> bool:
        return is_remote(archive) and not self.kept(archive).exists()

    def bytes_to_come(self, archive: ArchiveRow) -> int:
        """The bytes of an archive that are not here yet."""
        return max(0, size_of(archive) - self.bytes_here(archive))

    def bytes_here(self, archive: ArchiveRow) -> int:
        """The bytes of an archive that are here."""
        part = self.part(archive)
        return part.stat().st_size if part.exists() else 0

    def over_limit(
        self,
        archive: ArchiveRow,
        fetching: Sequence[ArchiveRow],
        options: Options,
        *,
        spent_bytes: int,
        free_bytes: int,
    ) -> str | None:
        """None where an archive may be begun beside those, empty where it may be later, else why it may not.

        ``spent_bytes`` came for archives so far, ``free_bytes`` are left on the disk.
        """
        if not self.is_to_be_fetched(archive):
            return None
        coming = (archive, *fetching)
        # What comes of them and all their clips; a single one is tried in any case.
        needed = sum(self.bytes_to_come(one) + size_of(one) for one in coming)
        if fetching and needed > free_bytes:
            return ""
        most = options.max_archive_bytes
        if most is not None and spent_bytes + sum(map(self.bytes_to_come, coming)) > most:
            return "" if fetching else "--max-gb leaves no room for it"
        most = options.max_disk_bytes
        if most is not None and sum(map(size_of, coming)) > most:
            return "" if fetching else "it is larger than --max-disk"
        return None

    def put_away(self, archive: ArchiveRow, *, keep: bool) -> None:
        """An archive was read: give its file its name, or remove it."""
        part = self.part(archive)
        if keep and part.exists():
            part.replace(self.kept(archive))
        self._remove(part)

    def sweep(self, going_on: Iterable[ArchiveRow]) -> None:
        """Remove what came of archives that are wanted no more, unless they broke off and go on later."""
        wanted = {self.part(archive) for archive in going_on}
        for part in self.folder.glob("*.part"):
            if part not in wanted or not part.stat().st_size:
                self._remove(part)
        with contextlib.suppress(OSError):
            self.folder.rmdir()  # unless something is in it

    def _remove(self, part: Path) -> None:
        part.unlink(missing_ok=True)
        note_of(part).unlink(missing_ok=True)


def is_remote(archive: ArchiveRow) -> bool:
    return "://" in archive.address


def size_of(archive: ArchiveRow) -> int:
    """The bytes of an archive, or those of a usual one where that is not known."""
    return archive.size_bytes or USUAL_BYTES
