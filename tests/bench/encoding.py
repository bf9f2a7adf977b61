"""Cutting a clip exactly: ours beside the ffmpeg command line with the same settings."""

from __future__ import annotations

import resource
import tempfile
from fractions import Fraction
from pathlib import Path

import av

from kinetics_tui.demo.media import Source
from kinetics_tui.media.cut.cut import VIDEO_OPTIONS, trim
from kinetics_tui.media.cut.order import Job, Media
from tests.bench.figures import Figure, Figures, ratios, side_by_side, spread
from tests.bench.footage import CLIP_S, SHORT_S, USUAL, footage
from tests.bench.rivals import find_ffmpeg, run

RUNS = 7
START_S = Fraction(1523, 10)
MOST = 1.05


def cpu_now_s() -> float:
    """CPU-seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def cut(pictures: Source, sound: Source, path: Path) -> float:
    """Cut a clip by the program's own trimming; its CPU-seconds."""
    before_s = cpu_now_s()
    job = Job(
        video=Media(open=lambda: av.open(str(pictures.path))),
        audio=Media(open=lambda: av.open(str(sound.path))),
        start_s=START_S,
        end_s=START_S + CLIP_S,
    )
    trim(job, path, lambda fraction: None)
    return cpu_now_s() - before_s


def command_line(pictures: Source, sound: Source, path: Path) -> float:
    """Cut the same clip by ffmpeg; its CPU-seconds, those of its start included."""
    inputs = [
        word
        for source in (pictures, sound)
        for word in ("-ss", str(float(START_S)), "-t", str(CLIP_S), "-threads", "1", "-i", str(source.path))
    ]
    options = [
        word
        for name, value in VIDEO_OPTIONS.items()
        for word in (f"-{name}" if name == "x264-params" else f"-{name}:v", value)
    ]
    return run(
        [
            *(find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", *inputs),
            *("-c:v", "libx264", "-threads", "1", "-c:a", "copy", *options),
            *("-movflags", "+faststart", str(path)),
        ]
    )


def encoding(seed: int) -> Figures:
    """Both in turn, so that both meet the same machine."""
    pictures, sound = footage(USUAL, SHORT_S).values()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        cut(pictures, sound, path)  # what is only loaded once
        found = side_by_side(
            RUNS,
            {
                "ours": lambda: cut(pictures, sound, path),
                "ffmpeg": lambda: command_line(pictures, sound, path),
            },
        )
    share = ratios(found["ours"], found["ffmpeg"])
    return Figures(
        figures=(
            Figure(
                what="CPU-s to cut and encode a clip (ratio: ours / theirs)",
                ours=spread(found["ours"]),
                bar=f"<= {MOST}x",
                met=share.median <= MOST,
                rival="ffmpeg",
                theirs=spread(found["ffmpeg"]),
                ratio=share,
            ),
        ),
        notes=(
            "A clip of 10 s of 640x360 with sound, from files, one thread each, x264 "
            f"{' '.join(VIDEO_OPTIONS.values())}, AAC as it is; {RUNS} runs in turn.",
        ),
    )
