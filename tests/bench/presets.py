"""What x264's settings and the decoder's cost and bring: the reasons for the defaults of an exact trim."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType

from kinetics_tui.media.cut.cut import VIDEO_OPTIONS
from tests.bench.encoding import START_S, cpu_now_s
from tests.bench.figures import spread
from tests.bench.footage import CLIP_S, SHORT_S, USUAL, footage
from tests.bench.report import Column, Report
from tests.bench.rivals import find_ffmpeg

RUNS = 3
PARAMS = "x264-params"
QUICKER = VIDEO_OPTIONS[PARAMS]
ENCODERS: Mapping[str, Mapping[str, str]] = {
    "medium, crf 23 (ffmpeg's own default)": {"preset": "medium", "crf": "23"},
    "veryfast, crf 23": {"preset": "veryfast", "crf": "23"},
    "veryfast, crf 23, subme=1": {"preset": "veryfast", "crf": "23", PARAMS: "subme=1"},
    f"veryfast, crf 23, {QUICKER}": {"preset": "veryfast", "crf": "23", PARAMS: QUICKER},
    f"veryfast, crf 22, {QUICKER}": {"preset": "veryfast", "crf": "22", PARAMS: QUICKER},
    "superfast, crf 23": {"preset": "superfast", "crf": "23"},
    "superfast, crf 25": {"preset": "superfast", "crf": "25"},
    "ultrafast, crf 23": {"preset": "ultrafast", "crf": "23"},
}
DECODERS: Mapping[str, tuple[int, str, Mapping[str, str]]] = {
    "decode, 1 thread": (1, "FRAME", {}),
    "decode, 2 threads by slice": (2, "SLICE", {}),
    "decode, 2 threads by frame": (2, "FRAME", {}),
    "decode, 1 thread, edges not smoothed": (1, "FRAME", {"skip_loop_filter": "all"}),
}
"""Threads, how they share the work, and options."""


def decode(threads: int, kind: str, options: Mapping[str, str]) -> list[av.VideoFrame]:
    """The pictures of the clip, from the first one at or behind its start."""
    pictures = footage(USUAL, SHORT_S)[134]
    with av.open(str(pictures.path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = threads
        stream.codec_context.thread_type = kind
        stream.codec_context.options = dict(options)
        container.seek(int(START_S / (stream.time_base or 1)), stream=stream)
        frames: list[av.VideoFrame] = []
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= float(START_S) - 0.001:
                frames.append(frame)
            if len(frames) == CLIP_S * pictures.spec.fps:
                break
        return frames


def encode(
    frames: list[av.VideoFrame], options: Mapping[str, str], path: Path, threads: int = 1, kind: str = "FRAME"
) -> None:
    """Write ``frames`` as H.264."""
    rate = 30
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=rate, options=dict(options))
        video.width, video.height, video.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        video.codec_context.thread_count, video.codec_context.thread_type = threads, kind
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, rate), PictureType.NONE
            out.mux(video.encode(frame))
        out.mux(video.encode(None))


def similarity(path: Path, original: Path) -> float:
    """The mean SSIM of two videos, by ffmpeg's filter: 1 is the same."""
    done = subprocess.run(
        [find_ffmpeg(), "-nostdin", "-i", path, "-i", original, "-lavfi", "ssim", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"All:([\d.]+)", done.stderr)
    assert found
    return float(found[1])


def presets(seed: int) -> Report:
    """CPU, size and SSIM of encoders, and the CPU of decoders, on one clip of the bench's footage."""
    rows: list[tuple[str, float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        path, original = Path(folder) / "clip.mp4", Path(folder) / "original.mp4"
        frames = decode(*DECODERS["decode, 1 thread"])
        encode(frames, {"preset": "ultrafast", "qp": "0"}, original)
        for name, options in ENCODERS.items():
            cpu_s = []
            for _ in range(RUNS):
                before_s = cpu_now_s()
                encode(frames, options, path)
                cpu_s.append(cpu_now_s() - before_s)
            rows.append((name, spread(cpu_s).median, path.stat().st_size / 1000, similarity(path, original)))
    for name, setting in DECODERS.items():
        cpu_s = []
        for _ in range(RUNS):
            before_s = cpu_now_s()
            decode(*setting)
            cpu_s.append(cpu_now_s() - before_s)
        rows.append((name, spread(cpu_s).median, 0, 0))
    return Report(
        columns=(
            Column("settings", "settings"),
            Column("CPU-s", "cpu_s", ".2f"),
            Column("kB", "kilobytes", ".0f"),
            Column("SSIM", "ssim", ".4f"),
        ),
        rows=tuple(rows),
        notes=(
            f"The pictures of one clip of {CLIP_S} s of 640x360, encoded by one thread; median of {RUNS}. "
            "SSIM against the decoded source; the rows of decoders write nothing.",
            f"The default is veryfast, crf {VIDEO_OPTIONS['crf']}, {QUICKER}.",
            "`python -m tests.bench presets`",
        ),
    )
