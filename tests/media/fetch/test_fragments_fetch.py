"""Lists of pieces: what is read of them, and what is left to yt-dlp's own downloader."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kinetics_tui.media.fetch.fragments_fetch import (
    Place,
    UnclearPiecesError,
    read_fragments,
    read_playlist,
)

URL = "https://example.com/a/index.m3u8"
BASE = "https://example.com/a/"


def playlist(*lines: str, ended: bool = True) -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:6", *lines, *(["#EXT-X-ENDLIST"] if ended else [])])


def test_ranges_continue_where_the_one_before_ended() -> None:
    pieces = read_playlist(
        playlist(
            '#EXT-X-MAP:URI="v.mp4",BYTERANGE="700@0"',
            *("#EXTINF:5.005,", "#EXT-X-BYTERANGE:100@700", "v.mp4"),
            *("#EXTINF:5.005,a title", "#EXT-X-BYTERANGE:50", "v.mp4"),
            *("#EXTINF:4,", "w.mp4"),
        ),
        URL,
    )
    assert [piece.place for piece in pieces] == [
        Place(f"{BASE}v.mp4", (700, 800)),
        Place(f"{BASE}v.mp4", (800, 850)),
        Place(f"{BASE}w.mp4"),
    ]
    assert {piece.init for piece in pieces} == {Place(f"{BASE}v.mp4", (0, 700))}
    assert pieces[-1].start_s == 2 * Fraction("5.005")
    assert pieces[-1].end_s == pieces[-1].start_s + 4


def test_a_run_begins_at_a_discontinuity_and_with_another_initialisation() -> None:
    pieces = read_playlist(
        playlist(
            '#EXT-X-MAP:URI="i0"',
            *("#EXTINF:5,", "0", "#EXT-X-DISCONTINUITY", "#EXTINF:5,", "1"),
            *("#EXT-X-DISCONTINUITY", '#EXT-X-MAP:URI="i1"', "#EXTINF:5,", "2", "#EXTINF:5,", "3"),
            *('#EXT-X-MAP:URI="i2"', "#EXT-X-KEY:METHOD=NONE", "#EXTINF:5,", "4"),
        ),
        URL,
    )
    assert [piece.run for piece in pieces] == [0, 1, 2, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        playlist("#EXTINF:5,", "0", ended=False),
        playlist('#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:5,", "0"),
        playlist("#EXTINF:5,", "#EXT-X-GAP", "0"),
        playlist("0"),
        playlist("#EXTINF:long,", "0"),
        playlist("#EXTINF:-5,", "0"),
        playlist("#EXT-X-MAP:BYTERANGE=1", "#EXTINF:5,", "0"),
        playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "video.m3u8"),
        playlist(),
        "<!DOCTYPE html><title>Cafe Wifi</title>",
    ],
)
def test_what_a_playlist_leaves_open_is_not_guessed(text: str) -> None:
    with pytest.raises(UnclearPiecesError):
        read_playlist(text, URL)


def test_what_yt_dlp_read_of_a_manifest_is_a_list_of_pieces() -> None:
    pieces = read_fragments(
        {
            "fragment_base_url": BASE,
            "fragments": [
                {"path": "init"},
                {"path": "1", "duration": 5.005},
                {"url": "https://b.example/2", "duration": 1001 / 300},
            ],
        }
    )
    assert [piece.place.url for piece in pieces] == [f"{BASE}1", "https://b.example/2"]
    assert {piece.init for piece in pieces} == {Place(f"{BASE}init")}
    assert pieces[1].start_s == Fraction("5.005")
    assert pieces[1].end_s - pieces[1].start_s == Fraction(1001, 300)


@pytest.mark.parametrize(
    "fragments",
    [
        [{"url": "u0"}, {"url": "u1"}],
        [],
        [{"url": "u0"}],
        [{"url": "u0", "duration": 5}, {"url": "u1"}],
        "later",
    ],
)
def test_a_manifest_without_durations_is_not_guessed(fragments: Any) -> None:
    with pytest.raises(UnclearPiecesError):
        read_fragments({"fragments": fragments})
