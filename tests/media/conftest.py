"""Fixtures: numbered media in every packing, and a loopback YouTube to put them up at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kinetics_tui.demo.media import Kind
from kinetics_tui.demo.videos import Video
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.media.media_studio import Sources, Studio, made


@pytest.fixture(scope="session")
def dash() -> Sources:
    """Pictures and sound in two fragmented files: what YouTube offers as a rule."""
    return {134: made(Kind.DASH_VIDEO), 140: made(Kind.DASH_AUDIO)}


@pytest.fixture(scope="session")
def progressive() -> Sources:
    """One file with pictures and sound."""
    return {18: made(Kind.PROGRESSIVE)}


@pytest.fixture(scope="session")
def packings(dash: Sources) -> Mapping[str, Sources]:
    """The same video in every packing."""
    return {
        "dash": dash,
        "progressive": {18: made(Kind.PROGRESSIVE)},
        "progressive-tail": {18: made(Kind.PROGRESSIVE_TAIL)},
        "webm": {243: made(Kind.WEBM_VIDEO), 251: made(Kind.WEBM_AUDIO)},
    }


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A loopback YouTube of one's own."""
    videos: dict[str, Video] = {}
    with LoopbackYouTube(videos) as youtube:
        studio = Studio(youtube, videos, tmp_path / "dataset")
        yield studio
        studio.close()
