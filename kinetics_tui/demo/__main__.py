"""``python -m kinetics_tui.demo``: the loopback YouTube with the demo's videos, as a program of its own.

It writes one JSON line (:class:`Announcement`) to standard output, and to ``--port-file`` where given,
once it serves; with ``--progress`` lines before that tell of the seconds of video made, as ``[3,420]``. It
ends on SIGTERM or SIGINT, and by itself when nobody has asked it for anything for ``--until-idle`` seconds
and no engine of the dataset ``--for-dataset`` is alive: an engine that pauses or cools down for hours keeps
its YouTube, one that was killed leaves none behind. Before the first engine it waits for one as long as the
program ``--started-by`` lives, and another of its kind that has taken over its port file relieves it.

With ``--annotations`` it serves every video that the given annotation files name, whichever they are,
out of a few long sources, instead of the made-up dataset.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.base.any_text import to_json
from kinetics_tui.base.whole_file import write_whole
from kinetics_tui.demo.dataset import BLOCK_S, CLIPS, SEED, make_demo
from kinetics_tui.demo.show import Announcement
from kinetics_tui.demo.site import AfterClips, Line
from kinetics_tui.demo.videos import FAILING_SHARE, Case, Failure, catalogue_for
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.process.address import read_whereabouts

UNTIL_IDLE_S = 600.0
_LOOK_EVERY_S = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop or no longer needed; the exit code is 0."""
    options = _parser().parse_args(arguments)
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    annotations, clips, youtube = _given(options) if options.annotations else _made_up(options)
    with youtube:
        announcement = to_json(
            Announcement(
                pid=os.getpid(),
                player_port=youtube.player_port,
                media_port=youtube.media_port,
                proxy_port=youtube.proxy_port,
                other_proxy=youtube.other_proxy,
                yt_dlp_options=youtube.yt_dlp_options(),
                direct_options=shlex.join(youtube.direct_args()),
                annotations=tuple(str(path.resolve()) for path in annotations),
                clips=clips,
            )
        )
        if options.port_file is not None:
            write_whole(options.port_file, announcement + b"\n")
        sys.stdout.write(announcement.decode() + "\n")
        sys.stdout.flush()
        needed_at = time.monotonic()
        wanted = _Wanted(options, announcement)
        while not told.wait(_LOOK_EVERY_S) and not wanted.relieved:
            now = time.monotonic()
            if wanted.now():
                needed_at = now
            if now - max(needed_at, youtube.last_request_at) > options.until_idle:
                break
    return 0


class _Wanted:
    """Whether the engine of a dataset, or the program that is about to start it, needs this YouTube."""

    def __init__(self, options: argparse.Namespace, announcement: bytes) -> None:
        self._dataset: Path | None = options.for_dataset
        self._started_by: int | None = options.started_by
        self._port_file: Path | None = options.port_file
        self._announcement = announcement

    def now(self) -> bool:
        """True while one of them lives; the program counts until the first engine is seen."""
        if self._dataset is not None and _engine_lives(self._dataset):
            self._started_by = None
            return True
        return self._started_by is not None and os.getppid() == self._started_by

    @property
    def relieved(self) -> bool:
        """True if the dataset was taken away, or another YouTube serves it."""
        if self._dataset is None or self._port_file is None:
            return False
        try:
            return self._port_file.read_bytes().strip() != self._announcement
        except FileNotFoundError:
            return True
        except OSError:
            return False  # the disk is away for a while


def _made_up(options: argparse.Namespace) -> tuple[Sequence[Path], int, LoopbackYouTube]:
    """The demo's own annotation files, how many clips they have, and a YouTube that shows them."""
    making = _tell_progress if options.progress else lambda _made, _of: None
    demo = make_demo(options.folder, options.clips, options.seed, making=making)
    policy = _policy(options) or demo.policy()
    line = _line(options, demo.line())
    return demo.annotations, len(demo.clips), LoopbackYouTube(demo.videos, policy=policy, line=line)


def _tell_progress(made: int, of: int) -> None:
    sys.stdout.write(f"[{made},{of}]\n")
    sys.stdout.flush()


def _given(options: argparse.Namespace) -> tuple[Sequence[Path], int, LoopbackYouTube]:
    """The annotation files given, how many clips they have, and a YouTube that shows them."""
    clips = read_annotations(options.annotations).clips
    catalogue = catalogue_for(clips, options.folder / "sources", options.failing)
    youtube = LoopbackYouTube(catalogue, policy=_policy(options), line=_line(options, Line()))
    return options.annotations, len(clips), youtube


def _policy(options: argparse.Namespace) -> AfterClips | None:
    if options.throttle_after is None:
        return None
    return AfterClips(options.throttle_after, Failure(Case.SESSION_LIMIT), options.block)


def _line(options: argparse.Namespace, line: Line) -> Line:
    if options.megabits is not None:
        line.bytes_per_s = options.megabits * 1e6 / 8
    return line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where annotations and media are made")
    parser.add_argument("--clips", type=int, default=CLIPS, help=f"how many clips there are ({CLIPS})")
    parser.add_argument(
        "--seed", type=int, default=SEED, help=f"another number makes another dataset ({SEED})"
    )
    parser.add_argument("--progress", action="store_true", help="tell of the videos in the making")
    parser.add_argument("--annotations", type=Path, nargs="+", help="serve the videos of these files instead")
    parser.add_argument(
        "--failing", type=float, default=FAILING_SHARE, help="with --annotations: share that fails (0.0238)"
    )
    parser.add_argument("--throttle-after", type=int, help="player requests until a session limit, each time")
    parser.add_argument("--block", type=float, default=BLOCK_S, help="how many seconds it lasts (25)")
    parser.add_argument("--megabits", type=float, help="the line's speed in Mb/s, all connections together")
    parser.add_argument("--port-file", type=Path, help="a file for the announcement")
    parser.add_argument("--for-dataset", type=Path, help="the dataset folder whose engine is to be served")
    parser.add_argument("--started-by", type=int, help="the program that is about to start that engine")
    parser.add_argument(
        "--until-idle",
        type=float,
        default=UNTIL_IDLE_S,
        help="seconds without need after which it ends (600)",
    )
    return parser


def _engine_lives(dataset: Path) -> bool:
    """True if the engine that was last seen on ``dataset`` is still alive."""
    whereabouts = read_whereabouts(dataset)
    if whereabouts is None:
        return False
    try:
        # Another process may have been given the number since: it would be younger than the engine's note.
        engine = psutil.Process(whereabouts.pid)
        ended = engine.status() == psutil.STATUS_ZOMBIE  # and not collected yet by whoever started it
        return not ended and engine.create_time() <= whereabouts.started_at + 1
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    sys.exit(main())
