"""The least that a clip costs, found in whole files."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.media.media_studio import LENGTH_S, Sources
from tests.media.needed import index_bytes, needed_bytes


@pytest.mark.parametrize("packing", ["dash", "progressive", "webm"])
def test_a_clip_needs_the_index_and_a_share_of_the_media(
    packings: Mapping[str, Sources], packing: str
) -> None:
    for source in packings[packing].values():
        whole = needed_bytes(source, 0.0, LENGTH_S)
        assert index_bytes(source) < needed_bytes(source, 21.0, 24.0) < whole / 5
        # Trailers and lists behind the media are not needed.
        assert 0.98 * source.size_bytes < whole <= source.size_bytes


def test_a_clip_that_begins_just_before_a_keyframe_needs_the_fragment_before(dash: Sources) -> None:
    pictures = dash[134]
    on_it, before_it = needed_bytes(pictures, 20.0, 24.0), needed_bytes(pictures, 19.9, 24.0)
    assert before_it > 1.5 * (on_it - index_bytes(pictures)) + index_bytes(pictures)
