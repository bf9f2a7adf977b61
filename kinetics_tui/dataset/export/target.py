"""The folder of an export: what is made in it is made whole or not at all, and only in it.

No link is followed on the way down from it, and nothing that was not made by an export is replaced.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import stat
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, ClassVar, Self

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import EXPORT_FOLDER, lock
from kinetics_tui.dataset.ledger.database import plain_errors

ABOUT = "about.json"
LOCK = "lock"
PART = ".part"
NOTE = ".note"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})


class About(msgspec.Struct):
    """A note on the folder: an export of ``dataset`` for ``reader``; ``files`` are lists to be replaced."""

    reader: str
    dataset: str
    files: list[str] = []


class Target:
    """An export's folder while one is being made; a context manager.

    Raises DatasetError, on entry and from every method, where the folder cannot be used.
    """

    most_shards: ClassVar[float] = math.inf
    """So many full shards of the export may lie in the making."""

    def __init__(self, folder: Path, reader: str, dataset: Path) -> None:
        self.folder = folder
        self.shown = str(folder)
        self._about = About(reader, str(dataset))
        self._fds = contextlib.ExitStack()
        self._top = self._own = -1

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack, self._plain():
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except FileExistsError as error:
                raise DatasetError(
                    f"{error.filename} is not a folder; choose another for the export."
                ) from error
            self._top = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, self._top)
            self._own = stack.enter_context(self._inside(EXPORT_FOLDER))
            self._lock(stack)
            self._recognise()
            self._sweep()
            self._fds = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._fds.close()

    @contextlib.contextmanager
    def open_folder(self, *parts: str) -> Iterator[int]:
        """A descriptor of a folder below, which is made where it is missing."""
        with self._plain(), self._inside(*parts) as fd:
            yield fd

    def folders_in(self, name: str) -> list[str]:
        """The names of the folders in one of the folders at the top; none where it is missing."""
        with self._plain(), contextlib.suppress(FileNotFoundError):
            fd = os.open(name, _FOLDER, dir_fd=self._top)
            try:
                with os.scandir(fd) as entries:
                    return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
            finally:
                os.close(fd)
        return []

    def exists(self, name: str) -> bool:
        """True if there is anything of this name at the top."""
        return _exists(name, self._top)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[BinaryIO]:
        """A new file in the making; it is gone when the block ends, unless it was given a name."""
        part = self._part_name(name)
        with self._plain():
            file = os.fdopen(os.open(part, _NEW_FILE, 0o644, dir_fd=self._own), "w+b")
            try:
                with file:
                    yield file
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(part, dir_fd=self._own)

    def give_name(self, file: BinaryIO, part_of: str, folder_fd: int, name: str) -> None:
        """Give a file in the making its final name, once it is on the disk.

        Raises FileExistsError where there is something of that name: nothing is replaced.
        """
        part = self._part_name(part_of)
        with self._plain():
            file.flush()
            os.fsync(file.fileno())
            try:
                os.link(part, name, src_dir_fd=self._own, dst_dir_fd=folder_fd, follow_symlinks=False)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                if _exists(name, folder_fd):
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from error
                os.rename(part, name, src_dir_fd=self._own, dst_dir_fd=folder_fd)

    @contextlib.contextmanager
    def table(self, name: str, folder: str = "") -> Iterator[BinaryIO]:
        """A list of the export: made each time, in its place when the block ends without an error."""
        place = f"{folder}/{name}" if folder else name
        with self._inside_plainly(folder) as fd:
            if place not in self._about.files and _exists(name, fd):
                raise self._not_ours(place)
            with self.part(name) as file:
                yield file
                with self._plain():
                    file.flush()
                    os.fsync(file.fileno())
                    if place not in self._about.files:
                        self._about.files.append(place)
                        self._write_about()
                    os.rename(self._part_name(name), name, src_dir_fd=self._own, dst_dir_fd=fd)

    @contextlib.contextmanager
    def text(self, name: str, folder: str = "") -> Iterator[TextIOWrapper]:
        """A list of the export as text in UTF-8; line ends are written as they are."""
        with self.table(name, folder) as file:
            text = TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
            try:
                yield text
                with self._plain():
                    text.flush()
            finally:
                with contextlib.suppress(ValueError, OSError):
                    text.detach()

    def notes(self) -> Iterator[tuple[str, bytes]]:
        """The name and the content of every note that exports have left for later ones."""
        with self._plain():
            for name in sorted(os.listdir(self._own)):  # noqa: PTH208 - of an open folder
                if name.endswith(NOTE):
                    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._own)
                    with os.fdopen(fd, "rb") as file:
                        yield name.removesuffix(NOTE), file.read()

    def leave_note(self, name: str, content: bytes) -> None:
        """Leave a note for later exports, in place of an earlier one of the same name."""
        with self._plain():
            self._write_own(f"{name}{NOTE}", content)

    # -- small helpers ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _inside(self, *parts: str) -> Iterator[int]:
        with contextlib.ExitStack() as stack:
            fd = self._top
            for part in parts:
                assert part not in ("", ".", "..")
                assert "/" not in part
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=fd)
                fd = os.open(part, _FOLDER, dir_fd=fd)
                stack.callback(os.close, fd)
            yield fd

    @contextlib.contextmanager
    def _inside_plainly(self, folder: str) -> Iterator[int]:
        with contextlib.ExitStack() as stack:
            with self._plain():
                fd = stack.enter_context(self._inside(*([folder] if folder else [])))
            yield fd

    def _lock(self, stack: contextlib.ExitStack) -> None:
        fd = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=self._own)
        stack.callback(os.close, fd)
        if not lock(fd, self.folder):
            raise DatasetError(f"Another export is writing into {self.shown}; wait for its end.")

    def _recognise(self) -> None:
        content = self._read_about()
        if content is None:
            self._write_about()
            return
        try:
            found = from_json(content, About)
        except msgspec.DecodeError:
            raise DatasetError(
                f"{self.shown}/{EXPORT_FOLDER}/{ABOUT} cannot be understood; choose another folder."
            ) from None
        if found.reader != self._about.reader:
            raise DatasetError(
                f"{self.shown} holds an export for {found.reader}; choose another folder for "
                f"{self._about.reader}."
            )
        if not self._is_of_this_dataset(found):
            raise DatasetError(
                f"{self.shown} holds an export of {found.dataset}; choose another folder for this dataset."
            )
        self._about = found

    def _is_of_this_dataset(self, about: About) -> bool:
        return about.dataset == self._about.dataset

    def _read_about(self) -> bytes | None:
        try:
            fd = os.open(ABOUT, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._own)
        except FileNotFoundError:
            return None
        with os.fdopen(fd, "rb") as file:
            return file.read()

    def _write_about(self) -> None:
        self._write_own(ABOUT, to_json(self._about))

    def _write_own(self, name: str, content: bytes) -> None:
        with self.part(name) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.rename(self._part_name(name), name, src_dir_fd=self._own, dst_dir_fd=self._own)

    def _part_name(self, name: str) -> str:
        return f"{name}.{os.getpid()}{PART}"

    def _not_ours(self, place: str) -> DatasetError:
        return DatasetError(
            f"{self.shown}/{place} was not written by an export; move it away or choose another folder."
        )

    def _sweep(self) -> None:
        """Remove what exports that were killed had in the making; this one holds the lock."""
        for name in os.listdir(self._own):  # noqa: PTH208 - of an open folder
            if name.endswith(PART):
                os.unlink(name, dir_fd=self._own)

    @contextlib.contextmanager
    def _plain(self) -> Iterator[None]:
        """Errors of the system as one sentence about the folder."""
        try:
            yield
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise DatasetError(
                    f"{self.folder / str(error.filename or '')} is a link or no folder; move it away or "
                    "choose another folder for the export."
                ) from error
            with plain_errors(self.folder):
                raise


def _exists(name: str, folder_fd: int) -> bool:
    try:
        os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def same_file(about: os.stat_result, source: os.stat_result) -> bool:
    """True if that is a file itself, by another name, or by all signs a copy of it that an export made."""
    if not stat.S_ISREG(about.st_mode):
        return False
    return os.path.samestat(about, source) or (about.st_size, about.st_mtime_ns) == (
        source.st_size,
        source.st_mtime_ns,
    )
