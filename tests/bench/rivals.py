"""What a user would run instead: yt-dlp and ffmpeg, a process each, for every clip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kinetics_tui.model.clip import Clip
from tests.bench.limits import Done
from tests.bench.shaped import Shaped

WORKERS = 16
FORMAT = "bv[height<=360][ext=mp4]+ba[ext=m4a]"

Rival = Callable[[Clip, Path, Shaped], float]
"""Makes a clip in a folder; returns the CPU-seconds of all its processes."""


class RivalFailedError(Exception):
    """A rival's process failed: what it wrote to standard error."""


def find_ffmpeg() -> str:
    """The machine's own ffmpeg, or the one that the bench extra brings."""
    found = shutil.which("ffmpeg")
    if found is None:
        try:
            import imageio_ffmpeg
        except ImportError:
            sys.exit("There is no ffmpeg: install one, or pip install 'kinetics-tui[bench]'.")
        found = str(imageio_ffmpeg.get_ffmpeg_exe())
    return found


def run(command: Sequence[str]) -> float:
    """Run ``command`` to its end; returns its CPU-seconds with those of its children.

    Raises RivalFailedError where it fails.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RivalFailedError(f"{command[0]}: {said.decode(errors='replace')[-500:]}")
    return used.ru_utime + used.ru_stime


def _yt_dlp(clip: Clip, path: Path, youtube: Shaped, *more: str) -> float:
    return run(
        [
            *(sys.executable, "-m", "yt_dlp", "--ignore-config", "--quiet", "--no-warnings"),
            *("--ffmpeg-location", find_ffmpeg(), "--format", FORMAT, "--output", str(path)),
            *youtube.yt_dlp_args,
            *more,
            f"https://www.youtube.com/watch?v={clip.youtube_id}",
        ]
    )


def download(clip: Clip, folder: Path, youtube: Shaped) -> float:
    """What ``classic`` begins with, alone: the whole video."""
    return _yt_dlp(clip, folder / "clip.mp4", youtube)


def classic(clip: Clip, folder: Path, youtube: Shaped) -> float:
    """The whole video by yt-dlp, then the clip out of it by ffmpeg, as the crawlers of 2019 have it.

    ffmpeg is asked to seek before it reads, which is quicker than how they put it.
    """
    cpu_s = _yt_dlp(clip, folder / "whole.mp4", youtube)
    cpu_s += run(
        [
            *(find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error"),
            *("-ss", str(clip.time_start), "-t", str(clip.duration_s), "-i", str(folder / "whole.mp4")),
            *("-c:v", "libx264", "-c:a", "copy", "-threads", "1", str(folder / "clip.mp4")),
        ]
    )
    return cpu_s


def sections(clip: Clip, folder: Path, youtube: Shaped) -> float:
    """The clip by yt-dlp alone, which has ffmpeg read it over the network."""
    span = f"*{clip.time_start}-{clip.time_end}"
    return _yt_dlp(
        clip,
        folder / "clip.mp4",
        youtube,
        *("--download-sections", span, "--force-keyframes-at-cuts"),
        # yt-dlp does not tell ffmpeg that certificates are not to be checked, and the loopback's is its own.
        *("--downloader-args", "ffmpeg_i:-tls_verify 0"),
    )


def make_all(rival: Rival, clips: Sequence[Clip], folder: Path, youtube: Shaped) -> Done:
    """Make ``clips`` by a rival, 16 at a time. Raises RivalFailedError where one does not come through."""

    def make(clip: Clip) -> float:
        own = folder / clip.name
        own.mkdir(parents=True)
        cpu_s = rival(clip, own, youtube)
        if not (own / "clip.mp4").stat().st_size:
            raise RivalFailedError(f"{clip.name}: an empty clip")
        shutil.rmtree(own)
        return cpu_s

    before, started = youtube.served(), time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        cpu_s = sum(pool.map(make, clips))
    wall_s = time.monotonic() - started
    served = youtube.served().since(before)
    return Done(len(clips), wall_s, cpu_s, served.sent_bytes, served.cpu_s)
