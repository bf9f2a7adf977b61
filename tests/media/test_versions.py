"""The programs that make a clip, by name and version."""

from __future__ import annotations

import av
import yt_dlp.version

from kinetics_tui import __version__
from kinetics_tui.media.make.attempt import made_with
from kinetics_tui.model.options import Trim


def test_every_program_that_shapes_the_bytes_is_named_with_its_version() -> None:
    said = made_with(Trim.EXACT)
    assert said.startswith(f"kinetics-tui {__version__}, yt-dlp {yt_dlp.version.__version__}, PyAV ")
    assert f"PyAV {av.__version__}, libavcodec " in said
    assert " x264 core " in said
    assert " crf=23 preset=veryfast " in said


def test_no_encoder_is_named_where_none_is_at_work() -> None:
    assert "x264" not in made_with(Trim.COPY)
