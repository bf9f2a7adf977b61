"""What a clip costs beside its encoding: CPU in all processes, and time in its one worker."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from tests.bench.figures import Figure, Figures, spread
from tests.bench.footage import SHORT_S, clips_of
from tests.bench.ours import WORKERS, Mark, run_ours
from tests.bench.rivals import download, make_all
from tests.bench.shaped import shaped_youtube

CLIPS = 320
WARM_UP = 2 * WORKERS
CLASSIC = 6
MOST_CPU_S = 0.06


def settled(marks: list[Mark]) -> list[float]:
    """CPU-seconds a clip between marks, without the first clips: what starts the program is not theirs."""
    warm = [mark for mark in marks if mark.clips >= WARM_UP]
    thirds = [warm[0], warm[len(warm) // 3], warm[2 * len(warm) // 3], warm[-1]]
    return [
        (after.cpu_s - before.cpu_s) / (after.clips - before.clips)
        for before, after in pairwise(thirds)
        if after.clips > before.clips
    ]


def overhead(seed: int) -> Figures:
    """The whole program with clips copied, which leaves everything but the encoding; beside yt-dlp's part."""
    with tempfile.TemporaryDirectory() as name, shaped_youtube(SHORT_S) as youtube:
        folder = Path(name)
        _, marks = run_ours(clips_of("ours0", CLIPS, SHORT_S), folder / "ours", youtube, trim="copy")
        ours = spread(settled(marks))
        alone = [
            make_all(download, [clip], folder / "classic", youtube).cpu_per_clip_s
            for clip in clips_of("class", CLASSIC, SHORT_S)
        ]
    theirs = spread(alone)
    return Figures(
        figures=(
            Figure(
                what="CPU-s a clip beside encoding",
                ours=ours,
                bar=f"<= {MOST_CPU_S}",
                met=ours.median <= MOST_CPU_S,
                form=".3f",
                rival="classic",
                theirs=theirs,
                ratio=spread(one / ours.median for one in alone),
            ),
        ),
        notes=(
            f"View, engine and {WORKERS} workers of {CLIPS} clips with --trim copy, after the first "
            f"{WARM_UP}, in thirds: resolve, fetch, plan, copy, verify, events, ledger. Of classic the "
            "process that downloads.",
        ),
    )
