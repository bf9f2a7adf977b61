"""Which programs make a clip, by name and version: the same clip made by others has other bytes."""

from __future__ import annotations

import functools
import re
from fractions import Fraction

import av
import yt_dlp.version

from kinetics_tui import __version__
from kinetics_tui.media.trim import VIDEO_OPTIONS
from kinetics_tui.model.options import Trim

_X264_CORE = re.compile(rb"x264 - (core \d+(?: r\d+)?)")


@functools.cache
def made_with(mode: Trim) -> str:
    """Programs and versions behind clips of this mode, as a manifest carries them."""
    codec = ".".join(map(str, av.library_versions["libavcodec"]))
    names = [
        f"kinetics-tui {__version__}",
        f"yt-dlp {yt_dlp.version.__version__}",
        f"PyAV {av.__version__}",
        f"libavcodec {codec}",
    ]
    if mode is Trim.EXACT:
        settings = " ".join(f"{name}={value}" for name, value in VIDEO_OPTIONS.items())
        names.append(f"x264 {_x264_core()} {settings}".replace("  ", " "))
    return ", ".join(names)


def _x264_core() -> str:
    """The version of x264, which it tells in the pictures that it encodes alone; empty where it does not."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width = encoder.height = 16
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = Fraction(1)
    packets = [*encoder.encode(av.VideoFrame(16, 16, "yuv420p")), *encoder.encode(None)]
    found = _X264_CORE.search(b"".join(map(bytes, packets)))
    return found[1].decode() if found else ""
