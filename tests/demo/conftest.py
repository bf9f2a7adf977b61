"""Media made once and kept between runs: small, twelve seconds long, in every packing."""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from kinetics_tui.demo.media import Kind, Source, SourceSpec, cached_source

LENGTH_S = 12
SHAPE = {"duration_s": LENGTH_S, "fps": 24, "width_px": 256, "height_px": 144, "gop_s": 2, "crf": 28}
ITAGS = {
    160: Kind.DASH_VIDEO,
    140: Kind.DASH_AUDIO,
    18: Kind.PROGRESSIVE,
    278: Kind.WEBM_VIDEO,
    251: Kind.WEBM_AUDIO,
}


@pytest.fixture(scope="session")
def sources_folder() -> Path:
    """A folder that outlives the test run: sources are named by all that shapes them."""
    return Path(tempfile.gettempdir()) / f"kinetics-tui-test-sources-{getpass.getuser()}"


@pytest.fixture(scope="session")
def sources(sources_folder: Path) -> Mapping[int, Source]:
    """One video in five formats, by itag."""
    return {
        itag: cached_source(sources_folder, SourceSpec(kind=kind, **SHAPE))  # type: ignore[arg-type]  # mixed values
        for itag, kind in ITAGS.items()
    }


@pytest.fixture(scope="session")
def tail_source(sources_folder: Path) -> Source:
    """The progressive format with its index at the end."""
    return cached_source(sources_folder, SourceSpec(kind=Kind.PROGRESSIVE_TAIL, **SHAPE))  # type: ignore[arg-type]
