"""An export at an address such as ``s3://bucket/prefix``: files are made in the dataset's folder, put whole.

The far end is reached by fsspec, which is loaded only here. An export that was cut off goes on from what is
there: beside the shards lie notes of what each holds, and one counts only where its shard is there in full.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import DatasetError, SettingsError, UserError
from kinetics_tui.base.safe_text import for_ledger, mask_credentials
from kinetics_tui.dataset.export.target import ABOUT, LOCK, NOTE, PART, About, Target
from kinetics_tui.dataset.folder import EXPORT_FOLDER, lock, make_state_folder, remote_exports_path

TOLD_S = 0.5
LONGEST_REASON = 200
S3_PART_BYTES = 8 << 20
"""s3fs holds ten parts in memory."""
_ADDRESS = re.compile(r"[\w+.:-]+://")
_S3 = frozenset({"s3", "s3a"})
_PUT_WHOLE = _S3 | {"gs", "gcs", "abfs", "abfss", "az", "hf", "oss"}
"""Stores where a file is there when its last byte has arrived, and not before."""
_LOCAL = frozenset({"file", "local"})
_READ_ONLY = frozenset({"http", "https"})

_T = TypeVar("_T")


def is_address(place: str) -> bool:
    """True for what names a store elsewhere, and no folder of this machine."""
    return _ADDRESS.match(place) is not None


class _Note(msgspec.Struct):
    """A note beside a file: it counts where the file is there, of this size."""

    size_bytes: int
    content: str


class Store:
    """The far end: files put below an address. Its methods raise UserError, never with a password."""

    def __init__(self, address: str, tell: Callable[[str], None]) -> None:
        """Raises SettingsError, also where a package for this kind of address is missing."""
        self.shown = mask_credentials(address)
        self.sizes: dict[str, int] = {}
        """The files there, by their path below the address, with their bytes."""
        self._tell = tell
        self._protocol = protocol = address.partition("://")[0]
        if protocol in _LOCAL:
            raise SettingsError(
                f"{self.shown} is on this machine: give the folder, such as --to /data/shards."
            )
        if protocol in _READ_ONLY:
            raise SettingsError(
                f"{self.shown} takes no files; a store that speaks S3 is s3://bucket/prefix, with its own "
                "address in the variable AWS_ENDPOINT_URL."
            )
        self._fs, root = self._connected(address)
        self._root = root.rstrip("/")
        if not self._root and protocol in _PUT_WHOLE:
            raise SettingsError(f"{self.shown} names no bucket: give one, as in {protocol}://bucket/prefix.")

    def look(self, folder: str) -> None:
        """Learn what is there, in the folder of the address itself (empty) or in one below."""
        with self._plain(), contextlib.suppress(FileNotFoundError):
            self._fs.invalidate_cache()
            for entry in self._fs.ls(self._path(folder), detail=True):
                if entry["type"] == "file":
                    name = entry["name"].rstrip("/").rpartition("/")[2]
                    self.sizes[f"{folder}/{name}" if folder else name] = entry["size"]

    def read(self, names: list[str]) -> dict[str, bytes]:
        """The content of files that are there, several at a time where the store can do that."""
        with self._plain():
            whole = [None] * len(names)
            found = self._fs.cat_ranges(list(map(self._path, names)), whole, whole, on_error="raise")
            return dict(zip(names, found, strict=True))

    def put(self, local: Path, name: str) -> None:
        """Put a file, in the place of one of that name. Until it is whole nothing of it is to be seen."""
        path, size_bytes = self._path(name), local.stat().st_size
        with self._plain():
            if self._protocol in _PUT_WHOLE:
                self._put(local, path, size_bytes)
            else:
                part = self._path(f"{EXPORT_FOLDER}/{name.rpartition('/')[2]}{PART}")
                self._fs.makedirs(self._path(EXPORT_FOLDER), exist_ok=True)
                self._put(local, part, size_bytes)
                self._fs.mv(part, path)
            self._fs.invalidate_cache()
            there_bytes = self._fs.info(path)["size"]
            if there_bytes != size_bytes:
                self._fs.rm_file(path)
                raise DatasetError(f"{self._shown(name)} did not arrive whole and was removed; {_AGAIN}")
        self.sizes[name] = size_bytes

    def end_uploads(self, names: set[str]) -> None:
        """Drop what was uploaded of files that never became whole: S3 would keep it, unseen and for money."""
        if self._protocol in _S3:
            # Who may put files may not be allowed to list uploads.
            with contextlib.suppress(Exception):
                bucket, prefix, _ = self._fs.split_path(f"{self._root}/")
                found = self._fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix)
                for upload in found.get("Uploads", ()):
                    key = upload["Key"]
                    if key.removeprefix(prefix) in names:
                        self._fs.call_s3(
                            "abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload["UploadId"]
                        )

    # -- small helpers ----------------------------------------------------------------------------

    def _connected(self, address: str) -> tuple[Any, str]:
        try:
            import fsspec
        except ImportError:
            raise SettingsError(
                f"{self.shown} is reached with fsspec, which is not installed: "
                "pip install 'kinetics-tui[remote]'."
            ) from None
        # What these libraries log would be printed: traces, of addresses as they were given.
        logging.getLogger().addHandler(logging.NullHandler())
        try:
            found: tuple[Any, str] = fsspec.core.url_to_fs(address, skip_instance_cache=True)
        except ImportError as error:
            remedy = "pip install 'kinetics-tui[remote]'" if self._protocol in _S3 else _reason(error)
            raise SettingsError(
                f"{self.shown} needs a Python package that is not installed: {remedy}."
            ) from None
        except Exception as error:  # noqa: BLE001 -- each file system raises its own
            known = self._protocol.rpartition(":")[2] in fsspec.available_protocols()
            other = "" if known else "; s3://, gs://, hf:// and sftp:// are among those that can be"
            raise SettingsError(f"{self.shown} cannot be used ({_reason(error)}){other}.") from None
        return found

    def _put(self, local: Path, path: str, size_bytes: int) -> None:
        """In a thread: an interrupt inside of fsspec's blocks would publish what has arrived so far."""
        from fsspec.callbacks import Callback

        sent = Callback(size=size_bytes)
        how = {"chunksize": S3_PART_BYTES} if self._protocol in _S3 else {}
        done = _in_thread(lambda: self._fs.put_file(str(local), path, callback=sent, **how))
        name = path.rpartition("/")[2]
        try:
            while not wait([done], TOLD_S).done:
                self._tell(f"{name} on its way, {sent.value / 1e6:,.0f} of {size_bytes / 1e6:,.0f} MB")
        except KeyboardInterrupt:
            self.end_uploads({path.removeprefix(f"{self._root}/")})
            raise
        finally:
            self._tell("")
        done.result()

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _shown(self, name: str) -> str:
        return f"{self.shown.rstrip('/')}/{name}"

    @contextlib.contextmanager
    def _plain(self) -> Iterator[None]:
        """Whatever a store's library raises as one sentence."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001 -- each file system raises its own
            raise DatasetError(self._fault(error)) from None  # nor does a trace show what they hold

    def _fault(self, error: Exception) -> str:
        if isinstance(error, FileNotFoundError):
            return (
                f"{self.shown} is not there, or hidden from you: make the bucket, repository or folder, mend "
                "the name, or log in."
            )
        if isinstance(error, PermissionError):
            return (
                f"{self.shown} may not be used with these credentials ({_reason(error)}); have them allowed "
                "to list, read and put files there, then export again."
            )
        if self._protocol in _S3 and "Credentials" in type(error).__name__:
            return (
                f"There are no credentials for {self.shown}: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or run aws configure, then export again."
            )
        again = _AGAIN if self.sizes else "see that it is reached, then export again."
        return f"{self.shown} cannot be used ({_reason(error)}); {again}"


_AGAIN = "what was put stays there, and the same export goes on from it."


class RemoteTarget(Target):
    """An export's target at an address; ``tell`` hears how far a file is on its way, else an empty text."""

    most_shards = 2

    def __init__(self, address: str, reader: str, dataset: Path, tell: Callable[[str], None]) -> None:
        self._store = Store(address, tell)
        folder = sha256(self._store.shown.encode("utf-8", "replace")).hexdigest()[:16]
        super().__init__(remote_exports_path(dataset) / folder, reader, dataset)
        self.shown = self._store.shown
        self._dataset = dataset
        self._notes: dict[str, bytes] = {}
        """Of files in the making."""

    def __enter__(self) -> Self:
        make_state_folder(self._dataset)
        with self._plain():
            self._about.dataset = f"{self._dataset}#{_number_of(self.folder.parent)}"
        _sweep(self.folder.parent)
        return super().__enter__()

    def exists(self, name: str) -> bool:
        return name in self._store.sizes

    def give_name(self, file: BinaryIO, part_of: str, folder_fd: int, name: str) -> None:  # noqa: ARG002 - the base's
        if self.exists(name):
            raise DatasetError(f"{self.shown} has {name} already; export again.")
        with self._plain():
            file.flush()
            size_bytes = os.fstat(file.fileno()).st_size
        if name in self._notes:
            # Before the file itself: one without its note would be taken for somebody else's.
            note = _Note(size_bytes, self._notes.pop(name).decode())
            self._write_own(f"{name}{NOTE}", to_json(note))
        self._store.put(self._local(part_of), name)

    @contextlib.contextmanager
    def table(self, name: str, folder: str = "") -> Iterator[BinaryIO]:
        place = f"{folder}/{name}" if folder else name
        if place not in self._about.files and self.exists(place):
            raise self._not_ours(place)
        with self.part(name) as file:
            yield file
            with self._plain():
                file.flush()
            if place not in self._about.files:
                self._about.files.append(place)
                self._write_about()
            self._store.put(self._local(name), place)

    def notes(self) -> Iterator[tuple[str, bytes]]:
        for path, text in self._store.read(self._noted()).items():
            name = _noted(path)
            try:
                note = from_json(text, _Note)
            except msgspec.DecodeError:
                continue
            if self._store.sizes.get(name) == note.size_bytes:
                yield name, note.content.encode()

    def leave_note(self, name: str, content: bytes) -> None:
        self._notes[name] = content

    def _is_of_this_dataset(self, about: About) -> bool:
        return about.dataset.rpartition("#")[2] == self._about.dataset.rpartition("#")[2]

    def _lock(self, stack: contextlib.ExitStack) -> None:
        super()._lock(stack)
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def _read_about(self) -> bytes | None:
        self._store.look("")
        self._store.look(EXPORT_FOLDER)
        about = f"{EXPORT_FOLDER}/{ABOUT}"
        return self._store.read([about])[about] if self.exists(about) else None

    def _recognise(self) -> None:
        super()._recognise()
        self._store.end_uploads({*map(_noted, self._noted()), *self._about.files})

    def _write_own(self, name: str, content: bytes) -> None:
        with self.part(name) as file:
            file.write(content)
            file.flush()
            self._store.put(self._local(name), f"{EXPORT_FOLDER}/{name}")

    def _noted(self) -> list[str]:
        return [path for path in self._store.sizes if path.startswith(EXPORT_FOLDER) and path.endswith(NOTE)]

    def _local(self, name: str) -> Path:
        return self.folder / EXPORT_FOLDER / self._part_name(name)


def _noted(path: str) -> str:
    """The file that a note is about."""
    return path.removeprefix(f"{EXPORT_FOLDER}/").removesuffix(NOTE)


def _number_of(folder: Path) -> str:
    """The random number by which exports know a dataset again, wherever it was moved to."""
    folder.mkdir(exist_ok=True)
    with (folder / "number").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if not (number := file.read()):
            number = os.urandom(8).hex()
            file.write(number)
    return number


def _sweep(folder: Path) -> None:
    """Remove what exports to any address that were killed had in the making."""
    with contextlib.suppress(OSError):
        for each in list(folder.iterdir()):
            with contextlib.suppress(OSError), (each / EXPORT_FOLDER / LOCK).open("rb") as file:
                if lock(file.fileno(), each):
                    shutil.rmtree(each, ignore_errors=True)


def _in_thread(work: Callable[[], _T]) -> Future[_T]:
    """``work`` being done by a thread that ends with the program, wherever it is then."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 -- raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _reason(error: Exception) -> str:
    text = for_ledger(str(error)).rstrip(".") or type(error).__name__
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}..."
