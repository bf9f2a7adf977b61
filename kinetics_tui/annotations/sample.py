"""A random sample of the videos that clips are cut from."""

from __future__ import annotations

import random
from collections.abc import Iterable


def draw_videos(youtube_ids: Iterable[str], size: int, seed: int) -> list[str]:
    """``size`` of these videos, or all where there are fewer, each once, in the order of the draw.

    The draw depends on the seed and the videos, not on their order in the files; so each beginning of it is
    a random sample as well, and a larger one draws the same ones first.
    """
    # Of Random only random() is promised to stay the same from one Python to the next.
    dice = random.Random(seed)  # noqa: S311 - a repeatable draw, no secret
    ranks = sorted((dice.random(), youtube_id) for youtube_id in sorted(set(youtube_ids)))
    return [youtube_id for _, youtube_id in ranks[:size]]
