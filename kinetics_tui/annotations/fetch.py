"""The annotations of a selection: from its files, from the cache, or fetched into the cache.

They are fetched from DeepMind's archive, else from the mirror. The cache holds one file a split,
``<cache>/<release>/<split>.csv``, whichever address it came from. A file has that name only once it was
fetched whole and read as annotations.
"""

from __future__ import annotations

import http.client
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Protocol

from kinetics_tui.annotations.archives import MAX_MEMBER_BYTES, read_members
from kinetics_tui.annotations.read import Annotations, read_annotations
from kinetics_tui.annotations.releases import Release, find_release, unknown_name
from kinetics_tui.annotations.row_rules import SPLIT_WORDS
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.base.whole_file import sync
from kinetics_tui.model.options import Selection

CONNECT_TIMEOUT_S = 20.0
_CHUNK_BYTES = 64 * 1024
_SUFFIXES = (".csv", ".json")


class Stream(Protocol):
    """The body of an answer."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


Opener = Callable[[str], tuple[Stream, int | None]]
"""Opens an address; returns the body and its length in bytes, if known. Raises OSError."""
Progress = Callable[[str, int, int | None], None]
"""Told the address, the bytes that have come, and how many there will be, if known."""


class _AddressError(Exception):
    """One address did not serve; ``str(error)`` says why in a few words."""


def cached_annotations(release: Release, splits: Sequence[str], cache_dir: Path) -> list[Path] | None:
    """The files of these splits (of none: of all) in the cache, None unless all are there."""
    paths = [_cached(release, split, cache_dir) for split in _wanted(release, splits)]
    found = [path for path in paths if path is not None]
    return found if len(found) == len(paths) else None


def fetch_annotations(
    release: Release,
    splits: Sequence[str],
    cache_dir: Path,
    on_progress: Progress | None = None,
    opener: Opener | None = None,
) -> list[Path]:
    """The files of these splits (of none: of all), fetched unless they are in the cache.

    ``opener`` sends the requests out through another network than the machine's own. Raises
    AnnotationError, naming all that was tried, where no address serves.
    """
    cached = cached_annotations(release, splits, cache_dir)
    if cached is not None:
        return cached
    folder = cache_dir / release.cache_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as scratch:
            fetch = _Fetch(release, folder, Path(scratch), opener or open_url, on_progress)
            tried = fetch.missing(_wanted(release, splits), cache_dir)
    except OSError as error:
        why = error.strerror or str(error)
        raise AnnotationError(
            f"The cache folder {folder} cannot be written ({why}); "
            "make room in it, or give the annotations with --annotations FILE."
        ) from error
    fetched = cached_annotations(release, splits, cache_dir)
    if fetched is None:
        raise AnnotationError(
            f"The annotations of {release.title} could not be fetched ({'; '.join(tried)}); "
            "check the network, or get the file another way and give it with --annotations FILE."
        )
    return fetched


def open_url(url: str) -> tuple[Stream, int | None]:
    """The opener for the machine's own network."""
    if not url.startswith(("https://", "http://")):
        raise OSError("not a web address")
    response = urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT_S)  # noqa: S310 - scheme checked above
    length = response.headers.get("Content-Length") or ""
    return response, int(length) if length.isdecimal() else None


def _wanted(release: Release, splits: Sequence[str]) -> list[str]:
    wanted: list[str] = []
    for name in splits:
        split = SPLIT_WORDS.get(name.strip().casefold())
        if split not in release.splits:
            raise unknown_name("split", name, release.splits, f" in {release.title}")
        if split not in wanted:
            wanted.append(split)
    return wanted or list(release.splits)


