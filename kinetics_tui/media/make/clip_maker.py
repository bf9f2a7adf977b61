"""One clip's way, from its annotation to its verified file in its place, with a clock for its deadline."""

from __future__ import annotations

import filecmp
import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kinetics_tui.base.whole_file import sync
from kinetics_tui.media.failures import ClipCancelled, ClipFailure, clean_message, failure_of
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.make.archive_copy import take_copy
from kinetics_tui.media.make.attempt import CLIP_NAME, Attempt, OnProgress
from kinetics_tui.media.verify import is_right_length, verify
from kinetics_tui.media.youtube.ladder import Ladder
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Options, Resolve, Trim


class Alarm:
    """Calls somebody when a time is up, from a thread of its own, unless it is called off before.

    One thread for all clips: where a machine has no more threads to give, that shows when a worker starts,
    and not in the middle of clip after clip. Raises RuntimeError where there is no thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: float | None = None
        self._ring: Callable[[], None] = _nobody
        self._closed = False
        threading.Thread(target=self._wait, name="alarm", daemon=True).start()

    def set(self, after_s: float, ring: Callable[[], None]) -> None:
        """Call ``ring`` after so many seconds, instead of what was set before."""
        with self._changed:
            self._due, self._ring = time.monotonic() + after_s, ring
            self._changed.notify()

    def call_off(self) -> None:
        """Ring no more, until it is set again."""
        with self._changed:
            self._due, self._ring = None, _nobody

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _wait(self) -> None:
        with self._changed:
            while not self._closed:
                left_s = None if self._due is None else self._due - time.monotonic()
                if left_s is None or left_s > 0.0:
                    self._changed.wait(None if left_s is None else min(left_s, threading.TIMEOUT_MAX))
                else:
                    ring, self._due = self._ring, None
                    ring()


def _nobody() -> None:
    pass


class ClipMaker:
    """Makes clips, one at a time, with one reused resolver.

    Make it in the process that uses it: it holds sockets and a thread. Raises SettingsError for yt-dlp
    options that cannot be used.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._resolver = Resolver(
            options.yt_dlp, height_px=options.height_px, audio=options.audio, resolve=options.resolve
        )
        self._ladder = Ladder(self._resolver)
        self._alarm = Alarm()
        self._guard: Guard | None = None
        self._requests_before = 0

    @property
    def requests(self) -> int:
        """Requests for pages and players that the clip in hand, or the last one, has cost so far."""
        return self._resolver.session.requests - self._requests_before

    @property
    def seen_as(self) -> str:
        """The address that YouTube saw the last requests come from, empty where it did not tell."""
        return self._resolver.seen_as

    def make(
        self,
        clip: Clip,
        final_path: Path,
        scratch_dir: Path,
        on_progress: OnProgress,
        cancelled: Callable[[], bool] = lambda: False,
        deadline_s: float | None = None,
        route: Route | None = None,
        first: Resolve = Resolve.LEAN,
    ) -> tuple[MadeFile, Spent]:
        """Make ``clip`` at ``final_path`` by way of ``scratch_dir``, which is on the same file system.

        A file that is there already is verified and kept, or replaced. ``deadline_s`` is how many
        seconds the clip may take, ``route`` how every byte of it leaves (None: both as the options say),
        ``first`` the way by which YouTube is asked first.
        Raises ClipFailure and ClipCancelled; nothing is left in ``scratch_dir`` either way.
        """

        def fetch(folder: Path, guard: Guard) -> tuple[MadeFile, Spent]:
            self._resolver.switch_network(route)
            self._resolver.session.guard = guard
            return Attempt(
                self._options, self._resolver, self._ladder, clip, folder, on_progress, guard, first
            ).run()

        return self._put_in_place(clip, final_path, scratch_dir, cancelled, deadline_s, fetch)

    def take(
        self,
        clip: Clip,
        copy: Path,
        archive: str,
        final_path: Path,
        scratch_dir: Path,
        on_progress: OnProgress,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[MadeFile, Spent]:
        """Make ``clip`` at ``final_path`` of its ``copy`` from ``archive``; that file may be gone then.

        All else is as with ``make``, but that nothing is requested. Raises ClipFailure (DAMAGED_IN_ARCHIVE)
        where the copy is not whole.
        """

        def take(folder: Path, guard: Guard) -> tuple[MadeFile, Spent]:
            return take_copy(clip, copy, archive, folder / CLIP_NAME, self._options, on_progress, guard)

        made, spent = self._put_in_place(clip, final_path, scratch_dir, cancelled, None, take)
        if not made.archive and filecmp.cmp(copy, final_path, shallow=False):
            # It was put there by an engine that did not live to write it down.
            made = msgspec.structs.replace(made, archive=archive)
        return made, spent

    def put_arrived(
        self, clip: Clip, file: Path, sha256: str, said: MadeFile, final_path: Path
    ) -> tuple[MadeFile, Spent]:
        """Give a clip that another machine made its place, if it is the ``file`` with this hash, and a clip.

        ``said`` is what that machine says of it: nothing that can be read in the file is taken from there.
        Raises ClipFailure (TRIM_FAILED) where it does not hold what it should.
        """
        started = time.monotonic()
        try:
            with file.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() != sha256:
                    raise ClipFailure(Category.TRIM_FAILED, "It is not the file that was sent.")
            facts = verify(file)
            expected_s = min(clip.duration_s, facts.duration_s) if said.short else clip.duration_s
            if not is_right_length(facts, expected_s, exact=said.exact):
                text = f"It lasts {facts.duration_s:.2f} s where {clip.duration_s:.2f} s are due."
                raise ClipFailure(Category.TRIM_FAILED, text)
            made = facts.made_file(
                file.stat().st_size,
                short=said.short,
                exact=said.exact,
                source_itags=clean_message(said.source_itags),
                source_height_px=said.source_height_px,
                source_fps=said.source_fps,
                made_with=clean_message(said.made_with),
            )
            sync(file)
            final_path.parent.mkdir(parents=True, exist_ok=True)
            file.replace(final_path)
        except FileNotFoundError as error:
            raise ClipFailure(Category.TRIM_FAILED, "There is no such file.") from error
        except OSError as error:
            raise failure_of(error, final_path, file.parent) from error
        return made, Spent(total_s=time.monotonic() - started, requests=0)

    def _put_in_place(
        self,
        clip: Clip,
        final_path: Path,
        scratch_dir: Path,
        cancelled: Callable[[], bool],
        deadline_s: float | None,
        make: Callable[[Path, Guard], tuple[MadeFile, Spent]],
    ) -> tuple[MadeFile, Spent]:
        """Give the clip that ``make`` makes in a folder of its own its place, unless it is there already."""
        seconds = self._options.clip_deadline_s if deadline_s is None else deadline_s
        started = time.monotonic()
        self._requests_before = self._resolver.session.requests
        self._guard = guard = Guard(cancelled, started + seconds)
        try:
            guard.check()
            if (found := self._found(clip, final_path)) is not None:
                return found, Spent(total_s=time.monotonic() - started, requests=0)
            self._alarm.set(seconds, guard.shut)  # an answer that trickles in is never late by itself
            scratch_dir.mkdir(exist_ok=True)  # not above it: a dataset that is gone is not begun again
            with _private_folder(scratch_dir) as folder:
                made, spent = make(folder, guard)
                output = folder / CLIP_NAME
                sync(output)  # after a power cut, no name without content
                output.stat()  # nor where it went while its content was written to the disk
                final_path.parent.mkdir(parents=True, exist_ok=True)
                output.replace(final_path)
                total_s = time.monotonic() - started
                return made, msgspec.structs.replace(spent, total_s=total_s, requests=self.requests)
        except (ClipFailure, ClipCancelled):
            raise
        except OSError as error:
            raise failure_of(error, final_path, scratch_dir) from error
        except Exception as error:  # Media from anywhere: what they break must not end the worker.
            reason = clean_message(str(error)) or type(error).__name__
            raise ClipFailure(Category.TRIM_FAILED, f"The media cannot be read: {reason}.") from error
        finally:
            self._alarm.call_off()
            guard.watch(None)
            self._resolver.session.guard = self._guard = None

    def abort(self) -> None:
        """Cancel the clip in hand from another thread, at once."""
        if guard := self._guard:
            guard.abort()

    def close(self) -> None:
        """Close the sockets, and end the alarm's thread."""
        self._alarm.close()
        self._resolver.close()

    def _found(self, clip: Clip, path: Path) -> MadeFile | None:
        """The clip where it stands in its place already, whole and of the right length."""
        if not path.is_file():
            return None
        try:
            facts = verify(path)
        except ClipFailure:
            return None
        exact = self._options.trim is Trim.EXACT
        fits = is_right_length(facts, clip.duration_s, exact=exact)
        if not fits or (facts.sound and not self._options.audio):
            return None
        return facts.made_file(path.stat().st_size, short=False, exact=exact)


@contextmanager
def _private_folder(scratch_dir: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="clip-", dir=scratch_dir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
