"""Which formats are chosen."""

from __future__ import annotations

from typing import Any

import pytest

from kinetics_tui.media.youtube.format_choice import Chooser


def fmt(
    format_id: str, height: int | None = None, vcodec: str = "none", acodec: str = "none", **more: Any
) -> dict[str, Any]:
    return {
        "format_id": format_id,
        "height": height,
        "vcodec": vcodec,
        "acodec": acodec,
        "protocol": "https",
        **more,
    }


STORYBOARD = fmt("sb0", 180, protocol="mhtml")
AAC_LOW, AAC, OPUS = fmt("139", acodec="mp4a.40.5"), fmt("140", acodec="mp4a.40.2"), fmt("251", acodec="opus")
DUBBED = fmt("140-1", acodec="mp4a.40.2", language_preference=-1)
ORIGINAL = fmt("140-0", acodec="mp4a.40.2", language_preference=10)
H144, H240 = fmt("160", 144, "avc1.4d400c"), fmt("133", 240, "avc1.4d4015")
H360, H720 = fmt("134", 360, "avc1.4d401e"), fmt("136", 720, "avc1.4d401f")
VP360, AV360 = fmt("243", 360, "vp9"), fmt("396", 360, "av01.0.01M.08")
VP2160 = fmt("313", 2160, "vp9")
BOTH360 = fmt("18", 360, "avc1.42001E", "mp4a.40.2")
HLS360 = fmt("230", 360, "avc1.4d401e", protocol="m3u8_native")


@pytest.mark.parametrize(
    ("formats", "height_px", "audio", "chosen"),
    [
        (
            [STORYBOARD, AAC_LOW, AAC, OPUS, BOTH360, H144, H240, VP360, AV360, H360, H720],
            360,
            True,
            "134+140",
        ),
        ([AAC, H144, H240, H360, H720], 144, True, "160+140"),
        ([AAC, H240, H360, H720], 144, True, "133+140"),
        ([AAC, H720, VP2160], 2160, True, "313+140"),
        ([AAC, VP360, AV360], 360, True, "396+140"),
        ([OPUS, VP360], 360, True, "243+251"),
        ([BOTH360], 360, True, "18"),
        ([AAC, BOTH360, VP360], 360, True, "243+140"),
        ([H360, BOTH360], 360, True, "18"),
        ([AAC, HLS360, H360], 360, True, "134+140"),
        ([AAC, HLS360], 360, True, "230+140"),
        ([ORIGINAL, DUBBED, H360], 360, True, "134+140-0"),
        ([H360], 360, True, "134"),
        ([AAC, BOTH360, H360], 360, False, "134"),
        ([BOTH360], 360, False, "18"),
        ([STORYBOARD, AAC], 360, True, None),
    ],
)
def test_choice(formats: list[dict[str, Any]], height_px: int, audio: bool, chosen: str | None) -> None:
    found = list(Chooser(height_px, audio=audio)({"formats": formats}))
    assert [entry["format_id"] for entry in found] == ([chosen] if chosen else [])