def _cached(release: Release, split: str, cache_dir: Path) -> Path | None:
    if split in release.files:
        return release.files[split]
    candidates = (cache_dir / release.cache_name / (split + suffix) for suffix in _SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


class _Fetch:
    """One fetch: its scratch folder is on the cache's file system, so that files can be renamed over."""

    def __init__(
        self, release: Release, folder: Path, scratch: Path, opener: Opener, on_progress: Progress | None
    ) -> None:
        self.release = release
        self.folder = folder
        self.scratch = scratch
        self.opener = opener
        self.on_progress = on_progress

    def missing(self, splits: Sequence[str], cache_dir: Path) -> list[str]:
        """Try address after address for the splits not in the cache; returns what did not serve."""
        tried = []
        url = self.release.archive_url
        try:
            tried += [f"{url}: {why}" for why in self._from_archive()] if url else []
        except _AddressError as error:
            tried.append(f"{url}: {error}")
        lacking = [split for split in splits if _cached(self.release, split, cache_dir) is None]
        if lacking and not self.release.mirror_urls:
            tried.append(f"{self.release.title} has no mirror of its own")
        elif lacking:
            tried += self._from_mirror(lacking)
        return tried

    def _from_archive(self) -> list[str]:
        archive = self.scratch / "archive.tar.gz"
        self._download(self.release.archive_url, archive)
        kept: dict[str, Path] = {}
        try:
            for member, data in read_members(archive, lambda _name, _why: None):
                place = PurePosixPath(member)
                split = SPLIT_WORDS.get(place.stem)
                # A held-out test next to the test proper must not take its place.
                if split in self.release.splits and (split not in kept or place.stem == split):
                    kept[split] = self.scratch / (split + place.suffix.lower())
                    kept[split].write_bytes(data)
        except AnnotationError:
            raise _AddressError("sent something that is not a whole .tar.gz archive") from None
        failures = [f"holds no {split} split" for split in self.release.splits if split not in kept]
        for path in kept.values():
            try:
                self._accept(path)
            except _AddressError as error:
                failures.append(str(error))
        return failures

    def _from_mirror(self, splits: Sequence[str]) -> list[str]:
        failures = []
        for split in splits:
            url = self.release.mirror_urls.get(split)
            if url is None:
                failures.append(f"the mirror holds no {split} split")
                continue
            part = self.scratch / f"{split}.csv"
            try:
                total_bytes = self._download(url, part)
                _require_last_line(part, total_bytes)
                self._accept(part)
            except _AddressError as error:
                failures.append(f"{url}: {error}")
        return failures

    def _accept(self, part: Path) -> None:
        try:
            read_annotations([part])
        except AnnotationError:
            raise _AddressError(f"sent something as {part.name} that is not an annotation file") from None
        sync(part)
        part.replace(self.folder / part.name)

    def _download(self, url: str, part: Path) -> int | None:
        """Fetch an address into a file; returns the length that was announced."""
        try:
            stream, total_bytes = self.opener(url)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _AddressError(_why(error)) from error
        got_bytes = 0
        with closing(stream), part.open("wb") as file:
            while chunk := _read(stream):
                got_bytes += len(chunk)
                if got_bytes > MAX_MEMBER_BYTES:
                    raise _AddressError(f"sent more than {MAX_MEMBER_BYTES:,} bytes")
                file.write(chunk)
                if self.on_progress is not None:
                    self.on_progress(url, got_bytes, total_bytes)
        if total_bytes is not None and got_bytes != total_bytes:
            raise _AddressError(f"broke off after {got_bytes:,} of {total_bytes:,} bytes")
        return total_bytes


def _require_last_line(part: Path, total_bytes: int | None) -> None:
    """Where no length was announced, a body that was cut off is known by its last line alone."""
    if total_bytes is None and not part.read_bytes().endswith(b"\n"):
        raise _AddressError("broke off in the middle of a line")


def _read(stream: Stream) -> bytes:
    # Apart from the writing: what fails here is the address, not the cache folder.
    try:
        return stream.read(_CHUNK_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _AddressError(f"broke off ({_why(error)})") from error


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


TELL_EVERY_BYTES = 5_000_000


def obtain_annotations(
    selection: Selection, cache_dir: Path, tell: Callable[[str], None], opener: Opener | None = None
) -> Annotations:
    """Read the annotations that a selection is made from; ``tell`` is told a line now and then.

    Raises ``AnnotationError``, offline with the way in by a local file.
    """
    if selection.annotations:
        return read_annotations([Path(file) for file in selection.annotations])
    told_bytes = -1

    def on_progress(url: str, got_bytes: int, total_bytes: int | None) -> None:
        nonlocal told_bytes
        if got_bytes < told_bytes:
            told_bytes = -1  # the next address
        if told_bytes < 0 or got_bytes - told_bytes >= TELL_EVERY_BYTES or got_bytes == total_bytes:
            told_bytes = got_bytes
            total = f" of {total_bytes / 1e6:.1f}" if total_bytes else ""
            tell(f"Fetching {url}: {got_bytes / 1e6:.1f}{total} MB")

    release = find_release(selection.release)
    return read_annotations(fetch_annotations(release, selection.splits, cache_dir, on_progress, opener))
