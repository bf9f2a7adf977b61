"""Annotations as large as Kinetics-700: real class names and the splits of the release, with ids made up."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

from kinetics_tui.annotations.releases import class_names
from kinetics_tui.model.clip import Clip

KINETICS_700 = 650_000
RELEASE = "kinetics-700"
SPLITS = (("train", 0.84), ("val", 0.053), ("test", 0.107))
"""Their shares are those of Kinetics-700."""
ID_SIGNS = string.ascii_letters + string.digits + "-_"
CLIP_S = 10
LATEST_START_S = 600


def made_clips(number: int, seed: int) -> Iterator[Clip]:
    """So many clips of 10 s, each of a video of its own, with classes in no order."""
    draw = random.Random(seed)
    labels = class_names(RELEASE)
    for at in range(number):
        # The number of the clip in the id keeps ids apart, the rest of it is drawn.
        youtube_id = f"{at:06x}" + "".join(draw.choices(ID_SIGNS, k=5))
        start_s = draw.randrange(LATEST_START_S)
        yield Clip(youtube_id, start_s, start_s + CLIP_S, _split(at / number), draw.choice(labels))


def _split(place: float) -> str:
    for split, share in SPLITS:
        place -= share
        if place < 0:
            return split
    return SPLITS[-1][0]
