"""Which formats are chosen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.media.youtube.format_choice import Chooser, has_audio, has_ranges, has_video

Formats = list[dict[str, Any]]


def fmt(
    format_id: str, height: int | None = None, vcodec: str = "none", acodec: str = "none", **more: Any
) -> dict[str, Any]:
    return {
        "format_id": format_id,
        "height": height,
        "vcodec": vcodec,
        "acodec": acodec,
        "protocol": "https",
        "ext": "mp4",
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
DESCRIBED = fmt("140-2", acodec="mp4a.40.2", language_preference=-10)
HLS_ORIGINAL = fmt("234", acodec="mp4a.40.2", language_preference=10, protocol="m3u8_native")
HLS_BOTH_ORIGINAL = fmt("93", 360, "avc1.4d401e", "mp4a.40.2", language_preference=10, protocol="m3u8_native")
PORTRAIT144 = fmt("160", 256, "avc1.4d400c", width=144)
PORTRAIT360 = fmt("134", 640, "avc1.4d401e", width=360)
PORTRAIT480 = fmt("135", 854, "avc1.4d401e", width=480)
DAMAGED360 = fmt("134", 360, "avc1.4d401e", preference=-10)
DAMAGED_AAC = fmt("140", acodec="mp4a.40.2", preference=-10)
UPSCALED720 = fmt("136-sr", 720, "avc1.4d401f")


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
        ([AAC, VP360, AV360], 360, True, "243+140"),
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
        ([AAC, PORTRAIT144, PORTRAIT360, PORTRAIT480], 360, True, "134+140"),
        ([AAC, PORTRAIT480, fmt("136", 1280, "avc1.4d401f", width=720)], 360, True, "135+140"),
        ([AAC, H240, DAMAGED360], 360, True, "133+140"),
        ([AAC, DAMAGED360, H720], 360, True, "136+140"),
        ([AAC, DAMAGED360], 360, True, "134+140"),
        ([DAMAGED_AAC, OPUS, H360], 360, True, "134+251"),
        ([DAMAGED_AAC, BOTH360, H360], 360, True, "18"),
        ([AAC, H360, UPSCALED720], 720, True, "134+140"),
        ([AAC, UPSCALED720], 720, True, "136-sr+140"),
        ([AAC, H360, fmt("136-sr-1", 720, "avc1.4d401f")], 720, False, "134"),
        ([HLS_ORIGINAL, DUBBED, H360], 360, True, "134+234"),
        ([DUBBED, H360, HLS_BOTH_ORIGINAL], 360, True, "93"),
        ([DUBBED, H360, HLS_BOTH_ORIGINAL], 360, False, "134"),
        ([DESCRIBED, DUBBED, H360], 360, True, "134+140-1"),
        ([AAC, HLS360, BOTH360], 360, True, "18"),
        ([fmt("234", acodec="mp4a.40.2", protocol="m3u8_native"), BOTH360, H360], 360, True, "18"),
        ([H360, fmt("17", 144, "mp4v", "mp4a.40.2")], 360, True, "17"),
    ],
)
def test_choice(formats: Formats, height_px: int, audio: bool, chosen: str | None) -> None:
    found = list(Chooser(height_px, audio=audio)({"formats": formats}))
    assert [entry["format_id"] for entry in found] == ([chosen] if chosen else [])


@pytest.mark.parametrize(
    ("params", "chosen"),
    [
        ({"format_sort": ["vcodec:vp9"]}, "243+140"),
        ({"format_sort": ["res:720"]}, "136+140"),
        ({"format_sort": ["+res"]}, "160+140"),
        ({"format_sort": ["acodec"]}, "134+251"),
        ({"format_sort": ["height:240"], "format_sort_force": True}, "133+140"),
        ({"format_sort": ["video_ext"]}, "134+140"),
    ],
)
def test_what_the_user_sorts_by_goes_first(params: dict[str, Any], chosen: str) -> None:
    formats = [AAC, OPUS, H144, H240, VP360, H360, H720]
    (found,) = Chooser(360, audio=True, params=params)({"formats": formats})
    assert found["format_id"] == chosen


def test_damage_counts_also_where_the_user_forces_an_order_that_says_nothing_of_it() -> None:
    params = {"format_sort": ["fps"], "format_sort_force": True}
    (found,) = Chooser(360, audio=True, params=params)({"formats": [AAC, H240, DAMAGED360]})
    assert found["format_id"] == "133+140"


def test_two_choosers_do_not_share_their_tier() -> None:
    low, high = Chooser(144, audio=False), Chooser(720, audio=False)
    formats = [H144, H240, H360, H720]
    assert [next(one({"formats": formats}))["format_id"] for one in (low, high, low)] == ["160", "136", "160"]


def tier_px(one: dict[str, Any]) -> int:
    return int(min(one["height"], one["width"]))


def is_whole(one: dict[str, Any]) -> bool:
    return one["preference"] is None and not one["format_id"].endswith("-sr")


SIDES_PX = st.sampled_from([(256, 144), (426, 240), (640, 360), (640, 272), (854, 480), (1280, 720)])
LANGUAGES = st.sampled_from([10, 5, -1, -10])


@st.composite
def some_formats(draw: st.DrawFn) -> Formats:
    made: Formats = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["pictures", "sound", "both"]))
        sides = draw(SIDES_PX)
        width, height = sides if draw(st.booleans()) else sides[::-1]
        pictures = {"height": height, "width": width} if kind != "sound" else {"height": None, "width": None}
        made.append(
            fmt(
                f"{number}{draw(st.sampled_from(['', '', '-sr']))}",
                vcodec="none" if kind == "sound" else draw(st.sampled_from(["avc1.4d401e", "vp9", "av01.0"])),
                acodec="none" if kind == "pictures" else draw(st.sampled_from(["mp4a.40.2", "opus"])),
                protocol=draw(st.sampled_from(["https", "https", "m3u8_native", "http_dash_segments"])),
                preference=draw(st.sampled_from([None, None, -10])),
                language_preference=-1 if kind == "pictures" else draw(LANGUAGES),
            )
            | pictures
        )
    return made


def pairs(formats: Formats, *, audio: bool) -> list[Formats]:
    """All that can be chosen: pictures with sound, or with none where none is wanted or there."""
    sounds = [one for one in formats if audio and has_audio(one) and not has_video(one)]
    return [
        [video, *with_sound]
        for video in formats
        if has_video(video)
        for with_sound in ([[sound] for sound in sounds] if sounds and not has_audio(video) else [[]])
    ]


def language(pair: Formats) -> float:
    """Of the sound; less than any where there is none."""
    return float(pair[-1]["language_preference"]) if has_audio(pair[-1]) else -100.0


@given(some_formats(), st.sampled_from([144, 240, 360, 480, 720]), st.booleans())
def test_nothing_is_chosen_while_there_is_better(formats: Formats, height_px: int, audio: bool) -> None:
    found = list(Chooser(height_px, audio=audio)({"formats": formats}))
    choices = pairs(formats, audio=audio)
    assert len(found) == bool(choices)
    if not choices:
        return
    chosen = found[0].get("requested_formats") or found
    if any(all(map(is_whole, pair)) for pair in choices):
        choices = [pair for pair in choices if all(map(is_whole, pair))]
        assert all(map(is_whole, chosen)), "damaged or upscaled before a whole one"
    else:
        return  # of what is broken any may be taken
    if audio:
        choices = [pair for pair in choices if language(pair) == max(map(language, choices))]
        assert language(chosen) == language(choices[0]), "a dub before the original"
    tiers = {tier_px(pair[0]) for pair in choices}
    within = [tier for tier in tiers if tier <= height_px]
    assert tier_px(chosen[0]) == (max(within) if within else min(tiers)), "not the tier"
    choices = [pair for pair in choices if tier_px(pair[0]) == tier_px(chosen[0])]
    if any(all(map(has_ranges, pair)) for pair in choices):
        assert all(map(has_ranges, chosen)), "fragments before plain files"


@given(some_formats(), st.randoms(use_true_random=False))
def test_the_order_of_formats_matters_to_equals_only(formats: Formats, dice: Any) -> None:
    def chosen(given_formats: Formats) -> list[tuple[int, float]]:
        found = list(Chooser(360, audio=True)({"formats": given_formats}))
        pairs_ = [one.get("requested_formats") or [one] for one in found]
        return [(tier_px(pair[0]), language(pair)) for pair in pairs_]

    shuffled = list(formats)
    dice.shuffle(shuffled)
    assert chosen(formats) == chosen(shuffled)
