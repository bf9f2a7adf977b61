"""Media that come in pieces by a manifest (HLS, DASH): fetched whole by yt-dlp's own downloader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from yt_dlp.downloader import get_suitable_downloader

from kinetics_tui.media.failures import ClipCancelled, ClipFailure, classify
from kinetics_tui.media.fetch import Guard
from kinetics_tui.media.resolve import Stream
from kinetics_tui.media.session import Session
from kinetics_tui.model.failure import Category


def download(
    session: Session,
    stream: Stream,
    path: Path,
    guard: Guard,
    on_bytes: Callable[[int, int | None], None],
) -> None:
    """Fetch all of ``stream`` to ``path``; ``on_bytes`` gets what is there and what there will be.

    The native downloaders alone: another program would leave by another network. Raises ClipFailure.
    """
    params = {**session.params, "hls_prefer_native": True, "external_downloader": None}

    def follow(state: dict[str, Any]) -> None:
        guard.check()
        total = state.get("total_bytes") or state.get("total_bytes_estimate")
        on_bytes(state.get("downloaded_bytes") or 0, int(total) if total else None)

    session.last_trouble = None
    try:
        downloader = get_suitable_downloader(dict(stream.info), params)(session, params)
        downloader.add_progress_hook(follow)
        fetched, _ = downloader.download(str(path), dict(stream.info))
    except (ClipFailure, ClipCancelled, OSError):
        raise
    except Exception as error:
        raise classify(error, session.last_trouble) from error
    if not fetched or not path.exists():
        raise ClipFailure(Category.MISCELLANEOUS, "The media could not be fetched piece by piece.")
