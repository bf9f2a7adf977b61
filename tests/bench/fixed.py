"""The way of a clip from its resolving to the ledger, with neither network nor encoding in it."""

from __future__ import annotations

import io
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
from yt_dlp import YoutubeDL
from yt_dlp.networking.common import Response

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.demo.media import Source
from kinetics_tui.demo.player import player_answer
from kinetics_tui.demo.videos import Video
from kinetics_tui.media.make.clip_maker import ClipMaker
from kinetics_tui.model.clip import VAL
from kinetics_tui.model.options import Options, Selection, Trim
from tests.bench.figures import Figure, Figures, spread
from tests.bench.footage import SHORT_S, USUAL, clips_of, footage

CLIPS = 60
WARM_UP = 5
MOST_S = 0.03
SITE = "http://127.0.0.1:1"
"""Where nothing is ever sent."""


class Memory:
    """The far end of the network, in this process: answers at once from what it holds."""

    def __init__(self, sources: Mapping[int, Source], length_s: int) -> None:
        self._sources = sources
        self._length_s = length_s
        self._data = {itag: source.path.read_bytes() for itag, source in sources.items()}

    def answer(self, request: Any) -> Response:
        """The answer to a request for the player or for a range of media."""
        if request.data:
            video_id = str(msgspec.json.decode(request.data)["videoId"])
            video = Video(video_id, "a video", self._length_s, self._sources)
            body = msgspec.json.encode(player_answer(video, None, SITE, 1, "VISIONOS"))
            return Response(io.BytesIO(body), request.url, {"Content-Type": "application/json"})
        itag = re.search(r"itag=(\d+)", request.url)
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["Range"])
        assert itag
        assert span
        data = self._data[int(itag[1])]
        first, last = int(span[1]), min(int(span[2]), len(data) - 1)
        headers = {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
        return Response(io.BytesIO(data[first : last + 1]), request.url, headers, 206)


def fixed(seed: int) -> Figures:
    """Clips one after the other, copied; what the copying itself takes is taken off."""
    memory = Memory(footage(USUAL, SHORT_S), SHORT_S)
    args = (
        "--extractor-args",
        "youtube:player_client=visionos;player_skip=webpage,configs,js,initial_data",
    )
    maker = ClipMaker(Options(yt_dlp=args, trim=Trim.COPY))
    clips = clips_of("fixed", CLIPS, SHORT_S)
    took_s: list[float] = []
    with (
        tempfile.TemporaryDirectory() as name,
        Ledger.create(
            Path(name), title="", release="", selection=Selection(), options=Options(), clips=clips
        ) as ledger,
        patch.object(YoutubeDL, "urlopen", lambda self, request: memory.answer(request)),
    ):
        folder = Path(name)
        for row in ledger.next_pending(VAL, 0, CLIPS):
            started = time.monotonic()
            made, spent = maker.make(row.clip, folder / row.path, folder / "scratch", lambda *_: None)
            ledger.record(
                Attempt(
                    clip_id=row.id,
                    at=time.time(),
                    network="a network",
                    outcome=Outcome.DONE,
                    made=made,
                    spent=spent,
                )
            )
            ledger.flush()
            took_s.append(time.monotonic() - started - spent.trim_s)
    maker.close()
    ours = spread(1000 * one_s for one_s in took_s[WARM_UP:])
    return Figures(
        figures=(
            Figure(
                what="ms a clip without network and encoding",
                ours=ours,
                bar=f"<= {1000 * MOST_S:.0f}",
                met=ours.median <= 1000 * MOST_S,
                form=".1f",
            ),
        ),
        notes=(
            f"{CLIPS - WARM_UP} clips in turn, copied, answered from memory: resolve, plan, verify, "
            "sync to the disk, rename, ledger with a transaction a clip. The copying is taken off.",
        ),
    )
