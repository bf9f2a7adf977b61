"""What a clip costs on the wire, beside the least that it can cost."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from kinetics_tui.demo.media import Source
from kinetics_tui.demo.videos import Video
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.bench.figures import Figure, Figures, spread
from tests.bench.footage import CLIP_S, PACKINGS, SHORT_S, SIX_HOURS_S, USUAL, footage
from tests.media.media_studio import Studio
from tests.media.needed import index_bytes, needed_bytes

PLACES = {"start": 0.0, "middle": 0.5, "end": 1.0}
MOST = 1.05
MOST_IN_PIECES = 1.10
"""Of a video in pieces by HLS, with the lists of its pieces, which have no sizes."""
MOST_REQUESTS = 5
CLIPS = 8
"""At each place, each 1.3 s behind the one before: fragments are 5 s long."""
APART_S = 1.3


def starts_s(length_s: int, place: float) -> list[float]:
    """When the clips at a place (0: the start of the video, 1: its end) begin."""
    span_s = CLIP_S + APART_S * (CLIPS - 1)
    first_s = place * (length_s - span_s)
    return [round(first_s + APART_S * number, 1) for number in range(CLIPS)]


def wire(seed: int) -> Figures:
    """Each packing, and HLS, at the start, in the middle and at the end; and a video of six hours."""
    figures: list[Figure] = []
    cases = [(packing, SHORT_S, place) for packing in PACKINGS for place in PLACES]
    for packing, length_s, place in [*cases, (USUAL, SIX_HOURS_S, "middle")]:
        sources = footage(packing, length_s)
        shares, requests = _made(sources, starts_s(length_s, PLACES[place]))
        name = f"{packing}, {place}" if length_s == SHORT_S else f"{packing}, middle of 6 hours"
        figures.append(
            Figure(
                what=f"bytes / least bytes, {name}",
                ours=(ours := spread(shares)),
                bar=f"<= {MOST:.2f}",
                met=ours.high <= MOST,
                form=".3f",
            )
        )
        if packing == USUAL:
            figures.append(
                Figure(
                    what=f"requests a clip, {name}",
                    ours=(asked := spread(requests)),
                    bar=f"<= {MOST_REQUESTS}",
                    met=asked.high <= MOST_REQUESTS,
                    form=".0f",
                )
            )
    for place in PLACES:
        shares, _ = _made(footage(USUAL, SHORT_S), starts_s(SHORT_S, PLACES[place]), hls=True)
        figures.append(
            Figure(
                what=f"HLS: bytes over the covering segments, {place}",
                ours=(ours := spread(shares)),
                bar=f"<= {MOST_IN_PIECES:.2f}",
                met=ours.high <= MOST_IN_PIECES,
                form=".3f",
            )
        )
    long_index = sum(index_bytes(source) for source in footage(USUAL, SIX_HOURS_S).values())
    return Figures(
        figures=tuple(figures),
        notes=(
            "The least is index and initialisation, and the fragments (progressive: the span of packets) "
            f"that hold the clip's pictures and sound; {CLIPS} clips of {CLIP_S} s at each place of videos "
            f"of {SHORT_S} s; the request that resolves the video is not counted.",
            f"The index of the 6-hour video has {long_index:,} bytes.",
        ),
    )


def _made(
    sources: Mapping[int, Source], starts: list[float], *, hls: bool = False
) -> tuple[list[float], list[int]]:
    """What clips at these times of a video take of the least bytes, and in how many requests each."""
    shares: list[float] = []
    requests: list[int] = []
    videos: dict[str, Video] = {}
    with tempfile.TemporaryDirectory() as folder, LoopbackYouTube(videos) as youtube:
        studio = Studio(youtube, videos, Path(folder))
        maker = studio.maker(trim="copy")
        for start_s in starts:
            video = studio.add(sources, hls=hls)
            studio.make(maker, video, start_s)
            asked = studio.media_requests(video)
            least = sum(needed_bytes(source, start_s, start_s + CLIP_S) for source in sources.values())
            shares.append(studio.spent.wire_bytes / least)
            requests.append(len(asked))
        studio.close()
    return shares, requests
