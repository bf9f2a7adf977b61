"""The cost of resolving a video: requests to YouTube before its media, CPU and memory, lean and in full."""

from __future__ import annotations

import os
import resource
import threading
import time
from tempfile import TemporaryDirectory

import psutil

from kinetics_tui.demo.site import ASKED
from kinetics_tui.demo.videos import Video
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.options import Resolve
from tests.bench.figures import Figure, Figures, Spread, spread
from tests.bench.footage import SHORT_S, USUAL, footage

VIDEOS = 50
FULL_VIDEOS = 8
SCRIPT_BYTES = 2_600_000
MOST_LEAN, MOST_FULL = 1.1, 3.0


def resolving(_seed: int) -> Figures:
    """Requests a clip before media by each way, and what the full way takes of the machine."""
    with TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = name  # a machine that has no player script yet
        sources = footage(USUAL, SHORT_S)
        videos = {
            f"video{number:06d}": Video(
                f"video{number:06d}", "a video", SHORT_S, sources, made_for_kids=number == 7
            )
            for number in range(VIDEOS)
        }
        with LoopbackYouTube(videos) as youtube:
            youtube.script_bytes = SCRIPT_BYTES
            lean, lean_cpu_s, _ = _resolved(youtube, list(videos), Resolve.AUTO)
            full, full_cpu_s, peak_bytes = _resolved(youtube, list(videos)[-FULL_VIDEOS:], Resolve.FULL)
    return Figures(
        figures=(
            Figure(
                what="requests a clip before media, lean first",
                ours=lean,
                bar=f"<= {MOST_LEAN}",
                met=lean.median <= MOST_LEAN,
            ),
            Figure(
                what="requests a clip before media, in full",
                ours=full,
                bar=f"<= {MOST_FULL:g}",
                met=full.median <= MOST_FULL,
            ),
            Figure(what="CPU-s a resolve, lean", ours=lean_cpu_s, bar="", met=True, form=".3f"),
            Figure(what="CPU-s a resolve, in full", ours=full_cpu_s, bar="", met=True),
            Figure(what="memory of a solver, MB", ours=peak_bytes, bar="", met=True, form=".0f"),
        ),
        notes=(
            f"Lean first: of {VIDEOS} videos one is made for kids, which lean is not given. Page, player and "
            f"next requests count. The player script has {SCRIPT_BYTES / 1e6:.1f} MB, as YouTube's.",
        ),
    )


def _resolved(youtube: LoopbackYouTube, ids: list[str], way: Resolve) -> tuple[Spread, Spread, Spread]:
    """Mean requests a clip, CPU-seconds a resolve, and the largest memory of a process started for it."""
    before = len(youtube.requests)
    resolver = Resolver(youtube.yt_dlp_args(), resolve=way)
    watch = _Memory()
    took_s = []
    try:
        for youtube_id in ids:
            started = _cpu_s()
            resolver.resolve(youtube_id)
            took_s.append(_cpu_s() - started)
    finally:
        peak_bytes = watch.stop()
        resolver.close()
    asked = sum(seen.kind in ASKED for seen in youtube.requests[before:])
    return spread([asked / len(ids)]), spread(took_s), spread([peak_bytes / 1e6])


def _cpu_s() -> float:
    """CPU time of this thread, and of children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() + children.ru_utime + children.ru_stime


class _Memory:
    """Watches the memory of this process's children."""

    def __init__(self) -> None:
        self._peak_bytes = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(0.02):
            for child in psutil.Process().children():
                try:
                    self._peak_bytes = max(self._peak_bytes, child.memory_info().rss)
                except psutil.Error:
                    continue  # it has just ended

    def stop(self) -> int:
        """The largest that was seen, in bytes."""
        self._stopped.set()
        self._thread.join()
        return self._peak_bytes
